"""``torch.nn.init``: first values for parameters, torch's own for the same seed. Knows no module."""

from __future__ import annotations

import math
import warnings
from typing import Any

from gradmagic.engine.modes import no_grad
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import linalg
from gradmagic.torch import creation, drawing  # noqa: F401  drawing gives the Tensor `uniform_` and `normal_`

_GAINS = {"sigmoid": 1, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
_LINEAR = {"linear", *(f"conv{way}{n}d" for way in ("", "_transpose") for n in (1, 2, 3))}


def calculate_gain(nonlinearity: str, param: Any = None) -> float:
    """By how much wider to draw in front of a nonlinearity, so that variances stay."""
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == "leaky_relu":
        if isinstance(param, bool) or not isinstance(param, (int, float, type(None))):
            raise ValueError(f"negative_slope {param} not a valid number")
        slope = 0.01 if param is None else param
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Any:
    """Numbers spread evenly over [a, b)."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Any:
    """Normal numbers."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Any:
    """Normal numbers, each drawn again until it lies in [a, b]."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.",
            stacklevel=2,
        )
    inside = (math.erf((b - mean) / std / math.sqrt(2)) - math.erf((a - mean) / std / math.sqrt(2))) / 2
    with no_grad():
        if inside <= 0.3:
            return _by_rejection(tensor, mean, std, a, b, generator)
        found = creation.empty_like(tensor).normal_(mean, std, generator=generator)
        while (outside := (found < a) | (found > b)).any():
            again = creation.empty_like(tensor).normal_(mean, std, generator=generator)
            found = found.where(~outside, again)
        return tensor.copy_(found)


def _by_rejection(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any) -> Any:
    """The same where [a, b] is far out: even numbers, each taken with the probability that it has there."""
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    pending = creation.ones_like(tensor, dtype=bool)
    found = tensor
    while pending.any():
        drawn = creation.empty_like(tensor).uniform_(a, b, generator=generator)
        found = found.where(~pending, drawn)
        height = ((drawn - mean) / std) ** 2 * -0.5 - peak
        chances = creation.empty_like(tensor).uniform_(generator=generator).log()
        pending = pending & (chances > height)
    return tensor.copy_(found)


def constant_(tensor: Tensor, val: float) -> Any:
    """One value everywhere."""
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Any:
    """Ones."""
    with no_grad():
        return tensor.fill_(1.0)


def zeros_(tensor: Tensor) -> Any:
    """Zeros."""
    with no_grad():
        return tensor.zero_()


def eye_(tensor: Tensor) -> Any:
    """Ones on the diagonal of a matrix, zeros elsewhere."""
    with no_grad():
        if tensor.ndim != 2:
            raise ValueError("Only tensors with 2 dimensions are supported")
        return tensor.copy_(creation.eye(*tensor.shape))


def _fans(tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _fan(tensor: Tensor, mode: str) -> int:
    mode, valid = mode.lower(), ["fan_in", "fan_out"]
    if mode not in valid:
        raise ValueError(f"Mode {mode} not supported, please use one of {valid}")
    return _fans(tensor)[valid.index(mode)]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Any:
    """Even numbers whose variance is 2/(fan in + fan out), times gain²."""
    std = gain * math.sqrt(2.0 / float(sum(_fans(tensor))))
    a = math.sqrt(3.0) * std
    return uniform_(tensor, -a, a, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Any:
    """Normal numbers whose variance is 2/(fan in + fan out), times gain²."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / float(sum(_fans(tensor)))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return None
    fan = _fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Any:
    """Even numbers whose variance is gain²/fan."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Any:
    """Normal numbers whose variance is gain²/fan."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0, std, generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Any:
    """A random matrix with orthonormal rows or columns, times gain."""
    with no_grad():
        if tensor.ndim < 2:
            raise ValueError("Only tensors with 2 or more dimensions are supported")
        if 0 in tensor.shape:
            return tensor
        rows = tensor.shape[0]
        flat = creation.empty(rows, math.prod(tensor.shape[1:]), dtype=tensor.dtype).normal_(generator=generator)
        wide = rows < flat.shape[1]
        q, r = linalg.qr(flat.t() if wide else flat)
        q = q * r.diagonal().sign()  # so that the matrix is spread evenly over all orthogonal ones
        return tensor.copy_((q.t() if wide else q).reshape(tensor.shape)).mul_(gain)


__all__ = [
    "calculate_gain", "constant_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_", "orthogonal_", "trunc_normal_", "uniform_",
    "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip
