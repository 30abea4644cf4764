"""Activations, one row each. Knows the kinds; no graph.

Torch differentiates most of them by ops of their own, ``…_backward``, whose names its graphs show: those are rows too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.engine.kinds import elementwise, irregular, name_rows
from gradmagic.engine.op import as_array
from gradmagic.ops import elementwise as E
from gradmagic.ops import special as X
from gradmagic.ops.rules import called

_sigmoid, _erf = called(E.sigmoid), called(X.erf)
_SQRT_HALF = math.sqrt(0.5)
_SQRT_2_PI = math.sqrt(2 / math.pi)
_1_SQRT_2PI = 1 / math.sqrt(2 * math.pi)

# -- smooth activations -------------------------------------------------------------------------------------------

silu_row = elementwise(
    lambda x: x * _sigmoid(x), lambda x: _sigmoid(x) * (1 + x * (1 - _sigmoid(x))), node="SiluBackward0"
)


def _mish_partial(x: Any) -> Any:
    t = np.tanh(np.logaddexp(x, 0.0))
    return t + x * _sigmoid(x) * (1 - t * t)


mish_row = elementwise(lambda x: x * np.tanh(np.logaddexp(x, x.dtype.type(0))), _mish_partial, node="MishBackward0")


def _density(x: Any) -> Any:
    return _1_SQRT_2PI * np.exp(-x * x / 2)


gelu_backward = elementwise(
    lambda a, b: a * (0.5 * (1 + _erf(b * _SQRT_HALF)) + b * _density(b)),
    lambda b: 0.5 * (1 + _erf(b * _SQRT_HALF)) + b * _density(b),
    lambda a, b: a * _density(b) * (2 - b * b),
    node="GeluBackwardBackward0",
)
gelu_row = irregular(
    lambda x: 0.5 * x * (1 + _erf(x * _SQRT_HALF)),
    lambda g, x: called(gelu_backward)(g, x),
    pointwise=True,
    node="GeluBackward0",
)


def _gelu_tanh(x: Any) -> Any:
    return np.tanh(_SQRT_2_PI * (x + 0.044715 * x * x * x))


def _gelu_tanh_partial(x: Any) -> Any:
    t = _gelu_tanh(x)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (_SQRT_2_PI * (1 + 3 * 0.044715 * x * x))


def _gelu_tanh_bend(x: Any) -> Any:
    t = _gelu_tanh(x)
    slope = _SQRT_2_PI * (1 + 3 * 0.044715 * x * x)
    return (1 - t * t) * (slope + x * (_SQRT_2_PI * 3 * 0.044715 * x - t * slope * slope))


gelu_tanh_backward = elementwise(
    lambda a, b: a * _gelu_tanh_partial(b),
    lambda b: _gelu_tanh_partial(b),
    lambda a, b: a * _gelu_tanh_bend(b),
    node="GeluBackwardBackward0",
)
gelu_tanh_row = irregular(
    lambda x: 0.5 * x * (1 + _gelu_tanh(x)),
    lambda g, x: called(gelu_tanh_backward)(g, x),
    pointwise=True,
    node="GeluBackward0",
)


def _halves(x: Any, dim: int) -> tuple[Any, Any]:
    n = x.shape[dim] // 2
    before = (slice(None),) * dim
    return x[(*before, slice(0, n))], x[(*before, slice(n, None))]


def _glu_vjp(g: Any, x: Any, dim: int) -> Any:
    a, b = _halves(x, dim)
    s = _sigmoid(b)
    return np.concatenate([g * s, g * a * s * (1 - s)], dim)


def _glu(x: Any, dim: int) -> Any:
    a, b = _halves(x, dim)
    return a * _sigmoid(b)


glu_row = irregular(_glu, _glu_vjp, node="GluBackward0", attributes=("dim",))
log_sigmoid_backward = elementwise(
    lambda a, b: a * _sigmoid(-b),
    lambda b: _sigmoid(-b),
    lambda a, b: -a * _sigmoid(-b) * _sigmoid(b),
    node="LogSigmoidBackwardBackward0",
)
log_sigmoid = irregular(
    lambda x: -np.logaddexp(-x, x.dtype.type(0)), lambda g, x: called(log_sigmoid_backward)(g, x), pointwise=True
)


def _steepness(x: Any, beta: float, threshold: float) -> Any:
    return np.where(x * beta > threshold, 1.0, _sigmoid(x * beta))


def _curvature(x: Any, beta: float, threshold: float) -> Any:
    s = _sigmoid(x * beta)
    return np.where(x * beta > threshold, 0.0, beta * s * (1 - s))


softplus_backward = elementwise(
    lambda a, b, beta, threshold: a * _steepness(b, beta, threshold),
    lambda b, beta, threshold: _steepness(b, beta, threshold),
    lambda a, b, beta, threshold: a * _curvature(b, beta, threshold),
    node="SoftplusBackwardBackward0",
)
softplus_row = irregular(
    lambda x, beta, threshold: np.where(x * beta > threshold, x, np.logaddexp(x * beta, x.dtype.type(0)) / beta),
    lambda g, x, beta, threshold: called(softplus_backward)(g, x, beta=beta, threshold=threshold),
    pointwise=True,
    node="SoftplusBackward0",
    attributes=("beta", "threshold"),
)

# -- activations with a kink --------------------------------------------------------------------------------------


def _exp_left(x: Any, input_scale: float) -> Any:
    return np.exp(np.where(x <= 0, x, 0.0) * input_scale)


def _elu_slope(x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    return np.where(x <= 0, alpha * scale * input_scale * _exp_left(x, input_scale), scale)


def _elu_bend(x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    return np.where(x < 0, alpha * scale * input_scale**2 * _exp_left(x, input_scale), 0.0)


elu_backward = elementwise(
    lambda a, b, alpha, scale, input_scale: a * _elu_slope(b, alpha, scale, input_scale),
    lambda b, alpha, scale, input_scale: _elu_slope(b, alpha, scale, input_scale),
    lambda a, b, alpha, scale, input_scale: a * _elu_bend(b, alpha, scale, input_scale),
    node="EluBackwardBackward0",
)


def _elu(x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    return np.where(x > 0, scale * x, alpha * scale * np.expm1(np.minimum(x, 0) * input_scale)).astype(x.dtype)


elu_row = irregular(
    _elu,
    lambda g, x, alpha, scale, input_scale: called(elu_backward)(
        g, x, alpha=alpha, scale=scale, input_scale=input_scale
    ),
    pointwise=True,
    node="EluBackward0",
    attributes=("alpha", "scale", "input_scale"),
)
celu_row = irregular(_elu, elu_row.vjps[0], pointwise=True, node="CeluBackward0", attributes=("alpha",))


def _piecewise_linear(fn: Any, slope: Any, name: str, attributes: tuple[str, ...] = ()) -> Any:
    """A row whose derivative is a constant in each piece, and the row that torch differentiates it by."""

    def slopes(b: Any, options: Any) -> Any:
        x = as_array(b)
        return np.asarray(slope(x, **options), x.dtype)

    backward = elementwise(
        lambda a, b, options: a * slopes(b, options),
        lambda b, options: slopes(b, options),
        0,
        node=f"{name}BackwardBackward0",
    ).named(name + "_backward")
    return irregular(
        lambda x, options: np.asarray(fn(x, **options), x.dtype),
        lambda g, x, options: called(backward)(g, x, options=options),
        pointwise=True,
        node=f"{name}Backward0",
    ).named(name)


leaky_relu_row = _piecewise_linear(
    lambda x, negative_slope: np.where(x > 0, x, x * negative_slope),
    lambda x, negative_slope: np.where(x > 0, 1.0, negative_slope),
    "LeakyRelu",
)
hardtanh_row = _piecewise_linear(
    lambda x, min_val, max_val: np.clip(x, min_val, max_val),
    lambda x, min_val, max_val: 1.0 - ((x <= min_val) | (x >= max_val)),
    "Hardtanh",
)
hardsigmoid_row = _piecewise_linear(
    lambda x: np.clip(x + 3, 0, 6) / 6, lambda x: ((x > -3) & (x < 3)) / 6, "Hardsigmoid"
)
hardshrink_row = _piecewise_linear(
    lambda x, lambd: np.where(np.abs(x) <= lambd, 0.0, x),
    lambda x, lambd: 1.0 - (np.abs(x) <= lambd),
    "Hardshrink",
)
softshrink_row = _piecewise_linear(
    lambda x, lambd: np.sign(x) * np.maximum(np.abs(x) - lambd, 0),
    lambda x, lambd: 1.0 - (np.abs(x) <= lambd),
    "Softshrink",
)
threshold_row = _piecewise_linear(
    lambda x, threshold, value: np.where(x <= threshold, value, x),
    lambda x, threshold, value: 1.0 - (x <= threshold),
    "Threshold",
)
prelu_row = elementwise(
    lambda a, b: np.where(a > 0, a, b * a),
    lambda a, b: np.where(a > 0, 1.0, np.where(a == 0, getattr(b, "_array", b), b)),
    lambda a: np.where(a >= 0, 0.0, a),
    node="PreluKernelBackward0",
    saved={"other": "weight"},
)


def _hardswish_slope(x: Any) -> Any:
    return np.where(x <= -3, 0.0, np.where(x < 3, x / 3 + 0.5, 1.0))


hardswish_backward = elementwise(
    lambda a, b: a * _hardswish_slope(b),
    lambda b: _hardswish_slope(b),
    lambda a, b: a * np.where((b > -3) & (b < 3), 1 / 3, 0.0),
    node="HardswishBackwardBackward0",
)
hardswish_row = irregular(
    lambda x: x * np.clip(x + 3, 0, 6).astype(x.dtype) / 6,
    lambda g, x: called(hardswish_backward)(g, x),
    pointwise=True,
    node="HardswishBackward0",
)

name_rows(globals())
