"""What is drawn over the curves at the user's wish, as numbers and a sentence each. Knows no pictures.

An overlay is a row of `OVERLAYS`: its name in a list of switches, and a function of the curves that gives its marks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from gradmagic.explore.digits import place_in
from gradmagic.explore.features import Feature, breaks, features, piecewise, stretches
from gradmagic.explore.piecewise import Piecewise
from gradmagic.explore.record import record
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array

if TYPE_CHECKING:
    from gradmagic.explore.curves import Curves

__all__ = ["OVERLAYS", "Mark", "Overlay", "marks"]

REACH = 0.13  # of the range of x, that a line through a point goes to either side
MOST_SAID = 8  # features that are said one by one


@record
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
    height : pair of float
        For areas and upright lines: from where to where they go, in shares of the height.
    """

    overlay: str
    pane: int
    kind: Literal["line", "dashes", "points", "area", "upright"]
    x: Array
    y: Array
    symbol: str = "o"
    colour: int | None = None
    words: str = ""
    height: tuple[float, float] = (0.0, 1.0)

    def of_output(self, place: int, count: int, name: str) -> Mark:
        """The same for one of several outputs: it says whose it is, and areas lie in stripes, one above the other."""
        words = self.words if self.words.startswith(f"{name} ") else f"{name}: {self.words}" if self.words else ""
        if self.kind != "area":
            return replace(self, words=words)
        return replace(self, words=words, colour=place).in_stripe(place, count)

    def in_stripe(self, place: int, count: int) -> Mark:
        """The same in one of several stripes of its height, from the top down: none hides another."""
        low, high = self.height
        return replace(self, height=(high - (high - low) * (place + 1) / count, high - (high - low) * place / count))


Found = Callable[[], tuple[Feature, ...]]  # the features of the curves, looked for when somebody asks first
Maker = Callable[["Curves", Found, State], Iterable[Mark]]


@record
class Overlay:
    """One row: the name on the switch, what the switch's tooltip says, and what makes the marks."""

    title: str
    help: str
    make: Maker


def x0_in(curves: Curves) -> str:
    """`x = 1`, in as many digits as the range asks for."""
    return f"{curves.x_label} = {place_in(curves.x, curves.x0)}"


def taylor_polynomial(curves: Curves, _: Found, state: State) -> Iterable[Mark]:
    """The polynomial with the derivatives that y has at x0, over the whole range."""
    order, there = state.look.taylor, len(curves.curves) - 1
    known = [value for value in curves.at_x0[: order + 1] if value is not None]
    if len(curves.expansion) > order > there:
        known = list(curves.expansion[: order + 1])
    elif curves.slopes and order > there:
        lacks = f"needs {order} derivatives, and {there} are computed: raise the order"
        words = f"the Taylor polynomial of order {order} {lacks}"
        yield Mark("taylor", 0, "dashes", np.zeros(0), np.zeros(0), words=words)
    if not curves.slopes or len(known) < order + 1 or not np.isfinite(known).all():
        return
    if not curves.smooth_at_x0(order):
        words = f"there is no Taylor polynomial of order {order} at {x0_in(curves)}: y is not smooth"
        yield Mark("taylor", 0, "dashes", np.zeros(0), np.zeros(0), words=words)
        return
    offset, power, y = curves.x - curves.x0, np.ones_like(curves.x), np.zeros_like(curves.x)
    for order, value in enumerate(known):
        y = y + value * power
        power = power * offset / (order + 1)
    words = f"the Taylor polynomial of order {state.look.taylor} at {x0_in(curves)}"
    yield Mark("taylor", 0, "dashes", curves.x, y, colour=2, words=words)


def at_cursor(curves: Curves, orders: int) -> list[float] | None:
    """The values at x0 up to this order, if all of them are there, and none by convention only."""
    known = {c.order: v for c, v in zip(curves.curves, curves.at_x0, strict=False)}
    found = [known.get(order) for order in range(orders + 1)]
    values = [value for value in found if value is not None and np.isfinite(value)]
    return values if len(values) == len(found) and curves.slopes and curves.smooth_at_x0(orders) else None


def normal(curves: Curves, _: Found, __: State) -> Iterable[Mark]:
    """The line at right angles to the tangent."""
    known = at_cursor(curves, 1)
    if known is None:
        return
    if known[1] == 0:
        y = curves.curves[0].values
        ends = np.array([np.nanmin(y), np.nanmax(y)]) if y is not None else np.zeros(2)
        yield Mark(
            "normal", 0, "dashes", np.full(2, curves.x0), ends, words="the normal is upright: the tangent is level"
        )
        return
    reach = REACH * float(np.ptp(curves.x))
    x = curves.x0 + np.array([-reach, reach])
    y = known[0] - (x - curves.x0) / known[1]
    yield Mark("normal", 0, "dashes", x, y, colour=None, words=f"the normal has the slope {-1 / known[1]:.6g}")


