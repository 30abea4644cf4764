"""A batch of gradients most of whose elements are zero, as in the Hessian of a sum of small terms: only the others are kept.

The rows of an identity are brought back through ops that work element by element or move elements. Then few rows have
anything to say to any one element, and they are kept as layers: what one of them says to each element, and which row of
the batch it is. A layer goes through an op as a gradient does. Knows how batches go through nodes; no
particular op.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gradmagic.engine import lifting
from gradmagic.engine.direct import leading
from gradmagic.engine.fitting import fit
from gradmagic.engine.node import Node
from gradmagic.engine.order import behind
from gradmagic.engine.pulling import target_meta
from gradmagic.engine.quiet import quiet
from gradmagic.engine.recalling import known_identity
from gradmagic.engine.tensor import Tensor, edge

Array = Any
_ROWS = 32  # for fewer of them it is not worth while
_MOST = 8  # layers


class DenseError(Exception):
    """There are not only zeros."""


@dataclass(slots=True)
class Layers:
    """Gradients of one operand: ``values[k]`` are those of the rows ``rows[k]`` of the batch; -1 is none."""

    values: Array
    rows: Array

    def __add__(self, other: Layers) -> Layers:
        if self.rows is other.rows:
            return Layers(self.values + other.values, self.rows)
        values, fresh = self.values.copy(), []
        for k, rows in enumerate(other.rows):
            same = next((j for j, own in enumerate(self.rows) if (own == rows).all()), None)
            if same is None:
                fresh.append(k)
            else:
                values[same] += other.values[k]
        if not fresh:
            return Layers(values, self.rows)
        if len(values) + len(fresh) > _MOST:
            raise DenseError
        return Layers(np.concatenate((values, other.values[fresh])), np.concatenate((self.rows, other.rows[fresh])))

    def dense(self, n: int) -> Array:
        """All n rows, with their zeros."""
        shape = self.values.shape[1:]
        out = np.zeros((n, *shape), self.values.dtype)
        flat, size = out.reshape(-1), out[0].size
        place = np.arange(size)
        for value, of in zip(self.values.reshape(-1, size), self.rows.reshape(-1, size), strict=True):
            there = of >= 0
            flat[of[there] * size + place[there]] += value[there]
        return out


def of_identity(given: Tensor) -> Layers | None:
    """The layer that a batch of weights is, if each has one element, in their order."""
    weight = given._array
    n, size = len(weight), weight[0].size
    if n != size or n < _ROWS or weight.dtype.char not in "fd" or not weight.flags.c_contiguous:
        return None
    if not (known_identity(given) or _diagonal(weight.reshape(n, n))):
        return None
    shape = (1, *weight.shape[1:])
    return Layers(np.diagonal(weight.reshape(n, n)).reshape(shape), np.arange(n).reshape(shape))


def _diagonal(weight: Array) -> bool:
    bits = weight.view(f"i{weight.itemsize}")  # whole numbers are counted faster
    return bool(np.count_nonzero(bits) == np.count_nonzero(np.diagonal(bits)))


def _bring(nodes: list[Node], live: set[Any], grads: dict[Any, Layers]) -> None:
    """A backward pass of layers through these nodes. It frees nothing, so that it can be given up."""
    for node in nodes:
        g = grads.pop(node, None)
        if g is None:
            node.check()
            continue
        for i, target in enumerate(node.edges):
            if target in live:
                part, held = brought(node, i, g), grads.get(target)
                grads[target] = part if held is None else held + part
            elif target is not None:
                node.check()


def brought(node: Node, i: int, g: Layers) -> Layers:
    """The layers of a node's i-th operand."""
    batch, op = g.rows.shape[:1], node.op
    values = fit(lifting.pulled(node, i, g.values, batch, recording=False), node, i, batch)
    if op.moves:
        return Layers(values, lifting.pulled(node, i, g.rows + 1, batch, recording=False) - 1)
    if target_meta(node, i)[0] != node.shape:  # what was broadcast hears from many
        raise DenseError
    return Layers(values, g.rows)


def _goes_through(node: Node) -> bool:
    op = node.op
    return (
        node.metas is None
        and (getattr(op, "pointwise", False) or getattr(op, "moves", False))
        and lifting.goes_through(node)
    )


def gradients(out: Tensor, weight: Tensor, captures: Any, retain: bool) -> dict[int, Array] | None:
    """For each input its gradients, all rows of them, or None where this is not the way to find them."""
    root = edge(out)
    unusual = out.output_nr or root is None or weight._array.dtype != out._array.dtype
    layers = None if unusual else of_identity(weight)
    if layers is None:
        return None
    wanted = {t for t, _ in captures}
    inner = [t for t in wanted if isinstance(t, Node)]
    if inner and (len(wanted) > 1 or inner[0] is root):
        return None  # one of them may lead to another
    order, ends = behind([root], *inner)
    live = leading(order, wanted)
    passed = [node for node in order if node in live]
    if not (wanted <= ends and root in live and all(_goes_through(node) for node in passed)):
        return None
    grads: dict[Any, Layers] = {root: layers}
    try:
        quiet(_bring, passed, live, grads)
    except DenseError:
        return None
    # zeros times what is not finite are not zeros: then all rows count
    if not wanted <= grads.keys() or not all(np.isfinite(grads[t].values).all() for t in wanted):
        return None
    for node in passed if not retain else ():
        node.free()
    rows = {t: grads[t].dense(len(weight._array)) for t in wanted}
    return {i: rows[t] for (t, _), places in captures.items() for i in places}
