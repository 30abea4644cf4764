"""Questions about tensors and dtypes, and torch's old constructors. Knows no op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.tensor import Tensor, old_style
from gradmagic.torch.nn.parameter import typename


def is_tensor(obj: Any) -> Any:
    """Whether an object is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether a tensor's dtype is floating point."""
    return input.dtype.is_floating_point


def is_complex(input: Tensor) -> bool:
    """Whether a tensor's dtype is complex."""
    return input.dtype.is_complex


class finfo:
    """The limits of a floating-point dtype; the default dtype's if none is given.

    Parameters
    ----------
    type : torch.dtype, optional
        Which.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.finfo(torch.float64).eps
    2.220446049250313e-16
    """

    def __init__(self, type: Any = None) -> None:
        kind = dtypes.get_default_dtype() if type is None else type
        if not (kind.is_floating_point or kind.is_complex):
            raise TypeError(f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{kind}'")
        known = np.finfo(dtypes.to_numpy(kind))
        self.dtype, self.bits = kind.name, known.bits
        self.eps, self.max, self.min = float(known.eps), float(known.max), float(known.min)
        self.tiny = self.smallest_normal = float(known.tiny)
        self.resolution = float(known.resolution)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        told = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({told}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer dtype.

    Parameters
    ----------
    type : torch.dtype
        Which.
    """

    def __init__(self, type: Any) -> None:
        if type.is_floating_point or type.is_complex:
            raise TypeError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{type}'")
        known = np.iinfo(dtypes.to_numpy(type))
        self.dtype, self.bits, self.min, self.max = type.name, known.bits, int(known.min), int(known.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"


def _constructor(dtype: dtypes.dtype) -> Callable[..., Any]:
    """An old constructor: of sizes, or of a sequence of numbers."""

    def make(*data: Any) -> Any:
        return Tensor._of(old_style(data, dtypes.to_numpy(dtype)))

    make.__name__ = f"{dtype.legacy}Tensor"
    make.__doc__ = f"A tensor of {dtype.name} of these sizes, or with these values."
    return make


FloatTensor, DoubleTensor = _constructor(dtypes.float32), _constructor(dtypes.float64)
IntTensor, LongTensor, BoolTensor = _constructor(dtypes.int32), _constructor(dtypes.int64), _constructor(dtypes.bool)

__all__ = [
    "BoolTensor", "DoubleTensor", "FloatTensor", "IntTensor", "LongTensor", "finfo", "iinfo", "is_complex", "is_floating_point",
    "is_tensor", "typename",
]  # fmt: skip


def result_type(tensor1: Any, tensor2: Any) -> Any:
    """The dtype that arithmetic of the two gives."""
    return dtypes.of(dtypes.result_dtype([getattr(v, "_array", v) for v in (tensor1, tensor2)]))


def promote_types(type1: Any, type2: Any) -> Any:
    """The smallest dtype that both dtypes go into."""
    return dtypes.of(dtypes.result_dtype([np.empty(1, dtypes.to_numpy(t)) for t in (type1, type2)]))


def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that tensors of these shapes are broadcast to."""
    sizes = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    common = [1] * max(map(len, sizes), default=0)
    for i, shape in enumerate(sizes):
        for k in range(-1, -1 - len(shape), -1):
            if shape[k] < 0:
                raise RuntimeError(f"Trying to create tensor with negative dimension ({shape[k]}): ({shape[k]})")
            if shape[k] in (1, common[k]):
                continue
            if common[k] != 1:
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {shape[k]} at {k}! Mismatching argument at index {i} had "
                    f"{shape}; but expected shape should be broadcastable to {common}"
                )
            common[k] = shape[k]
    return dtypes.Size(common)
