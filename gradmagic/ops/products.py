"""Products of vectors and matrices. Knows the kinds; no graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine.kinds import bilinear, irregular, name_rows
from gradmagic.engine.layout import in_rows


def _h(a: Any) -> Any:
    raw = getattr(a, "_array", a)
    swapped = a.swapaxes(-1, -2)
    return np.conj(swapped) if raw.dtype.kind == "c" else swapped


def _c(a: Any) -> Any:
    raw = getattr(a, "_array", a)
    return np.conj(a) if raw.dtype.kind == "c" else a


dot = bilinear(
    np.dot,
    lambda g, b: g * _c(b),
    lambda g, a: g * _c(a),
    saved={"other": "tensor"},
    batches=(lambda g, b: g[..., None] * _c(b), lambda g, a: g[..., None] * _c(a)),
)
vdot = bilinear(np.vdot, lambda g, b: _c(g) * b, lambda g, a: g * a)
mv = bilinear(
    np.matmul,
    lambda g, b: np.reshape(g, (*g.shape, 1)) * _c(b),
    lambda g, a: _h(a) @ g,
    saved={"other": "vec"},
    batches=(lambda g, b: g[..., None] * _c(b), lambda g, a: np.matmul(g, np.reshape(_c(a), a.shape[-2:]))),
)
mm = bilinear(
    np.matmul,
    lambda g, b: g @ _h(b),
    lambda g, a: _h(a) @ g,
    saved={"other": "mat2"},
    batches=True,
)
bmm = bilinear(in_rows(np.matmul), *mm.vjps, saved={"other": "mat2"}, batches=True)
addmm = irregular(
    lambda a, b, c: a + np.matmul(b, c),
    lambda g: g,
    lambda g, c: g @ _h(c),
    lambda g, b: _h(b) @ g,
    saved={"other": "mat1", "c": "mat2"},
    batches=True,
)


def _scaled(g: Any, scale: Any) -> Any:
    return g if scale == 1 else g * scale


def adding(product: Any, vjp_b: Any, vjp_c: Any, **row: Any) -> Any:
    """``beta`` times the first operand, left out where beta is 0, and ``alpha`` times a product of the others."""
    return irregular(
        lambda a, b, c, beta, alpha: (
            _scaled(product(b, c), alpha) if beta == 0 else _scaled(a, beta) + _scaled(product(b, c), alpha)
        ),
        lambda g, beta: _scaled(g, np.conj(beta)),
        lambda g, c, alpha: _scaled(vjp_b(g, c), np.conj(alpha)),
        lambda g, b, alpha: _scaled(vjp_c(g, b), np.conj(alpha)),
        **row,
    )


addmm_scaled = adding(
    np.matmul,
    lambda g, c: g @ _h(c),
    lambda g, b: _h(b) @ g,
    saved={"other": "mat1", "c": "mat2"},
    node="AddmmBackward0",
)
addmv = adding(np.matmul, mv.vjps[0], mv.vjps[1], saved={"other": "mat", "c": "vec"})
baddbmm = adding(np.matmul, lambda g, c: g @ _h(c), lambda g, b: _h(b) @ g, saved={"other": "batch1", "c": "batch2"})
addbmm = adding(
    lambda b, c: np.sum(np.matmul(b, c), 0),
    lambda g, c: g @ _h(c),
    lambda g, b: _h(b) @ g,
    saved={"other": "batch1", "c": "batch2"},
)
addr = adding(np.outer, lambda g, c: g @ _c(c), lambda g, b: _c(b) @ g, saved={"other": "vec1", "c": "vec2"})

name_rows(globals())
