"""NumPy's differences, integrals, interpolation, polynomials and convolution, as plain NumPy over Tensors. Knows no rule.

A function here stands for the one of the same name in ``numpy``, and is written with NumPy's functions: they come back
to this floor when they meet a Tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.ops.numpy_shapes import axes, raw
from gradmagic.ops.operands import array_like, one_axis


def _part(axis: int, start: Any, stop: Any = None) -> tuple[Any, ...]:
    return (slice(None),) * axis + (slice(start, stop),)


# -- differences --------------------------------------------------------------------------------------------------


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}")
    out: Any = array_like(a)
    d = one_axis(axis, out.ndim)
    edge = [1 if k == d else m for k, m in enumerate(out.shape)]
    ends: Any = [
        v if v is None or v is np._NoValue else np.broadcast_to(v, edge) if np.ndim(raw(v)) == 0 else v
        for v in (prepend, append)
    ]
    parts = [v for v in (ends[0], out, ends[1]) if v is not None and v is not np._NoValue]
    out = np.concatenate(parts, d) if n and len(parts) > 1 else out
    for _ in range(n):
        after, before = out[_part(d, 1)], out[_part(d, 0, -1 if out.shape[d] else 0)]
        out = after != before if out._array.dtype.kind == "b" else after - before
    return out


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat: Any = np.ravel(array_like(ary))
    begin, end = (
        [] if v is None else [F["to"](np.ravel(array_like(v)), dtype=flat._array.dtype)] for v in (to_begin, to_end)
    )
    return np.concatenate([*begin, flat[1:] - flat[:-1], *end])


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences inside, one-sided ones at the edges, for equal and unequal steps."""
    t = array_like(f)
    t = t if t._array.dtype.kind in "fc" else F["to"](t, dtype=np.float64)
    along = list(range(t.ndim)) if axis is None else axes(axis, t.ndim)
    steps: list[Any] = [1.0] if not varargs else list(varargs)
    if len(steps) == 1 and np.ndim(raw(steps[0])) == 0:
        steps = steps * len(along)
    if len(steps) != len(along):
        raise TypeError("invalid number of arguments")
    if any(t.shape[d] < edge_order + 1 for d in along):
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are required."
        )
    out = [F["to"](_slope(t, h, d, edge_order), dtype=t._array.dtype) for h, d in zip(steps, along, strict=True)]
    return out[0] if len(out) == 1 else tuple(out)


def _slope(t: Any, h: Any, axis: int, edge_order: int) -> Any:
    y = np.moveaxis(t, axis, 0)
    if np.ndim(raw(h)) == 0:
        inner = (y[2:] - y[:-2]) / (2.0 * h)
        gaps: Any = [h] * (y.shape[0] - 1)
    else:
        steps = np.diff(h)
        if steps.shape[0] != y.shape[0] - 1:
            raise ValueError("when 1d, distances must match the length of the corresponding dimension")
        gaps = list(steps)
        a, b = (np.reshape(s, (-1,) + (1,) * (y.ndim - 1)) for s in (steps[:-1], steps[1:]))
        inner = -b / (a * (a + b)) * y[:-2] + (b - a) / (a * b) * y[1:-1] + a / (b * (a + b)) * y[2:]
    if edge_order == 1:
        first, last = (y[1] - y[0]) / gaps[0], (y[-1] - y[-2]) / gaps[-1]
    else:
        first = _edge(y[0], y[1], y[2], gaps[0], gaps[1])
        last = -_edge(y[-1], y[-2], y[-3], gaps[-1], gaps[-2])
    return np.moveaxis(np.concatenate([first[None], inner, last[None]]), 0, axis)


def _edge(y0: Any, y1: Any, y2: Any, a: Any, b: Any) -> Any:
    """The slope at the first of three points, by the parabola through them."""
    return -(2.0 * a + b) / (a * (a + b)) * y0 + (a + b) / (a * b) * y1 - a / (b * (a + b)) * y2


def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 6.283185307179586) -> Any:
    """Whole periods are constant but for jumps, so the derivative is that of ``p``."""
    t = array_like(p)
    return t + np.asarray(np.unwrap(t._array, discont, axis, period=period) - t._array)


