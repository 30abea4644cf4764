"""The longer formulas among the derivatives of scipy's ufuncs: guarded where they would divide zero by zero.

Plain scipy and NumPy, on arrays and on Tensors alike. Knows no row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.op import as_array
from gradmagic.ops import special
from gradmagic.ops.rules import called

_2_SQRT_PI = 2 / math.sqrt(math.pi)
_SQRT_2 = math.sqrt(2)
_SQRT_2PI = math.sqrt(2 * math.pi)


class _Scipy:
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # somebody looks at the module, and no function of scipy's is asked for
            raise AttributeError(name)
        import scipy.special

        return getattr(scipy.special, name)


S: Any = _Scipy()


def guarded(where: Any, inside: Callable[..., Any], outside: Callable[..., Any], *values: Any, safe: float) -> Any:
    """One formula where ``where``, another elsewhere; each sees ``safe`` instead of the values that are not its own."""
    return np.where(
        where,
        inside(*(np.where(where, v, safe) for v in values)),
        outside(*(np.where(where, safe, v) for v in values)),
    )


def rgamma_slope(x: Any) -> Any:
    """(1/Γ)', on the left through 1/Γ(x) = Γ(1-x) sin(πx)/π (DLMF 5.5.3), which has no poles there."""
    return guarded(
        x < 0.5,
        lambda u: S.gamma(1 - u) * (np.cos(math.pi * u) - S.psi(1 - u) * np.sin(math.pi * u) / math.pi),
        lambda u: -S.rgamma(u) * S.psi(u),
        x,
        safe=0.75,
    )


def over_gamma(y: Any, x: Any, rest: Callable[[], Any]) -> Any:
    """The derivative in ``x`` of y = rest() / Γ(x), also where 1/Γ is zero."""
    left = x <= 0
    slope = -y * S.psi(np.where(left, 1.0, x))
    return np.where(left, rest() * rgamma_slope(np.where(left, x, 0.0)), slope) if np.any(as_array(left)) else slope


def elliptic_slope(m: Any) -> Any:
    """K'(m) (DLMF 19.4.1); near 0 as a hypergeometric series (DLMF 19.5.1)."""
    return guarded(
        np.abs(m) < 0.3,
        lambda m: math.pi / 8 * S.hyp2f1(1.5, 1.5, 2, m),
        lambda m: (S.ellipe(m) - (1 - m) * S.ellipk(m)) / (2 * m * (1 - m)),
        m,
        safe=0.3,
    )


def ellipe_slope(m: Any) -> Any:
    return guarded(
        np.abs(m) < 0.3,
        lambda m: -math.pi / 8 * S.hyp2f1(0.5, 1.5, 2, m),
        lambda m: (S.ellipe(m) - S.ellipk(m)) / (2 * m),
        m,
        safe=0.3,
    )


def ellipkm1_slope(p: Any) -> Any:
    return -guarded(
        p > 0.7,
        lambda p: elliptic_slope(1 - p),
        lambda p: (S.ellipe(1 - p) - p * S.ellipkm1(p)) / (2 * (1 - p) * p),
        p,
        safe=0.7,
    )


def agm_slope(a: Any, b: Any, y: Any) -> Any:
    """In a, of M(a, b) = π/4 (a+b) / K(m), m = ((a-b)/(a+b))² (DLMF 19.8.5)."""
    total = a + b
    m = ((a - b) / total) ** 2
    return y / total - y * elliptic_slope(m) / S.ellipk(m) * 4 * b * (a - b) / total**3


def faddeeva_slope(a: Any, b: Any, c: Any) -> Any:
    """w'(z) at z = (a + ic)/(b√2) (DLMF 7.10.2), and z."""
    z = (a + 1j * c) / (b * _SQRT_2)
    return -2 * z * S.wofz(z) + 1j * _2_SQRT_PI, z


def voigt_scale(a: Any, b: Any, c: Any) -> Any:
    w, z = faddeeva_slope(a, b, c)
    return -S.voigt_profile(a, b, c) / b - np.real(w * z) / (b * b * _SQRT_2PI)


def sinhc(x: Any) -> Any:
    """sinh(x)/x (DLMF 10.39.9)."""
    near = np.abs(x) < 2
    return guarded(near, lambda x: S.hyp0f1(1.5, x * x / 4), lambda x: np.sinh(x) / x, x, safe=2.0)


def spence_slope(x: Any) -> Any:
    """log(x)/(1-x), near 1 as a hypergeometric series (DLMF 15.4.1)."""
    near = np.abs(x - 1) < 0.4
    return guarded(near, lambda x: -S.hyp2f1(1, 1, 2, 1 - x), lambda x: np.log(x) / (1 - x), x, safe=0.6)


def expn_slope(n: Any, x: Any) -> Any:
    """-E(n-1, x) (DLMF 8.19.13); E(0, x) = exp(-x)/x is elementary, and so is all below."""
    series = -S.expn(np.where(n > 1, n - 1, 1), x)
    if np.all(as_array(n) > 1):
        return series
    x = np.where(n > 1, 1.0, x)
    return np.where(n > 1, series, -np.exp(-x) * np.where(n == 1, 1 / x, (1 + 1 / x) / x))


def kolmogorov_slope(x: Any) -> Any:
    """Term by term, of the series in exp(-2k²x²) and, on the left, of its transform by Poisson's formula."""
    left, none = x < 0.8, x < 0.04
    big, small = np.where(left, 1.0, x), np.where(left & ~none, x, 0.5)
    right = sum((-1) ** k * 8 * k * k * big * np.exp(-2 * k * k * big * big) for k in range(1, 7))
    rates = [((2 * k - 1) * math.pi) ** 2 / 8 for k in range(1, 7)]
    square = small * small
    near = sum((1 - 2 * r / square) * np.exp(-r / square) for r in rates) * _SQRT_2PI / square
    return np.where(left, np.where(none, 0.0, near), right)


def below(n: Any) -> Any:
    return np.where(n == 0, 0, n - 1)


def gegenbauer_slope(n: Any, k: Any, x: Any) -> Any:
    """d/dx C(n, k, x) = 2k C(n-1, k+1, x) (DLMF 18.9.19): Legendre is k = 1/2, Chebyshev's second kind k = 1."""
    return np.where(n == 0, 0.0, 2 * k * S.eval_gegenbauer(below(n), k + 1, x))


def laguerre_slope(n: Any, k: Any, x: Any) -> Any:
    return np.where(n == 0, 0.0, -S.eval_genlaguerre(below(n), k + 1, x))  # DLMF 18.9.23


def huber_partial(a: Any, b: Any) -> Any:
    return np.where(np.abs(b) <= a, 0.0, np.abs(b) - a)


def hypotenuse(a: Any, b: Any) -> Any:
    zero = (a == 0) & (b == 0)
    return np.sqrt(np.where(zero, 1.0, a * a + b * b))


def pseudo_huber_width(a: Any, b: Any) -> Any:
    h = hypotenuse(a, b)
    return (b * b / (h + a)) ** 2 / h


def riemann_slope(x: Any) -> Any:
    return called(special.riemann_derivative)(x, m=1)


def order_slope(f: Any, n: Any, x: Any, below: int, above: int) -> Any:
    """Half the sum, with signs, of the Bessel functions of the orders beside (DLMF 10.6.1, 10.29.1)."""
    return (below * f(n - 1, x) + above * f(n + 1, x)) / 2
