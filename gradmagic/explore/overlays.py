"""What is drawn over the curves at the user's wish, as numbers and a sentence each. Knows no pictures.

An overlay is a row of `OVERLAYS`: its name in a list of switches, and a function of the curves that gives its marks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Trace

if TYPE_CHECKING:
    from gradmagic.explore.curves import Curves

__all__ = ["OVERLAYS", "Mark", "Overlay", "marks"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that an overlay draws.

    Attributes
    ----------
    overlay : str
        The overlay that it belongs to.
    pane : int
        The order of derivative in whose pane it is drawn.
    kind : {"line", "dashes", "points", "area", "upright"}
        A line through the points, a dashed one, a symbol at each, the area between `x[0]` and `x[1]`, `x[2]` and
        `x[3]`, … over the whole height, or an upright line at each x.
    x, y : ndarray
        Where. `y` is empty for areas and upright lines.
    symbol : str
        For points: what they are drawn with, as matplotlib names markers.
    colour : int or None
        The order of derivative whose colour it has; None is ink.
    words : str
        What it is, in words and numbers, for those who do not see it.
    """

    overlay: str
    pane: int
    kind: Literal["line", "dashes", "points", "area", "upright"]
    x: Array
    y: Array
    symbol: str = "o"
    colour: int | None = None
    words: str = ""


Maker = Callable[["Curves", Trace, State], Iterable[Mark]]


@dataclass(frozen=True, slots=True)
class Overlay:
    """One row: the name on the switch, what the switch's tooltip says, and what makes the marks."""

    title: str
    help: str
    make: Maker


def taylor_polynomial(curves: Curves, _: Trace, state: State) -> Iterable[Mark]:
    """The polynomial with the derivatives that y has at x0, over the whole range."""
    known = [value for value in curves.at_x0[: state.look.taylor + 1] if value is not None]
    if not curves.slopes or len(known) < state.look.taylor + 1:
        return
    offset, power, y = curves.x - curves.x0, np.ones_like(curves.x), np.zeros_like(curves.x)
    for order, value in enumerate(known):
        y = y + value * power
        power = power * offset / (order + 1)
    words = f"the Taylor polynomial of order {state.look.taylor} at {curves.x_label} = {curves.x0:.6g}"
    yield Mark("taylor", 0, "dashes", curves.x, y, colour=2, words=words)


# The tangent is drawn by the frame itself, with the point: it moves with the hand.
OVERLAYS: Mapping[str, Overlay] = {
    "tangent": Overlay("tangent", "the line through (x₀, y) with the slope dy/dx", lambda *_: ()),
    "taylor": Overlay("Taylor polynomial", "the polynomial with the same derivatives at x₀", taylor_polynomial),
}


def marks(curves: Curves, trace: Trace, state: State) -> tuple[Mark, ...]:
    """The marks of all overlays that are switched on, in the order of the table."""
    if curves.style != "line":
        return ()
    chosen = [overlay for name, overlay in OVERLAYS.items() if name in state.look.overlays]
    return tuple(mark for overlay in chosen for mark in overlay.make(curves, trace, state))
