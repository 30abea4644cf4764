"""The zeta functions and their derivatives in the exponent. Knows NumPy; no op.

A derivative of any order comes from a truncated power series in the exponent: a list of the coefficients of 1, δ, δ²…
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.ops.rules import double

Series = list[Any]
# the Bernoulli numbers B(2k), k = 1…
BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
    854513 / 138, -236364091 / 2730,
)  # fmt: skip


def _times(a: Series, b: Series) -> Series:
    return [sum(a[i] * b[j - i] for i in range(j + 1)) for j in range(len(a))]


def _power(base: Any, exponent: Any, m: int, lost: Any) -> Series:
    """The power of the base to -(exponent + δ); ``lost`` is what rounding took from the base."""
    value = base**-exponent * (1 - exponent * (lost / base))
    return [value * (-np.log(base)) ** j / math.factorial(j) for j in range(m + 1)]


def _hurwitz_series(s: Any, q: Any, m: int) -> Series:
    """ζ(s + δ, q) for q > 0 by Euler and Maclaurin (DLMF 25.11.5 at N = 12)."""
    n = 12
    at = q + n
    lost = q - (at - n)
    power = _power(at, s, m, lost)
    inverse = [(-1) ** j / (s - 1) ** (j + 1) for j in range(m + 1)]
    total = _times(_power(at, s - 1, m, lost), inverse)
    tail = [p * 0.0 for p in power]
    rising = [p / at for p in _times(power, [s, 1.0, *[0.0] * m][: m + 1])]
    factorial = 2.0
    for k, b in enumerate(BERNOULLI, 1):
        tail = [t + b / factorial * r for t, r in zip(tail, rising, strict=True)]
        for i in (2 * k - 1, 2 * k):
            rising = [r / at for r in _times(rising, [s + i, 1.0, *[0.0] * m][: m + 1])]
        factorial *= (2 * k + 1) * (2 * k + 2)
    total = [t + p / 2 + r for t, p, r in zip(tail, power, total, strict=True)]
    for k in reversed(range(n)):  # the small ones first
        base = q + k
        total = [t + p for t, p in zip(total, _power(base, s, m, q - (base - k)), strict=True)]
    return total


def hurwitz(s: Any, q: Any, m: int = 0) -> Any:
    """The m-th derivative in s of the Hurwitz zeta function, s > 1, q > 0."""
    return _hurwitz_series(s, q, m)[m] * math.factorial(m)


@double
def zeta(s: Any, q: Any) -> Any:
    """The Hurwitz zeta function of real arguments: infinite at s = 1, NaN below, as in scipy and torch."""
    s, q = np.broadcast_arrays(s, q)
    fine = (s > 1) & (q > 0)
    value = hurwitz(np.where(fine, s, 2.0), np.where(fine, q, 1.0))
    return np.where(fine, value, np.where((s == 1) | ((q <= 0) & (q == np.floor(q)) & (s > 1)), np.inf, np.nan))


@double
def hurwitz_derivative(s: Any, q: Any, m: int) -> Any:
    s, q = np.broadcast_arrays(s, q)
    fine = (s > 1) & (q > 0)
    return np.where(fine, hurwitz(np.where(fine, s, 2.0), np.where(fine, q, 1.0), m), np.nan)


def _reflected(s: Any, m: int) -> Any:
    """The m-th derivative of Riemann's zeta at s < 0: 2 (2π)^(s-1) sin(πs/2) Γ(1-s) ζ(1-s) (DLMF 25.4.1)."""
    from gradmagic.ops.special_values.gammas import digamma, gamma, polygamma  # which knows this file

    u, scale, turn = 1 - s, math.log(2 * math.pi), math.pi / 2
    angle = np.fmod(s, 4.0) * turn
    power = [np.exp(s * scale) / math.pi * scale**j / math.factorial(j) for j in range(m + 1)]
    sine = [np.sin(angle + j * turn) * turn**j / math.factorial(j) for j in range(m + 1)]
    mirrored = [c * (-1) ** j for j, c in enumerate(_hurwitz_series(u, np.ones_like(u), m))]
    # Γ(u - δ): its logarithmic derivative is -ψ, so that j c(j) = -Σ p(i) c(j-1-i)
    slopes = [-(digamma(u) if i == 0 else polygamma(u, n=i)) * (-1) ** i / math.factorial(i) for i in range(m)]
    factor = [gamma(u)]
    for j in range(1, m + 1):
        factor.append(sum(slopes[i] * factor[j - 1 - i] for i in range(j)) / j)
    return _times(_times(power, sine), _times(factor, mirrored))[m] * math.factorial(m)


@double
def riemann_derivative(s: Any, m: int) -> Any:
    """The m-th derivative of Riemann's zeta function; its pole at 1 gives an infinity."""
    right = s >= 0
    near = hurwitz(np.where(right, s, 2.0), np.ones_like(s), m)
    return np.where(right, near, _reflected(np.where(right, -0.5, s), m))