def circle(curves: Curves, _: Found, __: State) -> Iterable[Mark]:
    """The circle that has y's slope and curvature at x0."""
    known = at_cursor(curves, 2)
    if known is None:
        return
    if known[2] == 0:
        words = f"the curvature at {x0_in(curves)} is 0: the circle is the tangent"
        yield Mark("circle", 0, "line", np.zeros(0), np.zeros(0), words=words)
        return
    y, slope, bend = known
    norm = 1 + slope * slope
    radius = norm**1.5 / bend
    centre = (curves.x0 - slope * norm / bend, y + norm / bend)
    angle = np.linspace(0, 2 * np.pi, 181)
    words = f"the curvature at {x0_in(curves)} is {1 / radius:.6g}: a circle of radius {abs(radius):.6g}"
    yield Mark(
        "circle",
        0,
        "line",
        centre[0] + radius * np.cos(angle),
        centre[1] + radius * np.sin(angle),
        colour=2,
        words=words,
    )


def secant(curves: Curves, _: Found, state: State) -> Iterable[Mark]:
    """The line through the points at x0 and x0 + h: it is there at a kink too, where the tangent is not."""
    curve, h, here = piecewise(curves), state.look.step or 0.0, curves.at_x0[:1]
    if curve is None or h == 0 or not here or here[0] is None or not np.isfinite(here[0]):
        return
    (other,) = known_at(curves, curve, np.array([curves.x0 + h]))
    if not np.isfinite(other):
        words = f"there is no secant over h = {h:.6g}: {unknown_at(curves, [curves.x0 + h])}"
        yield Mark("secant", 0, "line", np.zeros(0), np.zeros(0), words=words)
        return
    slope, known = (other - here[0]) / h, at_cursor(curves, 1)
    reach = REACH * float(np.ptp(curves.x))
    x = np.array([min(curves.x0, curves.x0 + h) - reach, max(curves.x0, curves.x0 + h) + reach])
    beside = f", the tangent {known[1]:.6g}" if known is not None else ", and there is no tangent"
    words = f"the secant over h = {h:.6g} has the slope {slope:.6g}{beside}"
    yield Mark("secant", 0, "line", x, here[0] + slope * (x - curves.x0), colour=4, words=words)
    yield Mark("secant", 0, "points", np.array([curves.x0 + h]), np.array([other]), colour=4)


def known_at(curves: Curves, curve: Piecewise, at: Array) -> Array:
    """Y at these places; at a sample also where nothing is known beside it, as where the slope is infinite."""
    y = curves.curves[0].values
    between = curve(at)
    if y is None:
        return between
    place = np.clip(np.searchsorted(curves.x, at), 1, len(y) - 1)
    place = np.where(at - curves.x[place - 1] < curves.x[place] - at, place - 1, place)
    there = np.abs(at - curves.x[place]) <= 1e-12 * np.ptp(curves.x)
    return np.where(there & np.isfinite(y[place]), y[place], between)


def unknown_at(curves: Curves, at: Iterable[float]) -> str:
    """Why something cannot be drawn that needs y there."""
    return f"y is not known at {curves.x_label} = {' and '.join(place_in(curves.x, one) for one in at)}"


def differences(curves: Curves, _: Found, state: State) -> Iterable[Mark]:
    """Central differences of step h, beside the derivative that they stand for."""
    curve, h, here = piecewise(curves), abs(state.look.step or 0.0), curves.at_x0[:1]
    if curve is None or h == 0 or not any(c.order == 1 for c in curves.curves):
        return
    slopes = (known_at(curves, curve, curves.x + h) - known_at(curves, curve, curves.x - h)) / (2 * h)
    sides = np.array([curves.x0 - h, curves.x0 + h])
    lower, upper = known_at(curves, curve, sides)
    at, place = (upper - lower) / (2 * h), f"at {x0_in(curves)}"
    words, known = f"central differences over h = {h:.6g}", at_cursor(curves, 1)
    if not np.isfinite(at):
        words += f": none {place}: {unknown_at(curves, sides[~np.isfinite([lower, upper])])}"
    elif known is not None:
        words += f" give {at:.6g} {place}, off by {at - known[1]:.2g}"
    elif here and here[0] is not None and np.isfinite(here[0]) and not curves.smooth_at_x0():
        words += f" give {at:.6g} {place}, where there is no derivative"
    if np.isfinite(slopes).any() or known is not None:
        yield Mark("differences", 1, "dashes", curves.x, slopes, colour=None, words=words)


