"""``torch.nn.functional``: activations and losses. Knows the ops by their torch names only."""

from gradmagic.ops import functional as _functional
from gradmagic.ops.functional import *  # noqa: F403  one list of names, kept beside what it names

__all__ = list(_functional.__all__)
