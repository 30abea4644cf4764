"""``grad`` for a batch of weights: all of its rows at once where the graph allows it, else one by one.

Knows calls and graphs; no operator.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any

import numpy as np

from gradmagic.engine import layers, lifting
from gradmagic.engine.calls import captures_of, run_backward
from gradmagic.engine.modes import modes
from gradmagic.engine.node import DeadEnd, Node
from gradmagic.engine.order import reachable
from gradmagic.engine.tensor import Tensor, edge

__all__ = ["batched"]

_AT_ONCE = 1 << 15  # elements of the largest gradient on the way: what is in the cache counts, not the calls


def batched(outs: Any, weights: Sequence[Any], retain: bool, create: bool, ins: Any, allow_unused: bool) -> list[Any]:
    """For each input the gradients for all rows of the weights, stacked: one and the same for one that is named twice."""
    found = _batched(outs, weights, retain, create, ins, allow_unused)
    for same in captures_of(ins, retained=False).values():
        for i in same[1:]:
            found[i] = found[same[0]]
    return found


def _batched(outs: Any, weights: Sequence[Any], retain: bool, create: bool, ins: Any, allow_unused: bool) -> list[Any]:
    _check_batch(weights)
    n = next(w._array.shape[0] for w in weights if w is not None)
    if n == 0:
        raise IndexError("index 0 is out of bounds for dimension 0 with size 0")
    if len(outs) == 1 and not (create or modes.levels or modes.anomaly):
        found = _few_at_each(outs[0], weights[0], ins, retain)
        if found is not None:
            return found
    largest = _largest(outs, weights)
    if largest is None or modes.levels:
        return _one_by_one(outs, weights, n, retain, create, ins, allow_unused)
    if create:
        return run_backward(outs, weights, retain, create, ins, allow_unused, (n,))
    return _in_pieces(outs, weights, n, max(1, _AT_ONCE // max(largest, 1)), retain, ins, allow_unused)


def _check_batch(weights: Sequence[Any]) -> None:
    if any(w is not None and w._array.ndim == 0 for w in weights):
        raise ValueError(
            "vmap(vjp, in_dims=0, ...)(<inputs>): Got in_dim=0 for some input, but that input is a Tensor of dimensionality 0 "
            "so expected in_dim to satisfy 0 <= in_dim < 0."
        )
    sizes = [w._array.shape[0] for w in weights if w is not None]
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )


def _largest(outs: Sequence[Any], weights: Sequence[Any]) -> int | None:
    """The elements of the largest gradient that one row takes on its way; None if a batch cannot go through at once."""
    if len(outs) != len(weights) or any(
        w is None or not isinstance(t, Tensor) for t, w in zip(outs, weights, strict=True)
    ):
        return None
    ends = [edge(t) for t in outs]
    if any(isinstance(t, Tensor) and t._hooks for t in ends):
        return None
    largest = 0
    for node in reachable(ends):
        if not lifting.goes_through(node):
            return None
        for target in (node, *node.edges):
            if not isinstance(target, Node):
                if target is None:
                    continue
                if target._hooks:
                    return None
                largest = max(largest, target._array.size)
            else:
                largest = max(largest, lifting.size(target))
    return largest


def _few_at_each(out: Any, weight: Any, ins: Sequence[Any], retain: bool) -> list[Any] | None:
    """All rows, where most of their elements are zero by the graph's form."""
    if not isinstance(out, Tensor) or weight is None or type(edge(out)) in (NoneType, DeadEnd):
        return None
    if any(isinstance(t, Tensor) and t._hooks for t in (out, *ins)):
        return None
    found = layers.gradients(out, weight, captures_of(ins, retained=False), retain)
    return None if found is None else [Tensor._of(found[i]) for i in range(len(ins))]


def _in_pieces(
    outs: Sequence[Any],
    weights: Sequence[Any],
    n: int,
    piece: int,
    retain: bool,
    ins: Sequence[Any],
    allow_unused: bool,
) -> list[Any]:
    """As many rows at once as fit into the cache."""
    stacked: list[Any] = []
    for lo in range(0, n, piece):
        hi = min(lo + piece, n)
        rows = weights if hi - lo == n else [Tensor._of(w._array[lo:hi]) for w in weights]
        found = run_backward(outs, rows, retain or hi < n, False, ins, allow_unused, (hi - lo,))
        if hi - lo == n:
            return found
        if not stacked:
            stacked = [
                g if g is None else Tensor._of(np.empty((n, *g._array.shape[1:]), g._array.dtype)) for g in found
            ]
        for whole, g in zip(stacked, found, strict=True):
            if g is not None:
                whole._array[lo:hi] = g._array
    return stacked


def _one_by_one(
    outs: Any, weights: Sequence[Any], n: int, retain: bool, create: bool, ins: Any, allow_unused: bool
) -> list[Any]:
    rows = []
    for k in range(n):
        row = [
            w if w is None else (w[k] if create or modes.levels else Tensor._of(np.asarray(w._array[k])))
            for w in weights
        ]
        rows.append(run_backward(outs, row, retain or k < n - 1, create, ins, allow_unused))
    stacked: list[Any] = []
    for column in zip(*rows, strict=True):
        if column[0] is None:
            stacked.append(None)
        elif modes.levels or (create and any(g.requires_grad for g in column)):
            stacked.append(np.stack(column))
        else:
            stacked.append(Tensor._of(np.stack([g._array for g in column])))
    return stacked
