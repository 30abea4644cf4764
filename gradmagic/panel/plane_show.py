"""What is drawn over a map of two inputs, as switches. Knows no picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import ipywidgets as w

from gradmagic.explore.state import Look

__all__ = ["PlaneOverlays"]

# By their name in Look.plane: what the switch says, and its tooltip.
OVER_A_MAP: Mapping[str, tuple[str, str]] = {
    "contours": ("contours", "lines along which the value is the same"),
    "arrows": ("gradient", "arrows up the steepest way; they grow as the root of the gradient"),
    "critical": ("critical points", "where the gradient is zero: ▽ minimum, △ maximum, × saddle, ◇ degenerate"),
    "directions": (
        "Hessian at x₀, y₀",
        "along each eigenvector: solid where z bends upwards, dashed where downwards; the black arrow is the gradient",
    ),
}


class PlaneOverlays:
    """A switch for each; `changed(plane=…)` gets this field of a Look."""

    def __init__(self, look: Look, changed: Callable[..., None]) -> None:
        self.look, self._changed = look, changed
        self.switches = {
            name: w.Checkbox(
                value=name in look.plane, description=title, indent=False, tooltip=help_,
                layout=w.Layout(width="auto", margin="0 12px 0 0"),
            )
            for name, (title, help_) in OVER_A_MAP.items()
        }  # fmt: skip
        self.row = w.GridBox(
            list(self.switches.values()),
            layout=w.Layout(grid_template_columns="repeat(auto-fill, minmax(150px, 1fr))", width="100%"),
        )
        for name, switch in self.switches.items():
            switch.observe(self._flipped(name), "value")

    def show(self, look: Look) -> None:
        """Show a Look without telling anybody."""
        self.look = look
        for name, switch in self.switches.items():
            switch.value = name in look.plane

    def _flipped(self, name: str) -> Callable[[dict[str, bool]], None]:
        def flip(change: dict[str, bool]) -> None:
            on = self.look.plane | {name} if change["new"] else self.look.plane - {name}
            if on != self.look.plane:
                self.look = replace(self.look, plane=on)
                self._changed(plane=on)

        return flip
