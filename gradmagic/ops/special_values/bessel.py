"""Bessel functions of integer order. Knows NumPy; no op."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.ops.rules import double


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
