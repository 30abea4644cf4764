"""A number by slider, by typing and by two buttons. Knows no State.

A front end's slider stands on a grid of steps and sends back where it stands, also after a number was typed that lies
between two of them: what is shown on the slider is the step nearest to the number, and the number stays what it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ipywidgets as w
from traitlets import CFloat

from gradmagic.explore.expression import number as number_of
from gradmagic.explore.request import GradUsageError, Range
from gradmagic.panel.controls import Looks
from gradmagic.panel.texts import messages
from gradmagic.plot.limits import nice_step

__all__ = ["Number", "rounded", "written"]

STEPS = 240  # of a slider, at least
COARSE = 10  # slider steps in one press of a button
ROUNDING = 1e-6  # of a step
FIELD = 72  # pixels, at least


class Slider(w.FloatSlider):  # type: ignore[misc]  # ipywidgets has no types
    """A slider whose moves are not echoed: a message to where it is known costs as much as a curve.

    Other windows on the same kernel hear of it when the hand rests (`Number.settle`).
    """

    value = CFloat(0.0).tag(sync=True, echo_update=False)

    def _should_send_property(self, key: str, value: Any) -> bool:
        """Whether the front end is to hear of it; a number that has come from it needs no way through JSON and back."""
        if key == "value" and not self._holding_sync and self._property_lock.get(key) == value:
            return False
        return bool(super()._should_send_property(key, value))

    def send_state(self, key: Any = None) -> None:
        """A front end takes up a message's parts in their order: a value before its range would go to the old range."""
        super().send_state(sorted(key, key="value".__eq__) if isinstance(key, set) else key)


