"""Decompositions, inverses and other functions of matrices, one row each. Knows the kinds; no graph.

Rules are written with ``@``, ``np.swapaxes`` and the rows themselves, so they differentiate again. Formulas after M. Giles,
"An extended collection of matrix derivative results" (2008), and J. Townsend, "Differentiating the singular value
decomposition" (2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine.kinds import bilinear, irregular, name_rows
from gradmagic.engine.op import as_array
from gradmagic.ops.products import _c, _h
from gradmagic.ops.rules import called

# -- inverses -----------------------------------------------------------------------------------------------------

inv: Any = irregular(np.linalg.inv, lambda g, y: -(_h(y) @ g @ _h(y)), node="LinalgInvExBackward0")


def _column(b: Any, vector: bool) -> Any:
    return np.expand_dims(b, -1) if vector else b


def _solve(a: Any, b: Any, vector: bool, left: bool) -> Any:
    if vector:
        return np.linalg.solve(a, b[..., None])[..., 0]
    return np.linalg.solve(a, b) if left else np.swapaxes(np.linalg.solve(_t(a), _t(b)), -1, -2)


def _t(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


def _solve_vjp(g: Any, a: Any, y: Any, vector: bool, left: bool) -> Any:
    gb = _column(called(solve)(_h(a), g, vector=vector, left=left), vector)
    return -(gb @ _h(_column(y, vector))) if left else -(_h(y) @ gb)


solve: Any = irregular(
    _solve,
    _solve_vjp,
    lambda g, a, vector, left: called(solve)(_h(a), g, vector=vector, left=left),
    node="LinalgSolveExBackward0",
)


def _triangle(a: Any, upper: bool) -> Any:
    return np.triu(a) if upper else np.tril(a)


def _solve_triangular(a: Any, b: Any, upper: bool, left: bool) -> Any:
    a = _triangle(a, upper)
    return np.linalg.solve(a, b) if left else _h(np.linalg.solve(_h(a), _h(b)))


def _triangular_vjp(g: Any, a: Any, y: Any, upper: bool, left: bool) -> Any:
    gb = called(solve_triangular)(_h(a), g, upper=not upper, left=left)
    return _triangle(-(gb @ _h(y) if left else _h(y) @ gb), upper)


solve_triangular: Any = irregular(
    _solve_triangular,
    _triangular_vjp,
    lambda g, a, upper, left: called(solve_triangular)(_h(a), g, upper=not upper, left=left),
    node="LinalgSolveTriangularBackward0",
)


def _pinv(x: Any, atol: Any, rtol: Any, hermitian: bool) -> Any:
    if not np.any(atol) or not x.size:
        return np.linalg.pinv(x, rtol, hermitian)
    largest = np.linalg.norm(x, 2, axis=(-2, -1))
    return np.linalg.pinv(x, np.maximum(atol / np.where(largest == 0, 1.0, largest), rtol), hermitian)


def _pinv_vjp(g: Any, x: Any, y: Any) -> Any:
    p, ph, gh = y, _h(y), _h(g)
    inner = gh @ p
    off_range = inner @ ph - x @ (p @ (inner @ ph))
    off_kernel = ph @ p @ (gh - inner @ x)
    return off_range + off_kernel - ph @ g @ ph


pinv: Any = irregular(_pinv, lambda g, x, y: _pinv_vjp(g, x, y), node="LinalgPinvBackward0")


def _pseudo_inverse(a: Any) -> Any:
    rtol = max(a.shape[-2:]) * np.finfo(as_array(a).dtype).eps
    return called(pinv)(a, atol=0.0, rtol=rtol, hermitian=False)


def _lstsq(a: Any, b: Any) -> Any:
    return np.linalg.lstsq(a, b, rcond=None)[0] if a.ndim == 2 and b.ndim <= 2 else np.linalg.pinv(a) @ b


lstsq: Any = irregular(
    _lstsq,
    lambda g, a, b: _pinv_vjp(g @ _h(b), a, _pseudo_inverse(a)),
    lambda g, a: _h(_pseudo_inverse(a)) @ g,
    node="LinalgLstsqBackward0",
)

# -- determinants -------------------------------------------------------------------------------------------------


def _spread(g: Any) -> Any:
    return np.expand_dims(np.expand_dims(g, -1), -1)


def _cofactors(x: Any) -> Any:
    """Determinants of all minors: what the derivative is where there is no inverse."""
    n = x.shape[-1]
    rest = [[k for k in range(n) if k != i] for i in range(n)]
    rows = []
    for i in range(n):
        strip = x[..., rest[i], :]
        rows.append(np.stack([called(det)(strip[..., rest[j]]) * (-1.0) ** (i + j) for j in range(n)], -1))
    return np.stack(rows, -2)


def _det_vjp(g: Any, x: Any, y: Any) -> Any:
    raw = getattr(x, "_array", x)
    if np.any(np.linalg.matrix_rank(raw) < raw.shape[-1]):
        return _spread(g) * _c(_cofactors(x))
    return _spread(g * _c(y)) * _h(called(inv)(x))


det: Any = irregular(np.linalg.det, _det_vjp, node="LinalgDetBackward0")


def _slogdet_vjp(g: Any, x: Any, y: Any) -> Any:
    """The logarithm takes the real part of tr(A⁻¹ dA); the sign of a complex determinant turns with the imaginary one."""
    scale = 0.0 if g[1] is None else g[1]
    if g[0] is not None and as_array(x).dtype.kind == "c":
        scale = scale - 1j * np.imag(np.conj(g[0]) * y[0])
    elif g[1] is None:
        return np.zeros(x.shape, as_array(x).dtype)
    return _spread(scale) * _h(called(inv)(x))


slogdet = irregular(
    lambda x: tuple(np.asarray(part) for part in np.linalg.slogdet(x)),
    lambda g, x, y: _slogdet_vjp(g, x, y),
    node="LinalgSlogdetBackward0",
    outputs=2,
    reads=(0,),
)

# -- decompositions -----------------------------------------------------------------------------------------------


def _cholesky_vjp(g: Any, y: Any) -> Any:
    inner = np.tril(_h(y) @ g)
    inner = (inner + _h(np.tril(inner, -1))) * 0.5
    right = called(solve_triangular)(y, inner, upper=False, left=False)
    return called(solve_triangular)(_h(y), right, upper=True, left=True)


cholesky = irregular(np.linalg.cholesky, _cholesky_vjp, node="LinalgCholeskyExBackward0")


def _qr_vjp(g: Any, y: Any) -> Any:
    (gq, gr), (q, r) = g, y
    m: Any = 0.0
    if gr is not None:
        m = m + r @ _h(gr)
    if gq is not None:
        m = m - _h(gq) @ q
    below = np.tril(m, -1)
    inner = q @ (below + _h(below) + np.real(m) * np.eye(m.shape[-1], dtype=as_array(m).dtype))
    if gq is not None:
        inner = inner + gq
    return called(solve_triangular)(_h(r), inner, upper=False, left=False)


qr = irregular(lambda x: tuple(np.linalg.qr(x)), _qr_vjp, node="LinalgQrBackward0", outputs=2)


def _gaps(w: Any) -> Any:
    """Differences of all pairs, one on the diagonal."""
    n = w.shape[-1]
    return np.expand_dims(w, -2) - np.expand_dims(w, -1) + np.eye(n, dtype=as_array(w).dtype)


def _diagonal(v: Any, like: Any) -> Any:
    return np.expand_dims(v, -1) * np.eye(v.shape[-1], dtype=as_array(like).dtype)


def _eigh_vjp(g: Any, y: Any) -> Any:
    (gw, gv), (w, v) = g, y
    inner = 0.0 if gw is None else _diagonal(gw, v)
    if gv is not None:
        n = w.shape[-1]
        inner = inner + (_h(v) @ gv) / _gaps(w) * (1 - np.eye(n, dtype=as_array(w).dtype))
    back = v @ inner @ _h(v)
    return back if gv is None else (back + _h(back)) / 2  # torch spreads it over both triangles


eigh = irregular(lambda x, uplo: tuple(np.linalg.eigh(x, uplo)), _eigh_vjp, node="LinalgEighBackward0", outputs=2)


_PHASE = (
    "linalg_eig_backward: The eigenvectors in the complex case are specified up to multiplication by e^{i phi}. The specified "
    "loss function depends on this quantity, so it is ill-defined."
)


def _eig_vjp(g: Any, y: Any) -> Any:
    (gw, gv), (w, v) = g, y
    inner = 0.0 if gw is None else _diagonal(gw, v)
    if gv is not None:
        along = _h(v) @ gv
        own = np.diagonal(along, axis1=-2, axis2=-1)
        if not np.allclose(np.imag(as_array(own)), 0, rtol=1e-2, atol=1e-2):
            raise RuntimeError(_PHASE)
        along = along - (_h(v) @ v) * np.expand_dims(np.real(own), -2)  # eigenvectors keep the length one
        inner = inner + along / _c(_gaps(w)) * (1 - np.eye(w.shape[-1], dtype=as_array(w).dtype))
    return called(solve)(_h(v), inner @ _h(v), vector=False, left=True)


def _eig(x: Any, real: bool = False) -> Any:
    """A real matrix is decomposed as one, for the order of its eigenvalues and the phases of its vectors."""
    found = tuple(np.linalg.eig(x.real if real else x))
    if real:
        return tuple(part.astype(x.dtype) for part in found)
    if x.dtype.kind != "c" and not np.any(found[0].imag):  # numpy since 2.5 gives complex numbers all the same
        return tuple(part.real for part in found)
    return found


eig = irregular(_eig, _eig_vjp, node="LinalgEigBackward0", outputs=2)


def _skew(a: Any) -> Any:
    return a - _h(a)


def _svd_vjp(g: Any, y: Any) -> Any:
    (gu, gs, gvh), (u, s, vh) = g, y
    k = s.shape[-1]
    m, n = u.shape[-2], vh.shape[-1]
    u, vh = u[..., :k], vh[..., :k, :]
    inner = 0.0 if gs is None else _diagonal(gs, u)
    if gu is None and gvh is None:
        return u @ (np.expand_dims(gs, -1) * vh)
    gaps, off = _gaps(s * s), 1 - np.eye(k, dtype=as_array(s).dtype)
    outer = 0.0
    if gu is not None:
        gu = gu[..., :k]
        own = _skew(_h(u) @ gu)
        inner = inner + own / gaps * np.expand_dims(s, -2) * off
        if as_array(u).dtype.kind == "c":  # the phase that is taken from U goes to V
            inner = inner + own * (0.5 * np.eye(k, dtype=as_array(s).dtype)) / np.expand_dims(s, -1)
        if m > k:
            outer = outer + ((gu - u @ (_h(u) @ gu)) / np.expand_dims(s, -2)) @ vh
    if gvh is not None:
        gvh = gvh[..., :k, :]
        inner = inner + np.expand_dims(s, -1) * (_skew(vh @ _h(gvh)) / gaps) * off
        if n > k:
            outer = outer + u @ ((gvh - (gvh @ _h(vh)) @ vh) / np.expand_dims(s, -1))
    return u @ inner @ vh + outer


svd = irregular(
    lambda x, full_matrices: tuple(np.linalg.svd(x, full_matrices)), _svd_vjp, node="LinalgSvdBackward0", outputs=3
)

# -- the exponential ----------------------------------------------------------------------------------------------

_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
    670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip


def _matrix_exp(x: Any) -> Any:
    """Padé's approximant of order 13 with scaling and squaring (N. Higham, 2005)."""
    size = float(np.max(np.sum(np.abs(x), axis=-2), initial=0.0))
    squarings = max(0, int(np.ceil(np.log2(size / 5.37)))) if 0 < size < np.inf else 0
    a = x / 2**squarings
    square, one = a @ a, np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
    even, odd, power = np.zeros_like(x), np.zeros_like(x), one
    for k in range(0, 14, 2):
        even, odd = even + _PADE[k] * power, odd + _PADE[k + 1] * power
        power = power @ square
    odd = a @ odd
    y = np.linalg.solve(even - odd, even + odd)
    for _ in range(squarings):
        y = y @ y
    return y


def _matrix_exp_vjp(g: Any, x: Any) -> Any:
    """The corner of the exponential of a block matrix is its derivative."""
    n = x.shape[-1]
    xh = _h(x)
    top = np.concatenate([xh, g], -1)
    bottom = np.concatenate([np.zeros(x.shape, as_array(x).dtype), xh], -1)
    return called(matrix_exp)(np.concatenate([top, bottom], -2))[..., :n, n:]


matrix_exp: Any = irregular(_matrix_exp, _matrix_exp_vjp, node="LinalgMatrixExpBackward0")

# -- the product of vectors in space ------------------------------------------------------------------------------


def _cross(a: Any, b: Any, dim: int) -> Any:
    return np.cross(a, b, axis=dim)


cross: Any = bilinear(
    _cross,
    lambda g, b, dim: called(cross)(_c(b), g, dim=dim),
    lambda g, a, dim: called(cross)(g, _c(a), dim=dim),
    node="LinalgCrossBackward0",
)

name_rows(globals())
