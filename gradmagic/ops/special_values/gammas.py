"""The gamma function, its logarithm and the derivatives of that. Knows NumPy; no op."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from gradmagic.ops.rules import double, each
from gradmagic.ops.special_values.zetas import BERNOULLI, hurwitz


def _gamma_one(x: float) -> float:
    if x == 0:
        return math.copysign(math.inf, x)
    if x == -math.inf or (x < 0 and x == math.floor(x)):
        return math.nan
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf


gamma = each(_gamma_one)

# digamma's positive zero, in two parts: near it the value is the slope's, not the difference of two logarithms
_ZERO, _ZERO_REST = 1.4616321449683622, 9.549995429965697e-17
_HALF_LOG_2PI = 0.9189385332046728


@cache
def _zeros_of_lgamma(at: int) -> tuple[float, ...]:
    """Taylor's coefficients of log Γ at 1 or 2 (DLMF 5.7.3)."""
    zetas = [float(hurwitz(np.array(float(k)), np.array(float(at)))) for k in range(2, 48)]
    return (at - 1 - np.euler_gamma, *((-1) ** k * z / k for k, z in enumerate(zetas, 2)))


@cache
def _zero_of_digamma() -> tuple[float, ...]:
    """Taylor's coefficients there: (-1)^(k+1) ζ(k+1, zero)."""
    return tuple((-1) ** (k + 1) * float(hurwitz(np.array(k + 1.0), np.array(_ZERO))) for k in range(1, 46))


def _powers(d: Any, coefficients: tuple[float, ...]) -> Any:
    """The sum of c(1) d + c(2) d² + …"""
    out = np.zeros_like(d)
    for c in reversed(coefficients):
        out = (out + c) * d
    return out


def stirling(x: Any) -> Any:
    """Log Γ(x) - (x - 1/2) log x + x - log(2π)/2 for x >= 8 (DLMF 5.11.1)."""
    square = 1 / (x * x)
    series = np.zeros_like(x)
    for k in reversed(range(len(BERNOULLI))):
        series = series * square + BERNOULLI[k] / ((2 * k + 2) * (2 * k + 1))
    return series / x


def _lgamma_right(x: Any) -> Any:
    """Stirling's series from 8; below, the arguments are brought near a zero, 1 or 2."""
    big = np.where(x >= 8, x, 8.0)
    far = (big - 0.5) * (np.log(big) - 1) + (_HALF_LOG_2PI - 0.5 + stirling(big))
    u, factor = np.where(x >= 8, 2.0, x), np.ones_like(x)
    for _ in range(6):
        high = u > 2.5
        u = np.where(high, u - 1, u)
        factor = np.where(high, factor * u, factor)
    shift = np.where(u < 0.3, 0.0, np.where(u < 1.3, 1.0, 2.0))  # 1 or 2 less what is gained by Γ(u) = Γ(u + 1)/u
    at_one = (u < 0.3) | ((u >= 0.7) & (u < 1.3))
    d = u - shift
    near = np.where(
        at_one,
        _powers(np.where(at_one, d, 0.0), _zeros_of_lgamma(1)),
        _powers(np.where(at_one, 0.0, d), _zeros_of_lgamma(2)),
    )
    return np.where(x >= 8, far, near + np.where(u < 0.7, -np.log(u), np.log(factor)))


@double
def lgamma(x: Any) -> Any:
    """Log |Γ(x)|; on the left by reflection (DLMF 5.5.3), where near its zeros the error is that of a difference."""
    left = x < 0
    value = _lgamma_right(np.where(left, 1 - x, x))
    sine = np.abs(np.sin(math.pi * (x - np.round(x))))
    value = np.where(left, math.log(math.pi) - np.log(sine) - value, value)
    return np.where(np.isinf(x) | (left & (sine == 0)), np.inf, value)


@double
def digamma(x: Any) -> Any:
    """Taylor's series at its zero, from 1 to 2, reached by recurrence from 0 to 8; then DLMF 5.11.2; reflection on the left."""
    left = x < 0
    u = np.where(left, 1 - x, x)
    big = np.where(u >= 8, u, 8.0)
    square = 1 / (big * big)
    series = np.zeros_like(u)
    for k in reversed(range(len(BERNOULLI))):
        series = (series + BERNOULLI[k] / (2 * k + 2)) * square
    far = np.log(big) - 0.5 / big - series
    low = u < 1
    v, shift = np.where(u >= 8, 1.5, np.where(low, u + 1, u)), np.where(low, -1 / u, 0.0)
    for _ in range(6):
        high = v > 2
        v = np.where(high, v - 1, v)
        shift = np.where(high, shift + 1 / v, shift)
    value = np.where(u >= 8, far, _powers((v - _ZERO) - _ZERO_REST, _zero_of_digamma()) + shift)
    fraction = x - np.round(x)  # tan has the period 1 here: exact for large arguments
    value = np.where(left, value - math.pi / np.tan(math.pi * fraction), value)
    pole = (x == 0) | (left & (fraction == 0))
    return np.where(pole, np.where(x == 0, np.copysign(np.inf, -x), np.nan), value)


@double
def polygamma(x: Any, n: int) -> Any:
    """The n-th derivative of digamma; on the left by recurrence from the right."""
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
