"""Orthogonal polynomials by their recurrences (DLMF 18.9.1). Knows NumPy; no op.

The degree may be an array; what is behind its decimal point is left out, and a polynomial of negative degree is 0: both
as in torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.ops.rules import double


def _by_recurrence(x: Any, n: Any, first: Any, following: Callable[[int, Any, Any], Any]) -> Any:
    """Degrees 0 and 1, then ``following(k, p(k), p(k-1))`` for p(k+1), each put where it is asked for."""
    x, n = np.broadcast_arrays(x, np.trunc(n))
    out = np.zeros(x.shape)
    before, here = np.zeros(x.shape), np.ones(x.shape)
    for k in range(int(np.max(n, initial=-1.0, where=np.isfinite(n))) + 1):
        if k:
            before, here = here, np.broadcast_to(following(k - 1, here, before) if k > 1 else first, x.shape)
        wanted = n == k
        out[wanted] = here[wanted]
    return np.where(np.isnan(x) & (n >= 0), np.nan, out)


def _of_chebyshev(first: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """All four kinds have one recurrence; they differ in degree 1."""

    @double
    def polynomial(x: Any, n: Any) -> Any:
        return _by_recurrence(x, n, first(x), lambda k, p, q: 2 * x * p - q)

    return polynomial


chebyshev_t = _of_chebyshev(lambda x: x)
chebyshev_u = _of_chebyshev(lambda x: 2 * x)
chebyshev_v = _of_chebyshev(lambda x: 2 * x - 1)
chebyshev_w = _of_chebyshev(lambda x: 2 * x + 1)


@double
def gegenbauer(x: Any, n: Any, order: float) -> Any:
    """C(order, n): Legendre's polynomials at 1/2, Chebyshev's of the second kind at 1."""
    return _by_recurrence(
        x, n, 2 * order * x, lambda k, p, q: (2 * (k + order) * x * p - (k + 2 * order - 1) * q) / (k + 1)
    )


@double
def laguerre(x: Any, n: Any, order: float) -> Any:
    """L(order, n): Laguerre's polynomials at 0."""
    return _by_recurrence(
        x, n, 1 + order - x, lambda k, p, q: ((2 * k + 1 + order - x) * p - (k + order) * q) / (k + 1)
    )


@double
def hermite_h(x: Any, n: Any) -> Any:
    return _by_recurrence(x, n, 2 * x, lambda k, p, q: 2 * x * p - 2 * k * q)


@double
def hermite_he(x: Any, n: Any) -> Any:
    return _by_recurrence(x, n, x, lambda k, p, q: x * p - k * q)
