"""Special functions, one row each, computed with NumPy and the standard library alone. Knows the kinds; no graph.

The computations stand in ``special_values``; here is what each function's derivative is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.engine.kinds import composed, elementwise, irregular, name_rows
from gradmagic.engine.op import as_array
from gradmagic.ops import elementwise as E
from gradmagic.ops import special_bessel
from gradmagic.ops.operands import binary, floating, unary
from gradmagic.ops.rules import called
from gradmagic.ops.special_values import error, gammas, logarithms, zetas

_2_SQRT_PI = 2 / math.sqrt(math.pi)
_SQRT_HALF = math.sqrt(0.5)
_LOG_PI = math.log(math.pi)
_SQRT_2PI = math.sqrt(2 * math.pi)

# -- the error function and the normal distribution ---------------------------------------------------------------

erf = elementwise(error.erf, lambda x: _2_SQRT_PI * np.exp(-x * x), floats=True)
erfc = elementwise(error.erfc, lambda x: -_2_SQRT_PI * np.exp(-x * x), floats=True)
erfcx = elementwise(error.erfcx, lambda x, y: 2 * x * y - _2_SQRT_PI, floats=True, node="SpecialErfcxBackward0")
erfinv = elementwise(error.erfinv, lambda y: np.exp(y * y) / _2_SQRT_PI, floats=True)
erfcinv = elementwise(error.erfcinv, lambda y: np.exp(y * y) / -_2_SQRT_PI, floats=True)
ndtr = composed(lambda x: E.times(erfc(x * -_SQRT_HALF), n=0.5))
ndtri = elementwise(error.ndtri, lambda y: _SQRT_2PI * np.exp(y * y / 2), floats=True, node="SpecialNdtriBackward0")
log_ndtr = elementwise(
    error.log_ndtr,
    lambda x: (2 / _SQRT_2PI) / called(erfcx)(x * -_SQRT_HALF),
    floats=True,
    node="SpecialLogNdtrBackward0",
)

# -- the gamma function -------------------------------------------------------------------------------------------

lgamma = elementwise(gammas.lgamma, lambda x: called(digamma)(x), floats=True)
digamma: Any = elementwise(gammas.digamma, lambda x: called(polygamma)(x, n=1), floats=True)
polygamma: Any = elementwise(gammas.polygamma, lambda x, n: called(polygamma)(x, n=n + 1), floats=True)
mvlgamma = elementwise(
    lambda x, p: sum((gammas.lgamma(x - j / 2) for j in range(1, p)), gammas.lgamma(x)) + p * (p - 1) / 4 * _LOG_PI,
    lambda x, p: sum((called(digamma)(x - j / 2) for j in range(1, p)), called(digamma)(x)),
    floats=True,
)
gamma = elementwise(gammas.gamma, lambda x, y: y * called(digamma)(x), floats=True)
# torch has no derivative with respect to the exponent, which is the first operand
zeta: Any = elementwise(
    zetas.zeta, None, lambda a, b: -a * called(zeta)(a + 1, b), floats=True, node="SpecialZetaBackward0"
)
hurwitz_derivative: Any = elementwise(
    zetas.hurwitz_derivative,
    lambda a, b, m: called(hurwitz_derivative)(a, b, m=m + 1),
    lambda a, b, m: (
        -a * called(hurwitz_derivative)(a + 1, b, m=m)
        - (m * called(hurwitz_derivative)(a + 1, b, m=m - 1) if m else 0.0)
    ),
    floats=True,
)
riemann_derivative: Any = elementwise(
    zetas.riemann_derivative, lambda x, m: called(riemann_derivative)(x, m=m + 1), floats=True
)

# -- logarithms times something, and the logistic function --------------------------------------------------------


def log_or_0(a: Any, b: Any) -> Any:
    """The logarithm of b, but for a = 0 only where it has one."""
    none = as_array((a == 0) & (b <= 0))  # plain: torch's `where` would make single precision of two numbers
    found = np.where(none, 0.0, np.log(np.where(none, 1.0, b)))
    return found if hasattr(found, "_array") else found.astype(as_array(a).dtype)  # b may be a number


def _log1p_or_0(a: Any, b: Any) -> Any:
    flat = (a == 0) & (b <= -1)
    return np.where(flat, 0.0, np.log1p(np.where(flat, 0.0, b)))


xlogy = elementwise(logarithms.xlogy, log_or_0, lambda a, b: a / b, floats=True)
xlog1py = elementwise(
    logarithms.xlog1py,
    lambda a, b: _log1p_or_0(a, b),
    lambda a, b: a / (b + 1),
    floats=True,
    node="SpecialXlog1PyBackward0",
)
entr = elementwise(logarithms.entr, lambda x: -np.log(x) - 1, floats=True, node="SpecialEntrBackward0")
expit = E.sigmoid


def _logit(x: Any, eps: float | None = None) -> Any:
    if eps is None:
        return logarithms.logit(x)
    return logarithms.logit(np.where(x < eps, x.dtype.type(eps), np.minimum(x, 1 - eps)))  # eps may be above 1 - eps


def _logit_vjp(g: Any, x: Any, eps: float | None) -> Any:
    lo, hi = (0.0, 1.0) if eps is None else (eps, 1 - eps)
    return np.where((x < lo) | (x > hi), np.nan if eps is None else 0.0, g / (x * (1 - x)))


logit = irregular(_logit, _logit_vjp, pointwise=True)

name_rows(globals())


def _numbered(row: Any) -> Any:
    """The row where an operand is a number: torch has two more, which are counted."""
    node = row.node_name or row.make_node_class().__name__
    return tuple(
        elementwise(row.fn, *row.vjps, floats=True, node=f"{node[:-1]}{k}", places=(2 - k,)).named(row.name)
        for k in (1, 2)
    )


# -- under torch's names ------------------------------------------------------------------------------------------


def _polygamma(n: int, input: Any) -> Any:
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return polygamma(input, n=n)


def _logit_of(input: Any, eps: float | None = None) -> Any:
    return logit(floating(input), eps=eps)


def _multigammaln(input: Any, p: int) -> Any:
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    return mvlgamma(input, p=p)


_ROWS: tuple[Any, ...] = (
    erf, erfc, erfcx, erfinv, ndtri, log_ndtr, digamma, entr,
)  # fmt: skip
SPECIAL: dict[str, Any] = special_bessel.SPECIAL | {
    row.name: unary(row) for row in _ROWS
} | {
    "ndtr": lambda input: ndtr(floating(input)), "expit": lambda input: expit(floating(input)), "gammaln": unary(lgamma),
    "psi": unary(digamma), "polygamma": _polygamma, "logit": _logit_of, "multigammaln": _multigammaln,
    "xlogy": binary(xlogy, numbered=_numbered(xlogy)), "xlog1py": binary(xlog1py, numbered=_numbered(xlog1py)),
    "zeta": binary(zeta, numbered=_numbered(zeta)),
}  # fmt: skip
# what torch also has as a function of its own and as a method
TOP_LEVEL: dict[str, Any] = {
    name: SPECIAL[name] for name in ("erf", "erfc", "erfinv", "digamma", "polygamma", "i0", "logit", "xlogy")
} | {"lgamma": unary(lgamma), "mvlgamma": _multigammaln}