class Number:
    """A number by slider, by typing and by two buttons; `changed(value)` is called when it becomes another."""

    def __init__(
        self, name: str, span: Range, value: float, looks: Looks, changed: Callable[[float], None], *, grows: bool
    ) -> None:
        self.name, self.grows, self._changed = name, grows, changed
        self.value, self.log, self._looks = value, False, looks
        self._untold = self._writing = False
        lo, hi = float(span.lo), float(span.hi)
        self.lo, self.hi = (min(lo, value), max(hi, value)) if grows else (lo, hi)
        self.step = step_of(self.lo, self.hi)
        self.slider = Slider(
            min=self.lo, max=self.hi, step=self.step, description=name, readout=False, tooltip=f"{name}, by slider",
            layout=looks.slider, style=looks.label, readout_format=format_of(self.step),
        )  # fmt: skip
        self._shown = self.slider.value = self._on_grid(value)
        self.typed = w.Text(
            value=self._in_field(), description=f"{name}, typed", continuous_update=False, layout=looks.typed,
            style=looks.field, tooltip=f"{name}: type a number, such as 1.5 or pi/2, and press Enter",
            _dom_classes=["gm-typed"],
        )  # fmt: skip
        self.down = self._button("decrease", "gm-down", -COARSE, looks)
        self.up = self._button("increase", "gm-up", COARSE, looks)
        self.row = w.HBox([self.slider, self.typed, self.down, self.up], layout=looks.row)
        self.remark: w.HTML | None = None  # of what was typed last; most fields never need one
        self._remarked = value
        self._rest: object = None
        self._fit_field()
        self.slider.observe(lambda change: self._slid(float(change["new"])), "value")
        self.typed.observe(lambda change: self._typed(change["new"], change["old"]), "value")

    def _button(self, word: str, kind: str, steps: int, looks: Looks) -> w.Button:
        """A button for some slider steps; its sign is drawn by the style, so that its name can be said in words."""
        # Its classes are given at once: each that is added later is a message.
        button = w.Button(
            description=f"{word} {self.name}", tooltip=self._far(word), layout=looks.step, style=looks.button,
            _dom_classes=["gm-step", kind],
        )  # fmt: skip
        button.on_click(lambda _: self._pressed(steps))
        return button

    def _in_field(self) -> str:
        """What the field says, unless something was typed there that means the same."""
        return written(self.value, self.step if not self.log else abs(self.value) * self.step)

    def _fit_field(self) -> None:
        """Room in the field for the numbers of the range."""
        letters = max(len(written(end, self.step)) for end in (self.lo, self.hi, self.value))
        room = max(FIELD, 8 * letters + 26)
        if self.typed.layout is self._looks.typed and room > FIELD:
            self.typed.layout = w.Layout(width=f"{room}px", margin=self._looks.typed.margin)
        elif self.typed.layout is not self._looks.typed:
            self.typed.layout.width = f"{room}px"

    def _far(self, word: str) -> str:
        """How far a button goes."""
        far = f"by {COARSE * self.step:g}" if not self.log else f"by a factor of {10 ** (COARSE * self.step):.3g}"
        return f"{word} {self.name} {far}"

    # --- the slider's places: numbers, or their logarithms

    def _place(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def _on_grid(self, value: float) -> float:
        """The step of the slider that is nearest to a number, to the last bit as the front end's slider finds it.

        By a bit less it would send its own back; and that may arrive when a hand has long moved on.
        """
        lo, hi = float(self.slider.min), float(self.slider.max)
        place = self._place(min(max(value, self.lo), self.hi))
        if place >= hi:
            return hi
        step = 100.0 * self.step / (hi - lo)  # noUiSlider counts in percent
        percent = math.floor(100.0 * (place - lo) / (hi - lo) / step + 0.5) * step
        return percent * (hi - lo) / 100.0 + lo if percent < 100.0 else hi

    def _number(self, place: float) -> float:
        """The number at a place; where the steps start from an odd number, the even one beside the step."""
        if place in (self.slider.min, self.slider.max):
            return self.lo if place == self.slider.min else self.hi
        if self.log:
            return float(f"{10.0**place:.4g}")
        steps = (place - self.lo) / self.step
        return round(place / self.step) * self.step if abs(steps - round(steps)) < ROUNDING else place

    def _slid(self, place: float) -> None:
        # What the front end sends back of what it was shown is nobody's move.
        if place == self._shown or (
            abs(place - self._shown) < self.step / 4 and place not in (self.slider.min, self.slider.max)
        ):
            return
        self._shown, self._untold = place, True
        self.move(self._number(place))

    def _pressed(self, steps: int) -> None:
        if self.log:
            self.move(float(f"{10 ** (self._on_grid(self.value) + steps * self.step):.4g}"), inside=True)
        else:
            # On the grid of the steps: 0.1 three times is 0.3.
            self.move(round(self.value / self.step + steps) * self.step, inside=True)

    def _typed(self, text: str, before: str) -> None:
        """A number was typed, or an expression that is one; what is neither is said, and the number stays."""
        if self._writing:
            return
        if self._reads(self.value):
            self._remark("", self.value)
            return
        try:
            value = number_of(text)
        except GradUsageError as mistake:
            self._write(before)
            self._remark(str(mistake), self.value)
            return
        ends = " to ".join(written(end, self.step).replace("-", "−") for end in (self.lo, self.hi))
        outside = f"{self.name} goes from {ends}: {text.strip()} lies outside."
        self._remark("" if self.grows or self.lo <= value <= self.hi else outside, self._held(value))
        self.move(value)

    def _write(self, text: str) -> None:
        """Into the field, which is nobody's typing."""
        self._writing = True
        try:
            self.typed.value = text
        finally:
            self._writing = False

    def _remark(self, words: str, value: float) -> None:
        """Say something about what was typed, for as long as this number is shown."""
        self._remarked = value
        if self.remark is None and words:
            self.remark = w.HTML(layout=w.Layout(width="100%", margin="0"))
            self.row.children = (*self.row.children, self.remark)
        if self.remark is not None:
            self.remark.value = messages([words], "error")

    def move(self, value: float, *, inside: bool = False) -> None:
        """Become another number, by a hand or by a clock; to be shown when the picture is there."""
        value = self._held(value, inside=inside)
        if value == self.value:
            self.show(value)
            return
        # Not shown yet: whoever carries the change out calls `show` when the picture is there. A message that is sent
        # before wakes the thread that sends, and the two then wait for each other in the middle of the drawing.
        self.value = value
        self._changed(value)

    def _held(self, value: float, *, inside: bool = False) -> float:
        """The number that was meant, within the range where it may not leave it."""
        value = plain(value)
        return min(max(value, self.lo), self.hi) if inside or not self.grows else value

    def reach(self, span: Range, *, log: bool = False) -> None:
        """Let the slider go from end to end of this range, and its value stay inside, without telling anybody."""
        ends = float(span.lo), float(span.hi), log
        if ends == (self.lo, self.hi, self.log):
            return
        self.lo, self.hi, self.log = ends
        self.value = span.clip(self.value)
        lo, hi = self._place(self.lo), self._place(self.hi)
        self.step = step_of(lo, hi)
        # In one message: between two of them a front end would send back a place on a grid that is neither's.
        with self.slider.hold_sync(), self.slider.hold_trait_notifications():
            self.slider.min, self.slider.max, self.slider.step = lo, hi, self.step
            self._shown = self.slider.value = self._on_grid(self.value)
        self.down.tooltip, self.up.tooltip = self._far("decrease"), self._far("increase")
        self._fit_field()
        self.show(self.value)

    def show(self, value: float) -> None:
        """Show a value without telling anybody; the slider's range grows to hold it."""
        self.value = value
        if self.grows and not self.lo <= value <= self.hi:
            self.lo, self.hi = min(self.lo, value), max(self.hi, value)
        with self.slider.hold_sync():
            self.slider.min, self.slider.max = self._place(self.lo), self._place(self.hi)
            self._shown = self._on_grid(value)
            self.slider.value = self._shown
        if not self._reads(value):
            self._write(self._in_field())
        if self.remark is not None and self.remark.value and value != self._remarked:
            self.remark.value = ""

    def _reads(self, value: float) -> bool:
        """Whether the field says this number already, be it as pi/2 or, from a drag in the picture, with zeros."""
        if self.typed.value == self._in_field():
            return True
        try:
            return plain(number_of(self.typed.value)) == value
        except GradUsageError:
            return False

    def beside(self, rest: object) -> None:
        """What all other controls say: once it is another, a remark is of something that has passed."""
        if rest != self._rest:
            self._rest = rest
            self._remark("", self.value)

    def settle(self) -> None:
        """Tell all front ends where the slider stands, if it was moved in one of them."""
        if self._untold:
            self._untold = False
            self.slider.send_state("value")


def step_of(lo: float, hi: float) -> float:
    """A round step for a slider over this range."""
    return nice_step(max((hi - lo) / STEPS, 1e-280))


def format_of(step: float) -> str:
    """The format in which a slider says its value; behind twelve decimals a tiny number would read as 0.

    >>> format_of(0.01), format_of(5e-14)
    ('.3f', '.13g')
    """
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) + 1
    return f".{decimals}f" if decimals <= 12 else ".13g"


def plain(value: float) -> float:
    """The number that was meant: a front end's slider adds up its steps to 1.7999999999999998.

    >>> plain(1.7999999999999998)
    1.8
    """
    return float(f"{value:.13g}")


def written(value: float, step: float) -> str:
    """A number as a field says it, to be typed over: with the minus of a keyboard.

    >>> written(-2.0, 0.1), written(1 / 3, 0.1)
    ('-2', '0.333333')
    """
    return f"{rounded(value, step):.15g}"


def rounded(value: float, step: float) -> float:
    """Six digits, or as many more as tell a number from one that is a step away.

    >>> rounded(1 / 3, 0.1), rounded(1000000.3, 0.005)
    (0.333333, 1000000.3)
    """
    short = (float(f"{value:.{digits}g}") for digits in range(6, 17))
    return next((one for one in short if abs(one - value) <= step / 10), value)
