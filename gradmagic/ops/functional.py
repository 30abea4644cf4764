"""Activations, and what moves pixels, under the names and signatures of ``torch.nn.functional``. Knows their table; no graph."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gradmagic.engine.inplace import write
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import activations as A
from gradmagic.ops import pixels as P
from gradmagic.ops import reducing
from gradmagic.ops import shape as S
from gradmagic.ops.arithmetic import relu as _relu
from gradmagic.ops.choosing import pad
from gradmagic.ops.choosing import unfold as _windows
from gradmagic.ops.contracting import addmm, einsum
from gradmagic.ops.operands import as_tensor, one_axis
from gradmagic.ops.shaping import reshape, view
from gradmagic.ops.variants import done_in_place

# -- activations --------------------------------------------------------------------------------------------------


def _given(input: Any, inplace: bool, row: Any, **options: Any) -> Any:
    if not isinstance(input, Tensor):
        called = (getattr(row, "name", None) or row.__name__) + "_" * inplace
        raise TypeError(f"{called}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return done_in_place(write(input, row, **options)) if inplace else row(input, **options)


def silu(input: Tensor, inplace: bool = False) -> Any:
    return _given(input, inplace, A.silu_row)


def mish(input: Tensor, inplace: bool = False) -> Any:
    return _given(input, inplace, A.mish_row)


def gelu(input: Tensor, approximate: str = "none") -> Any:
    if approximate == "tanh":
        return A.gelu_tanh_row(input)
    if approximate != "none":
        raise RuntimeError("approximate argument must be either none or tanh.")
    return A.gelu_row(input)


def logsigmoid(input: Tensor) -> Any:
    return A.log_sigmoid(input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Any:
    return A.softplus_row(input, beta=beta, threshold=threshold)


def softsign(input: Tensor) -> Any:
    return input / (input.abs() + 1)


def sigmoid(input: Tensor) -> Any:
    return input.sigmoid()


def tanh(input: Tensor) -> Any:
    return input.tanh()


def tanhshrink(input: Tensor) -> Any:
    return input - input.tanh()


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Any:
    return _given(input, inplace, A.elu_row, alpha=alpha, scale=1, input_scale=1)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Any:
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _given(input, inplace, A.celu_row, alpha=alpha, scale=1.0, input_scale=1.0 / alpha)


def selu(input: Tensor, inplace: bool = False) -> Any:
    return _given(
        input,
        inplace,
        A.elu_row,
        alpha=1.6732632423543772848170429916717,
        scale=1.0507009873554804934193349852946,
        input_scale=1.0,
    )


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    return _given(input, inplace, A.leaky_relu_row, options={"negative_slope": negative_slope})


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    return _given(input, inplace, A.hardtanh_row, options={"min_val": min_val, "max_val": max_val})


def relu6(input: Tensor, inplace: bool = False) -> Any:
    return hardtanh(input, 0.0, 6.0, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Any:
    return _given(input, inplace, A.hardsigmoid_row, options={})


def hardswish(input: Tensor, inplace: bool = False) -> Any:
    return _given(input, inplace, A.hardswish_row)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Any:
    return A.hardshrink_row(input, options={"lambd": lambd})


def softshrink(input: Tensor, lambd: float = 0.5) -> Any:
    return A.softshrink_row(input, options={"lambd": lambd})


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Any:
    return _given(input, inplace, A.threshold_row, options={"threshold": threshold, "value": value})


def relu(input: Tensor, inplace: bool = False) -> Any:
    return _given(input, inplace, _relu)


def prelu(input: Tensor, weight: Tensor) -> Any:
    n = weight._array.size
    if n != 1:
        channels = input.shape[1] if input.ndim > 1 else 1
        if n != channels:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {n} and channel size = "
                f"{channels}."
            )
        weight = reshape(weight, *(n if d == 1 else 1 for d in range(input.ndim)))
    elif weight.ndim != input.ndim:
        weight = reshape(weight, *(1,) * input.ndim)
    return A.prelu_row(input, weight)


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
    if not input.ndim:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    d = one_axis(dim, input.ndim)
    if input.shape[d] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {d} is size {input.shape[d]}")
    return A.glu_row(input, dim=d)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    return input / reducing.norm(input, p, dim, keepdim=True).clamp(eps).expand_as(input)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Any:
    a = tensor._array
    if a.dtype != np.int64:
        raise RuntimeError(
            f"one_hot is only applicable to index tensor of type LongTensor, but got {tensor.dtype.legacy}"
        )
    if a.size and a.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if not a.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    n = int(a.max()) + 1 if num_classes == -1 else num_classes
    if n < 1:
        raise RuntimeError("num_classes should be positive")
    if a.size and a.max() >= n:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return as_tensor((a[..., None] == np.arange(n)).astype(np.int64))


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
    windows = _windows(x, 2, wide, stride)[..., ::dilation]
    out = einsum("nclk,ock->nol", windows, weight)
    out = out if bias is None else out + reshape(bias, 1, -1, 1)
    return out[0] if one else out


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Any = None) -> Any:
    out = einsum("...i,oij,...j->...o", input1, weight, input2)
    return out if bias is None else out + bias


# -- pixels and channels ------------------------------------------------------------------------------------------


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Any:
    r = upscale_factor
    if input.ndim < 3:
        raise RuntimeError(
            f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    if input.shape[-3] % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
            f"input.size(-3)={input.shape[-3]} is not divisible by {r * r}"
        )
    return P.pixel_shuffle(input, args=(r,))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Any:
    r = downscale_factor
    if input.ndim < 3:
        raise RuntimeError(
            f"pixel_unshuffle expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    for d, name in ((-2, "height"), (-1, "width")):
        if input.shape[d] % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({d})={input.shape[d]} is "
                f"not divisible by {r}"
            )
    return P.pixel_unshuffle(input, args=(r,))


def channel_shuffle(input: Tensor, groups: int) -> Any:
    return P.channel_shuffle(input, args=(groups,))


def _two(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Blocks of an image as columns."""
    single = input.ndim == 3
    x = input[None] if single else input
    out = P.im2col(x, kernel=_two(kernel_size), dilation=_two(dilation), padding=_two(padding), stride=_two(stride))
    return out[0] if single else out


