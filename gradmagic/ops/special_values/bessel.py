"""Bessel functions of integer order, modified ones and spherical ones. Knows NumPy; no op.

Up to 2 by their power series, beyond 25 by Hankel's expansion. Between, J and Y by Taylor's series at the nearest whole
number, I and higher orders by Miller's backward recurrence; K by its integral, which the trapezoidal rule gives to full
precision. ``sign`` is -1 for J and Y, 1 for I and K.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.ops.rules import double
from gradmagic.ops.special_values import bessel_tables as T

_SMALL, _LARGE = 2.0, 25.0
_LN_2 = math.log(2)


def _power_series(x: Any, n: int, sign: int) -> Any:
    """The series of J or I in x²/4 (DLMF 10.2.2, 10.25.2)."""
    quarter = sign * x * x / 4
    total = np.ones_like(x)
    for k in range(13, 0, -1):
        total = 1 + total * quarter / (k * (k + n))
    return (x / 2) ** n / math.factorial(n) * total


def _miller(x: Any, sign: int, n: int) -> Any:
    """J, or exp(-x) I, of order n by backward recurrence (DLMF 3.6.5).

    The scale comes from exp(x) = I0 + 2 I1 + 2 I2 + … (10.35.5) and 1 = J0² + 2 J1² + 2 J2² + … (10.23.3), which are
    sums of positive terms; the sign of J from 1 = J0 + 2 J2 + 2 J4 + … (10.12.4).
    """
    after, here, total, squares = np.zeros_like(x), np.full_like(x, 1e-140), np.zeros_like(x), np.zeros_like(x)
    wanted = np.zeros_like(x)
    for order in range(89 + 2 * n, -1, -1):
        after, here = here, 2 * (order + 1) / x * here + sign * after
        scale = np.where(np.abs(here) > 1e140, 1e-140, 1.0)
        if (scale != 1).any():
            after, here, total, wanted = after * scale, here * scale, total * scale, wanted * scale
            squares = squares * scale * scale
        twice = 2 if order else 1
        squares = squares + twice * here * here
        if order % 2 == 0 or sign > 0:
            total = total + twice * here
        if order == n:
            wanted = here
    return wanted / (total if sign > 0 else np.copysign(np.sqrt(squares), total))


def _pieces(x: Any, small: Callable[..., Any], middle: Callable[..., Any], large: Callable[..., Any]) -> Any:
    """Three formulas, each on its part of the half-line."""
    out = np.full(np.shape(x), np.nan)
    for part, formula in ((x <= _SMALL, small), ((x > _SMALL) & (x <= _LARGE), middle), (x > _LARGE, large)):
        if part.any():
            out[part] = formula(x[part])
    return out


# -- J and Y ------------------------------------------------------------------------------------------------------


def _taylor(x: Any, values: tuple[float, ...], slopes: tuple[float, ...]) -> tuple[Any, Any]:
    """J0 or Y0 and the function of order 1, which is minus its slope: the series at the nearest whole number.

    Its coefficients follow from the differential equation x y'' + y' + x y = 0 and the two values there.
    """
    at = np.clip(np.round(x), 2, 25)
    d, near = x - at, at.astype(int) - 2
    coefficients = [np.array(values)[near], -np.array(slopes)[near]]
    for k in range(26):
        below = coefficients[k - 1] if k else 0.0
        top = (k + 1) ** 2 * coefficients[k + 1] + at * coefficients[k] + below
        coefficients.append(-top / (at * (k + 1) * (k + 2)))
    y, dy = np.zeros_like(d), np.zeros_like(d)
    for k in range(len(coefficients) - 1, 0, -1):
        y, dy = (y + coefficients[k]) * d, dy * d + k * coefficients[k]
    return y + coefficients[0], -dy


def _hankel(n: int, x: Any) -> tuple[Any, Any]:
    """J and Y of order 0 or 1 for large x (DLMF 10.17.3, 10.17.4)."""
    p, q, a = np.ones_like(x), np.zeros_like(x), np.ones_like(x)
    for k in range(1, 26):
        a = a * (4 * n * n - (2 * k - 1) ** 2) / (k * 8 * x)
        if k % 2:
            q = q + (-1) ** (k // 2) * a
        else:
            p = p + (-1) ** (k // 2) * a
    sine, cosine = np.sin(x), np.cos(x)
    # cos and sin of x - nπ/2 - π/4, without rounding the difference
    c, s = (cosine + sine, sine - cosine) if n == 0 else (sine - cosine, -(sine + cosine))
    scale = np.sqrt(math.pi * x)
    return (p * c - q * s) / scale, (p * s + q * c) / scale


def _large_j(n: int, x: Any) -> Any:
    """Upwards from orders 0 and 1, which is stable while the order is below x."""
    here, after = _hankel(0, x)[0], _hankel(1, x)[0]
    for k in range(1, n):
        here, after = after, 2 * k / x * after - here
    return after if n else here


def _middle_j(n: int, x: Any) -> Any:
    return _taylor(x, T.J0, T.J1)[n] if n < 2 else _miller(x, -1, n)


@double
def bessel_j(x: Any, n: int) -> Any:
    """J of the integer order n."""
    if n < 0:
        return (-1) ** n * bessel_j(x, n=-n)
    value = _pieces(
        np.abs(x),
        lambda x: _power_series(x, n, -1),
        lambda x: _middle_j(n, x),
        lambda x: np.where(np.isinf(x), 0.0, _large_j(n, x)),
    )
    return np.where(x < 0, (-1) ** n * value, value)


def bessel_j0(x: Any) -> Any:
    return bessel_j(x, n=0)


def bessel_j1(x: Any) -> Any:
    return bessel_j(x, n=1)


def _log_series(x: Any, n: int, sign: int) -> Any:
    """What the second solution of order 0 or 1 has besides the logarithm (DLMF 10.8.1, 10.31.1)."""
    quarter = sign * x * x / 4
    total, term = np.zeros_like(x), np.ones_like(x)
    harmonic = 0.0
    for k in range(14):
        if k:
            term = term * quarter / (k * (k + n))
            harmonic += 1 / k
        total = total + term * (harmonic if n == 0 else 2 * harmonic + 1 / (k + 1) - 2 * np.euler_gamma)
    return total


def _small_y(n: int, x: Any) -> Any:
    log = np.log(x) - _LN_2
    if n == 0:
        return 2 / math.pi * ((log + np.euler_gamma) * _power_series(x, 0, -1) - _log_series(x, 0, -1))
    return 2 / math.pi * (log * _power_series(x, 1, -1) - 1 / x - x / 4 * _log_series(x, 1, -1))


def _y(x: Any, n: int) -> Any:
    value = _pieces(
        np.where(x > 0, x, np.nan),
        lambda x: _small_y(n, x),
        lambda x: _taylor(x, T.Y0, T.Y1)[n],
        lambda x: np.where(np.isinf(x), 0.0, _hankel(n, x)[1]),
    )
    return np.where(x == 0, -np.inf, value)


@double
def bessel_y0(x: Any) -> Any:
    return _y(x, 0)


@double
def bessel_y1(x: Any) -> Any:
    return _y(x, 1)


# -- I ------------------------------------------------------------------------------------------------------------


def _large_i(n: int, x: Any) -> Any:
    """exp(-x) I (DLMF 10.40.1)."""
    x = np.minimum(x, 1e300)
    total = np.ones_like(x)
    for k in range(40, 0, -1):
        total = 1 + total * ((2 * k - 1) ** 2 - 4 * n * n) / (8 * k * x)
    return total / np.sqrt(2 * math.pi * x)


def _times_exp(value: Any, x: Any) -> Any:
    half = np.exp(x / 2)  # exp(x) alone would overflow before the product does
    return np.where(x < 700, value * np.exp(np.minimum(x, 700)), value * half * half)


def _i(x: Any, n: int, scaled: bool) -> Any:
    x, odd = np.abs(x), (x < 0) & (n % 2 == 1)
    value = _pieces(
        x,
        lambda x: _power_series(x, n, 1) * (np.exp(-x) if scaled else 1.0),
        lambda x: _miller(x, 1, n) * (1.0 if scaled else np.exp(x)),
        lambda x: _large_i(n, x) if scaled else _times_exp(_large_i(n, x), x),
    )
    value = np.where(np.isinf(x), 0.0 if scaled else np.inf, value)
    return np.where(odd, -value, value)


@double
def bessel_i(x: Any, n: int) -> Any:
    """I of the integer order n."""
    return _i(x, abs(n), scaled=False)


@double
def bessel_ie(x: Any, n: int) -> Any:
    """I of the integer order n, times exp(-|x|)."""
    return _i(x, abs(n), scaled=True)


def i0(x: Any) -> Any:
    return bessel_i(x, n=0)


def i1(x: Any) -> Any:
    return bessel_i(x, n=1)


def i0e(x: Any) -> Any:
    return bessel_ie(x, n=0)


def i1e(x: Any) -> Any:
    return bessel_ie(x, n=1)


# -- K ------------------------------------------------------------------------------------------------------------


def k_integral(x: Any, order: float) -> Any:
    """exp(x) K of any order, for x >= 1: the trapezoidal rule on exp(-2x sinh²(t/2)) cosh(order t) (DLMF 10.32.9)."""
    step = 0.5 / np.sqrt(np.maximum(x, 6.0))
    total = np.zeros_like(x)
    for k in range(28, 0, -1):  # the small ones first
        t = k * step
        total = total + np.exp(-2 * x * np.sinh(t / 2) ** 2) * np.cosh(order * t)
    return (total + 0.5) * step


def _k(x: Any, n: int, scaled: bool) -> Any:
    small = np.where(x > 0, np.minimum(x, 1.0), np.nan)
    log = np.log(small) - _LN_2
    if n == 0:
        near = _log_series(small, 0, 1) - (log + np.euler_gamma) * _power_series(small, 0, 1)
    else:
        near = 1 / small + log * _power_series(small, 1, 1) - small / 4 * _log_series(small, 1, 1)
    large = np.clip(x, 1.0, 1e300)
    far = k_integral(large, n)
    value = np.where(x > 1, far if scaled else far * np.exp(-large), near * np.exp(small) if scaled else near)
    return np.where(x == 0, np.inf, np.where(np.isposinf(x), 0.0, value))


@double
def k0(x: Any) -> Any:
    return _k(x, 0, scaled=False)


@double
def k1(x: Any) -> Any:
    return _k(x, 1, scaled=False)


@double
def k0e(x: Any) -> Any:
    return _k(x, 0, scaled=True)


@double
def k1e(x: Any) -> Any:
    return _k(x, 1, scaled=True)


# -- spherical ----------------------------------------------------------------------------------------------------


def _spherical_series(x: Any, n: int) -> Any:
    """DLMF 10.53.1."""
    half = -x * x / 2
    total = np.ones_like(x)
    for k in range(24 + n, 0, -1):
        total = 1 + total * half / (k * (2 * (n + k) + 1))
    return x**n / math.prod(range(1, 2 * n + 2, 2)) * total


@double
def spherical_j(x: Any, n: int = 0) -> Any:
    """The spherical Bessel function of the first kind: by its series near 0, upwards from sin(x)/x elsewhere."""
    near = np.abs(x) < n + 1
    large = np.where(near | np.isinf(x), 1.0, x)
    here = np.sin(large) / large
    after = (here - np.cos(large)) / large
    for k in range(1, n):
        here, after = after, (2 * k + 1) / large * after - here
    far = np.where(np.isinf(x), 0.0, after if n else here)
    return np.where(near, _spherical_series(np.where(near, x, 0.0), n), far)
