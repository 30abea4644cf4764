"""``torch.utils``: data in batches, and computing again instead of keeping. Knows no module."""

from gradmagic.torch.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
