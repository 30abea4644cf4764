"""What makes a Tensor behave: operators, methods and in-place methods, from the tables. Knows no rule."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine import devices, dtypes
from gradmagic.engine.backward import backward
from gradmagic.engine.inplace import turn, write
from gradmagic.engine.plainly import of_two
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops import indexing, reducing
from gradmagic.ops import shape as S
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.ops.names import NO_METHODS, by_either_name
from gradmagic.ops.operands import held, one_axis, operand, sizes_of
from gradmagic.ops.signatures import check
from gradmagic.ops.variants import done_in_place

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
    "clamp_min",
    "clamp_max",
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
    "asinh",
    "acosh",
    "atanh",
    "deg2rad",
    "rad2deg",
    "frac",
    "sgn",
    "sinc",
    "logit",
    "erf",
    "erfc",
    "erfinv",
    "lgamma",
    "digamma",
    "polygamma",
    "mvlgamma",
    "i0",
    "xlogy",
    "nan_to_num",
    "nextafter",
    "true_divide",
    "floor_divide",
    "float_power",
    "atan2",
    "hypot",
    "heaviside",
    "lerp",
    "addcmul",
    "addcdiv",
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "copysign",
    "conj_physical",
    "ldexp",
    "masked_scatter",
    "cumsum",
    "cumprod",
    "renorm",
    "tril",
    "triu",
    "masked_fill",
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "index_reduce",
    "put",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "absolute",
    "negative",
    "arcsin",
    "arccos",
    "arctan",
    "arcsinh",
    "arccosh",
    "arctanh",
    "arctan2",
    "subtract",
    "multiply",
    "divide",
    "fix",
    "clip",
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
]
# Those that torch has as functions too: torch.sin_(x).
FREE_IN_PLACE = [
    "abs", "acos", "acosh", "addmv", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "asin", "asinh", "atan",
    "atanh", "ceil", "clamp", "clip", "cos", "cosh", "deg2rad", "erf", "erfc", "exp", "exp2", "expm1", "fix", "floor", "frac",
    "i0", "index_put", "log", "log10", "log1p", "log2", "logit", "nan_to_num", "neg", "negative", "rad2deg", "reciprocal",
    "relu", "round", "rsqrt", "sigmoid", "sin", "sinc", "sinh", "sqrt", "square", "tan", "tanh", "trunc", "xlogy",
]  # fmt: skip
TURNED_IN_PLACE = ["squeeze", "unsqueeze", "t", "transpose", "swapaxes", "swapdims"]  # fmt: skip


def _in_place(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        try:
            return write(self, function, *args, **kwargs)
        except Exception:  # it may have got what torch would not have let in
            check(f"Tensor.{name}", args, kwargs)
            raise

    return method


# Methods that are asked about what they got only where they fail, as those along dimensions are anyway.
ASKED = {
    "reshape", "view", "matmul", "clamp", "pow", "permute", "transpose", "expand", "index_select", "masked_fill", "gather",
    "select", "narrow", "unsqueeze", "repeat", "tile", "masked_select", "take", "lerp", "addcmul", "addcdiv",
}  # fmt: skip


def _as_method(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    plain = getattr(function, "plain", None)
    if plain is not None:
        found = by_either_name(plain, f"Tensor.{name}")
        if found is not plain:
            return found
    return _asked(function, f"Tensor.{name}") if name in ASKED else function


def _asked(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def method(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception:
            check(name, args[1:], kwargs)
            raise

    return method


def _turned_in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        turn(self, function, *args, **kwargs)
        done_in_place(self)
        return self

    return method


def _operator(function: Callable[..., Any], symbol: str, swapped: bool = False) -> Callable[..., Any]:
    def method(self: Tensor, other: Any) -> Any:
        value = operand(other)
        if value is None:
            return NotImplemented
        return function(value, self) if swapped else function(self, value)

    method.__name__ = symbol
    return method


def _power(self: Tensor, exponent: Any) -> Any:
    if type(exponent) in (int, float) and self._array.dtype.kind == "f":
        return E.pow_scalar.one(self, exponent=exponent)
    value = operand(exponent)
    return NotImplemented if value is None else F["pow"](self, value)


def _augmented(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Tensor, other: Any) -> Any:
        value = operand(other)
        if value is None:
            return NotImplemented
        return write(self, function, value)

    return method


def _comparison(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Tensor, other: Any) -> Any:
        value = operand(other)
        return NotImplemented if value is None else function(self, value)

    return method


def _invert(self: Tensor) -> Any:
    if self._array.dtype.kind not in "bui":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return Tensor._of(np.invert(self._array))


def _backward(
    self: Tensor, gradient: Any = None, retain_graph: Any = None, create_graph: bool = False, inputs: Any = None
) -> None:
    """Add the gradients of this tensor to the ``.grad`` of the leaves."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


