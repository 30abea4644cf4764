"""Complex numbers by torch's convention, and Fourier transforms: rows and signatures. Knows the kinds; no graph.

The gradient of a real function is ∂L/∂x + i ∂L/∂y: a linear op's transpose is its adjoint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.kinds import Linear, as_array, irregular, linear, name_rows, view
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops.moving import pad
from gradmagic.ops.operands import as_tensor, held, one_axis
from gradmagic.ops.rules import called
from gradmagic.ops.shaping import narrow, roll

conj_row: Any = linear(np.conj, lambda g: called(conj_row)(g), node="ConjBackward0")
imag_row = view(lambda x: x.imag, lambda g: g * 1j, node="ImagBackward0")
complex_row = irregular(lambda a, b: a + 1j * b, lambda g: _real(g), lambda g: _imag(g), node="ComplexBackward0")


def _angle_vjp(g: Any, x: Any) -> Any:
    if as_array(x).dtype.kind != "c":
        return np.zeros(x.shape, as_array(x).dtype)
    square = np.abs(x) ** 2
    zero = square == 0
    return g * 1j * x / np.where(zero, 1.0, square)


angle_row = irregular(np.angle, _angle_vjp, node="AngleBackward0")


def _real(g: Any) -> Any:
    return np.real(g)


def _imag(g: Any) -> Any:
    return imag(g) if isinstance(g, Tensor) else np.imag(g)


def conj(input: Tensor) -> Any:
    return conj_row(input) if input._array.dtype.kind == "c" else input


def imag(input: Tensor) -> Any:
    if input._array.dtype.kind != "c":
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return imag_row(held(input))


def angle(input: Tensor) -> Any:
    return angle_row(as_tensor(input))


def complex(real: Tensor, imag: Tensor) -> Any:
    if real.dtype is not imag.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {real.dtype.legacy} but got scalar type {imag.dtype.legacy} for second argument"
        )
    return complex_row(real, imag)


def polar(abs: Tensor, angle: Tensor) -> Any:
    return complex_row(E.mul(abs, E.cos(angle)), E.mul(abs, E.sin(angle)))


# -- Fourier transforms -------------------------------------------------------------------------------------------

# the adjoint of a transform is the other one, scaled the other way
_OTHER_WAY = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


def _transform(forth: Callable[..., Any], back: str, node: str) -> Linear:
    return linear(
        lambda x, dim, norm: forth(x, axis=dim, norm=norm).astype(np.result_type(x.dtype, np.complex64), copy=False),
        lambda g, dim, norm: called(globals()[back])(g, dim=dim, norm=_OTHER_WAY[norm]),
        node=node,
    )


fft_row = _transform(np.fft.fft, "ifft_row", "FftC2CBackward0")
ifft_row = _transform(np.fft.ifft, "fft_row", "FftC2CBackward0")
# of real numbers: the gradient's imaginary part has nowhere to go
fft_of_real = linear(fft_row.fn, lambda g, dim, norm: _real(fft_row.vjps[0](g, dim, norm)), node="FftR2CBackward0")
ifft_of_real = linear(ifft_row.fn, lambda g, dim, norm: _real(ifft_row.vjps[0](g, dim, norm)), node="FftR2CBackward0")

name_rows(globals())


def _resized(x: Any, n: int | None, dim: int) -> Any:
    d = one_axis(dim, x.ndim)
    if n is None or n == x.shape[d]:
        return x
    if n < x.shape[d]:
        return narrow(x, d, 0, n)
    widths = tuple((0, n - x.shape[d] if k == d else 0) for k in range(x.ndim))
    return pad(x, widths=widths, value=0)


def _along(of_complex: Linear, of_real: Linear) -> Callable[..., Any]:
    def transform(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
        x = _resized(as_tensor(input), n, dim)
        row = of_complex if x._array.dtype.kind == "c" else of_real
        return row(x, dim=one_axis(dim, x.ndim), norm=norm or "backward")

    return transform


fft, ifft = _along(fft_row, fft_of_real), _along(ifft_row, ifft_of_real)


def rfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The half of the transform of real numbers that says all."""
    full = fft(input, n, dim, norm)
    d = one_axis(dim, full.ndim)
    return narrow(full, d, 0, full.shape[d] // 2 + 1)


def irfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """Real numbers from half of their transform: the other half is its mirror image."""
    x = as_tensor(input)
    d = one_axis(dim, x.ndim)
    size = 2 * (x.shape[d] - 1) if n is None else n
    half = _resized(x, size // 2 + 1, d)
    weights = np.full(half.shape[d], 2.0)
    weights[0] = 1.0
    if size % 2 == 0:
        weights[-1] = 1.0
    shaped = weights.reshape([-1 if k == d else 1 for k in range(x.ndim)])
    return ifft(_resized(half * as_tensor(shaped), size, d), None, d, norm).real


def _over_axes(one: Callable[..., Any], axes: tuple[int, ...] | None) -> Callable[..., Any]:
    def transform(input: Any, s: Any = None, dim: Any = axes, norm: str | None = None) -> Any:
        out = as_tensor(input)
        dims = tuple(range(out.ndim)) if dim is None else tuple(dim)
        if s is not None and dim is None:
            dims = dims[-len(s) :]
        for k, d in enumerate(dims):
            out = one(out, None if s is None else s[k], d, norm)
        return out

    return transform


fft2, ifft2 = _over_axes(fft, (-2, -1)), _over_axes(ifft, (-2, -1))
fftn, ifftn = _over_axes(fft, None), _over_axes(ifft, None)


def _shift(sign: int) -> Callable[..., Any]:
    def shift(input: Tensor, dim: Any = None) -> Any:
        dims = tuple(range(input.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
        return roll(input, tuple((input.shape[d] + (sign < 0)) // 2 * sign for d in dims), dims)

    return shift


fftshift, ifftshift = _shift(1), _shift(-1)

NAMES = ["angle", "conj"]
FREE_NAMES = ["complex", "imag", "polar"]
FFT = ["fft", "fft2", "fftn", "fftshift", "ifft", "ifft2", "ifftn", "ifftshift", "irfft", "rfft"]
