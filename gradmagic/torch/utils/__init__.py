"""``torch.utils``: data in batches. Knows no module."""

from gradmagic.torch.utils import data

__all__ = ["data"]
