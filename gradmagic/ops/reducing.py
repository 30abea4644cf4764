"""Reductions and products under torch's names and signatures. Knows their tables; no graph."""

from __future__ import annotations

import builtins
import math
import warnings
from typing import Any, NamedTuple

from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops import folding
from gradmagic.ops import products as P
from gradmagic.ops import reductions as R
from gradmagic.ops import shape as S
from gradmagic.ops.folding import check_inner
from gradmagic.ops.operands import (
    as_tensor,
    axes_of,
    floating,
    held,
    length,
    one_axis,
    sizes_of,
    summand,
)
from gradmagic.ops.outputs import into
from gradmagic.ops.shaping import reshape, unsqueeze

# -- reductions ---------------------------------------------------------------------------------------------------


def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None) -> Any:
    if out is not None:
        return into(out, sum, input, dim, keepdim, dtype=dtype)
    x = summand(input, dtype)
    if dim is None:
        return R.sum.one(x, axis=None, keepdims=False)
    return R.sum_dim.one(x, axis=axes_of(dim, x.ndim), keepdims=keepdim)


def summed_to(input: Tensor, axes: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """A sum over these axes, in a shape without some of them: what undoes broadcasting in a graph."""
    x = R.sum_dim.one(input, axis=axes, keepdims=True) if axes else input
    return x if x._array.shape == shape else S.reshape.one(held(x), size=shape)


def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None) -> Any:
    if out is not None:
        return into(out, mean, input, dim, keepdim, dtype=dtype)
    x = as_tensor(input)
    x = x if dtype is None else x.to(dtype)
    if x._array.dtype.kind not in "fc":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: "
            f"{x.dtype.legacy}"
        )
    if dim is None:
        return R.mean.one(x, axis=None, keepdims=False)
    return R.mean_dim.one(x, axis=axes_of(dim, x.ndim), keepdims=keepdim)


def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    x = summand(input, dtype)
    if dim is None:
        return R.prod(x, axis=None, keepdims=False)
    return R.prod_dim(x, axis=axes_of(dim, x.ndim), keepdims=keepdim)


def _spread_row(row: Any, name: str, input: Tensor, dim: Any, unbiased: Any, correction: Any, keepdim: bool) -> Any:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    k = (1 if unbiased is None or unbiased else 0) if correction is None else correction
    axes = axes_of(dim, input.ndim)
    if R._count(input.shape, axes) - k <= 0:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input "
            "numel divided by output numel).",
            UserWarning,
            stacklevel=3,
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numpy warns of the same in its own words
        return row(input, axis=axes, keepdims=keepdim, correction=k)


