"""Linear algebra under the names, signatures and errors of ``torch.linalg``. Knows the table of matrices; no graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops import matrices as M
from gradmagic.ops import reducing
from gradmagic.ops import shape as S
from gradmagic.ops.arithmetic import pow
from gradmagic.ops.complexes import conj
from gradmagic.ops.operands import as_tensor, one_axis, summand
from gradmagic.ops.shaping import cat, expand, movedim, reshape, squeeze, transpose, unsqueeze, view
from gradmagic.ops.shaping import diagonal as _diagonal


class _LinAlgError(RuntimeError, np.linalg.LinAlgError):
    """Torch's error where a matrix has not what is asked for; NumPy's too, for those who catch that one."""


LinAlgError = _LinAlgError


class Slogdet(NamedTuple):
    sign: Any
    logabsdet: Any


class QR(NamedTuple):
    Q: Any
    R: Any


class Eigh(NamedTuple):
    eigenvalues: Any
    eigenvectors: Any


class Eig(NamedTuple):
    eigenvalues: Any
    eigenvectors: Any


class SVD(NamedTuple):
    U: Any
    S: Any
    Vh: Any


class Lstsq(NamedTuple):
    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


# -- what is checked ----------------------------------------------------------------------------------------------


def _matrix(name: str, value: Any, square: bool = False, kernel: str = "") -> Any:
    """A matrix or a batch of them; ``kernel`` is what torch calls the routine that integers have not."""
    a = as_tensor(value)
    if a.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if square and a.shape[-1] != a.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {a.shape[-2]} by {a.shape[-1]} matrices"
        )
    if kernel and a._array.dtype.kind not in "fc":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{a.dtype.legacy}'")
    return _floats(name, a)


def _floats(name: str, value: Any) -> Any:
    a = as_tensor(value)
    if a._array.dtype.kind not in "fc":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {a.dtype.legacy}")
    return a


def _adjoint(a: Any) -> Any:
    return conj(transpose(a, -2, -1))


def _batch(a: Any, bad: Callable[[Any], bool]) -> tuple[str, Any]:
    """Which matrix of a batch is bad, in torch's words, and that matrix."""
    flat = a.reshape(-1, *a.shape[-2:])
    at = next((i for i, m in enumerate(flat) if bad(m)), 0)
    return (f"(Batch element {at}): " if a.ndim > 2 else ""), flat[at]


def _singular(m: Any) -> bool:
    return bool(np.linalg.det(m) == 0)


def _zero_pivot(m: Any) -> int:
    """The first vanishing diagonal element of the triangular factor, counted from one."""
    u = np.array(m)
    n = len(u)
    for k in range(n):
        p = k + int(np.argmax(np.abs(u[k:, k])))
        if u[p, k] == 0:
            return k + 1
        u[[k, p]] = u[[p, k]]
        u[k + 1 :] -= np.outer(u[k + 1 :, k] / u[k, k], u[k])
    return n


def _not_positive(m: Any) -> int:
    return next((k for k in range(1, len(m) + 1) if np.linalg.det(m[:k, :k]).real <= 0), len(m))


# -- inverses and solutions ---------------------------------------------------------------------------------------


def inv(A: Tensor) -> Any:
    a = _matrix("linalg.inv", A, square=True)
    try:
        return M.inv(a)
    except np.linalg.LinAlgError:
        where, m = _batch(a._array, _singular)
        raise _LinAlgError(
            f"linalg.inv: {where}The diagonal element {_zero_pivot(m)} is zero, the inversion could not be completed because "
            "the input matrix is singular."
        ) from None


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Any:
    a, b = _matrix("linalg.solve", A, square=True), as_tensor(B)
    vector = b.ndim == 1 or (a.ndim - 1 == b.ndim and a.shape[:-1] == b.shape)
    rows, columns = (b.shape[-1], 1) if vector else b.shape[-2:]
    if a.shape[-1] != (rows if left else columns):
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation {'AX' if left else 'XA'} = B "
            f"({a.shape[-2]}x{a.shape[-1]} and {rows}x{columns})"
        )
    try:
        return M.solve(a, b, vector=vector, left=left)
    except np.linalg.LinAlgError:
        where, _ = _batch(a._array, _singular)
        raise _LinAlgError(
            f"torch.linalg.solve: {where}The solver failed because the input matrix is singular."
        ) from None


def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    a = _matrix("linalg.solve_triangular", A, square=True, kernel="triangular_solve_cpu")
    if unitriangular:
        a = a - a * np.eye(a.shape[-1]) + np.eye(a.shape[-1])
    return M.solve_triangular(a, as_tensor(B), upper=upper, left=left)


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Any:
    """Singular values up to ``max(atol, rtol · the largest)`` count as zero; ``rcond`` is rtol's older name."""
    a = _matrix("linalg.pinv", A)
    atol, rtol = (getattr(v, "_array", v) for v in (atol, rcond if rtol is None else rtol))
    if rtol is None:
        rtol = 0.0 if atol is not None and np.all(atol) else max(a.shape[-2:]) * np.finfo(a._array.dtype).eps
    return M.pinv(a, atol=0.0 if atol is None else atol, rtol=rtol, hermitian=hermitian)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    return _diagonal(A, offset, dim1, dim2)


