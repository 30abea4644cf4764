"""Indexing, and writing at an index, by torch's rules. Knows the table of shapes; no graph."""

from __future__ import annotations

import builtins
from typing import Any, NoReturn

import numpy as np

from gradmagic.engine.inplace import same_data, write
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import shape as S
from gradmagic.ops.operands import (
    Number,
    as_tensor,
    held,
    save_choice,
)
from gradmagic.ops.shaping import expand, reshape, unsqueeze

# -- indexing -----------------------------------------------------------------------------------------------------


def _plain(index: Any) -> Any:
    return index._array if isinstance(index, Tensor) else index


def _is_fancy(part: Any) -> bool:
    return isinstance(part, (list, np.ndarray)) or (
        isinstance(part, Tensor) and (part.ndim > 0 or part._array.dtype.kind not in "biu")
    )


def _is_flag(part: Any) -> bool:
    return isinstance(part, bool) or (isinstance(part, Tensor) and part.ndim == 0 and part._array.dtype.kind == "b")


def _width(part: Any) -> int:
    if part is None or part is Ellipsis or _is_flag(part):
        return 0
    a = _plain(part)
    if isinstance(a, (np.ndarray, np.bool_)) and a.dtype.kind == "b":
        return int(a.ndim)
    return 1


def getitem(x: Tensor, index: Any) -> Any:
    """Basic indices one by one, as views; what is left of fancy ones at the end, as a copy."""
    if type(index) is int and (shape := x._array.shape) and -shape[0] <= index < shape[0]:
        return S.select.one(x, dim=0, index=index % shape[0])
    if isinstance(index, slice) and x.ndim:
        return _sliced(x, 0, index, always=True)
    out, fancy = _resolved(x, index)
    if fancy is not None:
        _check_fancy(out, fancy)
        return save_choice(S.index_op(out, index=_filled(fancy)), _many(index))
    return S.alias.one(held(x)) if out is x else out


def _parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _many(index: Any) -> tuple[Any, ...]:
    """The tensors that are saved: torch reads one of a single element at once."""
    return tuple(p for p in _parts(index) if isinstance(p, Tensor) and p.ndim)


def _filled(fancy: list[Any]) -> tuple[Any, ...]:
    return tuple(slice(None) if f is None else f for f in fancy)


def _resolved(x: Tensor, index: Any) -> tuple[Any, list[Any] | None]:
    """The view that the basic indices give, and the fancy ones that are to be applied to it."""
    parts = _parts(index)
    left = x.ndim - builtins.sum(_width(p) for p in parts)
    if left < 0:
        _refuse(x, index)
    out, dim = x, 0
    fancy: list[Any] = []
    for position, part in enumerate(parts):
        if part is Ellipsis:
            dim, kept = dim + left, [None] * left
        else:
            out, dim, kept = _basic(out, dim, part, position)
        fancy.extend(kept)
    if builtins.all(f is None for f in fancy):
        return out, None
    return out, fancy[: out.ndim]  # a second ellipsis stands for nothing


def _refuse(x: Tensor, index: Any) -> NoReturn:
    if isinstance(index, slice):
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if isinstance(index, int) or (isinstance(index, Tensor) and index.ndim == 0):
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim "
            "tensor to a number"
        )
    raise IndexError(f"too many indices for tensor of dimension {x.ndim}")


def _basic(out: Any, dim: int, part: Any, position: int) -> tuple[Any, int, list[Any]]:
    if part is None:
        return unsqueeze(out, dim), dim + 1, [None]
    if isinstance(part, slice):
        return _sliced(out, dim, part), dim + 1, [None]
    if _is_flag(part):
        return unsqueeze(out, dim), dim + 1, [np.zeros(1 if part else 0, np.intp)]
    if _is_fancy(part):
        a = np.asarray(_plain(part))
        if a.dtype.kind in "fc" and (a.size or isinstance(part, Tensor)):
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return out, dim + (a.ndim if a.dtype.kind == "b" else 1), [a if a.dtype.kind == "b" else a.astype(np.intp)]
    if isinstance(part, (int, np.integer, Tensor)):
        i, n = int(part), out.shape[dim]
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of bounds for dimension {position} with size {n}")
        return S.select.one(held(out), dim=dim, index=i % n), dim, []
    if isinstance(part, str):
        raise TypeError("new(): invalid data type 'str'")
    raise IndexError(
        f"only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {type(part).__name__})"
    )


def _sliced(out: Any, dim: int, part: slice, always: bool = False) -> Any:
    n = out.shape[dim]
    if part.step is not None and int(part.step) < 0:
        raise ValueError("step must be greater than zero")
    start, stop, step = part.indices(n)
    # torch skips what asks for everything
    if part.start in (None, 0) and (part.stop is None or part.stop >= n) and step == 1 and not always:
        return out
    return S.slice_.one(held(out), dim=dim, start=start, stop=builtins.max(stop, start), step=step)


