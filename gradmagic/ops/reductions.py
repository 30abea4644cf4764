"""Ops that sum, multiply or choose along axes. Knows the kinds; no graph."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmagic.engine.adding import added
from gradmagic.engine.kinds import irregular, linear, name_rows
from gradmagic.engine.layout import in_rows, like, owned, seen
from gradmagic.engine.op import as_array
from gradmagic.engine.pulling import conj
from gradmagic.ops import elementwise as E
from gradmagic.ops.rules import called


def raw(value: Any) -> Any:
    """The array itself, where only its values are asked for: what is chosen by them has no gradient of its own."""
    return getattr(value, "_array", value)


def spread(g: Any, shape: tuple[int, ...], axis: Any, keepdims: Any) -> Any:
    """A reduced array, broadcast again to the shape it had."""
    if not hasattr(g, "_array"):
        return seen(g, shape, _steps(g, len(shape), axis, keepdims))
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    elif axis is None and shape:
        g = g.reshape((1,) * len(shape))
    return np.broadcast_to(g, shape)


def _steps(g: Any, n: int, axis: Any, keepdims: Any) -> tuple[int, ...]:
    """How far apart the elements lie of a reduced array that is seen with n dimensions again."""
    if axis is None:
        return (0,) * n
    axes = {a % n for a in ((axis,) if isinstance(axis, int) else axis)}
    kept = iter(g.strides if not keepdims else [s for d, s in enumerate(g.strides) if d not in axes])
    return tuple([0 if d in axes else next(kept) for d in range(n)])


def _count(shape: tuple[int, ...], axis: Any) -> int:
    return math.prod(shape if axis is None else [shape[i] for i in axis])


def _mean(x: Any, axis: Any, keepdims: bool) -> Any:
    if x.dtype.itemsize < 4:  # sums of half precision need more
        return np.mean(x, axis=axis, keepdims=keepdims)
    return added(x, axis, keepdims) / _count(x.shape, axis)


sum = linear(
    lambda x, axis=None, keepdims=False: added(x, axis, keepdims),
    lambda g, shape, axis, keepdims: spread(g, shape, axis, keepdims),
)
sum_dim = linear(in_rows(sum.fn), sum.vjps[0], node="SumBackward1")
divided = linear(lambda x, n: x / n, lambda g, n: g / n, node="DivBackward1")  # by a number, as torch's rules do
mean = linear(
    lambda x, axis=None, keepdims=False: _mean(x, axis, keepdims),
    lambda g, shape, axis, keepdims: called(divided)(spread(g, shape, axis, keepdims), n=_count(shape, axis)),
)
mean_dim = linear(in_rows(mean.fn), mean.vjps[0], node="MeanBackward1")
cumsum = linear(
    in_rows(lambda x, axis: np.cumsum(x, axis) if x.ndim else np.array(x)),
    lambda g, axis: owned(np.flip(np.cumsum(np.flip(g, axis), axis), axis)) if g.ndim else g,
)


def _ties(x: Any, y: Any, axis: Any, keepdims: Any) -> Any:
    top = y if keepdims or axis is None else np.expand_dims(y, axis)
    best = (x == top) | (np.isnan(x) & np.isnan(top) if axis is None else False)
    return best / np.sum(best, axis=axis, keepdims=True)


def _share_ties(g: Any, x: Any, y: Any, shape: Any, axis: Any, keepdims: Any) -> Any:
    """Equal shares for all that attain the extremum: torch's sub-gradient of max() and amax()."""
    raw_x, raw_y = getattr(x, "_array", x), getattr(y, "_array", y)
    return spread(g, shape, axis, keepdims) * _ties(raw_x, raw_y, axis, keepdims).astype(raw_x.dtype)


amax = irregular(
    in_rows(lambda x, axis=None, keepdims=False: np.max(x, axis=axis, keepdims=keepdims)), _share_ties, batches=True
)
amin = irregular(
    in_rows(lambda x, axis=None, keepdims=False: np.min(x, axis=axis, keepdims=keepdims)), _share_ties, batches=True
)


