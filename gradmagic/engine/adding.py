"""Sums of arrays, of two and over axes. Knows no Tensor."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from string import ascii_letters
from typing import Any

import numpy as np

MANY = 2048  # elements, from which on a sum takes longer than a look at how to find it
LARGE = 1 << 14  # elements, from which on it is the memory that takes the time
SHORT = 64  # elements of a row that numpy sets up for longer than it adds
_F64, _F32 = np.dtype(np.float64), np.dtype(np.float32)
_reduce: Any = np.add.reduce  # in half the time of np.sum, which calls it


def added(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """What ``np.sum`` gives, up to rounding; four times as fast where rows are short.

    A ufunc sets up each row of the last axis anew, einsum does not.
    """
    if x.size < MANY or axis is None or axis == () or not _einsum_gains(x):
        return _reduce(x, axis=axis, keepdims=keepdims)
    gone = {k % x.ndim for k in (axis if isinstance(axis, tuple) else (axis,))}
    if not einsum_is_exact(x.shape, gone):
        return _reduce(x, axis=axis, keepdims=keepdims)
    return _einsum((x,), gone, [1 if k in gone else n for k, n in enumerate(x.shape) if keepdims or k not in gone])


def added_products(a: Any, b: Any, shape: tuple[int, ...]) -> Any:
    """What ``a * b`` gives summed to a shape that broadcasts to theirs, without the products in between.

    None where that were not as exact as numpy's sum.
    """
    extra = a.ndim - len(shape)
    gone = {k for k, n in enumerate(a.shape) if k < extra or shape[k - extra] != n}
    return _einsum((a, b), gone, shape) if einsum_is_exact(a.shape, gone) else None


def einsum_is_exact(shape: tuple[int, ...], gone: AbstractSet[int]) -> bool:
    """Whether einsum, which adds one by one, is as good as numpy, which adds a long row in halves of halves.

    A row is what lies in one piece: the last axes, as long as all of them go.
    """
    row = 1
    for k in reversed(range(len(shape))):
        if k in gone:
            row *= shape[k]
        elif shape[k] != 1:
            break
    return row <= SHORT and len(shape) < len(ascii_letters)


def _einsum(factors: tuple[Any, ...], gone: set[int], shape: Sequence[int]) -> Any:
    """Products of elements, summed over these axes, in memory of their own."""
    x = factors[0]
    letters = ascii_letters[: x.ndim]
    kept = [k for k in range(x.ndim) if k not in gone]
    out = np.empty(shape, x.dtype)
    equation = f"{','.join(letters for _ in factors)}->{''.join(letters[k] for k in kept)}"
    np.einsum(equation, *factors, out=out.reshape([x.shape[k] for k in kept]))
    return out if out.ndim else out[()]


def plus(a: Any, b: Any) -> Any:
    """``a + b``, in the memory of one that is the caller's alone: nobody else holds it, nor a view of it."""
    if type(a) is np.ndarray and type(b) is np.ndarray and a.shape == b.shape and a.dtype is b.dtype:
        if _references(a) == _ALONE and a.flags.carray and a.flags.owndata:
            return np.add(a, b, out=a)
        if _references(b) == _ALONE and b.flags.carray and b.flags.owndata:
            return np.add(a, b, out=b)
    return a + b


def _references_of_a_callers_own() -> int:
    """What `plus` counts if an array has one name in the function that calls it: that, its own, and the argument's.

    -1, which is never counted, where another number is found: by a Python that counts otherwise, or while a debugger
    looks on, whose references would be taken for ours for ever.
    """

    def counted(a: Any, b: Any) -> Any:
        return _references(a)

    mine = np.zeros(1)
    return 3 if counted(mine, mine) - 1 == 3 else -1


_references: Any = getattr(sys, "getrefcount", lambda _: 0)  # not every Python counts
_ALONE = _references_of_a_callers_own()


def _einsum_gains(x: Any) -> bool:
    return x.shape[-1] <= SHORT and (x.dtype is _F64 or x.dtype is _F32)
