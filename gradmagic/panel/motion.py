"""Zooming, playing and setting the ends of a slider. Knows numbers and ranges; no curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import ipywidgets as w
from traitlets import CInt

from gradmagic.explore.reading import assignment
from gradmagic.explore.request import GradUsageError, Range
from gradmagic.panel.controls import Looks
from gradmagic.panel.number import Number, written
from gradmagic.panel.texts import messages

__all__ = ["Motion", "Zoom", "Zooming", "zoomed"]

FRAMES = 120  # from one end of a slider to the other
SPEEDS = (("slow", 120), ("medium", 50), ("fast", 20))  # milliseconds between two frames
MOST_DECADES = 300  # to either side of 1
NARROWEST = 1e-9  # of the size of x: what is narrower has no samples of its own
ACTIONS: Mapping[str, tuple[str, float, float]] = {
    "zoom in": ("half of the range, around the cursor", 0.5, 0.0),
    "zoom out": ("twice the range", 2.0, 0.0),
    "left": ("a quarter of the range to the left", 1.0, -0.25),
    "right": ("a quarter of the range to the right", 1.0, 0.25),
}


def zoomed(span: Range, x0: float, scale: float, shift: float, *, log: bool = False) -> Range:
    """The range scaled around the cursor, if it is inside, and moved by a share of its width.

    With `log` it is the range of the logarithm that is scaled and moved.

    Examples
    --------
    >>> zoomed(Range(-2, 2), 1.0, 0.5, 0.0), zoomed(Range(0, 4), 9.0, 1.0, 0.25)
    (Range(lo=-0.5, hi=1.5, start=None), Range(lo=1.0, hi=5.0, start=None))
    """
    if log:
        inner = Range(math.log10(span.lo), math.log10(span.hi))
        wide = zoomed(inner, math.log10(x0) if x0 > 0 else -math.inf, scale, shift)
        lo, hi = (10.0 ** min(max(end, -MOST_DECADES), MOST_DECADES) for end in (wide.lo, wide.hi))
        return Range(float(f"{lo:.13g}"), float(f"{hi:.13g}"))
    centre = x0 if span.lo < x0 < span.hi and scale != 1.0 else span.lo + span.width / 2
    share = (centre - span.lo) / span.width
    width = max(scale * span.width, NARROWEST * max(abs(centre), NARROWEST))
    lo = centre - share * width + shift * width
    return Range(float(f"{lo:.13g}"), float(f"{lo + width:.13g}"))


class Zooming:
    """A row of buttons that change what is seen; `act(name)` is called with what is on the one that was pressed."""

    def __init__(self, looks: Looks, tips: Mapping[str, str], act: Callable[[str], None]) -> None:
        self.buttons = {name: looks.push(name, f"{name}: {tip}", margin="2px 1px") for name, tip in tips.items()}
        self.row = w.HBox(list(self.buttons.values()), layout=looks.row)
        for button in self.buttons.values():
            button.on_click(lambda pressed: act(pressed.description))


class Zoom(Zooming):
    """Buttons that change the range of x; `changed(span)` is called with it, and with None for the cell's own.

    `now()` gives the range, the cursor, and whether the axis is logarithmic.
    """

    def __init__(
        self, looks: Looks, now: Callable[[], tuple[Range, float, bool]], changed: Callable[[Range | None], None]
    ) -> None:
        def act(name: str) -> None:
            if name == "all":
                changed(None)
                return
            span, x0, log = now()
            changed(zoomed(span, x0, *ACTIONS[name][1:], log=log))

        tips = {name: tip for name, (tip, *_) in ACTIONS.items()} | {"all": "the whole range, as the cell has it"}
        super().__init__(looks, tips, act)


class Clock(w.Play):  # type: ignore[misc]  # ipywidgets has no types
    """A front end's clock, to which its own ticks are not sent back."""

    value = CInt(0).tag(sync=True, echo_update=False)


class Motion:
    """One row for all sliders: which one it is about, its ends, and a clock that moves it.

    `ranged(name, span)` is called with the ends that were typed. The clock is the front end's: it sends a number for
    each frame, of which only the last counts, and stops with the panel.
    """

    def __init__(self, sliders: Mapping[str, Number], looks: Looks, ranged: Callable[[str, Range], None]) -> None:
        self._sliders, self._ranged = sliders, ranged
        self._quiet = False
        names = list(sliders)
        self.which = w.Dropdown(
            options=[(sliders[name].name, name) for name in names], value=names[-1], description="slider",
            style=looks.bare, layout=looks.layout(width="96px", margin="2px 4px 2px 0"), tooltip="which slider to move",
        )  # fmt: skip
        self.play = Clock(
            interval=SPEEDS[1][1], min=0, max=FRAMES, show_repeat=True, layout=looks.layout(width="auto"),
            _dom_classes=["gm-play"],
        )  # fmt: skip
        self.speed = w.Dropdown(
            options=SPEEDS, value=SPEEDS[1][1], description="speed", style=looks.bare,
            layout=looks.layout(width="130px"), tooltip="how fast it moves",
        )  # fmt: skip
        self.lo, self.hi = (
            w.Text(
                description=name, continuous_update=False, style=looks.field, layout=w.Layout(width="86px"),
                tooltip=tip,
            )
            for name, tip in (("from", "where the slider begins"), ("to", "where the slider ends"))
        )  # fmt: skip
        self.problem = looks.html()
        self.row = w.VBox(
            [
                w.HBox([self.which, self.lo, self.hi], layout=looks.row),
                w.HBox([self.play, self.speed], layout=looks.row),
                self.problem,
            ],
            layout=looks.layout(),
        )
        self._show_ends()
        self.which.observe(lambda _: self._other(), "value")
        self.play.observe(self._frame, "value")
        self.speed.observe(lambda change: setattr(self.play, "interval", change["new"]), "value")
        for field in (self.lo, self.hi):
            field.observe(lambda _: self._typed(), "value")

    def show(self) -> None:
        """The ends as they are now."""
        self._show_ends()

    def _ends(self) -> tuple[float, float]:
        number = self._sliders[self.which.value]
        return number.lo, number.hi

    def _show_ends(self) -> None:
        self._quiet = True
        for field, text in zip((self.lo, self.hi), self._said(), strict=True):
            field.value = text
            field.layout.width = f"{max(86, 9 * len(text) + 44)}px"
        self._quiet = False

    def _said(self) -> tuple[str, str]:
        """The ends as text, in digits enough to tell them apart."""
        lo, hi = self._ends()
        return written(lo, (hi - lo) / 100), written(hi, (hi - lo) / 100)

    def _other(self) -> None:
        """Another slider: the clock stands at its place."""
        self.play.playing = False
        lo, hi = self._ends()
        self._quiet = True
        self.play.value = round(FRAMES * (self._sliders[self.which.value].value - lo) / (hi - lo))
        self._quiet = False
        self.problem.value = ""
        self._show_ends()

    def _frame(self, change: dict[str, int]) -> None:
        if not self._quiet:
            lo, hi = self._ends()
            self._sliders[self.which.value].move(lo + (hi - lo) * change["new"] / FRAMES)

    def _typed(self) -> None:
        """Ends that were typed: `-pi` is a number too."""
        if self._quiet or (self.lo.value, self.hi.value) == self._said():
            return
        name = self._sliders[self.which.value].name
        try:
            span = assignment(name, f"{self.lo.value.strip()}:{self.hi.value.strip()}")
            assert isinstance(span, Range)
        except GradUsageError as mistake:
            self.problem.value = messages([str(mistake)], "error")
            return
        self.problem.value = ""
        self._ranged(self.which.value, span)
        self._show_ends()
