"""What is shown of the curves: which of them, which overlays, and what these need. Knows no overlay's mathematics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ipywidgets as w

from gradmagic.explore.overlays import OVERLAYS
from gradmagic.explore.request import Range
from gradmagic.explore.state import Look
from gradmagic.panel.controls import Looks, Number

__all__ = ["Overlays"]

MOST_TAYLOR = 10


class Overlays:
    """A switch for each overlay, the order of the Taylor polynomial and the step h; `changed(look)` gets the Look.

    `width` is that of the range of x: a step is at most a quarter of it.
    """

    def __init__(self, look: Look, looks: Looks, width: float, changed: Callable[[Look], None]) -> None:
        self.look, self._changed = look, changed
        self.switches = {
            name: w.Checkbox(
                value=name in look.overlays, description=overlay.title, indent=False, tooltip=overlay.help,
                layout=w.Layout(width="auto", margin="0 12px 0 0"),
            )
            for name, overlay in OVERLAYS.items()
        }  # fmt: skip
        self.taylor = w.BoundedIntText(
            value=look.taylor, min=0, max=MOST_TAYLOR, description="order n", style=looks.bare,
            layout=w.Layout(width="110px", margin="2px 0"), tooltip="the order of the Taylor polynomial",
        )  # fmt: skip
        span = Range(0.0, width / 4)
        self.step = Number(
            "h", span, span.clip(look.step), looks, lambda h: self._tell(replace(self.look, step=h)), grows=True
        )
        grid = w.GridBox(
            list(self.switches.values()),
            layout=w.Layout(grid_template_columns="repeat(auto-fill, minmax(150px, 1fr))", width="100%"),
        )
        self._shown, self._hidden = looks.row, w.Layout(display="none")
        self.row = w.VBox([grid, self.taylor, self.step.row])
        self.show(look)
        for name, switch in self.switches.items():
            switch.observe(self._flipped(name), "value")
        self.taylor.observe(lambda change: self._tell(replace(self.look, taylor=change["new"])), "value")

    def show(self, look: Look) -> None:
        """Show a Look without telling anybody."""
        self.look = look
        for name, switch in self.switches.items():
            switch.value = name in look.overlays
        self.taylor.value = look.taylor
        self.taylor.layout.display = None if "taylor" in look.overlays else "none"
        self.step.show(look.step)
        self.step.row.layout = self._shown if look.overlays & {"secant", "differences"} else self._hidden

    def _flipped(self, name: str) -> Callable[[dict[str, bool]], None]:
        def flip(change: dict[str, bool]) -> None:
            on = self.look.overlays | {name} if change["new"] else self.look.overlays - {name}
            self._tell(replace(self.look, overlays=on))

        return flip

    def _tell(self, look: Look) -> None:
        if look != self.look:
            self.show(look)
            self._changed(look)