# -- integrals ----------------------------------------------------------------------------------------------------


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    t = array_like(y)
    d = one_axis(axis, t.ndim)
    if x is None:
        steps = dx
    elif np.ndim(raw(x)) == 1:
        steps = np.reshape(np.diff(array_like(x)), [-1 if k == d else 1 for k in range(t.ndim)])
    else:
        steps = np.diff(array_like(x), axis=axis)
    return np.sum(steps * (t[_part(d, 1)] + t[_part(d, 0, -1)]) / 2.0, axis=d)


# -- interpolation and grids --------------------------------------------------------------------------------------


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Piecewise linear in ``x``, in ``fp`` and, between its neighbours, in ``xp``."""
    x, xp, fp = (array_like(v) for v in (x, xp, fp))
    if period is not None:
        x, xp = np.remainder(x, abs(period)), np.remainder(xp, abs(period))
        order = np.argsort(xp._array)
        xp = np.concatenate([xp[order[-1:]] - abs(period), xp[order], xp[order[:1]] + abs(period)])
        fp = fp[np.concatenate([order[-1:], order, order[:1]])]
    low, high = (
        fp[0] if left is None or period is not None else left,
        fp[-1] if right is None or period is not None else right,
    )
    below, above = x._array < xp._array[0], x._array > xp._array[-1]
    if xp.shape[0] == 1:
        return np.where(below, low, np.where(above, high, fp[0] + 0 * x))
    k = np.clip(np.searchsorted(xp._array, x._array, "right") - 1, 0, xp.shape[0] - 2)
    a, b = xp[k], xp[k + 1]
    inside = np.where(below | above, a, x)  # what is outside must not reach the quotient: its value is another's
    return np.where(below, low, np.where(above, high, fp[k] + (fp[k + 1] - fp[k]) / (b - a) * (inside - a)))


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    a, b = (array_like(v) * 1.0 for v in (start, stop))
    a, b = np.broadcast_arrays(a, b)
    parts = num - 1 if endpoint else num
    step = (b - a) / max(parts, 1)
    k = np.arange(num, dtype=np.float64).reshape(-1, *(1,) * a.ndim)
    out = a + k / max(parts, 1) * (b - a)
    out = np.moveaxis(out, 0, axis) if axis else out
    out = out if dtype is None else F["to"](out, dtype=dtype)
    return (out, step) if retstep else out


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    out = np.power(base, linspace(start, stop, num, endpoint, axis=axis))
    return out if dtype is None else F["to"](out, dtype=dtype)


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    a, b = (array_like(v) * 1.0 for v in (start, stop))
    ratio = np.exp(linspace(np.log(a / a), np.log(b / a), num, endpoint))
    out = np.moveaxis(a * ratio, 0, axis) if axis else a * ratio
    return out if dtype is None else F["to"](out, dtype=dtype)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers one by one: a power of zero has its derivative too."""
    t = array_like(x)
    n = t.shape[0] if N is None else N
    t = F["to"](t, dtype=np.promote_types(t._array.dtype, int))
    columns: list[Any] = []
    for k in range(n):
        columns.append(np.ones_like(t) if k == 0 else t if k == 1 else columns[-1] * t)
    if not columns:
        return np.reshape(t[:0], (t.shape[0], 0)) if not t.shape[0] else array_like(np.zeros((t.shape[0], 0)))
    return np.stack(columns if increasing else columns[::-1], 1)


