"""Which stretch of an axis is shown: limits on a ladder, that do not tremble. Knows no figure."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.explore.record import record

__all__ = ["Limits", "Placed", "Reach", "follow", "ladder", "nice_step", "reach"]

Array = np.ndarray[Any, np.dtype[Any]]

HUGE = 1e300  # beyond it the transforms of a plot overflow
TINY = 1e-290
EPS32, EPS64 = (float(np.finfo(kind).eps) for kind in (np.float32, np.float64))
POLE = 8.0  # a curve with a gap whose ends reach this many times further than its body has a pole there
TAIL = 5.0  # per cent of the samples at either end that may lie outside the body
SHRINK = 0.55  # an axis is narrowed when the numbers fill less than this part of it
MARGIN = 0.06


@record
class Limits:
    """The interval that an axis shows."""

    lo: float
    hi: float

    @property
    def width(self) -> float:
        """From end to end."""
        return self.hi - self.lo

    def holds(self, lo: float, hi: float) -> bool:
        """Whether all of [lo, hi] is shown."""
        return self.lo <= lo and hi <= self.hi


@record
class Placed:
    """Where an axis lies in its picture: its limits, and the shares of the picture's width or height where they are.

    Shares are counted from the left, and from the top. On a logarithmic axis the limits are powers of ten.
    """

    limits: Limits
    start: float
    end: float
    log: bool = False


@record
class Reach:
    """How far the numbers of a curve go: all of them in [least, most], what is to be shown of them in [lo, hi]."""

    lo: float
    hi: float
    least: float
    most: float

    @property
    def cut(self) -> bool:
        """Whether some of the numbers lie outside what is to be shown."""
        return self.least < self.lo or self.hi < self.most


def reach(*curves: Array, single: bool = False, even: Array | None = None) -> Reach | None:
    """How far these curves go together, None if they have no finite number.

    Next to a pole the samples are as large as they happen to be near it, so they do not set the scale; the body of the
    curve does. A narrow peak without a gap is no pole and is shown whole. `single`: the numbers may have been computed
    in single precision, so what differs by less is one constant. `even`: which samples lie evenly, so that their
    number tells how much of the curve they are; the body is theirs.
    """
    values = np.concatenate([curve.reshape(-1) for curve in curves]) if len(curves) > 1 else curves[0].reshape(-1)
    if not values.size:
        return None
    eps = EPS32 if single or values.dtype == np.float32 else EPS64
    values = values.astype(np.float64, copy=False)
    least, most = float(values.min()), float(values.max())
    if least > -HUGE and most < HUGE:  # neither holds if one of them is no number
        return constant_widened(least, most, eps)
    known = np.isfinite(values) & (np.abs(values) < HUGE)
    finite = values[known]
    if finite.size == 0:
        return None
    least, most = float(finite.min()), float(finite.max())
    body_of = finite if even is None else values[known & np.tile(even, len(curves))]
    low, high = (float(q) for q in np.percentile(body_of if body_of.size else finite, (TAIL, 100 - TAIL)))
    body = high - low
    if body > 0 and most - least > POLE * body:
        if body <= 256 * eps * max(abs(low), abs(high)):  # a constant, and rounding that grew beside the gap
            shown = constant_widened(low, high, eps)
            return Reach(shown.lo, shown.hi, least, most)
        return Reach(max(least, low - body / 2), min(most, high + body / 2), least, most)
    return constant_widened(least, most, eps)


def constant_widened(least: float, most: float, eps: float) -> Reach:
    """The whole of [least, most]; a constant, but for rounding, is shown amid an interval of its own size."""
    size = max(abs(least), abs(most))
    if most - least > max(256 * eps * size, TINY):
        return Reach(least, most, least, most)
    middle, half = least / 2 + most / 2, (size / 2 if size > TINY else 1.0)
    return Reach(min(middle - half, least), max(middle + half, most), least, most)


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    # 1e-9: what is a hair above a step through rounding is that step.
    return next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= least * (1 - 1e-9))


def ladder(lo: float, hi: float, rungs: int = 10) -> Limits:
    """The nearest limits around [lo, hi], with some air, on a ladder of about `rungs` rungs over that interval."""
    air = MARGIN * (hi - lo)
    step = nice_step(max((hi - lo) / rungs, TINY))
    return Limits(math.floor((lo - air) / step) * step, math.ceil((hi + air) / step) * step)


def follow(current: Limits | None, new: Reach) -> Limits:
    """The limits to show `new` in: the current ones while it fits in them and fills them well, else the ladder's."""
    if current is not None and current.holds(new.lo, new.hi) and new.hi - new.lo >= SHRINK * current.width:
        return current
    return ladder(new.lo, new.hi)
