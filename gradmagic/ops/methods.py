"""What makes a Tensor behave: operators, methods, in-place methods and NumPy's protocols, from the tables below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.backward import backward
from gradmagic.engine.inplace import write
from gradmagic.engine.kinds import Elementwise
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops import functional as F

UNARY = [
    "neg",
    "positive",
    "deg2rad",
    "rad2deg",
    "sign",
    "floor",
    "ceil",
    "trunc",
    "round",
    "frac",
    "reciprocal",
    "sqrt",
    "rsqrt",
    "cbrt",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "asinh",
    "acosh",
    "atanh",
    "abs",
]
BINARY = [
    "remainder",
    "fmod",
    "atan2",
    "hypot",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "logaddexp",
    "logaddexp2",
    "heaviside",
]
OTHERS = [
    "add",
    "sub",
    "mul",
    "div",
    "true_divide",
    "floor_divide",
    "pow",
    "float_power",
    "square",
    "clamp",
    "where",
    "sinc",
    "tanh",
    "sigmoid",
    "relu",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "isnan",
    "isinf",
    "isfinite",
    "isclose",
    "allclose",
    "equal",
    "argmax",
    "argmin",
    "argsort",
    "any",
    "all",
    "numel",
    "sum",
    "mean",
    "prod",
    "var",
    "std",
    "max",
    "min",
    "amax",
    "amin",
    "sort",
    "cumsum",
    "cumprod",
    "logsumexp",
    "softmax",
    "log_softmax",
    "norm",
    "matmul",
    "outer",
    "view",
    "reshape",
    "flatten",
    "ravel",
    "expand",
    "expand_as",
    "broadcast_to",
    "permute",
    "transpose",
    "t",
    "movedim",
    "unsqueeze",
    "squeeze",
    "diagonal",
    "select",
    "narrow",
    "unbind",
    "split",
    "chunk",
    "flip",
    "roll",
    "tril",
    "triu",
    "diag",
    "clone",
    "contiguous",
    "index_put",
    "to",
    "copy_",
    "fill_",
    "zero_",
]
ALIASES = {
    "absolute": "abs", "negative": "neg", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh", "arctan2": "atan2", "subtract": "sub", "multiply": "mul", "divide": "div",
    "fix": "trunc", "sgn": "sign", "clip": "clamp", "concat": "cat", "concatenate": "cat", "swapaxes": "transpose",
    "swapdims": "transpose", "moveaxis": "movedim", "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le",
    "not_equal": "ne",
}  # fmt: skip
IN_PLACE = [
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "neg",
    "exp",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "log",
    "abs",
    "tanh",
    "sigmoid",
    "relu",
    "clamp",
    "square",
    "reciprocal",
    "floor",
    "ceil",
    "round",
    "trunc",
    "sign",
    "remainder",
    "fmod",
    "rsqrt",
    "exp2",
    "expm1",
    "log1p",
    "log2",
    "log10",
    "sinh",
    "cosh",
    "asin",
    "acos",
    "atan",
]


def _unary(row: Any) -> Callable[..., Any]:
    def op(input: Any) -> Any:
        return row(F.as_tensor(input))

    op.__name__ = row.name
    return op


def _binary(row: Any) -> Callable[..., Any]:
    def op(input: Any, other: Any) -> Any:
        a, b = F.operand(input), F.operand(other)
        return row(a if isinstance(b, Tensor) else F.as_tensor(a), b)

    op.__name__ = row.name
    return op


def functions() -> dict[str, Callable[..., Any]]:
    """Torch's functions over the ops, by name."""
    table: dict[str, Callable[..., Any]] = {name: _unary(getattr(E, name)) for name in UNARY}
    table |= {name: _binary(getattr(E, name)) for name in BINARY}
    table |= {name: getattr(F, name) for name in OTHERS}
    table |= {name: getattr(F, name) for name in ("cat", "stack", "real", "rsub", "softplus", "detach")}
    table |= {alias: table[name] for alias, name in ALIASES.items()}
    return table


FUNCTIONS = functions()


