"""``torch.nn``: so far its functions. Knows no graph."""

from gradmagic.torch.nn import functional

__all__ = ["functional"]
