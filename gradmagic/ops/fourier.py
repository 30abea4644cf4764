"""Fourier transforms under torch's names and signatures, and their three rows. Knows the kinds; no graph.

The adjoint of a transform is the transform the other way with the same factor. Torch counts factors: 0 is none, 1 is one
over the root of the count of points, 2 one over the count.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.kinds import linear, name_rows
from gradmagic.engine.op import as_array
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.choosing import pad
from gradmagic.ops.complexes import conj, real
from gradmagic.ops.operands import as_tensor, floating, one_axis
from gradmagic.ops.rules import called
from gradmagic.ops.shaping import narrow, roll

# -- the rows -----------------------------------------------------------------------------------------------------


def _factor(normalization: int, forward: bool) -> Any:
    """Numpy's name for the factor of a transform in this direction."""
    return ("backward", "ortho", "forward")[normalization if forward else 2 - normalization]


def _c2c(x: Any, dim: tuple[int, ...], normalization: int, forward: bool) -> Any:
    transform = np.fft.fftn if forward else np.fft.ifftn
    return transform(x, axes=dim, norm=_factor(normalization, forward))


def _r2c(x: Any, dim: tuple[int, ...], normalization: int, onesided: bool) -> Any:
    return (np.fft.rfftn if onesided else np.fft.fftn)(x, axes=dim, norm=_factor(normalization, True))


def _c2r(x: Any, dim: tuple[int, ...], normalization: int, last_dim_size: int) -> Any:
    norm = _factor(normalization, False)
    rest = np.fft.ifftn(x, axes=dim[:-1], norm=norm) if dim[1:] else x
    return np.fft.irfft(rest, last_dim_size, dim[-1], norm)


fft_c2c: Any = linear(
    _c2c,
    lambda g, dim, normalization, forward: called(fft_c2c)(
        g, dim=dim, normalization=normalization, forward=not forward
    ),
    node="FftC2CBackward0",
    attributes=("dim", "normalization", "forward"),
)


def _r2c_vjp(g: Any, x: Any, shape: tuple[int, ...], dim: tuple[int, ...], normalization: int, onesided: bool) -> Any:
    """Back to the full length with zeros, and what is imaginary has nowhere to go."""
    if onesided:
        rest = list(g.shape)
        rest[dim[-1]] = shape[dim[-1]] - g.shape[dim[-1]]
        g = np.concatenate([g, np.zeros(rest, as_array(g).dtype)], dim[-1])
    whole = called(fft_c2c)(g, dim=dim, normalization=normalization, forward=False)
    return real(whole) if isinstance(whole, Tensor) else whole.real


fft_r2c: Any = linear(_r2c, _r2c_vjp, node="FftR2CBackward0", attributes=("dim", "normalization", "onesided"))


def _c2r_vjp(g: Any, shape: tuple[int, ...], dim: tuple[int, ...], normalization: int) -> Any:
    """What stands for itself and for its mirror image counts twice."""
    d = dim[-1]
    half = called(fft_r2c)(g, dim=dim, normalization=normalization, onesided=True)
    doubled = g.shape[d] - half.shape[d]
    counts = np.ones(half.shape[d], as_array(g).dtype)
    counts[1 : 1 + doubled] = 2
    return half * counts.reshape([-1 if k == d else 1 for k in range(len(g.shape))])


fft_c2r: Any = linear(_c2r, _c2r_vjp, node="FftC2RBackward0", attributes=("dim", "normalization"))

name_rows(globals())

# -- what is checked ----------------------------------------------------------------------------------------------


