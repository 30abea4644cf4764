"""Sums over axes of arrays. Knows no Tensor."""

from __future__ import annotations

from string import ascii_letters
from typing import Any

import numpy as np

_SHORT, _MANY = 64, 2048
_F64, _F32 = np.dtype(np.float64), np.dtype(np.float32)
_reduce: Any = np.add.reduce  # in half the time of np.sum, which calls it


def added(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """What ``np.sum`` gives, up to rounding; four times as fast where rows are short.

    A ufunc sets up each row of the last axis anew, einsum does not.
    """
    if x.size < _MANY or axis is None or axis == () or not _einsum_gains(x):
        return _reduce(x, axis=axis, keepdims=keepdims)
    gone = {k % x.ndim for k in (axis if isinstance(axis, tuple) else (axis,))}
    letters = ascii_letters[: x.ndim]
    out = np.einsum(f"{letters}->{''.join(c for k, c in enumerate(letters) if k not in gone)}", x)
    return out.reshape([1 if k in gone else n for k, n in enumerate(x.shape)]) if keepdims else out


def _einsum_gains(x: Any) -> bool:
    return x.shape[-1] <= _SHORT and (x.dtype is _F64 or x.dtype is _F32) and x.ndim < len(ascii_letters)
