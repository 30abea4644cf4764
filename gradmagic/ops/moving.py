"""Ops that move, choose or scatter elements, one row each. Knows the kinds; no graph.

What only moves elements is given by its forward function alone: applied to the positions 0, 1, 2… it says where each
element of the output came from, and the transpose adds the gradient there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.kinds import Linear, Placing, elementwise, irregular, joining, linear, name_rows, view
from gradmagic.engine.layout import copied, copied_in_rows, in_rows, owned, rows
from gradmagic.engine.op import as_array
from gradmagic.engine.pulling import conj
from gradmagic.ops import elementwise as E
from gradmagic.ops import reductions as R
from gradmagic.ops import shape as S
from gradmagic.ops.rules import called


def _return(g: Any, shape: tuple[int, ...], fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    size = int(np.prod(shape))
    came_from = fn(np.arange(size).reshape(shape), *args)
    back: Any = np.reshape(S.put_add(np.reshape(g, -1), (size,), np.reshape(came_from, -1)), shape)
    if fn is _as_strided and size:  # torch's of nothing are zeros of their own
        return back
    if hasattr(back, "_array"):
        back._view = None  # torch puts the elements into their places at once
    return owned(back)


def moves(fn: Callable[..., Any], node: str, is_view: bool = False, kind: Any = linear) -> Linear:
    """A row that only moves elements, given by what it does to any array."""
    row: Linear = (view if is_view else kind)(
        lambda x, args: fn(x, *args), lambda g, shape, args: _return(g, shape, fn, args), node=node
    )
    return row


def _gather(x: Any, dim: int, index: Any) -> Any:
    if not x.ndim:
        return x[...] if index.ndim == 0 else np.broadcast_to(x, index.shape).copy()
    whole = tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(index.shape))
    return in_rows(np.take_along_axis)(x[whole], index, dim)


def _windows(x: Any, dim: int, size: int, step: int) -> Any:
    if not x.ndim:
        return x.reshape(1)[:size]
    every = (slice(None),) * dim + (slice(None, None, step),)
    return np.lib.stride_tricks.sliding_window_view(x, size, axis=dim, writeable=x.flags.writeable)[every]


def _as_strided(x: Any, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> Any:
    flat = x.reshape(-1)[offset:]
    return np.lib.stride_tricks.as_strided(flat, size, tuple(s * flat.itemsize for s in stride))


def _diag_embed(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    n = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], n, n), x.dtype)
    rows = np.arange(x.shape[-1]) + max(-offset, 0)
    out[..., rows, rows + offset] = x
    return np.moveaxis(out, (-2, -1), (dim1, dim2))


gather = moves(_gather, "GatherBackward0", kind=Placing)
index_select = moves(lambda x, dim, index: np.take(x, index, dim), "IndexSelectBackward0", kind=Placing)
take = moves(lambda x, index: x.reshape(-1)[index], "TakeBackward0", kind=Placing)
masked_select = moves(lambda x, mask: x[mask], "MaskedSelectBackward0", kind=Placing)
repeat = moves(lambda x, sizes: np.tile(x, sizes), "RepeatBackward0")
rot90 = moves(lambda x, k, dims: _turned(x, k % 4, dims), "Rot90Backward0")
unfold = moves(_windows, "UnfoldBackward0", is_view=True)
as_strided = moves(_as_strided, "AsStridedBackward0", is_view=True)


def _edges(x: Any, widths: Any) -> Any:
    """The elements at the edges again and again; a negative width cuts."""
    for d, (before, after) in enumerate(widths):
        if before or after:
            x = np.take(x, np.clip(np.arange(-before, x.shape[d] + after), 0, x.shape[d] - 1), d)
    return x


reflect = {n: moves(lambda x, widths: np.pad(x, widths, "reflect"), f"ReflectionPad{n}DBackward0").named("reflect")
           for n in (1, 2, 3)}  # fmt: skip
replicate = {n: moves(_edges, f"ReplicationPad{n}DBackward0").named("replicate") for n in (1, 2, 3)}
wrap = moves(lambda x, widths: np.pad(x, widths, "wrap"), "ConstantPadNdBackward0")
diag_embed = linear(
    in_rows(lambda x, offset, dim1, dim2: _diag_embed(x, offset, dim1, dim2)),
    lambda g, offset, dim1, dim2: np.diagonal(g, offset, dim1, dim2),
    node="DiagEmbedBackward0",
)


def _turned(x: Any, k: int, dims: tuple[int, int]) -> Any:
    """Turned by so many right angles: mirrored in the order in which it lies, and then its axes swapped."""
    a, b = dims
    if not k:
        return copied_in_rows(x)
    mirrored = copied(np.flip(x, {1: (b,), 2: (a, b), 3: (a,)}[k]))
    return mirrored.swapaxes(a, b) if k % 2 else mirrored


def _padded(x: Any, widths: Any, value: Any) -> Any:
    """With so many elements more at each end; a negative width cuts."""
    inner = tuple(slice(max(-b, 0), n - max(-a, 0)) for (b, a), n in zip(widths, x.shape, strict=True))
    return rows(np.pad(x[inner], [(max(b, 0), max(a, 0)) for b, a in widths], constant_values=value))


pad: Any = linear(
    _padded,
    lambda g, widths: called(pad)(g, widths=tuple((-before, -after) for before, after in widths), value=0),
    node="ConstantPadNdBackward0",
)
masked_fill = linear(
    in_rows(lambda x, mask, value: np.where(mask, np.asarray(value, x.dtype), x)),
    lambda g, mask: np.where(mask, 0.0, g),
    node="MaskedFillBackward0",
)
masked_fill_with = irregular(
    in_rows(lambda a, b, mask: np.where(mask, b.astype(a.dtype), a)),
    lambda g, mask: np.where(mask, 0.0, g),
    lambda g, mask: np.sum(np.where(mask, g, 0.0)),
    node="MaskedFillBackward1",
)
index_fill = linear(
    in_rows(lambda x, dim, at, mask, value: np.where(mask, np.asarray(value, x.dtype), x)),
    masked_fill.vjps[0],
    node="IndexFillBackward0",
)
index_fill_with = irregular(
    in_rows(lambda a, b, dim, at, mask: np.where(mask, b.astype(a.dtype), a)),
    *masked_fill_with.vjps,
    node="IndexFillBackward1",
)
nan_to_num = irregular(
    lambda x, nan, posinf, neginf: np.nan_to_num(copied(x), nan=nan, posinf=posinf, neginf=neginf),
    lambda g, x: g * np.isfinite(as_array(x)),
    pointwise=True,
)


def _masked_scatter(a: Any, b: Any, mask: Any) -> Any:
    out = np.array(a)
    out[mask] = b.reshape(-1)[: int(np.sum(mask))]
    return out


def _back_to_source(g: Any, shape: Any, mask: Any) -> Any:
    n = int(np.prod(shape)) - int(np.sum(mask))
    return np.reshape(np.concatenate([g[mask], np.zeros(n, as_array(g).dtype)]), shape)


masked_scatter = irregular(
    _masked_scatter, lambda g, mask: np.where(mask, 0.0, g), lambda g, shape, mask: _back_to_source(g, shape, mask)
)

# -- written at an index ------------------------------------------------------------------------------------------


def _writes(node: str) -> Any:
    return irregular(in_rows(S._index_put), *S.index_put.vjps, node=node)


scatter, scatter_add = _writes("ScatterBackward0"), _writes("ScatterAddBackward0")
scatter_value = linear(
    in_rows(lambda x, index, value: S._index_put(x, x.dtype.type(value), index, False)),
    lambda g, index: S._erase(g, index),
    node="ScatterBackward1",
)
index_add, index_copy = _writes("IndexAddBackward0"), _writes("IndexCopyBackward0")

# -- chosen along an axis: values and where they were -------------------------------------------------------------


def _chosen(choose: Callable[..., Any], node: str) -> Any:
    """A row that takes elements along an axis, given by how it chooses their indices."""

    def fn(x: Any, axis: int, args: tuple[Any, ...], keepdims: bool = True) -> Any:
        if not x.ndim:
            return np.array(x), np.zeros((), np.intp)
        index = choose(x, axis, *args)
        values = np.take_along_axis(x, index, axis)
        return (values, index) if keepdims else (values.squeeze(axis), index.squeeze(axis))

    return irregular(
        fn,
        lambda g, y, shape, axis, keepdims: R._take_back(g, y, shape, axis, keepdims is not False),
        node=node,
        outputs=2,
        reads=(1,),
    )


def _part_of_order(x: Any, axis: int, start: int, count: int, largest: bool) -> Any:
    return np.take(R.order(x, axis, largest), range(start, start + count), axis)


def _running(better: Any) -> Any:
    def choose(x: Any, axis: int) -> Any:
        ends = better.accumulate(x, axis)
        places = np.arange(x.shape[axis]).reshape([-1 if d == axis % x.ndim else 1 for d in range(x.ndim)])
        return rows(np.maximum.accumulate(np.where((x == ends) | np.isnan(x), places, 0), axis))

    return choose


topk = _chosen(_part_of_order, "TopkBackward0")
kthvalue = _chosen(_part_of_order, "KthvalueBackward0")
median_dim = _chosen(lambda x, axis, start, *rest: _median_place(x, axis, start), "MedianBackward1")
cummax = _chosen(_running(np.maximum), "CummaxBackward0")
cummin = _chosen(_running(np.minimum), "CumminBackward0")
median = irregular(
    lambda x, axis=None, keepdims=False: np.asarray(
        np.sort(x, axis=None)[(x.size - 1) // 2] if x.size and not np.isnan(x).any() else x.dtype.type(np.nan)
    ),
    R._share_ties,
)


def _median_place(x: Any, axis: int, middle: int) -> Any:
    """The place of the middle one, or of the first that is NaN."""
    missing = np.isnan(x)
    place = np.take(R.order(x, axis, False), [middle], axis)
    return np.where(missing.any(axis, keepdims=True), np.argmax(missing, axis, keepdims=True), place)


def _middle(x: Any, axis: int, *_: Any) -> Any:
    """The lower of the middle ones among those that are not NaN."""
    count = np.sum(~np.isnan(x), axis, keepdims=True)
    return np.take_along_axis(R.order(x, axis, False), np.maximum(count - 1, 0) // 2, axis)


def _nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    known = np.sort(x[~np.isnan(x)], axis=None)
    return np.asarray(known[(known.size - 1) // 2] if known.size else x.dtype.type(np.nan))


nanmedian = irregular(_nanmedian, R._share_ties)
nanmedian_dim = _chosen(_middle, "NanmedianBackward1")


def _commonest(x: Any, axis: int) -> Any:
    """The last place of the least of the commonest values."""
    order = R.order(x, axis, False)
    ordered = np.moveaxis(np.take_along_axis(x, order, axis), axis, -1)
    count = np.sum(np.expand_dims(ordered, -1) == np.expand_dims(ordered, -2), -1)
    last = np.expand_dims(np.argmax(count, -1) + np.max(count, -1) - 1, axis)
    return np.take_along_axis(order, last, axis)


mode = _chosen(_commonest, "ModeBackward0")


def _extremes_vjp(g: Any, x: Any, y: Any, shape: Any, axis: Any, keepdims: Any) -> Any:
    parts = [
        R._share_ties(part, x, best, shape, axis, keepdims) for part, best in zip(g, y, strict=True) if part is not None
    ]
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


aminmax = irregular(
    lambda x, axis=None, keepdims=False: tuple(
        np.asarray(best(x, axis=axis, keepdims=keepdims)) for best in (np.min, np.max)
    ),
    _extremes_vjp,
    outputs=2,
)

# -- sums ---------------------------------------------------------------------------------------------------------

nansum = irregular(
    in_rows(lambda x, axis=None, keepdims=False: np.nansum(x, axis=axis, keepdims=keepdims)),
    lambda g, x, shape, axis, keepdims: R.spread(g, shape, axis, keepdims) * ~np.isnan(as_array(x)),
)


def _logcumsumexp_vjp(g: Any, x: Any, y: Any, axis: int) -> Any:
    """The sum over j >= i of g_j exp(x_i - y_j): n² terms, none of them above g."""
    if not x.ndim:
        return g
    n = x.shape[axis]
    x, y, g = (np.moveaxis(v, axis, -1) for v in (x, y, g))
    below = np.tril(np.ones((n, n), bool), -1)
    exponent = np.where(below, 0.0, np.expand_dims(x, -1) - np.expand_dims(y, -2))
    out = np.sum(np.where(below, 0.0, conj(np.exp(exponent))) * np.expand_dims(g, -2), -1)
    return owned(np.moveaxis(out, -1, axis))


def _logcumsumexp(x: Any, axis: int) -> Any:
    if not x.ndim:
        return np.array(x)
    if x.dtype.kind != "c":
        return np.logaddexp.accumulate(x, axis)
    out = np.moveaxis(x.copy(), axis, 0)
    for k in range(1, len(out)):
        out[k] = E.logaddexp_complex.fn(out[k - 1], out[k])
    return np.moveaxis(out, 0, axis)


logcumsumexp = irregular(in_rows(_logcumsumexp), _logcumsumexp_vjp)


def _apart(a: Any, b: Any) -> Any:
    return np.expand_dims(a, -2) - np.expand_dims(b, -3)


def _cdist(a: Any, b: Any) -> Any:
    return np.sqrt(np.sum(_apart(a, b) ** 2, -1))


def _cdist_vjp(g: Any, a: Any, b: Any, y: Any, axis: int) -> Any:
    same = y == 0
    scale = np.expand_dims(np.where(same, 0.0, g / np.where(same, 1.0, y)), -1)
    return np.sum(scale * _apart(a, b), axis)


cdist = irregular(_cdist, lambda g, a, b, y: _cdist_vjp(g, a, b, y, -2), lambda g, a, b, y: -_cdist_vjp(g, a, b, y, -3))


def _cdist_p_vjp(g: Any, a: Any, b: Any, y: Any, p: float, axis: int) -> Any:
    apart = _apart(a, b)
    moved = R._norm_p_vjp(g, apart, y, apart.shape, p, (apart.ndim - 1,), False)
    return np.sum(np.zeros(apart.shape, as_array(apart).dtype) if moved is None else moved, axis)


cdist_p = irregular(
    lambda a, b, p: R._norm_p(_apart(a, b), p, (-1,)),
    lambda g, a, b, y, p: _cdist_p_vjp(g, a, b, y, p, -2),
    lambda g, a, b, y, p: -_cdist_p_vjp(g, a, b, y, p, -3),
    node="CdistBackward0",
)


def _scale(size: Any, maxnorm: float) -> Any:
    return np.where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)


def _renorm_vjp(g: Any, x: Any, shape: Any, p: float, axis: Any, maxnorm: float) -> Any:
    """Through the scale as well, where a slice was scaled down."""
    size = called(R.norm_p)(x, p=p, axis=axis, keepdims=True)
    along = np.sum(np.real(np.conj(g) * x), axis=axis, keepdims=True)
    of_size = R._norm_p_vjp(along, x, size, shape, p, axis, True)
    scale = _scale(size, maxnorm)
    bent = 1 / (size + 1e-7)
    return np.where(R.raw(size) > maxnorm, scale * (g - bent * (of_size if of_size is not None else 0.0)), g)


renorm = irregular(
    in_rows(lambda x, p, axis, maxnorm: (x * _scale(R._norm_p(x, p, axis, True), maxnorm)).astype(x.dtype)),
    _renorm_vjp,
)

# -- several operands at once -------------------------------------------------------------------------------------

addcmul = elementwise(
    lambda a, b, c, value: a + value * b * c, 1, lambda c, value: value * c, lambda b, value: value * b
)
addcdiv = elementwise(
    lambda a, b, c, value: a + value * b / c, 1, lambda c, value: value / c, lambda b, c, value: -value * b / (c * c)
)
lerp_scalar = elementwise(
    lambda a, b, weight: a + weight * (b - a), lambda weight: 1 - weight, lambda weight: weight, node="LerpBackward0"
)
lerp = elementwise(
    lambda a, b, c: a + c * (b - a), lambda c: 1 - c, lambda c: c, lambda a, b: b - a, node="LerpBackward1"
)


def _blocks(xs: Any) -> Any:
    out = np.zeros(np.sum([x.shape for x in xs], 0), xs[0].dtype)
    row = column = 0
    for x in xs:
        out[row : row + x.shape[0], column : column + x.shape[1]] = x
        row, column = row + x.shape[0], column + x.shape[1]
    return out


block_diag = joining(_blocks, lambda g, i, shapes: g[S._part(shapes, i, 0), S._part(shapes, i, 1)], batches=False)

name_rows(globals())
