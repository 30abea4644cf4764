"""NumPy's products of vectors, matrices and arrays, under its names and signatures. Knows no rule.

A function here stands for the one of the same name in ``numpy``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.ops import linalg
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.ops.numpy_shapes import broadcast_arrays, ravel
from gradmagic.ops.numpy_ufuncs import same_dtype
from gradmagic.ops.operands import array_like, one_axis


def dot(a: Any, b: Any) -> Any:
    """Over the last axis of ``a`` and the last but one of ``b``."""
    a, b = same_dtype(a, b)
    if not (a.ndim and b.ndim):
        return F["mul"](a, b)
    if a.ndim <= 2 and b.ndim <= 2:
        return F["matmul"](a, b)
    return F["tensordot"](a, b, ([-1], [-2 if b.ndim > 1 else 0]))


def inner(a: Any, b: Any) -> Any:
    return F["inner"](*same_dtype(a, b))


def outer(a: Any, b: Any) -> Any:
    a, b = same_dtype(a, b)
    return F["outer"](ravel(a), ravel(b))


def vdot(a: Any, b: Any, /) -> Any:
    a, b = same_dtype(a, b)
    return F["matmul"](np.conj(ravel(a)), ravel(b))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    return F["tensordot"](*same_dtype(a, b), axes)


def kron(a: Any, b: Any) -> Any:
    return F["kron"](array_like(a), array_like(b))


def einsum(*operands: Any, optimize: Any = False) -> Any:
    """By an equation, or by lists of labels between the operands."""
    if isinstance(operands[0], str):
        return F["einsum"](operands[0], *same_dtype(*operands[1:]))
    n = len(operands) // 2
    terms = ["".join(map(_letter, labels)) for labels in operands[1 : 2 * n : 2]]
    result = "".join(map(_letter, operands[-1])) if len(operands) % 2 else None
    equation = ",".join(terms) + ("" if result is None else f"->{result}")
    return F["einsum"](equation, *same_dtype(*operands[: 2 * n : 2]))


def _letter(label: Any) -> str:
    return "..." if label is Ellipsis else "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[label]


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = same_dtype(a, b)
    a, b = np.moveaxis(a, one_axis(axisa, a.ndim), -1), np.moveaxis(b, one_axis(axisb, b.ndim), -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(
            f"Both input arrays must be (arrays of) 3-dimensional vectors, but they are {a.shape[-1]} and {b.shape[-1]} dimensional instead."
        )
    out = linalg.cross(*broadcast_arrays(a, b))
    return np.moveaxis(out, -1, axisc) if out.ndim > 1 else out
