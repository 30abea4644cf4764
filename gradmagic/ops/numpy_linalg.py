"""``numpy.linalg`` on Tensors, under its names and signatures, over ``torch.linalg``'s functions. Knows no rule.

A function here stands for the one of the same name in ``numpy.linalg``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradmagic.engine.tensor import Tensor
from gradmagic.ops import linalg, matrices, numpy_algebra, numpy_shapes
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.ops.numpy_ufuncs import same_dtype
from gradmagic.ops.operands import array_like


def _matrix(a: Any) -> Any:
    t = array_like(a)
    return t if t._array.dtype.kind in "fc" else F["to"](t, dtype=np.float64)


def inv(a: Any) -> Any:
    return linalg.inv(_matrix(a))


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """The default cut-off alone: singular values below it count as zero."""
    if not (rcond is None and rtol in (None, np._NoValue)):
        raise TypeError("np.linalg.pinv: rcond= and rtol= are not supported on Tensors. Leave them out.")
    return linalg.pinv(_matrix(a))


def det(a: Any) -> Any:
    return linalg.det(_matrix(a))


def slogdet(a: Any) -> Any:
    return linalg.slogdet(_matrix(a))


def solve(a: Any, b: Any) -> Any:
    """Only a ``b`` of one dimension is a vector."""
    a, b = same_dtype(_matrix(a), b)
    return linalg.solve(a, b[None] if b.ndim > 1 and b.ndim == a.ndim - 1 else b)


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    a, b = array_like(a), array_like(b)
    if axes is not None:
        rest = [d for d in range(a.ndim) if d not in axes]
        a = np.transpose(a, [*rest, *axes])
    out = a.shape[b.ndim :]
    return np.reshape(solve(np.reshape(a, (math.prod(out), -1)), np.ravel(b)), out)


def tensorinv(a: Any, ind: int = 2) -> Any:
    a = array_like(a)
    turned = a.shape[ind:] + a.shape[:ind]
    return np.reshape(inv(np.reshape(a, (math.prod(a.shape[:ind]), -1))), turned)


def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """The solution, the residuals, the rank and the singular values, as a tuple."""
    a, b = same_dtype(_matrix(a), b)
    columns = b[:, None] if b.ndim == 1 else b
    x = linalg.lstsq(a, columns).solution
    rank = int(np.linalg.matrix_rank(a._array))
    m, n = a.shape
    empty = Tensor._of(np.zeros(0, a._array.dtype))
    residuals = np.sum(np.abs(columns - a @ x) ** 2, 0) if m > n and rank == n else empty
    return x[:, 0] if b.ndim == 1 else x, residuals, rank, linalg.svdvals(a)


def matrix_power(a: Any, n: int) -> Any:
    return linalg.matrix_power(_matrix(a), n)


def multi_dot(arrays: Sequence[Any]) -> Any:
    return linalg.multi_dot(same_dtype(*arrays))


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    return linalg.cholesky(_matrix(a), upper=upper)


def qr(a: Any, mode: str = "reduced") -> Any:
    if mode == "r":
        return linalg.qr(_matrix(a)).R
    if mode not in {"reduced", "complete"}:
        raise TypeError(f"np.linalg.qr(mode={mode!r}) is not supported on Tensors: 'reduced', 'complete' and 'r' are.")
    return linalg.qr(_matrix(a), mode)


def eigh(a: Any, UPLO: str = "L") -> Any:
    return linalg.eigh(_matrix(a), UPLO)


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return linalg.eigvalsh(_matrix(a), UPLO)


def eig(a: Any) -> Any:
    """Real where all eigenvalues are, as NumPy up to 2.4 gives them."""
    values, vectors = matrices.eig(_matrix(a))
    return linalg.Eig(values, vectors)


def eigvals(a: Any) -> Any:
    return eig(a).eigenvalues


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    return linalg.svd(_matrix(a), full_matrices) if compute_uv else linalg.svdvals(_matrix(a))


def svdvals(x: Any, /) -> Any:
    return linalg.svdvals(_matrix(x))


def cond(x: Any, p: Any = None) -> Any:
    return linalg.cond(_matrix(x), p)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return linalg.norm(_matrix(x), ord, axis, keepdims)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return linalg.matrix_norm(_matrix(x), ord, (-2, -1), keepdims)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    return linalg.vector_norm(_matrix(x), ord, axis, keepdims)


def matmul(x1: Any, x2: Any, /) -> Any:
    return np.matmul(x1, x2)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    a, b = np.broadcast_arrays(x1, x2)
    return np.sum(np.conj(a) * b, axis=axis)


def outer(x1: Any, x2: Any, /) -> Any:
    return numpy_algebra.outer(x1, x2)


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return numpy_algebra.tensordot(x1, x2, axes)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return numpy_algebra.cross(x1, x2, axis=axis)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return numpy_shapes.diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    return numpy_shapes.trace(x, offset, -2, -1, dtype)


def matrix_transpose(x: Any, /) -> Any:
    return numpy_shapes.matrix_transpose(x)
