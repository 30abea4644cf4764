"""Truncated power series, coefficient by coefficient: how each follows from those before it. Knows no op and no graph.

A `Series` knows how to find its next coefficients and finds them when they are asked for, so that it may be defined by
itself: the exponential by y' = y x', the sine and the cosine by each other. A coefficient of order k costs a sum of k
products of arrays, and all of them up to order n cost n².
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from itertools import accumulate
from operator import mul
from typing import Any

import numpy as np

try:  # einsum itself: its Python front costs as much as what it does to a thousand points
    from numpy._core.multiarray import c_einsum as einsum  # private
except ImportError:  # another numpy
    from numpy import einsum

Array = Any


class Series:
    """The Taylor coefficients of one value, as many as are known.

    Attributes
    ----------
    c : ndarray or None
        The coefficients, one row each, from when they are first asked for.
    value : ndarray or None
        What goes to ``c[0]``, the value itself; None where nobody has needed it.
    top : int
        The last row; what comes after it is zero, or nobody asks for it.
    known : int
        The last coefficient found.
    rate : float or None
        The slope, where that is one number, as it is of the variable and of all that is linear in it.
    step : callable
        ``step(lo, hi)`` finds the coefficients from lo to hi, and may ask others for theirs.
    """

    c: Array = None
    value: Array = None
    known = 0
    rate: float | None = None
    d: Array = None
    scaled_to = 0
    step: Any = None

    def __init__(self, shape: tuple[int, ...], dtype: Any, top: int) -> None:
        self.shape, self.dtype, self.top, self.ndim = shape, dtype, top, len(shape)

    def upto(self, k: int, ndim: int = 0) -> Array:
        """The coefficients, known at least as far as order k, as rows that broadcast to rows of so many axes."""
        if self.c is None:
            self.begin(np.empty((self.top + 1, *self.shape), self.dtype))
        known = self.known
        if known < k and known < self.top:
            k = min(k, self.top)
            self.step(known + 1, k)
            self.known = max(self.known, k)
            if self.known == self.top:
                self.step = None  # and with it what it has read: memory for the series that come later
        return self.c if self.ndim >= ndim else _aligned(self.c, ndim)

    def begin(self, c: Array) -> None:
        """Have the coefficients there, beginning with what is known of them."""
        self.c = c
        if self.value is not None:
            c[0] = self.value
        if self.rate is not None:
            c[1:] = self.rate
            self.known = self.top

    def slopes(self, k: int, ndim: int = 0) -> Array:
        """Row j holds j times the coefficient of order j: the series of the derivative, as far as order k."""
        k = min(k, self.top)
        if self.scaled_to < k:
            c, since = self.upto(k), self.scaled_to + 1
            if self.d is None:
                self.d = np.empty(c.shape, c.dtype)
            self.scaled_to = k = self.known
            times(c[since : k + 1], orders(self.top, c.dtype)[since : k + 1], self.d[since : k + 1])
        return self.d if self.ndim >= ndim else _aligned(self.d, ndim)

    def give(self, value: Array) -> None:
        """Tell the value itself."""
        if self.value is None:
            self.value = value
            if self.c is not None:
                self.c[0] = value


@cache
def orders(top: int, dtype: Any) -> Array:
    """The numbers from 0 to the top."""
    return np.arange(top + 1, dtype=dtype)


def times(rows: Array, numbers: Array, out: Array) -> None:
    """Each row times its number. For a single row numpy takes half of the time that it takes for several."""
    if len(numbers) == 1:
        np.multiply(rows[0], numbers[0], out=out[0, ...])
    elif len(numbers):
        np.multiply(rows, numbers.reshape(-1, *(1,) * (rows.ndim - 1)), out=out)


def _aligned(c: Array, ndim: int) -> Array:
    return c.reshape(c.shape[0], *(1,) * (ndim + 1 - c.ndim), *c.shape[1:])


def convolved(a: Array, back: Array, k: int, lo: int, hi: int, out: Array) -> None:
    """The sum over j from lo to hi of ``a[j] * b[k - j]``, where ``back`` holds the rows of b from the last to the first."""
    at = len(back) - 1 - k
    if lo < hi:  # einsum adds the products up as it makes them
        einsum("j...,j...->...", a[lo : hi + 1], back[at + lo : at + hi + 1], out=out)
    elif lo == hi:
        np.multiply(a[lo], back[at + lo], out=out)
    else:
        out[...] = 0


def linear(y: Series, rate: float) -> None:
    """Let y have a number for its slope."""
    y.rate, y.top = rate, min(y.top, 1)


def multiple(y: Series, ufunc: Any, factor: Any, x: Series) -> None:
    """Let y be ``ufunc(x, factor)``, or x itself, but for its value; y ends where x does."""
    y.top = min(y.top, x.top)
    if x.rate is not None and (ufunc is None or type(factor) in (int, float)):
        linear(y, x.rate if ufunc is None else float(ufunc(x.rate, factor)))
        return

    def step(lo: int, hi: int) -> None:
        own, rows = y.c[lo : hi + 1], x.upto(hi, y.ndim)[lo : hi + 1]
        if ufunc is None:
            own[...] = rows
        else:
            ufunc(rows, factor, out=own)

    y.step = step


def added(y: Series, a: Series, b: Series, ufunc: Any = np.add) -> None:
    """Let y be a + b, or a - b, but for its value."""
    y.top = min(y.top, max(a.top, b.top))
    if a.rate is not None and b.rate is not None:
        linear(y, float(ufunc(a.rate, b.rate)))
        return

    def step(lo: int, hi: int) -> None:
        own, left, right = y.c, a.upto(hi, y.ndim), b.upto(hi, y.ndim)
        both = min(hi, a.top, b.top)
        if lo <= both:
            ufunc(left[lo : both + 1], right[lo : both + 1], out=own[lo : both + 1])
        rest = slice(max(lo, both + 1), hi + 1)
        if hi <= both:
            return
        if a.top > both:
            own[rest] = left[rest]
        else:
            (np.positive if ufunc is np.add else np.negative)(right[rest], out=own[rest])

    y.step = step


def product(y: Series, a: Series, b: Series) -> None:
    """Let y be a times b."""
    y.top = min(y.top, a.top + b.top)

    def step(lo: int, hi: int) -> None:
        own, left, right = y.c, a.upto(hi, y.ndim), b.upto(hi, y.ndim)[::-1]
        for k in range(lo, hi + 1):
            convolved(left, right, k, max(0, k - b.top), min(k, a.top), own[k, ...])

    y.step = step


def quotient(y: Series, a: Series | None, b: Series) -> None:
    """Let y be a over b, whose values are known: y b = a."""

    def step(lo: int, hi: int) -> None:
        own, back, over = y.c, y.c[::-1], b.upto(hi, y.ndim)
        above, last = (None, 0) if a is None else (a.upto(hi, y.ndim), a.top)
        for k in range(lo, hi + 1):
            row = own[k, ...]
            convolved(over, back, k, 1, min(k, b.top), row)
            if above is not None and k <= last:
                np.subtract(above[k], row, out=row)
            else:
                np.negative(row, out=row)
            np.divide(row, over[0], out=row)

    y.step = step


def integral(y: Series, p: Series, x: Series) -> None:
    """Let y have the slope p x'."""

    def step(lo: int, hi: int) -> None:
        own, slopes = y.c, _slopes(x, hi, y.ndim)
        for k in range(lo, hi + 1):
            _integrated(own[k, ...], p.upto(k - 1, y.ndim)[::-1], x, slopes, k, 1 / k)
            y.known = k

    y.step = step


