"""All basis vectors of a tensor's shape, and what a linear function makes of them. Knows no derivative."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradmagic.engine.tensor import Tensor
from gradmagic.ops.names import FUNCTIONS as F

_AT_ONCE = 1 << 22  # elements: 32 MiB of them


def vectors(like: Any) -> Iterator[Any]:
    """The basis vectors, stacked: all at once, unless they would take too much memory."""
    n, shape = like.numel(), like._array.shape
    step = max(1, n if n * n <= _AT_ONCE else _AT_ONCE // n)
    for lo in range(0, max(1, n), step):  # of nothing there is a stack of none
        rows = min(step, n - lo)
        yield Tensor._of(np.eye(rows, n, lo, dtype=like._array.dtype).reshape(rows, *shape))


def mapped(linear: Callable[[Any], Sequence[Any]], like: Any) -> Sequence[Any]:
    """What a function of stacked vectors gives for all of the basis, stacked; None where it gives None."""
    pieces = [linear(rows) for rows in vectors(like)]
    if len(pieces) == 1:
        return pieces[0]
    return [None if parts[0] is None else F["cat"](parts, 0) for parts in zip(*pieces, strict=True)]
