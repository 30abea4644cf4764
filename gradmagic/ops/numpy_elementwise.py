"""NumPy's elementwise functions that are no ufuncs, under its names and signatures. Knows no rule.

A function here stands for the one of the same name in ``numpy``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine.op import as_array
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import shape as S
from gradmagic.ops.complexes import imag_row
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.ops.operands import array_like, held


def real(val: Any) -> Any:
    t = array_like(val)
    return S.real(held(t)) if t._array.dtype.kind == "c" else t


def imag(val: Any) -> Any:
    t = array_like(val)
    return imag_row(held(t)) if t._array.dtype.kind == "c" else Tensor._of(np.zeros(t.shape, t._array.dtype))


def angle(z: Any, deg: bool = False) -> Any:
    out = F["angle"](array_like(z))
    return F["rad2deg"](out) if deg else out


def real_if_close(a: Any, tol: float = 100) -> Any:
    t = array_like(a)
    return real(t) if np.isrealobj(np.real_if_close(t._array, tol)) else t


def round(a: Any, decimals: int = 0) -> Any:
    t = array_like(a)
    if not decimals:
        return F["round"](t)
    scale = 10.0 ** abs(decimals)
    return F["round"](t * scale) / scale if decimals > 0 else F["round"](t / scale) * scale


around = round


def fix(x: Any) -> Any:
    return F["trunc"](array_like(x))


def sinc(x: Any) -> Any:
    return F["sinc"](array_like(x))


def i0(x: Any) -> Any:
    return F["i0"](array_like(x))


def isposinf(x: Any) -> Any:
    return Tensor._of(np.asarray(np.isposinf(as_array(x))))


def isneginf(x: Any) -> Any:
    return Tensor._of(np.asarray(np.isneginf(as_array(x))))


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    return F["nan_to_num"](array_like(x), nan, posinf, neginf)
