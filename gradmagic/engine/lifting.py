"""A node's rule for a batch of gradients at once: they have the batch in front of their operand's dimensions.

What is done to each element by itself broadcasts. Any other rule is given what it would read of an operand with so many
dimensions more: its axes are counted on, its shape has the batch in front, a value gets dimensions of one there.
Knows the kinds; no particular op, and no walk.
"""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Any

from gradmagic.engine.kinds import Linear, Variadic
from gradmagic.engine.node import Node
from gradmagic.engine.op import Op
from gradmagic.engine.pulling import target_meta

Batch = tuple[int, ...]


def _counted_on(axes: Any, k: int, n: int) -> Any:
    """Axes of an operand of n dimensions, behind k more; None stands for all of them."""
    if axes is None:
        return tuple(range(k, k + n))
    if isinstance(axes, tuple):
        return tuple(_counted_on(axis, k, n) for axis in axes)
    return axes + k if axes >= 0 else axes


def _behind(index: Any, k: int, n: int) -> Any:
    return (slice(None),) * k + index if isinstance(index, tuple) else index  # a number is told with its axis


def _same(value: Any, k: int, n: int) -> Any:
    return value


# what an argument of a row becomes when there are k dimensions in front of the n of its operand
_ARGUMENTS: dict[str, Any] = {
    **dict.fromkeys(("axis", "dim", "dim0", "dim1", "dim2", "dims"), _counted_on),
    "index": _behind,
    **dict.fromkeys(("correction", "diagonal", "keepdims", "mask", "n", "offset", "p", "shifts", "size", "sizes", "start", "step", "stop"), _same),
}  # fmt: skip


@cache
def takes_batches(op: Op) -> bool:
    """Whether a row says that its rules hold for a batch, and all that they read is known here."""
    if isinstance(op, Variadic) or not op.batches:
        return bool(op.batches)
    return all(kind != "kwarg" or name in _ARGUMENTS for _, plan in op.batch_rules for kind, name in plan)


def goes_through(node: Node) -> bool:
    """Whether a batch can be brought through this node at once."""
    op = node.op
    if not isinstance(op, Op) or type(node).apply is not Node.apply:
        return False
    if node.pre_hooks or node.node_hooks or node.node_prehooks:
        return False
    return op.pointwise or (takes_batches(op) and not _ambiguous(node))


def _ambiguous(node: Node) -> bool:
    """Whether an argument would mean something else with dimensions in front."""
    kwargs = node.kwargs
    index = kwargs.get("index", 0)
    if not isinstance(index, (int, tuple)):
        return True
    if isinstance(index, tuple):  # numpy puts in front what is chosen by arrays apart from each other
        chosen = [k for k, part in enumerate(index) if not isinstance(part, slice)]
        if chosen and chosen[-1] - chosen[0] >= len(chosen):
            return True
    if kwargs.get("dims", 0) is None:  # as if all elements were in one row
        return True
    axis = kwargs.get("axis", ())
    if axis is None:  # all axes are not always the same as all elements
        return not isinstance(node.op, Linear)
    return isinstance(axis, int) and any(  # an axis of what has none
        target is not None and not target_meta(node, i)[0] for i, target in enumerate(node.edges)
    )


def pulled(node: Node, i: int, g: Any, batch: Batch, recording: bool) -> Any:
    """The gradients of the i-th operand, one for each of the batch."""
    op: Op = node.op
    if op.pointwise:
        return op.pulls[i](node, g, recording)
    node.check()
    shape = target_meta(node, i)[0]
    k, n = len(batch), len(shape)
    if isinstance(op, Variadic):
        shapes = tuple(batch + s for s in node.kwargs["shapes"])
        dim = node.kwargs["dim"] % len(node.shape) + k
        return op.vjps[0](g, i, **{**node.kwargs, "shapes": shapes, "dim": dim})
    given = []
    rule, plan = op.batch_rules[i]
    for kind, name in plan:
        if kind == "value":
            value = node.unpack(name if name >= 0 else len(node.edges), recording)
            given.append(value[(None,) * k])
        elif kind == "kwarg":
            given.append(_ARGUMENTS[name](node.kwargs.get(name), k, n))
        else:
            given.append({"g": g, "shape": batch + shape, "needs": tuple(t is not None for t in node.edges)}[kind])
    return rule(*given)


def size(node: Node) -> int:
    """How many elements one gradient has that comes to a node."""
    return sum(prod(shape) for shape, _ in node.metas or ((node.shape, None),))