def _in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return write(self, function, *args, **kwargs)

    return method


def _operator(function: Callable[..., Any], symbol: str, swapped: bool = False) -> Callable[..., Any]:
    def method(self: Tensor, other: Any) -> Any:
        value = F.operand(other)
        if value is None:
            return NotImplemented
        return function(value, self) if swapped else function(self, value)

    method.__name__ = symbol
    return method


def _augmented(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Tensor, other: Any) -> Any:
        value = F.operand(other)
        if value is None:
            return NotImplemented
        return write(self, function, value)

    return method


def _comparison(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Tensor, other: Any) -> Any:
        value = F.operand(other)
        return NotImplemented if value is None else function(self, value)

    return method


def _invert(self: Tensor) -> Any:
    return Tensor._of(np.invert(self._array))


def _backward(
    self: Tensor, gradient: Any = None, retain_graph: Any = None, create_graph: bool = False, inputs: Any = None
) -> None:
    """Add the gradients of this tensor to the ``.grad`` of the leaves."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


def _size(self: Tensor, dim: int | None = None) -> Any:
    return self.shape if dim is None else self.shape[dim]


def _cast(d: dtypes.dtype) -> Callable[[Tensor], Any]:
    return lambda self: F.to(self, d)


def _new(fill: Any) -> Callable[..., Any]:
    def method(self: Tensor, *size: Any, dtype: Any = None, requires_grad: bool = False) -> Any:
        kind = self._array.dtype if dtype is None else dtypes.to_numpy(dtype)
        t: Any = Tensor._of(np.full(F._sizes(size), fill, kind))
        t._wants_grad = requires_grad
        return t

    return method


def _permuted(self: Tensor) -> Any:
    return F.permute(self, *reversed(range(self.ndim)))


def _matrix_transposed(self: Tensor) -> Any:
    return F.transpose(self, -2, -1)


def set_(name: str, value: Any) -> None:
    setattr(Tensor, name, value)


def _install() -> None:
    for name, function in FUNCTIONS.items():
        if name not in ("cat", "stack", "concat", "concatenate", "detach", "real", "where", "softplus"):
            set_(name, function)
    set_("where", lambda self, condition, other: F.where(condition, self, other))
    for name in IN_PLACE:
        set_(name + "_", _in_place(FUNCTIONS[name]))
    arithmetic = {"add": F.add, "sub": F.sub, "mul": F.mul, "truediv": F.div, "pow": F.pow, "matmul": F.matmul,
                  "mod": FUNCTIONS["remainder"], "floordiv": F.floor_divide}  # fmt: skip
    for name, function in arithmetic.items():
        set_(f"__{name}__", _operator(function, f"__{name}__"))
        set_(f"__r{name}__", _operator(function, f"__r{name}__", swapped=True))
        set_(f"__i{name}__", _augmented(function))
    set_("__radd__", _operator(F.add, "__radd__"))
    set_("__rmul__", _operator(F.mul, "__rmul__"))
    set_("__rsub__", _operator(F.rsub, "__rsub__"))
    set_("__rtruediv__", _operator(lambda t, v: F.mul(E.reciprocal(t), v), "__rtruediv__"))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        set_(f"__{name}__", _comparison(FUNCTIONS[name]))
    for name, ufunc in (("and", np.bitwise_and), ("or", np.bitwise_or), ("xor", np.bitwise_xor)):
        set_(
            f"__{name}__",
            lambda self, other, u=ufunc: Tensor._of(np.asarray(u(self._array, getattr(other, "_array", other)))),
        )
    set_("__neg__", FUNCTIONS["neg"])
    set_("__pos__", lambda self: self)
    set_("__abs__", FUNCTIONS["abs"])
    set_("__invert__", _invert)
    set_("__getitem__", F.getitem)
    set_("__setitem__", F.setitem)
    set_("backward", _backward)
    set_("size", _size)
    set_("dim", lambda self: self.ndim)
    set_("nelement", F.numel)
    set_("_accumulated", F.accumulated)
    set_("T", property(_permuted))
    set_("mT", property(_matrix_transposed))
    set_("real", property(F.real))
    set_("new_zeros", _new(0))
    set_("new_ones", _new(1))
    set_("stride", lambda self: tuple(s // self._array.itemsize for s in np.asarray(self._array).strides))
    set_("is_contiguous", lambda self: np.asarray(self._array).flags.c_contiguous)
    set_("is_floating_point", lambda self: self.dtype.is_floating_point)
    set_("is_complex", lambda self: self.dtype.is_complex)
    set_("element_size", lambda self: self._array.itemsize)
    set_("data_ptr", lambda self: np.asarray(self._array).__array_interface__["data"][0])
    set_("cpu", lambda self: self)
    set_("type", lambda self, d=None: f"torch.{self.dtype.legacy}Tensor" if d is None else F.to(self, d))
    set_("type_as", lambda self, other: F.to(self, other.dtype))
    for name in ("double", "float", "half", "long", "int", "bool"):
        set_(name, _cast(getattr(dtypes, name)))


# -- plain NumPy on Tensors -----------------------------------------------------------------------------------------

_UFUNCS: dict[str, Callable[..., Any]] = {}
for _row in vars(E).values():
    if isinstance(_row, Elementwise) and isinstance(_row.fn, np.ufunc):
        _UFUNCS[_row.fn.__name__] = (_unary if _row.fn.nin == 1 else _binary)(_row)
_UFUNCS |= {
    "add": lambda a, b: _both(F.add, a, b), "subtract": lambda a, b: _both(F.sub, a, b),
    "multiply": lambda a, b: _both(F.mul, a, b), "divide": lambda a, b: _both(F.div, a, b),
    "power": lambda a, b: F.pow(a, b), "float_power": F.float_power, "square": F.square, "tanh": F.tanh,
    "matmul": lambda a, b: F.matmul(a, b), "positive": lambda x: x, "fabs": FUNCTIONS["abs"], "rint": FUNCTIONS["round"],
    "reciprocal": FUNCTIONS["reciprocal"], "radians": FUNCTIONS["deg2rad"], "degrees": FUNCTIONS["rad2deg"],
    "floor_divide": F.floor_divide, "conjugate": lambda x: x,
    "equal": F.eq, "not_equal": F.ne, "less": F.lt, "less_equal": F.le, "greater": F.gt, "greater_equal": F.ge,
    "isnan": F.isnan, "isinf": F.isinf, "isfinite": F.isfinite, "logical_not": F.logical_not,
    "logical_and": F.logical_and, "logical_or": F.logical_or, "logical_xor": F.logical_xor,
    "signbit": lambda x: Tensor._of(np.signbit(x._array)),
    "bitwise_and": lambda a, b: Tensor._of(np.bitwise_and(_raw(a), _raw(b))),
    "bitwise_or": lambda a, b: Tensor._of(np.bitwise_or(_raw(a), _raw(b))),
    "invert": _invert,
}  # fmt: skip


def _raw(value: Any) -> Any:
    return getattr(value, "_array", value)


def _both(function: Callable[..., Any], a: Any, b: Any) -> Any:
    return function(F.as_tensor(a) if not isinstance(b, Tensor) else F.operand(a), F.operand(b))


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
    return [F.as_tensor(a) for a in arrays]


_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: _reduced(F.sum), np.mean: _reduced(F.mean), np.prod: _reduced(F.prod),
    np.var: _spread(F.var), np.std: _spread(F.std),
    np.max: _extremum(F.max, F.amax), np.min: _extremum(F.min, F.amin),
    np.amax: _extremum(F.max, F.amax), np.amin: _extremum(F.min, F.amin),
    np.cumsum: lambda a, axis=None, **_: F.cumsum(a if axis is not None else F.ravel(a), axis or 0),
    np.cumprod: lambda a, axis=None, **_: F.cumprod(a if axis is not None else F.ravel(a), axis or 0),
    np.where: lambda condition, x=None, y=None: F.where(condition, x, y),
    np.clip: lambda a, a_min=None, a_max=None, **_: F.clamp(a, a_min, a_max),
    np.dot: lambda a, b: F.matmul(a, b) if np.ndim(_raw(a)) and np.ndim(_raw(b)) else _both(F.mul, a, b),
    np.outer: lambda a, b: F.outer(F.as_tensor(a), F.as_tensor(b)),
    np.reshape: lambda a, shape, **_: F.reshape(a, shape),
    np.ravel: lambda a, **_: F.reshape(a, -1),
    np.transpose: lambda a, axes=None: F.permute(a, *(axes if axes is not None else reversed(range(a.ndim)))),
    np.swapaxes: lambda a, axis1, axis2: F.transpose(a, axis1, axis2),
    np.moveaxis: lambda a, source, destination: F.movedim(a, source, destination),
    np.expand_dims: lambda a, axis: _expand_dims(a, axis),
    np.squeeze: lambda a, axis=None: F.squeeze(a, axis),
    np.broadcast_to: lambda array, shape, **_: F.expand(array, *((shape,) if isinstance(shape, int) else shape)),
    np.concatenate: lambda arrays, axis=0, **_: F.cat(_broadcast_list(arrays), axis),
    np.stack: lambda arrays, axis=0, **_: F.stack(_broadcast_list(arrays), axis),
    np.flip: lambda m, axis=None: F.flip(m, tuple(range(m.ndim)) if axis is None else axis),
    np.roll: lambda a, shift, axis=None: F.roll(a, shift, axis),
    np.tril: lambda m, k=0: F.tril(m, k), np.triu: lambda m, k=0: F.triu(m, k),
    np.copy: lambda a, **_: F.clone(a), np.real: F.real, np.sinc: F.sinc,
    np.round: lambda a, decimals=0, **_: FUNCTIONS["round"](a),
    np.linalg.norm: lambda x, ord=None, axis=None, keepdims=False: F.norm(x, 2 if ord is None else ord, axis, keepdims),
    np.zeros_like: lambda a, dtype=None, **_: Tensor._of(np.zeros(a._array.shape, dtype or a._array.dtype)),
    np.ones_like: lambda a, dtype=None, **_: Tensor._of(np.ones(a._array.shape, dtype or a._array.dtype)),
    np.full_like: lambda a, fill_value, dtype=None, **_: Tensor._of(np.full(a._array.shape, fill_value, dtype or a._array.dtype)),
    np.sort: lambda a, axis=-1, **_: F.sort(a, axis).values,
    np.diagonal: lambda a, offset=0, axis1=0, axis2=1: F.diagonal(a, offset, axis1, axis2),
    np.take_along_axis: lambda arr, indices, axis=-1: F.getitem(arr, _along(arr, indices, axis)),
}  # fmt: skip

# These answer with plain numbers, arrays of numbers or booleans: nothing that has a derivative.
_PASS_THROUGH = {
    np.shape, np.ndim, np.size, np.argmax, np.argmin, np.argsort, np.any, np.all, np.allclose, np.isclose, np.array_equal,
    np.nonzero, np.count_nonzero, np.result_type, np.searchsorted, np.iscomplexobj, np.isrealobj, np.may_share_memory,
    np.shares_memory, np.array_repr, np.array_str,
}  # fmt: skip


def _expand_dims(a: Any, axis: Any) -> Any:
    n = a.ndim + (len(axis) if isinstance(axis, (tuple, list)) else 1)
    for d in sorted(F._axis(i, n) for i in (axis if isinstance(axis, (tuple, list)) else (axis,))):
        a = F.unsqueeze(a, d)
    return a


def _along(arr: Any, indices: Any, axis: int) -> Any:
    grid = list(np.indices(np.shape(_raw(indices)), sparse=True))
    grid[axis] = _raw(indices)
    return tuple(np.broadcast_arrays(*grid))


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
    if method == "__call__" and not kwargs:
        function = _UFUNCS.get(ufunc.__name__)
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


_install()
set_("__array_ufunc__", _array_ufunc)
set_("__array_function__", _array_function)