def var(input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Any:
    return _spread_row(R.var, "var", input, dim, unbiased, correction, keepdim)


def std(input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Any:
    return _spread_row(R.std, "std", input, dim, unbiased, correction, keepdim)


def sum_to_size(input: Tensor, *size: Any) -> Any:
    """Summed over what broadcasting to its shape would have added."""
    sizes = sizes_of(size)
    extra = input.ndim - len(sizes)
    if extra < 0 or builtins.any(
        b not in (1, a) for a, b in zip(input.shape[builtins.max(extra, 0) :], sizes, strict=True)
    ):
        raise RuntimeError(f"size {{{list(sizes)}}} is not expandable to size {{{list(input.shape)}}}.")
    axes = [*range(extra), *(d + extra for d, n in enumerate(sizes) if n == 1 and input.shape[d + extra] != 1)]
    out = sum(input, axes, keepdim=True) if axes else input
    return reshape(out, *sizes) if extra else out


class _Pair(NamedTuple):
    values: Any
    indices: Any


def _pair(name: str) -> Any:
    def shown(self: _Pair) -> str:
        return f"torch.return_types.{type(self).__name__}(\nvalues={self.values!r},\nindices={self.indices!r})"

    return type(name, (_Pair,), {"__slots__": (), "__repr__": shown})


_max_pair, _min_pair, _sort_pair = _pair("max"), _pair("min"), _pair("sort")


def _not_empty(name: str, input: Any, dim: Any) -> None:
    """Torch's words where an extremum is asked of nothing."""
    if input._array.size:
        return
    if dim is None or dim == ():
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
            "'dim' argument."
        )
    for d in axes_of(dim, input.ndim):
        if length(input, d) == 0:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


def max(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    if not isinstance(dim, Tensor):
        _not_empty("max", input, dim)
    if dim is None:
        return R.max_all(input, axis=None, keepdims=False)
    if isinstance(dim, Tensor):
        return E.maximum(input, dim)
    return _max_pair(*R.max_dim(input, axis=one_axis(dim, input.ndim), keepdims=keepdim))


def min(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    if not isinstance(dim, Tensor):
        _not_empty("min", input, dim)
    if dim is None:
        return R.min_all(input, axis=None, keepdims=False)
    if isinstance(dim, Tensor):
        return E.minimum(input, dim)
    return _min_pair(*R.min_dim(input, axis=one_axis(dim, input.ndim), keepdims=keepdim))


def amax(input: Tensor, dim: Any = (), keepdim: bool = False) -> Any:
    _not_empty("amax", input, dim)
    return R.amax(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)


def amin(input: Tensor, dim: Any = (), keepdim: bool = False) -> Any:
    _not_empty("amin", input, dim)
    return R.amin(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)


def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> Any:
    row = R.sort if stable is None else R.sort_stable
    return _sort_pair(*row(input, axis=one_axis(dim, input.ndim), descending=descending))


def cumsum(input: Any, dim: int, *, dtype: Any = None) -> Any:
    x = summand(input, dtype)
    return R.cumsum(x, axis=one_axis(dim, x.ndim))


def cumprod(input: Any, dim: int, *, dtype: Any = None) -> Any:
    x = summand(input, dtype)
    return R.cumprod(x, axis=one_axis(dim, x.ndim))


def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Any:
    return R.logsumexp(floating(input), axis=axes_of(dim, input.ndim), keepdims=keepdim)


def softmax(input: Tensor, dim: int, dtype: Any = None) -> Any:
    x = input if dtype is None else input.to(dtype)
    return R.softmax(x, axis=one_axis(dim, x.ndim))


def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Any:
    x = input if dtype is None else input.to(dtype)
    return R.log_softmax(x, axis=one_axis(dim, x.ndim))


def norm(input: Tensor, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    if input._array.dtype.kind not in "fc":
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {input.dtype.legacy}"
        )
    axes = axes_of(dim, input.ndim)
    if p in (None, 2, "fro", 2.0):
        return R.norm(input, axis=axes, keepdims=keepdim)
    if p == "nuc":
        from gradmagic.ops.linalg import matrix_norm  # that room is built on this one

        return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim)
    if builtins.abs(p) == math.inf and not input._array.size and (not axes or 0 in [input.shape[d] for d in axes]):
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {p} norm on an empty tensor because the operation does not have an identity"
        )
    return R.norm_p(input, p=p, axis=axes, keepdims=keepdim)


# -- products -----------------------------------------------------------------------------------------------------


def matmul(input: Any, other: Any, *, out: Any = None) -> Any:
    if out is not None:
        return into(out, matmul, input, other)
    a, b = as_tensor(input), as_tensor(other)
    na, nb = a._array.ndim, b._array.ndim
    if na == 0 or nb == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {na}D and {nb}D")
    check_dtypes(a, b)
    if na > 2 or nb > 2:
        return folding.product(a, b)
    check_inner(a, b)
    if na == nb == 1:
        return _product("dot", a, b)
    if na == 1:
        return S.squeeze_own(P.mm.two(unsqueeze(a, 0), b), dim=(0,))
    return P.mv.two(a, b) if nb == 1 else P.mm.two(a, b)


def check_dtypes(a: Tensor, b: Tensor) -> None:
    if a._array.dtype == b._array.dtype:
        return
    first, second = a.dtype.legacy, b.dtype.legacy
    if a.ndim == b.ndim == 1:
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {first} and {second}")
    raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {first.lower()} != {second.lower()}")


def _product(name: str, a: Tensor, b: Tensor) -> Any:
    """Of two vectors; the derivative in the one is the other, conjugated where the product did not."""
    check_inner(a, b)
    return (P.vdot if name == "vdot" else P.dot).two(a, b)


def outer(input: Tensor, vec2: Tensor) -> Any:
    for name, given in (("self", input), ("vec2", vec2)):
        if given.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {given.ndim}-D")
    return input.reshape(len(input), 1) * vec2
