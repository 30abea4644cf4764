"""The ops under torch's names and signatures, over the rows of the tables. Knows the tables and Tensors; no graph."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.inplace import write
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops import products as P
from gradmagic.ops import reductions as R
from gradmagic.ops import shape as S

Number = (int, float, complex, np.number, np.bool_)


def as_tensor(value: Any) -> Any:
    """A Tensor as it is; an array or a number as a constant."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray):
        dtypes.of(value.dtype)
        return Tensor._of(value)
    return Tensor._of(np.asarray(value, dtypes.result_dtype([value])))


def operand(value: Any) -> Any:
    """What an elementwise op takes: arrays become constant Tensors, numbers stay numbers."""
    if isinstance(value, (Tensor, int, float, complex)):
        return value
    if isinstance(value, np.ndarray):
        return as_tensor(value)
    if isinstance(value, (np.number, np.bool_)):
        return value.item()  # torch takes numpy's scalars for Python numbers
    return None


def _axis(dim: int, ndim: int) -> int:
    limit = ndim or 1
    if not -limit <= dim < limit:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-limit}, {limit - 1}], but got {dim})")
    return int(dim) % limit


def _axes(dim: Any, ndim: int) -> Any:
    if dim is None:
        return None
    dims = tuple(_axis(d, ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,)))
    if not dims:
        return None
    return () if ndim == 0 else dims


def _sizes(args: tuple[Any, ...]) -> tuple[int, ...]:
    if len(args) == 1 and isinstance(args[0], (tuple, list, dtypes.Size)):
        args = tuple(args[0])
    return tuple(int(a) for a in args)


# -- arithmetic ---------------------------------------------------------------------------------------------------


