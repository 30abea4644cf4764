"""``numpy.fft`` on Tensors, under its names and signatures, over torch's transforms. Knows no rule.

A function here stands for the one of the same name in ``numpy.fft``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.ops import complexes
from gradmagic.ops.operands import array_like

_SWAPPED = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}
Transform = Callable[..., Any]


def _one(transform: Transform) -> Transform:
    def along(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
        return transform(_double(a), n, axis, norm)

    return along


def _double(a: Any) -> Any:
    t = array_like(a)
    return t if t._array.dtype.kind in "fc" else t.to(np.float64)


fft, ifft, rfft, irfft = (_one(getattr(complexes, name)) for name in ("fft", "ifft", "rfft", "irfft"))


def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    t = array_like(a)
    return irfft(np.conj(t), 2 * (t.shape[axis] - 1) if n is None else n, axis, _SWAPPED[norm])


def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return np.conj(rfft(a, n, axis, _SWAPPED[norm]))


def _axes(t: Any, s: Any, axes: Any) -> tuple[list[Any], list[int]]:
    """The lengths and the axes, spelt out."""
    along = list(range(t.ndim)) if axes is None else list(axes)
    if s is not None and axes is None:
        along = along[-len(s) :]
    return [None] * len(along) if s is None else [None if n == -1 else n for n in s], along


def _many(one: Transform, axes: Any) -> Transform:
    """A transform along each axis, the last one first."""

    def transform(a: Any, s: Any = None, axes: Any = axes, norm: str | None = None) -> Any:
        t = array_like(a)
        for n, d in list(zip(*_axes(t, s, axes), strict=True))[::-1]:
            t = one(t, n, d, norm)
        return t

    return transform


def _many_real(axes: Any) -> Transform:
    def transform(a: Any, s: Any = None, axes: Any = axes, norm: str | None = None) -> Any:
        t = array_like(a)
        sizes, along = _axes(t, s, axes)
        t = rfft(t, sizes[-1], along[-1], norm)
        for n, d in list(zip(sizes, along, strict=True))[-2::-1]:
            t = fft(t, n, d, norm)
        return t

    return transform


def _many_to_real(axes: Any) -> Transform:
    def transform(a: Any, s: Any = None, axes: Any = axes, norm: str | None = None) -> Any:
        t = array_like(a)
        sizes, along = _axes(t, s, axes)
        for n, d in list(zip(sizes, along, strict=True))[:-1]:
            t = ifft(t, n, d, norm)
        return irfft(t, sizes[-1], along[-1], norm)

    return transform


_LAST = (-2, -1)
fft2, ifft2, rfft2, irfft2 = _many(fft, _LAST), _many(ifft, _LAST), _many_real(_LAST), _many_to_real(_LAST)
fftn, ifftn, rfftn, irfftn = _many(fft, None), _many(ifft, None), _many_real(None), _many_to_real(None)


def fftshift(x: Any, axes: Any = None) -> Any:
    return complexes.fftshift(array_like(x), axes)


def ifftshift(x: Any, axes: Any = None) -> Any:
    return complexes.ifftshift(array_like(x), axes)
