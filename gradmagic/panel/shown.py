"""All switches of what is shown of the numbers, for curves and for maps. Knows no numbers but the width of x."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ipywidgets as w

from gradmagic.explore.curves import Curves
from gradmagic.explore.explain import ordinal_label
from gradmagic.explore.state import State
from gradmagic.explore.trace import Trace
from gradmagic.panel.controls import Looks
from gradmagic.panel.plane_show import OVER_A_MAP
from gradmagic.panel.show import Orders, Overlays, Switches, log_axes

__all__ = ["Shown"]


class Shown:
    """Rows of switches; `changed(**fields)` is called with the fields of a Look that they change.

    `width` is that of the range of x at first.
    """

    def __init__(
        self, state: State, trace: Trace, curves: Curves, looks: Looks, changed: Callable[..., None], *, width: float
    ) -> None:
        self._trace = trace
        self.orders: Orders | None = None
        self.log: Switches | None = None
        self.overlays: Overlays | None = None
        self.over_a_map: Switches | None = None
        self.sections: list[tuple[str, list[w.Widget]]] = []  # of the column: their headings and rows
        look = state.look
        if curves.plane is not None:
            self.over_a_map = Switches(OVER_A_MAP, look.plane, looks, lambda on: changed(plane=on))
            self.sections = [("SHOW", [self.over_a_map.row])]
            return
        self.orders = Orders(look, state.order, looks, self._named, lambda hidden: changed(hidden=hidden))
        self.log = Switches(log_axes(trace.x_label, self._named(0)), look.log, looks, lambda on: changed(log=on))
        self.sections = [("CURVES", [self.orders.row, self.log.row])]
        if curves.style == "line":
            self.overlays = Overlays(look, looks, width, changed)
            self.sections += [("SHOW", [self.overlays.row])]

    def show(self, state: State) -> None:
        """Show a state without telling anybody."""
        look = state.look
        if self.orders is not None:
            self.orders.show(look, state.order)
        if self.log is not None:
            self.log.show(look.log)
        if self.overlays is not None:
            self.overlays.show(look)
            self.overlays.step.beside(replace(state, look=replace(look, step=0.0)))
        if self.over_a_map is not None:
            self.over_a_map.show(look.plane)

    def _named(self, order: int) -> str:
        """What the curve of an order is called; of several outputs, the order alone."""
        if self._trace.others:
            return ordinal_label(order, "", self._trace.x_label) or "values"
        return ordinal_label(order, self._trace.y_label, self._trace.x_label)
