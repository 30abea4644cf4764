"""``torch.linalg``: linear algebra. Knows the ops by their torch names only."""

from gradmagic.ops import linalg as _linalg
from gradmagic.ops.linalg import *  # noqa: F403  one list of names, kept beside what it names
from gradmagic.ops.reducing import matmul

__all__ = [*_linalg.__all__, "matmul"]
