"""The values of special functions on float arrays, to a few units in the last place. Knows NumPy; no op.

Accuracy was measured against mpmath on 2,000 points of each function's usual range, in units in the last place of the
result: erf, erfinv, erfcinv 1; erfc, ndtri, zeta, j0, j1 3 (near a zero of theirs more); erfcx, gamma, polygamma 4; i0,
i1 and their scaled forms 10; digamma 5 for positive arguments.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.ops.rules import double, each

_SQRT_PI = math.sqrt(math.pi)
_SQRT_HALF = math.sqrt(0.5)
# the Bernoulli numbers B(2k), k = 1…
_BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
    854513 / 138, -236364091 / 2730,
)  # fmt: skip

# -- the error function -------------------------------------------------------------------------------------------

erf = each(math.erf)
erfc = each(math.erfc)


def _exp_of_square(x: Any, sign: float) -> Any:
    """exp(±x²): the square in two parts, so that its rounding is not magnified."""
    high = np.asarray(x, np.float32).astype(np.float64)
    return np.exp(sign * high * high) * np.exp(sign * (x - high) * (x + high))


@double
def erfcx(x: Any) -> Any:
    """exp(x²) erfc(x): the product below 25, the asymptotic series (DLMF 7.12.1) above."""
    big = x > 25
    small = np.where(big, 0.0, x)
    large = np.where(big, x, 25.0)
    series, term = np.ones_like(large), np.ones_like(large)
    for k in range(1, 8):
        term = term * -(2 * k - 1) / (2 * large * large)
        series = series + term
    near = np.where(small < -26.7, np.inf, _exp_of_square(np.maximum(small, -26.7), 1.0) * erfc(small))
    return np.where(big, series / (large * _SQRT_PI), near)


def _erfcinv_one(p: float) -> float:
    """Halley's iteration on log erfc for small p, on erf in the middle."""
    if p > 1:
        return -_erfcinv_one(2 - p)
    if p == 0:
        return math.inf
    if not 0 < p <= 1:
        return math.nan
    if p > 0.5:
        return _erfinv_one(1 - p)
    t = math.sqrt(-2 * math.log(p / 2))
    x = _SQRT_HALF * (
        t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    )
    for _ in range(3):
        step = (math.erfc(x) - p) / (2 / _SQRT_PI * math.exp(-x * x))
        x += step / (1 + x * step)
    return x


def _erfinv_one(p: float) -> float:
    if abs(p) >= 1:
        return math.copysign(math.inf, p) if abs(p) == 1 else math.nan
    if abs(p) > 0.5:
        return math.copysign(_erfcinv_one(1 - abs(p)), p)
    x = p * _SQRT_PI / 2 * (1 + math.pi / 12 * p * p)
    for _ in range(4):
        step = (math.erf(x) - p) / (2 / _SQRT_PI * math.exp(-x * x))
        x -= step / (1 + x * step)
    return x


erfinv = each(_erfinv_one)
erfcinv = each(_erfcinv_one)
ndtri = each(lambda p: -_erfcinv_one(2 * p) / _SQRT_HALF)


@double
def log_ndtr(x: Any) -> Any:
    """The logarithm of the normal distribution function, through erfcx on the left."""
    left = x < -1
    z = np.where(left, -x * _SQRT_HALF, 1.0)
    tail = np.log(erfcx(z) / 2) - np.where(left, x * x, 0.0) / 2
    return np.where(left, tail, np.log1p(-erfc(np.where(left, 0.0, x) * _SQRT_HALF) / 2))


# -- the gamma function -------------------------------------------------------------------------------------------


def _lgamma_one(x: float) -> float:
    if x == -math.inf or (x <= 0 and x == math.floor(x)):
        return math.inf
    try:
        return math.lgamma(x)
    except OverflowError:
        return math.inf


def _gamma_one(x: float) -> float:
    if x == 0:
        return math.copysign(math.inf, x)
    if x == -math.inf or (x < 0 and x == math.floor(x)):
        return math.nan
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf


lgamma = each(_lgamma_one)
gamma = each(_gamma_one)


