"""NumPy's functions that choose, repeat, pad and write elements, under its names and signatures. Knows no rule.

A function here stands for the one of the same name in ``numpy``. Where elements go is asked of NumPy itself, by their
positions.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.ops.numpy_shapes import astype, concatenate, ravel, raw, reshape, sizes, zeros_like
from gradmagic.ops.operands import array_like, one_axis

# -- repeated and padded ------------------------------------------------------------------------------------------


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    t = ravel(a) if axis is None else array_like(a)
    n = t.shape[axis or 0]
    return take(t, np.repeat(np.arange(n), np.broadcast_to(raw(repeats), n)), axis or 0)


def resize(a: Any, new_shape: Any) -> Any:
    size = sizes(new_shape)
    return reshape(take(a, np.arange(math.prod(size)) % array_like(a)._array.size), size)


def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """By what NumPy does with the positions; constants and end values are put in afterwards."""
    t = array_like(array)
    if mode in ("edge", "reflect", "symmetric", "wrap") and kwargs.get("reflect_type", "even") == "even":
        places = np.pad(np.arange(t._array.size).reshape(t.shape), pad_width, mode)
        return F["reshape"](take(t, places.reshape(-1)), *places.shape)
    if mode != "constant":
        raise TypeError(
            f"np.pad(mode={mode!r}) on Tensors is not supported. The modes 'constant', 'edge', 'reflect', 'symmetric' and "
            "'wrap' are; join what is to stand outside with np.concatenate."
        )
    places = np.pad(np.arange(t._array.size).reshape(t.shape), pad_width, constant_values=-1)
    inside = F["reshape"](take(t, np.maximum(places, 0).reshape(-1)), *places.shape)
    around = np.pad(np.zeros(t.shape), pad_width, constant_values=raw(kwargs.get("constant_values", 0)))
    return F["where"](places >= 0, inside, array_like(around.astype(t._array.dtype)))


# -- chosen -------------------------------------------------------------------------------------------------------


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None and y is None:
        return np.nonzero(raw(condition))
    return F["where"](array_like(condition), *(array_like(v) if isinstance(v, (list, tuple)) else v for v in (x, y)))


def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = (_bound(v) for v in (a_min if min is None else min, a_max if max is None else max))
    a = array_like(a)
    return F["clone"](a) if low is None and high is None else F["clamp"](a, low, high)


def _bound(value: Any) -> Any:
    return value if value is None or np.isscalar(value) else array_like(value)


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    t, at = array_like(a), np.asarray(raw(indices))
    t, d = (F["reshape"](t, -1), 0) if axis is None else (t, one_axis(axis, t.ndim))
    if mode != "raise":
        at = at % t.shape[d] if mode == "wrap" else np.clip(at, 0, t.shape[d] - 1)
    return t[(slice(None),) * d + (at if at.ndim else int(at),)]


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if axis is None:
        return ravel(arr)[raw(indices)]
    return array_like(arr)[_along(arr.shape, raw(indices), axis)]


def _along(shape: Sequence[int], indices: Any, axis: int) -> Any:
    """A full index of which only the places along one axis are given."""
    d = one_axis(axis, len(shape))
    full = [n if k == d else builtins.max(n, shape[k]) for k, n in enumerate(indices.shape)]
    grid = list(np.indices(full, sparse=True))
    grid[d] = indices
    return tuple(np.broadcast_arrays(*grid))


def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    return take(a, np.flatnonzero(raw(condition)), axis)


def extract(condition: Any, arr: Any) -> Any:
    return compress(np.ravel(raw(condition)), arr)


def choose(a: Any, choices: Any, mode: str = "raise") -> Any:
    among: Any = range(len(choices))
    chosen = np.asarray(np.choose(raw(a), among, mode=mode))  # type: ignore[call-overload]  # numpy knows its modes
    return select([chosen == k for k in among], choices)


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    out = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        out = where(condition, choice, out)
    return out


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Each function at its own elements alone, as NumPy does: what it gives elsewhere touches nothing."""
    t = array_like(x)
    conditions = np.asarray(raw(condlist), bool)
    if conditions.ndim == t.ndim:
        conditions = conditions[None]
    if len(funclist) == len(conditions) + 1:
        conditions = np.concatenate([conditions, ~np.any(conditions, 0, keepdims=True)])
    if len(funclist) != len(conditions):
        n = len(conditions)
        raise ValueError(f"with {n} condition(s), either {n} or {n + 1} functions are expected")
    out = zeros_like(t)
    for mask, piece in zip(map(np.asarray, conditions), funclist, strict=True):
        if mask.any():
            value = piece(t[mask], *args, **kw) if callable(piece) else piece
            out[mask] = value if np.isscalar(value) else astype(value, t._array.dtype)
    return out


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    t = ravel(arr) if axis is None else array_like(arr)
    return take(t, np.delete(np.arange(t.shape[axis or 0]), raw(obj) if not isinstance(obj, slice) else obj), axis or 0)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Where NumPy puts the old and the new elements, told by their positions."""
    t, new = (ravel(arr) if axis is None else array_like(arr)), array_like(values)
    d = one_axis(axis or 0, t.ndim)
    old_places = np.arange(t._array.size).reshape(t.shape)
    new_places = -1 - np.arange(new._array.size).reshape(new.shape)
    places = np.insert(old_places, obj if isinstance(obj, slice) else raw(obj), new_places, d)
    both = concatenate([ravel(t), astype(ravel(new), t._array.dtype)])
    return take(both, np.where(places < 0, t._array.size - 1 - places, places))


_unique: Any = np.unique


def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, *,
    equal_nan: bool = True,
) -> Any:  # fmt: skip
    """Each value once: the first of its kind, with its gradient."""
    _, first, *rest = _unique(raw(ar), True, return_inverse, return_counts, equal_nan=equal_nan)
    values = ravel(ar)[first]
    out = (values, *([first] if return_index else []), *rest)
    return out if len(out) > 1 else values


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each number comes; with weights, their sums, which have derivatives."""
    counts = np.bincount(raw(x), minlength=minlength)
    if weights is None:
        return counts
    sums = zeros_like(array_like(weights), shape=counts.shape)
    return F["index_add"](sums, 0, array_like(raw(x)), array_like(weights))


def sliding_window_view(x: Any, window_shape: Any, axis: Any = None, *, writeable: bool = False) -> Any:
    """A copy here: every place of every window is asked for by its position."""
    t = array_like(x)
    places = _windows(np.arange(t._array.size).reshape(t.shape), window_shape, axis)
    return F["reshape"](take(t, places.reshape(-1)), *places.shape)


_windows: Any = np.lib.stride_tricks.sliding_window_view

# -- written into a Tensor ----------------------------------------------------------------------------------------


def copyto(dst: Any, src: Any, where: Any = True) -> None:
    dst[...] = array_like(src) if where is True else F["where"](array_like(where), array_like(src), array_like(dst))


def putmask(a: Any, mask: Any, values: Any) -> None:
    new = array_like(values)
    copyto(a, resize(new, a.shape) if new.shape != a.shape else new, raw(mask))


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int) -> None:
    arr[_along(arr.shape, raw(indices), axis)] = array_like(values)


def fill_diagonal(a: Any, val: Any) -> None:
    n = builtins.min(a.shape)
    a[(np.arange(n),) * a.ndim] = val if np.isscalar(val) else resize(val, n)
