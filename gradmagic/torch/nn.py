"""``torch.nn``: so far its functions. Knows no graph."""

from gradmagic.torch import functional

__all__ = ["functional"]
