"""Gathering, scattering, padding and choosing under torch's names and signatures. Knows their table; no graph."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradmagic.engine.kinds import refuse_broadcast
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import moving as M
from gradmagic.ops import reducing
from gradmagic.ops import shape as S
from gradmagic.ops.operands import (
    as_tensor,
    axes_of,
    clone,
    held,
    length,
    one_axis,
    save_choice,
    saves_choice,
    sizes_of,
)
from gradmagic.ops.shaping import cat, expand, flatten, narrow, reshape, unsqueeze

# -- gathered and scattered ---------------------------------------------------------------------------------------


def _index(name: str, value: Any) -> Any:
    a = np.asarray(as_tensor(value)._array)
    if a.dtype.kind not in "iu":
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    return a.astype(np.intp)


def _within(index: Any, n: int, dim: int) -> None:
    for bad in index[(index < 0) | (index >= n)].reshape(-1)[:1]:
        raise RuntimeError(f"index {bad} is out of bounds for dimension {dim} with size {n}")


@saves_choice
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Any:
    at, d = _index("gather", index), one_axis(dim, input.ndim)
    if not at.size and at.ndim != input.ndim:
        return reshape(M.index_select(flatten(input), args=(0, at.reshape(-1))), *at.shape)
    if at.ndim != input.ndim and input.ndim:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    _within(at, length(input, d), d)
    return M.gather(input, args=(d, at))


def take_along_dim(input: Tensor, indices: Tensor, dim: Any = None) -> Any:
    at = _index("take_along_dim", indices)
    if dim is None:
        return save_choice(M.gather(flatten(input), args=(0, at.reshape(-1))), (indices,))
    d = one_axis(dim, input.ndim)
    rest = np.broadcast_shapes(*(tuple(1 if i == d else n for i, n in enumerate(s)) for s in (input.shape, at.shape)))
    wide = expand(input, *(input.shape[d] if i == d else n for i, n in enumerate(rest)))
    return M.gather(
        wide, args=(d, np.broadcast_to(at, tuple(at.shape[d] if i == d else n for i, n in enumerate(rest))))
    )


def _as_vector(op: Any) -> Any:
    """An op along a dimension: a number counts as one element along its only one."""

    @functools.wraps(op)
    def along(input: Tensor, dim: int, index: Tensor, *values: Any, **kwargs: Any) -> Any:
        if input.ndim:
            return op(input, dim, index, *values, **kwargs)
        wide = [reshape(v, -1) if isinstance(v, Tensor) and op.__name__ != "index_fill" else v for v in values]
        out = op(reshape(input, 1), dim, index, *wide, **kwargs)
        return reshape(out) if out.shape == (1,) else out

    return along


@saves_choice
@_as_vector
def index_select(input: Tensor, dim: int, index: Tensor) -> Any:
    if index._array.dtype.kind not in "iu":
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    at, d = _index("index_select", index), one_axis(dim, input.ndim)
    if at.size and (at.min() < 0 or at.max() >= input.shape[d]):
        raise IndexError("index out of range in self")
    return M.index_select(input, args=(d, at.reshape(-1)))


@saves_choice
def take(input: Tensor, index: Tensor) -> Any:
    if index._array.dtype.kind not in "iu":
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {index.dtype.legacy}")
    at, n = _index("take", index), input._array.size
    for bad in at[(at < -n) | (at >= n)].reshape(-1)[:1]:
        raise IndexError(f"out of range: tried to access index {bad} on a tensor of {n} elements.")
    return M.take(input, args=(at,))


def _full(input: Tensor, mask: Tensor) -> tuple[int, ...]:
    refuse_broadcast([np.asarray(mask._array), np.asarray(input._array)])
    return np.broadcast_shapes(input.shape, mask.shape)


@saves_choice
def masked_select(input: Tensor, mask: Tensor) -> Any:
    full = _full(input, mask)
    return M.masked_select(expand(input, *full), args=(np.broadcast_to(mask._array, full),))


@saves_choice
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Any:
    if mask._array.dtype.kind != "b":
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype.name.replace('32', '')}"
        )
    full = _full(input, mask)
    x = input if input.shape == full else expand(input, *full)
    if not isinstance(value, Tensor):
        return M.masked_fill(x, mask=mask._array, value=value)
    if value.ndim:
        raise RuntimeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )
    return M.masked_fill_with(x, value, mask=mask._array)


def _grid(dim: int, index: Any, ndim: int) -> tuple[Any, ...]:
    if not ndim:
        return ()
    grid: list[Any] = list(np.indices(index.shape, sparse=True))
    grid[dim] = index
    return tuple(np.broadcast_arrays(*grid))


def _scattered(row: Any, input: Tensor, dim: int, index: Any, src: Any, accumulate: bool) -> Any:
    at, d = _index("scatter", index), one_axis(dim, input.ndim)
    _within(at, length(input, d), d)
    if not isinstance(src, Tensor):
        return M.scatter_value(input, index=_grid(d, at, input.ndim), value=src)
    values = as_tensor(src)
    values = values if values.shape == at.shape else values[tuple(slice(n) for n in at.shape)]
    return row(input, values, index=_grid(d, at, input.ndim), accumulate=accumulate)


@saves_choice
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None) -> Any:
    return _scattered(M.scatter, input, dim, index, value if src is None else src, accumulate=False)


@saves_choice
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Any:
    return _scattered(M.scatter_add, input, dim, index, src, accumulate=True)


def _along(input: Tensor, dim: int, index: Any) -> tuple[Any, ...]:
    d = one_axis(dim, input.ndim)
    return (slice(None),) * d + (_index("index", index).reshape(-1),)


@saves_choice
@_as_vector
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Any:
    values = source if alpha == 1 else source * alpha
    at = _along(input, dim, index)
    d = len(at) - 1
    if source.ndim and source.shape[d] != at[-1].size:
        raise RuntimeError(
            f"index_add_(): Number of indices ({at[-1].size}) should be equal to source.size(dim): ({source.shape[d]}), for dim: {d}"
        )
    return M.index_add(input, values, index=_along(input, dim, index), accumulate=True)


@saves_choice
@_as_vector
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Any:
    return M.index_copy(input, source, index=_along(input, dim, index), accumulate=False)


@saves_choice
@_as_vector
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Any:
    mask = np.zeros(input.shape, bool)
    mask[_along(input, dim, index)] = True
    chosen = {"dim": one_axis(dim, input.ndim), "at": index._array, "mask": mask}
    if not isinstance(value, Tensor):
        return M.index_fill(input, value=value, **chosen)
    if value.ndim:
        raise RuntimeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )
    return M.index_fill_with(input, value, **chosen)


# -- repeated, turned, padded -------------------------------------------------------------------------------------


def repeat(input: Tensor, *repeats: Any) -> Any:
    sizes = sizes_of(repeats)
    if len(sizes) < input.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    return M.repeat(input, args=(sizes,))


def tile(input: Tensor, *dims: Any) -> Any:
    sizes = sizes_of(dims)
    return M.repeat(input, args=((1,) * max(input.ndim - len(sizes), 0) + sizes,))


def repeat_interleave(input: Tensor, repeats: Any, dim: Any = None, *, output_size: int | None = None) -> Any:
    x, d = (flatten(input), 0) if dim is None else (input, one_axis(dim, input.ndim))
    if isinstance(repeats, Tensor) and repeats.ndim:
        total = int(repeats._array.sum()) if repeats.shape[0] > 1 else int(repeats) * x.shape[d]
        if output_size not in (None, total):
            raise RuntimeError("allocated size does not match required size")
        return M.index_select(x, args=(d, np.repeat(np.arange(x.shape[d]), repeats._array)))
    n = int(repeats)
    wide = expand(unsqueeze(x, d + 1), *x.shape[: d + 1], n, *x.shape[d + 1 :])
    return reshape(clone(wide), *x.shape[:d], x.shape[d] * n, *x.shape[d + 1 :])


def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Any:
    return M.rot90(input, args=(k, tuple(dims)))


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Any:
    d = one_axis(dimension, input.ndim)
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if size > length(input, d):
        raise RuntimeError(f"maximum size for tensor at dimension {d} is {length(input, d)} but size is {size}")
    return M.unfold(held(input), args=(d, size, step))


def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
    size, stride = tuple(size), tuple(stride)
    base = input if input._base is None else input._base
    first = (address(held(input)) - address(held(base))) // input._array.itemsize
    offset = first if storage_offset is None else storage_offset
    _check_storage(base, size, stride, offset)
    x = _as_it_lies(held(input))
    if offset >= first and x._array.flags.c_contiguous:
        return M.as_strided(x, args=(size, stride, offset - first))
    return M.as_strided(_as_it_lies(held(base)), args=(size, stride, offset))


def address(t: Tensor) -> int:
    """Where a tensor's first element lies."""
    found: int = t._array.__array_interface__["data"][0]
    return found


