"""Truncated power series, coefficient by coefficient: how each follows from those before it. Knows no op and no graph.

A `Series` knows how to find its next coefficients and finds them when they are asked for, so that it may be defined by
itself: the exponential by y' = y x', the sine and the cosine by each other. A coefficient of order k costs a sum of k
products of arrays, and all of them up to order n cost n².
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = Any


class Series:
    """The Taylor coefficients of one value, as many as are known.

    Attributes
    ----------
    c : ndarray
        The coefficients, one row each. ``c[0]``, the value itself, may be missing where nobody has needed it.
    top : int
        The last row; what comes after it is zero, or nobody asks for it.
    known : int
        The last coefficient found.
    step : callable
        ``step(lo, hi)`` finds the coefficients from lo to hi, and may ask others for theirs.
    """

    known = 0
    d: Array = None
    scaled_to = 0
    unit = False  # whether this is the variable itself, whose slope is one
    valued = False
    step: Callable[[int, int], None]

    def __init__(self, shape: tuple[int, ...], dtype: Any, top: int) -> None:
        self.c = np.empty((top + 1, *shape), dtype)
        self.top = top

    def upto(self, k: int) -> Array:
        """The coefficients, known at least as far as order k."""
        known = self.known
        if known < k and known < self.top:
            k = min(k, self.top)
            self.step(known + 1, k)
            self.known = k
        return self.c

    def slopes(self, k: int) -> Array:
        """Row j holds j times the coefficient of order j: the series of the derivative, as far as order k."""
        k = min(k, self.top)
        if self.scaled_to < k:
            c, before = self.upto(k), self.scaled_to
            if self.d is None:
                self.d = np.empty_like(c)
            self.scaled_to = k = self.known
            if k == before + 1:
                np.multiply(c[k], k, out=self.d[k, ...])
            else:
                orders = np.arange(before + 1, k + 1, dtype=c.dtype).reshape(-1, *(1,) * (c.ndim - 1))
                np.multiply(c[before + 1 : k + 1], orders, out=self.d[before + 1 : k + 1])
        return self.d

    def give(self, value: Array) -> None:
        """Tell the value itself."""
        if not self.valued:
            self.c[0] = value
            self.valued = True


def variable(value: Array) -> Series:
    """The series of x itself: its value, then one."""
    x = Series(value.shape, value.dtype, 1)
    x.c[0], x.c[1] = value, 1
    x.known, x.unit, x.valued = 1, True, True
    return x


def constant(value: Array) -> Series:
    """The series of what does not depend on x."""
    p = Series((), float, -1)
    p.c, p.top, p.valued = np.asarray(value)[None], 0, True
    return p


def aligned(c: Array, shape: tuple[int, ...]) -> Array:
    """The rows of coefficients, so that they broadcast to rows of this shape."""
    missing = len(shape) + 1 - c.ndim
    return c if missing <= 0 else c.reshape(c.shape[0], *(1,) * missing, *c.shape[1:])


def convolved(a: Array, b: Array, k: int, lo: int, hi: int, out: Array) -> None:
    """The sum over j from lo to hi of ``a[j] * b[k - j]``."""
    if lo < hi:  # einsum adds the products up as it makes them
        np.einsum("j...,j...->...", a[lo : hi + 1], b[k - hi : k - lo + 1][::-1], out=out)
    elif lo == hi:
        np.multiply(a[lo], b[k - lo], out=out)
    else:
        out[...] = 0


def scaled(y: Series, shape: tuple[int, ...], terms: Sequence[tuple[Any, Array, Series]]) -> None:
    """Let y be a sum of terms of others' coefficients: ``ufunc(x, factor)``, the factor being constant."""
    if len(terms) == 1:
        multiple(y, shape, *terms[0])
        return
    parts = [(ufunc, factor, x, aligned(x.c, shape)) for ufunc, factor, x in terms]

    def step(lo: int, hi: int) -> None:
        fresh = True
        for ufunc, factor, x, rows in parts:
            x.upto(hi)
            last = min(hi, x.top)
            part, given = y.c[lo : last + 1], rows[lo : last + 1]
            if not fresh:
                np.add(part, given if ufunc is None else ufunc(given, factor), out=part)
                continue
            y.c[last + 1 : hi + 1] = 0
            fresh = False
            if ufunc is None:
                part[...] = given
            else:
                ufunc(given, factor, out=part)

    y.step = step


