"""The order of a backward pass: the nodes behind its roots. Knows nodes and edges; knows no operator."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from gradmagic.engine.node import Node

__all__ = ["behind", "reachable"]

_number = attrgetter("seq")


def reachable(roots: Sequence[Any]) -> list[Node]:
    """The nodes behind these, oldest first: their numbers are a topological order."""
    order, _ = behind([t for t in roots if isinstance(t, Node)])
    order.reverse()
    return order


def behind(roots: Sequence[Any], stop: Any = None, *, plainly: bool = False) -> tuple[list[Any], set[Any]]:
    """The nodes behind these, newest first, and the ends: leaves, and ``stop``, a node behind which nobody looks.

    No nodes if ``plainly`` and there is anything to be looked at: hooks, several outputs, nodes without a row.
    """
    ends: set[Any] = set()
    order, stack = _chain(roots[0], stop, ends, plainly) if len(roots) == 1 else ([], [*roots])
    if not stack:
        return order, ends
    seen = set(stack)
    while stack:
        node = stack.pop()
        if plainly and (not node.few or (node.rare is not None and not node.plain)):
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


def _chain(node: Any, stop: Any, ends: set[Any], plainly: bool) -> tuple[list[Any], list[Any]]:
    """The nodes from here on as long as there is one way only, which need no sorting, and the one where that ends."""
    order: list[Any] = []
    while node is not None:
        if plainly and (not node.few or (node.rare is not None and not node.plain)):
            return order, [node]
        following = None
        for t in node.edges:
            if t is None or t is following:
                continue
            if t is stop or not isinstance(t, Node):
                ends.add(t)
            elif following is None:
                following = t
            else:
                return order, [node]
        order.append(node)
        node = following
    return order, []
