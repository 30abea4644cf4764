"""Elementwise ops, one row each: the function and its partial derivatives. Knows the kinds; no graph, no Tensor.

Rows are in order of difficulty. A rule names what it reads: ``x`` or ``a, b`` the operands, ``y`` the output.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from gradmagic.engine.kinds import composed, elementwise, irregular, name_rows
from gradmagic.engine.layout import laid
from gradmagic.engine.op import as_array, over
from gradmagic.engine.pulling import conj as conjugated
from gradmagic.ops.rules import called
from gradmagic.ops.special_values import cardinal

_SQRT_PI = math.sqrt(math.pi)

# -- linear, and constant but for jumps ---------------------------------------------------------------------------

add = elementwise(operator.add, 1, 1)
sub = elementwise(operator.sub, 1, -1)
rsub = elementwise(lambda a, b: b - a, -1, 1, node="RsubBackward1", places=(0,))
rsub_tensor = elementwise(rsub.fn, -1, 1, node="RsubBackward0")
add_scaled = elementwise(lambda a, b, alpha: a + b * alpha, 1, lambda alpha: alpha, node="AddBackward0")
sub_scaled = elementwise(lambda a, b, alpha: a - b * alpha, 1, lambda alpha: -alpha, node="SubBackward0")
rsub_scaled = elementwise(lambda a, b, alpha: b - a * alpha, lambda alpha: -alpha, 1, node="RsubBackward0")
neg = elementwise(np.negative, -1)
positive = composed(lambda x: x)
deg2rad = elementwise(np.deg2rad, math.pi / 180, floats=True)
rad2deg = elementwise(np.rad2deg, 180 / math.pi, floats=True)
sign = elementwise(lambda x: _sign(x), 0)
floor = elementwise(np.floor, 0)
ceil = elementwise(np.ceil, 0)
trunc = elementwise(np.trunc, 0)
round = elementwise(np.round, 0)
round_decimals = elementwise(lambda x, decimals: np.round(x, decimals), 0, node="RoundBackward1")
sgn = irregular(lambda x: _sgn(x), lambda g, x, y: _sgn_vjp(g, x, y))
frac = elementwise(lambda x: x - np.trunc(x), 1)
copysign = elementwise(np.copysign, lambda a, y: _same_sign(a, y), 0, floats=True)
copysign_scalar = elementwise(np.copysign, copysign.vjps[0], 0, floats=True, node="CopysignBackward1", places=(0,))
heaviside = elementwise(np.heaviside, 0, 0)
nextafter = elementwise(np.nextafter, lambda a, b: (a != b) * 1.0, 0)


def _sign(x: Any) -> Any:
    if x.dtype.kind == "c":
        return np.sign(x)
    return (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype) if x.dtype.kind != "b" else x  # 0 at NaN


def _same_sign(a: Any, y: Any) -> Any:
    """1 where the sign was kept, -1 where it was turned, 0 at 0."""
    return np.sign(a) * np.sign(y)


# -- products and powers ------------------------------------------------------------------------------------------

mul = elementwise(operator.mul, lambda b: b, lambda a: a)
times = elementwise(lambda x, n: x * n, lambda n: n, node="MulBackward1")  # by a number, as torch's own rules do
div = elementwise(operator.truediv, over(lambda b: b), lambda a, b: -(a / b / b), floats=True)
reciprocal = elementwise(np.reciprocal, lambda y: -y * y, floats=True)
square = composed(lambda x: x**2)


def _nothing(g: Any) -> Any:
    return np.zeros(g.shape, as_array(g).dtype)


# the rounded quotient of torch's `div` saves its operands, which are checked though nobody needs them
_OF_ROUNDED = (lambda g, b: _nothing(g), lambda g, a, b: _nothing(g))
floor_divide = elementwise(np.floor_divide, 0, 0)  # torch refuses its derivative, which is 0 but for jumps
div_floor = elementwise(lambda a, b: np.floor_divide(a, b), *_OF_ROUNDED, node="DivBackward2")
div_trunc = elementwise(lambda a, b: _truncated(a, b), *_OF_ROUNDED, node="DivBackward2")
remainder = elementwise(np.remainder, 1, lambda a, b: -called(div_floor)(a, b), node="RemainderBackward1")
remainder_number = elementwise(lambda a, b: np.remainder(a, b), 1, 0, node="RemainderBackward0", places=(0,))
fmod = elementwise(np.fmod, 1, lambda a, b: -called(div_trunc)(a, b), node="FmodBackward1")
fmod_number = elementwise(lambda a, b: np.fmod(a, b), 1, 0, node="FmodBackward0", places=(0,))
sqrt = elementwise(np.sqrt, over(lambda y: 2 * y), floats=True)
rsqrt = elementwise(lambda x: 1 / np.sqrt(x), lambda y: -0.5 * y**3, floats=True)
cbrt = elementwise(np.cbrt, over(lambda y: 3 * y * y), floats=True)


# x**n with a number n, as torch computes it: np.power takes a hundred times as long as a product. Torch takes roots, too,
# which tell -0.0 and -inf otherwise than a power does.
_POWERS: dict[Any, Any] = {
    0: lambda x: _ones(x), 1: np.positive, 2: lambda x: x * x, 3: lambda x: x * x * x,
    0.5: np.sqrt, -0.5: lambda x: 1 / np.sqrt(x),
}  # fmt: skip
_POWERS_OF_FLOATS = {-1: lambda x: 1 / x, -2: lambda x: 1 / (x * x)}


def _ones(x: Any) -> Any:
    """What np.ones_like gives, in a quarter of the time."""
    if not x.ndim:
        return x.dtype.type(1)
    out = np.empty(x.shape, x.dtype) if x.flags.c_contiguous else np.empty_like(x)
    out.fill(1)
    return out


def _power_of_scalar(x: Any, exponent: Any) -> Any:
    power = _POWERS.get(exponent)
    if power is None and x.dtype.kind == "f":
        power = _POWERS_OF_FLOATS.get(exponent)
    return np.power(x, exponent) if power is None else power(x)


def _power_vjp(g: Any, x: Any, exponent: Any) -> Any:
    if exponent == 0:  # torch's derivative does not look at x here, so 0**0 has one
        return np.zeros_like(g)
    if hasattr(x, "_array"):
        return g * conjugated(exponent * x ** (exponent - 1))
    if exponent == 1:
        return g
    return g * conjugated(exponent * (x if exponent == 2 else _power_of_scalar(x, exponent - 1)))


pow_scalar = irregular(
    _power_of_scalar,
    lambda g, x, exponent: _power_vjp(g, x, exponent),
    pointwise=True,
    node="PowBackward0",
    attributes=("exponent",),
)


def _log_or_zero(a: Any, b: Any, y: Any) -> Any:
    # 0**b for b >= 0 is constant in b, though log 0 is not finite; the guard guards the logarithm's operand too
    flat = (a == 0) & (b >= 0)
    return np.where(flat, 0.0, y * np.log(np.where(flat, 1.0, a)))


def _base_partial(a: Any, b: Any) -> Any:
    # b == 0: the power is constant in a; the guard keeps 0 * 0**-1 from being NaN
    zero = b == 0
    return np.where(zero, 0.0, b * a ** np.where(zero, 1.0, b - 1))


pow_tensor = elementwise(np.power, _base_partial, _log_or_zero, node="PowBackward1")
pow_of_scalar = elementwise(np.power, None, lambda a, b, y: y * _log_guard(a, b), node="PowBackward2", places=(1,))


def _log_guard(a: Any, b: Any) -> Any:
    return np.where((b >= 0), 0.0, -np.inf) if a == 0 else (math.log(a) if a > 0 else math.nan)


ldexp = elementwise(lambda a, b: a * np.exp2(b), lambda b: np.exp2(b), lambda y: y * math.log(2), floats=True)

# -- exponentials and logarithms ----------------------------------------------------------------------------------

exp = elementwise(np.exp, lambda y: y, floats=True)
exp2 = irregular(np.exp2, lambda g, y: called(times)(g * conjugated(y), n=math.log(2)), pointwise=True)
expm1 = elementwise(np.expm1, lambda y: y + 1, floats=True)
log = elementwise(np.log, over(lambda x: x), floats=True)
log2 = elementwise(np.log2, over(lambda x: x * math.log(2)), floats=True)
log10 = elementwise(np.log10, over(lambda x: x * math.log(10)), floats=True)
log1p = elementwise(np.log1p, over(lambda x: x + 1), floats=True)
logaddexp = elementwise(
    np.logaddexp, over(lambda a, b: 1 + np.exp(b - a)), over(lambda a, b: 1 + np.exp(a - b)), floats=True
)


def _logaddexp(a: Any, b: Any) -> Any:
    """Of complex numbers: the one with the larger real part is taken out."""
    swap = a.real < b.real
    large, small = np.where(swap, b, a), np.where(swap, a, b)
    return large + np.log1p(np.exp(small - large))


logaddexp_complex = elementwise(_logaddexp, *logaddexp.vjps, node="LogaddexpBackward0")
logaddexp2 = elementwise(
    np.logaddexp2, over(lambda a, b: 1 + np.exp2(b - a)), over(lambda a, b: 1 + np.exp2(a - b)), floats=True
)

# -- trigonometry -------------------------------------------------------------------------------------------------

sin = elementwise(np.sin, lambda cos_x: cos_x, floats=True)
cos = elementwise(np.cos, lambda sin_x: -sin_x, floats=True)
tan = elementwise(np.tan, lambda y: y * y + 1, floats=True)
asin = elementwise(np.arcsin, lambda x: _inverse_root(1 - x * x), floats=True)
acos = elementwise(np.arccos, lambda x: -_inverse_root(1 - x * x), floats=True)
atan = elementwise(np.arctan, over(lambda x: x * x + 1), floats=True)
atan2 = elementwise(
    np.arctan2, lambda a, b: b * _inverse_square(a, b), lambda a, b: -a * _inverse_square(a, b), floats=True
)
hypot = elementwise(np.hypot, lambda a, y: a / _nonzero(y), lambda b, y: b / _nonzero(y), floats=True)


def _inverse_root(x: Any) -> Any:
    return rsqrt(x) if hasattr(x, "_array") else rsqrt.fn(x)


def _inverse_square(a: Any, b: Any) -> Any:
    square = a * a + b * b
    return np.where(square == 0, 0.0, 1 / square)  # nothing is guarded: of the second order there is none at 0


def _nonzero(y: Any) -> Any:
    return np.where(y == 0, np.nan, y)


def _truncated(a: Any, b: Any) -> Any:
    if np.result_type(a, b).kind in "ui":
        return np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))
    return np.trunc(a / b)


sinc = elementwise(np.sinc, lambda x: called(sinc_derivative)(x, n=1), floats=True)
sinc_derivative: Any = elementwise(
    cardinal.sinc_derivative, lambda x, n: called(sinc_derivative)(x, n=n + 1), floats=True
)

# -- hyperbolic functions -----------------------------------------------------------------------------------------

sinh = elementwise(np.sinh, lambda cosh_x: cosh_x, floats=True)
cosh = elementwise(np.cosh, lambda sinh_x: sinh_x, floats=True)
asinh = elementwise(np.arcsinh, lambda x: (x * x + 1) ** -0.5, floats=True)
acosh = elementwise(np.arccosh, lambda x: (x * x - 1) ** -0.5, floats=True)
atanh = elementwise(np.arctanh, over(lambda x: 1 - x * x), floats=True)

# torch differentiates these by ops of their own, whose names its graphs show
tanh_backward = elementwise(
    lambda a, b: a * (1 - b * b), lambda b: 1 - b * b, lambda a, b: -2 * a * b, node="TanhBackwardBackward0"
)
sigmoid_backward = elementwise(
    lambda a, b: a * (1 - b) * b, lambda b: (1 - b) * b, lambda a, b: a * (1 - 2 * b), node="SigmoidBackwardBackward0"
)
threshold_backward = elementwise(
    lambda a, b: np.where(b <= 0, a.dtype.type(0), a), lambda b: (b > 0) * 1.0, 0, node="ThresholdBackwardBackward0"
)


def _sigmoid(x: Any) -> Any:
    if x.dtype.kind == "c":
        return 1 / (1 + np.exp(-x))
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def _by(op: Any) -> Any:
    """A rule that is another row: its arithmetic for arrays, the row itself for Tensors."""
    return lambda g, y: (op.two if hasattr(g, "_array") or hasattr(y, "_array") else op.fn)(g, conjugated(y))


tanh = irregular(np.tanh, _by(tanh_backward), pointwise=True)
sigmoid = irregular(_sigmoid, _by(sigmoid_backward), pointwise=True)
relu = irregular(lambda x: np.maximum(x, x.dtype.type(0)), _by(threshold_backward), pointwise=True)

# -- kinks: torch's sub-gradients ---------------------------------------------------------------------------------

abs = elementwise(np.abs, lambda x: _direction(x))
maximum = elementwise(np.maximum, lambda a, b: _share(a, b), lambda a, b: _share(b, a))
minimum = elementwise(np.minimum, lambda a, b: _share(b, a), lambda a, b: _share(a, b))
fmax = elementwise(np.fmax, lambda a, b: _as(a, _first(a, b)), lambda a, b: _as(b, ~_first(a, b)))
fmin = elementwise(np.fmin, lambda a, b: _as(a, _first(b, a, b)), lambda a, b: _as(b, ~_first(b, a, b)))


def _direction(x: Any) -> Any:
    if getattr(x, "_array", x).dtype.kind != "c":
        return np.sign(x) if hasattr(x, "_array") else _sign(x)
    return np.conj(sgn(x) if hasattr(x, "_array") else sgn.fn(x))


def _sgn(x: Any) -> Any:
    if x.dtype.kind != "c":
        return np.where(np.isnan(x), x.dtype.type(0), np.sign(x)) if x.dtype.kind == "f" else np.sign(x)
    size = np.abs(x)
    return x / np.where(size == 0, 1.0, size)


def _sgn_vjp(g: Any, x: Any, y: Any) -> Any:
    """What turns the direction; along it nothing changes."""
    if getattr(x, "_array", x).dtype.kind != "c":
        return np.zeros_like(g)
    size = np.abs(x)
    zero = size == 0
    size = np.where(zero, 1.0, size)
    return np.where(zero, 0.0, (g - np.real(g * np.conj(y)) * y) / size)


def _share(a: Any, b: Any) -> Any:
    """Halves of a tie; what NaN is compared with keeps its whole gradient."""
    a, b = getattr(a, "_array", a), getattr(b, "_array", b)
    return (1.0 - (a < b) - 0.5 * (a == b)).astype((a if hasattr(a, "dtype") else b).dtype)


def _first(a: Any, b: Any, second: Any = None) -> Any:
    """Where fmax takes its first operand: also where the second one is NaN."""
    a, b = getattr(a, "_array", a), getattr(b, "_array", b)
    second = b if second is None else getattr(second, "_array", second)
    return (a >= b) | np.isnan(second)


def _as(operand: Any, chosen: Any) -> Any:
    """Ones in the operand's dtype where it was chosen."""
    return chosen.astype(getattr(operand, "_array", operand).dtype)


