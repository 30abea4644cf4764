"""The names of nodes that torch numbers otherwise where an op was done in place. Knows names only."""

from __future__ import annotations

import functools
from typing import Any

_IN_PLACE = {
    "TBackward0": "TBackward1", "TransposeBackward0": "TransposeBackward1", "UnsqueezeBackward0": "UnsqueezeBackward1",
    "SqueezeBackward0": "SqueezeBackward3", "SqueezeBackward1": "SqueezeBackward4", "SqueezeBackward2": "SqueezeBackward5",
    "EluBackward0": "EluBackward1", "CeluBackward0": "CeluBackward1", "LeakyReluBackward0": "LeakyReluBackward1",
    "ThresholdBackward0": "ThresholdBackward1",
}  # fmt: skip


def done_in_place(t: Any) -> Any:
    """The tensor, its node named as that of the op in place."""
    node = t._node
    if type(node).__name__ in _IN_PLACE:
        kind: Any = type(node)
        node.__class__ = _variant(kind)
    return t


@functools.cache
def _variant(kind: Any) -> Any:
    return type(_IN_PLACE[kind.__name__], (kind,), {"__slots__": (), "__module__": "builtins"})
