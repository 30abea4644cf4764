"""Triangular factors and what is solved with them: LU, Cholesky, Householder, in torch's names. Knows the matrices' rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradmagic.engine.kinds import irregular, name_rows
from gradmagic.engine.op import as_array
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import linalg as L
from gradmagic.ops import matrices as M
from gradmagic.ops.composites import ormqr
from gradmagic.ops.operands import as_tensor
from gradmagic.ops.products import _h
from gradmagic.ops.rules import called

# -- elimination --------------------------------------------------------------------------------------------------


def _eliminated(a: Any, pivot: bool) -> tuple[Any, Any, Any]:
    """Both triangles in one matrix, the rows exchanged at each step counted from one as LAPACK does, and P."""
    lu = np.array(a)
    m, n = lu.shape[-2:]
    batch = lu.shape[:-2]
    order = np.broadcast_to(np.arange(m), (*batch, m)).copy()
    pivots = np.broadcast_to(np.arange(1, min(m, n) + 1, dtype=np.int32), (*batch, min(m, n))).copy()
    for at in np.ndindex(batch):
        for k in range(min(m, n)):
            column = lu[at][k:, k]
            # LAPACK measures a complex number by the sum of its parts
            p = k + int(np.argmax(np.abs(column.real) + np.abs(column.imag))) if pivot else k
            pivots[(*at, k)] = p + 1
            lu[at][[k, p]] = lu[at][[p, k]]
            order[at][[k, p]] = order[at][[p, k]]
            if lu[at][k, k] != 0:
                lu[at][k + 1 :, k] /= lu[at][k, k]
                lu[at][k + 1 :, k + 1 :] -= np.outer(lu[at][k + 1 :, k], lu[at][k, k + 1 :])
    return lu, pivots, _exchange(order, lu.dtype)


def _exchange(order: Any, dtype: Any) -> Any:
    """The matrix that brings the rows back from their new order."""
    return np.swapaxes(np.eye(order.shape[-1], dtype=dtype)[order], -1, -2)


def _order(pivots: Any, m: int) -> Any:
    """The order of the rows after all exchanges."""
    order = np.broadcast_to(np.arange(m), (*pivots.shape[:-1], m)).copy()
    for at in np.ndindex(pivots.shape[:-1]):
        for k, p in enumerate(pivots[at]):
            order[at][[k, p - 1]] = order[at][[p - 1, k]]
    return order


def _lower(lu: Any) -> Any:
    k = min(lu.shape[-2:])
    return np.tril(lu[..., :k], -1) + np.eye(lu.shape[-2], k, dtype=as_array(lu).dtype)


def _upper(lu: Any) -> Any:
    return np.triu(lu[..., : min(lu.shape[-2:]), :])


def _factors_vjp(gl: Any, gu: Any, lower: Any, upper: Any, p: Any) -> Any:
    """Of PLU = A: first what reaches beyond the square, then the square itself."""
    k = lower.shape[-1]
    m, n = lower.shape[-2], upper.shape[-1]
    left, right = lower[..., :k, :], upper[..., :k]
    parts: Any = None
    if m > k:  # the rows below are L₂ = A₂ U⁻¹
        below = _right_solved(right, gl[..., k:, :])
        gu = gu - _h(lower[..., k:, :]) @ below
        parts = below
    if n > k:  # the columns beyond are U₂ = L⁻¹ A₂
        beyond = _left_solved(left, gu[..., k:])
        gl = gl - beyond @ _h(upper[..., k:])
        parts = beyond
    inner = np.tril(_h(left) @ gl[..., :k, :], -1) + np.triu(gu[..., :k] @ _h(right))
    square = _right_solved(right, _left_solved(left, inner))
    whole = square if parts is None else np.concatenate([square, parts], -2 if m > k else -1)
    return p @ whole


def _left_solved(lower: Any, b: Any) -> Any:
    return called(M.solve_triangular)(_h(lower), b, upper=True, left=True)


def _right_solved(upper: Any, b: Any) -> Any:
    return called(M.solve_triangular)(_h(upper), b, upper=False, left=False)


def _lu_vjp(g: Any, y: Any, p: Any) -> Any:
    (gl, gu), (lower, upper) = g, y
    gl = np.zeros(lower.shape, lower.dtype) if gl is None else gl
    gu = np.zeros(upper.shape, upper.dtype) if gu is None else gu
    return _factors_vjp(gl, gu, lower, upper, p)


lu_row = irregular(lambda x, lu, p: (_lower(lu), _upper(lu)), _lu_vjp, node="LinalgLuBackward0", outputs=2)
lu_factor_row = irregular(
    lambda x, lu, p: lu,
    lambda g, y, p: _factors_vjp(
        np.tril(g[..., : min(g.shape[-2:])], -1), _upper(g), _lower(y), _upper(y), p
    ),
    node="LinalgLuFactorExBackward0",
)  # fmt: skip

# -- Cholesky -----------------------------------------------------------------------------------------------------


def _gram(x: Any, upper: bool) -> Any:
    x = np.triu(x) if upper else np.tril(x)
    return _h(x) @ x if upper else x @ _h(x)


def _of_gram(inner: Any, x: Any, upper: bool) -> Any:
    both = inner + _h(inner)
    return -(x @ both) if upper else -(both @ x)


cholesky_inverse_row = irregular(
    lambda x, upper: np.linalg.inv(_gram(x, upper)),
    lambda g, x, y, upper: _of_gram(y @ g @ y, x, upper),
    node="CholeskyInverseBackward0",
)
cholesky_solve_row: Any = irregular(
    lambda a, b, upper: np.linalg.solve(_gram(b, upper), a),
    lambda g, b, upper: called(cholesky_solve_row)(g, b, upper=upper),
    lambda g, b, y, upper: _of_gram(called(cholesky_solve_row)(g, b, upper=upper) @ _h(y), b, upper),
    node="CholeskySolveBackward0",
    saved={"other": "input2"},
)

name_rows(globals())

# -- under torch's names ------------------------------------------------------------------------------------------


class Lu(NamedTuple):
    P: Any
    L: Any
    U: Any


class LuFactor(NamedTuple):
    LU: Any
    pivots: Any


class LuFactorEx(NamedTuple):
    LU: Any
    pivots: Any
    info: Any


class CholeskyEx(NamedTuple):
    L: Any
    info: Any


class InvEx(NamedTuple):
    inverse: Any
    info: Any


class SolveEx(NamedTuple):
    result: Any
    info: Any


def _info(shape: tuple[int, ...], values: Any = 0) -> Any:
    return Tensor._of(np.broadcast_to(np.asarray(values, np.int32), shape).copy())


def lu(A: Tensor, *, pivot: bool = True) -> Any:
    a = L._matrix("linalg.lu", A, kernel="lu_cpu")
    packed, _, p = _eliminated(a._array, pivot)
    lower, upper = lu_row(a, lu=packed, p=p)
    return Lu(Tensor._of(p if pivot else np.zeros(0, p.dtype)), lower, upper)


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    a = L._matrix("linalg.lu_factor_ex", A, kernel="lu_cpu")
    packed, pivots, p = _eliminated(a._array, pivot)
    zero = np.diagonal(packed, axis1=-2, axis2=-1) == 0
    info = np.where(zero.any(-1), zero.argmax(-1) + 1, 0) if zero.shape[-1] else 0
    return LuFactorEx(lu_factor_row(a, lu=packed, p=p), Tensor._of(pivots), _info(a.shape[:-2], info))


def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    return LuFactor(*lu_factor_ex(A, pivot=pivot)[:2])


def old_lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """``torch.lu``: the packed factors, the exchanges, and if asked how it went."""
    out = lu_factor_ex(A, pivot=pivot)
    return tuple(out) if get_infos else tuple(out[:2])


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    data = as_tensor(LU_data)
    m, n = data.shape[-2:]
    empty = Tensor._of(np.zeros(0, data._array.dtype))
    p: Any = empty
    if unpack_pivots:
        p = Tensor._of(_exchange(_order(LU_pivots._array, m), data._array.dtype))
    if not unpack_data:
        return Lu(p, empty, empty)
    return Lu(p, _lower_of(data, min(m, n)), data[..., : min(m, n), :].triu())


def _lower_of(data: Tensor, k: int) -> Any:
    return data[..., :k].tril(-1) + as_tensor(np.eye(data.shape[-2], k, dtype=data._array.dtype))


def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Any:
    if not left:
        return _adjoint(lu_solve(LU, pivots, _adjoint(B), adjoint=not adjoint))
    p, lower, upper = lu_unpack(L._floats("torch.linalg.lu_solve", LU), pivots)
    if adjoint:
        y = L.solve_triangular(_adjoint(upper), B, upper=False)
        return p @ L.solve_triangular(_adjoint(lower), y, upper=True)
    y = L.solve_triangular(lower, p.transpose(-2, -1) @ B, upper=False)
    return L.solve_triangular(upper, y, upper=True)


def old_lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Any:
    """``torch.lu_solve``: the right-hand side comes first."""
    return lu_solve(LU_data, LU_pivots, b)


def _adjoint(a: Tensor) -> Any:
    return a.transpose(-2, -1).conj()


def cholesky_inverse(L: Tensor, upper: bool = False) -> Any:
    return cholesky_inverse_row(as_tensor(L), upper=upper)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Any:
    batch = np.broadcast_shapes(B.shape[:-2], L.shape[:-2])
    b, factor = (t if t.shape[:-2] == batch else t.expand(*batch, *t.shape[-2:]) for t in (B, L))
    return cholesky_solve_row(b, factor, upper=upper)


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """Cholesky's factor; where there is none, the order of the minor that fails instead of an error."""
    a = L._matrix("linalg.cholesky", A, square=True)
    try:
        return CholeskyEx(L.cholesky(a, upper=upper), _info(a.shape[:-2]))
    except L.LinAlgError:
        if check_errors:
            raise
        flat = a._array.reshape(-1, *a.shape[-2:])
        bad = [0 if np.min(np.linalg.eigvalsh(m)) > 0 else L._not_positive(m) for m in flat]
        return CholeskyEx(a.tril() * np.nan, _info(a.shape[:-2], np.reshape(bad, a.shape[:-2])))


