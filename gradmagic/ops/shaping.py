"""Views, joins and other moves of elements under torch's names and signatures. Knows the table of shapes; no graph."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import shape as S
from gradmagic.ops.operands import (
    as_tensor,
    axes_of,
    held,
    one_axis,
    sizes_of,
)

# -- shape --------------------------------------------------------------------------------------------------------


def _infer(sizes: tuple[int, ...], n: int, shape: Sequence[int]) -> tuple[int, ...]:
    if sizes.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    known = math.prod([s for s in sizes if s != -1])
    full = tuple(n // known if s == -1 and known else s for s in sizes)
    if math.prod(full) != n:
        raise RuntimeError(f"shape '{list(sizes)}' is invalid for input of size {n}")
    return full


def view(input: Tensor, *shape: Any) -> Any:
    if len(shape) == 1 and isinstance(shape[0], dtypes.dtype):
        return Tensor._of(input._array.view(shape[0].numpy_dtype))
    size = _infer(sizes_of(shape), input._array.size, input.shape)
    array = np.asarray(input._array)
    if not np.may_share_memory(array.reshape(size), array) and array.size:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return S.reshape.one(held(input), size=size)


def reshape(input: Tensor, *shape: Any) -> Any:
    size = _infer(sizes_of(shape), input._array.size, input.shape)
    array = held(input)._array
    if array.flags.c_contiguous:
        return S.reshape.one(input, size=size)
    if np.may_share_memory(array.reshape(size), array):
        return S.reshape_alias.one(input, size=size)
    return S.reshape_copy.one(S.clone_in_rows.one(input), size=size)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Any:
    n = input.ndim
    if n == 0:
        return reshape(input, 1)
    a, b = one_axis(start_dim, n), one_axis(end_dim, n)
    if a > b:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if a == b:
        return input
    return reshape(input, *input.shape[:a], math.prod(input.shape[a : b + 1]), *input.shape[b + 1 :])


def ravel(input: Tensor) -> Any:
    return reshape(contiguous(input), -1)


def expand(input: Tensor, *sizes: Any) -> Any:
    size = sizes_of(sizes)
    extra = len(size) - input.ndim
    _check_expand(input, size, extra)
    full = tuple(input.shape[i - extra] if s == -1 else s for i, s in enumerate(size))
    return S.expand.one(held(input), size=full)


def _check_expand(input: Tensor, size: tuple[int, ...], extra: int) -> None:
    if extra < 0:
        raise RuntimeError(
            f"expand({input.dtype.kind_of_tensor}{{{list(input.shape)}}}, size={list(size)}): the number of sizes "
            f"provided ({len(size)}) must be greater or equal to the number of dimensions in the tensor ({input.ndim})"
        )
    for d in reversed(range(len(size))):
        wanted, n = size[d], input.shape[d - extra] if d >= extra else 1
        if wanted == -1 and d < extra:
            raise RuntimeError(
                f"The expanded size of the tensor ({wanted}) isn't allowed in a leading, non-existing dimension {d}"
            )
        if wanted not in (-1, n) and n != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({wanted}) must match the existing size ({n}) at non-singleton dimension "
                f"{d}.  Target sizes: {list(size)}.  Tensor sizes: {list(input.shape)}"
            )


def expand_as(input: Tensor, other: Tensor) -> Any:
    return expand(input, *other.shape)


def broadcast_to(input: Tensor, size: Any) -> Any:
    return expand(input, *size)


def permute(input: Tensor, *dims: Any) -> Any:
    order = sizes_of(dims)
    if len(order) != input.ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering "
            f"of dimensions i.e. input.dim() = {input.ndim} is not equal to len(dims) = {len(order)}"
        )
    axes = tuple(one_axis(d, input.ndim) for d in order)
    if len(set(axes)) != len(axes):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return S.permute.one(held(input), dims=axes)


def transpose(input: Tensor, dim0: int, dim1: int) -> Any:
    n = input.ndim
    d0, d1 = one_axis(dim0, n), one_axis(dim1, n)
    return S.transpose.one(held(input), dim0=d0, dim1=d1) if n else S.alias.one(held(input))


def t(input: Tensor) -> Any:
    if input.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return S.t.one(held(input))


def movedim(input: Tensor, source: Any, destination: Any) -> Any:
    src = [one_axis(d, input.ndim) for d in (source if isinstance(source, (tuple, list)) else (source,))]
    dst = [one_axis(d, input.ndim) for d in (destination if isinstance(destination, (tuple, list)) else (destination,))]
    rest = [d for d in range(input.ndim) if d not in src]
    for d, s in sorted(zip(dst, src, strict=True)):
        rest.insert(d, s)
    return S.permute.one(held(input), dims=tuple(rest))


def unsqueeze(input: Tensor, dim: int) -> Any:
    return S.unsqueeze.one(held(input), dim=one_axis(dim, input.ndim + 1))


def squeeze(input: Tensor, dim: Any = None) -> Any:
    if dim is None:
        return S.squeeze.one(held(input), dim=None)
    row = S.squeeze_dims if isinstance(dim, (tuple, list)) else S.squeeze_dim
    return row(held(input), dim=axes_of(dim, input.ndim) or ())


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    d1, d2 = one_axis(dim1, input.ndim), one_axis(dim2, input.ndim)
    if d1 == d2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return S.diagonal.one(held(input), offset=offset, dim1=d1, dim2=d2)


def select(input: Tensor, dim: int, index: int) -> Any:
    if not input.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d = one_axis(dim, input.ndim)
    n = input.shape[d]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {d}"
        )
    return S.select(held(input), dim=d, index=int(index) % n)


def narrow(input: Tensor, dim: int, start: int, length: int) -> Any:
    if not input.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    d = one_axis(dim, input.ndim)
    n = input.shape[d]
    if not -n <= start <= n:
        raise IndexError(f"start out of range (expected to be in range of [{-n}, {n}], but got {start})")
    first = start + n if start < 0 else start
    if first + length > n:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({n}).")
    return S.slice_(held(input), dim=d, start=first, stop=first + length, step=1)


def unbind(input: Tensor, dim: int = 0) -> Any:
    d = one_axis(dim, input.ndim)
    if not input.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    if not input.shape[d]:
        return ()
    return S.unbind(held(input), dim=d)


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> Any:
    d = one_axis(dim, tensor.ndim)
    if not tensor.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    n = tensor.shape[d]
    if isinstance(split_size_or_sections, int):
        k = split_size_or_sections
        if k < 0:
            raise RuntimeError(f"split expects split_size be non-negative, but got split_size={k}")
        if k == 0 and n:
            raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
        sizes: Any = tuple(builtins.min(k, n - i) for i in range(0, n, k)) if n else (0,)
    else:
        return split_with_sizes(tensor, split_size_or_sections, dim)
    return S.split(held(tensor), dim=d, sizes=sizes)


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> Any:
    d = one_axis(dim, input.ndim)
    sizes = tuple(int(n) for n in split_sizes)
    if builtins.sum(sizes) != input.shape[d]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {input.shape[d]} (input tensor's size at dimension "
            f"{dim}), but got split_sizes={list(sizes)}"
        )
    return S.split_with_sizes(held(input), dim=d, sizes=sizes)


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> Any:
    """Parts of nearly equal sizes, the larger ones first; or cut before each of the indices."""
    if not input.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    d = one_axis(dim, input.ndim)
    n, given = input.shape[d], indices_or_sections
    if isinstance(given, Tensor):
        given = given.tolist()
    if isinstance(given, int):
        if given <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {given}")
        small, larger = divmod(n, given)
        ends = [small * (k + 1) + builtins.min(k + 1, larger) for k in range(given)]
    else:
        ends = [*(int(i) for i in given), n]
    starts = [0, *ends[:-1]]
    return tuple(_slice(input, d, a, b) for a, b in zip(starts, ends, strict=True))


def _slice(x: Tensor, d: int, start: int, stop: int) -> Any:
    start, stop, _ = slice(start, stop).indices(x.shape[d])
    return S.slice_(held(x), dim=d, start=start, stop=builtins.max(start, stop), step=1)


def _splitting(name: str, dim: int, at_least: int) -> Any:
    def split_along(input: Tensor, indices_or_sections: Any) -> Any:
        if input.ndim < at_least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {at_least} dimension{'s' * (at_least > 1)}, but got a tensor "
                f"with {input.ndim} dimensions!"
            )
        d = dim if input.ndim > 1 else 0
        if isinstance(indices_or_sections, int) and input.shape[d] % builtins.max(indices_or_sections, 1):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {d}, but the size of the dimension {input.shape[d]} is not "
                f"divisible by the split_size {indices_or_sections}!"
            )
        return tensor_split(input, indices_or_sections, d)

    split_along.__name__ = name
    return split_along


hsplit, vsplit, dsplit = _splitting("hsplit", 1, 1), _splitting("vsplit", 0, 2), _splitting("dsplit", 2, 3)


def unflatten(input: Tensor, dim: int, sizes: Any) -> Any:
    d = one_axis(dim, input.ndim)
    given = tuple(sizes)
    if not given:
        raise RuntimeError("unflatten: sizes must be non-empty")
    known = int(np.prod([n for n in given if n != -1]))
    full = tuple(input.shape[d] // known if n == -1 and known else n for n in given)
    if int(np.prod(full)) != input.shape[d]:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(given)} don't multiply up to the size of dim {d} ({input.shape[d]}) in the input "
            "tensor"
        )
    return view(input, *input.shape[:d], *full, *input.shape[d + 1 :])


def view_as(input: Tensor, other: Tensor) -> Any:
    return view(input, *other.shape)


def reshape_as(input: Tensor, other: Tensor) -> Any:
    return reshape(input, *other.shape)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> Any:
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    if not input.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    d = one_axis(dim, input.ndim)
    n = input.shape[d]
    return split(input, -(-n // chunks), dim) if n else split_with_sizes(input, (0,) * chunks, d)


def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    ts = [as_tensor(v) for v in tensors]
    full = [t for t in ts if t.shape != (0,)]  # torch lets empty vectors go, whatever the others are
    for k, t in enumerate(ts):
        if not t.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {k}) cannot be concatenated")
    d = one_axis(dim, (full or ts)[0].ndim)
    for k, t in enumerate(ts):
        if full and t.shape != (0,):
            _check_joined(full[0].shape, t.shape, d, k)
    return S.cat(ts, dim=d)


def _check_joined(first: Any, shape: Any, d: int, position: int) -> None:
    if len(first) != len(shape):
        raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
    for k, (n, m) in enumerate(zip(first, shape, strict=True)):
        if k != d and n != m:
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {d}. Expected size {n} but got size {m} for tensor number "
                f"{position} in the list."
            )


def stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    ts = [as_tensor(v) for v in tensors]
    if not ts:
        raise RuntimeError("stack expects a non-empty TensorList")
    for i, v in enumerate(ts):
        if v.shape != ts[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(ts[0].shape)} at entry 0 and {list(v.shape)} at "
                f"entry {i}"
            )
    return S.stack(ts, dim=one_axis(dim, ts[0].ndim + 1))


def flip(input: Tensor, *args: Any, dims: Any = None) -> Any:
    chosen = sizes_of(args) if dims is None else sizes_of((dims,))
    return S.flip(input, dims=axes_of(chosen, input.ndim) or ())


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Any:
    if dims is not None:
        dims = one_axis(dims, input.ndim) if isinstance(dims, int) else tuple(one_axis(d, input.ndim) for d in dims)
    return S.roll(input, shifts=shifts, dims=dims)


def _at_least_a_matrix(name: str, input: Tensor) -> None:
    if input.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")


def tril(input: Tensor, diagonal: int = 0) -> Any:
    _at_least_a_matrix("tril", input)
    return S.tril(input, diagonal=diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Any:
    _at_least_a_matrix("triu", input)
    return S.triu(input, diagonal=diagonal)


def contiguous(input: Tensor) -> Any:
    return input if np.asarray(input._array).flags.c_contiguous else S.clone_in_rows.one(input)


def detach(input: Tensor) -> Tensor:
    return input.detach()
