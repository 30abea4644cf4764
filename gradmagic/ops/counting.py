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


NAMES = ["argwhere", "bincount", "count_nonzero", "nonzero", "unique"]
FREE_NAMES = ["bucketize", "isin", "vander"]