def tensorinv(A: Tensor, ind: int = 2) -> Any:
    """The inverse of a tensor as a matrix from its first ``ind`` dimensions to the others."""
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    rows, columns = (int(np.prod(s, dtype=int)) for s in (A.shape[:ind], A.shape[ind:]))
    if rows != columns:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{columns} != {rows}"
        )
    return reshape(inv(reshape(A, rows, rows)), *A.shape[ind:], *A.shape[:ind])


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Any:
    """X with ``tensordot(A, X, X.ndim) == B``, after ``dims`` of A have gone to its end."""
    moved = A if dims is None else movedim(A, tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    shape, n = moved.shape[B.ndim :], B._array.size
    if int(np.prod(shape, dtype=int)) != n:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got "
            f"{int(np.prod(shape, dtype=int))} != {n}"
        )
    return reshape(solve(reshape(moved, n, n), reshape(B, -1)), *shape)


def vander(x: Tensor, N: int | None = None) -> Any:
    """The powers 0 to N - 1 of each element, along a new last dimension."""
    x = x if x.ndim else reshape(x, 1)
    n = x.shape[-1] if N is None else N
    if n <= 1:
        raise RuntimeError("N must be greater than 1.")
    wide = expand(unsqueeze(x, -1), *x.shape, n - 1)
    return cat([Tensor._of(np.ones((*x.shape, 1), x._array.dtype)), reducing.cumprod(wide, -1)], -1)


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: Any = None) -> Any:
    """Solution, residuals, rank and singular values, as far as LAPACK's driver of that name gives them."""
    if as_tensor(A).ndim < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    a, b, driver = _matrix("torch.linalg.lstsq", A), as_tensor(B), driver or "gelsy"
    if driver not in _DRIVERS:
        raise RuntimeError(f"torch.linalg.lstsq: parameter `driver` should be one of ({', '.join(_DRIVERS)})")
    vector = b.ndim == 1 or (a.ndim - 1 == b.ndim and a.shape[:-1] == b.shape)
    if a.shape[-2] != b.shape[-1 if vector else -2]:
        raise RuntimeError(f"torch.linalg.lstsq: input.size(-2) should match other.size({-1 if vector else -2})")
    m, n = a.shape[-2:]
    x = squeeze(M.lstsq(a, unsqueeze(b, -1)), -1) if vector else M.lstsq(a, b)
    ranks = np.asarray(np.linalg.matrix_rank(a._array))
    nothing = np.zeros(0, a._array.real.dtype)
    residuals: Any = Tensor._of(nothing)
    if m > n and driver != "gelsy" and np.all(ranks == n):
        left = reducing.matmul(a, unsqueeze(x, -1) if vector else x) - (unsqueeze(b, -1) if vector else b)
        residuals = reducing.sum(pow(E.abs(left), 2), -2)
    values = np.linalg.svd(a._array, compute_uv=False) if driver in {"gelsd", "gelss"} else nothing
    return Lstsq(x, residuals, Tensor._of(np.zeros(0, np.int64) if driver == "gels" else ranks), Tensor._of(values))


def matrix_power(A: Tensor, n: int) -> Any:
    a = _matrix("linalg.matrix_power", A, square=True)
    if n < 0:
        return inv(a) if n == -1 else matrix_power(inv(a), -n)
    if n == 0:
        return a.clone().copy_(Tensor._of(np.eye(a.shape[-1], dtype=a._array.dtype)))
    if n == 1:
        return a.clone()
    out = None
    while n:
        if n & 1:
            out = a if out is None else reducing.matmul(out, a)
        n >>= 1
        if n:
            a = reducing.matmul(a, a)
    return out


def matrix_exp(A: Tensor) -> Any:
    return M.matrix_exp(_matrix("linalg.matrix_exp", A, square=True))


# -- determinants and decompositions ------------------------------------------------------------------------------


def det(A: Tensor) -> Any:
    return M.det(_matrix("linalg.det", A, square=True))


def slogdet(A: Tensor) -> Any:
    return Slogdet(*M.slogdet(_matrix("linalg.slogdet", A, square=True)))


def logdet(input: Tensor) -> Any:
    sign, logarithm = slogdet(input)
    if sign._array.dtype.kind == "c":
        return E.log(sign) + logarithm
    nothing = Tensor._of(logarithm._array.dtype.type(np.nan))
    return E.where(Tensor._of(np.asarray(sign._array < 0)), nothing, logarithm)


def cholesky(A: Tensor, *, upper: bool = False) -> Any:
    a = _matrix("linalg.cholesky", A, square=True)
    try:
        lower = M.cholesky(a)
    except np.linalg.LinAlgError:
        where, m = _batch(a._array, lambda m: bool(np.min(np.linalg.eigvalsh(m)) <= 0))
        raise _LinAlgError(
            f"linalg.cholesky: {where}The factorization could not be completed because the input is not positive-definite "
            f"(the leading minor of order {_not_positive(m)} is not positive-definite)."
        ) from None
    return _adjoint(lower) if upper else lower


