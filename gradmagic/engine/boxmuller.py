"""Normal numbers from uniform ones, with the roundings of torch's CPU kernels. Knows no generator and no Tensor.

Torch pairs number j with number j + 8 of every block of sixteen. For float32 its kernel evaluates the polynomials of
the Cephes library (S. L. Moshier) with fused multiply-adds; they are repeated here step by step, because NumPy's own
log, cos and sin, which round differently, would change one number in seven in its last bits. For float64 it calls the
C library.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]

_f = np.float32
_LOG = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
_COS = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_SIN = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_MINUS_QUARTER_PI = (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)
_LOG_TWO_LOW, _LOG_TWO_HIGH = -2.12194440e-4, 0.693359375
_SMALLEST_NORMAL, _ROOT_HALF, _FOUR_OVER_PI = _f(1.17549435e-38), _f(0.707106781186547524), _f(1.27323954473516)


def from_blocks(uniform: Floats, mean: float = 0.0, std: float = 1.0) -> Floats:
    """Turn uniform numbers, whole blocks of sixteen, into as many normal ones of the same dtype."""
    blocks = uniform.reshape(-1, 2, 8)
    kernel = _float32_pairs if uniform.dtype == np.float32 else _float64_pairs
    cosines, sines = kernel(1 - blocks[:, 0], blocks[:, 1])
    return scaled(np.stack((cosines, sines), axis=1).reshape(-1), mean, std)


def from_pairs(uniform: Floats) -> Floats:
    """Turn float64 numbers u1, u2, u1, u2, … into as many normal ones: torch's way for fewer than sixteen."""
    normal = []
    pairs = iter(uniform.tolist())
    for u1, u2 in zip(pairs, pairs, strict=True):
        radius, angle = math.sqrt(-2.0 * math.log1p(-u2)), 2.0 * math.pi * u1
        normal += [radius * math.cos(angle), radius * math.sin(angle)]
    return np.array(normal, dtype=np.float64)


def scaled(normal: Floats, mean: float, std: float) -> Floats:
    """``normal * std + mean``, rounded once."""
    if mean == 0.0 and std == 1.0:
        return normal
    if normal.dtype == np.float32:
        return _fused(normal, _f(std), _f(mean))
    product: Floats = normal * std
    if mean == 0.0:
        return product
    total = product + mean
    return total + (_product_error(normal, std, product) + _sum_error(product, mean, total))


def _product_error(a: Floats, b: float, product: Floats) -> Floats:
    """What a rounded product lacks (T. J. Dekker, 1971)."""
    a_high, b_high = _high_half(a), _high_half(b)
    a_low, b_low = a - a_high, b - b_high
    error: Floats = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return error


def _high_half(a: Any) -> Any:
    shifted = a * 134217729.0
    return shifted - (shifted - a)


def _sum_error(a: Floats, b: float, total: Floats) -> Floats:
    """What a rounded sum lacks (D. E. Knuth, TAOCP 4.2.2)."""
    b_seen = total - a
    return (a - (total - b_seen)) + (b - b_seen)


def _float64_pairs(u1: Floats, u2: Floats) -> tuple[Floats, Floats]:
    # The C library's functions one by one: NumPy's vectorised ones differ from them in the last bit.
    def each(function: Any, values: Floats) -> Floats:
        return np.fromiter(map(function, values.ravel().tolist()), np.float64, values.size).reshape(values.shape)

    radius, angle = np.sqrt(-2.0 * each(math.log, u1)), (2.0 * math.pi) * u2
    return radius * each(math.cos, angle), radius * each(math.sin, angle)


def _float32_pairs(u1: Floats, u2: Floats) -> tuple[Floats, Floats]:
    radius = np.sqrt(_f(-2) * _log(u1))
    sine, cosine = _sin_cos(_f(2 * math.pi) * u2)
    return radius * cosine, radius * sine


def _fused(a: Any, b: Any, c: Any) -> Floats:
    """``a * b + c`` of float32 rounded once: float64 holds the product exactly, and the sum with bits to spare."""
    result: Floats = np.multiply(a, b, dtype=np.float64) + c
    return result.astype(np.float32)


def _polynomial(x: Floats, coefficients: tuple[float, ...]) -> Any:
    value: Any = _f(coefficients[0])
    for coefficient in coefficients[1:]:
        value = _fused(value, x, _f(coefficient))
    return value


def _log(x: Floats) -> Floats:
    bits = np.maximum(x, _SMALLEST_NORMAL).view(np.int32)
    mantissa = ((bits & ~0x7F800000) | 0x3F000000).view(np.float32)
    exponent = ((bits >> 23) - 126).astype(np.float32)
    small = mantissa < _ROOT_HALF
    exponent -= small
    m = mantissa - _f(1) + np.where(small, mantissa, _f(0))
    square = m * m
    tail = _polynomial(m, _LOG) * m
    tail = _fused(tail, square, exponent * _f(_LOG_TWO_LOW))
    tail = _fused(square, _f(-0.5), tail)
    return _fused(exponent, _f(_LOG_TWO_HIGH), m + tail)


def _sin_cos(angle: Floats) -> tuple[Floats, Floats]:
    """Sine and cosine of angles in [0, 2π], from the octant and two polynomials on [0, π/4]."""
    octant = ((angle * _FOUR_OVER_PI).astype(np.int32) + 1) & ~1
    x = angle
    for part in _MINUS_QUARTER_PI:
        x = _fused(octant.astype(np.float32), _f(part), x)
    square = x * x
    cosine = _fused(_polynomial(square, _COS) * square, square, square * _f(-0.5)) + _f(1)
    sine = _fused(_polynomial(square, _SIN) * square, x, x)
    straight = octant & 2 == 0
    return (
        np.where(straight, sine, cosine) * np.where(octant & 4, _f(-1), _f(1)),
        np.where(straight, cosine, sine) * np.where((octant - 2) & 4, _f(1), _f(-1)),
    )
