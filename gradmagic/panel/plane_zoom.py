"""Zooming and moving a map of two inputs. Knows numbers and ranges; no map."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ipywidgets as w

from gradmagic.explore.request import Range
from gradmagic.panel.controls import Looks
from gradmagic.panel.motion import zoomed

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


class PlaneZoom:
    """Buttons that change both ranges; `changed(across, up)` is called with them, and with None for the cell's own."""

    def __init__(
        self,
        looks: Looks,
        now: Callable[[], tuple[Seen, Seen]],
        changed: Callable[[Range | None, Range | None], None],
    ) -> None:
        self._now, self._changed = now, changed
        self.buttons = {name: self._button(name, tip, looks) for name, (tip, *_) in ACTIONS.items()}
        self.buttons["all"] = self._button("all", "both ranges, as the cell has them", looks)
        self.row = w.HBox(list(self.buttons.values()), layout=looks.row)
        for name, button in self.buttons.items():
            button.on_click(self._presser(name))

    @staticmethod
    def _button(name: str, tip: str, looks: Looks) -> w.Button:
        return looks.push(name, f"{name}: {tip}", margin="2px 1px")

    def _presser(self, name: str) -> Callable[[w.Button], None]:
        def press(_: w.Button) -> None:
            if name == "all":
                self._changed(None, None)
                return
            _, scale, shifts = ACTIONS[name]
            across, up = (zoomed(*seen, scale, shift) for seen, shift in zip(self._now(), shifts, strict=True))
            self._changed(across, up)

        return press