# digamma's positive zero: near it the value is the slope's, not the difference of two logarithms
_ZERO, _ZERO_REST = 1.4616321449683622, 9.549995429965697e-17


@double
def digamma(x: Any) -> Any:
    """Recurrence to x >= 10, then the asymptotic series (DLMF 5.11.2); reflection on the left; a Taylor series at its zero."""
    left = x < 0.5
    pole = (x <= 0) & (x == np.floor(x))
    u = np.where(left, 1 - x, x)
    shift = np.zeros_like(u)
    for _ in range(10):
        low = u < 10
        shift = np.where(low, shift - 1 / np.where(low, u, 1.0), shift)
        u = np.where(low, u + 1, u)
    square = 1 / (u * u)
    series = np.zeros_like(u)
    for k in reversed(range(len(_BERNOULLI))):
        series = (series + _BERNOULLI[k] / (2 * k + 2)) * square
    value = shift + np.log(u) - 0.5 / u - series
    with np.errstate(all="ignore"):
        fraction = x - np.round(x)  # tan has the period 1 here: exact for large arguments
        value = np.where(left, value - math.pi / np.tan(math.pi * fraction), value)
    near = (x > 0.9) & (x < 1.95)
    value = np.where(near, _digamma_near_zero(np.where(near, x, _ZERO)), value)
    return np.where(pole, np.where(x == 0, np.copysign(np.inf, -x), np.nan), value)


def _digamma_near_zero(x: Any) -> Any:
    d = (x - _ZERO) - _ZERO_REST
    out = np.zeros_like(d)
    for c in reversed(_zero_series()):
        out = (out + c) * d
    return out


_series: list[float] = []


def _zero_series() -> list[float]:
    """Digamma's Taylor coefficients at its zero: (-1)^(k+1) zeta(k+1, zero)."""
    if not _series:
        _series.extend((-1) ** (k + 1) * float(_hurwitz(np.array(k + 1.0), np.array(_ZERO))) for k in range(1, 46))
    return _series


def _hurwitz(s: Any, q: Any) -> Any:
    """The Hurwitz zeta function for s > 1, q > 0, by Euler and Maclaurin (DLMF 25.11.5 at N = 12)."""
    n = 12
    total = np.zeros(np.broadcast_shapes(np.shape(s), np.shape(q)))
    at = q + n
    term = s / at ** (s + 1)
    factorial = 2.0
    tail = np.zeros_like(total)
    for k, b in enumerate(_BERNOULLI, 1):
        tail = tail + b / factorial * term
        term = term * (s + 2 * k - 1) * (s + 2 * k) / (at * at)
        factorial *= (2 * k + 1) * (2 * k + 2)
    total = tail + 0.5 / at**s + at ** (1 - s) / (s - 1)
    for k in reversed(range(n)):  # the small ones first
        total = total + (q + k) ** -s
    return total


@double
def zeta(s: Any, q: Any) -> Any:
    """The Hurwitz zeta function of real arguments: infinite at s = 1, NaN below, as in scipy and torch."""
    s, q = np.broadcast_arrays(s, q)
    fine = (s > 1) & (q > 0)
    value = _hurwitz(np.where(fine, s, 2.0), np.where(fine, q, 1.0))
    return np.where(fine, value, np.where((s == 1) | ((q <= 0) & (q == np.floor(q)) & (s > 1)), np.inf, np.nan))


@double
def polygamma(x: Any, n: int) -> Any:
    """The n-th derivative of digamma; on the left by recurrence from the right, down to -20."""
    if n == 0:
        return digamma(x)
    sign = (-1.0) ** (n + 1) * math.factorial(n)
    shifted = np.zeros_like(x)
    u = np.array(x)
    for _ in range(int(min(max(-float(np.min(x, initial=0.0)), 0.0), 1e4)) + 1):
        low = u <= 0
        shifted = np.where(low, shifted + np.where(low, u, 1.0) ** -(n + 1.0), shifted)
        u = np.where(low, u + 1, u)
    return sign * (shifted + _hurwitz(np.array(n + 1.0), np.where(u > 0, u, np.nan)))


# -- logarithms times something -----------------------------------------------------------------------------------


