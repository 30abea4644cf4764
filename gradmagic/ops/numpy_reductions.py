"""NumPy's reductions, scans and statistics, under its names and signatures. Knows no rule.

A function here stands for the one of the same name in ``numpy``. Integers become float64 where NumPy makes them so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.tensor import Tensor
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.ops.numpy_choosing import take_along_axis
from gradmagic.ops.numpy_shapes import astype, axes, ravel, raw
from gradmagic.ops.operands import array_like

# -- sums, products, extrema --------------------------------------------------------------------------------------


def _floats(a: Any, dtype: Any = None) -> Any:
    t = array_like(a)
    if dtype is not None:
        return astype(t, dtype)
    return t if t._array.dtype.kind in "fc" else astype(t, np.float64)


def _masked(t: Any, where: Any, otherwise: Any) -> Any:
    return (
        t if where is True else F["where"](array_like(raw(where)), t, array_like(np.asarray(otherwise, t._array.dtype)))
    )


def _over(f: Callable[..., Any], t: Any, axis: Any, keepdims: Any) -> Any:
    """A reduction by torch's function; NumPy's ``axis=()`` leaves every element by itself."""
    if isinstance(axis, (tuple, list)) and not axis:
        return F["clone"](t)
    return f(t, axis, bool(keepdims) and keepdims is not np._NoValue)


def _given(initial: Any) -> bool:
    return initial is not np._NoValue and initial is not None


def sum(
    a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    t = _masked(array_like(a) if dtype is None else astype(a, dtype), where, 0)
    out = _over(F["sum"], t, axis, keepdims)
    return out + initial if _given(initial) else out


def prod(
    a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True
) -> Any:
    t = _masked(array_like(a) if dtype is None else astype(a, dtype), where, 1)
    if isinstance(axis, (tuple, list)):
        out = F["clone"](t)
        for d in sorted(axes(axis, t.ndim), reverse=True):
            out = F["prod"](out, d, keepdims is True)
    else:
        out = _over(F["prod"], t, axis, keepdims)
    return out * initial if _given(initial) else out


def mean(a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
    t = _floats(a, dtype)
    if where is True:
        return _over(F["mean"], t, axis, keepdims)
    return sum(t, axis, keepdims=keepdims, where=where) / _count(t, axis, keepdims, where)


def _count(t: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    chosen = np.broadcast_to(raw(where), t.shape)
    return array_like(np.sum(chosen, axis=axis, keepdims=keepdims is True).astype(np.real(t._array).dtype))


def var(
    a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: Any = False, *, where: Any = True,
    correction: Any = None,
) -> Any:  # fmt: skip
    t, k = _floats(a, dtype), ddof if correction is None or correction is np._NoValue else correction
    if where is True:
        return F["var"](t, axis, keepdim=keepdims is True, correction=k)
    t = _masked(t, where, 0)  # what is left out may be NaN, and must not reach the square
    centred = F["abs"](t - mean(t, axis, keepdims=True, where=where)) ** 2
    return sum(centred, axis, keepdims=keepdims, where=where) / np.maximum(_count(t, axis, keepdims, where) - k, 0)


def std(
    a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: Any = False, *, where: Any = True,
    correction: Any = None,
) -> Any:  # fmt: skip
    t, k = _floats(a, dtype), ddof if correction is None or correction is np._NoValue else correction
    if where is True:
        return F["std"](t, axis, keepdim=keepdims is True, correction=k)
    return F["sqrt"](var(t, axis, None, k, keepdims, where=where))


def _extremum(whole: str, along: str, pick: Any, limit: float) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True) -> Any:
        t = array_like(a)
        if where is not True or _given(initial):
            t = _masked(t, where, initial if _given(initial) else limit)
        if axis is None and (keepdims is False or keepdims is np._NoValue):
            out = F[whole](t)
        else:
            out = _over(F[along], t, tuple(range(t.ndim)) if axis is None else axis, keepdims)
        return pick(out, initial) if _given(initial) else out

    return reduce


max = amax = _extremum("max", "amax", np.maximum, -np.inf)
min = amin = _extremum("min", "amin", np.minimum, np.inf)


def ptp(a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return max(a, axis, keepdims) - min(a, axis, keepdims)


# -- scans --------------------------------------------------------------------------------------------------------


def _scan(name: str) -> Callable[..., Any]:
    def scan(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
        t = array_like(a) if dtype is None else astype(a, dtype)
        return F[name](ravel(t) if axis is None else t, axis or 0)

    return scan


cumsum, cumprod = _scan("cumsum"), _scan("cumprod")


def _cumulative(scan: Callable[..., Any], start: Callable[..., Any]) -> Callable[..., Any]:
    def cumulative(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
        out = scan(x, 0 if axis is None else axis, dtype)
        if not include_initial:
            return out
        size = [1 if d == (axis or 0) % out.ndim else n for d, n in enumerate(out.shape)]
        return np.concatenate([start(size, out._array.dtype), out], axis or 0)

    return cumulative


cumulative_sum, cumulative_prod = _cumulative(cumsum, np.zeros), _cumulative(cumprod, np.ones)

# -- those that leave NaN out -------------------------------------------------------------------------------------


def _numbers(a: Any) -> Any:
    return ~np.isnan(raw(array_like(a)))


def _without_nan(f: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = None, **rest: Any) -> Any:
        return f(a, axis, where=_numbers(a), **rest)

    return reduce


nansum, nanprod, nanmean = _without_nan(sum), _without_nan(prod), _without_nan(mean)
nanvar, nanstd = _without_nan(var), _without_nan(std)


def _nan_extremum(f: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = None, keepdims: Any = False) -> Any:
        out = f(a, axis, keepdims, where=_numbers(a))
        empty = ~np.any(_numbers(a), axis=axis, keepdims=keepdims is True)
        return np.where(empty, np.nan, out) if np.any(empty) else out

    return reduce


nanmax, nanmin = _nan_extremum(max), _nan_extremum(min)


def nancumsum(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    return cumsum(_masked(array_like(a), _numbers(a), 0), axis, dtype)


def nancumprod(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    return cumprod(_masked(array_like(a), _numbers(a), 1), axis, dtype)


# -- order statistics ---------------------------------------------------------------------------------------------


def sort(a: Any, axis: int | None = -1, kind: Any = None, *, stable: bool | None = None) -> Any:
    t = ravel(a) if axis is None else array_like(a)
    return F["sort"](t, -1 if axis is None else axis).values


def partition(a: Any, kth: Any, axis: int | None = -1, kind: Any = "introselect") -> Any:
    t = ravel(a) if axis is None else array_like(a)
    d = -1 if axis is None else axis
    return take_along_axis(t, np.argpartition(t._array, kth, d, kind), d)


def _quantile(a: Any, q: Any, axis: Any, method: str, keepdims: bool, skip_nan: bool) -> Any:
    """Mixtures of neighbours in the sorted order: which, the quantile of the positions 0, 1, 2… says, by any method."""
    t, q = _floats(a), np.asarray(q, np.float64)
    scheme: Any = method
    gone = list(range(t.ndim)) if axis is None else axes(axis, t.ndim)
    kept = [d for d in range(t.ndim) if d not in gone]
    sizes = [t.shape[d] for d in kept]
    lanes = F["reshape"](F["permute"](t, *kept, *gone), int(np.prod(sizes)), -1) if t.ndim else F["reshape"](t, 1, 1)
    order = np.argsort(lanes._array, -1, kind="stable")
    numbers = np.sum(~np.isnan(lanes._array), -1)
    n = order.shape[-1]
    at = np.empty((len(order), q.size))
    for count in np.unique(numbers):
        positions = np.arange(count if skip_nan else n, dtype=np.float64)
        at[numbers == count] = np.quantile(positions, q.reshape(-1), method=scheme) if positions.size else 0.0
    low = np.floor(at).astype(np.intp)
    share = (at - low).astype(np.float64 if q.ndim else t._array.dtype)
    last = np.maximum(numbers, 1)[:, None] - 1 if skip_nan else n - 1
    a, b = (take_along_axis(lanes, np.take_along_axis(order, np.minimum(k, last), 1), 1) for k in (low, low + 1))
    mixed = np.where(share == 0, a, np.where(share < 0.5, a + (b - a) * share, b - (b - a) * (1 - share)))
    if not skip_nan and np.any(numbers < n):
        mixed = np.where((numbers < n)[:, None], np.nan, mixed)
    shape = [1 if d in gone else m for d, m in enumerate(t.shape)] if keepdims else sizes
    return F["reshape"](F["permute"](mixed, 1, 0), *q.shape, *shape)


def _quantiles(scale: float, skip_nan: bool) -> Callable[..., Any]:
    def quantile(
        a: Any, q: Any, axis: Any = None, overwrite_input: bool = False, method: str = "linear", keepdims: Any = False
    ) -> Any:
        q = np.asarray(q, np.float64) / scale
        if not np.all((q >= 0) & (q <= 1)):
            raise ValueError(f"{'Quantiles' if scale == 1 else 'Percentiles'} must be in the range [0, {scale:g}]")
        return _quantile(a, q, axis, method, keepdims is True, skip_nan)

    return quantile


quantile, percentile = _quantiles(1, False), _quantiles(100, False)
nanquantile, nanpercentile = _quantiles(1, True), _quantiles(100, True)


def median(a: Any, axis: Any = None, overwrite_input: bool = False, keepdims: Any = False) -> Any:
    return quantile(a, 0.5, axis, keepdims=keepdims)


def nanmedian(a: Any, axis: Any = None, overwrite_input: bool = False, keepdims: Any = False) -> Any:
    return nanquantile(a, 0.5, axis, keepdims=keepdims)


# -- weighted, and of pairs ---------------------------------------------------------------------------------------


def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    t = _floats(a)
    if weights is None:
        out = mean(t, axis, keepdims=keepdims)
        total = array_like(np.full(out.shape, t._array.size / np.maximum(out._array.size, 1)))
    else:
        w = _spread_weights(array_like(weights), t, axis)
        total = sum(w, axis, keepdims=keepdims)
        if np.any(total._array == 0):
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        out = sum(t * w, axis, keepdims=keepdims) / total
    return (out, np.broadcast_to(total, out.shape)) if returned else out


def _spread_weights(w: Any, t: Any, axis: Any) -> Any:
    if w.shape == t.shape:
        return w
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    along = axes(axis, t.ndim)
    if w.shape != tuple(t.shape[d] for d in along):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    ordered = np.transpose(w, np.argsort(along))
    return np.broadcast_to(np.reshape(ordered, [t.shape[d] if d in along else 1 for d in range(t.ndim)]), t.shape)


def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None, fweights: Any = None,
    aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    x = _rows(_floats(m, dtype or np.result_type(raw(m), np.float64)), rowvar)
    if y is not None:
        x = np.concatenate([x, _rows(_floats(y, dtype), rowvar)])
    k = (0 if bias else 1) if ddof is None else ddof
    w: Any = None
    for given in (fweights, aweights):
        if given is not None:
            w = _floats(given) if w is None else w * _floats(given)
    total = x.shape[1] if w is None else sum(w)
    if aweights is None or not k:
        freedom = total - k
    else:
        freedom = total - k * sum(w * array_like(aweights)) / total
    centred = x - (mean(x, 1, keepdims=True) if w is None else sum(x * w, 1, keepdims=True) / total)
    weighted = centred if w is None else centred * w
    return np.squeeze(weighted @ np.conj(np.matrix_transpose(centred)) / freedom)


def _rows(t: Any, rowvar: bool) -> Any:
    t = np.atleast_2d(t)
    return np.matrix_transpose(t) if not rowvar and t.shape[0] != 1 else t


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    spread = np.sqrt(np.real(np.diag(c)))
    c = c / spread[:, None] / spread[None, :]
    return c if isinstance(c, Tensor) and c._array.dtype.kind == "c" else np.clip(c, -1, 1)