def _clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    return np.clip(x, min, max).astype(x.dtype, copy=False)


clamp_scalar = irregular(
    _clamp,
    lambda g, x, min, max: np.where(
        (x >= (-np.inf if min is None else min)) & (x <= (np.inf if max is None else max)), g, 0.0
    ),
    pointwise=True,
    node="ClampBackward1",
)
clamp_min_scalar = irregular(
    _clamp, clamp_scalar.vjps[0], pointwise=True, node="ClampMinBackward0", attributes=("min",)
)
clamp_max_scalar = irregular(
    _clamp, clamp_scalar.vjps[0], pointwise=True, node="ClampMaxBackward0", attributes=("max",)
)
# by a tensor: NaN goes on, and a tie goes to what is clamped
clamp_low = elementwise(
    lambda a, b: np.maximum(a, b),
    lambda a, b: (a >= b) * 1.0,
    lambda a, b: (a < b) * 1.0,
    node="ClampBackward0",
    saved={"other": "min"},
)
clamp_high = elementwise(
    lambda a, b: np.minimum(a, b),
    lambda a, b: (a <= b) * 1.0,
    lambda a, b: (a > b) * 1.0,
    node="ClampBackward0",
    saved={"other": "max"},
)
clamp_min_tensor = elementwise(clamp_low.fn, *clamp_low.vjps, node="ClampMinBackward1")
clamp_max_tensor = elementwise(clamp_high.fn, *clamp_high.vjps, node="ClampMaxBackward1")
clamp_between = elementwise(
    lambda a, b, c: np.minimum(np.maximum(a, b), c),
    lambda a, b, c: ((a >= b) & (a <= c)) * 1.0,
    lambda a, b, c: ((b < c) & (a < b)) * 1.0,
    lambda a, b, c: ((a > c) | (c < b)) * 1.0,
    node="ClampBackward0",
    saved={"other": "min", "c": "max"},
)
where = irregular(
    lambda a, b, c: laid(np.where(a, b, c), (a, b, c)),
    None,
    lambda g, a: np.where(a, g, 0.0),
    lambda g, a: np.where(a, 0.0, g),
    pointwise=True,
    saved={"self": "condition"},
    places=(1, 2),
)

name_rows(globals())
