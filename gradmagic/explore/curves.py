"""From a Trace to arrays that can be drawn: a label, numbers and breaks for each curve. Knows no pictures.

A line between two samples asserts that the function runs there, so it breaks where the derivative says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gradmagic.explore.explain import ordinal_label
from gradmagic.explore.overlays import Mark, marks
from gradmagic.explore.planes import Plane
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Derivative, Trace

__all__ = ["Curve", "Curves", "curves"]


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve: `y`, `dy/dx`, `d²y/dx²`, …; its values are NaN where it is not defined, and the line breaks there.

    Where `values` is None, `note` says why in plain words and `detail` in torch's words.
    """

    order: int
    label: str
    values: Array | None
    note: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves over one x.

    Attributes
    ----------
    x : ndarray
        The abscissae, one-dimensional, ascending for a line. They change from step to step, in number too: x0 is
        always one of them, and an abscissa is put in where a line must break (a pole, a jump): its value is NaN there.
    curves : tuple of Curve
        y first, then its derivatives by order.
    x_label : str
        What x is called.
    style : {"line", "points", "plane"}
        A curve over a range, the elements of a tensor, or a map over two inputs.
    x0 : float
        Where the cursor stands.
    at_x0 : tuple of float or None
        The value of each curve at x0, None where it has none.
    notes : tuple of str
        Sentences about the whole.
    tables : tuple of (str, ndarray)
        For tensors: a label and the values in the shape of x.
    slopes : bool
        Whether the curve of order 1 is the slope of y, so that a tangent may be drawn: not if weights other than ones
        multiply it, nor if y adds up several elements of x.
    breaks : tuple of int
        The places of the abscissae that were put in where a line breaks; nothing was computed there.
    marks : tuple of Mark
        What the overlays draw.
    plane : Plane or None
        What there is over two inputs, in place of curves.
    overlays : frozenset of str
        What is drawn over such a map: contours, arrows, critical points, directions.
    """

    x: Array
    curves: tuple[Curve, ...]
    x_label: str
    style: Literal["line", "points", "plane"]
    x0: float
    at_x0: tuple[float | None, ...]
    notes: tuple[str, ...] = ()
    tables: tuple[tuple[str, Array], ...] = ()
    slopes: bool = True
    breaks: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()
    plane: Plane | None = None
    overlays: frozenset[str] = frozenset()


def curves(trace: Trace, state: State) -> Curves:
    """Everything that one picture shows.

    Examples
    --------
    >>> trace = Trace(np.array([0.0, 1.0]), np.array([1.0, 3.0]), (Derivative(1, np.array([2.0, 2.0])),), ())
    >>> shown = curves(trace, State({}, x0=1.0))
    >>> [(curve.label, at) for curve, at in zip(shown.curves, shown.at_x0)]
    [('y', 3.0), ('dy/dx', 2.0)]
    """
    if trace.plane is not None:
        at, plane = trace.plane.cursor, trace.plane
        return Curves(
            plane.x, (), trace.x_label, "plane", at.x, (), trace.notes, slopes=not plane.weighted, plane=plane,
            overlays=state.look.plane,
        )  # fmt: skip
    flat = trace.x.reshape(-1).astype(np.float64)
    ones = trace.weights is None or bool(np.all(trace.weights == 1.0))
    found = defined([y_curve(trace), *(derivative_curve(trace, d, ones=ones) for d in trace.derivatives)], trace)
    place = nearest(flat, state.x0)
    at_x0 = tuple(None if c.values is None or place is None else float(c.values[place]) for c in found)
    tables = tables_of(trace, found)
    x, found, breaks, more = broken(flat, found, trace) if trace.kind == "curve" else (flat, found, (), ())
    on_a_range = trace.kind == "curve" or (trace.kind in ("scalar", "other") and is_ascending(flat))
    shown = Curves(
        x=x,
        curves=tuple(found),
        x_label=trace.x_label,
        style="line" if on_a_range else "points",
        x0=float(flat[place]) if place is not None else state.x0,
        at_x0=at_x0,
        notes=(*trace.notes, *more),
        tables=tables,
        slopes=ones and trace.pointwise and trace.kind in ("curve", "elements"),
        breaks=breaks,
    )
    orders = {curve.order for curve in shown.curves}
    hidden = state.look.hidden if not orders <= state.look.hidden else frozenset()  # an empty picture shows nothing
    kept = [place for place, curve in enumerate(shown.curves) if curve.order not in hidden]
    return replace(
        shown,
        marks=tuple(mark for mark in marks(shown, trace, state) if mark.pane not in hidden),
        curves=tuple(shown.curves[place] for place in kept),
        at_x0=tuple(shown.at_x0[place] for place in kept),
        slopes=shown.slopes and "tangent" in state.look.overlays,
    )


def y_curve(trace: Trace) -> Curve:
    """Y itself, if it lies over x."""
    label = trace.y_label
    if trace.y is None:
        failed = trace.failure
        return Curve(0, label, None, "the cell stopped before it made it", failed.message if failed else None)
    if trace.kind in ("curve", "elements"):
        return Curve(0, label, drawable(trace.y))
    if trace.kind == "scalar":
        number = float(trace.y.reshape(-1)[0])
        # what a sum over the samples leaves of zero is rounding, and differs from machine to machine
        rounding = 1e-12 * float(np.sum(np.abs(trace.x))) >= abs(number)
        return Curve(0, label, None, f"{label} is one number: {0.0 if rounding else number:.6g}")
    return Curve(0, label, None, f"{label} has the shape {trace.y.shape}, which is not that of {trace.x_label}")


def derivative_curve(trace: Trace, derivative: Derivative, *, ones: bool) -> Curve:
    label = ordinal_label(derivative.order, trace.y_label, trace.x_label)
    if not ones:
        # Each call multiplies by the weights once, and a label must not promise the bare derivative.
        label = f"w{ordinal_label(derivative.order)[1:].partition('y')[0]}·{label}"
    values = None if derivative.values is None else drawable(derivative.values)
    return Curve(derivative.order, label, values, derivative.note, derivative.detail)


def drawable(values: Array) -> Array:
    """The values in one row, with NaN where they are not finite."""
    row = values.reshape(-1).astype(np.float64)
    finite = np.isfinite(row)
    return row if finite.all() else np.where(finite, row, np.nan)


def defined(found: list[Curve], trace: Trace) -> list[Curve]:
    """No derivative where there is no y: 1/x is a number at -1, but log has no slope there."""
    if not trace.pointwise or trace.kind not in ("curve", "elements"):
        return found
    nowhere = np.zeros(found[0].values.shape if found[0].values is not None else 0, dtype=bool)
    result = []
    for curve in found:
        values = curve.values
        if values is not None:
            nowhere = nowhere | np.isnan(values)
            values = np.where(nowhere, np.nan, values) if nowhere.any() else values
        result.append(Curve(curve.order, curve.label, values, curve.note, curve.detail))
    return result


def nearest(x: Array, x0: float) -> int | None:
    """The place of the sample nearest to x0."""
    finite = np.isfinite(x)
    return int(np.argmin(np.abs(np.where(finite, x, np.inf) - x0))) if finite.any() and np.isfinite(x0) else None


def is_ascending(x: Array) -> bool:
    return len(x) > 1 and bool(np.all(x[1:] > x[:-1]))


def tables_of(trace: Trace, found: list[Curve]) -> tuple[tuple[str, Array], ...]:
    """For a tensor: x, y and every derivative in its own shape, infinities included."""
    if trace.kind == "curve" or trace.y is None or (trace.kind != "elements" and is_ascending(trace.x.reshape(-1))):
        return ()
    derivatives = [(c.label, d.values) for c, d in zip(found[1:], trace.derivatives, strict=True)]
    rows = [(trace.x_label, trace.x), (trace.y_label, trace.y), *derivatives]
    return tuple((label, values) for label, values in rows if values is not None)


def broken(x: Array, found: list[Curve], trace: Trace) -> tuple[Array, list[Curve], tuple[int, ...], tuple[str, ...]]:
    """The curves with gaps where they jump between two samples, the places put in for that, and what is said of it.

    Where y jumps all have a gap; where only a derivative does, the curves below it run on.
    """
    y = np.asarray(trace.y)
    gaps = [jumps(x, trace)]
    if len(gaps[0]) > len(x) // 10:
        said = f"{trace.y_label} changes faster than {len(x)} samples can show: use a smaller range, or --points"
        return x, found, (), (said,)
    gaps += [kinks(x, trace, order, gaps[0]) for order in range(1, len(trace.derivatives) + 1)]
    every = np.unique(np.concatenate(gaps))
    if not len(every):
        return x, found, (), ()
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
        result.append(Curve(curve.order, curve.label, values, curve.note, curve.detail))
    notes = tuple(
        note_on(found, order, places_in_words(x, every, middle, own), trace)
        for order, own in enumerate(gaps)
        if len(own)
    )
    places = every + 1 + np.arange(len(every))
    return np.insert(x, every + 1, middle), result, tuple(places.tolist()), notes


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