def xlogy(a: Any, b: Any) -> Any:
    return np.where((a == 0) & ~np.isnan(b), a * 0, a * np.log(np.where(a == 0, b * 0 + 1, b)))


def xlog1py(a: Any, b: Any) -> Any:
    return np.where((a == 0) & ~np.isnan(b), a * 0, a * np.log1p(np.where(a == 0, b * 0, b)))


def entr(x: Any) -> Any:
    inside = x > 0
    value = -x * np.log(np.where(inside, x, x.dtype.type(1)))
    return np.where(inside | np.isnan(x), value, np.where(x == 0, x * 0, x.dtype.type(-np.inf)))


def logit(x: Any) -> Any:
    return np.log(x / (1 - x))


# -- Bessel functions ---------------------------------------------------------------------------------------------


def _modified(order: int, x: Any, bare: bool = False) -> Any:
    """exp(-x) I(order, x) for x >= 0 (without the factor if ``bare``): the power series below 18, the asymptotic one (DLMF 10.40.1) above."""
    big = x > 18
    small = np.where(big, 0.0, x)
    quarter = small * small / 4
    term = np.ones_like(x) if order == 0 else small / 2
    series = term
    for k in range(1, 55):
        term = term * quarter / (k * (k + order))
        series = series + term
    large = np.where(big, x, 19.0)
    term = asymptotic = np.ones_like(x)
    for k in range(1, 36):
        term = term * ((2 * k - 1) ** 2 - 4 * order * order) / (8 * k * large)
        asymptotic = asymptotic + term
    asymptotic = asymptotic / np.sqrt(2 * math.pi * large)
    if bare:
        return np.where(big, np.exp(large) * asymptotic, series)
    return np.where(big, asymptotic, series * np.exp(-small))


@double
def i0e(x: Any) -> Any:
    return _modified(0, np.abs(x))


@double
def i1e(x: Any) -> Any:
    return np.copysign(_modified(1, np.abs(x)), x)


@double
def i0(x: Any) -> Any:
    return _modified(0, np.abs(x), bare=True)


@double
def i1(x: Any) -> Any:
    return np.copysign(_modified(1, np.abs(x), bare=True), x)


def _bessel(order: int, x: Any) -> Any:
    """J(order, x) for x >= 0: Miller's backward recurrence below 30, Hankel's expansion (DLMF 10.17.3) above."""
    big = x > 30
    small = np.where(big | (x == 0), 1.0, x)
    after, here, total = np.zeros_like(x), np.full_like(x, 1e-300), np.zeros_like(x)
    wanted = np.zeros_like(x)
    for k in range(90, 0, -1):
        after, here = here, 2 * k / small * here - after
        large = np.abs(here) > 1e200
        scale = np.where(large, 1e-200, 1.0)
        after, here, total, wanted = after * scale, here * scale, total * scale, wanted * scale
        if k - 1 == order:
            wanted = here
        if (k - 1) % 2 == 0:
            total = total + (here if k == 1 else 2 * here)
    near = np.where(x == 0, 1.0 if order == 0 else 0.0, wanted / total)
    return np.where(big, _hankel(order, np.where(big, x, 31.0)), near)


def _hankel(order: int, x: Any) -> Any:
    p, q, a = np.ones_like(x), np.zeros_like(x), np.ones_like(x)
    for k in range(1, 20):
        a = a * (4 * order * order - (2 * k - 1) ** 2) / (k * 8 * x)
        if k % 2:
            q = q + (-1) ** (k // 2) * a
        else:
            p = p + (-1) ** (k // 2) * a
    sine, cosine = np.sin(x), np.cos(x)
    # cos and sin of x - order π/2 - π/4, without rounding the difference
    c, s = (cosine + sine, sine - cosine) if order == 0 else (sine - cosine, -(sine + cosine))
    return (p * c - q * s) / np.sqrt(math.pi * x)


@double
def j0(x: Any) -> Any:
    return _bessel(0, np.abs(x))


@double
def j1(x: Any) -> Any:
    return np.copysign(1.0, x) * _bessel(1, np.abs(x))
