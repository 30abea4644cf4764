"""``torch.cuda``: what a program asks before it uses a GPU. There is none."""

from __future__ import annotations

from typing import Any

from gradmagic.engine.devices import device, refuse


def is_available() -> bool:
    """Whether there is a GPU: no."""
    return False


def device_count() -> int:
    """How many GPUs there are: none."""
    return 0


def _refused(*args: Any, **kwargs: Any) -> Any:
    """Refused as torch refuses it where there is no GPU."""
    refuse(device("cuda"))


current_device = get_device_name = synchronize = set_device = _refused


def manual_seed(seed: int) -> None:
    """Of no effect: there is no GPU."""


manual_seed_all = manual_seed

__all__ = [
    "current_device", "device_count", "get_device_name", "is_available", "manual_seed", "manual_seed_all", "set_device",
    "synchronize",
]  # fmt: skip