def _slopes(x: Series, hi: int, ndim: int) -> Array:
    """What x' is computed with: nothing where it is a number."""
    return x.slopes(hi, ndim) if x.rate is None else None


def _integrated(row: Array, back: Array, x: Series, slopes: Array, k: int, part: float) -> None:
    """Let row be the coefficient of order k - 1 of p x', times a number; ``back`` holds the rows of p, the last one first."""
    if x.rate is None:
        convolved(slopes, back, k, max(1, k + 1 - len(back)), min(k, x.top), row)
        if part != 1:
            np.multiply(row, part, out=row)
    elif k <= len(back):
        np.multiply(back[-k], x.rate * part, out=row)
    else:
        row[...] = 0


def integral_over(y: Series, r: Series, x: Series) -> None:
    """Let y have the slope x' / r: r y' = x'."""

    def step(lo: int, hi: int) -> None:
        own, rows = y.c, x.upto(hi, y.ndim)
        for k in range(lo, hi + 1):
            row, below = own[k, ...], r.upto(k - 1, y.ndim)
            first = max(1, k - r.top)
            if first < k:
                convolved(y.slopes(k - 1), below[::-1], k, first, k - 1, row)
                np.multiply(row, -1 / k, out=row)
                if k <= x.top:
                    np.add(row, rows[k], out=row)
                np.divide(row, below[0], out=row)
            elif k <= x.top:
                np.divide(rows[k], below[0], out=row)
            else:
                row[...] = 0
            y.known = k

    y.step = step


