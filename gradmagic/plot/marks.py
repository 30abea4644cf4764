"""What moves in a pane, as numbers: curves, lone dots, cursor, point and tangent. Knows no figure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradmagic.explore.curves import Curve, Curves
from gradmagic.explore.overlays import Mark
from gradmagic.explore.record import record
from gradmagic.plot.limits import HUGE, Limits

__all__ = ["Marks", "marks_of"]

Array = np.ndarray[Any, np.dtype[Any]]
Segment = tuple[tuple[float, float], tuple[float, float]]
TANGENT_REACH = 0.13  # of the width of the plot, to either side


@record
class Marks:
    """The moving part of a pane.

    Attributes
    ----------
    x, values : ndarray, tuple of ndarray
        The curves.
    as_points : bool
        Whether they are clouds of points.
    dots : pair of ndarray, or None
        Numbers between two gaps: no line leads through them.
    cursor : float or None
        Where the cursor stands, if it is seen.
    point : float or None
        The value there, if it can be drawn.
    tangent : pair of pairs, or None
        The x and the y of its ends.
    overlaid : tuple of Mark
        What overlays draw here.
    outputs : tuple of int
        Which of several outputs each curve is; empty for one.
    """

    x: Array
    values: tuple[Array, ...]
    as_points: bool
    dots: tuple[Array, Array] | None
    cursor: float | None
    point: float | None
    tangent: Segment | None
    overlaid: tuple[Mark, ...] = ()
    outputs: tuple[int, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether there is nothing but one solid line with what belongs to it."""
        return len(self.values) < 2 and not self.as_points and self.dots is None and not self.outputs


def marks_of(
    curves: Curves, mine: tuple[Curve, ...], limits: Limits, at_x0: float | None, slope: float | None
) -> Marks:
    """The marks of the pane of these curves; `limits` are those of x."""
    values = tuple([curve.values.reshape(-1) for curve in mine if curve.values is not None])
    line = curves.style == "line"
    seen = bool(values) and line and limits.lo <= curves.x0 <= limits.hi
    point = at_x0 if seen and at_x0 is not None and abs(at_x0) < HUGE else None
    tangent = None
    if point is not None and slope is not None and abs(slope) < HUGE:
        tangent = tangent_at(curves.x0, point, slope, limits)
    dots = lonely(curves.x, values) if line else None
    overlaid = tuple(mark for mark in curves.marks if mine and mark.pane == mine[0].order) if curves.marks else ()
    several = mine if curves.outputs else ()
    outputs = tuple(c.output for c in several if c.values is not None and c.output is not None)
    if outputs and seen:
        overlaid += tuple(points_of(curves, mine, limits))
        point = tangent = None
    return Marks(curves.x, values, not line, dots, curves.x0 if seen else None, point, tangent, overlaid, outputs)


def tangent_at(x0: float, value: float, slope: float, limits: Limits) -> Segment:
    """Both ends of it."""
    reach = TANGENT_REACH * limits.width
    return (x0 - reach, x0 + reach), (value - slope * reach, value + slope * reach)


def points_of(curves: Curves, mine: tuple[Curve, ...], limits: Limits) -> Iterator[Mark]:
    """Of several outputs, the point of each at x0, and the tangent of y."""
    at = {(c.order, c.output): v for c, v in zip(curves.curves, curves.at_x0, strict=True) if usable(v)}
    for curve in mine:
        value, slope = at.get((curve.order, curve.output)), at.get((1, curve.output))
        if value is None:
            continue
        if curve.order == 0 and curves.slopes and slope is not None:
            xs, ys = tangent_at(curves.x0, value, slope, limits)
            yield Mark("tangent", 0, "line", np.array(xs), np.array(ys), colour=curve.hue)
        yield Mark("point", curve.order, "points", np.array([curves.x0]), np.array([value]), colour=curve.hue)


def usable(value: float | None) -> bool:
    """Whether a value can be drawn."""
    return value is not None and abs(value) < HUGE


def lonely(x: Array, curves: tuple[Array, ...]) -> tuple[Array, Array] | None:
    """The numbers between two gaps."""
    found = []
    for values in curves:
        finite = np.isfinite(values)
        if not finite.all():
            known = np.pad(finite, 1)
            alone = known[1:-1] & ~known[:-2] & ~known[2:]
            if alone.any():
                found.append((x[alone], values[alone]))
    return (np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])) if found else None
