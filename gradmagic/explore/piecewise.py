"""Polynomials between samples, and where they go through zero. Knows no curves.

Hermite's interpolation: between two samples it is the polynomial of lowest degree that has the values and the
derivatives at both.
"""

from __future__ import annotations

import numpy as np

from gradmagic.explore.record import record
from gradmagic.explore.trace import Array

__all__ = ["MOST", "NEAR", "Piecewise", "cells_at", "hermite", "plainest"]

CLOSE = 1e-14  # of a cell: rounding moves a root by no less
NEAR = 1e-8  # of a cell: what is as near is the same place, as far as the polynomials between samples tell
FLATTEST, FLAT = 0.04, 0.45  # one over the order of a root that is a multiple one
BESIDE, BY_CHANCE = 0.1, 0.01  # of a cell and of its last digit: the plainest number is no further from a root
SHORT = 6  # digits behind the point: no more, for a place that is told by so many is not flat
MOST = 200  # roots, and features of one kind; with more, the samples say little


@record
class Piecewise:
    """A polynomial on each interval between two samples, in the share t of the interval.

    Attributes
    ----------
    x : ndarray of shape (n + 1,)
        The samples.
    coefficients : ndarray of shape (k, n)
        By power of t; NaN where the curve does not run through.
    """

    x: Array
    coefficients: Array

    def __call__(self, at: Array) -> Array:
        """The values at these places; NaN outside."""
        place = np.clip(np.searchsorted(self.x, at, side="right") - 1, 0, len(self.x) - 2)
        t = (at - self.x[place]) / (self.x[place + 1] - self.x[place])
        total = np.zeros_like(t)
        for row in self.coefficients[::-1]:
            total = total * t + row[place]
        return np.where((t >= -1e-9) & (t <= 1 + 1e-9), total, np.nan)

    def derivative(self) -> Piecewise:
        """The derivative by x."""
        powers = np.arange(1, len(self.coefficients))[:, None]
        return Piecewise(self.x, self.coefficients[1:] * powers / np.diff(self.x))

    def roots(self) -> Array:
        """Where it goes through zero, or is zero at a sample and not beside it."""
        ends = self.coefficients[0], self.coefficients.sum(axis=0)
        with np.errstate(invalid="ignore"):
            size = np.nanmax(np.abs(self.coefficients), axis=0, initial=0.0)
            small = [np.abs(end) <= 1e-14 * size for end in ends]  # what is left of a sum of terms this large
            through = (np.sign(ends[0]) * np.sign(ends[1]) < 0) & ~small[0] & ~small[1]
            touches = small[0] & ~small[1]
            touches[1:] &= ~small[0][:-1]  # not at the end of a stretch of zeros
        found = [self.x[i] for i in np.flatnonzero(touches) if self._turns(int(i))]
        cells = np.flatnonzero(through)[: MOST + 1]
        within = self.x[cells] + shares_of_roots(self.coefficients[:, cells]) * np.diff(self.x)[cells]
        places = np.sort(np.concatenate([found, within]))
        return np.where(np.abs(places) <= NEAR * cells_at(self.x, places), 0.0, places)

    def left_out(self, at: Array, derivative: int = 0) -> Array:
        """By how much it and its derivatives may be off: by the next power, which the changes of the highest tell."""
        n = len(self.coefficients)
        if n < 6 or len(self.x) < 4:
            return np.zeros_like(at)
        width = self.x[-1] - self.x[0]
        h = np.diff(self.x) / width
        change = np.abs(np.diff(self.coefficients[-1] / h ** (n - 1))) / ((h[1:] + h[:-1]) / 2) / n
        place = np.clip(np.searchsorted(self.x, at, side="right") - 1, 0, len(h) - 1)
        power = np.fmax(change[np.maximum(place - 1, 0)], change[np.minimum(place, len(change) - 1)]) * h[place] ** n
        t = (at - self.x[place]) / width / h[place]
        most = (2 * np.abs(t * (1 - t)) ** 3, 0.1 / h[place], 0.5 / h[place] ** 2)[derivative]
        for _ in range(derivative):
            most = most / width
        return np.asarray(np.nan_to_num(power * most, nan=0.0, posinf=0.0))

    def rests(self) -> Array:
        """Where stretches of zeros begin and end."""
        zero = np.concatenate([[False], (self.coefficients == 0).all(axis=0), [False]])
        return self.x[np.flatnonzero(zero[1:] != zero[:-1])]

    def _turns(self, i: int) -> bool:
        """Whether the signs left and right of this sample, at which it is zero, differ."""
        return i > 0 and self._sign(i - 1, 0.0) * self._sign(i, 1.0) < 0

    def _sign(self, i: int, far: float) -> float:
        """The sign amid an interval; that at its far end where it is zero there, as the polynomial of x⁷ is."""
        row = self.coefficients[:, i]
        middle, end = (float(row @ t ** np.arange(len(row))) for t in (0.5, far))
        return float(np.sign(middle if abs(middle) > 1e-12 * np.abs(row).max() else end))


