"""Who watches the calls of grad and backward in this thread. Knows the calls' form, not what they do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GradCall:
    """One call of ``autograd.grad`` or ``backward`` as it was made."""

    function: str
    outputs: tuple[Any, ...]
    inputs: tuple[Any, ...] | None
    options: dict[str, Any]


Watcher = Callable[[GradCall, Callable[..., Any]], Any]


class _Watching(threading.local):
    watcher: Watcher | None = None


watching = _Watching()


@contextmanager
def watch(watcher: Watcher) -> Iterator[None]:
    """Hand every call of grad and backward in this thread to ``watcher(call, run)``.

    ``run(**overrides)`` makes the call, with options overridden, and gives its result or raises its exception.

    Examples
    --------
    >>> from gradmagic import torch
    >>> from gradmagic.engine.watch import watch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> with watch(lambda call, run: (print(call.options["create_graph"]), run())[1]):
    ...     torch.autograd.grad(x * x, x)
    False
    (tensor(6.),)
    """
    before = watching.watcher
    watching.watcher = watcher
    try:
        yield
    finally:
        watching.watcher = before


def watched(call: GradCall, run: Callable[..., Any]) -> Any:
    """Make the call, through the watcher if there is one; calls made inside it are its own affair."""
    watcher = watching.watcher
    if watcher is None:
        return run()

    def unwatched(**overrides: Any) -> Any:
        before = watching.watcher
        watching.watcher = None
        try:
            return run(**overrides)
        finally:
            watching.watcher = before

    return watcher(call, unwatched)
