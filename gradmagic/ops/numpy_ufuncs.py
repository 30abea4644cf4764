"""NumPy's ufuncs on Tensors: what each means, its options and its methods. Knows names; no graph.

Dtypes follow torch's promotion: integers become the default float in a function of floats, and a number or a 0-d Tensor
does not widen a Tensor with dimensions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine import leaving
from gradmagic.engine.kinds import Elementwise
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops import scipy_special
from gradmagic.ops.indexing import copy_
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.ops.operands import array_like, as_tensor, binary, operand, unary


def _both(name: str) -> Callable[..., Any]:
    function = F[name]

    def op(a: Any, b: Any) -> Any:
        b = operand(b)
        return function(operand(a) if isinstance(b, Tensor) else as_tensor(a), b)

    return op


# -- those that torch has no function for ---------------------------------------------------------------------------


def _matmul(a: Any, b: Any) -> Any:
    """The product, of mixed dtypes too: torch's own wants them equal."""
    a, b = same_dtype(a, b)
    return F["matmul"](a, b)


def same_dtype(*values: Any) -> list[Any]:
    """Tensors of one dtype, the one that NumPy finds for them all."""
    tensors = [array_like(v) for v in values]
    common = np.result_type(*(t._array.dtype for t in tensors))
    return [t if t._array.dtype == common else F["to"](t, dtype=common) for t in tensors]


def _conjugated(t: Any) -> Any:
    return F["conj"](array_like(t))


def _vecdot(a: Any, b: Any) -> Any:
    return F["sum"](_both("mul")(_conjugated(a), array_like(b)), -1)


def _matvec(a: Any, b: Any) -> Any:
    return _matmul(a, array_like(b)[..., None])[..., 0]


def _vecmat(a: Any, b: Any) -> Any:
    return _matmul(_conjugated(a)[..., None, :], b)[..., 0, :]


def _copysign(a: Any, b: Any) -> Any:
    sign = np.where(np.signbit(getattr(b, "_array", b)), -1.0, 1.0)
    return F["abs"](array_like(a)) * as_tensor(sign.astype(getattr(getattr(b, "_array", b), "dtype", np.float64)))


def _ldexp(a: Any, b: Any) -> Any:
    t = array_like(a)
    return F["mul"](t, as_tensor(np.ldexp(np.ones((), t._array.dtype), array_like(b)._array)))


def _frexp(x: Any) -> Any:
    """A mantissa between a half and one, and the exponent of two: a constant but for jumps."""
    exponent = np.frexp(x._array)[1]
    return F["mul"](x, as_tensor(np.ldexp(np.ones((), x._array.dtype), -exponent))), Tensor._of(np.asarray(exponent))


def _modf(x: Any) -> Any:
    whole = F["trunc"](x)
    return _copysign(x - whole, x), whole


def _sign(x: Any) -> Any:
    """Of a complex number, the one of length one in its direction."""
    if x._array.dtype.kind != "c":
        return F["sign"](x)
    size = F["abs"](x)
    return x / F["where"](size == 0, 1.0, size)


UFUNCS: dict[str, Callable[..., Any]] = {}
for _row in vars(E).values():
    if isinstance(_row, Elementwise) and isinstance(_row.fn, np.ufunc):
        UFUNCS[_row.fn.__name__] = (unary if _row.fn.nin == 1 else binary)(_row)
UFUNCS |= {
    "add": _both("add"), "subtract": _both("sub"), "multiply": _both("mul"), "divide": _both("div"), "power": F["pow"],
    "float_power": F["float_power"], "square": F["square"], "tanh": F["tanh"], "exp2": F["exp2"], "matmul": _matmul, "vecdot": _vecdot,
    "matvec": _matvec, "vecmat": _vecmat, "positive": lambda x: x, "fabs": F["abs"], "rint": F["round"],
    "reciprocal": F["reciprocal"], "radians": F["deg2rad"], "degrees": F["rad2deg"], "floor_divide": F["floor_divide"],
    "conjugate": F["conj"], "sign": _sign, "remainder": F["remainder"], "fmod": F["fmod"], "copysign": _copysign, "ldexp": _ldexp,
    "divmod": lambda a, b: (F["floor_divide"](a, b), F["remainder"](a, b)), "modf": _modf, "frexp": _frexp,
    "spacing": lambda x: x * 0 + as_tensor(np.spacing(x._array)),
    "equal": F["eq"], "not_equal": F["ne"], "less": F["lt"], "less_equal": F["le"], "greater": F["gt"], "greater_equal": F["ge"],
    "isnan": F["isnan"], "isinf": F["isinf"], "isfinite": F["isfinite"], "logical_not": F["logical_not"],
    "logical_and": F["logical_and"], "logical_or": F["logical_or"], "logical_xor": F["logical_xor"],
}  # fmt: skip

# booleans and integers: nothing that has a derivative
PLAIN = {"signbit", "isnat", "bitwise_and", "bitwise_or", "bitwise_xor", "invert", "left_shift", "right_shift", "gcd", "lcm",
         "bitwise_count"}  # fmt: skip


