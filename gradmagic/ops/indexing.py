"""Indexing, and writing at an index, by torch's rules. Knows the table of shapes; no graph."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from gradmagic.engine.inplace import write
from gradmagic.engine.kinds import refuse_broadcast
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import shape as S
from gradmagic.ops.operands import (
    Number,
    as_tensor,
    held,
    operand,
)
from gradmagic.ops.shaping import reshape, unsqueeze

# -- indexing -----------------------------------------------------------------------------------------------------


def _plain(index: Any) -> Any:
    return index._array if isinstance(index, Tensor) else index


def _is_fancy(part: Any) -> bool:
    return isinstance(part, (list, np.ndarray)) or (
        isinstance(part, Tensor) and (part.ndim > 0 or part._array.dtype.kind == "b")
    )


def _parts(x: Tensor, index: Any) -> list[Any]:
    parts = list(index) if isinstance(index, tuple) else [index]
    used = builtins.sum(_width(p) for p in parts)
    if used > x.ndim:
        raise IndexError(f"too many indices for tensor of dimension {x.ndim}")
    if builtins.any(p is Ellipsis for p in parts):
        at = next(i for i, p in enumerate(parts) if p is Ellipsis)
        parts[at : at + 1] = [slice(None)] * (x.ndim - used)
    return parts


def _width(part: Any) -> int:
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    a = _plain(part)
    if isinstance(a, (np.ndarray, np.bool_)) and a.dtype.kind == "b":
        return int(a.ndim)
    return 1


def getitem(x: Tensor, index: Any) -> Any:
    """Basic indices one by one, as views; what is left of fancy ones at the end, as a copy."""
    out, fancy = _resolved(x, index)
    if fancy is not None:
        return S.index_op(out, index=fancy)
    return S.alias(held(x)) if out is x else out


def _resolved(x: Tensor, index: Any) -> tuple[Any, tuple[Any, ...] | None]:
    """The view that the basic indices give, and the fancy ones that are to be applied to it."""
    out, dim, fancy = x, 0, []
    for part in _parts(x, index):
        out, dim, kept = _basic(out, dim, part)
        fancy.extend(kept)
    if builtins.all(f is None for f in fancy):
        return out, None
    _check_mask(out, fancy)
    return out, tuple(slice(None) if f is None else f for f in fancy)


def _basic(out: Any, dim: int, part: Any) -> tuple[Any, int, list[Any]]:
    if part is None:
        return unsqueeze(out, dim), dim + 1, [None]
    if isinstance(part, slice):
        return _sliced(out, dim, part), dim + 1, [None]
    if _is_fancy(part):
        a = np.asarray(_plain(part))
        if a.dtype.kind in "fc" and a.size:
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return out, dim + (a.ndim if a.dtype.kind == "b" else 1), [a if a.dtype.kind == "b" else a.astype(np.intp)]
    if isinstance(part, (int, np.integer, Tensor)) and not isinstance(part, bool):
        i, n = int(part), out.shape[dim]
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of bounds for dimension {dim} with size {n}")
        return S.select(held(out), dim=dim, index=i % n), dim, []
    raise TypeError(
        f"only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {type(part).__name__})"
    )


def _sliced(out: Any, dim: int, part: slice) -> Any:
    if part.step is not None and int(part.step) <= 0:
        raise ValueError("step must be greater than zero")
    n = out.shape[dim]
    start, stop, step = part.indices(n)
    if part.start in (None, 0) and part.stop is None and step == 1:  # torch skips what asks for everything
        return out
    return S.slice_(held(out), dim=dim, start=start, stop=builtins.max(stop, start), step=step)


def _check_mask(x: Tensor, fancy: list[Any]) -> None:
    at = 0
    for f in fancy:
        if f is not None and f.dtype.kind == "b":
            if f.shape != x.shape[at : at + f.ndim]:
                raise IndexError(
                    f"The shape of the mask {list(f.shape)} at index 0 does not match the shape of the indexed tensor "
                    f"{list(x.shape)} at index 0"
                )
            at += f.ndim
            continue
        if f is not None:
            n = x.shape[at]
            if f.size and not (-n <= f.min() and f.max() < n):
                bad = f[(f < -n) | (f >= n)].flat[0]
                raise IndexError(f"index {bad} is out of bounds for dimension {at} with size {n}")
        at += 1


def setitem(x: Tensor, index: Any, value: Any) -> None:
    """Write through a view; or, for fancy indices, by ``index_put_``."""
    target, fancy = _resolved(x, index)
    if fancy is None:
        _assign(S.alias(held(x)) if target is x else target, value)
        return
    v = as_tensor(_checked(value))
    v = v if v._array.dtype == x._array.dtype else v.to(x.dtype)
    write(target, S.index_put, v, index=fancy, accumulate=False)


def _checked(value: Any) -> Any:
    if not isinstance(value, (Tensor, np.ndarray, *Number)):
        raise TypeError(f"can't assign a {type(value).__name__} to a torch.FloatTensor")
    return value


def _assign(target: Tensor, value: Any) -> None:
    if isinstance(value, Number):
        write(target, S.fill, value=operand(value))
        return
    copy_(target, as_tensor(_checked(value)))


def copy_(input: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Write another tensor's values into this one."""
    v = as_tensor(src)
    extra = v.ndim - input.ndim
    if extra > 0 and v.shape[:extra] == (1,) * extra:
        v = reshape(v, *v.shape[extra:])  # torch lets leading ones go
    try:
        np.broadcast_shapes(v.shape, input.shape)
    except ValueError:
        refuse_broadcast([np.broadcast_to(np.empty(()), input.shape), v._array])
        raise
    return write(input, S.copy_values, v)


def fill_(input: Tensor, value: Any) -> Tensor:
    """Write one number everywhere."""
    return write(input, S.fill, value=value.item() if isinstance(value, Tensor) else value)


def zero_(input: Tensor) -> Tensor:
    """Write zeros everywhere."""
    return write(input, S.fill, value=0)


def index_put(input: Tensor, indices: Any, values: Any, accumulate: bool = False) -> Any:
    return S.index_put(input, as_tensor(values), index=tuple(_plain(i) for i in indices), accumulate=accumulate)


def accumulated(input: Tensor) -> Any:
    """A copy that remembers where it comes from: what ``.grad`` becomes under ``create_graph``."""
    return S.accumulated(input)
