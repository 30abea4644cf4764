"""Special functions, one row each, computed with NumPy and the standard library alone. Knows the kinds; no graph.

The computations stand in ``special_values``; here is what each function's derivative is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.engine.kinds import composed, elementwise, name_rows
from gradmagic.ops import elementwise as E
from gradmagic.ops import special_values as V
from gradmagic.ops.rules import called

_2_SQRT_PI = 2 / math.sqrt(math.pi)
_SQRT_HALF = math.sqrt(0.5)
_SQRT_2PI = math.sqrt(2 * math.pi)

# -- the error function and the normal distribution ---------------------------------------------------------------

erf = elementwise(V.erf, lambda x: _2_SQRT_PI * np.exp(-x * x), floats=True)
erfc = elementwise(V.erfc, lambda x: -_2_SQRT_PI * np.exp(-x * x), floats=True)
erfcx = elementwise(V.erfcx, lambda x, y: 2 * x * y - _2_SQRT_PI, floats=True, node="SpecialErfcxBackward0")
erfinv = elementwise(V.erfinv, lambda y: np.exp(y * y) / _2_SQRT_PI, floats=True)
erfcinv = elementwise(V.erfcinv, lambda y: np.exp(y * y) / -_2_SQRT_PI, floats=True)
ndtr = composed(lambda x: 0.5 * erfc(x * -_SQRT_HALF))
ndtri = elementwise(V.ndtri, lambda y: _SQRT_2PI * np.exp(y * y / 2), floats=True, node="SpecialNdtriBackward0")
log_ndtr = elementwise(
    V.log_ndtr,
    lambda x: (2 / _SQRT_2PI) / called(erfcx)(x * -_SQRT_HALF),
    floats=True,
    node="SpecialLogNdtrBackward0",
)

# -- the gamma function -------------------------------------------------------------------------------------------

lgamma = elementwise(V.lgamma, lambda x: called(digamma)(x), floats=True)
digamma = elementwise(V.digamma, lambda x: called(polygamma)(x, n=1), floats=True)
polygamma = elementwise(V.polygamma, lambda x, n: called(polygamma)(x, n=n + 1), floats=True)
gamma = elementwise(V.gamma, lambda x, y: y * called(digamma)(x), floats=True)
# torch has no derivative with respect to the exponent, which is the first operand
zeta = elementwise(V.zeta, None, lambda a, b: -a * called(zeta)(a + 1, b), floats=True, node="SpecialZetaBackward0")

# -- logarithms times something, and the logistic function --------------------------------------------------------

_log_or_0 = lambda a, b: np.where(a == 0, 0.0, np.log(np.where(a == 0, 1.0, b)))  # noqa: E731
xlogy = elementwise(V.xlogy, _log_or_0, lambda a, b: a / b, floats=True)
xlog1py = elementwise(
    V.xlog1py, lambda a, b: _log_or_0(a, b + 1), lambda a, b: a / (b + 1), floats=True, node="SpecialXlog1PyBackward0"
)
entr = elementwise(V.entr, lambda x: -np.log(x) - 1, floats=True, node="SpecialEntrBackward0")
expit = E.sigmoid


def _logit(x: Any, eps: float | None = None) -> Any:
    return V.logit(x if eps is None else np.clip(x, eps, 1 - eps))


def _logit_partial(x: Any, eps: float | None) -> Any:
    lo, hi = (0.0, 1.0) if eps is None else (eps, 1 - eps)
    return np.where((x < lo) | (x > hi), np.nan if eps is None else 0.0, 1 / (x * (1 - x)))


logit = elementwise(_logit, _logit_partial, floats=True)

# -- Bessel functions ---------------------------------------------------------------------------------------------


def _over_x(y: Any, x: Any, limit: float) -> Any:
    """y/x, and its limit at zero."""
    zero = x == 0
    return np.where(zero, limit, y / np.where(zero, 1.0, x))


i0 = elementwise(V.i0, lambda x: called(i1)(x), floats=True)
i1 = elementwise(
    V.i1, lambda x, y: called(i0)(x) - _over_x(y, x, 0.5), floats=True, node="SpecialI1Backward0"
)
i0e = elementwise(
    V.i0e, lambda x, y: called(i1e)(x) - np.sign(x) * y, floats=True, node="SpecialI0EBackward0"
)
i1e = elementwise(
    V.i1e,
    lambda x, y: called(i0e)(x) - np.sign(x) * y - _over_x(y, x, 0.5),
    floats=True,
    node="SpecialI1EBackward0",
)
bessel_j0 = elementwise(V.j0, lambda x: -called(bessel_j1)(x), floats=True)
bessel_j1 = elementwise(V.j1, lambda x, y: called(bessel_j0)(x) - _over_x(y, x, 0.5), floats=True)

name_rows(globals())
