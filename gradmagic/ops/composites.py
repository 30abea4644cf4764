"""What is made of several ops, under torch's names: older names of linear algebra, short-time transforms. Knows no rule."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradmagic.engine.tensor import Tensor
from gradmagic.ops import linalg
from gradmagic.ops.choosing import pad, unfold
from gradmagic.ops.complexes import conj, view_as_real
from gradmagic.ops.fourier import fft, rfft
from gradmagic.ops.operands import as_tensor
from gradmagic.ops.reducing import _product, matmul
from gradmagic.ops.shaping import squeeze, transpose, tril, triu, unsqueeze


class _SVD(NamedTuple):
    U: Any
    S: Any
    V: Any


class _TriangularSolve(NamedTuple):
    solution: Any
    cloned_coefficient: Any


def _adjoint(a: Tensor) -> Any:
    return conj(transpose(a, -2, -1))


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    u, s, vh = linalg.svd(input, full_matrices=not some)
    if compute_uv:
        return _SVD(u, s, _adjoint(vh))
    m, n = input.shape[-2:]
    zeros = [Tensor._of(np.zeros((*input.shape[:-2], k, k), input._array.dtype)) for k in (m, n)]
    return _SVD(zeros[0], s, zeros[1])


def qr(input: Tensor, some: bool = True) -> Any:
    return linalg.qr(input, "reduced" if some else "complete")


def triangular_solve(
    input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """The solution X of AX = input, and a copy of A."""
    coefficients = (triu if upper else tril)(A)
    if transpose:
        coefficients, upper = coefficients.transpose(-2, -1), not upper
    x = linalg.solve_triangular(coefficients, input, upper=upper, unitriangular=unitriangular)
    return _TriangularSolve(x, A.clone())


def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False) -> Any:
    """The product of Householder's reflections, given by their vectors and factors, with a matrix."""
    a, t, c = as_tensor(input), as_tensor(tau), as_tensor(other)
    n, order = a.shape[-2], range(t.shape[-1])
    if transpose:
        t = conj(t)
    if left is not transpose:
        order = order[::-1]
    eye = np.eye(n, dtype=a._array.dtype)
    vectors = tril(a, -1)
    for k in order:
        v = vectors[..., :, k : k + 1] + as_tensor(eye[:, k : k + 1])
        factor = unsqueeze(unsqueeze(t[..., k], -1), -1)
        c = c - (factor * matmul(v, matmul(_adjoint(v), c)) if left else factor * matmul(matmul(c, v), _adjoint(v)))
    return c


def vdot(input: Tensor, other: Tensor) -> Any:
    """The product of two vectors, the first conjugated."""
    for t in (input, other):
        if t.ndim != 1:
            raise RuntimeError(f"1D tensors expected, but got {input.ndim}D and {other.ndim}D tensors")
    return _product("vdot", input, other)


def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Any = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Any:
    """The transforms of overlapping windows along the last dimension: (…, frequencies, windows)."""
    hop, width = hop_length or n_fft // 4, win_length or n_fft
    x = unsqueeze(input, 0) if input.ndim == 1 else input
    if center:
        x = squeeze(pad(unsqueeze(x, 1), (n_fft // 2, n_fft // 2), pad_mode), 1)
    if not 0 < n_fft <= x.shape[-1]:
        raise RuntimeError(f"stft: expected 0 < n_fft < {x.shape[-1]}, but got n_fft={n_fft}")
    frames = unfold(x, -1, n_fft, hop)
    if window is not None or width != n_fft:
        left = (n_fft - width) // 2
        shown = as_tensor(np.ones(width, x._array.dtype)) if window is None else window
        frames = frames * pad(shown, (left, n_fft - width - left))
    real = frames._array.dtype.kind != "c"
    half = real if onesided is None else onesided
    out = transpose((rfft if half else fft)(frames, norm="ortho" if normalized else None), 1, 2)
    out = squeeze(out, 0) if input.ndim == 1 else out
    if return_complex is None and real:
        raise RuntimeError("stft requires the return_complex parameter be given for real inputs, and will further require that return_complex=True in a future PyTorch release.")  # fmt: skip
    return view_as_real(out) if return_complex is False else out


NAMES = ["ormqr", "qr", "stft", "svd", "triangular_solve", "vdot"]
