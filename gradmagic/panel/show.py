"""What is shown of the curves: which of them, which overlays, and what these need. Knows no overlay's mathematics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import ipywidgets as w
from ipywidgets.widgets.widget_bool import CheckboxStyle

from gradmagic.explore.overlays import OVERLAYS
from gradmagic.explore.request import Range
from gradmagic.explore.state import Look, round_step
from gradmagic.panel.controls import Looks
from gradmagic.panel.number import Number

__all__ = ["Orders", "Overlays", "Switches", "log_axes"]

MOST_TAYLOR = 10


def alike(looks: Looks) -> dict[str, w.Widget]:
    """What all switches look like."""
    return {"layout": looks.layout(width="auto", margin="0 12px 0 0"), "style": looks.shared(CheckboxStyle)}


class Orders:
    """A switch for y and for each derivative that is computed; one of them stays on. `changed(hidden)` gets the others.

    `named(order)` says what the curve of an order is called.
    """

    def __init__(
        self, look: Look, order: int, looks: Looks, named: Callable[[int], str],
        changed: Callable[[frozenset[int]], None],
    ) -> None:  # fmt: skip
        self._named, self._changed = named, changed
        self._looks = alike(looks)
        self.switches: list[w.Checkbox] = []
        self.hidden: frozenset[int] = frozenset()
        self.row = w.HBox([], layout=looks.layout(flex_flow="row wrap", width="100%"), _dom_classes=["gm-orders"])
        self.show(look, order)

    def show(self, look: Look, order: int) -> None:
        """As many switches as there are orders, without telling anybody."""
        self.hidden = look.left_out(range(order + 1))
        while len(self.switches) <= order:
            self.switches.append(self._switch(len(self.switches)))
        if len(self.row.children) != order + 1:
            self.row.children = self.switches[: order + 1]
        for place, switch in enumerate(self.switches):
            switch.value = place not in self.hidden

    def _switch(self, order: int) -> w.Checkbox:
        name = self._named(order)
        switch = w.Checkbox(
            value=order not in self.hidden, description=name, indent=False, tooltip=f"whether {name} is drawn",
            **self._looks,
        )  # fmt: skip
        switch.observe(lambda change: self._flipped(order, shown=change["new"]), "value")
        return switch

    def _flipped(self, order: int, *, shown: bool) -> None:
        hidden = self.hidden - {order} if shown else self.hidden | {order}
        if hidden == self.hidden:
            return
        if hidden >= set(range(len(self.row.children))):
            self.switches[order].value = True  # an empty picture shows nothing
            return
        self.hidden = hidden
        self._changed(hidden)


class Switches:
    """A switch for each of some things; `changed(on)` gets those that are switched on.

    `things` are by their key: what the switch says, and its tooltip.
    """

    def __init__(
        self, things: Mapping[str, tuple[str, str]], on: frozenset[str], looks: Looks,
        changed: Callable[[frozenset[str]], None],
    ) -> None:  # fmt: skip
        self.on, self._changed = on, changed
        self.switches = {
            key: w.Checkbox(
                value=key in on,
                description=title,
                indent=False,
                tooltip=tip,
                _dom_classes=[f"gm-key-{key}"],
                **alike(looks),
            )
            for key, (title, tip) in things.items()
        }
        self.row = w.GridBox(
            list(self.switches.values()),
            layout=looks.layout(grid_template_columns="repeat(auto-fill, minmax(150px, 1fr))", width="100%"),
        )
        for key, switch in self.switches.items():
            switch.observe(self._flipper(key), "value")

    def show(self, on: frozenset[str]) -> None:
        """Show what is on without telling anybody."""
        self.on = on
        for key, switch in self.switches.items():
            switch.value = key in on

    def _flipper(self, key: str) -> Callable[[dict[str, bool]], None]:
        def flip(change: dict[str, bool]) -> None:
            on = self.on | {key} if change["new"] else self.on - {key}
            if on != self.on:
                self.on = on
                self._changed(on)

        return flip


def log_axes(x: str, y: str) -> Mapping[str, tuple[str, str]]:
    """The switches for logarithmic axes of x and y."""
    return {
        axis: (f"log {name}", f"a logarithmic axis for {name}, as far as its numbers allow")
        for axis, name in (("x", x), ("y", y))
    }


class Overlays:
    """A switch for each overlay, the order of the Taylor polynomial and the step h; `changed` gets these fields.

    `width` is that of the range of x at first: the slider's steps are at most a quarter of it.
    """

    def __init__(self, look: Look, looks: Looks, width: float, changed: Callable[..., None]) -> None:
        self.look, self._changed = look, changed
        self.chosen = Switches(
            {name: (overlay.title, overlay.help) for name, overlay in OVERLAYS.items()}, look.overlays, looks,
            lambda on: self._tell(replace(self.look, overlays=on)),
        )  # fmt: skip
        self.switches = self.chosen.switches
        self.taylor = w.BoundedIntText(
            value=look.taylor, min=0, max=MOST_TAYLOR, description="order n", style=looks.bare,
            layout=w.Layout(width="110px", margin="2px 0"), tooltip="the order of the Taylor polynomial",
        )  # fmt: skip
        span, self._fitting = Range(0.0, width / 4), round_step(width)
        self.step = Number(
            "h", span, self._step_of(look), looks, lambda h: self._tell(replace(self.look, step=h)), grows=True
        )
        self._shown, self._hidden = looks.row, looks.layout(display="none")
        self.row = w.VBox([self.chosen.row, self.taylor, self.step.row], layout=looks.layout())
        self.show(look)
        self.taylor.observe(lambda change: self._tell(replace(self.look, taylor=change["new"])), "value")

    def show(self, look: Look) -> None:
        """Show a Look without telling anybody."""
        self.look = look
        self.chosen.show(look.overlays)
        self.taylor.value = look.taylor
        self.taylor.layout.display = None if "taylor" in look.overlays else "none"
        self.step.show(self._step_of(look))
        self.step.row.layout = self._shown if look.overlays & {"secant", "differences"} else self._hidden

    def _step_of(self, look: Look) -> float:
        """The step h, or else the one that fits the range of x."""
        return self._fitting if look.step is None else look.step

    def _tell(self, look: Look) -> None:
        if look != self.look:
            self.show(look)
            self._changed(overlays=look.overlays, taylor=look.taylor, step=look.step)
