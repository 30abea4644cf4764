"""The error function and its kin, and the normal distribution. Knows NumPy; no op."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.ops.rules import double, each

_SQRT_PI = math.sqrt(math.pi)
_SQRT_HALF = math.sqrt(0.5)

erf = each(math.erf)
erfc = each(math.erfc)


def exp_of_square(x: Any, sign: float) -> Any:
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
    near = np.where(small < -26.7, np.inf, exp_of_square(np.maximum(small, -26.7), 1.0) * erfc(small))
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


def _ndtri_one(p: float) -> float:
    return -_erfcinv_one(2 * p) / _SQRT_HALF


ndtri = each(_ndtri_one)


@double
def log_ndtr(x: Any) -> Any:
    """The logarithm of the normal distribution function, through erfcx on the left."""
    left = x < -1
    z = np.where(left, -x * _SQRT_HALF, 1.0)
    tail = np.log(erfcx(z) / 2) - np.where(left, x * x, 0.0) / 2
    return np.where(left, tail, np.log1p(-erfc(np.where(left, 0.0, x) * _SQRT_HALF) / 2))
