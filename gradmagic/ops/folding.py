"""Products of batches of matrices, made of products of two as torch makes them. Knows the rows of products; no graph.

Where the smaller operand is one matrix or one vector, the batch of the larger one is folded into its rows; else both are
widened to the common batch. Without a graph nobody sees the difference, and NumPy's own product takes any shapes.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from gradmagic.engine.kinds import refuse_broadcast
from gradmagic.engine.modes import modes
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import products as P
from gradmagic.ops import shape as S
from gradmagic.ops.operands import held
from gradmagic.ops.shaping import contiguous, reshape, squeeze, t, transpose, unsqueeze


def product(a: Tensor, b: Tensor) -> Any:
    """The product where at least one operand has three dimensions or more."""
    if not (modes.grad and (a.requires_grad or b.requires_grad)):
        out = _at_once(a, b)
        if out is not None:
            return out
    return _folded(a, b) if _folds(a, b) else _side_by_side(a, b)


def _at_once(a: Tensor, b: Tensor) -> Any:
    """By NumPy, if it can."""
    if a.shape[-1] != b.shape[max(b.ndim - 2, 0)]:
        return None
    left, right = unsqueeze(a, 0) if a.ndim == 1 else a, unsqueeze(b, 1) if b.ndim == 1 else b
    try:
        np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    except ValueError:
        return None
    out = P.bmm.two(left, right)
    return squeeze(out, -2) if a.ndim == 1 else squeeze(out, -1) if b.ndim == 1 else out


def _folds(a: Tensor, b: Tensor) -> bool:
    """Whether torch folds: where nothing has to be copied for it, or where the smaller one's gradient gains by it."""
    large, small = (a, b) if a.ndim >= b.ndim else (b, a)
    if small.ndim > 2:
        return False
    if small.requires_grad:
        return True
    if a.ndim == 2:
        return False
    array = large._array if large is a else large._array.swapaxes(-1, -2)
    step = array.strides
    return not array.size or all(step[i] == step[i + 1] * array.shape[i + 1] for i in range(array.ndim - 2))


def _folded(a: Tensor, b: Tensor) -> Any:
    turned = b.ndim > a.ndim
    large = transpose(b, -2, -1) if turned else a
    small = b if not turned else t(a) if a.ndim == 2 else a
    rows = reshape(large, prod(large.shape[:-1]), large.shape[-1])
    check_inner(rows, small)
    if small.ndim == 1:
        return S.reshape_copy.one(P.mv.two(rows, small), size=large.shape[:-1])
    out = S.reshape_copy.one(P.mm.two(rows, small), size=(*large.shape[:-1], small.shape[1]))
    return contiguous(transpose(out, -2, -1)) if turned else out


def _side_by_side(a: Tensor, b: Tensor) -> Any:
    if a.ndim == b.ndim == 3 and a.shape[0] != b.shape[0]:
        if a.shape[0] == 1 and a.requires_grad:
            return product(squeeze(a, 0), b)
        if b.shape[0] == 1 and b.requires_grad:
            return product(a, squeeze(b, 0))
    first, second = a.shape[:-2], b.shape[:-2]
    try:
        batch = np.broadcast_shapes(first, second)
    except ValueError:
        refuse_broadcast([np.empty(first), np.empty(second)])
        raise
    count, rows, inner = prod(batch), a.shape[-2:-1] or (1,), a.shape[-1]
    left = _in_line(a, (*batch, *rows, inner), (count, *rows, inner))
    right = _in_line(b, (*batch, *b.shape[-2:]), (count, *b.shape[-2:]))
    if b.ndim == 1:
        right = unsqueeze(right, 2)
    out = bmm(left, right)
    shape = (*batch, *a.shape[-2:-1], *b.shape[max(b.ndim - 1, 1) :])
    return S.reshape_copy.one(squeeze(out, -1) if b.ndim == 1 else out, size=shape)


def _in_line(t: Tensor, full: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """An operand with the common batch, which is one dimension then."""
    if t._array.shape == shape and not t.requires_grad:
        return t  # nobody sees that nothing was done
    return reshape(S.expand.one(held(t), size=full), *shape)


def bmm(a: Tensor, b: Tensor) -> Any:
    """The product of as many matrices as there are others."""
    n, _, inner = a._array.shape
    if b._array.shape[:2] != (n, inner):
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{n}, {inner}] but got: "
            f"[{b.shape[0]}, {b.shape[1]}]."
        )
    return P.bmm.two(a, b)


def check_inner(a: Tensor, b: Tensor) -> None:
    """Torch's words where two matrices or vectors do not fit."""
    left, right = a._array.shape, b._array.shape
    inner, outer = left[-1], right[-2] if len(right) > 1 else right[0]
    if inner == outer:
        return
    if a.ndim == 1 and b.ndim == 1:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{inner}] and src [{outer}] to have the same number of elements, "
            f"but got {inner} and {outer} elements respectively"
        )
    if a.ndim == 2 and b.ndim == 1:
        raise RuntimeError(f"size mismatch, got input ({a.shape[0]}), mat ({a.shape[0]}x{inner}), vec ({outer})")
    left = a.shape if a.ndim > 1 else (1, inner)
    raise RuntimeError(
        f"mat1 and mat2 shapes cannot be multiplied ({'x'.join(map(str, left[-2:]))} and {'x'.join(map(str, b.shape[-2:]))})"
    )
