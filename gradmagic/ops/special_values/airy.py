"""Airy's function Ai and its derivative. Knows NumPy; no op.

In the middle by Taylor's series at the nearest whole number, whose coefficients follow from y'' = x y and the two values
there; on the right through the modified Bessel functions K, on the left by the expansion for large arguments.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.ops.rules import double
from gradmagic.ops.special_values.bessel import k_integral
from gradmagic.ops.special_values.exact import product

_LEFT, _RIGHT = -10.5, 2.5
# Ai and Ai' at -10, -9, … 2, by mpmath
_VALUES = (0.04024123848644319, -0.022133721547341403, -0.0527050503563862, 0.18428083525050565, -0.3291451736298231, 0.35076100902411433, -0.07026553294928951, -0.37881429367765806, 0.22740742820168558, 0.5355608832923521, 0.3550280538878172, 0.13529241631288141, 0.03492413042327438)  # fmt: skip
_SLOPES = (0.99626504413279, -0.9756639809263316, 0.9355609381983065, -0.7710081684101265, 0.3459354872813429, 0.32719281855444315, -0.7906285753685813, 0.3145837692165988, 0.618259020741691, -0.01016056711664521, -0.2588194037928068, -0.1591474412967932, -0.05309038443365363)  # fmt: skip


def _taylor(x: Any) -> tuple[Any, Any]:
    at = np.round(x)
    d = x - at
    value, slope = (np.array(v)[(at + 10).astype(int)] for v in (_VALUES, _SLOPES))
    coefficients = [value, slope, at * value / 2]
    for k in range(1, 26):
        coefficients.append((at * coefficients[k] + coefficients[k - 1]) / ((k + 1) * (k + 2)))
    y, dy = np.zeros_like(d), np.zeros_like(d)
    for k in range(len(coefficients) - 1, 0, -1):
        y, dy = (y + coefficients[k]) * d, dy * d + k * coefficients[k]
    return y + value, dy


def _zeta(x: Any) -> tuple[Any, Any]:
    """2/3 x √x, and what rounding took from it: exp and sin would magnify that."""
    root = np.sqrt(x)
    square, rest = product(root, root)
    missing = ((x - square) - rest) / (2 * root) * x
    cube, rest = product(x, root)
    zeta = cube / 1.5
    back, lost = product(zeta, np.full_like(zeta, 1.5))
    return zeta, (((cube - back) - lost) + rest + missing) / 1.5


def _right(x: Any) -> tuple[Any, Any]:
    """DLMF 9.6.2, 9.6.3."""
    zeta, rest = _zeta(x)
    scale = np.exp(-zeta) * (1 - rest) / math.pi
    return scale * np.sqrt(x / 3) * k_integral(zeta, 1 / 3), -scale * x / math.sqrt(3) * k_integral(zeta, 2 / 3)


def _left(x: Any) -> tuple[Any, Any]:
    """DLMF 9.7.9, 9.7.10."""
    z = -x
    zeta, rest = _zeta(z)
    u = v = np.ones_like(z)
    sums = [np.ones_like(z), np.zeros_like(z), np.ones_like(z), np.zeros_like(z)]  # even, odd of u; even, odd of v
    for k in range(1, 16):
        u = u * ((6 * k - 5) * (6 * k - 3) * (6 * k - 1) / ((2 * k - 1) * 216 * k)) / zeta
        v = u * ((6 * k + 1) / (1 - 6 * k))
        sign = (-1) ** (k // 2)
        sums[k % 2] = sums[k % 2] + sign * u
        sums[2 + k % 2] = sums[2 + k % 2] + sign * v
    sine, cosine = np.sin(zeta) + rest * np.cos(zeta), np.cos(zeta) - rest * np.sin(zeta)
    c, s = (cosine + sine) * math.sqrt(0.5), (sine - cosine) * math.sqrt(0.5)  # of zeta - π/4
    root = z**0.25
    return (
        (c * sums[0] + s * sums[1]) / (root * math.sqrt(math.pi)),
        (s * sums[2] - c * sums[3]) * root / math.sqrt(math.pi),
    )


def _both(x: Any, which: int) -> Any:
    out = np.full(np.shape(x), np.nan)
    for part, formula in (
        ((x > _LEFT) & (x < _RIGHT), _taylor),
        ((x >= _RIGHT) & (x < 200), _right),
        (x <= _LEFT, _left),
    ):
        if part.any():
            out[part] = formula(x[part])[which]
    return np.where(x >= 200, 0.0, out)


@double
def airy(x: Any) -> Any:
    return _both(x, 0)


@double
def airy_prime(x: Any) -> Any:
    return _both(x, 1)