def add(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    return E.add(as_tensor(input), other if alpha == 1 else other * alpha)


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    return E.sub(as_tensor(input), other if alpha == 1 else other * alpha)


def rsub(input: Any, other: Any) -> Any:
    return E.rsub(as_tensor(input), other)


def mul(input: Any, other: Any) -> Any:
    return E.mul(as_tensor(input), operand(other))


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    quotient = E.div(as_tensor(input), operand(other))
    if rounding_mode is None:
        return quotient
    return E.floor(quotient) if rounding_mode == "floor" else E.trunc(quotient)


def pow(input: Any, exponent: Any) -> Any:
    if not isinstance(input, Tensor):
        if isinstance(exponent, Tensor) and not isinstance(input, np.ndarray):
            return E.pow_of_scalar(operand(input), exponent)
        input = as_tensor(input)
    exponent = operand(exponent)
    if isinstance(exponent, Tensor):
        return E.pow_tensor(input, exponent)
    return _pow_number(input, exponent)


def _pow_number(x: Tensor, exponent: Any) -> Any:
    kind = x._array.dtype.kind
    if kind in "bui":
        if isinstance(exponent, int) and exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        if isinstance(exponent, float):
            x = x.to(dtypes.get_default_dtype())
    if isinstance(exponent, complex) and kind != "c":
        x = x.to(x.dtype.to_complex())
    return E.pow_scalar(x, exponent=exponent)


def float_power(input: Any, exponent: Any) -> Any:
    double = dtypes.float64
    return pow(as_tensor(input).to(double), exponent.to(double) if isinstance(exponent, Tensor) else exponent)


def floor_divide(input: Any, other: Any) -> Any:
    return E.floor(E.div(as_tensor(input), operand(other)))


def square(input: Any) -> Any:
    return _pow_number(input, 2)


def true_divide(input: Any, other: Any) -> Any:
    return div(input, other)


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Any:
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        out = input
        if min is not None:
            low = as_tensor(min)
            out = where(input < low, low, out)
        if max is not None:
            high = as_tensor(max)
            out = where(out > high, high, out)
        return out
    return E.clamp_scalar(input, min=min, max=max)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    condition = as_tensor(condition)
    if input is None:
        return tuple(as_tensor(i) for i in np.nonzero(condition._array))
    a, b = operand(input), operand(other)
    common = dtypes.result_dtype([getattr(a, "_array", a), getattr(b, "_array", b)])
    a, b = (as_tensor(v) for v in (a, b))
    d = dtypes.of(common)
    return E.where(condition, a if a.dtype is d else a.to(d), b if b.dtype is d else b.to(d))


def sinc(input: Tensor) -> Any:
    scaled = input * np.pi
    zero = scaled == 0
    return where(zero, 1 - scaled * scaled / 6, sin(scaled) / where(zero, 1.0, scaled))


def sin(input: Any) -> Any:
    return E.sin(as_tensor(input))


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Any:
    return where(input * beta > threshold, input, E.logaddexp(input * beta, as_tensor(0.0)) / beta)


def tanh(input: Any) -> Any:
    return E.tanh(_floating(input))


def sigmoid(input: Any) -> Any:
    return E.sigmoid(_floating(input))


def relu(input: Any) -> Any:
    return E.relu(as_tensor(input))


def _floating(value: Any) -> Any:
    t = as_tensor(value)
    return t if t._array.dtype.kind in "fc" else t.to(dtypes.get_default_dtype())


# -- comparison: no graph -----------------------------------------------------------------------------------------


def _comparison(ufunc: Any) -> Any:
    def compare(input: Any, other: Any) -> Any:
        a, b = getattr(input, "_array", input), getattr(other, "_array", other)
        try:
            return Tensor._of(np.asarray(ufunc(a, b)))
        except ValueError:
            from gradmagic.engine.kinds import _refuse_broadcast

            _refuse_broadcast([a, b])
            raise

    compare.__name__ = ufunc.__name__
    return compare


eq, ne, lt, le, gt, ge = (
    _comparison(u) for u in (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
)
logical_and, logical_or, logical_xor = (_comparison(u) for u in (np.logical_and, np.logical_or, np.logical_xor))


def _predicate(ufunc: Any) -> Any:
    def test(input: Any) -> Any:
        return Tensor._of(np.asarray(ufunc(as_tensor(input)._array)))

    test.__name__ = ufunc.__name__
    return test


isnan, isinf, isfinite, logical_not = (_predicate(u) for u in (np.isnan, np.isinf, np.isfinite, np.logical_not))


def isclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    return Tensor._of(np.isclose(as_tensor(input)._array, as_tensor(other)._array, rtol, atol, equal_nan))


def allclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close, by torch's tolerances."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and the same values."""
    return input.shape == other.shape and bool(np.all(input._array == other._array))


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    return Tensor._of(np.asarray(np.argmax(input._array, dim, keepdims=keepdim)))


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    return Tensor._of(np.asarray(np.argmin(input._array, dim, keepdims=keepdim)))


def argsort(input: Tensor, dim: int = -1, descending: bool = False) -> Any:
    a = -input._array if descending else input._array
    return Tensor._of(np.argsort(a, dim, kind="stable"))


def any(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    return Tensor._of(np.asarray(np.any(input._array, dim, keepdims=keepdim)))


def all(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    return Tensor._of(np.asarray(np.all(input._array, dim, keepdims=keepdim)))


def numel(input: Tensor) -> int:
    """How many elements a tensor has."""
    return int(input._array.size)


# -- reductions ---------------------------------------------------------------------------------------------------


def _summand(input: Any, dtype: Any) -> Any:
    x = as_tensor(input)
    if dtype is not None:
        return x.to(dtype)
    return x.to(dtypes.int64) if x._array.dtype.kind in "bui" else x


def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    x = _summand(input, dtype)
    if dim is None:
        return R.sum(x, axis=None, keepdims=False)
    return R.sum_dim(x, axis=_axes(dim, x.ndim), keepdims=keepdim)


def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    x = as_tensor(input)
    x = x if dtype is None else x.to(dtype)
    if x._array.dtype.kind not in "fc":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: "
            f"{x.dtype.legacy}"
        )
    if dim is None:
        return R.mean(x, axis=None, keepdims=False)
    return R.mean_dim(x, axis=_axes(dim, x.ndim), keepdims=keepdim)


def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    x = _summand(input, dtype)
    if dim is None:
        return R.prod(x, axis=None, keepdims=False)
    return R.prod_dim(x, axis=_axes(dim, x.ndim), keepdims=keepdim)


def _spread_row(row: Any, name: str, input: Tensor, dim: Any, unbiased: Any, correction: Any, keepdim: bool) -> Any:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    k = (1 if unbiased is None or unbiased else 0) if correction is None else correction
    axes = _axes(dim, input.ndim)
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


class _Pair(NamedTuple):
    values: Any
    indices: Any


def _pair(name: str) -> Any:
    def shown(self: _Pair) -> str:
        return f"torch.return_types.{name}(\nvalues={self.values!r},\nindices={self.indices!r})"

    return type(name, (_Pair,), {"__slots__": (), "__repr__": shown})


_max_pair, _min_pair, _sort_pair = _pair("max"), _pair("min"), _pair("sort")


def max(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    if dim is None:
        return R.max_all(input, axis=None, keepdims=False)
    if isinstance(dim, Tensor):
        return E.maximum(input, dim)
    return _max_pair(*R.max_dim(input, axis=_axis(dim, input.ndim), keepdims=keepdim))


def min(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    if dim is None:
        return R.min_all(input, axis=None, keepdims=False)
    if isinstance(dim, Tensor):
        return E.minimum(input, dim)
    return _min_pair(*R.min_dim(input, axis=_axis(dim, input.ndim), keepdims=keepdim))


def amax(input: Tensor, dim: Any = (), keepdim: bool = False) -> Any:
    return R.amax(input, axis=_axes(dim, input.ndim), keepdims=keepdim)


def amin(input: Tensor, dim: Any = (), keepdim: bool = False) -> Any:
    return R.amin(input, axis=_axes(dim, input.ndim), keepdims=keepdim)


def sort(input: Tensor, dim: int = -1, descending: bool = False) -> Any:
    return _sort_pair(*R.sort(input, axis=_axis(dim, input.ndim), descending=descending))


def cumsum(input: Any, dim: int, *, dtype: Any = None) -> Any:
    x = _summand(input, dtype)
    return R.cumsum(x, axis=_axis(dim, x.ndim))


def cumprod(input: Any, dim: int, *, dtype: Any = None) -> Any:
    x = _summand(input, dtype)
    return R.cumprod(x, axis=_axis(dim, x.ndim))


def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Any:
    return R.logsumexp(input, axis=_axes(dim, input.ndim), keepdims=keepdim)


def softmax(input: Tensor, dim: int, dtype: Any = None) -> Any:
    x = input if dtype is None else input.to(dtype)
    return R.softmax(x, axis=_axis(dim, x.ndim))


def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Any:
    x = input if dtype is None else input.to(dtype)
    return R.log_softmax(x, axis=_axis(dim, x.ndim))


def norm(input: Tensor, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    if p in (2, "fro", 2.0):
        return R.norm(_floating(input), axis=_axes(dim, input.ndim), keepdims=keepdim)
    if p == 1:
        return sum(E.abs(input), dim, keepdim)
    if p == np.inf:
        return amax(E.abs(input), () if dim is None else dim, keepdim)
    return pow(sum(pow(E.abs(input), p), dim, keepdim), 1 / p)


# -- products -----------------------------------------------------------------------------------------------------


def matmul(input: Any, other: Any) -> Any:
    a, b = as_tensor(input), as_tensor(other)
    na, nb = a.ndim, b.ndim
    if na == 0 or nb == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {na}D and {nb}D")
    if a._array.dtype != b._array.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {a.dtype.legacy.lower()} != {b.dtype.legacy.lower()}"
        )
    _check_inner(a, b)
    if na == 1 and nb == 1:
        return P.dot(a, b)
    if nb == 1 and na == 2:
        return P.mv(a, b)
    if na == 1:
        return squeeze(matmul(unsqueeze(a, 0), b), -2)
    if nb == 1:
        return squeeze(matmul(a, unsqueeze(b, 1)), -1)
    return P.mm(a, b) if na == 2 and nb == 2 else P.bmm(a, b)


def _check_inner(a: Tensor, b: Tensor) -> None:
    inner, outer = a.shape[-1], b.shape[-2] if b.ndim > 1 else b.shape[0]
    if inner == outer:
        return
    if a.ndim == 1 and b.ndim == 1:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{inner}] and src [{outer}] to have the same number of elements, "
            f"but got {inner} and {outer} elements respectively"
        )
    if a.ndim == 2 and b.ndim == 1:
        raise RuntimeError(f"size mismatch, got input ({a.shape[0]}), mat ({a.shape[0]}x{inner}), vec ({outer})")
    left = a.shape if a.ndim > 1 else (1, inner)
    raise RuntimeError(
        f"mat1 and mat2 shapes cannot be multiplied ({'x'.join(map(str, left[-2:]))} and {'x'.join(map(str, b.shape[-2:]))})"
    )


def outer(input: Tensor, vec2: Tensor) -> Any:
    return unsqueeze(input, 1) * vec2


# -- shape --------------------------------------------------------------------------------------------------------


def _infer(sizes: tuple[int, ...], n: int, shape: Sequence[int]) -> tuple[int, ...]:
    if sizes.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    known = int(np.prod([s for s in sizes if s != -1], dtype=np.int64))
    full = tuple(n // known if s == -1 and known else s for s in sizes)
    if int(np.prod(full, dtype=np.int64)) != n:
        raise RuntimeError(f"shape '{list(sizes)}' is invalid for input of size {n}")
    return full


def view(input: Tensor, *shape: Any) -> Any:
    if len(shape) == 1 and isinstance(shape[0], dtypes.dtype):
        return Tensor._of(input._array.view(shape[0].numpy_dtype))
    size = _infer(_sizes(shape), input._array.size, input.shape)
    array = np.asarray(input._array)
    if not np.may_share_memory(array.reshape(size), array) and array.size:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return S.reshape(_held(input), size=size)


def reshape(input: Tensor, *shape: Any) -> Any:
    size = _infer(_sizes(shape), input._array.size, input.shape)
    array = _held(input)._array
    if np.may_share_memory(array.reshape(size), array) or not array.size:
        return S.reshape(input, size=size)
    return S.reshape_copy(S.clone(input), size=size)


def _held(t: Tensor) -> Tensor:
    """The tensor, with memory that a view can lie in: a numpy scalar has none."""
    t._shared_log()
    return t


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Any:
    n = input.ndim
    if n == 0:
        return reshape(input, 1)
    a, b = _axis(start_dim, n), _axis(end_dim, n)
    if a == b:
        return input
    return reshape(input, *input.shape[:a], -1, *input.shape[b + 1 :])


def ravel(input: Tensor) -> Any:
    return reshape(input, -1)


def expand(input: Tensor, *sizes: Any) -> Any:
    size = _sizes(sizes)
    extra = len(size) - input.ndim
    full = tuple(input.shape[i - extra] if s == -1 else s for i, s in enumerate(size))
    return S.expand(_held(input), size=full)


def expand_as(input: Tensor, other: Tensor) -> Any:
    return expand(input, *other.shape)


def broadcast_to(input: Tensor, size: Any) -> Any:
    return expand(input, *size)


def permute(input: Tensor, *dims: Any) -> Any:
    return S.permute(_held(input), dims=tuple(_axis(d, input.ndim) for d in _sizes(dims)))


def transpose(input: Tensor, dim0: int, dim1: int) -> Any:
    n = input.ndim
    return S.transpose(_held(input), dim0=_axis(dim0, n), dim1=_axis(dim1, n))


def t(input: Tensor) -> Any:
    if input.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return S.t(_held(input))


def movedim(input: Tensor, source: Any, destination: Any) -> Any:
    src = [_axis(d, input.ndim) for d in (source if isinstance(source, (tuple, list)) else (source,))]
    dst = [_axis(d, input.ndim) for d in (destination if isinstance(destination, (tuple, list)) else (destination,))]
    rest = [d for d in range(input.ndim) if d not in src]
    for d, s in sorted(zip(dst, src, strict=True)):
        rest.insert(d, s)
    return S.permute(_held(input), dims=tuple(rest))


def unsqueeze(input: Tensor, dim: int) -> Any:
    return S.unsqueeze(_held(input), dim=_axis(dim, input.ndim + 1))


def squeeze(input: Tensor, dim: Any = None) -> Any:
    if dim is None:
        return S.squeeze(_held(input), dim=None)
    return S.squeeze_dim(_held(input), dim=_axes(dim, input.ndim) or ())


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return S.diagonal(_held(input), offset=offset, dim1=dim1, dim2=dim2)


def select(input: Tensor, dim: int, index: int) -> Any:
    d = _axis(dim, input.ndim)
    n = input.shape[d]
    if not -n <= index < n:
        raise IndexError(f"index {index} is out of bounds for dimension {dim} with size {n}")
    return S.select(_held(input), dim=d, index=int(index) % n)


def narrow(input: Tensor, dim: int, start: int, length: int) -> Any:
    return S.slice_(_held(input), dim=_axis(dim, input.ndim), start=start, stop=start + length, step=1)


def unbind(input: Tensor, dim: int = 0) -> Any:
    return S.unbind(_held(input), dim=_axis(dim, input.ndim))


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> Any:
    d = _axis(dim, tensor.ndim)
    n = tensor.shape[d]
    if isinstance(split_size_or_sections, int):
        k = split_size_or_sections
        sizes: Any = tuple(builtins.min(k, n - i) for i in range(0, n, k))
    else:
        sizes = tuple(split_size_or_sections)
    return S.split(_held(tensor), dim=d, sizes=sizes)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> Any:
    n = input.shape[_axis(dim, input.ndim)]
    return split(input, -(-n // chunks), dim)


def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    ts = [as_tensor(v) for v in tensors]
    return S.cat(ts, dim=_axis(dim, ts[0].ndim))


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
    return S.stack(ts, dim=_axis(dim, ts[0].ndim + 1))


def flip(input: Tensor, *dims: Any) -> Any:
    return S.flip(input, dims=tuple(_axis(d, input.ndim) for d in _sizes(dims)))


def roll(input: Tensor, shifts: Any, dims: Any = None) -> Any:
    return S.roll(input, shifts=shifts, dims=dims)


def tril(input: Tensor, diagonal: int = 0) -> Any:
    return S.tril(input, diagonal=diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Any:
    return S.triu(input, diagonal=diagonal)


def diag(input: Tensor, diagonal: int = 0) -> Any:
    if input.ndim == 2:
        return clone(S.diagonal(_held(input), offset=diagonal, dim1=0, dim2=1))
    n = input.shape[0] + builtins.abs(diagonal)
    rows = np.arange(input.shape[0]) + builtins.max(-diagonal, 0)
    return S.put_add_op(input, shape=(n, n), index=(rows, rows + diagonal))


def clone(input: Tensor) -> Any:
    return S.clone(input)


def contiguous(input: Tensor) -> Any:
    return input if np.asarray(input._array).flags.c_contiguous else S.clone(input)


def detach(input: Tensor) -> Tensor:
    return input.detach()


def to(input: Tensor, *args: Any, dtype: Any = None, copy: bool = False, **_: Any) -> Any:
    """The tensor in another dtype; itself where that is its own."""
    for a in args:
        if isinstance(a, Tensor):
            dtype = a.dtype
        elif isinstance(a, dtypes.dtype):
            dtype = a
    if dtype is None or dtypes.to_numpy(dtype) == input._array.dtype:
        return S.clone(input) if copy else input
    return S.to_copy(input, dtype=dtypes.to_numpy(dtype))


def real(input: Tensor) -> Any:
    return input if input._array.dtype.kind != "c" else S.real(_held(input))


# -- indexing -----------------------------------------------------------------------------------------------------


def _plain(index: Any) -> Any:
    return index._array if isinstance(index, Tensor) else index


def _is_fancy(part: Any) -> bool:
    return isinstance(part, (list, np.ndarray)) or (
        isinstance(part, Tensor) and (part.ndim > 0 or part._array.dtype.kind == "b")
    )


def _parts(x: Tensor, index: Any) -> list[Any]:
    parts = list(index) if isinstance(index, tuple) else [index]
    used = builtins.sum(_width(p) for p in parts)
    if used > x.ndim:
        raise IndexError(f"too many indices for tensor of dimension {x.ndim}")
    if builtins.any(p is Ellipsis for p in parts):
        at = next(i for i, p in enumerate(parts) if p is Ellipsis)
        parts[at : at + 1] = [slice(None)] * (x.ndim - used)
    return parts


def _width(part: Any) -> int:
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    a = _plain(part)
    if isinstance(a, (np.ndarray, np.bool_)) and a.dtype.kind == "b":
        return int(a.ndim)
    return 1


def getitem(x: Tensor, index: Any) -> Any:
    """Basic indices one by one, as views; what is left of fancy ones at the end, as a copy."""
    parts = _parts(x, index)
    out, dim, fancy = x, 0, []
    for part in parts:
        out, dim, kept = _basic(out, dim, part)
        fancy.extend(kept)
    if builtins.any(f is not None for f in fancy):
        _check_mask(out, fancy)
        return S.index_op(out, index=tuple(slice(None) if f is None else f for f in fancy))
    if out is x:
        return S.alias(_held(x))
    return out


def _basic(out: Any, dim: int, part: Any) -> tuple[Any, int, list[Any]]:
    if part is None:
        return unsqueeze(out, dim), dim + 1, [None]
    if isinstance(part, slice):
        return _sliced(out, dim, part), dim + 1, [None]
    if _is_fancy(part):
        a = np.asarray(_plain(part))
        return out, dim + (a.ndim if a.dtype.kind == "b" else 1), [a if a.dtype.kind == "b" else a.astype(np.intp)]
    if isinstance(part, (int, np.integer, Tensor)) and not isinstance(part, bool):
        i, n = int(part), out.shape[dim]
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of bounds for dimension {dim} with size {n}")
        return S.select(_held(out), dim=dim, index=i % n), dim, []
    raise TypeError(
        f"only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {type(part).__name__})"
    )


def _sliced(out: Any, dim: int, part: slice) -> Any:
    if part.step is not None and int(part.step) <= 0:
        raise ValueError("step must be greater than zero")
    n = out.shape[dim]
    start, stop, step = part.indices(n)
    if part.start in (None, 0) and part.stop is None and step == 1:  # torch skips what asks for everything
        return out
    return S.slice_(_held(out), dim=dim, start=start, stop=builtins.max(stop, start), step=step)


def _check_mask(x: Tensor, fancy: list[Any]) -> None:
    at = 0
    for f in fancy:
        if f is not None and f.dtype.kind == "b":
            if f.shape != x.shape[at : at + f.ndim]:
                raise IndexError(
                    f"The shape of the mask {list(f.shape)} at index 0 does not match the shape of the indexed tensor "
                    f"{list(x.shape)} at index 0"
                )
            at += f.ndim
            continue
        if f is not None:
            n = x.shape[at]
            if f.size and not (-n <= f.min() and f.max() < n):
                bad = f[(f < -n) | (f >= n)].flat[0]
                raise IndexError(f"index {bad} is out of bounds for dimension {at} with size {n}")
        at += 1


def setitem(x: Tensor, index: Any, value: Any) -> None:
    """Write through a view; or, for fancy indices, by ``index_put_``."""
    parts = _parts(x, index)
    if not builtins.any(_is_fancy(p) for p in parts):
        target = getitem(x, index)
        _assign(target, value)
        return
    fancy = tuple(np.asarray(_plain(p)) if _is_fancy(p) else _plain(p) for p in parts)
    v = as_tensor(value)
    write(x, S.index_put, v if v._array.dtype == x._array.dtype else v.to(x.dtype), index=fancy, accumulate=False)


def _assign(target: Tensor, value: Any) -> None:
    if isinstance(value, Number):
        write(target, S.fill, value=operand(value))
        return
    copy_(target, as_tensor(value))


def copy_(input: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Write another tensor's values into this one."""
    v = as_tensor(src)
    extra = v.ndim - input.ndim
    if extra > 0 and v.shape[:extra] == (1,) * extra:
        v = reshape(v, *v.shape[extra:])  # torch lets leading ones go
    try:
        np.broadcast_shapes(v.shape, input.shape)
    except ValueError:
        from gradmagic.engine.kinds import _refuse_broadcast

        _refuse_broadcast([np.broadcast_to(np.empty(()), input.shape), v._array])
        raise
    return write(input, S.copy_values, v)


def fill_(input: Tensor, value: Any) -> Tensor:
    """Write one number everywhere."""
    return write(input, S.fill, value=value.item() if isinstance(value, Tensor) else value)


def zero_(input: Tensor) -> Tensor:
    """Write zeros everywhere."""
    return write(input, S.fill, value=0)


def index_put(input: Tensor, indices: Any, values: Any, accumulate: bool = False) -> Any:
    return S.index_put(input, as_tensor(values), index=tuple(_plain(i) for i in indices), accumulate=accumulate)


def accumulated(input: Tensor) -> Any:
    """A copy that remembers where it comes from: what ``.grad`` becomes under ``create_graph``."""
    return S.accumulated(input)
