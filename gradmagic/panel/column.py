"""The column of controls: a State on widgets, and what their events make of it. Knows no picture and runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import ipywidgets as w

from gradmagic.explore.options import MAX_ORDER
from gradmagic.explore.request import Range
from gradmagic.explore.state import State
from gradmagic.explore.trace import Call
from gradmagic.panel.checking import Checking
from gradmagic.panel.coalesce import Extent
from gradmagic.panel.controls import Looks, WeightsChooser, section
from gradmagic.panel.exports import File
from gradmagic.panel.motion import Motion, Zoom
from gradmagic.panel.number import Number
from gradmagic.panel.options import GraphOptions
from gradmagic.panel.pages import Host, Seen
from gradmagic.panel.plane_zoom import PlaneZoom
from gradmagic.panel.shown import Shown
from gradmagic.panel.take import TakeAway

__all__ = ["Column", "Owner"]


class Owner(Host, Protocol):
    """What the controls may ask of the panel."""

    def change(self, extent: Extent = Extent.PICTURE, **fields: Any) -> None:
        """These fields of the state are others now; at least this much is to follow."""

    def file(self, kind: str) -> File:
        """What is shown, as a file of this kind."""


class Column:
    """All controls of one panel; those that its cell has no use for are None."""

    def __init__(self, owner: Owner, seen: Seen, looks: Looks) -> None:
        state, program = seen.state, seen.explorer.program
        self._owner, self._program, self._looks = owner, program, looks
        self.x0: Number | None = None
        self.y0: Number | None = None
        self.zoom: Zoom | PlaneZoom | None = None
        self.check: Checking | None = None
        if program.domain is not None:
            name = f"{seen.trace.x_label}₀"
            self.x0 = Number(name, program.domain, state.x0, looks, lambda x0: owner.change(x0=x0), grows=False)
            self.check = Checking(looks, seen.explorer.check, lambda: owner.change(Extent.ALL))
        if state.y0 is not None and program.height is not None:
            name = f"{program.second}₀"
            self.y0 = Number(name, program.height, state.y0, looks, lambda y0: owner.change(y0=y0), grows=False)
            self.zoom = PlaneZoom(looks, self._seen_of_both, self._zoomed)
        elif self.x0 is not None:
            self.zoom = Zoom(looks, self._seen_of_x, self._zoomed)
        self.params = {
            name: Number(name, span, state.params[name], looks, self._parameter(name), grows=True)
            for name, span in program.parameters.items()
        }
        sliders = {"": self.x0, program.second or "y": self.y0, **self.params}
        moved = {name: number for name, number in sliders.items() if number is not None}
        self.motion = Motion(moved, looks, self._ranged) if moved else None
        of = "y" if seen.trace.others else seen.trace.y_label
        self.weights = WeightsChooser(state.weights, looks, lambda spec: owner.change(Extent.ALL, weights=spec), of)
        most = MAX_ORDER if self.y0 is None else 2
        self.options = GraphOptions(state, looks, lambda **fields: owner.change(Extent.ALL, **fields), most)
        self.shown = Shown(state, seen.trace, seen.curves, looks, self._look, width=seen.explorer.width)
        self.take_away = TakeAway(looks, owner.file)
        self.box = w.VBox(
            self._rows(),
            layout=w.Layout(
                flex="1 1 300px", min_width="min(280px, 100% - 8px)", max_width="420px", margin="0 0 0 8px"
            ),
        )

    @property
    def inputs(self) -> list[Number]:
        """The numbers that stand at a place in the picture."""
        return [number for number in (self.x0, self.y0) if number is not None]

    def show(self, state: State, ledger: tuple[Call, ...]) -> None:
        """All controls at this state, without telling anybody."""
        self._reach()
        for number, value in zip(self.inputs, (state.x0, state.y0), strict=False):
            number.show(value if value is not None else number.value)
        for name, number in self.params.items():
            span = state.look.ranges.get(name)
            if span is not None:
                number.reach(span)
            number.show(state.params[name])
        if self.motion is not None:
            self.motion.show()
        self.weights.show(state.weights)
        self._show_switches(state, ledger)

    def show_numbers(self) -> None:
        """Sliders and fields at the numbers that they were moved to."""
        self._reach()
        for number in self._numbers:
            number.show(number.value)

    def settle(self, state: State, ledger: tuple[Call, ...]) -> None:
        """The hand rests: other front ends are told of it, and the switches follow what the run has found."""
        for number in self._numbers:
            number.settle()
        for number, rest in zip(self.inputs, (replace(state, x0=0.0), replace(state, y0=None)), strict=False):
            number.beside(rest)
        for name, number in self.params.items():
            number.beside(replace(state, params={**state.params, name: 0.0}))
        self._show_switches(state, ledger)

    def forget(self) -> None:
        """What was made of the numbers before is no longer what is shown."""
        self.take_away.forget()
        if self.check is not None:
            self.check.forget()

    # --- how it is built

    def _parameter(self, name: str) -> Callable[[float], None]:
        """What to do when this parameter changes."""
        return lambda value: self._owner.change(params={**self._owner.state.params, name: value})

    def _rows(self) -> list[w.Widget]:
        """The rows under their headings; a heading without rows is left out."""
        motion = rows_of(self.motion)
        sections = [
            ("POINT", [*rows_of(self.x0, self.y0, self.zoom), *([] if self.params else motion)]),
            ("PARAMETERS", [*rows_of(*self.params.values()), *motion] if self.params else []),
            ("WEIGHTS · GRAD_OUTPUTS", rows_of(self.weights)),
            ("GRAPH OPTIONS", rows_of(self.options)),
            *self.shown.sections,
            ("CHECK", rows_of(self.check)),
            ("TAKE AWAY", rows_of(self.take_away)),
        ]
        return [widget for title, rows in sections if rows for widget in (section(title, self._looks), *rows)]

    @property
    def _numbers(self) -> Sequence[Number]:
        return (*self.inputs, *self.params.values())

    # --- what the controls lead to

    def _reach(self) -> None:
        """The sliders of x₀ and y₀ go over what is seen of x and y, as the axes do."""
        if self.x0 is not None:
            span, _, log = self._seen_of_x()
            self.x0.reach(span, log=log)
        if self.y0 is not None:
            self.y0.reach(self._seen_of_both()[1][0])

    def _seen_of_x(self) -> tuple[Range, float, bool]:
        """The range of x, where the cursor stands in it, and whether its axis is logarithmic."""
        state = self._owner.state
        span = state.span or self._program.domain
        assert span is not None
        return span, state.x0, state.look.by_logarithm(span)

    def _seen_of_both(self) -> tuple[tuple[Range, float], tuple[Range, float]]:
        """The ranges of two inputs, and where the cursor stands in them."""
        across, x0, _ = self._seen_of_x()
        up = self._owner.state.span_y or self._program.height
        assert up is not None
        return (across, x0), (up, self._owner.state.y0 or 0.0)

    def _zoomed(self, span: Range | None, span_y: Range | None = None) -> None:
        """The inputs are to go over other ranges; the cursor stays inside."""
        state = self._owner.state
        across, up = span or self._program.domain, span_y or self._program.height
        y0 = state.y0 if up is None or state.y0 is None else up.clip(state.y0)
        if across is not None:
            self._owner.go(replace(state, span=span, span_y=span_y, x0=across.clip(state.x0), y0=y0))

    def _ranged(self, name: str, span: Range) -> None:
        """The ends of a slider were typed."""
        state = self._owner.state
        if name in ("", self._program.second):
            self._zoomed(*((state.span, span) if name else (span, state.span_y)))
            return
        ranges = {**state.look.ranges, name: span}
        params = {**state.params, name: span.clip(state.params[name])}
        self._owner.go(replace(state, params=params, look=replace(state.look, ranges=ranges)))

    def _look(self, **fields: Any) -> None:
        """What is shown is to change, and no number."""
        self._owner.change(Extent.ALL, look=replace(self._owner.state.look, **fields))

    def _show_switches(self, state: State, ledger: tuple[Call, ...]) -> None:
        self.options.show(state, ledger)
        self.shown.show(state)


class HasRow(Protocol):
    """A control, or several that belong together."""

    row: w.Widget


def rows_of(*controls: HasRow | None) -> list[w.Widget]:
    """The widgets of those that are there."""
    return [control.row for control in controls if control is not None]