def _size(self: Tensor, dim: int | None = None) -> Any:
    return self.shape if dim is None else self.shape[one_axis(dim, self.ndim)]


def _cast(d: dtypes.dtype) -> Callable[..., Any]:
    return lambda self, memory_format=None: F["to"](self, d)


def _new(fill: Any) -> Callable[..., Any]:
    def method(self: Tensor, *size: Any, dtype: Any = None, requires_grad: bool = False) -> Any:
        kind = self._array.dtype if dtype is None else dtypes.to_numpy(dtype)
        t: Any = Tensor._of(np.full(sizes_of(size), fill, kind))
        t._wants_grad = requires_grad
        return t

    return method


def _permuted(self: Tensor) -> Any:
    return S.permute.one(held(self), dims=tuple(range(self._array.ndim))[::-1])


def _matrix_transposed(self: Tensor) -> Any:
    if self.ndim == 0:
        return self
    if self.ndim == 1:
        raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor.")
    return F["transpose"](self, -2, -1)


def _adjoint(self: Tensor) -> Any:
    return F["conj"](_matrix_transposed(self))


def set_(name: str, value: Any) -> None:
    setattr(Tensor, name, value)


def _matrix_product(self: Tensor, other: Any) -> Any:
    """Torch wants Tensors of one dtype; an array is promoted, as it is from the left."""
    if isinstance(other, Tensor):
        return F["matmul"](self, other)
    return np.matmul(self, other) if isinstance(other, np.ndarray) else NotImplemented


