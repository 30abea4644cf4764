"""``out=``: a function's result written into a tensor that is there already. Knows torch's rules for it; no op."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.inplace import write
from gradmagic.engine.modes import modes
from gradmagic.engine.tensor import Tensor


def with_out(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which takes ``out=`` as well."""

    @functools.wraps(function)
    def op(*args: Any, **kwargs: Any) -> Any:
        if kwargs and "out" in kwargs:
            out = kwargs.pop("out")
            if out is not None:
                return into(out, function, *args, **kwargs)
        return function(*args, **kwargs)

    return op


def into(out: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Write what the function gives into ``out``, a tensor or a tuple of tensors."""
    outs = out if isinstance(out, (tuple, list)) else (out,)
    if modes.grad and any(t.requires_grad for t in _tensors((*args, *kwargs.values(), *outs))):
        raise RuntimeError(
            f"{function.__name__}(): functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments requires grad."
        )
    result = function(*args, **kwargs)
    for target, value in zip(outs, result if isinstance(result, tuple) else (result,), strict=True):
        _resize(target, value.shape)
        write(target, lambda _, value=value: value)
    return _named(result)(*outs) if hasattr(result, "_fields") else out


def _named(result: Any) -> Any:
    """Torch's name for what comes back in given tensors."""
    kind = type(result)
    return type(kind.__name__ + "_out", (kind,), {"__slots__": ()})


def _tensors(values: Any) -> list[Tensor]:
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            found.extend(_tensors(value))
    return found


def _resize(target: Tensor, shape: tuple[int, ...]) -> None:
    if target.shape == shape:
        return
    if target._array.size:
        warnings.warn(
            f"An output with one or more elements was resized since it had shape {list(target.shape)}, which does not match "
            f"the required output shape {list(shape)}. This behavior is deprecated, and in a future PyTorch release outputs "
            "will not be resized unless they have zero elements. You can explicitly reuse an out tensor t by resizing it, "
            "inplace, to zero elements with t.resize_(0).",
            UserWarning,
            stacklevel=4,
        )
    target._array = np.empty(shape, target._array.dtype)
