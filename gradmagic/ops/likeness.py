"""What a Tensor says of itself, and what is made in its likeness: its methods that are no op. Knows the ops by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.inplace import write
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.methods import set_
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.ops.operands import sizes_of


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero."""
    return bool(input)


def _adjoint(self: Tensor) -> Any:
    if self.ndim == 1:
        raise RuntimeError("tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor.")
    return self.mH if self.ndim else F["conj"](self)


def _new_full(self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Any:
    kind = self._array.dtype if dtype is None else dtypes.to_numpy(dtype)
    made: Any = Tensor._of(np.full(sizes_of((size,)), fill_value, kind))
    return made.requires_grad_() if requires_grad else made


def _fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    if self.ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    if self.ndim > 2 and len(set(self.shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    mask = np.zeros(self.shape, bool)
    np.fill_diagonal(mask, True, wrap)
    return write(self, F["masked_fill"], Tensor._of(mask), fill_value)


def _reversed(self: Tensor) -> Any:
    return F["flip"](self, 0) if self.ndim else self


set_("nbytes", property(lambda self: self._array.nbytes))
set_("itemsize", property(lambda self: self._array.itemsize))
set_("ndimension", lambda self: self.ndim)
set_("is_nonzero", is_nonzero)
set_("is_signed", lambda self: self.dtype.is_signed)
set_("adjoint", _adjoint)
set_("new_full", _new_full)
set_("fill_diagonal_", _fill_diagonal_)
set_("__reversed__", _reversed)
for _name in ("hardshrink", "prelu"):
    set_(_name, F[_name])
