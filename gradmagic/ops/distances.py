"""Distances and angles between vectors, and products of three, under torch's names. Knows the rows of norms; no graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine.kinds import irregular, name_rows, refuse_broadcast
from gradmagic.engine.modes import no_grad
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import reducing
from gradmagic.ops import reductions as R
from gradmagic.ops import shape as S
from gradmagic.ops.operands import axes_of, clone
from gradmagic.ops.shaping import expand

norm_row = irregular(R.norm_p.fn, *R.norm_p.vjps, node="NormBackward1", attributes=("p",))


def _pairs(n: int) -> tuple[Any, Any]:
    return np.triu_indices(n, 1)


def _pdist_vjp(g: Any, x: Any, y: Any, shape: Any, p: float) -> Any:
    first, second = _pairs(shape[0])
    apart = x[first] - x[second]
    moved = R._norm_p_vjp(g, apart, y, (len(first), shape[1]), p, (1,), False)
    if moved is None:
        return np.zeros(shape, R.raw(x).dtype)
    return S.put_add(moved, shape, (first,)) - S.put_add(moved, shape, (second,))


def _pdist(x: Any, p: float) -> Any:
    first, second = _pairs(len(x))
    if not len(first) or not x.shape[1]:
        return np.zeros(len(first), x.dtype)
    return R._norm_p(x[first] - x[second], p, (1,))


pdist_row = irregular(_pdist, _pdist_vjp, node="PdistBackward0", attributes=("p",))


def _dist(a: Any, b: Any, p: float) -> Any:
    return R._norm(a - b) if p == 2 else R._norm_p(a - b, p)


def _dist_vjp(g: Any, a: Any, b: Any, y: Any, p: float) -> Any:
    apart = a - b
    moved = R._norm_p_vjp(g, apart, y, apart.shape, p, None, False)
    return np.zeros(apart.shape, R.raw(apart).dtype) if moved is None else moved


dist_row = irregular(
    _dist,
    _dist_vjp,
    lambda g, a, b, y, p: -_dist_vjp(g, a, b, y, p),
    node="DistBackward0",
    attributes=("p",),
)

name_rows(globals())


def dist(input: Tensor, other: Tensor, p: float = 2.0) -> Any:
    """The p-norm of the difference."""
    refuse_broadcast([input._array, other._array])
    return dist_row(input, other, p=float(p))


def pdist(input: Tensor, p: float = 2.0) -> Any:
    """The distances of all pairs of rows."""
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    return pdist_row(input, p=p)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    apart = x1 - x2 + eps
    return norm_row(apart, p=p, axis=(apart.ndim - 1,), keepdims=keepdim)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Any:
    full = np.broadcast_shapes(x1.shape, x2.shape)
    a, b = (v if v.shape == full else expand(v, *full) for v in (x1, x2))
    axes_of(dim, a.ndim)
    return reducing.sum(_unit(a, dim, eps) * _unit(b, dim, eps), dim)


def _unit(x: Any, dim: int, eps: float) -> Any:
    """Over its norm; the floor under the norm is, as torch has it, no part of the graph."""
    size = clone(reducing.norm(x, 2, dim, keepdim=True))
    with no_grad():
        size.clamp_(min=eps)
    return x / size
