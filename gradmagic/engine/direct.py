"""The backward pass where nobody looks on: nodes with one output and no hooks.

The same as `walk`, without its books. Knows nodes and edges; knows no operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import Any

from gradmagic.engine.fitting import fit
from gradmagic.engine.node import Node
from gradmagic.engine.tensor import Tensor

__all__ = ["bring", "in_order", "leading"]


def bring(
    order: Iterable[Any], live: AbstractSet[Any] | None, grads: dict[Any, Any], retain: bool, recording: bool
) -> None:
    """Bring the gradients of these nodes, newest first, to the ends that they lead to.

    ``live`` are the ends whose gradients are wanted and the nodes that lead to them, if these are not all.
    """
    for node in order if live is None else [node for node in order if node in live]:
        g = grads.pop(node, None)
        if g is None or (node.rare is not None and node.choice is not None):
            node.check()
        pulls = node.op.pulls
        for i, target in enumerate(node.edges if g is not None else ()):
            if target is None:
                continue
            if live is not None and target not in live:
                node.check()
                continue
            part = pulls[i](node, g, recording)
            if part is None:
                continue
            raw = part._array if type(part) is Tensor else part
            like = target if isinstance(target, Node) else target._array
            if raw.shape != like.shape or raw.dtype is not like.dtype:
                part = fit(part, node, i)
            held = grads.get(target)
            grads[target] = part if held is None else held + part
        if not retain and (node.saved or node.rare is not None):
            node.free()


_number = attrgetter("seq")


def in_order(roots: Sequence[Any], stop: Any = None) -> tuple[list[Any], set[Any]]:
    """The nodes behind these, newest first, and the ends: leaves, and ``stop``, a node behind which nobody looks.

    No nodes if there is anything to be looked at.
    """
    ends: set[Any] = set()
    order, stack = _chain(roots[0], stop, ends) if len(roots) == 1 else ([], roots)
    if not stack:
        return order, ends
    seen, stack = set(stack), [*stack]
    while stack:
        node = stack.pop()
        if node.op is None or node.op.pulls is None or (node.rare is not None and not node.plain):
            return [], ends
        for t in node.edges:
            if t is None:
                continue
            if t is stop or not isinstance(t, Node):
                ends.add(t)
            elif t not in seen:
                seen.add(t)
                stack.append(t)
    order += sorted(seen, key=_number, reverse=True)
    return order, ends


def _chain(node: Any, stop: Any, ends: set[Any]) -> tuple[list[Any], Sequence[Any]]:
    """The nodes from here on as long as there is one way only, and where it forks: they need no sorting."""
    order: list[Any] = []
    while node is not None:
        op = node.op
        if op is None or op.pulls is None or (node.rare is not None and not node.plain):
            return order, [node]  # where it is looked at again
        order.append(node)
        following = None
        for t in node.edges:
            if t is None or t is following:
                continue
            if t is stop or not isinstance(t, Node):
                ends.add(t)
            elif following is None:
                following = t
            else:
                nodes = {t for t in node.edges if t is not stop and isinstance(t, Node)}
                ends.update(t for t in node.edges if t is not None and t not in nodes)
                return order, [*nodes]
        node = following
    return order, ()


def leading(order: Sequence[Any], ends: AbstractSet[Any]) -> set[Any]:
    """These ends, and the nodes that lead to them."""
    live: set[Any] = set(ends)
    for node in reversed(order):
        if not live.isdisjoint(node.edges):
            live.add(node)
    return live