def _split_ties(g: Any, x: Any, y: Any, shape: Any) -> Any:
    """The same for all elements at once; the others get nothing, not even of a NaN."""
    share = _ties(raw(x), raw(y), None, False)
    return np.where(share > 0, g * share.astype(raw(x).dtype), 0.0)


max_all = irregular(amax.fn, _split_ties, node="MaxBackward1")
min_all = irregular(amin.fn, _split_ties, node="MinBackward1")


def _others(x: Any, axis: int) -> Any:
    """For each element the product of all others along the axis, without a division: exact where there are zeros.

    Its conjugate, where numbers are complex: that is what a gradient is multiplied by.
    """
    x = conj(x)
    one = np.ones_like(getattr(x, "_array", x)[_at(axis, slice(0, 1))])
    before = np.concatenate([one, np.cumprod(x[_at(axis, slice(None, -1))], axis)], axis)
    flipped = np.flip(x[_at(axis, slice(1, None))], axis)
    after = np.flip(np.concatenate([one, np.cumprod(flipped, axis)], axis), axis)
    return before * after


def _at(axis: int, s: slice) -> Any:
    return (slice(None),) * axis + (s,)


def _prod_vjp(g: Any, x: Any, y: Any, shape: Any, axis: Any, keepdims: Any) -> Any:
    if not shape:
        return g
    if not np.any(raw(x) == 0):
        return spread(g, shape, axis, keepdims) * conj(spread(y, shape, axis, keepdims) / x)
    if axis is None:  # torch takes two ways, and its nodes show which
        return np.reshape(_others(np.reshape(x, -1), 0) * g, shape)
    return spread(g, shape, axis, keepdims) * _others(x, axis[0] if isinstance(axis, tuple) else axis)


prod = irregular(lambda x, axis=None, keepdims=False: np.prod(x, axis=axis, keepdims=keepdims), _prod_vjp)
prod_dim = irregular(in_rows(prod.fn), _prod_vjp, node="ProdBackward1", batches=True)


def _cumprod_vjp(g: Any, x: Any, y: Any, axis: int) -> Any:
    """The sum over j >= i of g_j times the product of all x_k, k <= j, but x_i: n² products, exact where there are zeros."""
    n = x.shape[axis] if x.ndim else 1
    if n == 1:
        return g
    if np.all(as_array(x)):  # without zeros, the sums divided by each element
        return np.flip(np.cumsum(np.flip(g * conj(y), axis), axis), axis) / conj(x)
    x = np.moveaxis(x, axis, -1)
    g = np.moveaxis(g, axis, -1)
    eye = np.eye(n, dtype=bool)
    rows = np.where(eye, 1.0, x[..., None, :])  # row i: x with its i-th element replaced by one
    upper = np.triu(np.ones((n, n)))
    out = np.sum(np.cumprod(conj(rows), -1) * upper * g[..., None, :], -1)
    return owned(np.moveaxis(out, -1, axis))


cumprod = irregular(in_rows(lambda x, axis: np.cumprod(x, axis) if x.ndim else np.array(x)), _cumprod_vjp)


def _var_vjp(g: Any, x: Any, shape: Any, axis: Any, keepdims: Any, correction: Any) -> Any:
    middle = np.mean(x, axis=axis, keepdims=True)
    freedom = _count(shape, axis) - correction
    g = spread(g, shape, axis, keepdims)
    if freedom <= 0 and (axis is None or not shape):  # torch's rule for a whole tensor has no graph there
        x, middle = as_array(x), as_array(middle)
        return g * np.where(x == middle, np.nan, np.inf).astype(x.dtype)
    return g * ((x - middle) * (2.0 / freedom if freedom else np.inf))


def _std_vjp(g: Any, x: Any, y: Any, shape: Any, axis: Any, keepdims: Any, correction: Any) -> Any:
    flat = y == 0
    scaled = np.where(flat, 0.0, g / np.where(flat, 1.0, 2 * y))
    return _var_vjp(scaled, x, shape, axis, keepdims, correction)


