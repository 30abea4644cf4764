"""What is known of a tensor without reckoning: what a function gave of it, for a derivative that asks, or that it is an identity.

A sine's slope is the cosine, whose slope is the sine. A result is known weakly, so nobody is refused a write for it: it is
taken only while it lives, and while nobody can have written to its memory or to the tensor's. Only what a recorded pass
has found at a node stays there, for the pass after it, until the node is freed. Knows no row.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

# what a rule may name beside its operands: a function of the first one
FUNCTIONS: dict[str, Any] = {"sin_x": np.sin, "cos_x": np.cos, "sinh_x": np.sinh, "cosh_x": np.cosh}
ENOUGH = 256  # elements, from which on it is quicker than to find them anew


def note(x: Any, fn: Any, y: Any) -> None:
    """Remember that the tensor ``y`` is ``fn`` of the tensor ``x``."""
    if x._known is None:
        x._known = {}
    x._known[fn] = x._array, weakref.ref(y)


def recall(x: Any, fn: Any, array: Any) -> Any:
    """``fn`` of the array that the tensor ``x`` has: as it was found before, if that is still there as it was."""
    known = getattr(x, "_known", None)  # a hook on saved tensors may have put anything in its place
    if known is not None and fn in known and _unwritten(x):
        of, held = known[fn]
        y = held()
        if of is array and y is not None and _unwritten(y):
            return y._array
    return fn(array)


def note_identity(t: Any) -> None:
    """Remember that a tensor is an identity."""
    t._known = {"identity": t._array}


def known_identity(t: Any) -> bool:
    """Whether it is one without a look at its elements, of which there are many."""
    known = t._known
    return known is not None and known.get("identity") is t._array and _unwritten(t)


def _unwritten(t: Any) -> bool:
    log = t._log
    return log is None or (log.complete and not log.count)
