"""``numpy.fft`` on Tensors, under its names and signatures, over torch's transforms. Knows no rule.

A function here stands for the one of the same name in ``numpy.fft``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.ops import fourier
from gradmagic.ops.numpy_shapes import astype
from gradmagic.ops.operands import array_like

Transform = Callable[..., Any]


def _floats(a: Any) -> Any:
    t = array_like(a)
    return t if t._array.dtype.kind in "fc" else astype(t, np.float64)


def _along(transform: Transform) -> Transform:
    def along(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
        return transform(_floats(a), n, axis, norm)

    return along


def _over(transform: Transform, axes: Any) -> Transform:
    def over(a: Any, s: Any = None, axes: Any = axes, norm: str | None = None) -> Any:
        return transform(_floats(a), s, axes, norm)

    return over


def _shift(shift: Transform) -> Transform:
    def shifted(x: Any, axes: Any = None) -> Any:
        return shift(array_like(x), axes)

    return shifted


_LAST = (-2, -1)
fft, ifft, rfft, irfft = _along(fourier.fft), _along(fourier.ifft), _along(fourier.rfft), _along(fourier.irfft)
hfft, ihfft = _along(fourier.hfft), _along(fourier.ihfft)
fft2, ifft2, fftn, ifftn = (
    _over(fourier.fftn, _LAST), _over(fourier.ifftn, _LAST), _over(fourier.fftn, None), _over(fourier.ifftn, None),
)  # fmt: skip
rfft2, irfft2, rfftn, irfftn = (
    _over(fourier.rfftn, _LAST), _over(fourier.irfftn, _LAST), _over(fourier.rfftn, None), _over(fourier.irfftn, None),
)  # fmt: skip
fftshift, ifftshift = _shift(fourier.fftshift), _shift(fourier.ifftshift)
