"""The panel: controls to States, States through the explorer to pictures. Knows no cells, no engine and no IPython."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as w
import numpy as np

from gradmagic.explore import report
from gradmagic.explore.curves import Curves
from gradmagic.explore.explain import ordinal_label
from gradmagic.explore.jacobian import is_worth_seeing
from gradmagic.explore.request import GradUsageError, Range
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Call, Derivative, Failure, Trace
from gradmagic.panel import texts
from gradmagic.panel.bundle import bundle, chosen
from gradmagic.panel.checking import Checking
from gradmagic.panel.coalesce import Coalescer, Extent
from gradmagic.panel.controls import Looks, Number, Picture, WeightsChooser, section
from gradmagic.panel.cures import Remedy, cures
from gradmagic.panel.exports import EXPORTS, export
from gradmagic.panel.linked import Linked, linked
from gradmagic.panel.motion import Motion, Zoom
from gradmagic.panel.options import GraphOptions
from gradmagic.panel.pages import Pages, Seen
from gradmagic.panel.plane_show import PlaneOverlays
from gradmagic.panel.pointing import Pointing
from gradmagic.panel.show import Orders, Overlays
from gradmagic.panel.style import HEAD
from gradmagic.panel.take import History, TakeAway, Undo
from gradmagic.panel.tree import close_tree
from gradmagic.plot import Frame, PlaneFrame, figure, frame_for

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gradmagic.explore.explorer import Explorer

__all__ = ["Panel"]

KEPT = "What is shown is the last that could be computed."
CURES = 3  # buttons that are kept for cures


class Panel:
    """The explorer of one cell, to look at and to work with.

    Parameters
    ----------
    explorer : Explorer
        Runs the cell; the panel is its picture and its controls.
    size : tuple of int, optional
        Width and height of the picture in pixels.
    live : bool
        Whether it is displayed as a widget, or as a still picture with its numbers.

    Attributes
    ----------
    widget : ipywidgets.VBox
        The root of the widgets.
    """

    def __init__(self, explorer: Explorer, size: tuple[int, int] | None = None, *, live: bool = True) -> None:
        self.explorer = explorer
        self.live = live
        self.closed = False
        self.renders = 0
        self._size = size
        self._wanted = self._state = explorer.state
        self._trace, self._curves = explorer.trace, explorer.curves
        self._problem = ""
        self._linked: Linked | None = None
        self._coalescer = Coalescer(self._render)
        self._frame = self._new_frame()
        self._png = self._frame.draw(self._curves)
        self._build()
        self._paint()
        self._say_numbers()
        self._bring_up_to_date()

    # --- what it is to Python

    @property
    def x(self) -> Array:
        """The values of x."""
        return self._trace.x

    @property
    def y(self) -> Array | None:
        """The values of y."""
        return self._trace.y

    @property
    def derivatives(self) -> tuple[Derivative, ...]:
        """dy/dx, d²y/dx², …: each with its values, or with the note that says why it has none."""
        return self._trace.derivatives

    @property
    def outputs(self) -> Mapping[str, Trace]:
        """What each of several outputs gave, by its name: its `y` and its `derivatives`."""
        return {one.y_label: one for one in self._trace.outputs}

    @property
    def ledger(self) -> tuple[Call, ...]:
        """The calls of `grad`, the cell's own and the panel's."""
        return self._trace.ledger

    def sampled(
        self, x: Any, order: int | None = None, *, executor: Any = None, block: int | None = None, of: str | None = None
    ) -> Array:
        """Y and its derivatives on another grid: an array of x, or a number of points. See `Explorer.sampled`."""
        return self.explorer.sampled(x, order, executor=executor, block=block, of=of)

    @property
    def state(self) -> State:
        """What the controls say; setting it is the same as moving them."""
        return self._wanted

    @state.setter
    def state(self, state: State) -> None:
        with self.explorer.lock:
            self._wanted = state
            self._show_controls()
            self._render(Extent.ALL)

    @property
    def figure(self) -> Figure:
        """The picture as a matplotlib figure, for `savefig`."""
        return figure(self._curves, size=self._frame.size)

    @property
    def linked(self) -> Linked:
        """The state as traits: `traitlets.link((panel.linked, "a"), (slider, "value"))`."""
        if self._linked is None:
            self._linked = linked(self)
        return self._linked

    def save(self, path: str | Path) -> Path:
        """Write what is shown into a file: SVG, PNG in twice the size, CSV, HTML page or script, by the suffix.

        Raises
        ------
        GradUsageError
            For another suffix.
        """
        path = Path(path)
        kind = path.suffix.removeprefix(".").lower()
        if kind not in EXPORTS:
            known = ", ".join(f".{name}" for name in EXPORTS)
            raise GradUsageError(f"cannot save {path.name!r}: its name must end in one of {known}")
        path.write_bytes(export(self._seen(), kind).data)
        return path

    @property
    def printed_text(self) -> str:
        """What the cell printed in this state."""
        return self._trace.printed

    @property
    def curves(self) -> Curves:
        """What is drawn."""
        return self._curves

    def __repr__(self) -> str:
        return report.text(self._curves, self._trace)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Every form that a front end may want."""
        model = self.widget.model_id if self.live and not self.closed else None
        return chosen(bundle(self._curves, self._trace, self._png, model), include, exclude)

    def close(self) -> None:
        """End the panel: no event reaches it any more, and none of its widgets stays. Its numbers do."""
        self.closed = True
        self._coalescer.close()
        for page in self.pages.widgets:
            close_tree(page)
        close_tree(self.widget)

    # --- how it is built

    def _new_frame(self) -> Frame | PlaneFrame:
        """A frame for as many panes as there are curves, or for a map."""
        return frame_for(self._curves, self._size)

    def _build(self) -> None:
        looks = Looks()
        width, height = self._frame.size
        plain = w.Layout(margin="0", width="auto")
        self.image = Picture(
            value=self._png, format="png", width=str(width), height=str(height), layout=w.Layout(max_width="100%")
        )
        self.readouts = w.HTML(layout=w.Layout(margin="0"))
        self.readouts.add_class("gm-readouts")
        picture = w.HBox([self.image, self.readouts], layout=w.Layout(max_width="100%"))
        picture.add_class("gm-picture")
        self.caption, self.tables, self.notes = w.HTML(layout=plain), w.HTML(layout=plain), w.HTML(layout=plain)
        self.found = w.HTML(layout=plain)
        self.problem, self.ledger_table, self.printed = w.HTML(layout=plain), w.HTML(layout=plain), w.HTML(layout=plain)
        self.cures = [w.Button(layout=w.Layout(width="auto", display="none")) for _ in range(CURES)]
        self._cures: list[Remedy] = []
        for place, button in enumerate(self.cures):
            button.on_click(self._curer(place))
        self.controls = self._build_controls(looks)
        self.pointing = Pointing([number for number in (self.x0, self.y0) if number is not None])
        left = w.VBox(
            [picture, self.caption, self.pointing.widget, self.tables, self.found],
            layout=w.Layout(flex="0 1 auto", max_width="100%", overflow="hidden"),
        )
        both = w.HBox([left, self.controls], layout=w.Layout(flex_flow="row wrap", width="100%"))
        below = [
            self.problem,
            w.HBox(self.cures, layout=looks.row),
            self.ledger_table,
            self.notes,
            self.printed,
        ]
        curves = w.VBox([both, *below], layout=w.Layout(overflow="hidden"))
        head = w.HTML(HEAD)
        head.add_class("gm-head")
        without = () if is_worth_seeing(self._trace) else ("jacobian",)
        self.pages = Pages(curves, self, self._state.look.tab, lambda name: self._look(tab=name), without)
        self.undo = Undo(History(self._state), lambda state: setattr(self, "state", state))
        bar = w.HBox([self.pages.bar, self.undo.row], layout=w.Layout(flex_flow="row wrap", width="100%"))
        bar.add_class("gm-bar")
        self.widget = w.VBox([head, bar, self.pages.box])
        self.widget.add_class("gm")
        self.widget.add_class("gm-auto")

    def _build_controls(self, looks: Looks) -> w.VBox:
        """The column at the right."""
        state, program = self._state, self.explorer.program
        rows: list[w.Widget] = []
        self.x0: Number | None = None
        self.zoom: Zoom | None = None
        self.motion: Motion | None = None
        if program.domain is not None:
            self.x0 = Number(
                f"{self._trace.x_label}₀", program.domain, state.x0, looks,
                lambda value: self._change(x0=value), grows=False,
            )  # fmt: skip
            rows += [section("POINT"), self.x0.row]
            if state.y0 is None:
                whole = program.domain
                self.zoom = Zoom(looks, lambda: (self._wanted.span or whole, self._wanted.x0), self._zoomed)
                rows.append(self.zoom.row)
        self.y0: Number | None = None
        if state.y0 is not None and program.height is not None:
            self.y0 = Number(
                f"{program.second}₀", program.height, state.y0, looks, lambda value: self._change(y0=value), grows=False
            )  # fmt: skip
            rows.append(self.y0.row)
        self.params = {
            name: Number(name, span, state.params[name], looks, self._parameter(name), grows=True)
            for name, span in program.parameters.items()
        }
        if self.params:
            rows += [section("PARAMETERS"), *(number.row for number in self.params.values())]
        self._numbers = [number for number in (self.x0, self.y0, *self.params.values()) if number is not None]
        sliders = {**({"": self.x0} if self.x0 is not None and self.y0 is None else {}), **self.params}
        if sliders:
            self.motion = Motion(sliders, looks, self._played, self._ranged)
            rows.append(self.motion.row)
        self.weights = WeightsChooser(state.weights, looks, lambda spec: self._change(Extent.ALL, weights=spec))
        rows += [section("WEIGHTS · GRAD_OUTPUTS"), self.weights.row]
        self.options = GraphOptions(state, looks, self._options_changed)
        rows += [section("GRAPH OPTIONS"), self.options.row]
        self.overlays: Overlays | PlaneOverlays | None = None
        self.orders: Orders | None = None
        if self._curves.plane is None:
            self.orders = Orders(state.look, state.order, self._named, lambda hidden: self._look(hidden=hidden))
            rows += [section("CURVES"), self.orders.row]
        if self._curves.plane is not None:
            self.overlays = PlaneOverlays(state.look, self._look)
            rows += [section("SHOW"), self.overlays.row]
        self.check: Checking | None = None
        if self._curves.style == "line":
            width = float(np.ptp(self._trace.x)) or 1.0
            self.overlays = Overlays(state.look, looks, width, self._look)
            rows += [section("SHOW"), self.overlays.row]
        if program.domain is not None and self._curves.plane is None:
            self.check = Checking(looks, self.explorer.check)
            rows += [section("CHECK"), self.check.row]
        self.take_away = TakeAway(looks, lambda kind: export(self._seen(), kind))
        rows += [section("TAKE AWAY"), self.take_away.row]
        return w.VBox(
            rows, layout=w.Layout(flex="1 1 300px", min_width="min(280px, 100%)", max_width="420px", margin="0 0 0 8px")
        )

    def _named(self, order: int) -> str:
        """What the curve of an order is called; of several outputs, the order alone."""
        if self._trace.others:
            return ordinal_label(order, "", self._trace.x_label) or "values"
        return ordinal_label(order, self._trace.y_label, self._trace.x_label)

    def _zoomed(self, span: Range | None) -> None:
        """X is to go over another range; the cursor stays inside."""
        whole = span or self.explorer.program.domain
        if whole is not None:
            self.state = replace(self._wanted, span=span, x0=whole.clip(self._wanted.x0))

    def _played(self, name: str, value: float) -> None:
        """The clock moves a slider: that of x0 has no name."""
        if name:
            self._parameter(name)(value)
        else:
            self._change(x0=value)

    def _ranged(self, name: str, span: Range) -> None:
        """The ends of a slider were typed."""
        if not name:
            self._zoomed(span)
            return
        ranges = {**self._wanted.look.ranges, name: span}
        params = {**self._wanted.params, name: span.clip(self._wanted.params[name])}
        self.state = replace(self._wanted, params=params, look=replace(self._wanted.look, ranges=ranges))

    def _parameter(self, name: str) -> Callable[[float], None]:
        """What to do when this parameter changes."""
        return lambda value: self._change(params={**self._wanted.params, name: value})

    def _curer(self, place: int) -> Callable[[w.Button], None]:
        """What the button at this place does."""

        def cure(_: w.Button) -> None:
            if place < len(self._cures):
                self._wanted = self._cures[place].state
                self._show_controls()
                self._coalescer.request(Extent.ALL)

        return cure

    # --- events

    def _change(self, extent: Extent = Extent.PICTURE, **changes: Any) -> None:
        """A control says something new."""
        wanted = replace(self._wanted, **changes)
        if wanted != self._wanted:
            self._wanted = wanted
            self.options.state = wanted
            self._coalescer.request(extent)

    def _look(self, **changes: Any) -> None:
        """What is shown is to change, and no number."""
        self._change(Extent.ALL, look=replace(self._wanted.look, **changes))

    def _options_changed(self, state: State) -> None:
        """The switches act on create_graph, retain_graph, order and overrides, and on nothing else."""
        self._change(
            Extent.ALL, create_graph=state.create_graph, retain_graph=state.retain_graph, order=state.order,
            overrides=state.overrides,
        )  # fmt: skip
        self._coalescer.request(Extent.ALL)

    def _show_controls(self) -> None:
        """All controls at the wanted state."""
        wanted = self._wanted
        if self.x0 is not None:
            span = wanted.span or self.explorer.program.domain
            if span is not None and (span.lo, span.hi) != (self.x0.slider.min, self.x0.slider.max):
                self.x0.reach(span)
            self.x0.show(wanted.x0)
        if self.y0 is not None and wanted.y0 is not None:
            self.y0.show(wanted.y0)
        for name, number in self.params.items():
            span = wanted.look.ranges.get(name)
            if span is not None and (span.lo, span.hi) != (number.slider.min, number.slider.max):
                number.reach(span)
            number.show(wanted.params[name])
        if self.motion is not None:
            self.motion.show()
        self.weights.show(wanted.weights)
        self.options.show(wanted, self._trace.ledger)
        if self.overlays is not None:
            self.overlays.show(wanted.look)
        if self.orders is not None:
            self.orders.show(wanted.look, wanted.order)
        self.pages.show(wanted.look.tab)

    def _render(self, extent: Extent) -> None:
        """Carry out the latest state. Whatever goes wrong is said in the panel, and the last good picture stays."""
        with self.explorer.lock:
            if self.closed:
                return
            try:
                self._step(settled=extent >= Extent.ALL)
                if extent >= Extent.NUMBERS:
                    self._say_numbers()
                if extent >= Extent.ALL:
                    self._bring_up_to_date()
            except Exception as error:  # noqa: BLE001  a widget's event has nobody else to tell
                self._fail(f"{type(error).__name__}: {error}")

    def _step(self, *, settled: bool) -> None:
        """One state on its way: nothing is kept of it until all of it is there."""
        wanted = self._wanted
        if wanted is self._state and not self._problem and (self.explorer.settled or not settled):
            return
        trace, curves = self.explorer.step(wanted) if settled else self.explorer.glimpse(wanted)
        self.renders += wanted is not self._state
        if trace.failure is not None:
            self._fail(failure_text(trace.failure), "" if trace.y is not None else KEPT)
            if trace.y is None:
                return
        frame = self._frame
        if len({curve.order for curve in curves.curves}) != len({curve.order for curve in self._curves.curves}):
            self._trace, self._curves = trace, curves
            frame = self._new_frame()
        png = frame.draw(curves)
        self._trace, self._curves, self._state, self._png, self._frame = trace, curves, wanted, png, frame
        if trace.failure is None:
            self._problem = self.problem.value = ""
        self._paint()
        self.take_away.forget()
        if self.check is not None:
            self.check.forget()

    def _paint(self) -> None:
        """What follows the hand: the picture."""
        width, height = map(str, self._frame.size)
        if self.image.height != height:
            with self.image.hold_sync():
                self.image.value, self.image.width, self.image.height = self._png, width, height
        else:
            self.image.value = self._png

    def _say_numbers(self) -> None:
        """What comes a moment later: the values at x0, and sliders and typed fields at the same numbers."""
        self.readouts.value = texts.readouts(self._curves, self._frame.anchors, self._frame.size[1])
        self.pointing.show(self._frame.inputs if self.x0 is not None else ())
        for number in self._numbers:
            number.show(number.value)

    def _bring_up_to_date(self) -> None:
        """What can wait until the slider rests: words, tables, the ledger."""
        curves, ledger = self._curves, self.explorer.ledger  # of the last run, also if it failed
        for number in self._numbers:
            number.settle()
        self.image.tooltip = report.alt_text(curves)
        self.caption.value = texts.caption(curves)
        self.found.value = texts.found(curves)
        self.tables.value = texts.tables(curves.tables)
        self.ledger_table.value = texts.ledger(ledger, self.options.target)
        said = dict.fromkeys((*curves.notes, *self._frame.notes))
        self.notes.value = texts.messages(said)
        self.options.show(self._wanted, ledger)
        if self.orders is not None:
            self.orders.show(self._wanted.look, self._wanted.order)
        self._offer(cures(ledger, self._wanted))
        self.pages.refresh(self._seen())
        self.undo.history.note(self._wanted)
        self.undo.show()
        if self.check is not None and self.explorer.request.check:
            self.check.carry_out()
        if self._linked is not None:
            self._linked.follow(self._wanted, curves.at_x0)

    def _seen(self) -> Seen:
        """What pages and files are made of."""
        return Seen(self.explorer, self._state, self._trace, self._curves)

    def _offer(self, found: list[Remedy]) -> None:
        """Buttons for what would have worked."""
        self._cures = found[:CURES]
        for place, button in enumerate(self.cures):
            there = place < len(self._cures)
            button.description = self._cures[place].words if there else ""
            button.layout.display = None if there else "none"

    def _fail(self, message: str, rest: str = KEPT) -> None:
        """Say what went wrong."""
        self._problem = message
        self.problem.value = texts.messages([message, rest], "error")

    def show_printed(self, text: str) -> None:
        """Show what the cell printed, for a run that is no cell's."""
        self.printed.value = f'<pre class="gm-printed">{html.escape(text)}</pre>' if text else ""


def failure_text(failure: Failure) -> str:
    """An error of a re-run, and where in the cell it was raised."""
    return failure.message if failure.line is None else f"{failure.message} (line {failure.line} of the cell)"
