"""What hooks give back: what may replace a gradient, and torch's words for what may not. Knows tensors; no walk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gradmagic.engine.tensor import Tensor

Gradients = tuple[Tensor | None, ...]


def run_hooks(hooks: Mapping[int, Any], g: Tensor) -> Tensor:
    """Tensor hooks in the order of their registration; what one returns replaces the gradient."""
    for hook in list(hooks.values()):
        changed = hook(g)
        if changed is not None:
            _check(g, changed, hook)
            g = changed
    return g


def run_node_hooks(hooks: Iterable[Any], gs: Gradients, call: Callable[[Any, Gradients], Any]) -> Gradients:
    """A node's hooks or prehooks, each called by ``call(hook, gs)``: as many gradients come back as were given."""
    for hook in list(hooks):
        changed = call(hook, gs)
        if changed is None:
            continue
        if not isinstance(changed, tuple):
            raise TypeError(f"expected tuple, but hook returned '{type(changed).__name__}'")
        if len(changed) != len(gs):
            raise RuntimeError(
                f"hook '{_name(hook)}' has returned an incorrect number of values "
                f"(got {len(changed)}, but expected {len(gs)})"
            )
        for was, now in zip(gs, changed, strict=True):
            if now is not None:
                _check(was, now, hook)
        gs = changed
    return gs


def _check(was: Tensor | None, now: Any, hook: Any) -> None:
    if was is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if not isinstance(now, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(now).__name__}'")
    if now.dtype != was.dtype:
        raise RuntimeError(
            f"hook '{_name(hook)}' has changed the type of value "
            f"(was {was.dtype.kind_of_tensor} got {now.dtype.kind_of_tensor})"
        )
    if now.shape != was.shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")


def _name(hook: Any) -> str:
    return str(getattr(hook, "__name__", "<unknown>"))