def qr(A: Tensor, mode: str = "reduced") -> Any:
    a = _matrix("linalg.qr", A)
    m, n = a.shape[-2:]
    if (mode == "complete" and m > n) or mode == "r":
        values = np.linalg.qr(a._array, mode="complete" if mode == "complete" else "reduced")
        if a.requires_grad:
            raise RuntimeError(
                "The QR decomposition is not differentiable when mode='complete' and nrows > ncols"
                if mode == "complete"
                else "linalg_qr_backward: cannot perform backward without q. Please use torch.linalg.qr(..., mode='reduced')"
            )
        return QR(*(Tensor._of(v) for v in values))
    if m >= n:
        return QR(*M.qr(a))
    q, r = M.qr(a[..., :m])
    return QR(q, cat([r, reducing.matmul(_adjoint(q), a[..., m:])], -1))


def eigh(A: Tensor, UPLO: str = "L") -> Any:
    return Eigh(*M.eigh(_matrix("linalg.eigh", A, square=True, kernel="linalg_eigh_cpu"), uplo=UPLO))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Any:
    return eigh(A, UPLO).eigenvalues


def eig(A: Tensor) -> Any:
    """Complex, as torch gives them, for a real matrix too."""
    a = _matrix("linalg.eig", A, square=True)
    real = a._array.dtype.kind != "c"
    return Eig(*M.eig(a.to(a.dtype.to_complex()) if real else a, real=real))


def eigvals(A: Tensor) -> Any:
    return eig(A).eigenvalues


def svd(A: Tensor, full_matrices: bool = True) -> Any:
    return SVD(*M.svd(_matrix("linalg.svd", A), full_matrices=full_matrices))


def svdvals(A: Tensor) -> Any:
    return svd(A, full_matrices=False).S


def matrix_rank(A: Tensor) -> Any:
    return Tensor._of(np.asarray(np.linalg.matrix_rank(A._array)))


# -- norms --------------------------------------------------------------------------------------------------------


def vector_norm(x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    return reducing.norm(_floats("linalg.vector_norm", x), ord, dim, keepdim)


def matrix_norm(A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False) -> Any:
    a = _matrix("linalg.matrix_norm", A)
    rows, columns = (one_axis(d, a.ndim) for d in dim)
    if ord == "fro":
        return reducing.norm(a, 2, dim, keepdim)
    if ord in (1, -1, np.inf, -np.inf):
        along, left = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = reducing.norm(a, 1.0, along, keepdim)
        best = reducing.amax if ord > 0 else reducing.amin
        return best(sums, left - 1 if left > along and not keepdim else left, keepdim)
    order = [d for d in range(a.ndim) if d not in (rows, columns)]
    values = svdvals(a.permute(*order, rows, columns))
    out = (
        reducing.sum(values, -1)
        if ord == "nuc"
        else reducing.amax(values, -1)
        if ord == 2
        else reducing.amin(values, -1)
    )
    return reshape(out, *(1 if d in (rows, columns) else n for d, n in enumerate(a.shape))) if keepdim else out


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Any:
    if isinstance(ord, str) or (
        ord is not None and (A.ndim == 2 if dim is None else isinstance(dim, (tuple, list)) and len(dim) == 2)
    ):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim)


def cond(A: Tensor, p: Any = None) -> Any:
    if p in (None, 2):
        values = svdvals(A)
        return squeeze(values[..., :1] / values[..., -1:], -1)
    return matrix_norm(A, p) * matrix_norm(inv(A), p)


# -- products -----------------------------------------------------------------------------------------------------


def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Any:
    a, b = as_tensor(input), as_tensor(other)
    d = one_axis(dim, a.ndim)
    if a.shape[d] != 3 or b.shape[dim] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a.shape[d]} and {b.shape[dim]}"
        )
    return M.cross(a, b, dim=dim)


def multi_dot(tensors: Sequence[Tensor]) -> Any:
    """The product of all: the first and the last may be vectors."""
    first, last = tensors[0], tensors[-1]
    chain = [unsqueeze(first, 0) if first.ndim == 1 else first, *tensors[1:]]
    if last.ndim == 1:
        chain[-1] = unsqueeze(last, 1)
    out = chain[0]
    for t in chain[1:]:
        out = reducing.matmul(out, t)
    return view(out, *first.shape[:-1], *last.shape[1:])


def trace(input: Tensor) -> Any:
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return S.trace(summand(input, None))


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Any:
    return reducing.sum(conj(_floats("linalg.vecdot", x)) * y, dim)


__all__ = [
    "LinAlgError", "cholesky", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv", "lstsq", "matrix_exp", "matrix_norm",
    "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve", "solve_triangular", "svd",
    "svdvals", "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip
