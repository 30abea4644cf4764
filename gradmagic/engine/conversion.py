"""What a Tensor's values become outside the graph: arrays, Python's numbers, truth; refused where a graph would be lost.

Knows who asks, by ``leaving``, and the modes; nothing of gradients.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradmagic.engine import leaving
from gradmagic.engine.modes import modes

_BOOL_IN_VMAP = (
    "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support that yet, "
    "please file an issue at https://github.com/pytorch/pytorch/issues ."
)
_ITEM_IN_VMAP = (
    "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, please "
    "try to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch internals, "
    "please file a bug report."
)
_ITEM_IN_SERIES = (
    "taylor: a number was taken out of a Tensor that depends on x, as float(x), x.item() or math.sin(x) do, and it would not "
    "remember how: its derivatives would be lost. Write np.sin(x) for math.sin(x), or x.detach() for what is a constant."
)
_TO_SCALAR = (
    "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
    "Consider using tensor.detach() first."
)


class Conversion:
    """The part of a Tensor that Python and NumPy ask for values."""

    __slots__ = ()
    _array: Any
    requires_grad: Any  # a property of the Tensor, and two of its methods
    _memory: Any
    unbind: Any

    def numpy(self, *, force: bool = False) -> Any:
        """The array itself, sharing memory.

        Raises
        ------
        RuntimeError
            If the tensor requires grad: an array would lose the graph in silence.
        """
        if self.requires_grad and not force:
            raise RuntimeError(leaving.CANNOT)
        return self._memory()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self.requires_grad and not leaving.for_a_picture():
            raise RuntimeError(leaving.refusal())
        return np.array(self.numpy(force=True), dtype=dtype, copy=copy)

    def item(self) -> Any:
        """The value of a tensor of one element, as a Python number."""
        if modes.maps:
            raise RuntimeError(_ITEM_IN_VMAP)
        if modes.expands and self.requires_grad:
            raise RuntimeError(_ITEM_IN_SERIES)
        if self._array.size != 1:
            raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
        return self._array.item()

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        if modes.expands and self.requires_grad:
            raise RuntimeError(_ITEM_IN_SERIES)
        return self._array.tolist()

    def _scalar(self) -> Any:
        if self._array.size != 1 and not modes.maps:
            raise ValueError("only one element tensors can be converted to Python scalars")
        value = self.item()
        if self.requires_grad and not leaving.for_a_picture():
            if leaving.into_an_element():
                raise RuntimeError(leaving.CANNOT + leaving.INTO_ARRAY)
            warnings.warn(_TO_SCALAR, UserWarning, stacklevel=3)
        return value

    def __float__(self) -> float:
        return float(self._scalar())

    def __int__(self) -> int:
        return int(self._scalar())

    def __complex__(self) -> complex:
        return complex(self._scalar())

    def __index__(self) -> int:
        if self._array.dtype.kind not in "biu" or self._array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._array.item())

    def __bool__(self) -> bool:
        if modes.maps:
            raise RuntimeError(_BOOL_IN_VMAP)
        if self._array.size == 1:
            return bool(self._array.item())
        many = "more than one value" if self._array.size else "no values"
        raise RuntimeError(f"Boolean value of Tensor with {many} is ambiguous")

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return int(self._array.shape[0])

    def __iter__(self) -> Iterator[Any]:
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __contains__(self, element: Any) -> bool:
        if not hasattr(element, "_array") and not isinstance(element, (int, float, complex, np.number, np.bool_)):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        return bool((self == element).any())