def _as_it_lies(t: Tensor) -> Any:
    """The tensor with its axes in the order in which they lie in memory, the slowest first."""
    strides = t._array.strides
    order = tuple(sorted(range(t.ndim), key=lambda d: -strides[d]))
    return t if order == tuple(range(t.ndim)) else S.permute(t, dims=order)


def _check_storage(base: Tensor, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> None:
    array = base._array
    last = offset + int(np.dot(np.subtract(size, 1), stride))
    needed = (last + 1) * array.itemsize
    if 0 not in size and needed > array.nbytes:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {array.itemsize} "
            f"requiring a storage size of {needed} are out of bounds for storage of size {array.nbytes}"
        )


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    n = input.ndim + 1
    d1, d2 = one_axis(dim1, n), one_axis(dim2, n)
    if d1 == d2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return M.diag_embed(input, offset=offset, dim1=dim1, dim2=dim2)


def fliplr(input: Tensor) -> Any:
    if input.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return S.flip(input, dims=(1,))


def flipud(input: Tensor) -> Any:
    if not input.ndim:
        raise RuntimeError("Input must be >= 1-d.")
    return S.flip(input, dims=(0,))


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: Any = None) -> Any:
    """Pairs of widths, from the last dimension on; negative ones cut."""
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {input.ndim}"
        )
    pairs = [(int(pad[i]), int(pad[i + 1])) for i in range(0, len(pad), 2)]
    if mode == "replicate":
        return M.replicate[len(pairs)](input, args=(_widths(input.ndim, pairs),))
    for k, (before, after) in enumerate(pairs):
        if mode != "constant" and (before < 0 or after < 0):
            d = input.ndim - 1 - k
            start = max(-before, 0)
            input = narrow(input, d, start, input.shape[d] - start - max(-after, 0))
    if mode == "constant":
        return M.pad(input, widths=_widths(input.ndim, pairs), value=0 if value is None else value)
    widths = _widths(input.ndim, [(max(b, 0), max(a, 0)) for b, a in pairs])
    if mode == "circular":
        return M.wrap(input, args=(widths,))
    if mode != "reflect":
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    for k, (before, after) in enumerate(pairs):
        n = input.shape[-1 - k]
        if before >= n or after >= n:
            raise RuntimeError(
                "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
                f"({before}, {after}) at dimension {input.ndim - 1 - k} of input {list(input.shape)}"
            )
    return M.reflect[len(pairs)](input, args=(widths,))