def _check_fancy(x: Tensor, fancy: list[Any]) -> None:
    at = number = 0
    for f in fancy:
        if f is None:
            at += 1
        elif f.dtype.kind == "b":
            _check_mask(x, f, at)
            at, number = at + f.ndim, number + f.ndim
        else:
            _check_range(f, number, x.shape[at])
            at, number = at + 1, number + 1


def _check_mask(x: Tensor, mask: Any, at: int) -> None:
    for d, n in enumerate(mask.shape):
        if n != x.shape[at + d]:
            raise IndexError(
                f"The shape of the mask {list(mask.shape)} at index {d} does not match the shape of the indexed tensor "
                f"{list(x.shape)} at index {at + d}"
            )


def _check_range(index: Any, number: int, n: int) -> None:
    if not index.size or (-n <= index.min() and index.max() < n):
        return
    if n == 0:
        raise IndexError("index is out of bounds for dimension with size 0")
    bad = index[(index < -n) | (index >= n)].flat[0]
    raise IndexError(f"index {bad} is out of bounds for dimension {number} with size {n}")


def setitem(x: Tensor, index: Any, value: Any) -> None:
    """Write through a view; or, for fancy indices, by ``index_put_``."""
    if index is False:
        return
    if type(index) is int and (shape := x._array.shape) and -shape[0] <= index < shape[0]:
        _assign(S.select.one(x, dim=0, index=index % shape[0]), value)
        return
    target, fancy = _resolved(x, None if index is True else index)
    if fancy is None:
        _assign(held(target), value)
        return
    v = _checked(x, value)
    v = Tensor._of(np.asarray(v).astype(x._array.dtype)) if isinstance(v, Number) else as_tensor(v)

    def put(before: Tensor, values: Tensor) -> Any:
        _check_fancy(before, fancy)
        S.check_fits(before._array, values._array, _filled(fancy))
        if values.dtype is not before.dtype:
            raise RuntimeError(
                f"Index put requires the source and destination dtypes match, got {before.dtype.legacy} for the destination "
                f"and {values.dtype.legacy} for the source."
            )
        return save_choice(S.index_put(before, values, index=_filled(fancy), accumulate=False), _many(index))

    shape = _without_leading_ones(v.shape)
    write(held(target), put, v if shape == v.shape else reshape(v, *shape), sharing="none")


_C_TYPES = {"float16": "at::Half", "float32": "float", "float64": "double", "int64": "int64_t", "int32": "int"}


_VALUES = (Tensor, np.ndarray, *Number)


def _checked(x: Tensor, value: Any) -> Any:
    if not isinstance(value, _VALUES):
        raise TypeError(f"can't assign a {type(value).__name__} to a torch.{x.dtype.legacy}Tensor")
    if isinstance(value, complex) and value.imag and not x.dtype.is_complex:
        name = _C_TYPES.get(x.dtype.name, x.dtype.name)
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")
    return value


def _assign(target: Tensor, value: Any) -> None:
    v = _checked(target, value)
    if isinstance(v, Number):
        v = Tensor._of(np.asarray(v).astype(target._array.dtype)[()])
    v = as_tensor(v)
    if v._array.shape == target._array.shape:
        copy_(target, v)
    elif v.ndim == 0:
        fill_(target, v)
    else:
        copy_(target, expand(reshape(v, *_without_leading_ones(v.shape)), *target.shape))


def _without_leading_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[next((d for d, n in enumerate(shape) if n != 1), len(shape)) :]


def copy_(input: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Write another tensor's values into this one."""
    v = as_tensor(src)
    same = same_data(held(input)._array, v._array)
    return write(input, S.copy_values.two, v, sharing="all" if same else "alike")


def fill_(input: Tensor, value: Any) -> Tensor:
    """Write one number everywhere."""
    if not isinstance(value, Tensor):
        return write(held(input), S.fill.one, value=_checked(input, value), sharing="all")
    if value.ndim:
        raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    return write(held(input), S.fill_with.two, value, sharing="any")


def zero_(input: Tensor) -> Tensor:
    """Write zeros everywhere."""
    return write(held(input), S.zero.one, sharing="all")


def index_put(input: Tensor, indices: Any, values: Any, accumulate: bool = False) -> Any:
    put = S.index_put(input, as_tensor(values), index=tuple(_plain(i) for i in indices), accumulate=accumulate)
    return save_choice(put, indices)


def accumulated(input: Tensor) -> Any:
    """A copy that remembers where it comes from: what ``.grad`` becomes under ``create_graph``."""
    return S.accumulated(input)