var = irregular(
    in_rows(
        lambda x, axis=None, keepdims=False, correction=1: np.var(x, axis=axis, keepdims=keepdims, ddof=correction)
    ),
    _var_vjp,
    batches=True,
)
std = irregular(
    in_rows(
        lambda x, axis=None, keepdims=False, correction=1: np.std(x, axis=axis, keepdims=keepdims, ddof=correction)
    ),
    _std_vjp,
    batches=True,
)


def _pair_vjp(g: Any, shape: Any, axis: Any, keepdims: Any, spread_vjp: Any) -> Any:
    """Of a spread and a mean together."""
    of_spread = 0.0 if g[0] is None else spread_vjp(g[0])
    return of_spread if g[1] is None else of_spread + mean.vjps[0](g[1], shape, axis, keepdims)


def _with_mean(row: Any) -> Any:
    def fn(x: Any, axis: Any = None, keepdims: bool = False, correction: int = 1) -> Any:
        return np.asarray(row.fn(x, axis, keepdims, correction)), np.asarray(mean.fn(x, axis, keepdims))

    return fn


var_mean = irregular(
    _with_mean(var),
    lambda g, x, shape, axis, keepdims, correction: _pair_vjp(
        g, shape, axis, keepdims, lambda of_var: _var_vjp(of_var, x, shape, axis, keepdims, correction)
    ),
    outputs=2,
)
std_mean = irregular(
    _with_mean(std),
    lambda g, x, y, shape, axis, keepdims, correction: _pair_vjp(
        g, shape, axis, keepdims, lambda of_std: _std_vjp(of_std, x, y[0], shape, axis, keepdims, correction)
    ),
    outputs=2,
    reads=(0,),
)


