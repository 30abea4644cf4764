"""Ops that move elements: views, indexing, joining. Knows the kinds; no graph."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gradmagic.engine.kinds import Indexing, Placing, irregular, joining, linear, name_rows, refuse_broadcast, view
from gradmagic.engine.layout import by_strides, copied, copied_in_rows, in_rows, owned, rows
from gradmagic.engine.op import as_array

# -- views: the output lies in the operand's memory ---------------------------------------------------------------

reshape = view(lambda x, size: _viewed(x, size), lambda g, shape: _reshaped(g, shape), node="ViewBackward0")
reshape_alias = view(reshape.fn, reshape.vjps[0], node="ReshapeAliasBackward0")
expand = view(lambda x, size: _expand(x, size), lambda g, shape, size: _sum_to(g, shape, len(size)))
permute = view(
    lambda x, dims: x.transpose(dims), lambda g, dims: np.transpose(g, _inverse(dims, g.ndim)), node="PermuteBackward0"
)
transpose = view(lambda x, dim0, dim1: x.swapaxes(dim0, dim1), lambda g, dim0, dim1: np.swapaxes(g, dim0, dim1))
t = view(lambda x: x.T, lambda g: np.transpose(g), batches=(lambda g: np.swapaxes(g, -1, -2),))
select = view(
    lambda x, dim, index: x[(slice(None),) * dim + (index, ...)] if dim else x[index, ...],
    lambda g, shape, dim, index: place(g, shape, (slice(None),) * dim + (index,), select_back),
)
slice_ = view(
    lambda x, dim, start, stop, step: x[(slice(None),) * dim + (slice(start, stop, step),)],
    lambda g, shape, dim, start, stop, step: place(g, shape, (slice(None),) * dim + (slice(start, stop, step),)),
    node="SliceBackward0",
)
unsqueeze = view(lambda x, dim: np.expand_dims(x, dim), lambda g, dim: np.squeeze(g, dim))
squeeze = view(lambda x, dim: _squeeze(x, dim), lambda g, shape, dim: _unsqueezed(g, shape, dim))
squeeze_dim = view(squeeze.fn, squeeze.vjps[0], node="SqueezeBackward1")
squeeze_own = linear(squeeze.fn, squeeze.vjps[0], node="SqueezeBackward4")  # as torch's matmul does in place
squeeze_dims = view(squeeze.fn, squeeze.vjps[0], node="SqueezeBackward2")
alias = view(lambda x: x[...], lambda g: g)
diagonal = view(
    lambda x, offset, dim1, dim2: _writable(np.diagonal(x, offset, dim1, dim2)),
    lambda g, shape, offset, dim1, dim2: _place_diagonal(g, shape, offset, dim1, dim2),
)
real = view(lambda x: x.real, lambda g: g)


def _viewed(x: Any, size: tuple[int, ...]) -> Any:
    """In another shape; where it is the same one, a dimension of one element is told the step of rows all the same."""
    if x.shape == size and 1 in size and x.flags.c_contiguous:
        x = x.reshape(-1)
    return x.reshape(size)


def _reshaped(g: Any, shape: tuple[int, ...]) -> Any:
    """A view also of a number without axes."""
    return np.asarray(g)[...] if isinstance(g, np.generic) and not shape else np.reshape(g, shape)


def _expand(x: Any, size: tuple[int, ...]) -> Any:
    if x.shape == size:
        return x[...]
    extra = len(size) - x.ndim
    strides: list[int] = []
    step = x.itemsize if x.ndim else 0
    for d in reversed(range(len(size))):
        step = step if d < extra else x.strides[d - extra]
        strides.insert(0, step if size[d] == (x.shape[d - extra] if d >= extra else 1) else 0)
        step = strides[0] * size[d]  # what torch calls the stride of a dimension that was not there
    # numpy's is read-only; torch's is a view like any other, and refuses only writes to elements that share memory
    return np.lib.stride_tricks.as_strided(x, size, strides, writeable=np.asarray(x).flags.writeable)


def _squeeze(x: Any, dim: Any) -> Any:
    return x.reshape([n for i, n in enumerate(x.shape) if n != 1 or (dim is not None and i not in dim)])


def _unsqueezed(g: Any, shape: tuple[int, ...], dim: Any) -> Any:
    for i, n in enumerate(shape):
        if n == 1 and (dim is None or i in dim):
            g = np.expand_dims(g, i)
    return g


def _writable(x: Any) -> Any:
    x.flags.writeable = True  # numpy's diagonal is read-only by default; torch's is a view like any other
    return x


def _inverse(dims: tuple[int, ...], n: int) -> tuple[int, ...]:
    """The order of n axes that undoes one of the last of them."""
    return tuple(int(i) for i in np.argsort([*range(n - len(dims)), *dims]))


def _sum_to(g: Any, shape: tuple[int, ...], n: int) -> Any:
    """The sum over the axes that were expanded, to a shape; they are among the last n, and a batch is in front of them."""
    extra = len(g.shape) - len(shape)
    first = len(g.shape) - n
    grown = (i + extra for i in range(first, len(shape)) if shape[i] == 1 and g.shape[i + extra] != 1)
    axes = (*range(first, first + extra), *grown)
    if axes:
        g = np.sum(g, axis=axes, keepdims=True)
    return np.reshape(g, shape) if extra else g


# -- gradients of views: an element goes back to where it was -----------------------------------------------------


def _place(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    out = np.zeros(shape, g.dtype)
    out[index] = g
    return out


def _put_add(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    out = np.zeros(shape, g.dtype)
    np.add.at(out, index, g)
    return out


# torch differentiates these by ops of their own, whose names its graphs show
select_back: Any = linear(_place, lambda g, index: g[index], node="SelectBackwardBackward0")
slice_back: Any = linear(_place, lambda g, index: g[index], node="SliceBackwardBackward0")
put_add_op = linear(_put_add, lambda g, index: g[index], node="IndexPutImplBackward0")
scatter_back = linear(_put_add, lambda g, index: g[index], node="ScatterBackward0")
diagonal_back = linear(
    lambda g, shape, offset, dim1, dim2: _onto_diagonal(g, shape, offset, dim1, dim2),
    lambda g, offset, dim1, dim2: np.diagonal(g, offset, dim1, dim2),
    node="DiagonalBackwardBackward0",
)


def place(g: Any, shape: tuple[int, ...], index: Any, row: Any = slice_back) -> Any:
    """Zeros of a shape with ``g`` at an index: the transpose of basic indexing."""
    return row(g, shape=shape, index=index) if hasattr(g, "_array") else _place(g, shape, index)


def put_add(g: Any, shape: tuple[int, ...], index: Any, row: Any = put_add_op) -> Any:
    """Zeros of a shape to which ``g`` is added at an index: the transpose of fancy indexing."""
    return row(g, shape=shape, index=index) if hasattr(g, "_array") else _put_add(g, shape, index)


def _onto_diagonal(g: Any, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Any:
    out = np.zeros(shape, g.dtype)
    _writable(np.diagonal(out, offset, dim1, dim2))[...] = g
    return out


def _place_diagonal(g: Any, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Any:
    if hasattr(g, "_array"):
        return diagonal_back(g, shape=shape, offset=offset, dim1=dim1, dim2=dim2)
    return _onto_diagonal(g, shape, offset, dim1, dim2)


# -- copies -------------------------------------------------------------------------------------------------------

clone = linear(copied, lambda g: g)
clone_in_rows = linear(copied_in_rows, lambda g: g, node="CloneBackward0")
accumulated = linear(lambda x: np.array(x), lambda g: g, node="CopyBackwards")


def _in_dtype(x: Any, dtype: Any) -> Any:
    if x.dtype.kind == "c" and dtype.kind in "fiu":
        warnings.warn("Casting complex values to real discards the imaginary part", UserWarning, stacklevel=6)
        x = x.real
    return copied(x).astype(dtype, copy=False)


to_copy = linear(_in_dtype, lambda g: g)
reshape_copy = linear(
    lambda x, size: x.reshape(size), lambda g, shape: np.reshape(g, shape), node="UnsafeViewBackward0"
)
index_op = Placing(
    lambda x, index: _indexed(x, index), lambda g, shape, index: put_add(g, shape, index), node="IndexBackward0"
)
flip = linear(lambda x, dims: copied(np.flip(x, dims) if x.ndim else x), lambda g, dims: owned(np.flip(g, dims)))
roll = linear(in_rows(lambda x, shifts, dims: np.roll(x, shifts, dims)),
              lambda g, shifts, dims: np.roll(g, tuple(-s for s in shifts) if isinstance(shifts, tuple) else -shifts, dims))  # fmt: skip
tril = linear(in_rows(lambda x, diagonal: np.tril(x, diagonal)), lambda g, diagonal: np.tril(g, diagonal))
triu = linear(in_rows(lambda x, diagonal: np.triu(x, diagonal)), lambda g, diagonal: np.triu(g, diagonal))

trace = linear(lambda x: np.trace(x), lambda g, shape: g * np.eye(*shape, dtype=as_array(g).dtype), batches=False)


def _indexed(x: Any, index: tuple[Any, ...]) -> Any:
    """Chosen elements; those of one choice lie together, the rest in the order in which the operand has them."""
    y = x[index]
    if y.ndim < 2:
        return y
    left = list(x.strides)
    choices, dims, at = [], [], 0
    for part in (*index, *[slice(None)] * x.ndim)[: len(index) + x.ndim]:
        chosen = isinstance(part, np.ndarray)
        width = part.ndim if chosen and part.dtype.kind == "b" else 1
        if at + width > x.ndim:
            break
        if chosen:
            choices += list(np.nonzero(part)) if part.dtype.kind == "b" else [part]
            dims += list(range(at, at + width))
        at += width
    block = np.broadcast(*choices).ndim if len(choices) > 1 else choices[0].ndim
    apart = dims[-1] - dims[0] + 1 != len(dims)
    first = 0 if apart else dims[0]
    left = [s for d, s in enumerate(left) if d not in dims]
    own = [[*left[:first], *[0] * block, *left[first:]]]
    for a in choices:
        steps = [0] * (block - a.ndim) + list(a.strides)
        own.append([0] * first + steps + [0] * (len(left) - first))
    return by_strides(y, own)


# `copy_` and `fill_`, seen as functions of the old values and the new
def _none_of(g: Any) -> Any:
    return np.zeros(g.shape, g.dtype if not hasattr(g, "_array") else g._array.dtype)


def _copied(a: Any, b: Any) -> Any:
    if a.shape == b.shape:
        return np.asarray(b, a.dtype)
    refuse_broadcast([a, b])
    return np.broadcast_to(np.asarray(b, a.dtype), np.broadcast_shapes(a.shape, b.shape))


copy_values = irregular(_copied, _none_of, lambda g: g, node="CopyBackwards")
fill = irregular(lambda x, value: np.full(x.shape, value, x.dtype), _none_of, node="FillBackward2")
fill_with = irregular(_copied, _none_of, lambda g: np.sum(g), node="FillBackward3")
zero = irregular(lambda x: np.zeros(x.shape, x.dtype), _none_of)


def _index_put(a: Any, b: Any, index: Any, accumulate: bool) -> Any:
    out = copied(a)
    if accumulate:
        np.add.at(out, index, b)
        return out
    check_fits(a, b, index)
    out[index] = b
    return out


def check_fits(a: Any, b: Any, index: Any) -> None:
    """Whether values can be written at an index."""
    shape = a[index].shape
    extra = len(shape) - b.ndim
    if extra < 0 or any(n not in (1, m) for n, m in zip(b.shape, shape[extra:], strict=True)):
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(b.shape)} cannot be broadcast to indexing result of shape "
            f"{list(shape)}"
        )


index_put = Indexing(
    _index_put,
    lambda g, index, accumulate: g if accumulate else _erase(g, index),
    lambda g, index: g[index],
)


def _erase(g: Any, index: Any) -> Any:
    keep = np.ones(g.shape, bool)
    keep[index] = False
    return np.where(keep, g, 0.0)


_EMPTY = (0,)  # torch joins such a vector with anything


def _part(shapes: tuple[Any, ...], i: int, dim: int) -> slice:
    start = sum(s[dim] for s in shapes[:i] if s != _EMPTY)
    return slice(start, start + shapes[i][dim])


def _part_of(g: Any, i: int, dim: int, shapes: tuple[Any, ...]) -> Any:
    if shapes[i] == _EMPTY:  # torch gives it zeros that lead nowhere
        return np.zeros(0, as_array(g).dtype)
    part, d = _part(shapes, i, dim), dim % len(shapes[i])
    if hasattr(g, "_array"):
        return slice_(g, dim=d, start=part.start, stop=part.stop, step=1)
    return g[(slice(None),) * d + (part,)]


cat = joining(
    in_rows(lambda xs, dim: np.concatenate([x for x in xs if x.shape != _EMPTY] or xs, dim)),
    lambda g, i, dim, shapes: _part_of(g, i, dim, shapes),
)
stack = joining(
    in_rows(lambda xs, dim: np.stack(xs, dim)),
    lambda g, i, dim, shapes: g[(slice(None),) * (dim % (len(shapes[i]) + 1)) + (i,)],
)

# -- several views at once: they refuse in-place writes -----------------------------------------------------------


def _pieces(x: Any, dim: int, sizes: tuple[int, ...]) -> list[Any]:
    stops = np.cumsum(sizes)
    return [x[(slice(None),) * dim + (slice(int(e) - n, int(e)),)] for n, e in zip(sizes, stops, strict=True)]


unbind = view(
    lambda x, dim: [x[(slice(None),) * dim + (i, ...)] for i in range(x.shape[dim])],
    lambda g, shape, dim: rows(np.stack([_or_zeros(p, shape[:dim] + shape[dim + 1 :], g) for p in g], dim)),
    outputs=-1,
)
split = view(
    _pieces,
    lambda g, shape, dim, sizes: rows(
        np.concatenate(
            [_or_zeros(p, (*shape[:dim], n, *shape[dim + 1 :]), g) for p, n in zip(g, sizes, strict=True)], dim
        )
    ),
    outputs=-1,
)


def _or_zeros(part: Any, shape: tuple[int, ...], others: Any) -> Any:
    if part is not None:
        return part
    like = next(p for p in others if p is not None)
    return np.zeros(shape, like.dtype if not hasattr(like, "_array") else like._array.dtype)


unbind.transpose_one = lambda g, i, shape, dim: place(g, shape, (slice(None),) * dim + (i,), select_back)
split_with_sizes = view(split.fn, split.vjps[0], outputs=-1)
split.transpose_one = split_with_sizes.transpose_one = lambda g, i, shape, dim, sizes: place(
    g, shape, (slice(None),) * dim + (slice(sum(sizes[:i]), sum(sizes[: i + 1])),)
)

# what moves each element of a gradient to one place as it is, or leaves it out
for _row in (
    reshape, reshape_alias, reshape_copy, permute, transpose, t, select, slice_, unsqueeze, squeeze, squeeze_dim, squeeze_own,
    squeeze_dims, alias, diagonal, clone, clone_in_rows, accumulated, to_copy, flip, roll, tril, triu, select_back, slice_back, diagonal_back,
    cat, stack,
):  # fmt: skip
    _row.moves = True

name_rows(globals())
