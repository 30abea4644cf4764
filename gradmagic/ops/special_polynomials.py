"""Orthogonal polynomials, one row each, to any order in x; their degree is a parameter. Knows the kinds; no graph.

Derivatives by DLMF 18.9.19 to 18.9.28. torch computes these and has no derivatives for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.kinds import elementwise, name_rows
from gradmagic.ops.operands import as_tensor, floating
from gradmagic.ops.rules import called
from gradmagic.ops.special_values import polynomials as P

gegenbauer: Any = elementwise(
    P.gegenbauer, lambda a, b, order: 2 * order * called(gegenbauer)(a, b - 1, order=order + 1), None
)
laguerre: Any = elementwise(P.laguerre, lambda a, b, order: -called(laguerre)(a, b - 1, order=order + 1), None)


def _slope_of_u(a: Any, b: Any) -> Any:
    return 2 * called(gegenbauer)(a, b - 1, order=2.0)


chebyshev_polynomial_t = elementwise(P.chebyshev_t, lambda a, b: b * called(gegenbauer)(a, b - 1, order=1.0), None)
chebyshev_polynomial_u = elementwise(P.chebyshev_u, lambda a, b: _slope_of_u(a, b), None)
chebyshev_polynomial_v = elementwise(P.chebyshev_v, lambda a, b: _slope_of_u(a, b) - _slope_of_u(a, b - 1), None)
chebyshev_polynomial_w = elementwise(P.chebyshev_w, lambda a, b: _slope_of_u(a, b) + _slope_of_u(a, b - 1), None)
legendre_polynomial_p = elementwise(P.legendre, lambda a, b: called(gegenbauer)(a, b - 1, order=1.5), None)
hermite_polynomial_h: Any = elementwise(P.hermite_h, lambda a, b: 2 * b * called(hermite_polynomial_h)(a, b - 1), None)
hermite_polynomial_he: Any = elementwise(P.hermite_he, lambda a, b: b * called(hermite_polynomial_he)(a, b - 1), None)

name_rows(globals())


def _of_degree(row: Callable[..., Any], shifted: bool = False, **parameters: Any) -> Callable[..., Any]:
    def polynomial(input: Any, n: Any) -> Any:
        x, degree = floating(input), as_tensor(n)
        whole = np.trunc(degree._array)
        if isinstance(n, (int, float)) or degree._array.dtype.kind in "biu":
            whole = np.asarray(whole, x._array.dtype)  # a number, or whole ones, do not make the result more precise
        return row(2 * x - 1 if shifted else x, whole, **parameters)

    return polynomial


_CHEBYSHEV = {
    "chebyshev_polynomial_t": chebyshev_polynomial_t, "chebyshev_polynomial_u": chebyshev_polynomial_u,
    "chebyshev_polynomial_v": chebyshev_polynomial_v, "chebyshev_polynomial_w": chebyshev_polynomial_w,
}  # fmt: skip
SPECIAL: dict[str, Any] = {
    **{name: _of_degree(row) for name, row in _CHEBYSHEV.items()},
    **{"shifted_" + name: _of_degree(row, shifted=True) for name, row in _CHEBYSHEV.items()},
    "hermite_polynomial_h": _of_degree(hermite_polynomial_h),
    "hermite_polynomial_he": _of_degree(hermite_polynomial_he),
    "laguerre_polynomial_l": _of_degree(laguerre, order=0.0),
    "legendre_polynomial_p": _of_degree(legendre_polynomial_p),
}