def _widths(ndim: int, pairs: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return ((0, 0),) * (ndim - len(pairs)) + tuple(reversed(pairs))


def nan_to_num(input: Tensor, nan: Any = None, posinf: Any = None, neginf: Any = None) -> Any:
    return M.nan_to_num(input, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


# -- chosen -------------------------------------------------------------------------------------------------------


_topk_pair, _kth_pair, _median_pair = (reducing._pair(n) for n in ("topk", "kthvalue", "median"))
_cummax_pair, _cummin_pair = (reducing._pair(n) for n in ("cummax", "cummin"))


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    d = one_axis(dim, input.ndim)
    if not 0 <= k <= length(input, d):
        raise RuntimeError("selected index k out of range")
    return _topk_pair(*M.topk(input, axis=d, args=(0, k, largest)))


def _one(row: Any, pair: Any, input: Tensor, k: Any, dim: int, keepdim: bool) -> Any:
    d = one_axis(dim, input.ndim)
    return pair(*row(input, axis=d, args=(k, 1, False), keepdims=keepdim))


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    n = length(input, one_axis(dim, input.ndim))
    if n == 0:
        raise IndexError(f"kthvalue(): Expected reduction dim {one_axis(dim, input.ndim)} to have non-zero size.")
    if not 1 <= k <= n:
        raise RuntimeError("kthvalue(): selected number k out of range for dimension " + str(one_axis(dim, input.ndim)))
    return _one(M.kthvalue, _kth_pair, input, k - 1, dim, keepdim)


def median(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    if dim is None:
        return M.median(input, axis=None, keepdims=False)
    d = one_axis(dim, input.ndim)
    if length(input, d) == 0:
        raise IndexError(f"median(): Expected reduction dim {d} to have non-zero size.")
    return _one(M.median_dim, _median_pair, input, (length(input, d) - 1) // 2, dim, keepdim)


def _scanned(name: str, input: Tensor, dim: int) -> int:
    if not input.ndim and dim not in (-1, 0):
        raise IndexError(f"{name}(): Expected reduction dim -1 or 0 for scalar but got {dim}")
    return one_axis(dim, input.ndim)


def cummax(input: Tensor, dim: int) -> Any:
    return _cummax_pair(*M.cummax(input, axis=_scanned("cummax", input, dim), args=()))


def cummin(input: Tensor, dim: int) -> Any:
    return _cummin_pair(*M.cummin(input, axis=_scanned("cummin", input, dim), args=()))


# -- sums -----------------------------------------------------------------------------------------


def nansum(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    return M.nansum(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)


def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    count = reducing.sum(Tensor._of(~np.isnan(input._array)), dim, keepdim)
    return nansum(input, dim, keepdim) / count


def logcumsumexp(input: Tensor, dim: int) -> Any:
    return M.logcumsumexp(input, axis=one_axis(dim, input.ndim))


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: Any = "use_mm_for_euclid_dist_if_necessary") -> Any:
    return M.cdist(x1, x2) if p == 2 else M.cdist_p(x1, x2, p=float(p))


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Any:
    """Every slice along ``dim`` scaled down to ``maxnorm`` where its norm is larger."""
    if input.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions")
    d = one_axis(dim, input.ndim)
    others = [k for k in range(input.ndim) if k != d]
    return M.renorm(input, p=p, axis=tuple(others), maxnorm=maxnorm)


# -- several operands ---------------------------------------------------------------------------------------------


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Any:
    return M.addcmul(input, tensor1, tensor2, value=value)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Any:
    return M.addcdiv(input, tensor1, tensor2, value=value)


def lerp(input: Tensor, end: Tensor, weight: Any) -> Any:
    return M.lerp(input, end, weight) if isinstance(weight, Tensor) else M.lerp_scalar(input, end, weight=weight)


def block_diag(*tensors: Any) -> Any:
    return M.block_diag([reshape(t, 1, -1) if as_tensor(t).ndim < 2 else t for t in tensors])


def meshgrid(*tensors: Any, indexing: str = "ij") -> Any:
    ts = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else list(tensors)
    n = len(ts)
    order = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    full = [ts[k].shape[0] if ts[k].ndim else 1 for k in order]
    return tuple(expand(reshape(t, *(-1 if order[d] == k else 1 for d in range(n))), *full) for k, t in enumerate(ts))


def hstack(tensors: Sequence[Any]) -> Any:
    ts = [t if t.ndim else reshape(t, 1) for t in tensors]
    return cat(ts, 0 if ts[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Any]) -> Any:
    return cat([reshape(t, 1, -1) if t.ndim < 2 else t for t in tensors], 0)


NAMES = [
    "addcdiv", "addcmul", "as_strided", "cdist", "cummax", "cummin", "diag_embed",
    "fliplr", "flipud", "gather", "index_add", "index_copy", "index_fill", "index_select", "kthvalue", "lerp",
    "logcumsumexp", "masked_fill", "masked_select", "median", "nan_to_num", "nanmean", "nansum", "renorm", "repeat",
    "repeat_interleave", "rot90", "scatter", "scatter_add", "take", "take_along_dim", "tile", "topk", "unfold",
]  # fmt: skip
FREE_NAMES = ["block_diag", "hstack", "meshgrid", "vstack"]  # functions that are no methods
