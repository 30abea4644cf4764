"""NumPy's functions that move, join, choose and write elements, under its names and signatures. Knows no rule.

A function here stands for the one of the same name in ``numpy``. It is written over torch's functions, or over NumPy's
own, which come back here when they meet a Tensor.
"""

from __future__ import annotations

import builtins
from itertools import pairwise
from typing import Any

import numpy as np

from gradmagic.engine.tensor import Tensor
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.ops.numpy_ufuncs import same_dtype
from gradmagic.ops.operands import array_like, one_axis


def raw(value: Any) -> Any:
    """The array behind a Tensor, also within lists; anything else as it is."""
    if isinstance(value, (list, tuple)):
        return [raw(v) for v in value]
    return getattr(value, "_array", value)


def axes(axis: Any, ndim: int) -> list[int]:
    """An axis or several, counted from the front."""
    return [one_axis(int(d), ndim) for d in (axis if isinstance(axis, (tuple, list)) else (axis,))]


def sizes(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(n) for n in shape)


# -- shape --------------------------------------------------------------------------------------------------------


def reshape(a: Any, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    a, size = array_like(a), sizes(shape)
    if order == "F":
        return transpose(F["reshape"](transpose(a), *reversed(size)))
    out = F["reshape"](a, *size)
    return F["clone"](out) if copy else out


def ravel(a: Any, order: str = "C") -> Any:
    return reshape(a, -1, order)


def transpose(a: Any, axes: Any = None) -> Any:
    a = array_like(a)
    return F["permute"](a, *(reversed(range(a.ndim)) if axes is None else axes))


permute_dims = transpose


def matrix_transpose(x: Any) -> Any:
    return F["transpose"](array_like(x), -2, -1)


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    return F["transpose"](array_like(a), axis1, axis2)


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return F["movedim"](array_like(a), source, destination)


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    a = array_like(a)
    at = axis % a.ndim
    to = start + a.ndim if start < 0 else start
    return F["movedim"](a, at, to - 1 if at < to else to)


def expand_dims(a: Any, axis: Any) -> Any:
    a = array_like(a)
    several = axis if isinstance(axis, (tuple, list)) else (axis,)
    for d in sorted(one_axis(i, a.ndim + len(several)) for i in several):
        a = F["unsqueeze"](a, d)
    return a


def squeeze(a: Any, axis: Any = None) -> Any:
    a = array_like(a)
    if axis is not None and builtins.any(a.shape[d] != 1 for d in axes(axis, a.ndim)):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return F["squeeze"](a, axis)


def broadcast_to(array: Any, shape: Any) -> Any:
    return F["expand"](array_like(array), *sizes(shape))


def broadcast_arrays(*args: Any) -> Any:
    """What is no number (matplotlib broadcasts hatches too) stays an array."""
    given = [a if isinstance(a, Tensor) else np.asarray(a) for a in args]
    shape = np.broadcast_shapes(*(a.shape for a in given))
    return tuple(
        np.broadcast_to(array_like(a) if isinstance(a, Tensor) or a.dtype.kind in "biufc" else a, shape) for a in given
    )


def atleast_1d(*arys: Any) -> Any:
    return _each(lambda t: F["reshape"](t, 1) if t.ndim == 0 else t, arys)


def atleast_2d(*arys: Any) -> Any:
    return _each(lambda t: F["reshape"](t, 1, -1) if t.ndim < 2 else t, arys)


def atleast_3d(*arys: Any) -> Any:
    return _each(lambda t: F["reshape"](t, 1, -1, 1) if t.ndim < 2 else t[..., None] if t.ndim == 2 else t, arys)


def _each(f: Any, arrays: Any) -> Any:
    out = tuple(f(array_like(a)) for a in arrays)
    return out[0] if len(out) == 1 else out


def copy(a: Any, order: str = "K") -> Any:
    return F["clone"](array_like(a))


def astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    return F["to"](array_like(x), dtype=dtype, copy=copy)


def zeros_like(a: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    return full_like(a, 0, dtype, shape=shape)


def ones_like(a: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    return full_like(a, 1, dtype, shape=shape)


empty_like = zeros_like


def full_like(a: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    like = raw(a)
    size = like.shape if shape is None else sizes(shape)
    if isinstance(fill_value, Tensor):
        return F["clone"](broadcast_to(astype(fill_value, dtype or like.dtype), size))
    return Tensor._of(np.full(size, fill_value, dtype or like.dtype))


# -- joined and parted --------------------------------------------------------------------------------------------


def concatenate(arrays: Any, axis: int | None = 0, *, dtype: Any = None) -> Any:
    ts = same_dtype(*arrays)
    joined = F["cat"]([ravel(t) for t in ts] if axis is None else ts, axis or 0)
    return joined if dtype is None else astype(joined, dtype)


concat = concatenate


def stack(arrays: Any, axis: int = 0, *, dtype: Any = None) -> Any:
    joined = F["stack"](same_dtype(*arrays), axis)
    return joined if dtype is None else astype(joined, dtype)


def hstack(tup: Any, *, dtype: Any = None) -> Any:
    ts = [atleast_1d(t) for t in tup]
    return concatenate(ts, 0 if ts[0].ndim == 1 else 1, dtype=dtype)


def vstack(tup: Any, *, dtype: Any = None) -> Any:
    return concatenate([atleast_2d(t) for t in tup], 0, dtype=dtype)


def dstack(tup: Any) -> Any:
    return concatenate([atleast_3d(t) for t in tup], 2)


def column_stack(tup: Any) -> Any:
    return concatenate([matrix_transpose(atleast_2d(t)) if np.ndim(raw(t)) < 2 else t for t in tup], 1)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return concatenate([arr, values], axis)


def block(arrays: Any) -> Any:
    depth, innermost = 0, arrays
    while isinstance(innermost, list):
        depth, innermost = depth + 1, innermost[0]
    return _block(arrays, depth, builtins.max(depth, _most_axes(arrays)))


def _most_axes(arrays: Any) -> int:
    return builtins.max(map(_most_axes, arrays)) if isinstance(arrays, list) else np.ndim(raw(arrays))


def _block(arrays: Any, depth: int, ndim: int) -> Any:
    if not isinstance(arrays, list):
        t = array_like(arrays)
        return F["reshape"](t, *(1,) * (ndim - t.ndim), *t.shape)
    return concatenate([_block(a, depth - 1, ndim) for a in arrays], -depth)


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    n = array_like(ary).shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)) and n % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """A list of parts, each a view of its own."""
    t = array_like(ary)
    d, n = one_axis(axis, t.ndim), t.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        each, more = divmod(n, int(indices_or_sections))
        ends = np.cumsum([each + 1] * more + [each] * (int(indices_or_sections) - more))[:-1]
    else:
        ends = np.asarray(raw(indices_or_sections))
    return [t[(slice(None),) * d + (slice(a, b),)] for a, b in pairwise([0, *ends.tolist(), n])]


def hsplit(ary: Any, indices_or_sections: Any) -> Any:
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


def vsplit(ary: Any, indices_or_sections: Any) -> Any:
    return split(ary, indices_or_sections, 0)


def dsplit(ary: Any, indices_or_sections: Any) -> Any:
    return split(ary, indices_or_sections, 2)


def unstack(x: Any, /, *, axis: int = 0) -> Any:
    return F["unbind"](array_like(x), axis)


# -- turned and repeated ------------------------------------------------------------------------------------------


def flip(m: Any, axis: Any = None) -> Any:
    m = array_like(m)
    return F["flip"](m, tuple(range(m.ndim)) if axis is None else axis)


def fliplr(m: Any) -> Any:
    return flip(m, 1)


def flipud(m: Any) -> Any:
    return flip(m, 0)


def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    return F["rot90"](array_like(m), k, axes)


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    return F["roll"](array_like(a), shift, axis)


def tile(A: Any, reps: Any) -> Any:
    return F["tile"](array_like(A), *sizes(reps))


def tril(m: Any, k: int = 0) -> Any:
    return F["tril"](array_like(m), k)


def triu(m: Any, k: int = 0) -> Any:
    return F["triu"](array_like(m), k)


def diag(v: Any, k: int = 0) -> Any:
    return F["diag"](array_like(v), k)


def diagflat(v: Any, k: int = 0) -> Any:
    return F["diag"](ravel(v), k)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return F["diagonal"](array_like(a), offset, axis1, axis2)


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    ts = [ravel(x) for x in xi]
    n = len(ts)
    order = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    out = tuple(F["reshape"](t, *(-1 if order[d] == k else 1 for d in range(n))) for k, t in enumerate(ts))
    out = out if sparse else broadcast_arrays(*out)
    return tuple(F["clone"](t) for t in out) if copy else out
