"""Where lines must break, told from the samples alone: for a program that cannot be asked again. Runs nothing.

A line between two samples asserts that the function runs there, so it breaks where the derivative says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gradmagic.explore.digits import place_in
from gradmagic.explore.trace import Array, Trace

if TYPE_CHECKING:
    from gradmagic.explore.curves import Curve

__all__ = ["broken", "holes_in_words", "infinite_in_words"]

MOST_SAID = 6


def broken(x: Array, found: list[Curve], trace: Trace) -> tuple[Array, list[Curve], tuple[int, ...], tuple[str, ...]]:
    """The curves with gaps where they jump between two samples, the places put in for that, and what is said of it.

    Where y jumps all have a gap; where only a derivative does, the curves below it run on.
    """
    y = np.asarray(trace.y)
    gaps, holes = [jumps(x, trace)], (*holes_in_words(trace), *infinite_in_words(trace, x, np.asarray(trace.y)))
    if len(gaps[0]) > len(x) // 10:
        said = f"{trace.y_label} changes faster than {len(x)} samples can show: use a smaller range, or --points"
        return x, found, (), (said, *holes)
    gaps += [kinks(x, trace, order, gaps[0]) for order in range(1, len(trace.derivatives) + 1)]
    every = np.unique(np.concatenate(gaps))
    if not len(every):
        return x, found, (), holes
    share = shares(y, every)
    for order, own in enumerate(gaps[1:], start=1):
        if len(own):
            share[np.isin(every, own)] = crossings(x, trace, order, own)
    middle = x[every] + share * (x[every + 1] - x[every])
    result = []
    for curve in found:
        values = curve.values
        if values is not None:
            torn = np.isin(every, np.concatenate(gaps[: curve.order + 1]))
            between = values[every] + share * (values[every + 1] - values[every])
            values = np.insert(values, every + 1, np.where(torn, np.nan, between))
        result.append(replace(curve, values=values))
    notes = tuple(
        note_on(found, order, places_in_words(x, every, middle, own), trace)
        for order, own in enumerate(gaps)
        if len(own)
    )
    places = every + 1 + np.arange(len(every))
    return np.insert(x, every + 1, middle), result, tuple(places.tolist()), (*notes, *holes)


def holes_in_words(trace: Trace, told: Iterable[tuple[float, float]] = ()) -> tuple[str, ...]:
    """That y is not a number at single samples, as (x² − 1)/(x − 1) at 1: a gap of one is not seen in a picture.

    What lies in a stretch that is told anyway is left out.
    """
    x, y = trace.x, trace.y
    if y is None or y.shape != x.shape or x.ndim != 1:
        return ()
    known = np.isfinite(y)
    if known.all():
        return ()
    alone = np.isnan(y)
    alone[:1] = alone[-1:] = False
    alone[1:-1] &= known[:-2] & known[2:]
    for lo, hi in told:
        alone &= ~((x >= lo) & (x <= hi))
    places = x[alone]
    if not places.size or len(places) > len(x) // 10:
        return ()
    said = ", ".join(place_in(x, float(at)) for at in places[:MOST_SAID]) + (", …" if len(places) > MOST_SAID else "")
    return (f"{trace.y_label} is not defined at {trace.x_label} = {said} itself",)


def infinite_in_words(trace: Trace, x: Array, y: Array) -> tuple[str, ...]:
    """Where y is infinite from one sample to the next and on: at a pole only one is, if any."""
    if trace.y is None or y.shape != x.shape or trace.y.dtype.kind != "f" or not np.isinf(y).any():
        return ()
    asked = np.isin(x, trace.x)
    said = []
    for infinity in (np.inf, -np.inf):
        ends = np.flatnonzero(np.diff(np.concatenate([[False], y == infinity, [False]]).astype(int))).reshape(-1, 2)
        spans = [f"{place_in(x, x[lo])} to {place_in(x, x[hi - 1])}" for lo, hi in ends if asked[lo:hi].sum() > 1]
        if spans:
            where = ", ".join(spans[:MOST_SAID]) + (", …" if len(spans) > MOST_SAID else "")
            limit = f"beyond what {trace.y.dtype} holds, {np.finfo(trace.y.dtype).max:.2g}"
            said.append(f"{trace.y_label} is {infinity} for {trace.x_label} from {where}: {limit}")
    return tuple(said)


def note_on(found: list[Curve], order: int, places: str, trace: Trace) -> str:
    """What a break in the curve of this order means."""
    head = f"{found[order].label} jumps or has a pole near {trace.x_label} = {places}"
    return f"{head}: {f'{found[order - 1].label} is not differentiable' if order else 'the curve is not joined'} there"


def places_in_words(x: Array, every: Array, middle: Array, gaps: Array) -> str:
    """Where the jumps are, in no more digits than the distance of the samples lets be known.

    Two gaps around one sample are one jump, at the sample: sign x at 0.
    """
    digits = max(0, int(np.ceil(-np.log10(np.median(np.diff(x))))))
    singles, pairs = alone_and_paired(gaps)
    where = np.sort(np.concatenate([middle[np.isin(every, singles)], x[pairs + 1]]))
    return ", ".join(f"{round(m, digits) + 0.0:.{digits}f}" for m in where[:6]) + (", …" if len(where) > 6 else "")


def alone_and_paired(gaps: Array) -> tuple[Array, Array]:
    """The gaps that stand for themselves, and the first ones of just two around one sample."""
    before, after = np.isin(gaps - 1, gaps), np.isin(gaps + 1, gaps)
    first = after & ~before & ~np.isin(gaps + 2, gaps)
    second = np.isin(gaps - 1, gaps[first])
    return gaps[~first & ~second], gaps[first]


def shares(y: Array, gaps: Array) -> Array:
    """Where in each gap, from 0 to 1: at a pole like that of 1/x or 1/x², as the values tell; else in the middle."""
    left, right = np.abs(y[gaps]), np.abs(y[gaps + 1])
    pole = np.minimum(left, right) > typical(y)
    power = np.where(y[gaps] * y[gaps + 1] < 0, 1.0, 0.5)
    with np.errstate(all="ignore"):
        share = 1 / (1 + (left / right) ** power)
    return np.clip(np.where(pole & np.isfinite(share), share, 0.5), 0.01, 0.99)


def crossings(x: Array, trace: Trace, order: int, gaps: Array) -> Array:
    """Where in each gap, from 0 to 1, the tangents from both sides meet: there is the kink."""
    lower, slopes = (
        (trace.y if order == 1 else trace.derivatives[order - 2].values),
        trace.derivatives[order - 1].values,
    )
    assert lower is not None
    assert slopes is not None
    with np.errstate(all="ignore"):
        steps = x[gaps + 1] - x[gaps]
        share = ((lower[gaps + 1] - lower[gaps]) / steps - slopes[gaps + 1]) / (slopes[gaps] - slopes[gaps + 1])
    return np.clip(np.where((share > -0.01) & (share < 1.01), share, 0.5), 0.01, 0.99)


def jumps(x: Array, trace: Trace) -> Array:
    """Where y changes by what its own derivative cannot account for: the places before the jumps and poles."""
    slopes = trace.derivatives[0].values if trace.derivatives else None
    if slopes is None or trace.y is None or trace.weights is None or not trace.pointwise:
        return np.zeros(0, dtype=np.intp)
    with np.errstate(all="ignore"):
        return torn(x, trace.y, slopes / trace.weights, peaks=True)


def kinks(x: Array, trace: Trace, order: int, known: Array) -> Array:
    """Where a derivative jumps and y does not: abs x at 0. The last derivative has no slope to tell it by."""
    nothing = np.zeros(0, dtype=np.intp)
    if order >= len(trace.derivatives) or not trace.pointwise or trace.weights is None or np.any(trace.weights != 1):
        return nothing
    values, slopes = trace.derivatives[order - 1].values, trace.derivatives[order].values
    if values is None or slopes is None:
        return nothing
    found = torn(x, values, slopes, peaks=False)
    found = found[~np.isin(found, np.concatenate([known - 1, known, known + 1]))]
    if len(found) > len(x) // 10:
        return nothing
    with np.errstate(all="ignore"):
        return lasting(values, found)


def lasting(values: Array, gaps: Array) -> Array:
    """The gaps beside which the values go on as before; beside a narrow peak of a smooth curve they come down again."""
    size = np.concatenate([[0.0], np.nan_to_num(np.abs(np.diff(values))), [0.0]])
    alone, first = alone_and_paired(gaps)
    alone = alone[np.maximum(size[alone], size[alone + 2]) < 0.5 * size[alone + 1]]
    whole = np.abs(values[first + 2] - values[first])
    level = np.maximum(size[first], size[first + 3]) < 0.5 * whole
    between = np.maximum(size[first + 1], size[first + 2]) <= whole
    pairs = first[level & between]
    return np.sort(np.concatenate([alone, pairs, pairs + 1]))


def torn(x: Array, values: Array, slopes: Array, *, peaks: bool) -> Array:
    """The places before the gaps over which the values change by what their slopes cannot account for."""
    with np.errstate(all="ignore"):
        change = np.diff(values)
        run = np.diff(x) * slopes[np.array([[0], [1]]) + np.arange(len(x) - 1)]
        steepest, flattest = np.abs(run).max(axis=0), np.abs(run).min(axis=0)
        against = (np.sign(run[0]) == np.sign(run[1])) & (np.sign(run[0]) * np.sign(change) < 0)  # 1/x, tan x
        beyond = np.abs(change) > 10 * steepest  # floor x; a root is steep too, but its slope says so
        # 1/x²: between two samples the tangents cross higher up than all of the rest of the curve
        above = (np.sign(run[0]) != np.sign(run[1])) & (flattest > typical(values))
        largest = np.max(np.abs(values[np.isfinite(values)]), initial=0.0)
        large = np.abs(change) > 1e-3 * typical(values) + 1e-9 * largest
    return np.flatnonzero(np.isfinite(change) & ((against | beyond) & large | (above & peaks)))


def typical(y: Array) -> float:
    """How far y ranges, leaving out the few values around a pole."""
    finite = y[np.isfinite(y)]
    if not finite.size:
        return 0.0
    low, high = np.partition(finite, [finite.size // 20, -1 - finite.size // 20])[
        [finite.size // 20, -1 - finite.size // 20]
    ]
    return float(high - low)