def _plain(ufunc: Any) -> Callable[..., Any]:
    return lambda *given: Tensor._of(np.asarray(ufunc(*(getattr(v, "_array", v) for v in given))))


def meaning(ufunc: Any) -> Callable[..., Any] | None:
    """What a ufunc is on Tensors, if it is known."""
    name = ufunc.__name__
    return UFUNCS.get(name) or (_plain(ufunc) if name in PLAIN else scipy_special.function(ufunc))


# -- options: out=, where=, dtype= ----------------------------------------------------------------------------------


_DEFAULTS = {"casting": "same_kind", "order": "K", "subok": True}


def with_options(function: Callable[..., Any], name: str, inputs: Any, out: Any, kwargs: dict[str, Any]) -> Any:
    """A ufunc called with more than its operands."""
    options = {k: v for k, v in kwargs.items() if k not in _DEFAULTS or v != _DEFAULTS[k]}
    dtype, where = options.pop("dtype", None), options.pop("where", True)
    if options:
        raise TypeError(f"np.{name}: {', '.join(f'{k}=' for k in options)} is not supported on Tensors. Leave it out.")
    if dtype is not None:
        inputs = [F["to"](array_like(v), dtype=dtype) for v in inputs]
    values = function(*(array_like(v) if isinstance(v, (list, tuple)) else v for v in inputs))
    if where is not True:
        if out is None or isinstance(values, tuple):
            raise TypeError(
                f"np.{name}: where= without out= leaves elements undefined. Use np.where(condition, np.{name}(...), otherwise)."
            )
        values = F["where"](array_like(where), values, array_like(out[0]))
    if out is None:
        return values
    done = tuple(v if o is None else deliver(v, o) for v, o in zip(_tuple(values), out, strict=True))
    return done if isinstance(values, tuple) else done[0]


def deliver(value: Any, out: Any) -> Any:
    """What ``out=`` asks for: written into a Tensor, or into an array if that loses no graph."""
    if isinstance(out, Tensor):
        return copy_(out, value)
    if value.requires_grad:
        raise RuntimeError(leaving.CANNOT + leaving.INTO_ARRAY)
    out[...] = value._array
    return out


def _tuple(values: Any) -> tuple[Any, ...]:
    return values if isinstance(values, tuple) else (values,)


# -- methods: np.add.reduce and its kin -----------------------------------------------------------------------------

_WHOLE: dict[str, Any] = {"add": np.sum, "multiply": np.prod, "maximum": np.max, "minimum": np.min}
_RUNNING = {"add": "cumsum", "multiply": "cumprod"}


def _reduce(ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False, **rest: Any) -> Any:
    whole = _WHOLE.get(ufunc.__name__)
    if whole is not None:
        return whole(array, axis=axis, keepdims=keepdims, **({} if dtype is None else {"dtype": dtype}), **rest)
    x = array_like(array)
    for d in sorted(range(x.ndim) if axis is None else _axes(axis, x.ndim), reverse=True):
        x = functools.reduce(_function(ufunc), F["unbind"](x, d))
        x = F["unsqueeze"](x, d) if keepdims else x
    return x


def _axes(axis: Any, ndim: int) -> list[int]:
    return [d % ndim for d in (axis if isinstance(axis, tuple) else (axis,))]


def _accumulate(ufunc: Any, array: Any, axis: int = 0, dtype: Any = None) -> Any:
    x = array_like(array) if dtype is None else F["to"](array_like(array), dtype=dtype)
    if ufunc.__name__ in _RUNNING:
        return F[_RUNNING[ufunc.__name__]](x, axis)
    parts = [F["select"](x, axis, 0)]
    for k in range(1, x.shape[axis]):
        parts.append(_function(ufunc)(parts[-1], F["select"](x, axis, k)))
    return F["stack"](parts, axis)


def _outer(ufunc: Any, a: Any, b: Any) -> Any:
    a, b = array_like(a), array_like(b)
    return _function(ufunc)(F["reshape"](a, *a.shape, *(1,) * b.ndim), b)


def _at(ufunc: Any, target: Any, index: Any, values: Any) -> None:
    sign = {"add": 1, "subtract": -1}.get(ufunc.__name__)
    if sign is None or not isinstance(target, Tensor):
        raise TypeError(
            f"np.{ufunc.__name__}.at on Tensors: only np.add.at and np.subtract.at, and only into a Tensor. "
            "Write t[index] = … otherwise."
        )
    places = tuple(getattr(i, "_array", i) for i in (index if isinstance(index, tuple) else (index,)))
    target.index_put_(places, array_like(values) * sign, accumulate=True)  # type: ignore[no-untyped-call, unused-ignore]


def _function(ufunc: Any) -> Callable[..., Any]:
    found = meaning(ufunc)
    if found is None:
        raise TypeError(
            f"np.{ufunc.__name__} has no derivative rule for Tensors here. Use tensor.detach().numpy() to leave the graph on purpose."
        )
    return found


METHODS: dict[str, Callable[..., Any]] = {"reduce": _reduce, "accumulate": _accumulate, "outer": _outer, "at": _at}
