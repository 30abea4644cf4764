"""Products of vectors and matrices. Knows the kinds; no graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine.kinds import bilinear, irregular, name_rows


def _h(a: Any) -> Any:
    raw = getattr(a, "_array", a)
    swapped = np.swapaxes(a, -1, -2)
    return np.conj(swapped) if raw.dtype.kind == "c" else swapped


def _c(a: Any) -> Any:
    raw = getattr(a, "_array", a)
    return np.conj(a) if raw.dtype.kind == "c" else a


dot = bilinear(np.dot, lambda g, b: g * _c(b), lambda g, a: g * _c(a), saved={"other": "tensor"})
vdot = bilinear(np.vdot, lambda g, b: _c(g) * b, lambda g, a: g * a)
mv = bilinear(
    np.matmul, lambda g, b: g[:, None] * _c(b)[None, :], lambda g, a: np.matmul(_h(a), g), saved={"other": "vec"}
)
mm = bilinear(np.matmul, lambda g, b: np.matmul(g, _h(b)), lambda g, a: np.matmul(_h(a), g), saved={"other": "mat2"})
bmm = bilinear(np.matmul, lambda g, b: np.matmul(g, _h(b)), lambda g, a: np.matmul(_h(a), g), saved={"other": "mat2"})
addmm = irregular(
    lambda a, b, c: a + np.matmul(b, c),
    lambda g: g,
    lambda g, c: np.matmul(g, _h(c)),
    lambda g, b: np.matmul(_h(b), g),
    saved={"other": "mat1", "c": "mat2"},
)

name_rows(globals())
