"""The incomplete gamma functions and the beta function. Knows NumPy; no op."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.ops.rules import double
from gradmagic.ops.special_values.gammas import gamma, lgamma, stirling

_LONGEST = 100_000  # terms; about 9 √a are needed where x is near a


def _excess(u: Any) -> Any:
    """U - log(1 + u), by the series of atanh where that cancels."""
    near = np.abs(u) < 0.5
    v = np.where(near, u, 0.0)
    r = v / (2 + v)
    series = np.zeros_like(v)
    for k in range(43, 1, -2):
        series = (series + 1 / k) * r * r
    return np.where(near, r * (v - 2 * series), u - np.log1p(np.where(near, 0.0, u)))


def _density(a: Any, x: Any) -> Any:
    """x^a exp(-x) / Γ(a + 1); for large a by Stirling's series around x = a."""
    small = np.where(a < 8, a, 1.0)
    near = np.where(x < 700, x, 700.0) ** small * np.exp(-x) / gamma(small + 1)
    large = np.where(a < 8, 8.0, a)
    far = np.exp(-large * _excess((x - large) / large) - stirling(large)) / np.sqrt(2 * math.pi * large)
    return np.where(a < 8, near, far)


def _series(a: Any, x: Any) -> Any:
    """1 + x/(a+1) + x²/((a+1)(a+2)) + … (DLMF 8.7.1)."""
    term, total = np.ones_like(x), np.ones_like(x)
    for k in range(1, _LONGEST):
        term = term * (x / (a + k))
        total = total + term
        if (term <= 1e-17 * total).all():
            break
    return total


def _fraction(a: Any, x: Any) -> Any:
    """Γ(a, x) exp(x) x^-a, the continued fraction (DLMF 8.9.2), from ever deeper down until nothing changes."""
    value, depth = np.zeros_like(x), 32
    while depth < _LONGEST:
        before, value = value, np.zeros_like(x)
        for k in range(depth, 0, -1):
            value = k * (a - k) / (x + 2 * k + 1 - a + value)
        if (np.abs(value - before) <= 1e-16 * (x + 1 - a)).all():
            break
        depth *= 2
    return 1 / (x + 1 - a + value)


def _upper_near_zero(a: Any, x: Any) -> Any:
    """Q for small a and x: 1 - x^a / Γ(a+1) without the difference, and the rest of the series (DLMF 8.7.3)."""
    term, total = np.ones_like(x), np.zeros_like(x)
    for k in range(1, 25):
        term = term * -x / k
        total = total + term / (a + k)
    return -np.expm1(a * np.log(x) - lgamma(a + 1)) - x**a * a / gamma(a + 1) * total


def _on(part: Any, formula: Any, a: Any, x: Any) -> Any:
    out = np.zeros(x.shape)
    if part.any():
        out[part] = formula(a[part], x[part])
    return out


def _lower_and_upper(a: Any, x: Any) -> tuple[Any, Any]:
    a, x = np.broadcast_arrays(a, x)
    fine = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    far, tiny = fine & (x >= a + 1), fine & (x < 1.1) & (a < 1.1 * x)
    lower = _on(fine & ~far, lambda a, x: _density(a, x) * _series(a, x), a, x)
    upper = _on(far & ~tiny, lambda a, x: _density(a, x) * a * _fraction(a, x), a, x)
    upper = upper + _on(tiny, _upper_near_zero, a, x)
    lower, upper = np.where(far, 1 - upper, lower), np.where(fine & ~far & ~tiny, 1 - lower, upper)
    wrong = np.isnan(a) | np.isnan(x) | (a < 0) | (x < 0) | ((a == 0) & (x == 0)) | (np.isinf(a) & np.isinf(x))
    nothing = (x == 0) | np.isinf(a)
    lower = np.where(fine, lower, np.where(nothing, 0.0, 1.0))
    upper = np.where(fine, upper, np.where(nothing, 1.0, 0.0))
    return np.where(wrong, np.nan, lower), np.where(wrong, np.nan, upper)


@double
def gammainc(a: Any, x: Any) -> Any:
    """P(a, x), the regularised lower one."""
    return _lower_and_upper(a, x)[0]


@double
def gammaincc(a: Any, x: Any) -> Any:
    """Q(a, x), the regularised upper one."""
    return _lower_and_upper(a, x)[1]


def _large_betaln(p: Any, q: Any) -> Any:
    """For 0 < p <= q, q >= 8, with Stirling's series, so that no two large numbers are subtracted."""
    big = np.maximum(p, 8.0)
    both = (
        0.5 * (math.log(2 * math.pi) - np.log(q))
        + (big - 0.5) * np.log(big / (big + q))
        - q * np.log1p(big / q)
        + (stirling(big) + stirling(q) - stirling(big + q))
    )
    one = lgamma(p) - p * np.log(q) + p - (q + p - 0.5) * np.log1p(p / q) + (stirling(q) - stirling(p + q))
    return np.where(p >= 8, both, one)


@double
def betaln(a: Any, b: Any) -> Any:
    """Log |B(a, b)|."""
    a, b = np.broadcast_arrays(a, b)
    p, q = np.minimum(a, b), np.maximum(a, b)
    large = (p > 0) & (q >= 8)
    near = np.where(large, 0.0, lgamma(p) + lgamma(q) - lgamma(p + q))
    return np.where(large, _large_betaln(np.where(large, p, 8.0), np.where(large, q, 8.0)), near)


@double
def beta(a: Any, b: Any) -> Any:
    a, b = np.broadcast_arrays(a, b)
    large = (np.minimum(a, b) > 0) & (np.maximum(a, b) >= 8)
    small = [np.where(large, 1.0, v) for v in (a, b)]
    return np.where(large, np.exp(betaln(a, b)), gamma(small[0]) * gamma(small[1]) / gamma(small[0] + small[1]))