def shares_of_roots(rows: Array) -> Array:
    """Where in intervals at whose ends their signs differ these polynomials go through zero: by Newton, kept inside.

    At a root of high order a polynomial of low degree is far off. There the value over its derivative, which is known
    at both ends, goes through zero as a straight line, and flatly: with a slope of one over the order.
    """
    slopes = rows[1:] * np.arange(1, len(rows))[:, None]
    begin, end, low, high = rows[0], rows.sum(axis=0), np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    with np.errstate(all="ignore"):
        t = begin / (begin - end)
        for _ in range(60):
            value = horner(rows, t)
            before = np.sign(value) == np.sign(begin)
            low, high = np.where(before, t, low), np.where(before, high, t)
            nearer = t - value / horner(slopes, t)
            last, t = t, np.where((nearer >= low) & (nearer <= high), nearer, (low + high) / 2)
            if (np.abs(t - last) <= CLOSE).all():
                break
        left, right = begin / rows[1], end / slopes.sum(axis=0)
        flat = (left < 0) & (right > 0) & (right - left > FLATTEST) & (right - left < FLAT)
        return np.asarray(np.where(flat, left / (left - right), t))


def horner(rows: Array, t: Array) -> Array:
    """The values of polynomials, one each."""
    total = np.zeros_like(t)
    for row in rows[::-1]:
        total = total * t + row
    return total


def cells_at(x: Array, places: Array) -> Array:
    """How wide the cells around these places are."""
    i = np.searchsorted(x, places)
    return x[np.minimum(i + 1, len(x) - 1)] - x[np.maximum(i - 1, 0)]


def hermite(x: Array, rows: Array) -> Piecewise:
    """The polynomial of lowest degree on each interval with these values and, if known, derivatives at its ends."""
    y, *known = rows
    h = np.diff(x)
    a, b = y[:-1], y[1:]
    if not known:
        return Piecewise(x, np.array([a, b - a]))
    da, db = known[0][:-1] * h, known[0][1:] * h
    if len(known) == 1:
        return Piecewise(x, np.array([a, da, 3 * (b - a) - 2 * da - db, 2 * (a - b) + da + db]))
    ca, cb = known[1][:-1] * h * h / 2, known[1][1:] * h * h / 2
    rest, slopes, bends = b - a - da - ca, db - da - 2 * ca, cb - ca
    return Piecewise(
        x,
        np.array(
            [
                a, da, ca, 10 * rest - 4 * slopes + bends, -15 * rest + 7 * slopes - 2 * bends,
                6 * rest - 3 * slopes + bends,
            ]
        ),
    )  # fmt: skip


def plainest(roots: Array, row: Piecewise, rounding: Array) -> Array:
    """The same, but where a root is flat, as that of x⁴, the shortest number to which there is nothing but rounding."""
    short = np.array([np.round(roots, digits) for digits in range(SHORT)])
    power = 0.1 ** np.arange(SHORT)[:, None]
    near = np.abs(short - roots) < np.minimum(BESIDE * cells_at(row.x, roots), BY_CHANCE * power)
    use = near & (np.abs(row(np.array([short, (short + roots) / 2]))).max(axis=0) <= rounding)
    return np.where(use.any(axis=0), np.take_along_axis(short, use.argmax(axis=0)[None], 0)[0], roots) + 0.0