def _normalization(norm: str | None, forward: bool) -> int:
    if norm == "ortho":
        return 1
    if norm not in (None, "forward", "backward"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    return 2 if (norm == "forward") is forward else 0


def _complex(x: Any) -> Any:
    x = floating(x)
    return x if x._array.dtype.kind == "c" else x.to(x.dtype.to_complex())


def _real(name: str, x: Any) -> Any:
    t = as_tensor(x)
    if t._array.dtype.kind == "c":
        several = "Only supports floating-point dtypes, but found: "
        raise RuntimeError(
            (several if name.endswith("n") else f"{name} expects a real input tensor, but got ") + t.dtype.legacy
        )
    return floating(t)


def _one_dim(x: Any, dim: int) -> int:
    if not x.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return one_axis(dim, x.ndim)


def _points(n: int) -> None:
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")


def _shape_and_dim(x: Any, s: Any, dim: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The sizes to be transformed and their dimensions, by torch's rules for what is left out."""
    sizes = None if s is None else (s,) if isinstance(s, int) else tuple(s)
    dims = None if dim is None else tuple(one_axis(d, x.ndim) for d in ((dim,) if isinstance(dim, int) else dim))
    if dims is not None and len(set(dims)) < len(dims):
        raise RuntimeError("FFT dims must be unique")
    if sizes is not None:
        if dims is not None and len(dims) != len(sizes):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
        if len(sizes) > x.ndim:
            raise RuntimeError(f"Got shape with {len(sizes)} values but input tensor only has {x.ndim} dimensions.")
        dims = tuple(range(x.ndim - len(sizes), x.ndim)) if dims is None else dims
        full = tuple(x.shape[d] if n == -1 else n for n, d in zip(sizes, dims, strict=True))
    else:
        dims = tuple(range(x.ndim)) if dims is None else dims
        full = tuple(x.shape[d] for d in dims)
    return full, dims


def _resized(x: Any, sizes: tuple[int, ...], dims: tuple[int, ...]) -> Any:
    """Cut, or filled with zeros, to the sizes along the dimensions."""
    missing = [0] * (2 * x.ndim)
    for n, d in zip(sizes, dims, strict=True):
        _points(n)
        if n < x.shape[d]:
            x = narrow(x, d, 0, n)
        missing[2 * (x.ndim - 1 - d) + 1] = max(n - x.shape[d], 0)
    return pad(x, missing) if any(missing) else x


# -- one dimension ------------------------------------------------------------------------------------------------


def _sized(x: Any, n: int | None, dim: int) -> tuple[Any, tuple[int]]:
    d = _one_dim(x, dim)
    n = x.shape[d] if n is None else n
    _points(n)
    return _resized(x, (n,), (d,)), (d,)


def _both_ways(x: Any, n: int | None, dim: int, norm: str | None, forward: bool) -> Any:
    x, d = _sized(floating(x), n, dim)
    factor = _normalization(norm, forward)
    if x._array.dtype.kind == "c":
        return fft_c2c(x, dim=d, normalization=factor, forward=forward)
    whole = fft_r2c(x, dim=d, normalization=factor, onesided=False)
    return whole if forward else conj(whole)


def fft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    return _both_ways(input, n, dim, norm, forward=True)


def ifft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    return _both_ways(input, n, dim, norm, forward=False)


def rfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The half of the transform of real numbers that says all."""
    x, d = _sized(_real("rfft", input), n, dim)
    return fft_r2c(x, dim=d, normalization=_normalization(norm, True), onesided=True)


def ihfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    x, d = _sized(_real("ihfft", input), n, dim)
    return conj(fft_r2c(x, dim=d, normalization=_normalization(norm, False), onesided=True))


def _from_half(input: Any, n: int | None, dim: int, norm: str | None, forward: bool) -> Any:
    x = _complex(input)
    d = _one_dim(x, dim)
    n = 2 * (x.shape[d] - 1) if n is None else n
    _points(n)
    x = _resized(x, (n // 2 + 1,), (d,))
    x = conj(x) if forward else x
    return fft_c2r(x, dim=(d,), normalization=_normalization(norm, forward), last_dim_size=n)


def irfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """Real numbers from half of their transform: the other half is its mirror image."""
    return _from_half(input, n, dim, norm, forward=False)


def hfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    return _from_half(input, n, dim, norm, forward=True)


# -- several dimensions -------------------------------------------------------------------------------------------


def _many(x: Any, s: Any, dim: Any, norm: str | None, forward: bool) -> Any:
    x = _complex(x)
    sizes, dims = _shape_and_dim(x, s, dim)
    x = _resized(x, sizes, dims)
    return fft_c2c(x, dim=dims, normalization=_normalization(norm, forward), forward=forward) if dims else x


def fftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    return _many(input, s, dim, norm, forward=True)


def ifftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    return _many(input, s, dim, norm, forward=False)


def _at_least_one(name: str, dims: tuple[int, ...]) -> None:
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")


def rfftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    x = _real("rfftn", input)
    sizes, dims = _shape_and_dim(x, s, dim)
    _at_least_one("rfftn", dims)
    return fft_r2c(_resized(x, sizes, dims), dim=dims, normalization=_normalization(norm, True), onesided=True)


def ihfftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    x = _real("ihfftn", input)
    sizes, dims = _shape_and_dim(x, s, dim)
    _at_least_one("ihfftn", dims)
    factor = _normalization(norm, False)
    out = conj(fft_r2c(_resized(x, sizes, dims), dim=dims[-1:], normalization=factor, onesided=True))
    return fft_c2c(out, dim=dims[:-1], normalization=factor, forward=False) if dims[1:] else out


def _half_of_many(name: str, input: Any, s: Any, dim: Any) -> tuple[Any, tuple[int, ...], int]:
    x = _complex(input)
    sizes, dims = _shape_and_dim(x, s, dim)
    _at_least_one(name, dims)
    given = None if s is None else s if isinstance(s, int) else s[-1]
    last = 2 * (x.shape[dims[-1]] - 1) if given in (None, -1) else sizes[-1]
    _points(last)
    return _resized(x, (*sizes[:-1], last // 2 + 1), dims), dims, last


def irfftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    x, dims, last = _half_of_many("irfftn", input, s, dim)
    return fft_c2r(x, dim=dims, normalization=_normalization(norm, False), last_dim_size=last)


def hfftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
    x, dims, last = _half_of_many("hfftn", input, s, dim)
    factor = _normalization(norm, True)
    x = fft_c2c(x, dim=dims[:-1], normalization=factor, forward=True) if dims[1:] else x
    return fft_c2r(conj(x), dim=dims[-1:], normalization=factor, last_dim_size=last)


def _in_two(transform: Callable[..., Any], name: str) -> Callable[..., Any]:
    def over_two(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Any:
        return transform(input, s, dim, norm)

    over_two.__name__ = name
    return over_two


fft2, ifft2 = _in_two(fftn, "fft2"), _in_two(ifftn, "ifft2")
rfft2, irfft2 = _in_two(rfftn, "rfft2"), _in_two(irfftn, "irfft2")
hfft2, ihfft2 = _in_two(hfftn, "hfft2"), _in_two(ihfftn, "ihfft2")

# -- the order of frequencies -------------------------------------------------------------------------------------


def _shifted(input: Tensor, dim: Any, upwards: bool) -> Any:
    dims = tuple(range(input.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    return roll(input, tuple((input.shape[d] + (not upwards)) // 2 for d in dims), dims)


def fftshift(input: Tensor, dim: Any = None) -> Any:
    """The frequency zero moves to the middle."""
    return _shifted(input, dim, upwards=True)


def ifftshift(input: Tensor, dim: Any = None) -> Any:
    return _shifted(input, dim, upwards=False)


NAMES = [
    "fft", "fft2", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "ihfft2",
    "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftn",
]  # fmt: skip
