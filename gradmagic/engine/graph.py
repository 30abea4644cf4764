"""Walks over the backward graph that change nothing: its nodes, and what they hold. Knows no operator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gradmagic.engine.node import Node


@dataclass(frozen=True)
class Census:
    """How many nodes a graph has, how many were freed, and the bytes of the arrays that the rest still hold."""

    nodes: int
    freed: int
    saved_bytes: int


def walk(tensors: Iterable[Any]) -> Iterator[Node]:
    """The distinct nodes that lead to these tensors (or nodes), each once."""
    stack = [n if isinstance(n, Node) else n.grad_fn for n in tensors]
    seen: set[Any] = set()
    while stack:
        node = stack.pop()
        if isinstance(node, Node) and node not in seen:
            seen.add(node)
            yield node
            stack.extend(node.edges)


def census(tensors: Iterable[Any]) -> Census:
    """Count the graph behind these tensors.

    Parameters
    ----------
    tensors : iterable of Tensor or Node
        Where to start.

    Returns
    -------
    Census
        Bytes of arrays saved by several nodes are counted once.

    Examples
    --------
    >>> from gradmagic import torch
    >>> from gradmagic.engine.graph import census
    >>> y = torch.ones(3, requires_grad=True).exp().sum()
    >>> census([y])
    Census(nodes=2, freed=0, saved_bytes=12)
    """
    nodes = list(walk(tensors))
    arrays = {id(a): a.nbytes for n in nodes for a in n.saved_arrays()}
    return Census(len(nodes), sum(n.freed for n in nodes), sum(arrays.values()))
