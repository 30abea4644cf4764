"""What is where and how often: questions whose answers are positions and counts. Knows no row but indexing's.

Only the values that ``unique`` picks out, sums of weights and the powers of ``vander`` have derivatives.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from gradmagic.engine.op import as_array
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import linalg


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Where a tensor is not zero: one row of positions for each element, or one tensor for each dimension."""
    if as_tuple:
        return tuple(Tensor._of(i) for i in np.nonzero(np.atleast_1d(input._array)))
    return argwhere(input)


def argwhere(input: Tensor) -> Any:
    """The positions of what is not zero, a row for each."""
    return Tensor._of(np.argwhere(input._array))


def count_nonzero(input: Tensor, dim: Any = None) -> Any:
    """How many elements are not zero."""
    return Tensor._of(np.asarray(np.count_nonzero(input._array, dim)))


def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    """The elements without their repetitions, in order. Torch has no derivative here; this picks the first of equals."""
    along = input.reshape(-1) if dim is None else input
    axis = 0 if dim is None else dim
    _, first, inverse, counts = np.unique(along._array, True, True, True, axis=axis)
    found = [along.index_select(axis, Tensor._of(first))]
    if return_inverse:
        found.append(Tensor._of(inverse.reshape(input.shape if dim is None else -1)))
    if return_counts:
        found.append(Tensor._of(counts))
    return found[0] if len(found) == 1 else tuple(found)


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Any:
    """Which elements are among others."""
    known = np.isin(as_array(elements), as_array(test_elements), assume_unique=assume_unique, invert=invert)
    return Tensor._of(np.asarray(known))


def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Any:
    """Between which boundaries each element lies."""
    side: Literal["left", "right"] = "right" if right else "left"
    found = np.asarray(np.searchsorted(boundaries._array, np.asarray(as_array(input)), side))
    return Tensor._of(found.astype(np.int32) if out_int32 else found)


def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: Any = None,
    sorter: Any = None,
) -> Any:
    """Where each value would be put into a sorted sequence, or into the sequence of its row."""
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if right and side == "left":
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    rows = sorted_sequence if sorter is None else sorted_sequence.take_along_dim(sorter, -1)
    if rows.ndim == 1:
        return bucketize(input, rows, out_int32=out_int32, right=right or side == "right")
    values = np.asarray(as_array(input))
    if values.shape[:-1] != rows.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and "
            f"input value tensor must match, but we got boundaries tensor {list(rows.shape)} and input value tensor "
            f"{list(values.shape)}"
        )
    at: Literal["left", "right"] = "right" if right or side == "right" else "left"
    found = np.empty(values.shape, np.int32 if out_int32 else np.int64)
    for row in np.ndindex(values.shape[:-1]):
        found[row] = np.searchsorted(rows._array[row], values[row], at)
    return Tensor._of(found)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements, or the slices along a dimension, without those that repeat the one before."""
    along = input.reshape(-1) if dim is None else input
    axis = 0 if dim is None else dim
    array = np.moveaxis(along._array, axis, 0)
    n = array.shape[0]
    new = np.ones(n, bool)
    new[1:] = (array[1:] != array[:-1]).reshape(max(n - 1, 0), -1).any(1)
    first = np.flatnonzero(new)
    found = [along.index_select(axis, Tensor._of(first))]
    if return_inverse:
        found.append(Tensor._of((np.cumsum(new) - 1).reshape(input.shape if dim is None else -1)))
    if return_counts:
        found.append(Tensor._of(np.diff(first, append=n)))
    return found[0] if len(found) == 1 else tuple(found)


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Any:
    """How often each whole number occurs, or the sum of its weights."""
    kind = input._array.dtype.kind
    if kind not in "iu":
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{input.dtype.legacy}'")
    if input.ndim != 1 or (input._array < 0).any():
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    counts = np.bincount(input._array, minlength=minlength)
    if weights is None:
        return Tensor._of(counts)
    weights = weights if weights._array.dtype == np.float32 else weights.double()
    return Tensor._of(np.zeros(counts.shape, weights._array.dtype)).index_add(0, input, weights)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of each element, a row for each. Torch's own writes in place and has no derivative."""
    if x.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    rising = linalg.vander(x, x.shape[0] if N is None else N)
    return rising if increasing else rising.flip(1)


NAMES = ["argwhere", "bincount", "count_nonzero", "nonzero", "unique", "unique_consecutive"]
FREE_NAMES = ["bucketize", "isin", "searchsorted", "vander"]