def found_marks(name: str, kinds: Mapping[str, str], symbol: str) -> Maker:
    """Symbols at the features of some kinds, on y and in the pane of the derivative that is zero there."""

    def make(curves: Curves, found: Found, _: State) -> Iterable[Mark]:
        for kind, below in kinds.items():
            mine = [one for one in found() if one.kind == kind]
            if not mine:
                continue
            x, y = np.array([one.x for one in mine]), np.array([one.y for one in mine])
            said = "; ".join(
                f"{kind} {one.y:.6g} at {curves.x_label} = {place_in(curves.x, one.x)}"
                if kind != "zero"
                else f"zero at {curves.x_label} = {place_in(curves.x, one.x)}"
                for one in mine[:MOST_SAID]
            )
            more = f"; and {len(mine) - MOST_SAID} more" if len(mine) > MOST_SAID else ""
            yield Mark(name, 0, "points", x, y, symbol, words=said + more)
            # where the slope jumps over zero it is not zero
            smooth = x[~np.isin(x, [one.x for one in breaks(curves) if one.kind == "kink"])]
            there = any(c.order == int(below) and c.values is not None for c in curves.curves)
            if below != "0" and there and smooth.size:
                yield Mark(name, int(below), "points", smooth, np.zeros_like(smooth), symbol)

    return make


def positive(name: str, order: int, verb: str) -> Maker:
    """The stretches on which a derivative is positive, as areas behind y."""

    def make(curves: Curves, _: Found, __: State) -> Iterable[Mark]:
        found = stretches(curves, order)
        if found is None:
            return
        spans = np.column_stack([found.edges[:-1], found.edges[1:]])[found.signs > 0]
        said = ", ".join(f"{place_in(curves.x, a)} to {place_in(curves.x, b)}" for a, b in spans[:MOST_SAID].tolist())
        label = curves.curves[0].label
        words = f"{label} {verb} for {curves.x_label} from {said}" if said else f"{label} {verb} nowhere"
        yield Mark(name, 0, "area", spans.ravel(), np.zeros(0), colour=order, words=words)

    return make


def asymptotes(curves: Curves, _: Found, __: State) -> Iterable[Mark]:
    """Upright lines at the poles."""
    x = np.array([one.x for one in breaks(curves) if one.kind == "pole"])
    if x.size:
        words = f"poles at {curves.x_label} = {', '.join(f'{at:.4g}' for at in x[:MOST_SAID])}"
        yield Mark("asymptotes", 0, "upright", x, np.zeros(0), words=words)


def kinks(curves: Curves, _: Found, __: State) -> Iterable[Mark]:
    """Where y has no slope."""
    mine = [one for one in breaks(curves) if one.kind == "kink"]
    if mine:
        x, y = np.array([one.x for one in mine]), np.array([one.y for one in mine])
        words = f"not differentiable at {curves.x_label} = {', '.join(f'{at + 0.0:.4g}' for at in x[:MOST_SAID])}"
        yield Mark("kinks", 0, "points", x, y, "x", words=words)


# The tangent is drawn by the frame itself, with the point: it moves with the hand.
OVERLAYS: Mapping[str, Overlay] = {
    "tangent": Overlay("tangent", "the line through (x₀, y) with the slope dy/dx", lambda *_: ()),
    "normal": Overlay("normal", "the line at right angles to the tangent", normal),
    "circle": Overlay("osculating circle", "the circle with y's slope and curvature at x₀", circle),
    "taylor": Overlay("Taylor polynomial", "the polynomial with the same derivatives at x₀", taylor_polynomial),
    "secant": Overlay(
        "secant", "the line through the points at x₀ and x₀ + h: it becomes the tangent as h goes to 0", secant
    ),
    "differences": Overlay(
        "finite differences", "(y(x + h) − y(x − h)) / 2h beside dy/dx, and how far off it is", differences
    ),
    "extrema": Overlay(
        "extrema ◆", "where dy/dx goes through 0", found_marks("extrema", {"minimum": "1", "maximum": "1"}, "D")
    ),
    "inflections": Overlay(
        "inflections □", "where d²y/dx² goes through 0", found_marks("inflections", {"inflection": "2"}, "s")
    ),
    "zeros": Overlay("zeros ○", "where y goes through 0", found_marks("zeros", {"zero": "0"}, "o")),
    "rises": Overlay("where y rises", "the stretches with dy/dx > 0", positive("rises", 1, "rises")),
    "bends": Overlay("where y bends up", "the stretches with d²y/dx² > 0", positive("bends", 2, "bends upwards")),
    "asymptotes": Overlay("asymptotes", "upright lines at the poles", asymptotes),
    "kinks": Overlay("kinks ×", "where y is not differentiable", kinks),
}


def marks(curves: Curves, state: State) -> tuple[Mark, ...]:
    """The marks of all overlays that are switched on, in the order of the table."""
    if curves.style != "line":
        return ()
    chosen = [overlay for name, overlay in OVERLAYS.items() if name in state.look.overlays]
    known: list[tuple[Feature, ...]] = []

    def there() -> tuple[Feature, ...]:
        if not known:
            known.append(features(curves))
        return known[0]

    found = [mark for overlay in chosen for mark in overlay.make(curves, there, state)]
    if not found:
        return ()
    areas = [mark.overlay for mark in found if mark.kind == "area"]
    return tuple(
        mark.in_stripe(areas.index(mark.overlay), len(areas)) if mark.kind == "area" else mark for mark in found
    )
