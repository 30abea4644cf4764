"""Zeros, extrema, inflections and breaks of a sampled curve, from the values and the derivatives that are known.

Between two samples the curve is the polynomial that has its values and derivatives at both (Hermite's interpolation:
with y, dy/dx and d²y/dx² of degree five, and off by the sixth power of the distance), and the features are its own.
Knows no pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from gradmagic.explore.breaks import plain
from gradmagic.explore.piecewise import MOST, NEAR, Piecewise, cells_at, hermite, plainest
from gradmagic.explore.record import record
from gradmagic.explore.trace import Array

if TYPE_CHECKING:
    from gradmagic.explore.curves import Curves

__all__ = ["Feature", "breaks", "features", "piecewise", "stretches"]

EPS32, EPS64 = (float(np.finfo(kind).eps) for kind in (np.float32, np.float64))
SLOPES = 1e-10  # of the usual slope: a change that is less is rounding, or nothing that a picture shows
PIXELS = 500  # that a range has on a picture, about


@record
class Feature:
    """A place on the curve: what it is, where, and the value of y there (NaN at a pole)."""

    kind: Literal["zero", "minimum", "maximum", "inflection", "kink", "jump", "pole"]
    x: float
    y: float


def piecewise(curves: Curves) -> Piecewise | None:
    """Y between its samples, as far as derivatives are known; None if y was not computed over a range."""
    rows = {curve.order: curve.values for curve in curves.curves}
    y, slope, bend = (rows.get(order) for order in range(3))
    if y is None or len(curves.x) < 2 or not curves.slopes:
        return None
    known = [y]
    for row in (slope, bend):
        if row is None:
            break
        known.append(row)
    return hermite(curves.x, np.array(known))


def features(curves: Curves) -> tuple[Feature, ...]:
    """Zeros, extrema and inflections, from left to right.

    Examples
    --------
    >>> from gradmagic.explore.explorer import Explorer, request_from
    >>> found = features(Explorer(*request_from("x**3 - 3*x", x=(-3, 3))).curves)
    >>> [(one.kind, round(one.x, 9) + 0.0) for one in found if one.kind in ("minimum", "maximum")]
    [('maximum', -1.0), ('minimum', 1.0)]
    """
    curve = piecewise(curves)
    if curve is None:
        return ()
    rounding = Rounding.of(curves)
    zeros = zeros_of(curves, curve, rounding)
    found: list[Feature] = [Feature("zero", float(x), 0.0) for x in zeros]
    found += [
        Feature("maximum" if before > 0 else "minimum", x, y)
        for x, y, before in turns(curve, curves, 1, zeros, rounding)
    ]
    found += [Feature("inflection", x, y) for x, y, _ in turns(curve, curves, 2, zeros, rounding)]
    found += corners(curves)
    found += touching(found)
    counts = {kind: sum(one.kind == kind for one in found) for kind in {one.kind for one in found}}
    return tuple(sorted((one for one in found if counts[one.kind] <= MOST), key=lambda one: one.x))


@record
class Stretches:
    """Between which places a derivative keeps its sign.

    Parameters
    ----------
    edges : ndarray of shape (n + 1,)
        The ends of the range, the zeros, the ends of stretches of zeros, and where the curve is torn or has a hole.
    signs : ndarray of shape (n,)
        The sign between each two of them; 0 where it is zero, or nothing but rounding.
    roots : ndarray of shape (m,)
        Those edges that are zeros between two signs, or between a sign and rounding.
    derivative : Piecewise
        The derivative itself.
    """

    edges: Array
    signs: Array
    roots: Array
    derivative: Piecewise


def stretches(curves: Curves, order: int, rounding: Rounding | None = None) -> Stretches | None:
    """Where the derivative of this order is positive, zero and negative; None if it is not known."""
    curve = piecewise(curves)
    if curve is None or len(curve.coefficients) <= 2 * order:
        return None
    derivative = curve
    for _ in range(order):
        derivative = derivative.derivative()
    if not np.isfinite(derivative.coefficients).any():
        return None
    rounding = rounding or Rounding.of(curves)
    torn = curves.x[list(curves.breaks)] if curves.torn is None else [one.x for one in curves.torn]
    roots = derivative.roots()
    roots = plainest(roots, derivative, doubt(rounding, curve, order, roots))
    row = values_of(curves, order)
    edges = np.unique(np.concatenate([curves.x[[0, -1]], roots, derivative.rests(), torn, holes(curves.x, row, torn)]))
    sums = integrals(curves.x, row, edges, derivative)
    return Stretches(edges, np.where(np.abs(sums) > rounding.of_change(order), np.sign(sums), 0.0), roots, derivative)


def holes(x: Array, row: Array, torn: Iterable[float]) -> Array:
    """The single samples at which nothing is known, but for those that part the line where the curve is torn."""
    known = np.isfinite(row)
    found = x[1:-1][~known[1:-1] & known[:-2] & known[2:]]
    near = [np.abs(found - place) < 1e-6 * (x[-1] - x[0]) for place in torn]
    return found[~np.any(near, axis=0)] if near else found


def turns(
    curve: Piecewise, curves: Curves, order: int, zeros: Array, rounding: Rounding
) -> Iterator[tuple[float, float, float]]:
    """Where the derivative of this order goes through zero, y there, and its sign before."""
    found = stretches(curves, order, rounding)
    if found is None:
        return
    smooth = smooth_places(curves)
    inner = np.isin(found.edges[1:-1], np.concatenate([found.roots, list(smooth)]))
    places = np.flatnonzero((found.signs[:-1] * found.signs[1:] < 0) & inner)
    x = found.edges[places + 1]
    x = on_zeros(x, zeros, found.derivative, doubt(rounding, curve, order, x))
    y = np.array([smooth.get(at, value) for at, value in zip(x.tolist(), curve(x).tolist(), strict=True)])
    least = rounding.of_y(x) + curve.left_out(x)
    least[np.isin(x, zeros)] = np.inf
    yield from zip(x.tolist(), np.where(np.abs(y) <= least, 0.0, y).tolist(), found.signs[places], strict=True)


def smooth_places(curves: Curves) -> dict[float, float]:
    """Where y has a tangent and may turn, or bend the other way, though its second derivative is torn; and y there."""
    kinks = [one for one in curves.torn or () if one.kind == "kink" and one.order == 2]
    return {one.x: one.y for one in kinks}


def doubt(rounding: Rounding, curve: Piecewise, order: int, x: Array) -> Array:
    """What a derivative between samples may be by the rounding of y, and by the powers that its polynomial lacks."""
    change, cells = rounding.of_change(1), cells_at(curve.x, x)
    by_rounding = change / cells if order == 1 else 60 * change / cells / cells  # 60: of its third coefficient
    return np.asarray(by_rounding + curve.left_out(x, order))


def on_zeros(places: Array, zeros: Array, row: Piecewise, rounding: Array) -> Array:
    """The same, but one that is as good as at a zero of y is at it."""
    if not zeros.size or not places.size:
        return places
    nearest, cells = zeros[np.abs(places[:, None] - zeros).argmin(axis=1)], cells_at(row.x, places)
    apart = np.abs(places - nearest)
    flat = (apart < cells) & (np.abs(row(np.array([nearest, (nearest + places) / 2]))).max(axis=0) <= rounding)
    return np.where(flat | (apart <= 1e3 * NEAR * cells), nearest, places)


def integrals(x: Array, row: Array, edges: Array, between: Piecewise) -> Array:
    """What a derivative adds up to from edge to edge: by its own values, or by one `between` them if there are none."""
    apart = np.diff(x)
    weights = np.concatenate([apart, [0.0]]) / 2 + np.concatenate([[0.0], apart]) / 2
    stretch = np.searchsorted(edges, x) - 1
    inside = np.isfinite(row) & ~np.isin(x, edges)
    sums = np.bincount(stretch[inside], (row * weights)[inside], len(edges) - 1)
    empty = np.bincount(stretch[inside], minlength=len(edges) - 1) == 0
    middle = between((edges[1:] + edges[:-1]) / 2) * np.diff(edges)
    return np.where(empty, np.nan_to_num(middle, nan=0.0), sums)


@record
class Rounding:
    """What rounding may make of a curve; beside a pole or far up an exponential it is not more elsewhere.

    Parameters
    ----------
    eps : float
        Of the numbers that y was computed in.
    y, slope : float
        How large they usually are; 0 for a slope that is not known.
    width : float
        Of the range.
    """

    eps: float
    y: float
    slope: float
    width: float

    @classmethod
    def of(cls, curves: Curves) -> Rounding:
        """That of the first output."""
        known = any(curve.order == 1 and curve.values is not None for curve in curves.curves)
        slope = usual(curves, 1) if known else 0.0
        return cls(epsilon(curves), usual(curves, 0), slope, float(curves.x[-1] - curves.x[0]))

    def of_change(self, order: int) -> float:
        """By how much y, for order 1, or its slope may change by rounding alone."""
        size = 4 * self.eps * self.y
        return size if order == 1 else max(SLOPES * self.slope, 4 * size / self.width)

    def of_y(self, x: Array) -> Array:
        """By how much y may be off at these places, and for their own rounding."""
        return 8 * self.eps * (self.y + np.abs(x) * self.slope)


def epsilon(curves: Curves) -> float:
    """Of the numbers that y was computed in, which are kept in double precision: none of them has more digits."""
    y = values_of(curves, 0)
    with np.errstate(over="ignore"):
        single = y.astype(np.float32)
    return EPS32 if np.array_equal(y, single, equal_nan=True) and y.any() else EPS64


def usual(curves: Curves, order: int) -> float:
    """What a derivative is as large as over half of the range, however many samples there are where it is larger."""
    row = np.abs(values_of(curves, order))
    apart = np.diff(curves.x)
    weights = np.concatenate([apart, [0.0]]) + np.concatenate([[0.0], apart])
    there = np.isfinite(row)
    if not there.any():
        return 0.0
    by_size = np.argsort(row[there])
    shares = np.cumsum(weights[there][by_size])
    return float(row[there][by_size][np.searchsorted(shares, shares[-1] / 2)])


def values_of(curves: Curves, order: int) -> Array:
    """The first curve of this order."""
    found = next(curve.values for curve in curves.curves if curve.order == order)
    assert found is not None
    return found


def zeros_of(curves: Curves, curve: Piecewise, rounding: Rounding) -> Array:
    """The zeros of y: between samples, and at samples beside which nothing is known, as where it ends or is upright."""
    y = next(row.values for row in curves.curves if row.order == 0)
    assert y is not None
    unknown = np.concatenate([[True], ~np.isfinite(curve.coefficients).all(axis=0), [True]])
    zero = y == 0
    beside = np.concatenate([[False], zero[:-1]]) | np.concatenate([zero[1:], [False]])  # a stretch of zeros is none
    at = curves.x[zero & ~beside & (unknown[:-1] | unknown[1:])]
    upright = np.flatnonzero(unknown[1:-1] & (np.sign(y[:-1]) * np.sign(y[1:]) < 0))
    apart = curves.x[upright + 1] - curves.x[upright]
    near = upright[apart < 1e-3 * np.median(np.diff(curves.x))]  # a change of sign that was followed closely
    pixel = float(curves.x[-1] - curves.x[0]) / PIXELS
    cells = zip(curves.x[near].tolist(), curves.x[near + 1].tolist(), strict=True)
    between = [plain(lo, (lo + hi) / 2, hi, pixel) for lo, hi in cells]
    roots = curve.roots()
    roots = plainest(roots, curve, 4 * rounding.of_change(1) + curve.left_out(roots))
    return np.unique(np.concatenate([roots, at, between]))


def touching(found: Iterable[Feature]) -> Iterator[Feature]:
    """The zeros at which y turns: it does not go through zero there."""
    zeros = [one.x for one in found if one.kind == "zero"]
    for one in found:
        if one.kind in ("minimum", "maximum") and one.y == 0 and one.x not in zeros:
            yield Feature("zero", one.x, 0.0)


def corners(curves: Curves) -> Iterator[Feature]:
    """The kinks that are extrema."""
    found = [(one, turn) for one in breaks(curves) if (turn := turn_at(curves, one)) is not None]
    if found:
        rounding = Rounding.of(curves).of_y(np.array([one.x for one, _ in found])).tolist()
        for (one, turn), least in zip(found, rounding, strict=True):
            yield Feature(turn, one.x, 0.0 if abs(one.y) <= least else one.y)


def turn_at(curves: Curves, kink: Feature) -> Literal["minimum", "maximum"] | None:
    """The extremum that a kink is, if the slope changes its sign there."""
    slopes = next((curve.values for curve in curves.curves if curve.order == 1), None)
    if kink.kind != "kink" or slopes is None:
        return None
    known = np.isfinite(slopes)
    left, right = slopes[known & (curves.x < kink.x)], slopes[known & (curves.x > kink.x)]
    if not (left.size and right.size) or np.sign(left[-1]) * np.sign(right[0]) >= 0:
        return None
    return "minimum" if left[-1] < 0 else "maximum"


def breaks(curves: Curves) -> tuple[Feature, ...]:
    """Where the curve or its slope is torn: poles, jumps and kinks."""
    if curves.torn is not None:
        return tuple(
            Feature(one.kind, one.x, one.y)
            for one in curves.torn
            if one.order < 2 and one.kind in ("pole", "jump", "kink")
        )
    rows = {curve.order: curve.values for curve in curves.curves if curve.values is not None}
    y = rows.get(0)
    found: list[Feature] = []
    if y is None:
        return ()
    known = np.isfinite(y)
    alone = np.flatnonzero(~known[1:-1] & known[:-2] & known[2:]) + 1  # a sample that hits a pole
    places = sorted({*curves.breaks, *alone.tolist()})
    usual = float(np.ptp(np.percentile(y[known], [5, 95]))) if places and known.any() else 0.0
    for place in places:
        x, beside = float(curves.x[place]), y[[place - 1, min(place + 1, len(y) - 1)]]
        if np.isnan(y[place]):
            pole = bool(np.min(np.abs(beside)) > usual)
            if pole or place in curves.breaks:
                found.append(Feature("pole" if pole else "jump", x, float("nan")))
        elif 1 in rows and np.isnan(rows[1][place]):
            found.append(Feature("kink", x, float(y[place])))
    return tuple(merged(found, 1.5 * float(np.median(np.diff(curves.x)))))


def merged(found: list[Feature], apart: float) -> list[Feature]:
    """Two breaks around one sample are one."""
    result: list[Feature] = []
    for one in found:
        if result and one.kind == result[-1].kind and one.x - result[-1].x < apart:
            middle = (one.x + result[-1].x) / 2
            result[-1] = Feature(one.kind, 0.0 if abs(middle) < 1e-9 * apart else middle, one.y)
        else:
            result.append(one)
    return result
