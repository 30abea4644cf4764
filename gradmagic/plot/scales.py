"""Curves on logarithmic axes. Knows no figure.

All that draws goes on in places, as if each axis were linear; ticks alone say what number a place stands for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradmagic.explore.curves import Curve, Curves
from gradmagic.explore.overlays import REACH, Mark
from gradmagic.explore.record import record
from gradmagic.explore.scales import LINEAR, Scale, scale_of

__all__ = ["Drawn", "drawn"]

Array = np.ndarray[Any, np.dtype[Any]]

PIECES = 65  # points of a line that is straight in numbers


@record
class Drawn:
    """Curves whose numbers are places, and the scales that made them so: of x, and of each order."""

    curves: Curves
    x: Scale = LINEAR
    y: Mapping[int, Scale] | None = None

    def of(self, order: int) -> Scale:
        """The scale of the pane of this order."""
        return (self.y or {}).get(order, LINEAR)


def drawn(curves: Curves) -> Drawn:
    """These curves on the axes that they ask for; the same, where these are linear."""
    if not curves.log or curves.plane is not None:
        return Drawn(curves)
    x = Scale("log") if "x" in curves.log and above_zero(curves.x) else LINEAR
    y: dict[int, Scale] = {}
    if "y" in curves.log:
        for order in {curve.order for curve in curves.curves}:
            rows = [c.values for c in curves.curves if c.order == order and c.values is not None]
            y[order] = scale_of(*rows) if rows else LINEAR
    result = Drawn(curves, x, y)
    marks = [on_scales(mark, curves, result) for mark in (*curves.marks, *tangents(curves, result))]
    at_x0 = [
        None if value is None else result.of(curve.order).place(value)
        for curve, value in zip(curves.curves, curves.at_x0, strict=True)
    ]
    placed = replace(
        curves,
        x=x.to(curves.x),
        x0=x.place(curves.x0),
        curves=tuple(on_scale(curve, result.of(curve.order)) for curve in curves.curves),
        at_x0=tuple(at_x0),
        marks=tuple(marks),
        slopes=False,
    )
    return replace(result, curves=placed)


def above_zero(x: Array) -> bool:
    known = x[np.isfinite(x)]
    return bool(known.size) and bool(known.min() > 0)


def on_scale(curve: Curve, scale: Scale) -> Curve:
    return curve if curve.values is None else replace(curve, values=scale.to(curve.values))


def tangents(curves: Curves, on: Drawn) -> list[Mark]:
    """The tangents at x0, which are no straight lines here, from as far left to as far right as on linear axes."""
    known = {(c.order, c.output): v for c, v in zip(curves.curves, curves.at_x0, strict=True)}
    span = on.x.to(curves.x)
    centre, reach = on.x.place(curves.x0), REACH * float(np.ptp(span[np.isfinite(span)]))
    at = on.x.back(np.array([centre - reach, centre + reach]))
    found = []
    for curve in curves.curves if curves.slopes else ():
        value, slope = known.get((0, curve.output)), known.get((1, curve.output))
        if curve.order == 0 and value is not None and slope is not None and math.isfinite(value + slope):
            colour = 1 if curve.output is None else curve.hue
            found.append(Mark("tangent", 0, "line", at, value + slope * (at - curves.x0), colour=colour))
    return found


def on_scales(mark: Mark, curves: Curves, on: Drawn) -> Mark:
    """A mark on these axes; a line of two points gets more of them, for it bends."""
    x, y = mark.x, mark.y
    if mark.kind in ("line", "dashes") and len(x) == 2:
        lowest = float(np.nanmin(curves.x)) if on.x.kind == "log" else -math.inf
        ends = on.x.to(np.maximum(x, lowest))
        at = on.x.back(np.linspace(ends[0], ends[1], PIECES))
        x, y = at, y[0] + (at - x[0]) * (y[1] - y[0]) / (x[1] - x[0])
    return replace(mark, x=on.x.to(x), y=on.of(mark.pane).to(y) if y.size else y)
