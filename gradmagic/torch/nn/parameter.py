"""The tensors that a module learns. Knows no module."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.tensor import Tensor


class Parameter(Tensor):
    """A leaf that requires grad, and that a module takes for its own when it becomes an attribute.

    Parameters
    ----------
    data : Tensor, optional
        The values; the memory is shared.
    requires_grad : bool
        Whether it is to be learned.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.nn.Parameter(torch.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        source = Tensor._of(np.empty(0, dtypes.default_float())) if data is None else data.detach()
        if requires_grad and source._array.dtype.kind not in "fc":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        self._array, self._node, self._wants_grad = source._array, None, requires_grad
        self._view, self._log, self.output_nr, self._inference = None, source._log, 0, source._inference

    def detach(self) -> Tensor:
        t = super().detach()
        t.__class__ = Tensor
        return t

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) not in memo:  # unlike other tensors, torch copies a parameter without its gradient
            memo[id(self)] = type(self)(Tensor._of(np.array(self._array)), self.requires_grad)
        return memo[id(self)]  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


def forget(p: Any, set_to_none: bool) -> None:
    """Take away a tensor's gradient, or make it zero and without history."""
    g = p._grad
    if g is None:
        return
    if set_to_none:
        p.grad = None
        return
    if g.grad_fn is not None:
        g.detach_()
    else:
        g.requires_grad_(False)
    g.zero_()


def typename(obj: Any) -> str:
    """The name of an object's type, as torch's messages have it.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    str
        For a tensor the name of its legacy type.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.typename(torch.ones(1)), torch.typename([])
    ('torch.FloatTensor', 'list')
    """
    if isinstance(obj, Tensor):
        return f"torch.{obj.dtype.legacy}Tensor"
    kind = obj if isinstance(obj, type) else type(obj)
    module = kind.__module__
    return kind.__qualname__ if module in {"builtins", ""} else f"{module}.{kind.__qualname__}"


__all__ = ["Parameter"]
