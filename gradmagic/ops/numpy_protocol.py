"""Plain NumPy on Tensors: which function each ufunc and each array function means. Knows names, no rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.inplace import write
from gradmagic.engine.kinds import Elementwise
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops import fourier, indexing, linalg, scipy_special
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.ops.operands import as_tensor, binary, one_axis, operand, unary

# -- plain NumPy on Tensors -----------------------------------------------------------------------------------------

_UFUNCS: dict[str, Callable[..., Any]] = {}
for _row in vars(E).values():
    if isinstance(_row, Elementwise) and isinstance(_row.fn, np.ufunc):
        _UFUNCS[_row.fn.__name__] = (unary if _row.fn.nin == 1 else binary)(_row)
_UFUNCS |= {
    "add": lambda a, b: _both(F["add"], a, b), "subtract": lambda a, b: _both(F["sub"], a, b),
    "multiply": lambda a, b: _both(F["mul"], a, b), "divide": lambda a, b: _both(F["div"], a, b),
    "power": lambda a, b: F["pow"](a, b), "float_power": F["float_power"], "square": F["square"], "tanh": F["tanh"],
    "matmul": lambda a, b: F["matmul"](a, b), "positive": lambda x: x, "fabs": F["abs"], "rint": F["round"],
    "reciprocal": F["reciprocal"], "radians": F["deg2rad"], "degrees": F["rad2deg"],
    "floor_divide": F["floor_divide"], "conjugate": F["conj"],
    "equal": F["eq"], "not_equal": F["ne"], "less": F["lt"], "less_equal": F["le"], "greater": F["gt"], "greater_equal": F["ge"],
    "isnan": F["isnan"], "isinf": F["isinf"], "isfinite": F["isfinite"], "logical_not": F["logical_not"],
    "logical_and": F["logical_and"], "logical_or": F["logical_or"], "logical_xor": F["logical_xor"],
    "signbit": lambda x: Tensor._of(np.signbit(x._array)),
    "bitwise_and": lambda a, b: Tensor._of(np.bitwise_and(_raw(a), _raw(b))),
    "bitwise_or": lambda a, b: Tensor._of(np.bitwise_or(_raw(a), _raw(b))),
    "invert": lambda x: Tensor._of(np.invert(x._array)),
}  # fmt: skip


def _raw(value: Any) -> Any:
    return getattr(value, "_array", value)


def _both(function: Callable[..., Any], a: Any, b: Any) -> Any:
    return function(as_tensor(a) if not isinstance(b, Tensor) else operand(a), operand(b))


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **_: Any) -> Any:
        return function(a, axis, bool(keepdims) if keepdims is not np._NoValue else False)

    return reduce


def _spread(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: int = 0, keepdims: Any = False
    ) -> Any:
        return function(a, axis, keepdim=keepdims is True, correction=ddof)

    return reduce


def _extremum(whole: Callable[..., Any], along: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, **_: Any) -> Any:
        return whole(a) if axis is None else along(a, axis, keepdims is True)

    return reduce


def _broadcast_list(arrays: Any) -> list[Any]:
    return [as_tensor(a) for a in arrays]


_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: _reduced(F["sum"]), np.mean: _reduced(F["mean"]), np.prod: _reduced(F["prod"]),
    np.var: _spread(F["var"]), np.std: _spread(F["std"]),
    np.max: _extremum(F["max"], F["amax"]), np.min: _extremum(F["min"], F["amin"]),
    np.amax: _extremum(F["max"], F["amax"]), np.amin: _extremum(F["min"], F["amin"]),
    np.cumsum: lambda a, axis=None, **_: F["cumsum"](a if axis is not None else F["ravel"](a), axis or 0),
    np.cumprod: lambda a, axis=None, **_: F["cumprod"](a if axis is not None else F["ravel"](a), axis or 0),
    np.where: lambda condition, x=None, y=None: F["where"](condition, x, y),
    np.clip: lambda a, a_min=None, a_max=None, **_: F["clamp"](a, a_min, a_max),
    np.dot: lambda a, b: F["matmul"](a, b) if np.ndim(_raw(a)) and np.ndim(_raw(b)) else _both(F["mul"], a, b),
    np.outer: lambda a, b: F["outer"](as_tensor(a), as_tensor(b)),
    np.reshape: lambda a, shape, **_: F["reshape"](a, shape),
    np.ravel: lambda a, **_: F["reshape"](a, -1),
    np.transpose: lambda a, axes=None: F["permute"](a, *(axes if axes is not None else reversed(range(a.ndim)))),
    np.swapaxes: lambda a, axis1, axis2: F["transpose"](a, axis1, axis2),
    np.moveaxis: lambda a, source, destination: F["movedim"](a, source, destination),
    np.expand_dims: lambda a, axis: _expand_dims(a, axis),
    np.squeeze: lambda a, axis=None: F["squeeze"](a, axis),
    np.broadcast_to: lambda array, shape, **_: F["expand"](array, *((shape,) if isinstance(shape, int) else shape)),
    np.concatenate: lambda arrays, axis=0, **_: F["cat"](_broadcast_list(arrays), axis),
    np.stack: lambda arrays, axis=0, **_: F["stack"](_broadcast_list(arrays), axis),
    np.flip: lambda m, axis=None: F["flip"](m, tuple(range(m.ndim)) if axis is None else axis),
    np.roll: lambda a, shift, axis=None: F["roll"](a, shift, axis),
    np.tril: lambda m, k=0: F["tril"](m, k), np.triu: lambda m, k=0: F["triu"](m, k),
    np.copy: lambda a, **_: F["clone"](a), np.real: F["real"], np.sinc: F["sinc"],
    np.round: lambda a, decimals=0, **_: F["round"](a),
    np.linalg.norm: lambda x, ord=None, axis=None, keepdims=False: F["norm"](x, 2 if ord is None else ord, axis, keepdims),
    np.linalg.inv: linalg.inv, np.linalg.det: linalg.det, np.linalg.slogdet: linalg.slogdet, np.linalg.pinv: linalg.pinv,
    np.linalg.solve: lambda a, b: linalg.solve(as_tensor(a), as_tensor(b)), np.linalg.cholesky: linalg.cholesky,
    np.linalg.qr: linalg.qr, np.linalg.eigh: linalg.eigh, np.linalg.eigvalsh: linalg.eigvalsh,
    np.linalg.svd: lambda a, full_matrices=True, compute_uv=True, **_: linalg.svd(a, full_matrices) if compute_uv else linalg.svdvals(a),
    np.linalg.matrix_power: linalg.matrix_power, np.linalg.multi_dot: linalg.multi_dot, np.linalg.cond: linalg.cond,
    np.linalg.svdvals: linalg.svdvals, np.linalg.matrix_norm: lambda x, *, keepdims=False, ord="fro": linalg.matrix_norm(x, ord, (-2, -1), keepdims),
    np.linalg.vector_norm: lambda x, *, axis=None, keepdims=False, ord=2: linalg.vector_norm(x, ord, axis, keepdims),
    np.linalg.lstsq: lambda a, b, rcond=None: linalg.lstsq(as_tensor(a), as_tensor(b)), np.trace: linalg.trace,
    np.einsum: lambda equation, *operands, **_: F["einsum"](equation, *map(as_tensor, operands)),
    np.tensordot: lambda a, b, axes=2: F["tensordot"](as_tensor(a), as_tensor(b), axes),
    np.kron: lambda a, b: F["kron"](as_tensor(a), as_tensor(b)), np.inner: lambda a, b: F["inner"](as_tensor(a), as_tensor(b)),
    np.diff: lambda a, n=1, axis=-1, **_: F["diff"](a, n, axis), np.nansum: _reduced(F["nansum"]),
    np.nanmean: _reduced(F["nanmean"]), np.tile: lambda A, reps: F["tile"](A, reps), np.rot90: F["rot90"],
    np.trapezoid: lambda y, x=None, dx=1.0, axis=-1: F["trapezoid"](as_tensor(y), x if x is None else as_tensor(x), dx=dx, dim=axis),
    np.hstack: lambda tup, **_: F["hstack"](_broadcast_list(tup)), np.vstack: lambda tup, **_: F["vstack"](_broadcast_list(tup)),
    np.diag: lambda v, k=0: F["diag"](v, k), np.fliplr: F["fliplr"], np.flipud: F["flipud"],
    np.repeat: lambda a, repeats, axis=None: F["repeat_interleave"](a, as_tensor(repeats), axis),
    np.nan_to_num: lambda x, copy=True, nan=0.0, posinf=None, neginf=None: F["nan_to_num"](x, nan, posinf, neginf),
    np.imag: F["imag"], np.angle: lambda z, deg=False: F["rad2deg"](F["angle"](z)) if deg else F["angle"](z),
    **{getattr(np.fft, name): getattr(fourier, name) for name in fourier.NAMES if hasattr(np.fft, name)},
    np.zeros_like: lambda a, dtype=None, **_: Tensor._of(np.zeros(a._array.shape, dtype or a._array.dtype)),
    np.ones_like: lambda a, dtype=None, **_: Tensor._of(np.ones(a._array.shape, dtype or a._array.dtype)),
    np.full_like: lambda a, fill_value, dtype=None, **_: Tensor._of(np.full(a._array.shape, fill_value, dtype or a._array.dtype)),
    np.sort: lambda a, axis=-1, **_: F["sort"](a, axis).values,
    np.diagonal: lambda a, offset=0, axis1=0, axis2=1: F["diagonal"](a, offset, axis1, axis2),
    np.take_along_axis: lambda arr, indices, axis=-1: indexing.getitem(arr, _along(arr, indices, axis)),
}  # fmt: skip

# These answer with plain numbers, arrays of numbers or booleans: nothing that has a derivative.
_PASS_THROUGH = {
    np.shape, np.ndim, np.size, np.argmax, np.argmin, np.argsort, np.any, np.all, np.allclose, np.isclose, np.array_equal,
    np.nonzero, np.count_nonzero, np.result_type, np.searchsorted, np.iscomplexobj, np.isrealobj, np.may_share_memory,
    np.shares_memory, np.array_repr, np.array_str,
}  # fmt: skip


def _expand_dims(a: Any, axis: Any) -> Any:
    n = a.ndim + (len(axis) if isinstance(axis, (tuple, list)) else 1)
    for d in sorted(one_axis(i, n) for i in (axis if isinstance(axis, (tuple, list)) else (axis,))):
        a = F["unsqueeze"](a, d)
    return a


def _along(arr: Any, indices: Any, axis: int) -> Any:
    grid = list(np.indices(np.shape(_raw(indices)), sparse=True))
    grid[axis] = _raw(indices)
    return tuple(np.broadcast_arrays(*grid))


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
    if method == "__call__" and not kwargs:
        function = _UFUNCS.get(ufunc.__name__) or scipy_special.function(ufunc)
        if function is not None:
            if out is None:
                return function(*inputs)
            if isinstance(out[0], Tensor):
                return write(out[0], lambda _, *given: function(*given), *inputs)
            return function(*inputs)  # `ndarray += tensor` rebinds the name to a Tensor: an array could not remember
    if method == "reduce" and ufunc.__name__ in _REDUCERS and out is None:
        return _FUNCTIONS[_REDUCERS[ufunc.__name__]](*inputs, **kwargs)
    raise TypeError(
        f"np.{ufunc.__name__}{'' if method == '__call__' else '.' + method} has no derivative rule for Tensors here. "
        "Use tensor.detach().numpy() to leave the graph on purpose."
    )


_REDUCERS = {"add": np.sum, "multiply": np.prod, "maximum": np.max, "minimum": np.min}


def _array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    function = _FUNCTIONS.get(func)
    if function is not None:
        return function(*args, **kwargs)
    if func in _PASS_THROUGH:
        return func(*(_deep_raw(a) for a in args), **{k: _deep_raw(v) for k, v in kwargs.items()})
    raise TypeError(
        f"np.{func.__name__} has no derivative rule for Tensors here. Use tensor.detach().numpy() to leave the graph on "
        "purpose."
    )


def _deep_raw(value: Any) -> Any:
    return type(value)(_raw(v) for v in value) if isinstance(value, (list, tuple)) else _raw(value)


setattr(Tensor, "__array_ufunc__", _array_ufunc)  # noqa: B010  the class is a floor below and knows no op
setattr(Tensor, "__array_function__", _array_function)  # noqa: B010