# -- convolution --------------------------------------------------------------------------------------------------


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """One matrix product: the rows are the windows of the longer operand, padded with zeros."""
    a, v = np.atleast_1d(array_like(a)), np.atleast_1d(array_like(v))
    if not (a.shape[0] and v.shape[0]):
        raise ValueError(f"{'a' if not a.shape[0] else 'v'} cannot be empty")
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    n, m = a.shape[0], v.shape[0]
    if mode not in {"full", "same", "valid"}:
        raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
    start, count = {"full": (0, n + m - 1), "same": ((m - 1) // 2, n), "valid": (m - 1, n - m + 1)}[mode]
    windows = np.pad(a, m - 1)[np.arange(start, start + count)[:, None] + np.arange(m)]
    return np.matmul(windows, np.flip(v))


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """A convolution with the second operand reversed and conjugated; NumPy swaps the operands by length, then turns."""
    a, v = np.atleast_1d(array_like(a)), np.conj(np.atleast_1d(array_like(v)))
    if v.shape[0] <= a.shape[0]:
        return convolve(a, np.flip(v), mode)
    return np.flip(convolve(np.flip(a), v, mode))


# -- polynomials: coefficients from the highest power down --------------------------------------------------------


def polyval(p: Any, x: Any) -> Any:
    t = array_like(x)
    out: Any = np.zeros_like(t)
    for c in p:
        out = out * t + c
    return out


def poly(seq_of_zeros: Any) -> Any:
    zeros = array_like(seq_of_zeros)
    if zeros.ndim == 2:
        zeros = np.linalg.eigvals(zeros)
    out: Any = array_like(np.ones(1))
    for z in zeros:
        out = convolve(out, np.stack([np.ones_like(z), -z]))
    return out


def _aligned(f: Callable[..., Any]) -> Callable[..., Any]:
    def combine(a1: Any, a2: Any) -> Any:
        a, b = np.atleast_1d(array_like(a1)), np.atleast_1d(array_like(a2))
        n = max(a.shape[0], b.shape[0])
        return f(np.pad(a, (n - a.shape[0], 0)), np.pad(b, (n - b.shape[0], 0)))

    return combine


polyadd, polysub = _aligned(lambda a, b: a + b), _aligned(lambda a, b: a - b)


def polymul(a1: Any, a2: Any) -> Any:
    return convolve(a1, a2)


def polyder(p: Any, m: int = 1) -> Any:
    t = array_like(p)
    for _ in range(m):
        t = t[:-1] * np.arange(t.shape[0] - 1, 0, -1)
    return t


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    t = array_like(p)
    constants = np.zeros(m) if k is None else np.broadcast_to(array_like(k), (m,))
    for i in range(m):
        t = np.concatenate([t / np.arange(t.shape[0], 0, -1), constants[i : i + 1]])
    return t


def polyfit(x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None) -> Any:
    """The coefficients alone: least squares over the scaled powers of ``x``."""
    if full:
        raise TypeError("np.polyfit(full=True) on Tensors is not supported. Leave it out for the coefficients.")
    powers, values = vander(array_like(x) * 1.0, deg + 1), array_like(y) * 1.0
    if w is not None:
        weights = array_like(w)
        powers = powers * weights[:, None]
        values = values * (weights[:, None] if values.ndim == 2 else weights)
    scale = np.sqrt(np.sum(powers * powers, 0))
    found = np.linalg.lstsq(powers / scale, values)[0]
    return np.transpose(np.transpose(found) / scale)


def roots(p: Any) -> Any:
    """Eigenvalues of the companion matrix."""
    t = array_like(p)
    filled = np.flatnonzero(t._array)
    if not filled.size:
        return array_like(np.zeros(0))
    zeros = len(t) - 1 - int(filled[-1])
    t = t[int(filled[0]) : int(filled[-1]) + 1] * 1.0
    n = t.shape[0] - 1
    if n < 1:
        return array_like(np.zeros(zeros))
    found = np.linalg.eigvals(np.concatenate([(-t[1:] / t[0])[None], np.eye(n - 1, n)]))
    return np.concatenate([found, np.zeros(zeros)]) if zeros else found


# -- along an axis ------------------------------------------------------------------------------------------------


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    lanes = np.moveaxis(array_like(arr), axis, -1)
    places = list(np.ndindex(*lanes.shape[:-1]))
    found = np.stack([array_like(func1d(lanes[i], *args, **kwargs)) for i in places])
    out = np.reshape(found, (*lanes.shape[:-1], *found.shape[1:]))
    inner = out.ndim - (lanes.ndim - 1)
    d = one_axis(axis, lanes.ndim)
    return np.moveaxis(out, tuple(range(out.ndim - inner, out.ndim)), tuple(range(d, d + inner))) if inner else out