def _logsumexp(x: Any, axis: Any, keepdims: bool = False) -> Any:
    top = np.max(x.real, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, top.dtype.type(0))
    out = np.log(added(np.exp(x - top), axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis)


logsumexp = irregular(
    in_rows(_logsumexp),
    lambda g, x, y, shape, axis, keepdims: (
        spread(g, shape, axis, keepdims) * conj(np.exp(x - (y if keepdims else np.expand_dims(y, axis))))
    ),
    batches=True,
)


def _softmax(x: Any, axis: int) -> Any:
    if not x.size:
        return np.array(x)
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / added(e, axis, keepdims=True)


def _softmax_back(g: Any, y: Any, axis: int) -> Any:
    return y * (g - np.sum(g * y, axis=axis, keepdims=True))


def _log_softmax_back(g: Any, y: Any, axis: int) -> Any:
    return g - np.exp(y) * np.sum(g, axis=axis, keepdims=True)


# torch differentiates these by ops of their own, whose names its graphs show
softmax_back = irregular(
    lambda a, b, axis: _softmax_back(a, b, axis),
    lambda g, b, axis: _softmax_back(g, b, axis),
    lambda g, a, b, axis: (
        g * (a - np.sum(a * b, axis=axis, keepdims=True)) - a * np.sum(g * b, axis=axis, keepdims=True)
    ),
    node="SoftmaxBackwardDataBackward0",
    batches=True,
)
log_softmax_back = irregular(
    lambda a, b, axis: _log_softmax_back(a, b, axis),
    lambda g, b, axis: g - np.sum(g * np.exp(b), axis=axis, keepdims=True),
    lambda g, a, b, axis: -g * np.exp(b) * np.sum(a, axis=axis, keepdims=True),
    node="LogSoftmaxBackwardDataBackward0",
    batches=True,
)
softmax = irregular(in_rows(_softmax), lambda g, y, axis: called(softmax_back)(g, y, axis=axis), batches=True)
log_softmax = irregular(
    in_rows(lambda x, axis: x - _logsumexp(x, axis, keepdims=True) if x.size else np.array(x)),
    lambda g, y, axis: called(log_softmax_back)(g, y, axis=axis),
    batches=True,
)


def _direction(x: Any) -> Any:
    """The element over its size, and 0 at 0: the sgn of torch."""
    return called(E.sgn)(x) if raw(x).dtype.kind == "c" else np.sign(raw(x))


def _size(x: Any, p: float) -> Any:
    """|x| where a power p of it has a derivative: 1 in the place of 0, whose power is then left out."""
    size = np.abs(x)
    return np.where(size == 0, 1.0, size), raw(size) != 0


def _norm_p(x: Any, p: float, axis: Any = None, keepdims: bool = False) -> Any:
    size = np.abs(x)
    if np.isinf(p):
        return (np.max if p > 0 else np.min)(size, axis=axis, keepdims=keepdims)
    if p == 0:
        return np.sum(size != 0, axis=axis, keepdims=keepdims).astype(size.dtype)
    return np.sum(size**p, axis=axis, keepdims=keepdims) ** (1 / p)


def _norm_p_vjp(g: Any, x: Any, y: Any, shape: Any, p: float, axis: Any, keepdims: Any) -> Any:
    if p == 0:
        return None
    g, y = spread(g, shape, axis, keepdims), spread(y, shape, axis, keepdims)
    if p == 1:
        return g * _direction(x)
    if np.isinf(p):
        best = (np.abs(raw(x)) == raw(y)) | np.isnan(raw(y))
        share = best / np.sum(best, axis=axis, keepdims=True)
        return g * _direction(x) * share.astype(raw(y).dtype)
    size, there = _size(x, p)
    total = np.where(raw(y) == 0, 1.0, y)
    return (there & (raw(y) != 0)).astype(raw(y).dtype) * g * _direction(x) * (size / total) ** (p - 1)


norm_p = irregular(in_rows(_norm_p), _norm_p_vjp, node="LinalgVectorNormBackward0", batches=True)


def _norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sqrt(np.sum((x * np.conj(x)).real, axis=axis, keepdims=keepdims))


def _norm_vjp(g: Any, x: Any, y: Any, shape: Any, axis: Any, keepdims: Any) -> Any:
    g, y = spread(g, shape, axis, keepdims), spread(y, shape, axis, keepdims)
    zero = y == 0
    return g * np.where(zero, 0.0, x / np.where(zero, 1.0, y))


norm = irregular(in_rows(_norm), _norm_vjp, node="LinalgVectorNormBackward0", batches=True)

# Chosen elements: the gradient goes back to the chosen place.


def _take_back(g: Any, y: Any, shape: Any, axis: int, keepdims: Any) -> Any:
    index = getattr(y[1], "_array", y[1])
    from gradmagic.ops.shape import put_add, scatter_back

    values = g[0] if keepdims or not shape else np.expand_dims(g[0], axis)
    index = index if keepdims or not shape else np.expand_dims(index, axis)
    grid = list(np.indices(index.shape, sparse=True))
    if shape:
        grid[axis] = index
    return put_add(values, shape, tuple(grid) if shape else (), scatter_back)


def _best(arg: Any) -> Any:
    def fn(x: Any, axis: int, keepdims: bool = False) -> Any:
        index = np.asarray(arg(x, axis=axis, keepdims=True) if x.ndim else 0)
        values = np.take_along_axis(x, index, axis) if x.ndim else np.array(x)
        return (values, index) if keepdims or not x.ndim else (values.squeeze(axis), index.squeeze(axis))

    return fn


max_dim = irregular(_best(np.argmax), _take_back, node="MaxBackward0", outputs=2, reads=(1,))
min_dim = irregular(_best(np.argmin), _take_back, node="MinBackward0", outputs=2, reads=(1,))


def order(x: Any, axis: int, descending: bool) -> Any:
    """The stable order along an axis: NaN counts as the largest, equal elements stay as they were, also downwards."""
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    return x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)


def _sort(x: Any, axis: int, descending: bool = False) -> Any:
    if not x.ndim:
        return np.array(x), np.zeros((), np.intp)
    index = order(x, axis, descending)
    return like(x, np.take_along_axis(x, index, axis)), like(x, index)


sort = irregular(_sort, lambda g, y, shape, axis: _take_back(g, y, shape, axis, True), outputs=2, reads=(1,))
sort_stable = irregular(_sort, sort.vjps[0], outputs=2, reads=(1,), node="SortBackward1")

name_rows(globals())
