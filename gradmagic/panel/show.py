"""The switches of the overlays and what they need. Knows no overlay's mathematics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ipywidgets as w

from gradmagic.explore.overlays import OVERLAYS
from gradmagic.explore.state import Look
from gradmagic.panel.controls import Looks

__all__ = ["Overlays"]

MOST_TAYLOR = 10


class Overlays:
    """A switch for each overlay, and the order of the Taylor polynomial; `changed(look)` is called with the Look."""

    def __init__(self, look: Look, looks: Looks, changed: Callable[[Look], None]) -> None:
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
        self.row = w.VBox([w.HBox(list(self.switches.values()), layout=looks.row), self.taylor])
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

    def _flipped(self, name: str) -> Callable[[dict[str, bool]], None]:
        def flip(change: dict[str, bool]) -> None:
            on = self.look.overlays | {name} if change["new"] else self.look.overlays - {name}
            self._tell(replace(self.look, overlays=on))

        return flip

    def _tell(self, look: Look) -> None:
        if look != self.look:
            self.show(look)
            self._changed(look)
