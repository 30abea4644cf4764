"""Hooks that pack what nodes save and unpack it when it is read. Knows neither nodes nor operators."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradmagic.engine.modes import enable_grad, modes, no_grad

_WRITTEN = (
    "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be modified "
    "by in-place operations as this can lead to unexpected side-effects. Please open an issue if you need to perform "
    "in-place operations on the input to a pack hook."
)

_FREED = (
    "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the graph are freed when "
    "you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second "
    "time or if you need to access saved variables after calling backward."
)


class _Saving(threading.local):
    hooks: tuple[tuple[Callable[[Any], Any], Callable[[Any], Any]], ...] = ()
    refusal: str | None = None  # the words in which hooks are refused, where they are
    mutation: object | None = None  # the open allow_mutation_on_saved_tensors


saving = _Saving()


class Packed:
    """What a pack hook made of a saved tensor, and the graph's edge where it came from; ``own`` if from the saver."""

    __slots__ = ("kept", "nr", "own", "tangents", "target", "unpack_hook")

    def __init__(self, t: Any, target: Any, hooks: Any, *, own: bool = False) -> None:
        pack_hook, self.unpack_hook = hooks
        self.target, self.nr, self.own = target, t.output_nr, own
        self.tangents = t._tangents  # the hooks are given values only
        version = t._version
        with no_grad():
            self.kept = pack_hook(t)
        if t._version != version:
            raise RuntimeError(_WRITTEN)

    def unpack(self, recording: bool) -> Any:
        """The array that the unpack hook gives, in the mode of the pass that asks."""
        with enable_grad() if recording else no_grad():
            t = self.unpack_hook(self.kept)
        if not hasattr(t, "_array"):
            got = type(t).__name__
            raise TypeError(f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {got}")
        return t._array


class SavedTensor:
    """One of a node's saved tensors, as ``grad_fn._raw_saved_…`` gives it: it can be given hooks of its own."""

    def __init__(self, node: Any, k: Any) -> None:
        self._node, self._k = node, k

    def register_hooks(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        """Let a pair of functions keep this tensor: ``pack_hook`` is called at once."""
        node, k = self._node, self._k
        if node.freed:
            raise RuntimeError(_FREED)
        value = node.saved[k] if isinstance(k, int) and k < len(node.saved) else None
        if isinstance(value, Packed):
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair of hooks is "
                "allowed at a time."
            )
        if value is None or isinstance(value, (bool, int, float, complex)):
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        node.op.pack_one(node, k, (pack_hook, unpack_hook))


class saved_tensors_hooks:
    """Let a pair of functions decide how what is recorded inside keeps its tensors. The innermost pair applies.

    Parameters
    ----------
    pack_hook : callable
        Given each saved Tensor; what it returns is kept in its place.
    unpack_hook : callable
        Given what was kept, returns a Tensor with the same values.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> with torch.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), torch.tensor):
    ...     y = x**2
    >>> torch.autograd.grad(y.sum(), x)
    (tensor([2., 4.]),)
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if saving.refusal is not None:
            raise RuntimeError(saving.refusal)
        saving.hooks = (*saving.hooks, (self.pack_hook, self.unpack_hook))
        modes.alerts += 1

    def __exit__(self, *exc: object) -> None:
        saving.hooks = saving.hooks[:-1]
        modes.alerts -= 1


class save_on_cpu(saved_tensors_hooks):
    """Keep saved tensors on the CPU, where they are anyhow."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda t: t.detach(), lambda t: t)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Refuse :class:`saved_tensors_hooks` inside, in these words."""
    if saving.hooks:
        raise RuntimeError(error_message)
    before, saving.refusal = saving.refusal, error_message
    try:
        yield
    finally:
        saving.refusal = before


@contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[object]:
    """Let tensors be written to after they were saved: what is saved inside is a copy.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> with torch.autograd.graph.allow_mutation_on_saved_tensors():
    ...     b = x.clone()
    ...     y = (b**2).sum()
    ...     _ = b.zero_()
    ...     torch.autograd.grad(y, x)
    (tensor([2., 4.]),)
    """
    if saving.mutation is not None:
        raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
    context = object()

    def unpack(kept: Any) -> Any:
        if saving.mutation is not context:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' contextin which the graph was "
                "originally recorded."
            )
        return kept

    with saved_tensors_hooks(lambda t: t.detach().clone(), unpack):
        saving.mutation = context
        try:
            yield context
        finally:
            saving.mutation = None
