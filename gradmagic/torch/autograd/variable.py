"""``Variable``: what a Tensor that wants a gradient was called before 2018. Knows no op."""

from __future__ import annotations

from typing import Any

from gradmagic.engine.tensor import Tensor


class _Any(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_Any):
    """A leaf with a tensor's values, in the same memory: old programs say so; ``requires_grad`` is False unless given.

    Parameters
    ----------
    data : Tensor, optional
        The values.
    requires_grad : bool
        Whether gradients will be asked for.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.autograd.Variable(torch.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False) -> Any:
        source = Tensor([]) if data is None else data
        if not isinstance(source, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(source).__name__}")
        return source.detach().requires_grad_(requires_grad)
