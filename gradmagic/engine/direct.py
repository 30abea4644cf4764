"""The backward pass where nobody looks on: nodes with one output and no hooks.

The same as `walk`, without its books. Knows nodes and edges; knows no operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from gradmagic.engine import lifting
from gradmagic.engine.adding import plus
from gradmagic.engine.fitting import fit

__all__ = ["bring", "leading"]


def bring(
    order: Iterable[Any],
    live: AbstractSet[Any] | None,
    grads: dict[Any, Any],
    retain: bool,
    recording: bool,
    batch: tuple[int, ...] = (),
) -> None:
    """Bring the gradients of these nodes, newest first, to the ends that they lead to.

    ``live`` are the ends whose gradients are wanted and the nodes that lead to them, if these are not all; ``batch`` are
    the dimensions that each gradient has before its own, where none is recorded.
    """
    for node in order if live is None else [node for node in order if node in live]:
        g = grads.pop(node, None)
        if g is None or (node.rare is not None and node.choice is not None):
            node.check()
        op = node.op
        if batch and g is not None:
            _step(node, g, grads, live, batch)
        elif g is not None:
            op.step(node, g, grads, live, recording)
        if not retain and (op.saves or node.rare is not None):
            node.free()


def _step(node: Any, g: Any, grads: dict[Any, Any], live: AbstractSet[Any] | None, batch: tuple[int, ...]) -> None:
    """What an op's own step does, for a batch of gradients."""
    for i, target in enumerate(node.edges):
        if target is None:
            continue
        if live is not None and target not in live:
            node.check()
            continue
        part = fit(lifting.pulled(node, i, g, batch, False), node, i, batch)
        if part is not None:
            held = grads.pop(target, None)
            grads[target] = part if held is None else plus(held, part)


def leading(order: Sequence[Any], ends: AbstractSet[Any]) -> set[Any]:
    """These ends, and the nodes that lead to them."""
    live: set[Any] = set(ends)
    for node in reversed(order):
        if not live.isdisjoint(node.edges):
            live.add(node)
    return live