def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    a = L._matrix("linalg.inv", A, square=True)
    try:
        return InvEx(L.inv(a), _info(a.shape[:-2]))
    except L.LinAlgError:
        if check_errors:
            raise
        return InvEx(a * np.nan, _singular_info(a))


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    a = L._matrix("linalg.solve", A, square=True)
    try:
        return SolveEx(L.solve(a, B, left=left), _info(a.shape[:-2]))
    except L.LinAlgError:
        if check_errors:
            raise
        return SolveEx(as_tensor(B) * np.nan, _singular_info(a))


def _singular_info(a: Tensor) -> Any:
    return lu_factor_ex(a.detach()).info


def householder_product(A: Tensor, tau: Tensor) -> Any:
    """The first columns of the product of reflections."""
    a = L._matrix("torch.linalg.householder_product", A, kernel="orgqr_cpu")
    m, n = a.shape[-2:]
    if m < n:
        raise RuntimeError(
            "torch.linalg.householder_product: input.shape[-2] must be greater than or equal to input.shape[-1]"
        )
    if tau.shape[-1] > n:
        raise RuntimeError(
            "torch.linalg.householder_product: input.shape[-1] must be greater than or equal to tau.shape[-1]"
        )
    eye = np.broadcast_to(np.eye(m, n, dtype=a._array.dtype), a.shape)
    return ormqr(a, tau, as_tensor(eye.copy()))


__all__ = [
    "cholesky_ex", "householder_product", "inv_ex", "lu", "lu_factor", "lu_factor_ex", "lu_solve", "solve_ex",
]  # fmt: skip
TOP_LEVEL = {
    "cholesky_inverse": cholesky_inverse, "cholesky_solve": cholesky_solve, "lu": old_lu, "lu_solve": old_lu_solve,
    "lu_unpack": lu_unpack,
}  # fmt: skip
