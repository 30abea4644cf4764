"""Integrals that have names, one row each: incomplete gamma and beta functions, Dawson's, exponential, sine and cosine.

Knows the kinds; no graph. torch has the first two; the others are under scipy's names, for those who have no scipy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.engine.kinds import elementwise, name_rows
from gradmagic.engine.op import as_array
from gradmagic.ops.operands import as_tensor, binary, unary
from gradmagic.ops.rules import called
from gradmagic.ops.special import digamma, gamma, lgamma, xlogy
from gradmagic.ops.special_values import incomplete, integrals

_2_SQRT_PI = 2 / math.sqrt(math.pi)


def power(x: Any, exponent: Any, rest: Any) -> Any:
    """The power times exp(rest): by logarithms against overflow; at 0 as a power, whose derivatives are finite."""
    zero = as_array(x == 0)
    logs = np.exp(called(xlogy)(np.where(zero, 0.0, exponent), np.where(zero, 1.0, x)) + rest)
    return np.where(zero, np.where(zero, x, 1.0) ** exponent * np.exp(rest), logs) if np.any(zero) else logs


gammainc = elementwise(
    incomplete.gammainc, None, lambda a, b: power(b, a - 1, -b - called(lgamma)(a)), node="IgammaBackward0"
)
gammaincc = elementwise(
    incomplete.gammaincc, None, lambda a, b: -power(b, a - 1, -b - called(lgamma)(a)), node="IgammacBackward0"
)
gammainc.title, gammaincc.title = "igamma: input", "igammac: input"  # in torch's words
betaln = elementwise(
    incomplete.betaln,
    lambda a, b: called(digamma)(a) - called(digamma)(a + b),
    lambda a, b: called(digamma)(b) - called(digamma)(a + b),
    floats=True,
)
beta = elementwise(
    incomplete.beta,
    lambda a, b, y: y * (called(digamma)(a) - called(digamma)(a + b)),
    lambda a, b, y: y * (called(digamma)(b) - called(digamma)(a + b)),
    floats=True,
)
dawsn = elementwise(integrals.dawsn, lambda x, y: 1 - 2 * x * y, floats=True)
erfi = elementwise(integrals.erfi, lambda x: _2_SQRT_PI * np.exp(x * x), floats=True)
expi = elementwise(integrals.expi, lambda x: np.exp(x) / x, floats=True)
exp1 = elementwise(integrals.exp1, lambda x: -np.exp(-x) / x, floats=True)
sine_integral = elementwise(integrals.sine_integral, lambda x: np.sinc(x / math.pi), floats=True)
cosine_integral = elementwise(integrals.cosine_integral, lambda x: np.cos(x) / x, floats=True)

name_rows(globals())


def _sici(input: Any) -> Any:
    x = as_tensor(input)
    return sine_integral(x), cosine_integral(x)


IGAMMA: dict[str, Any] = {"igamma": binary(gammainc), "igammac": binary(gammaincc)}
SPECIAL: dict[str, Any] = {"gammainc": IGAMMA["igamma"], "gammaincc": IGAMMA["igammac"]}
# what torch has not
BEYOND: dict[str, Any] = {
    "gamma": unary(gamma), "beta": binary(beta), "betaln": binary(betaln), "dawsn": unary(dawsn), "erfi": unary(erfi),
    "expi": unary(expi), "exp1": unary(exp1), "sici": _sici,
}  # fmt: skip
