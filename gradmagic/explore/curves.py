"""From a Trace to arrays that can be drawn: a label, numbers and breaks for each curve. Knows no pictures.

A line between two samples asserts that the function runs there, so it breaks where the derivative says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Literal

import numpy as np

from gradmagic.explore.breaks import Break, interrupted
from gradmagic.explore.explain import ordinal_label
from gradmagic.explore.gaps import broken
from gradmagic.explore.overlays import Mark, marks
from gradmagic.explore.planes import Plane
from gradmagic.explore.record import record
from gradmagic.explore.remarks import said_of, stays_linear
from gradmagic.explore.sampling import Sampling
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Derivative, Trace

__all__ = ["Curve", "Curves", "curves"]


@record
class Curve:
    """One curve: `y`, `dy/dx`, `d²y/dx²`, …; its values are NaN where it is not defined, and the line breaks there.

    Where `values` is None, `note` says why in plain words and `detail` in torch's words. `output` is the place of the
    output that it belongs to, where there are several; `calm`, whether nothing has failed: it only does not lie over x.
    `infinite` are the abscissae at which it is infinite, and which infinity that is: the line breaks there, and a table
    says it. `chosen` is whether its value at x0 is one that autograd chose, where there is no derivative.
    """

    order: int
    label: str
    values: Array | None
    note: str | None = None
    detail: str | None = None
    output: int | None = None
    infinite: tuple[tuple[float, float], ...] = ()
    calm: bool = False
    chosen: bool = False

    def exact(self, x: Array) -> Array | None:
        """The values over x as they were computed, infinities included."""
        if self.values is None or not self.infinite:
            return self.values
        found = self.values.copy()
        for at, value in self.infinite:
            found[x == at] = value
        return found

    def value_at(self, x: Array, place: int | None) -> float | None:
        """What was computed at this place of x."""
        values = self.exact(x)
        return None if values is None or place is None else float(values[place])

    @property
    def hue(self) -> int:
        """The number of its colour: that of its order, or of its output where there are several."""
        return self.order if self.output is None else self.output


@record
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
    even : ndarray of bool or None
        Which abscissae are those of the uniform grid; None: all but `breaks`.
    torn : tuple of Break or None
        The breaks, for what they are; None if they were not looked for closely.
    outputs : tuple of str
        What several outputs are called.
    log : frozenset of {"x", "y"}
        The axes that are to be logarithmic.
    expansion : tuple of float
        y and its derivatives at x0, of more orders than there are curves, if an overlay asks for them.
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
    even: Array | None = None
    torn: tuple[Break, ...] | None = None
    outputs: tuple[str, ...] = ()
    log: frozenset[str] = frozenset()
    expansion: tuple[float, ...] = ()

    @property
    def asked(self) -> Array:
        """Which abscissae are those that `--points` asks for: none put in at a break or between two samples."""
        return self.even if self.even is not None else ~np.isin(np.arange(len(self.x)), self.breaks)

    def smooth_at_x0(self, order: int = 1) -> bool:
        """Whether the derivatives up to this order run through at x0; a number that is there by convention is none."""
        torn = [one for one in self.torn or () if one.order <= order]
        return not any(one.lo <= self.x0 <= one.hi for one in torn)

    def chosen_at_x0(self, place: int) -> bool:
        """Whether the value of this curve at x0 is a number though there is no derivative, as at a kink or a jump."""
        order, value = self.curves[place].order, self.at_x0[place]
        torn = [one for one in self.torn or () if one.kind in ("kink", "jump") and one.order <= order]
        known = order > 0 and value is not None and bool(np.isfinite(value))
        return known and any(one.lo <= self.x0 <= one.hi for one in torn)


def curves(
    trace: Trace, state: State, *samplings: Sampling | None, expansions: Sequence[tuple[float, ...]] = ()
) -> Curves:
    """Everything that one picture shows; with a sampling for each output, on more samples than the run had.

    An expansion for each output has y and its derivatives at x0, of more orders than the run had.

    Examples
    --------
    >>> trace = Trace(np.array([0.0, 1.0]), np.array([1.0, 3.0]), (Derivative(1, np.array([2.0, 2.0])),), ())
    >>> shown = curves(trace, State({}, x0=1.0))
    >>> [(curve.label, at) for curve, at in zip(shown.curves, shown.at_x0)]
    [('y', 3.0), ('dy/dx', 2.0)]
    """
    parts = [
        of_output(one, state, sampling, expansion or ())
        for one, sampling, expansion in zip_longest(trace.outputs, samplings, expansions)
    ]
    return parts[0] if len(parts) == 1 else woven(parts, [one.y_label for one in trace.outputs])


def of_output(
    trace: Trace, state: State, sampling: Sampling | None = None, expansion: tuple[float, ...] = ()
) -> Curves:
    """The curves of one output."""
    if trace.plane is not None:
        at, plane = trace.plane.cursor, trace.plane
        return Curves(
            plane.x, (), trace.x_label, "plane", at.x, (), trace.notes, slopes=not plane.weighted, plane=plane,
            overlays=state.look.plane,
        )  # fmt: skip
    if sampling is not None:
        trace = on_all(trace, sampling)
    flat = trace.x.reshape(-1).astype(np.float64)
    ones = trace.weights is None or bool((trace.weights == 1.0).all())
    found = defined([y_curve(trace), *(derivative_curve(trace, d, ones=ones) for d in trace.derivatives)], trace)
    place = nearest(flat, state.x0)
    at_x0 = tuple([curve.value_at(flat, place) for curve in found])
    over_range = is_over_range(trace)
    tables = () if over_range or trace.y is None else tables_of(trace, trace.y, found)
    x, even, torn = flat, None, None
    breaks: tuple[int, ...] = ()
    more: tuple[str, ...] = ()
    if sampling is not None:
        even, torn, more = sampling.even, sampling.breaks, said_of(trace, state, sampling)
        if torn:
            x, found, places = interrupted(flat, found, torn)
            even, breaks = np.insert(even, places - np.arange(len(places)), False), tuple(places.tolist())
    elif trace.kind == "curve":
        x, found, breaks, more = broken(flat, found, trace)
    shown = Curves(
        x=x,
        curves=tuple(found),
        x_label=trace.x_label,
        style="line" if over_range else "points",
        x0=float(flat[place]) if place is not None else state.x0,
        at_x0=at_x0,
        notes=(*trace.notes, *more, *(stays_linear(flat, trace) if "x" in state.look.log else ())),
        tables=tables,
        slopes=ones and trace.pointwise and trace.kind in ("curve", "elements"),
        breaks=breaks,
        even=even,
        torn=torn,
        log=state.look.log,
        expansion=expansion,
    )
    return as_asked(shown, state)


def as_asked(shown: Curves, state: State) -> Curves:
    """The same with what the overlays draw, and without the curves that are hidden."""
    asked, torn = state.look.hidden, shown.torn
    hidden = state.look.left_out({curve.order for curve in shown.curves}) if asked else asked
    drawn = marks(shown, state)
    slopes = shown.slopes and (not torn or shown.smooth_at_x0()) and "tangent" in state.look.overlays
    if not (hidden or drawn or torn) and slopes == shown.slopes:
        return shown
    kept = [place for place, curve in enumerate(shown.curves) if curve.order not in hidden]
    return replace(
        shown,
        marks=tuple(mark for mark in drawn if mark.pane not in hidden),
        curves=tuple(replace(shown.curves[place], chosen=shown.chosen_at_x0(place)) for place in kept),
        at_x0=tuple(shown.at_x0[place] for place in kept),
        slopes=slopes,
    )


def woven(parts: Sequence[Curves], names: Sequence[str]) -> Curves:
    """The curves of several outputs over all the abscissae that any of them has.

    What is put in between two samples of a curve lies on the line between them, so that none is drawn otherwise.
    """
    first = parts[0]
    x = first.x
    if not all(np.array_equal(x, part.x, equal_nan=True) for part in parts):
        x = np.unique(np.concatenate([part.x for part in parts]))
    found = [
        (replace(curve, values=spread(part, x, curve.values), output=place), value)
        for place, part in enumerate(parts)
        for curve, value in zip(part.curves, part.at_x0, strict=True)
    ]
    found.sort(key=lambda pair: pair[0].order)
    put_in = np.unique(np.concatenate([part.x[list(part.breaks)] for part in parts]))
    torn = [one for part in parts for one in part.torn or ()]
    return replace(
        first,
        x=x,
        curves=tuple(curve for curve, _ in found),
        at_x0=tuple(value for _, value in found),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        tables=first.tables + tuple(table for part in parts[1:] for table in part.tables[1:]),
        slopes=all(part.slopes for part in parts),
        breaks=tuple(np.flatnonzero(np.isin(x, put_in)).tolist()),
        marks=tuple(
            mark.of_output(place, len(parts), name)
            for place, (part, name) in enumerate(zip(parts, names, strict=True))
            for mark in part.marks
        ),
        even=None if first.style != "line" else np.isin(x, first.x[first.asked]),
        torn=tuple(torn) if any(part.torn is not None for part in parts) else None,
        outputs=tuple(names),
    )


def spread(part: Curves, x: Array, values: Array | None) -> Array | None:
    """The values of a curve over more abscissae than its own."""
    if values is None or len(x) == len(part.x):
        return values
    wide: Array = np.interp(x, part.x, values)
    wide[np.searchsorted(x, part.x)] = values
    return wide


def on_all(trace: Trace, sampling: Sampling) -> Trace:
    """The run with the numbers of the refined samples."""
    if sampling.x is trace.x:  # its own were enough
        return trace
    rows = sampling.rows
    derivatives = [replace(d, values=rows[d.order]) if d.order < len(rows) else d for d in trace.derivatives]
    return replace(trace, x=sampling.x, y=rows[0], derivatives=tuple(derivatives))


def y_curve(trace: Trace) -> Curve:
    """Y itself, if it lies over x."""
    label = trace.y_label
    if trace.y is None:
        failed = trace.failure
        return Curve(0, label, None, "the cell stopped before it made it", failed.message if failed else None)
    if trace.kind in ("curve", "elements"):
        values, infinite = over_x(trace, trace.y)
        return Curve(0, label, values, infinite=infinite)
    if trace.kind == "scalar":
        number = float(trace.y.reshape(-1)[0])
        # what a sum over the samples leaves of zero is rounding, and differs from machine to machine
        rounding = 1e-12 * float(np.sum(np.abs(trace.x))) >= abs(number)
        return Curve(0, label, None, f"{label} is one number: {0.0 if rounding else number:.6g}", calm=True)
    of_y, of_x = ("×".join(map(str, values.shape)) for values in (trace.y, trace.x))
    where = "" if trace.ranged else "; see Jacobian and Values"
    if trace.ranged and trace.y.size == trace.x.size and trace.y.squeeze().shape == trace.x.shape:
        where = f"; {label}.squeeze() would be"
    words = f"{label} has the shape {of_y} and {trace.x_label} {of_x}: {label} is not drawn over {trace.x_label}{where}"
    return Curve(0, label, None, words, calm=True)


def derivative_curve(trace: Trace, derivative: Derivative, *, ones: bool) -> Curve:
    label = ordinal_label(derivative.order, trace.y_label, trace.x_label)
    if not ones:
        # Each call multiplies by the weights once, and a label must not promise the bare derivative.
        label = f"w{ordinal_label(derivative.order)[1:].partition('y')[0]}·{label}"
    if derivative.values is None:
        return Curve(derivative.order, label, None, derivative.note, derivative.detail)
    values, infinite = over_x(trace, derivative.values)
    return Curve(derivative.order, label, values, derivative.note, derivative.detail, infinite=infinite)


def over_x(trace: Trace, values: Array) -> tuple[Array, tuple[tuple[float, float], ...]]:
    """The values in one row, with NaN where they are not finite; and where over a range they are infinite.

    The tables of tensors say that themselves.
    """
    row = values.reshape(-1).astype(np.float64)
    finite = np.isfinite(row)
    if finite.all():
        return row, ()
    shown = np.where(finite, row, np.nan)
    if trace.kind != "curve" or values.shape != trace.x.shape:
        return shown, ()
    at = np.isinf(row)
    return shown, tuple(zip(trace.x[at].tolist(), row[at].tolist(), strict=True))


def defined(found: list[Curve], trace: Trace) -> list[Curve]:
    """No derivative where there is no y: 1/x is a number at -1, but log has no slope there."""
    if not trace.pointwise or trace.kind not in ("curve", "elements"):
        return found
    nowhere = np.zeros(found[0].values.shape if found[0].values is not None else 0, dtype=bool)
    result = []
    for curve in found:
        values = curve.values
        if values is None or not (nowhere := nowhere | np.isnan(values)).any():
            result.append(curve)
        else:
            result.append(replace(curve, values=np.where(nowhere, np.nan, values)))
    return result


def nearest(x: Array, x0: float) -> int | None:
    """The place of the sample nearest to x0."""
    apart = np.abs(x - x0)
    apart[np.isnan(apart)] = np.inf
    place = int(apart.argmin()) if apart.size else 0
    return place if apart.size and apart[place] < np.inf else None


def is_over_range(trace: Trace) -> bool:
    """Whether what lies over x is a line; the elements of a tensor are points, whatever y is."""
    one = trace.ranged and trace.kind in ("scalar", "other") and is_ascending(trace.x.reshape(-1))
    return trace.kind == "curve" or one


def is_ascending(x: Array) -> bool:
    return len(x) > 1 and bool(np.all(x[1:] > x[:-1]))


def tables_of(trace: Trace, y: Array, found: list[Curve]) -> tuple[tuple[str, Array], ...]:
    """For a tensor: x, y and every derivative in its own shape, infinities included."""
    derivatives = [(c.label, d.values) for c, d in zip(found[1:], trace.derivatives, strict=True)]
    rows = [(trace.x_label, trace.x), (trace.y_label, y), *derivatives]
    return tuple((label, values) for label, values in rows if values is not None)
