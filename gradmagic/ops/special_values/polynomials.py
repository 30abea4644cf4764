"""Orthogonal polynomials by their recurrences (DLMF 18.9.1). Knows NumPy; no op.

The degree may be an array; what is behind its decimal point is left out, and a polynomial of negative degree is 0: both
as in torch. A family is a generator of its polynomials at x, of degree 0, 1, 2…
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradmagic.ops.rules import double


def _of_degree(x: Any, n: Any, family: Callable[[Any], Iterator[Any]]) -> Any:
    x, n = np.broadcast_arrays(x, np.trunc(n))
    out = np.zeros(x.shape)
    last = int(np.max(n, initial=-1.0, where=np.isfinite(n)))
    for k, p in zip(range(last + 1), family(x), strict=False):
        wanted = n == k
        out[wanted] = p[wanted]
    return out


def _chebyshev(right: Callable[[Any], Any], left: Callable[[Any], Any]) -> Callable[..., Any]:
    """All four kinds have one recurrence; they differ in degree 1, given less degree 0 and in |x| - 1, where x > 0 and < 0.

    The differences are carried along (C. Reinsch's form): near ±1 the plain recurrence would magnify its rounding.
    """

    def family(x: Any) -> Iterator[Any]:
        u, sign, power = np.abs(x) - 1, np.where(x < 0, -1.0, 1.0), np.ones_like(x)
        p, step = np.ones_like(x), np.where(x < 0, left(u), right(u))
        while True:
            yield power * p
            p, power = p + step, power * sign
            step = step + 2 * u * p

    @double
    def polynomial(x: Any, n: Any) -> Any:
        return _of_degree(x, n, family)

    return polynomial


chebyshev_t = _chebyshev(lambda u: u, lambda u: u)
chebyshev_u = _chebyshev(lambda u: 2 * u + 1, lambda u: 2 * u + 1)
chebyshev_v = _chebyshev(lambda u: 2 * u, lambda u: 2 * u + 2)  # V(-x) is W(x) but for the sign
chebyshev_w = _chebyshev(lambda u: 2 * u + 2, lambda u: 2 * u)


@double
def legendre(x: Any, n: Any) -> Any:
    """By differences, as Chebyshev's."""

    def family(x: Any) -> Iterator[Any]:
        u, sign, power = np.abs(x) - 1, np.where(x < 0, -1.0, 1.0), np.ones_like(x)
        p, step, k = np.ones_like(x), u, 0
        while True:
            yield power * p
            p, power, k = p + step, power * sign, k + 1
            step = ((2 * k + 1) * u * p + k * step) / (k + 1)

    return _of_degree(x, n, family)


def _three_terms(first: Any, following: Callable[[int, Any, Any], Any]) -> Iterator[Any]:
    """From degree 1, and degree k + 1 by those of k and k - 1."""
    before, here, k = np.ones_like(first), first, 1
    yield before
    while True:
        yield here
        before, here, k = here, following(k, here, before), k + 1


@double
def gegenbauer(x: Any, n: Any, order: float) -> Any:
    """C(order, n): Legendre's polynomials at 1/2, Chebyshev's of the second kind at 1."""

    def following(x: Any) -> Callable[[int, Any, Any], Any]:
        return lambda k, p, q: (2 * (k + order) * x * p - (k + 2 * order - 1) * q) / (k + 1)

    return _of_degree(x, n, lambda x: _three_terms(2 * order * x, following(x)))


@double
def laguerre(x: Any, n: Any, order: float) -> Any:
    """L(order, n), Laguerre's polynomials at 0: by differences, as Chebyshev's, which here is for x near 0."""

    def family(x: Any) -> Iterator[Any]:
        p, step, k = np.ones_like(x), order - x, 0
        while True:
            yield p
            p, k = p + step, k + 1
            step = ((k + order) * step - x * p) / (k + 1)

    return _of_degree(x, n, family)


@double
def hermite_h(x: Any, n: Any) -> Any:
    return _of_degree(x, n, lambda x: _three_terms(2 * x, lambda k, p, q: 2 * x * p - 2 * k * q))


@double
def hermite_he(x: Any, n: Any) -> Any:
    return _of_degree(x, n, lambda x: _three_terms(x, lambda k, p, q: x * p - k * q))
