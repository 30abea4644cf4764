"""Dawson's, the exponential, the sine and the cosine integral. Knows NumPy; no op."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.ops.rules import double
from gradmagic.ops.special_values.error import exp_of_square

# -- Dawson's integral --------------------------------------------------------------------------------------------


def _dawsn(x: Any) -> Any:
    """By sampling: G. B. Rybicki, Dawson's integral and the sampling theorem (1989), with steps of 1/4; a series near 0."""
    step, size = 0.25, np.abs(x)
    middle = 2 * np.round(size / (2 * step))  # the even number of steps next to x
    rest = size - middle * step
    total = np.zeros_like(x)
    for k in range(-25, 27, 2):
        total = total + np.exp(-((rest - k * step) ** 2)) / (middle + k)
    near = size < 0.6
    u = np.where(near, x * x, 0.0)
    series = np.ones_like(x)
    for k in range(20, 0, -1):
        series = 1 - series * 2 * u / (2 * k + 1)
    value = np.where(near, size * series, total / math.sqrt(math.pi))
    return np.copysign(np.where(size > 1e8, 0.5 / size, value), x)


@double
def dawsn(x: Any) -> Any:
    return _dawsn(x)


@double
def erfi(x: Any) -> Any:
    """2/√π exp(x²) D(x)."""
    small = np.clip(x, -27.0, 27.0)
    value = 2 / math.sqrt(math.pi) * exp_of_square(small, 1.0) * _dawsn(small)
    return np.where(np.abs(x) > 27, np.copysign(np.inf, x), value)


# -- the exponential integral -------------------------------------------------------------------------------------

_ZERO, _ZERO_REST = 0.3725074107813666, 1.3140183414386028e-17  # Ei's, in two parts


def _e1_near(x: Any) -> Any:
    """-γ - log x + x - x²/(2·2!) + … (DLMF 6.6.2)."""
    term, total = np.ones_like(x), np.zeros_like(x)
    for k in range(1, 22):
        term = term * -x / k
        total = total - term / k
    return total - np.log(x) - np.euler_gamma


def _fraction(z: Any) -> Any:
    """exp(z) E1(z) for |z| >= 1 in the right half-plane: the continued fraction (DLMF 6.9.1), from deep down upwards."""
    value = np.zeros_like(z)
    for k in range(110, 0, -1):
        value = -k * k / (z + 2 * k + 1 + value)
    return 1 / (z + 1 + value)


def _ei_near_zero(x: Any) -> Any:
    """Taylor's series at its zero, of exp(x)/x integrated."""
    d, coefficient, factorial = (x - _ZERO) - _ZERO_REST, 0.0, 1.0
    total, power = np.zeros_like(x), np.ones_like(x)
    for k in range(30):
        factorial *= max(k, 1)
        coefficient = (math.exp(_ZERO) / factorial - coefficient) / _ZERO
        power = power * d
        total = total + coefficient * power / (k + 1)
    return total


def _ei(x: Any) -> Any:
    """For x > 0: the power series up to 40 (DLMF 6.6.2), the asymptotic one beyond (6.12.2), a Taylor series at the zero."""
    small, large = np.minimum(x, 40.0), np.clip(x, 40.0, 700.0)
    term, total = np.ones_like(x), np.zeros_like(x)
    for k in range(1, 140):
        term = term * small / k
        total = total + term / k
    at_zero = np.abs(x - _ZERO) < 0.1
    near = total + np.log(small) + np.euler_gamma
    near = np.where(at_zero, _ei_near_zero(np.where(at_zero, x, _ZERO)), near)
    series = np.ones_like(x)
    for k in range(38, 0, -1):
        series = 1 + series * k / large
    return np.where(x <= 40, near, np.where(x > 720, np.inf, np.exp(np.minimum(x, 720)) / np.minimum(x, 720) * series))


@double
def exp1(x: Any) -> Any:
    """E1; infinite at 0, NaN on the left."""
    near = np.where(x > 0, np.minimum(x, 1.0), 0.5)
    far = np.clip(x, 1.0, 800.0)
    value = np.where(x > 1, np.exp(-far) * _fraction(far), _e1_near(near))
    return np.where(x == 0, np.inf, np.where(x > 0, value, np.nan))


@double
def expi(x: Any) -> Any:
    """Ei, the principal value on the right."""
    right = _ei(np.where(x > 0, x, 1.0))
    return np.where(x > 0, right, np.where(x == 0, -np.inf, -exp1(np.abs(x))))


# -- the sine and the cosine integral -----------------------------------------------------------------------------


def _sici(x: Any) -> tuple[Any, Any]:
    """For x > 0: power series up to 2 (DLMF 6.6.5, 6.6.6), beyond it E1(ix) (DLMF 6.5.5, 6.5.6)."""
    small, large = np.minimum(x, 2.0), np.clip(x, 2.0, 1e300)
    term, si, ci = np.ones_like(x), np.zeros_like(x), np.zeros_like(x)
    for k in range(1, 34):
        term = term * small / k
        sign = -1 if (k // 2) % 2 else 1
        if k % 2:
            si = si + sign * term / k
        else:
            ci = ci + sign * term / k
    e1 = _fraction(1j * large) * (np.cos(large) - 1j * np.sin(large))
    far = x > 2
    return np.where(far, math.pi / 2 + e1.imag, si), np.where(far, -e1.real, ci + np.log(small) + np.euler_gamma)


@double
def sine_integral(x: Any) -> Any:
    return np.where(x == 0, x, np.copysign(_sici(np.where(x == 0, 1.0, np.abs(x)))[0], x))


@double
def cosine_integral(x: Any) -> Any:
    right = x > 0
    return np.where(right, _sici(np.where(right, x, 1.0))[1], np.where(x == 0, -np.inf, np.nan))
