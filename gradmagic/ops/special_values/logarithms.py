"""Logarithms times something. Knows NumPy; no op."""

from __future__ import annotations

from typing import Any

import numpy as np


def xlogy(a: Any, b: Any) -> Any:
    return np.where((a == 0) & ~np.isnan(b), a * 0, a * np.log(np.where(a == 0, b * 0 + 1, b)))


def xlog1py(a: Any, b: Any) -> Any:
    return np.where((a == 0) & ~np.isnan(b), a * 0, a * np.log1p(np.where(a == 0, b * 0, b)))


def entr(x: Any) -> Any:
    inside = x > 0
    value = -x * np.log(np.where(inside, x, x.dtype.type(1)))
    return np.where(inside | np.isnan(x), value, np.where(x == 0, x * 0, x.dtype.type(-np.inf)))


def logit(x: Any) -> Any:
    return np.log(x / (1 - x))
