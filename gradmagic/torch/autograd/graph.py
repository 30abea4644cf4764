"""``torch.autograd.graph``: the backward graph as an object of the user's. Knows no op."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from gradmagic.engine.calls import GradientEdge, get_gradient_edge
from gradmagic.engine.handle import RemovableHandle
from gradmagic.engine.node import DeadEnd, Node
from gradmagic.engine.saving import (
    allow_mutation_on_saved_tensors,
    disable_saved_tensors_hooks,
    save_on_cpu,
    saved_tensors_hooks,
)
from gradmagic.engine.tensor import Tensor, edge
from gradmagic.engine.walk import running

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "get_gradient_edge",
    "increment_version", "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip


def increment_version(tensor: Any) -> None:
    """Count a write to a tensor, or to each of several, that was made behind autograd's back.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.ones(2)
    >>> x.numpy()[0] = 5.0
    >>> torch.autograd.graph.increment_version(x)
    >>> x._version
    1
    """
    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        t._shared_log().stamp()


class _Handles(RemovableHandle):
    """Several handles as one."""

    def __init__(self, handles: Sequence[RemovableHandle]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[[Any], None], *, mode: str = "all") -> Any:
    """Call a hook once in each backward pass that reaches these tensors.

    Parameters
    ----------
    tensors : sequence of Tensor
        Those that a pass does not reach are not waited for; their gradient is None.
    fn : callable
        Given the list of gradients when all are there (``mode="all"``), or the first (``mode="any"``).
    mode : {"all", "any"}

    Returns
    -------
    RemovableHandle
        Its ``remove()`` takes the hook away.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x, y = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    >>> handle = torch.autograd.graph.register_multi_grad_hook((x, y), print)
    >>> (x * y).backward()
    [tensor(3.), tensor(2.)]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    if mode == "any":
        first = _first(fn)
        return _Handles([t.register_hook(first) for t in tensors if t.requires_grad])
    if not all(t.requires_grad for t in tensors):
        raise AssertionError("Expected gradient function to be set")
    targets = [edge(t) for t in tensors]
    if any(type(target) is DeadEnd for target in targets):
        raise AssertionError("Expected gradient function to be set")
    waiting: dict[Any, tuple[list[Any], list[Any]]] = {}  # by backward pass: the gradients so far, the calls to come

    def arrived(i: int, g: Any) -> None:
        walk = running.walk
        assert walk is not None  # hooks run inside backward passes only
        if walk not in waiting:
            waiting[walk] = [None] * len(targets), [target for target in targets if walk.executes(target)]
        grads, to_come = waiting[walk]
        grads[i] = g
        if not to_come:
            return
        to_come.pop()
        if not to_come:
            del waiting[walk]
            fn(grads)

    return _Handles([t.register_hook(functools.partial(arrived, i)) for i, t in enumerate(tensors)])


def _first(fn: Callable[[Any], None]) -> Callable[[Any], None]:
    ran: list[Any] = [None]  # the pass in which the hook has run

    def hook(g: Any) -> None:
        if ran[0] is not running.walk:
            ran[0] = running.walk
            fn(g)

    return hook
