"""Ops on what they are nearly always given: real floats of one dtype, and nothing unusual switched on.

The same as an op's ``__call__``, which they leave all else to, in as few steps as there can be. Knows no particular op.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.modes import modes
from gradmagic.engine.node import tick
from gradmagic.engine.quiet import hush, unhush
from gradmagic.engine.tensor import Tensor, edge

_new = object.__new__
_F64, _F32 = np.dtype(np.float64), np.dtype(np.float32)
_NUMBERS = frozenset((float, int))
_NO_KWARGS: dict[str, Any] = {}


def of_one(op: Any) -> Callable[..., Any]:
    """The op on one Tensor, if it has one output, which is not a view."""
    keeps_of = op._keeps

    def one(x: Any, **kwargs: Any) -> Any:
        array = x._array
        dtype = array.dtype
        if (dtype is not _F64 and dtype is not _F32) or modes.alerts:
            return op(x, **kwargs)
        token = hush()
        try:
            y = op.fn(array, **kwargs) if kwargs else op.fn(array)
        finally:
            unhush(token)
        t = _new(Tensor)
        t._array, t._node, t._wants_grad = y, None, False
        target = x._node
        if target is None or x._view is not None:
            target = edge(x)
        if target is None or not modes.grad:
            return t
        keeps = keeps_of.get(1)
        if keeps is None:
            keeps = op.keeps(1, 1)
        t._node = node = _new(op.node_class or op.make_node_class())
        node.edges = (target,)
        node.saved = (x if keeps[0] else None, y if keeps[1] else None) if keeps else ()
        node.kwargs, node.seq, node.shape, node.dtype = kwargs, tick(), y.shape, y.dtype
        if x.output_nr:
            node.edge_nrs = (x.output_nr,)
        return t

    return one


def of_two(op: Any) -> Callable[[Any, Any], Any]:  # noqa: C901  # one way, written out
    """The op on two Tensors, or on a Tensor and a number."""
    keeps_of = op._keeps

    def two(a: Any, b: Any) -> Any:  # noqa: C901, PLR0912
        if modes.alerts or not isinstance(a, Tensor):
            return op(a, b)
        x = a._array
        dtype = x.dtype
        if dtype is not _F64 and dtype is not _F32:
            return op(a, b)
        to_b, nr = None, 0
        if isinstance(b, Tensor):
            z = b._array
            if z.dtype is not dtype:
                return op(a, b)
            to_b, nr = b._node, b.output_nr
            if to_b is None or b._view is not None:
                to_b = edge(b)
        elif type(b) in _NUMBERS:
            z = b
        else:
            return op(a, b)
        token = hush()
        try:
            y = op.fn(x, z)
        except ValueError:
            return op(a, b)  # which says what is wrong in torch's words
        finally:
            unhush(token)
        t = _new(Tensor)
        t._array, t._node, t._wants_grad = y, None, False
        to_a = a._node
        if to_a is None or a._view is not None:
            to_a = edge(a)
        wanted = 0 if to_a is None else 1
        if to_b is not None:
            wanted += 2
        if not wanted or not modes.grad:
            return t
        keeps = keeps_of.get(wanted)
        if keeps is None:
            keeps = op.keeps(wanted, 2)
        t._node = node = _new(op.node_class or op.make_node_class())
        node.edges = (to_a, to_b)
        node.saved = (a if keeps[0] else None, b if keeps[1] else None, y if keeps[2] else None) if keeps else ()
        node.kwargs, node.seq, node.shape, node.dtype = _NO_KWARGS, tick(), y.shape, y.dtype
        if nr or a.output_nr:
            node.edge_nrs = (a.output_nr, nr)
        return t

    return two
