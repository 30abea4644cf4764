"""Writing at an index as a function of the old values and the new: reduced, put, or into a part. Knows the kinds; no graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine.kinds import irregular, name_rows
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import shape as S
from gradmagic.ops.choosing import _along, _grid, _index, _within
from gradmagic.ops.operands import as_tensor, length, one_axis, saves_choice
from gradmagic.ops.reductions import raw
from gradmagic.ops.rules import called

# -- what lands on one place is reduced ---------------------------------------------------------------------------

_UFUNCS = {"sum": np.add, "mean": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def _neutral(reduce: str, dtype: Any) -> Any:
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    sign = -1 if reduce == "amax" else 1
    if dtype.kind == "f":
        return sign * np.inf
    return getattr(np.iinfo(dtype), "min" if sign < 0 else "max")


def _counts(shape: Any, index: Any, include_self: bool) -> Any:
    """How many values are reduced to one, at each place."""
    counts = np.full(shape, 1.0 if include_self else 0.0)
    np.add.at(counts, index, 1.0)
    return np.maximum(counts, 1.0)


def _reduced(a: Any, b: Any, index: Any, reduce: str, include_self: bool) -> Any:
    out = np.array(a)
    if not include_self:
        out[index] = _neutral(reduce, out.dtype)
    _UFUNCS[reduce].at(out, index, b)
    if reduce != "mean":
        return out
    counts = _counts(out.shape, index, include_self).astype(out.dtype)
    return out / counts if out.dtype.kind in "fc" else out // counts


def _ones_for(values: Any, where: Any) -> Any:
    return np.where(where, 1.0, values)


def _prod_parts(g: Any, a: Any, b: Any, y: Any, index: Any, include_self: bool) -> tuple[Any, Any]:
    """By division; and by leaving it out, for a zero that is alone at its place."""
    again = {"index": index, "reduce": "prod", "include_self": include_self}
    mine = _ones_for(a, a == 0)
    to_self = g * called(scatter_reduce)(mine, b, **again) / mine
    zero = raw(b) == 0
    many = S.put_add(zero * 1.0, np.shape(raw(a)), index)[index]
    alone = zero & (many == 1)
    without = called(scatter_reduce)(a, _ones_for(b, alone), **again)
    to_source = np.where(alone, (g * without)[index], (g * y)[index] / _ones_for(b, zero))
    return to_self, to_source


def _parts(g: Any, a: Any, b: Any, y: Any, index: Any, reduce: str, include_self: bool) -> tuple[Any, Any]:
    """What goes to the old values, and what to the new ones."""
    if reduce == "prod":
        return _prod_parts(g, a, b, y, index, include_self)
    if reduce == "sum":
        return g, g[index]
    if reduce == "mean":
        shared = g / _counts(g.shape, index, include_self).astype(raw(g).dtype)
        return shared, shared[index]
    old, new = raw(a) == raw(y), raw(b) == raw(y)[index]
    shared = g / np.maximum(old + S.put_add(new * 1.0, old.shape, index), 1.0).astype(raw(g).dtype)
    return shared * old, shared[index] * new


def _to_self(g: Any, a: Any, b: Any, y: Any, index: Any, reduce: str, include_self: bool) -> Any:
    mine = _parts(g, a, b, y, index, reduce, include_self)[0]
    return mine if include_self else S._erase(mine, index)


def _to_source(g: Any, a: Any, b: Any, y: Any, index: Any, reduce: str, include_self: bool) -> Any:
    return _parts(g, a, b, y, index, reduce, include_self)[1]


_ATTRIBUTES = ("dim", "include_self", "reduce")
scatter_reduce: Any = irregular(_reduced, _to_self, _to_source, saved={"other": "src"})
index_reduce: Any = irregular(_reduced, _to_self, _to_source, saved={"other": "source"})


def _puts(node: str) -> Any:
    return irregular(S._index_put, *S.index_put.vjps, node=node)


def _flat(x: Any) -> Any:
    return np.reshape(x, -1)


put_row = irregular(
    lambda a, b, index, accumulate: S._index_put(a.reshape(-1), b, index, accumulate).reshape(a.shape),
    lambda g, index, accumulate: g if accumulate else np.reshape(S._erase(_flat(g), index), g.shape),
    lambda g, index: _flat(g)[index],
    node="PutBackward0",
)
select_scatter_row, slice_scatter_row = _puts("SelectScatterBackward0"), _puts("SliceScatterBackward0")
diagonal_scatter_row = _puts("DiagonalScatterBackward0")

name_rows(globals())

# -- under torch's names ------------------------------------------------------------------------------------------


def _checked(name: str, reduce: str, allowed: tuple[str, ...]) -> None:
    if reduce not in allowed:
        raise RuntimeError(f"reduce argument must be {', '.join(allowed[:-1])} or {allowed[-1]}, got {reduce}.")


@saves_choice
def _scatter_reduce(input: Tensor, dim: int, index: Any, src: Tensor, reduce: str, *, include_self: bool = True) -> Any:
    _checked("scatter_reduce", reduce, ("sum", "prod", "mean", "amax", "amin"))
    at, d = _index("scatter", index), one_axis(dim, input.ndim)
    _within(at, length(input, d), d)
    values = src if src.shape == at.shape else src[tuple(slice(n) for n in at.shape)]
    return scatter_reduce(input, values, index=_grid(d, at, input.ndim), reduce=reduce, include_self=include_self)


@saves_choice
def _index_reduce(
    input: Tensor, dim: int, index: Any, source: Tensor, reduce: str, *, include_self: bool = True
) -> Any:
    _checked("index_reduce", reduce, ("prod", "mean", "amax", "amin"))
    if not input.ndim:
        x, values = input.reshape(1), source.reshape(1)
        return _index_reduce(x, dim, index, values, reduce, include_self=include_self).reshape(())
    at = _along(input, dim, index)
    return index_reduce(input, source, index=at, reduce=reduce, include_self=include_self)


def _into(row: Any, input: Tensor, src: Tensor, index: Any) -> Any:
    part = np.asarray(input._array)[index].shape
    if src.shape != part:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = {list(part)}"
        )
    return row(input, src, index=index, accumulate=False)


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Any:
    d = one_axis(dim, input.ndim)
    n = input.shape[d]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {dim}"
        )
    return _into(select_scatter_row, input, src, (slice(None),) * d + (index,))


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Any:
    d = one_axis(dim, input.ndim)
    return _into(slice_scatter_row, input, src, (slice(None),) * d + (slice(start, end, step),))


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    places = np.indices(input.shape)
    return _into(diagonal_scatter_row, input, src, tuple(np.diagonal(p, offset, dim1, dim2) for p in places))


@saves_choice
def put(input: Tensor, index: Any, source: Tensor, accumulate: bool = False) -> Any:
    at, n = _index("put", index), input._array.size
    if at.size != source._array.size:
        raise IndexError(
            f"put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._array.size}, index.numel() = {at.size}"
        )
    for bad in at[(at < -n) | (at >= n)].reshape(-1)[:1]:
        raise IndexError(f"out of range: tried to access index {bad} on a tensor of {n} elements.")
    values = as_tensor(source)
    values = values if values.shape == at.shape else values.reshape(*at.shape)
    return put_row(input, values, index=at, accumulate=accumulate)


FUNCTIONS: dict[str, Any] = {
    "diagonal_scatter": diagonal_scatter, "index_reduce": _index_reduce, "put": put, "scatter_reduce": _scatter_reduce,
    "select_scatter": select_scatter, "slice_scatter": slice_scatter,
}  # fmt: skip
