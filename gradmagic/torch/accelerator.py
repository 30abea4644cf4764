"""``torch.accelerator``: what a program asks before it uses one. There is none."""

from __future__ import annotations


def is_available() -> bool:
    """Whether there is an accelerator: no."""
    return False


def current_accelerator(check_available: bool = False) -> None:
    """The accelerator: none."""


def device_count() -> int:
    """How many accelerators there are: none."""
    return 0


__all__ = ["current_accelerator", "device_count", "is_available"]
