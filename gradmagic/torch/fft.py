"""``torch.fft``: Fourier transforms. Knows the ops by their torch names only."""

from typing import Any

import numpy as np

from gradmagic.engine import dtypes as _dtypes
from gradmagic.engine.tensor import Tensor as _Tensor
from gradmagic.ops import fourier as _fourier
from gradmagic.ops.calling import as_torch_has_them as _as_torch_has_them

globals().update(_as_torch_has_them({name: getattr(_fourier, name) for name in _fourier.NAMES}, "fft_"))


def _frequencies(n: int, count: Any, d: float, dtype: Any, requires_grad: bool) -> Any:
    kind = _dtypes.default_float() if dtype is None else _dtypes.to_numpy(dtype)
    made: Any = _Tensor._of((count * n).round().astype(kind) * kind.type(1 / (n * d)))
    return made.requires_grad_() if requires_grad else made


def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, requires_grad: bool = False) -> Any:
    """The frequencies of the terms of `fft`, of samples that are d apart."""
    return _frequencies(n, np.fft.fftfreq(n), d, dtype, requires_grad)


def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, requires_grad: bool = False) -> Any:
    """The frequencies of the terms of `rfft`."""
    return _frequencies(n, np.fft.rfftfreq(n), d, dtype, requires_grad)


__all__ = [*_fourier.NAMES, "fftfreq", "rfftfreq"]
