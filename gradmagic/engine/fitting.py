"""What becomes of a gradient: fitted to the operand that it is of, added to a leaf's ``.grad``. Knows no walk."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.adding import added
from gradmagic.engine.hooks import run_node_hooks
from gradmagic.engine.layout import like
from gradmagic.engine.modes import no_grad
from gradmagic.engine.node import Node
from gradmagic.engine.tensor import Tensor

__all__ = ["accumulate", "fit", "is_watched", "unbroadcast"]
_HOOKS = {"_post_hooks", "_node_hooks", "_node_prehooks", "_moved"}


def fit(g: Any, node: Node, i: int, batch: tuple[int, ...] = ()) -> Any:
    """Bring a gradient to the shape and dtype of its operand: the one place where broadcasting is undone."""
    target = node.edges[i]
    if target is None or g is None:
        return None
    if isinstance(target, Tensor):
        shape, dtype = target._array.shape, target._array.dtype
    elif target.metas is None:
        shape, dtype = target.shape, target.dtype
    else:
        shape, dtype = target.meta(node.edge_nrs[i] if node.edge_nrs is not None else 0)
    if batch:
        given: tuple[int, ...] = g.shape
        fewer = len(given) - len(batch) - len(shape)
        if fewer > 0:  # the batch stays in front of the dimensions that broadcasting has added
            g = np.reshape(unbroadcast(g, given, (*batch, *(1,) * fewer, *shape)), batch + shape)
        shape = batch + shape
    raw = g._array if isinstance(g, Tensor) else g
    if raw.dtype is dtype and raw.shape == shape:
        return g
    if raw.shape != shape:
        g = unbroadcast(g, raw.shape, shape)
        raw = g._array if isinstance(g, Tensor) else g
    if raw.dtype is not dtype and raw.dtype != dtype:
        if raw.dtype.kind == "c" and dtype.kind != "c":
            g = g.real
        g = g.to(dtypes.of(dtype)) if isinstance(g, Tensor) else g.astype(dtype)
    return g


def unbroadcast(g: Any, given: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Sum a gradient over the axes along which its operand was broadcast."""
    extra = len(given) - len(shape)
    if shape and extra > 0 and given[extra:] == shape and not isinstance(g, Tensor):  # what was added to each row
        return added(g, tuple(range(extra)))[...]  # torch's is a view of a sum that kept these dimensions
    axes = (*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 and given[i + extra] != 1))
    if extra < 0 or any(n not in (1, m) for n, m in zip(shape, given[extra:], strict=True)):
        return g if extra < 0 else np.reshape(np.broadcast_to(g, shape), shape)
    if not shape:
        return g.sum()
    if isinstance(g, Tensor):
        return g._summed_to(axes, shape)
    if axes:
        g = added(g, axes, keepdims=True)
    return g.reshape(shape) if extra else g


def accumulate(leaf: Tensor, g: Tensor | None, recording: bool) -> None:
    """Add to ``.grad``, with the hooks of the leaf's own node before it and after, and the leaf's after."""
    if leaf.__dict__.get("_moved") or (leaf._node is not None and g is not None):
        raise RuntimeError("leaf variable has been moved into the graph interior")
    if not leaf._wants_grad:  # no longer
        return
    prehooks = leaf.__dict__.get("_node_prehooks")
    if prehooks:
        (g,) = run_node_hooks(prehooks.values(), (g,), lambda hook, gs: hook(gs))
    if g is not None:
        _add(leaf, g, recording)
    for hook in list(leaf.__dict__.get("_post_hooks", {}).values()):
        hook(leaf)
    for hook in list(leaf.__dict__.get("_node_hooks", {}).values()):
        hook((), (g,))


def is_watched(leaf: Tensor) -> bool:
    """Whether anything but adding happens when a gradient comes to this leaf."""
    return bool(leaf._hooks) or not _HOOKS.isdisjoint(leaf.__dict__)


def _add(leaf: Tensor, g: Tensor, recording: bool) -> None:
    """In place, unless a graph of the gradient is recorded."""
    held = leaf._grad
    if held is None:
        leaf._grad = (
            g._accumulated() if recording and g.requires_grad else Tensor._of(like(leaf._array, np.array(g._array)))
        )
    elif recording:
        leaf._grad = held + g
    else:
        with no_grad():
            held.add_(g)
