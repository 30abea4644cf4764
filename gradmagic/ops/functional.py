"""Activations and losses under the names and signatures of ``torch.nn.functional``. Knows their table; no graph."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gradmagic.engine.tensor import Tensor
from gradmagic.ops import activations as A
from gradmagic.ops import elementwise as E
from gradmagic.ops import reducing
from gradmagic.ops import shape as S
from gradmagic.ops.arithmetic import relu, sigmoid, tanh, where
from gradmagic.ops.choosing import pad, unfold
from gradmagic.ops.contracting import addmm, einsum
from gradmagic.ops.operands import as_tensor
from gradmagic.ops.shaping import expand, reshape, view

# -- activations --------------------------------------------------------------------------------------------------


def silu(input: Tensor, inplace: bool = False) -> Any:
    return A.silu_row(input)


def mish(input: Tensor, inplace: bool = False) -> Any:
    return A.mish_row(input)


def gelu(input: Tensor, approximate: str = "none") -> Any:
    if approximate == "tanh":
        return 0.5 * input * (1 + tanh(0.7978845608028654 * (input + 0.044715 * input**3)))
    if approximate != "none":
        raise RuntimeError("approximate argument must be either none or tanh.")
    return A.gelu_row(input)


def logsigmoid(input: Tensor) -> Any:
    return A.log_sigmoid(input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Any:
    return A.softplus_row(input, beta=beta, threshold=threshold)


def softsign(input: Tensor) -> Any:
    return input / (E.abs(input) + 1)


def tanhshrink(input: Tensor) -> Any:
    return input - tanh(input)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Any:
    return A.elu_row(input, alpha=alpha, scale=1.0, input_scale=1.0)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Any:
    return A.celu_row(input, alpha=alpha, scale=1.0, input_scale=1.0 / alpha)


def selu(input: Tensor, inplace: bool = False) -> Any:
    return A.elu_row(
        input, alpha=1.6732632423543772848170429916717, scale=1.0507009873554804934193349852946, input_scale=1.0
    )


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    return A.leaky_relu_row(input, options={"negative_slope": negative_slope})


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    return A.hardtanh_row(input, options={"min_val": min_val, "max_val": max_val})


def relu6(input: Tensor, inplace: bool = False) -> Any:
    return hardtanh(input, 0.0, 6.0)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Any:
    return A.hardsigmoid_row(input, options={})


def hardswish(input: Tensor, inplace: bool = False) -> Any:
    return A.hardswish_row(input)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Any:
    return A.hardshrink_row(input, options={"lambd": lambd})


def softshrink(input: Tensor, lambd: float = 0.5) -> Any:
    return A.softshrink_row(input, options={"lambd": lambd})


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Any:
    return A.threshold_row(input, options={"threshold": threshold, "value": value})


def _implicit(name: str, input: Tensor) -> int:
    """The dimension that torch chooses where none is given, with its warning."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        UserWarning,
        stacklevel=4,
    )
    return 0 if input.ndim in {0, 1, 3} else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    return reducing.softmax(input, _implicit("softmax", input) if dim is None else dim, dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    return reducing.log_softmax(input, _implicit("log_softmax", input) if dim is None else dim, dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    return softmax(-input, _implicit("softmin", input) if dim is None else dim, dtype=dtype)


def glu(input: Tensor, dim: int = -1) -> Any:
    a, b = input.chunk(2, dim)
    return a * sigmoid(b)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    return input / reducing.norm(input, p, dim, keepdim=True).clamp(eps)


def linear(input: Tensor, weight: Tensor, bias: Any = None) -> Any:
    """Rows times the weight's transpose, plus the bias: one node, as torch has it, whatever stands in front of the rows."""
    if bias is None or weight.ndim != 2 or input.ndim == 0:
        product = reducing.matmul(input, S.t(weight) if weight.ndim == 2 else weight)
        return product if bias is None else product + bias
    flat = input if input.ndim == 2 else reshape(input, -1, input.shape[-1])
    out = addmm(bias, flat, S.t(weight))
    return out if input.ndim == 2 else view(out, *input.shape[:-1], weight.shape[0])


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Any = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Any:
    """Windows along the last axis times the kernels: (batch, channels in, length), (channels out, channels in, width)."""
    if groups != 1:
        raise NotImplementedError("conv1d: groups other than 1")
    one = input.ndim == 2
    x = input[None] if one else input
    x = pad(x, (padding, padding)) if padding else x
    wide = dilation * (weight.shape[2] - 1) + 1
    windows = unfold(x, 2, wide, stride)[..., ::dilation]
    out = einsum("nclk,ock->nol", windows, weight)
    out = out if bias is None else out + reshape(bias, 1, -1, 1)
    return out[0] if one else out


# -- losses -------------------------------------------------------------------------------------------------------


def _pair(name: str, input: Any, target: Any) -> tuple[Any, Any]:
    a, b = as_tensor(input), as_tensor(target)
    if a.shape != b.shape:
        warnings.warn(
            f"Using a target size ({b.shape}) that is different to the input size ({a.shape}). This will likely lead to "
            "incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
            stacklevel=3,
        )
        full = np.broadcast_shapes(a.shape, b.shape)
        a, b = (v if v.shape == full else expand(v, *full) for v in (a, b))
    return a, b


def _refuse(reduction: str) -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")


def _reduced(values: Any, reduction: str) -> Any:
    _refuse(reduction)
    return values if reduction == "none" else reducing.sum(values) if reduction == "sum" else reducing.mean(values)


def _loss(row: Any, input: Any, target: Any, reduction: str, **options: Any) -> Any:
    _refuse(reduction)
    return row(*_pair(row.name, input, target), reduction=reduction, options=options)


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Any:
    return _loss(A.mse_row, input, target, reduction)


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Any:
    return _loss(A.huber_row, input, target, reduction, delta=delta)


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Any:
    return _loss(A.smooth_l1_row, input, target, reduction, beta=beta)


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Any:
    a, b = _pair("l1_loss", input, target)
    return _reduced(E.abs(a - b), reduction)


def binary_cross_entropy(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Any:
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    return _reduced(A.binary_cross_entropy_row(input, target), reduction)


def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Any:
    if input.shape != target.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    return _reduced(A.binary_cross_entropy_with_logits_row(input, target), reduction)


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Any:
    from gradmagic.ops import special as X

    values = E.exp(target) * (target - input) if log_target else X.xlogy(target, target) - target * input
    return reducing.sum(values) / input.shape[0] if reduction == "batchmean" else _reduced(values, reduction)


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Any:
    return _reduced(E.log1p(E.exp(-target * input)), reduction)


def nll_loss(
    input: Tensor, target: Tensor, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Any:
    """The negative log likelihood: classes along dimension 1, or 0 where there is no batch."""
    _refuse(reduction)
    classes = np.asarray(target._array)
    rows = input if input.ndim > 1 else input[None]
    if input.ndim > 2:  # more dimensions stand behind the classes: they become rows
        rows = reshape(S.permute(rows, dims=(0, *range(2, input.ndim), 1)), -1, input.shape[1])
    flat = classes.reshape(-1)
    _check_classes(flat, rows.shape[1], ignore_index)
    ones = np.ones(rows.shape[1], rows._array.dtype) if weight is None else weight._array
    kept = np.where(flat == ignore_index, 0, flat)
    factors = np.where(flat == ignore_index, 0, ones[kept]).astype(rows._array.dtype)
    values = -rows[np.arange(flat.size), kept] * factors
    if reduction == "none":
        return reshape(values, *classes.shape)
    total = reducing.sum(values)
    return total / float(factors.sum()) if reduction == "mean" else total


def _check_classes(classes: Any, count: int, ignore_index: int) -> None:
    for c in classes[(classes != ignore_index) & ((classes < 0) | (classes >= count))][:1]:
        raise IndexError(f"Target {c} is out of bounds.")


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Softmax's logarithm against class numbers, or against probabilities of the input's shape."""
    dim = 0 if input.ndim == 1 else 1
    logs = log_softmax(input, dim)
    if target._array.dtype.kind != "f":
        plain = nll_loss(logs, target, weight, ignore_index=ignore_index, reduction=reduction)
        if not label_smoothing:
            return plain
        ignored = target._array == ignore_index
        spread = _reduced(where(as_tensor(ignored), 0.0, -reducing.mean(logs, dim)), reduction)
        return plain * (1 - label_smoothing) + spread * label_smoothing
    n = input.shape[dim]
    smooth = target * (1 - label_smoothing) + label_smoothing / n if label_smoothing else target
    values = -reducing.sum(smooth * logs, dim)
    return reducing.sum(values) / max(values.numel(), 1) if reduction == "mean" else _reduced(values, reduction)


__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu", "conv1d", "cross_entropy", "elu", "gelu", "glu",
    "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "huber_loss", "kl_div", "l1_loss", "leaky_relu", "linear",
    "log_softmax", "logsigmoid", "mish", "mse_loss", "nll_loss", "normalize", "pad", "relu", "relu6", "selu", "sigmoid", "silu",
    "smooth_l1_loss", "soft_margin_loss", "softmax", "softmin", "softplus", "softshrink", "softsign", "tanh",
    "tanhshrink", "threshold",
]  # fmt: skip