def multiple(y: Series, shape: tuple[int, ...], ufunc: Any, factor: Array, x: Series) -> None:
    """Let y be ``ufunc(x, factor)``, or x itself, but for its value; y ends where x does."""
    own, rows = y.c, aligned(x.c, shape)

    def step(lo: int, hi: int) -> None:
        x.upto(hi)
        if ufunc is None:
            own[lo : hi + 1] = rows[lo : hi + 1]
        else:
            ufunc(rows[lo : hi + 1], factor, out=own[lo : hi + 1])

    y.step = step


def product(y: Series, shape: tuple[int, ...], a: Series, b: Series) -> None:
    """Let y be a times b."""
    left, right = aligned(a.c, shape), aligned(b.c, shape)

    def step(lo: int, hi: int) -> None:
        a.upto(hi)
        b.upto(hi)
        for k in range(lo, hi + 1):
            convolved(left, right, k, max(0, k - b.top), min(k, a.top), y.c[k, ...])

    y.step = step


def quotient(y: Series, shape: tuple[int, ...], a: Series | None, b: Series) -> None:
    """Let y be a over b, whose values are known: y b = a."""
    over, own = aligned(b.c, shape), y.c
    above = None if a is None else aligned(a.c, shape)

    def step(lo: int, hi: int) -> None:
        b.upto(hi)
        if a is not None:
            a.upto(hi)
        for k in range(lo, hi + 1):
            row = own[k, ...]
            convolved(over, own, k, 1, min(k, b.top), row)
            if a is not None and above is not None and k <= a.top:
                np.subtract(above[k], row, out=row)
            else:
                np.negative(row, out=row)
            np.divide(row, over[0], out=row)

    y.step = step


def integral(y: Series, shape: tuple[int, ...], terms: Sequence[tuple[Series, Series]]) -> None:
    """Let y have the slope p x', summed over the terms (p, x)."""
    (p, x), *others = terms
    rows = aligned(p.c, shape)
    more = [(p, aligned(p.c, shape), x) for p, x in others]

    def step(lo: int, hi: int) -> None:
        for k in range(lo, hi + 1):
            p.upto(k - 1)
            _slope_of(y, p, rows, x, k, k)
            y.known = k

    def summed(lo: int, hi: int) -> None:
        for k in range(lo, hi + 1):
            row = y.c[k, ...]
            p.upto(k - 1)
            _slope_times(p, rows, x, k, row)
            for q, above, z in more:
                q.upto(k - 1)
                term = np.empty_like(row)
                _slope_times(q, above, z, k, term)
                np.add(row, term, out=row)
            np.divide(row, k, out=row)
            y.known = k

    y.step = summed if more else step


def pair(y: Series, other: Series, x: Series, sign: int) -> None:
    """Let y have the slope ``other`` times x', and that one y times x', with a sign: both are found together."""

    def step(lo: int, hi: int) -> None:
        for k in range(lo, hi + 1):
            _slope_of(y, other, other.c, x, k, k)
            if k <= other.top:
                _slope_of(other, y, y.c, x, k, k * sign)
                other.known = k
            y.known = k

    def of_variable(lo: int, hi: int) -> None:
        """All at once: in turn the partner's value and the own one, over the factorials."""
        for own, partner, turn in ((y, other, 1), (other, y, sign)):
            for first, value, factor in ((1, partner.c[0], turn), (2, own.c[0], sign)):
                rows = own.c[first::2]
                factors = [factor * sign**m / math.factorial(first + 2 * m) for m in range(len(rows))]
                np.multiply(np.array(factors, rows.dtype).reshape(-1, *(1,) * value.ndim), value, out=rows)
            own.known = own.top

    y.step = other.step = of_variable if x.unit else step


def polynomial(p: Series, y: Series, b: int, c: int) -> None:
    """Let p be b y + c y², but for its value."""
    own, rows = p.c, y.c

    def step(lo: int, hi: int) -> None:
        y.upto(hi)
        for k in range(lo, hi + 1):
            row = own[k, ...]
            convolved(rows, rows, k, 0, k, row)
            if c != 1:
                np.multiply(row, c, out=row)
            if b:
                np.add(row, rows[k], out=row)

    p.step = step


def _slope_of(y: Series, p: Series, rows: Array, x: Series, k: int, by: int) -> None:
    """The coefficient of order k of what has the slope p x'."""
    row = y.c[k, ...]
    if x.unit and k - 1 <= p.top:
        np.divide(rows[k - 1], by, out=row)
        return
    _slope_times(p, rows, x, k, row)
    if by != 1:
        np.divide(row, by, out=row)


def _slope_times(p: Series, rows: Array, x: Series, k: int, out: Array) -> None:
    """The coefficient of order k - 1 of p x'; one product is left where x is linear, none where it is the variable."""
    if x.top > 1:
        slopes = aligned(x.slopes(k), out.shape)
        convolved(slopes, rows, k, max(1, k - p.top), min(k, x.top), out)
    elif k - 1 > p.top:
        out[...] = 0
    elif x.unit:
        out[...] = rows[k - 1]
    else:
        np.multiply(rows[k - 1], aligned(x.upto(1), out.shape)[1], out=out)


def integral_over(y: Series, x: Series, r: Series) -> None:
    """Let y have the slope x' / r: r y' = x'."""
    own, below = y.c, r.c

    def step(lo: int, hi: int) -> None:
        x.upto(hi)
        for k in range(lo, hi + 1):
            row = own[k, ...]
            r.upto(k - 1)
            first = max(1, k - r.top)
            if first < k:
                convolved(y.slopes(k - 1), below, k, first, k - 1, row)
                np.divide(row, -k, out=row)
                if k <= x.top:
                    np.add(row, x.c[k], out=row)
                np.divide(row, below[0], out=row)
            elif k <= x.top:
                np.divide(x.c[k], below[0], out=row)
            else:
                row[...] = 0
            y.known = k

    y.step = step


def power_of_variable(y: Series, x: Series, exponent: int) -> None:
    """Let y be a whole power of x, whose slope is one: the coefficients are those of the binomial."""
    y.top = min(y.top, exponent)
    own, value = y.c, x.c[0]

    def step(lo: int, hi: int) -> None:
        rest = None
        for k in range(hi, lo - 1, -1):
            if k == exponent:
                own[k] = 1
                continue
            left = exponent - k
            rest = value if left == 1 else value**left if rest is None else rest * value
            np.multiply(rest, math.comb(exponent, k), out=own[k, ...])

    y.step = step


def power(y: Series, x: Series, exponent: float) -> None:
    """Let y be x to a power, where x is nowhere zero: x y' = r y x'."""
    own, base = y.c, x.c

    def step(lo: int, hi: int) -> None:
        for k in range(lo, hi + 1):
            row = own[k, ...]
            first = min(k, x.top)
            convolved(x.slopes(k), own, k, 1, first, row)
            np.multiply(row, exponent, out=row)
            if k > 1:
                rest = np.empty_like(row)
                convolved(base, y.slopes(k - 1), k, 1, min(k - 1, x.top), rest)
                np.subtract(row, rest, out=row)
            np.divide(row, base[0] * k, out=row)
            y.known = k

    y.step = step
