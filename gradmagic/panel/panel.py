"""The panel: controls to States, States through the explorer to pictures. Knows no cells, no engine and no IPython."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from gradmagic.explore import report
from gradmagic.explore.curves import Curves
from gradmagic.explore.explain import INPLACE
from gradmagic.explore.jacobian import is_worth_seeing
from gradmagic.explore.request import GradUsageError
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Call, Derivative, Failure, Trace
from gradmagic.panel.bundle import bundle, chosen, plain_text
from gradmagic.panel.coalesce import Coalescer, Extent
from gradmagic.panel.column import Column
from gradmagic.panel.controls import Looks, Picture
from gradmagic.panel.exports import EXPORTS, File, export
from gradmagic.panel.linked import Linked, linked
from gradmagic.panel.pages import Pages, Seen
from gradmagic.panel.pointing import Pointing
from gradmagic.panel.progress import Progress, why_stopped
from gradmagic.panel.style import HEAD
from gradmagic.panel.take import History, Undo
from gradmagic.panel.tree import close_tree
from gradmagic.panel.words import Words
from gradmagic.panel.work import Do, Job, Outcome, Task, Then, Work, carried_out
from gradmagic.plot import Frame, figure, frame_for

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gradmagic.explore.explorer import Explorer
    from gradmagic.plot.plane import PlaneFrame

__all__ = ["Panel"]


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
        self._refused: State | None = None  # the state in which something was stopped: it is not tried again
        self._linked: Linked | None = None
        self._lock = threading.RLock()
        self._work = Work(self._say_progress, lambda: self.explorer.request.deadline)
        self._coalescer = Coalescer(self._render)
        self._frame = self._new_frame()
        self._png = self._frame.draw(self._curves)
        self._build()
        self._paint()
        self._follow(Extent.ALL, nothing, here)

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
        with self._lock:
            self._work.stop("dropped")
            before, self._wanted = self._wanted, state
            try:
                self._show_controls()
            except Exception:  # no control can say such a state: it is not taken up
                self._wanted = before
                self._show_controls()
                raise
            self._render(Extent.ALL, nothing, here)

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
        path.write_bytes(self.file(kind).data)
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
        return plain_text(self._curves, self._trace, self._verdicts)

    @property
    def _verdicts(self) -> tuple[str, ...]:
        """What the check has found in this state that the cell asks for."""
        check = self.controls.check
        return check.verdicts if check is not None and self.explorer.request.check else ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Every form that a front end may want."""
        model = self.widget.model_id if self.live and not self.closed else None
        return chosen(bundle(self._curves, self._trace, self._png, model, self._verdicts), include, exclude)

    def close(self) -> None:
        """End the panel: no event reaches it any more, and none of its widgets stays. Its numbers do."""
        self.closed = True
        self._coalescer.close()
        self._work.stop("dropped")
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
        self.image = Picture(
            value=self._png, format="png", width=str(width), height=str(height), layout=looks.layout(max_width="100%")
        )
        self.words = Words(looks, self.go)
        self.controls = Column(self, self._seen(), looks)
        self.pointing = Pointing(self.controls.inputs, looks)
        without = () if any(map(is_worth_seeing, self._trace.outputs)) else ("jacobian",)
        self.pages = Pages(self._first_page(looks), self, self._state.look.tab, self._turned_to, without)
        self.undo = Undo(History(self._state), looks, self.go)
        self.progress = Progress(self.explorer.request.filename, looks, self._work.stop)
        bar = w.HBox(
            [self.pages.bar, self.progress.row, self.undo.row], layout=looks.layout(flex_flow="row wrap", width="100%"),
            _dom_classes=["gm-bar"],
        )  # fmt: skip
        head = looks.html(HEAD, "gm-head")
        shown = [head, bar, self.words.problem, self.pages.box]
        self.widget = w.VBox(shown, layout=looks.layout(), _dom_classes=["gm", "gm-auto"])

    def _first_page(self, looks: Looks) -> w.Widget:
        """The curves, their controls beside them, and what autograd did."""
        layout = looks.layout(max_width="100%")
        picture = w.HBox([self.image, self.words.readouts], layout=layout, _dom_classes=["gm-picture"])
        shown = [picture, self.words.caption, self.pointing.widget, *self.words.of_the_numbers]
        # What autograd did stands under the picture, where the eye is, if the column of the controls is the longer one;
        # otherwise there is room for it from side to side.
        did = self.words.of_the_calls
        under = self._curves.style == "line"
        left = w.VBox(
            [*shown, *(did if under else [])],
            layout=looks.layout(flex="0 1 auto", max_width="min(720px, 100%)", overflow="hidden"),
        )
        both = w.HBox([left, self.controls.box], layout=looks.layout(flex_flow="row wrap", width="100%"))
        return w.VBox([both, *([] if under else did)], layout=looks.layout(overflow="hidden"))

    # --- events

    def go(self, state: State) -> None:
        """What a control does that leads to a state: the picture follows, at once or when it is there."""
        with self._lock:
            self._wanted = state
            self._show_controls()
        self._request(Extent.ALL)

    def _request(self, extent: Extent) -> None:
        self._work.make_way()
        self._coalescer.request(extent)

    def change(self, extent: Extent = Extent.PICTURE, **fields: Any) -> None:
        """A control says something new: at least this much is to follow it."""
        wanted = replace(self._wanted, **fields)
        if wanted != self._wanted:
            self._wanted = wanted
        self._request(extent)

    def _turned_to(self, page: str) -> None:
        """Another page was opened."""
        self.change(Extent.ALL, look=replace(self._wanted.look, tab=page))

    def _show_controls(self) -> None:
        """All controls at the wanted state."""
        self.controls.show(self._wanted, self._trace.ledger)
        self.pages.show(self._wanted.look.tab)

    def _render(self, extent: Extent, done: Callable[[], None], do: Do | None = None) -> None:
        """Carry out the latest state, then call `done`. What goes wrong is said in the panel, and its picture stays."""
        do = do or self._work.do
        wanted = self._wanted
        settled, known = extent >= Extent.ALL, wanted is self._state
        there = known and not self.words.failing and (self.explorer.settled or not settled)
        if there or wanted is self._refused:
            self._follow(extent, done, do)
            return
        self._refused = None

        def arrived(outcome: Outcome) -> None:
            if outcome.reason == "dropped":  # something newer is on its way
                done()
                return
            self._guarded(lambda: self._take_step(wanted, outcome))
            self._follow(extent, done, do)

        step = self.explorer.step if settled else self.explorer.glimpse
        do(lambda: step(wanted), arrived, yields=known)

    def _follow(self, extent: Extent, done: Callable[[], None], do: Do) -> None:
        """What follows the picture: numbers, words, and the page that is open, for which the cell may run again."""
        if extent >= Extent.NUMBERS:
            self._guarded(self._say_numbers)
        if extent >= Extent.ALL:
            self._guarded(self._bring_up_to_date)
        finders = self._finders() if extent >= Extent.ALL and not self.closed else []
        if not finders:
            done()
            return

        def found(outcome: Outcome) -> None:
            self._guarded(lambda: self._show_found(outcome))
            done()

        do(lambda: [find() for find in finders], found, yields=True)

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do something with the widgets: no other thread does so meanwhile, and what goes wrong is said."""
        with self._lock:
            if self.closed:
                return
            try:
                act()
            except Exception as error:  # noqa: BLE001  a widget's event has nobody else to tell
                self.words.fail(f"{type(error).__name__}: {error}")

    def _finders(self) -> list[Callable[[], Callable[[], None]]]:
        """What is still to be worked out: each, when it is called, gives what shows it."""
        seen = self._seen()
        finders: list[Callable[[], Callable[[], None]]] = []
        if self._wanted is self._refused:
            return finders
        page = self.pages.page
        if page is not None:
            finders.append(lambda: page.find(seen))
        if any(INPLACE in (call.error or "") for call in self.explorer.ledger):
            finders.append(self._writes)
        check = self.controls.check
        if check is not None and (check.asked or self.explorer.request.check):
            finders.append(check.find)
        return finders

    def _writes(self) -> Callable[[], None]:
        """What a refused call would have needed, and which line wrote to it."""
        from gradmagic.panel.refused import writes

        found = writes(self.explorer)
        return lambda: self.words.say_writes(found)

    def _show_found(self, outcome: Outcome) -> None:
        """What was worked out for the open page."""
        if outcome.value is not None:
            for show in outcome.value:
                show()
        elif outcome.reason != "dropped":
            self._say_stopped(outcome, "this page is not up to date; choose it again to try again", self._state)
            self._refused = self._wanted if outcome.stopped else None

    def _say_stopped(self, outcome: Outcome, what: str, wanted: State) -> None:
        """An outcome without a value: it was stopped, or it failed."""
        error = outcome.error
        if outcome.stopped:
            filename = self.explorer.request.filename
            self.words.fail(why_stopped(outcome, filename, what, self._state, wanted), kept=False)
        elif error is not None:
            self.words.fail(f"{type(error).__name__}: {error}")

    def _take_step(self, wanted: State, outcome: Outcome) -> None:
        """One state on its way: nothing is kept of it until all of it is there."""
        if outcome.value is None:
            shown = "the picture is of this state, and what is below it of an earlier one"
            if wanted is not self._state:
                shown = "the panel is back in the state before"
            self._say_stopped(outcome, shown, wanted)
            if outcome.stopped and self._wanted is wanted:
                self._wanted = self._refused = self._state
                self._show_controls()
            return
        trace, curves = outcome.value
        self.renders += wanted is not self._state
        if trace.failure is not None:
            self.words.fail(failure_text(trace.failure), kept=trace.y is None)
            if trace.y is None:
                return
        frame = self._frame
        if len({curve.order for curve in curves.curves}) != len({curve.order for curve in self._curves.curves}):
            self._trace, self._curves = trace, curves
            frame = self._new_frame()
        png = frame.draw(curves)
        self._trace, self._curves, self._state, self._png, self._frame = trace, curves, wanted, png, frame
        if trace.failure is None:
            self.words.problem.value = ""
        self._paint()
        self.controls.forget()

    def _say_progress(self, task: Task | None) -> None:
        """Something takes long, or is over."""
        self._guarded(lambda: self.progress.show(task))

    def _paint(self) -> None:
        """What follows the hand: the picture."""
        width, height = map(str, self._frame.size)
        if self.image.height != height:
            with self.image.hold_sync():
                self.image.value, self.image.width, self.image.height = self._png, width, height
        else:
            self.image.value = self._png

    def _say_numbers(self) -> None:
        """What comes a moment later: the values at x0, sliders and typed fields at the same numbers, a clean canvas."""
        self.words.say_numbers(self._curves, self._frame)
        self.pointing.show(self._frame.inputs if self.controls.inputs else ())
        self.controls.show_numbers()
        self._frame.wipe()

    def _bring_up_to_date(self) -> None:
        """What can wait until the slider rests: words, tables, the ledger."""
        curves, ledger = self._curves, self.explorer.ledger  # of the last run, also if it failed
        self.image.tooltip = report.alt_text(curves)
        self.controls.settle(self._wanted, ledger)
        self.words.say(curves, self._frame.notes, self._state)
        self.words.say_calls(ledger, self.controls.options.target, self._wanted)
        self.undo.history.note(self._wanted)
        self.undo.show()
        if self._linked is not None:
            self._linked.follow(self._wanted, curves.at_x0)

    def _seen(self) -> Seen:
        """What pages and files are made of."""
        return Seen(self.explorer, self._state, self._trace, self._curves)

    def file(self, kind: str) -> File:
        """What is shown, as a file of this kind: see `EXPORTS`."""
        return export(self._seen(), kind)


def nothing() -> None:
    """What is done when there is nothing more to do."""


def here(job: Job, then: Then, *, yields: bool = False) -> None:  # noqa: ARG001  as Work.do
    """Carry out a job in this thread: whoever sets a state from Python finds it there on the next line."""
    then(carried_out(job))


def failure_text(failure: Failure) -> str:
    """An error of a re-run, and where in the cell it was raised."""
    return failure.message if failure.line is None else f"{failure.message} (line {failure.line} of the cell)"
