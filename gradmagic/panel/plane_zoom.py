"""Zooming and moving a map of two inputs. Knows numbers and ranges; no map."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradmagic.explore.request import Range
from gradmagic.panel.controls import Looks
from gradmagic.panel.motion import Zooming, zoomed

__all__ = ["PlaneZoom"]

Seen = tuple[Range, float]  # a range, and where the cursor stands in it

# By what the button says: its tooltip, by how much both ranges grow, and by which share of its own each is moved.
ACTIONS: Mapping[str, tuple[str, float, tuple[float, float]]] = {
    "zoom in": ("half of both ranges, around the cursor", 0.5, (0.0, 0.0)),
    "zoom out": ("twice both ranges", 2.0, (0.0, 0.0)),
    "left": ("a quarter of the range to the left", 1.0, (-0.25, 0.0)),
    "right": ("a quarter of the range to the right", 1.0, (0.25, 0.0)),
    "down": ("a quarter of the range down", 1.0, (0.0, -0.25)),
    "up": ("a quarter of the range up", 1.0, (0.0, 0.25)),
}


class PlaneZoom(Zooming):
    """Buttons that change both ranges; `changed(across, up)` is called with them, and with None for the cell's own."""

    def __init__(
        self,
        looks: Looks,
        now: Callable[[], tuple[Seen, Seen]],
        changed: Callable[[Range | None, Range | None], None],
    ) -> None:
        def act(name: str) -> None:
            if name == "all":
                changed(None, None)
                return
            _, scale, shifts = ACTIONS[name]
            across, up = (zoomed(*seen, scale, shift) for seen, shift in zip(now(), shifts, strict=True))
            changed(across, up)

        tips = {name: tip for name, (tip, *_) in ACTIONS.items()} | {"all": "both ranges, as the cell has them"}
        super().__init__(looks, tips, act)
