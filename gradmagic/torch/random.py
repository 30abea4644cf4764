"""``torch.random``: the state of the generator that programs draw from. Knows the generator; knows no Tensor's ops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradmagic.engine.random import default_generator
from gradmagic.engine.tensor import Tensor
from gradmagic.torch.creation import manual_seed


def get_rng_state() -> Any:
    """The state as a tensor of bytes, for `set_rng_state`."""
    return Tensor._of(default_generator.get_state())


def set_rng_state(new_state: Any) -> None:
    """Go on drawing from a state that `get_rng_state` gave."""
    default_generator.set_state(new_state._array)


def initial_seed() -> int:
    """The seed that the generator last started from."""
    return default_generator.initial_seed()


def seed() -> int:
    """Start again from a seed of the operating system's choice, and return it."""
    return default_generator.seed()


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, **_: Any) -> Iterator[None]:
    """While it is entered, draws leave no trace: afterwards the generator is where it was."""
    state = default_generator.get_state()
    try:
        yield
    finally:
        if enabled:
            default_generator.set_state(state)


__all__ = ["fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]
