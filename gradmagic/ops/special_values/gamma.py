"""The gamma function and its logarithmic derivatives. Knows NumPy; no op."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.ops.rules import double, each
from gradmagic.ops.special_values.zeta import BERNOULLI, hurwitz


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
    for k in reversed(range(len(BERNOULLI))):
        series = (series + BERNOULLI[k] / (2 * k + 2)) * square
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
        _series.extend((-1) ** (k + 1) * float(hurwitz(np.array(k + 1.0), np.array(_ZERO))) for k in range(1, 46))
    return _series


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
    return sign * (shifted + hurwitz(np.array(n + 1.0), np.where(u > 0, u, np.nan)))