def _resize(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Give the tensor another size, in place; what lies in memory beyond its elements is anything."""
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    old, new = self._array.reshape(-1), np.empty(sizes_of(sizes), self._array.dtype)
    new.reshape(-1)[: old.size] = old[: new.size]
    self._array = new
    self._shared_log().stamp()
    return self


def _not_writable(name: str) -> Callable[[Tensor, Any], None]:
    def refuse(self: Tensor, value: Any) -> None:
        raise AttributeError(f"attribute '{name}' of 'torch._C.TensorBase' objects is not writable")

    return refuse


def _polygamma(self: Tensor, n: int) -> Any:
    return F["polygamma"](n, self)


def _part_setter(name: str) -> Callable[[Tensor, Any], None]:
    def into(self: Tensor, value: Any) -> None:
        F[name](self).copy_(
            value if isinstance(value, Tensor) else Tensor._of(np.asarray(value, self._array.real.dtype))
        )

    return into


def _install_bits() -> None:
    bits = {"and": "and", "or": "or", "xor": "xor", "lshift": "left_shift", "rshift": "right_shift"}
    for name, word in bits.items():
        set_(f"__{name}__", _operator(F[f"bitwise_{word}"], f"__{name}__"))
        set_(f"__r{name}__", _operator(F[f"bitwise_{word}"], f"__r{name}__", swapped=True))


def _install() -> None:
    for name, function in F.items():
        if name not in ("cat", "stack", "concat", "concatenate", "detach", "polygamma", "real", "where", *NO_METHODS):
            set_(name, _as_method(name, function))
    set_("where", lambda self, condition, other: F["where"](condition, self, other))
    for name in IN_PLACE:
        set_(name + "_", _in_place(getattr(Tensor, name) if name == "polygamma" else F[name], name + "_"))
    for name in TURNED_IN_PLACE:
        set_(name + "_", _turned_in_place(F[name]))
    arithmetic = {"add": F["add"], "sub": F["sub"], "mul": F["mul"], "truediv": F["div"], "pow": F["pow"], "matmul": F["matmul"],
                  "mod": F["remainder"], "floordiv": F["floor_divide"]}  # fmt: skip
    for name, function in arithmetic.items():
        set_(f"__{name}__", _operator(function, f"__{name}__"))
        set_(f"__r{name}__", _operator(function, f"__r{name}__", swapped=True))
        set_(f"__i{name}__", _augmented(function))
    set_("__rsub__", _operator(F["rsub"], "__rsub__"))
    for name, row in (("add", E.add), ("sub", E.sub), ("mul", E.mul), ("truediv", E.div)):
        set_(f"__{name}__", of_two(row, _operator(arithmetic[name], f"__{name}__")))
    for name, row in (("radd", E.add), ("rmul", E.mul)):
        set_(f"__{name}__", of_two(row, _operator(arithmetic[name[1:]], f"__{name}__")))
    set_("__pow__", _power)
    for name in ("__rtruediv__", "__rdiv__"):
        set_(name, _operator(lambda t, v: F["mul"](E.reciprocal(t), v), name))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        set_(f"__{name}__", _comparison(F[name]))
    _install_bits()
    set_("__neg__", F["neg"])
    set_("__pos__", lambda self: self)
    set_("__abs__", F["abs"])
    set_("__invert__", _invert)
    set_("__getitem__", indexing.getitem)
    set_("__setitem__", indexing.setitem)
    set_("backward", _backward)
    set_("size", _size)
    set_("dim", lambda self: self.ndim)
    set_("nelement", F["numel"])
    for name, done in (("_accumulated", indexing.accumulated), ("_summed_to", reducing.summed_to)):  # for the walk
        set_(name, done)
    set_("T", property(_permuted))
    set_("mT", property(_matrix_transposed))
    set_("mH", property(_adjoint))
    set_("H", property(_adjoint))
    set_("real", property(F["real"], _part_setter("real")))
    set_("imag", property(F["imag"], _part_setter("imag")))
    set_("new_zeros", _new(0))
    set_("new_ones", _new(1))
    set_("stride", lambda self: tuple(s // self._array.itemsize for s in np.asarray(self._array).strides))
    set_("is_contiguous", lambda self: np.asarray(self._array).flags.c_contiguous)
    set_("is_floating_point", lambda self: self.dtype.is_floating_point)
    set_("is_complex", lambda self: self.dtype.is_complex)
    set_("element_size", lambda self: self._array.itemsize)
    set_("data_ptr", lambda self: np.asarray(self._memory()).__array_interface__["data"][0])
    set_("cpu", lambda self: self)
    set_("cuda", lambda self, device=None: devices.refuse(devices.device("cuda")))
    set_("is_cuda", False)
    set_("is_sparse", False)
    set_("get_device", lambda self: -1)
    set_("view_as", lambda self, other: F["view"](self, *other.shape))
    set_("type", lambda self, d=None: f"torch.{self.dtype.legacy}Tensor" if d is None else F["to"](self, d))
    set_("type_as", lambda self, other: F["to"](self, other.dtype))
    for name in ("double", "float", "half", "long", "int", "bool", "cdouble", "cfloat"):
        set_(name, _cast(getattr(dtypes, name)))


set_("polygamma", _polygamma)
_backward.__name__ = "backward"
_install()
set_("resize_", _resize)
set_("__matmul__", _matrix_product)
set_(
    "__rmatmul__",
    lambda self, other: np.matmul(other, self) if isinstance(other, np.ndarray | Tensor) else NotImplemented,
)
for _name in ("H", "T", "_base", "_version", "device", "dtype", "grad_fn", "is_leaf", "mH", "mT", "ndim", "retains_grad",
              "shape"):  # fmt: skip
    set_(_name, getattr(Tensor, _name).setter(_not_writable(_name)))