def pair(y: Series, x: Series, own: Any, slope: Any, signs: tuple[int, int], at: Array) -> None:
    """Let y be ``own(at)`` with the slope p x', and p be ``slope(at)`` with the slope y x', each slope with a sign."""
    find = (_in_turn if x.rate is None else _by_factorials)(y, x, slope, signs, at)

    def step(lo: int, hi: int) -> None:
        if y.value is None and y.top > 1:  # no later op has kept it
            y.give(own(at))
        find(lo, hi)

    y.step = step


def _in_turn(y: Series, x: Series, slope: Any, signs: tuple[int, int], at: Array) -> Any:
    """Order by order, as each needs what the other has below it."""
    p: Array = None

    def find(lo: int, hi: int) -> None:
        nonlocal p
        own, slopes = y.c, x.slopes(hi, y.ndim)
        if p is None:
            p = np.empty((y.top, *y.shape), y.dtype)
            slope(at, out=p[0, ...])
        for k in range(lo, hi + 1):
            _integrated(own[k, ...], p[::-1], x, slopes, k, signs[0] / k)
            if k < y.top:
                _integrated(p[k, ...], own[::-1], x, slopes, k, signs[1] / k)

    return find


def _by_factorials(y: Series, x: Series, slope: Any, signs: tuple[int, int], at: Array) -> Any:
    """Where x' is a number: powers of it over factorials, in turn with the value of p and that of y."""

    def find(lo: int, hi: int) -> None:
        factors, first = _turns(x.rate, signs, y.top, y.dtype), y.c[1, ...]
        slope(at, out=first)
        if y.top > 1:
            times(y.value[None], factors[1::2], y.c[2::2])
            times(y.c[1:2], factors[2::2], y.c[3::2])
        if factors[0] != 1:
            np.multiply(first, factors[0], out=first)
        y.known = y.top

    return find


@lru_cache
def _turns(rate: float, signs: tuple[int, int], top: int, dtype: Any) -> Array:
    """Powers over factorials from order 1 on, with the signs in turn."""
    found = accumulate([rate * signs[1 - k % 2] / k for k in range(1, top + 1)], mul)
    return np.array([*found], dtype)


def by_itself(y: Series, x: Series, a: int, b: int, c: int) -> None:
    """Let y have the slope p x', where p is a + b y + c y²: both are found together."""
    p: Array = None

    def step(lo: int, hi: int) -> None:
        nonlocal p
        own, slopes = y.c, _slopes(x, hi, y.ndim)
        if p is None:
            p = np.empty((y.top, *y.shape), y.dtype)
            p[0] = a + y.value * (b + c * y.value)
        back, p_back = own[::-1], p[::-1]
        for k in range(lo, hi + 1):
            _integrated(own[k, ...], p_back, x, slopes, k, 1 / k)
            if k == y.top:
                return
            row = p[k, ...]
            convolved(own, back, k, 0, k, row)
            if c != 1:
                np.multiply(row, c, out=row)
            if b:
                np.add(row, own[k], out=row)

    y.step = step


def power_of_linear(y: Series, x: Series, exponent: int) -> None:
    """Let y be a whole power of x, where x' is a number: the coefficients are those of the binomial."""
    y.top = min(y.top, exponent)

    def step(lo: int, hi: int) -> None:
        powers, rest = [*accumulate([x.rate] * hi, mul, initial=1.0)], None
        for k in range(hi, lo - 1, -1):
            left, factor = exponent - k, math.comb(exponent, k) * powers[k]
            if left == 0:
                y.c[k] = factor
                continue
            rest = (x.value if left == 1 else x.value**left) if rest is None else rest * x.value
            np.multiply(rest, factor, out=y.c[k, ...])

    y.step = step


def power(y: Series, x: Series, exponent: float) -> None:
    """Let y be x to a power, where x is nowhere zero: x y' = r y x'."""

    def step(lo: int, hi: int) -> None:
        own, base, slopes = y.c, x.upto(hi), x.slopes(hi)
        for k in range(lo, hi + 1):
            row = own[k, ...]
            convolved(slopes, own[::-1], k, 1, min(k, x.top), row)
            np.multiply(row, exponent, out=row)
            if k > 1:
                rest = np.empty_like(row)
                convolved(base, y.slopes(k - 1)[::-1], k, 1, min(k - 1, x.top), rest)
                np.subtract(row, rest, out=row)
            np.divide(row, base[0] * k, out=row)
            y.known = k

    y.step = step