def _check_blocks(x: Tensor, *sizes: Any) -> None:
    size, kernel = sizes[:2]
    if x.shape[1] % (kernel[0] * kernel[1]):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)="
            f"{x.shape[1]} and kernel_size=({kernel[0]}, {kernel[1]})."
        )
    down, across = ((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, d, p, s in zip(size, *sizes[1:], strict=True))
    if x.shape[2] != down * across:
        raise RuntimeError(
            f"Given output_size=({size[0]}, {size[1]}), kernel_size=({kernel[0]}, {kernel[1]}), dilation="
            f"({sizes[2][0]}, {sizes[2][1]}), padding=({sizes[3][0]}, {sizes[3][1]}), stride=({sizes[4][0]}, {sizes[4][1]}), "
            f"expected size of input's dimension 2 to match the calculated number of sliding blocks {down} * {across} = "
            f"{down * across}, but got input.size(2)={x.shape[2]}."
        )


def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """The sum of the columns where their blocks lie."""
    single = input.ndim == 2
    x = input[None] if single else input
    _check_blocks(x, *map(_two, (output_size, kernel_size, dilation, padding, stride)))
    out = P.col2im(
        x, size=_two(output_size), kernel=_two(kernel_size), dilation=_two(dilation), padding=_two(padding),
        stride=_two(stride),
    )  # fmt: skip
    return out[0] if single else out


def _in_place(function: Any) -> Any:
    def op(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        return function(input, *args, **kwargs, inplace=True)

    op.__name__ = function.__name__ + "_"
    return op


relu_, elu_, celu_, selu_ = map(_in_place, (relu, elu, celu, selu))
leaky_relu_, hardtanh_, threshold_ = map(_in_place, (leaky_relu, hardtanh, threshold))

__all__ = [
    "bilinear", "celu", "celu_", "channel_shuffle", "conv1d", "elu", "elu_", "fold", "gelu", "glu", "hardshrink", "hardsigmoid",
    "hardswish", "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "linear", "log_softmax", "logsigmoid", "mish", "normalize",
    "one_hot", "pad", "pixel_shuffle", "pixel_unshuffle", "prelu", "relu", "relu6", "relu_", "selu", "selu_", "sigmoid", "silu",
    "softmax", "softmin", "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold", "threshold_", "unfold",
]  # fmt: skip
