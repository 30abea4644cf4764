"""The switches for create_graph and retain_graph, and which call they act on. Knows no explorer and no pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import ipywidgets as w

from gradmagic.explore.options import MAX_ORDER
from gradmagic.explore.state import State
from gradmagic.explore.trace import Call
from gradmagic.panel.controls import Choice, Looks

__all__ = ["GraphOptions"]

AS_WRITTEN = "as written"  # the switch leaves the call as the cell has it
SWITCHES: Mapping[str, tuple[tuple[str, object], ...]] = {
    "create_graph": (("True", True), ("False", False)),
    "retain_graph": (("None", None), ("True", True), ("False", False)),
}
HELP = {
    "create_graph": "whether the result gets a graph of its own, so that it can be differentiated again",
    "retain_graph": "whether the graph is kept after the call; None means: as create_graph",
}
PANELS_OWN = "the panel's calls"
ALL = -1  # no index of a call


class GraphOptions:
    """Rows of switches; `changed(**fields)` is called with the fields of a State that they change.

    With none it says that another call was chosen. `most` derivatives can be chosen, and as many as the line asks for.
    """

    def __init__(self, state: State, looks: Looks, changed: Callable[..., None], most: int = MAX_ORDER) -> None:
        self.state, self._changed = state, changed
        self.target = ALL
        self.calls = w.Dropdown(
            options=[(PANELS_OWN, ALL)], description="switch", style=looks.named,
            layout=w.Layout(width="auto", margin="2px 0", display="none"), _dom_classes=["gm-calls"],
            tooltip="which call of grad the switches act on",
        )  # fmt: skip
        self.switches = {
            name: Choice(name, options, getattr(state, name), looks, self._flipper(name), tooltip=HELP[name])
            for name, options in SWITCHES.items()
        }
        most = max(most, state.order)
        self.order = Choice(
            "order", [(str(n), n) for n in range(1, most + 1)], state.order, looks,
            lambda order: self._tell(order=order), tooltip="how many derivatives",
        )  # fmt: skip
        self.order.row.add_class("gm-narrow")
        self.row = w.VBox(
            [self.calls, *(switch.row for switch in self.switches.values()), self.order.row], layout=looks.layout()
        )
        self.calls.observe(self._other_target, "value")

    def show(self, state: State, calls: tuple[Call, ...]) -> None:
        """Show a state and the cell's own calls without telling anybody."""
        self.state = state
        options: list[tuple[str, int]] = [(PANELS_OWN, ALL)]
        options += [(f"call {c.index + 1}: {shortened(c.source)}", c.index) for c in calls if c.by == "cell"]
        indices = [index for _, index in options]
        if self.target not in indices:
            self.target = ALL
        if tuple(self.calls.options) != tuple(options):
            self.calls.unobserve(self._other_target, "value")
            self.calls.options = options
            self.calls.value = self.target
            self.calls.observe(self._other_target, "value")
            self.calls.layout.display = None if len(options) > 1 else "none"
        self._show_switches()
        self.order.show(state.order)

    def _show_switches(self) -> None:
        """Each switch at what it is for the chosen call."""
        for name, switch in self.switches.items():
            if self.target == ALL:
                switch.show(getattr(self.state, name), SWITCHES[name])
            else:
                mine = self.state.overrides.get(self.target, {})
                switch.show(mine.get(name, AS_WRITTEN), ((AS_WRITTEN, AS_WRITTEN), *SWITCHES[name]))

    def _other_target(self, change: Any) -> None:
        if change["new"] != self.target:
            self.target = change["new"]
            self._show_switches()
            self._tell()

    def _flipper(self, name: str) -> Callable[[Any], None]:
        """What to do when the switch of this name is flipped."""

        def flip(value: Any) -> None:
            if self.target == ALL:
                self._tell(**{name: value})
                return
            overrides = {index: dict(options) for index, options in self.state.overrides.items()}
            mine = overrides.setdefault(self.target, {})
            if isinstance(value, str):
                mine.pop(name, None)
            else:
                mine[name] = value
            self._tell(overrides={index: options for index, options in overrides.items() if options})

        return flip

    def _tell(self, **fields: Any) -> None:
        self.state = replace(self.state, **fields)
        self._changed(**fields)


def shortened(text: str, limit: int = 44) -> str:
    """One line of a call that fits into a list."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
