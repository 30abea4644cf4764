"""Arithmetic and comparison under torch's names and signatures. Knows the elementwise table; no graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.kinds import refuse_broadcast
from gradmagic.engine.layout import laid, like
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops.operands import (
    as_tensor,
    axes_of,
    floating,
    length,
    one_axis,
    operand,
)
from gradmagic.ops.outputs import into

# -- arithmetic ---------------------------------------------------------------------------------------------------


def add(input: Any, other: Any, *, alpha: Any = 1, out: Any = None) -> Any:
    if out is not None:
        return into(out, add, input, other, alpha=alpha)
    if alpha == 1 and not isinstance(alpha, Tensor):
        return E.add.two(as_tensor(input), other)
    return _scaled(E.add, E.add_scaled, as_tensor(input), other, alpha)


def sub(input: Any, other: Any, *, alpha: Any = 1, out: Any = None) -> Any:
    if out is not None:
        return into(out, sub, input, other, alpha=alpha)
    if isinstance(input, (bool, np.bool_)):  # a number, where a bool tensor would be refused
        return rsub(other, bool(input))
    if alpha == 1 and not isinstance(alpha, Tensor):
        return E.sub.two(as_tensor(input), other)
    return _scaled(E.sub, E.sub_scaled, as_tensor(input), other, alpha)


def _scaled(row: Any, scaled: Any, a: Any, b: Any, alpha: Any) -> Any:
    """One operand times alpha: a row of its own, unless it is 1 or a tensor that wants a gradient."""
    if isinstance(alpha, Tensor):
        if alpha.requires_grad:
            return row.two(a, b * alpha)
        alpha = alpha.item()
    if isinstance(alpha, float) and dtypes.result_dtype([a._array, getattr(b, "_array", b)]).kind in "bui":
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    return row.two(a, b) if alpha == 1 else scaled(a, operand(b), alpha=operand(alpha))


def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    if alpha != 1:
        return E.rsub_scaled(as_tensor(input), operand(other), alpha=operand(alpha))
    row = E.rsub_tensor if isinstance(other, Tensor) else E.rsub
    return row.two(as_tensor(input), other)


def _with_number(row: Any, of_number: Any) -> Any:
    """Torch has two rows for it: one for a tensor and one for a number."""

    def op(input: Any, other: Any) -> Any:
        a, b = operand(input), operand(other)
        return row(a, b) if isinstance(b, Tensor) else of_number(as_tensor(a), b)

    op.__name__ = row.name
    return op


remainder, fmod = _with_number(E.remainder, E.remainder_number), _with_number(E.fmod, E.fmod_number)


def sign(input: Any, *, out: Any = None) -> Any:
    if out is not None:
        return into(out, sign, input)
    t = as_tensor(input)
    return t.clone() if t._array.dtype.kind == "b" else E.sign(t)


def sgn(input: Any, *, out: Any = None) -> Any:
    if out is not None:
        return into(out, sgn, input)
    t = as_tensor(input)
    return t.clone() if t._array.dtype.kind == "b" else E.sgn(t)


def round(input: Any, *, decimals: int = 0) -> Any:
    return E.round(as_tensor(input)) if decimals == 0 else E.round_decimals(as_tensor(input), decimals=decimals)


def mul(input: Any, other: Any, *, out: Any = None) -> Any:
    if out is not None:
        return into(out, mul, input, other)
    return E.mul.two(as_tensor(input), operand(other))


def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Any = None) -> Any:
    if out is not None:
        return into(out, div, input, other, rounding_mode=rounding_mode)
    if rounding_mode is None:
        return E.div.two(as_tensor(input), operand(other))
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return (E.div_floor if rounding_mode == "floor" else E.div_trunc)(as_tensor(input), operand(other))


def pow(input: Any, exponent: Any, *, out: Any = None) -> Any:
    if out is not None:
        return into(out, pow, input, exponent)
    if not isinstance(input, Tensor):
        if isinstance(exponent, Tensor) and not isinstance(input, np.ndarray):
            base = operand(input)
            if isinstance(base, int) and exponent._array.dtype.kind in "ui" and np.any(exponent._array < 0):
                return Tensor._of(np.asarray(_int_power(np.asarray(base), exponent._array)))
            return E.pow_of_scalar(base, exponent)
        input = as_tensor(input)
    exponent = operand(exponent)
    if isinstance(exponent, Tensor):
        if input._array.dtype.kind in "ui" and exponent._array.dtype.kind in "ui" and np.any(exponent._array < 0):
            return Tensor._of(np.asarray(_int_power(input._array, exponent._array)))
        return E.pow_tensor.two(input, exponent)
    return _pow_number(input, exponent)


def _pow_number(x: Tensor, exponent: Any) -> Any:
    kind = x._array.dtype.kind
    if kind in "bui":
        if isinstance(exponent, int) and exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        if kind == "b" and isinstance(exponent, bool):
            return Tensor._of(x._array | (not exponent))
        if kind == "b" and isinstance(exponent, int):
            x = x.to(dtypes.int64)
        if isinstance(exponent, float):
            x = x.to(dtypes.get_default_dtype())
    if isinstance(exponent, complex) and kind != "c":
        x = x.to(x.dtype.to_complex())
    return E.pow_scalar.one(x, exponent=exponent)


def float_power(input: Any, exponent: Any) -> Any:
    both = (input, exponent)
    complex_ = "c" in {getattr(getattr(v, "_array", v), "dtype", np.dtype(type(v))).kind for v in both}
    double = dtypes.complex128 if complex_ else dtypes.float64
    return pow(*(v.to(double) if isinstance(v, Tensor) else v for v in both))


def _int_power(a: Any, b: Any) -> Any:
    """Torch's powers of integers: what lies between -1 and 1 becomes 0."""
    positive = np.power(a, np.maximum(b, 0))
    inverse = np.where(a == 1, 1, np.where(a == -1, 1 - 2 * (b % 2), 0))
    return np.where(b < 0, inverse, positive).astype(positive.dtype)


def floor_divide(input: Any, other: Any) -> Any:
    a, b = operand(input), operand(other)
    return E.floor_divide(a if isinstance(b, Tensor) else as_tensor(a), b)


def square(input: Any) -> Any:
    return _pow_number(input, 2)


def true_divide(input: Any, other: Any) -> Any:
    return div(input, other)


def clamp_min(input: Tensor, min: Any) -> Any:
    """At least ``min``, a number or a tensor."""
    if isinstance(min, Tensor):
        return E.clamp_min_tensor(input, min)
    return E.clamp_min_scalar(_wide_enough(input, min), min=min)


def clamp_max(input: Tensor, max: Any) -> Any:
    """At most ``max``, a number or a tensor."""
    if isinstance(max, Tensor):
        return E.clamp_max_tensor(input, max)
    return E.clamp_max_scalar(_wide_enough(input, max), max=max)


def _wide_enough(x: Tensor, *bounds: Any) -> Any:
    common = dtypes.of(dtypes.result_dtype([x._array, *(b for b in bounds if b is not None)]))
    return x if x.dtype is common else x.to(common)


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Any:
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        if min is None or max is None:
            return E.clamp_high(input, max) if min is None else E.clamp_low(input, min)
        return E.clamp_between(input, as_tensor(min), as_tensor(max))
    return E.clamp_scalar(_wide_enough(input, min, max), min=min, max=max)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    condition = as_tensor(condition)
    if input is None:
        return tuple(as_tensor(i) for i in np.nonzero(condition._array))
    a, b = operand(input), operand(other)
    refuse_broadcast([np.asarray(getattr(v, "_array", v)) for v in (condition, a, b)])
    common = dtypes.result_dtype([getattr(a, "_array", a), getattr(b, "_array", b)])
    a, b = (as_tensor(v) for v in (a, b))
    d = dtypes.of(common)
    return E.where(condition, a if a.dtype is d else a.to(d), b if b.dtype is d else b.to(d))


def logaddexp(input: Any, other: Any) -> Any:
    a, b = as_tensor(input), as_tensor(other)
    return (E.logaddexp_complex if "c" in (a._array.dtype.kind, b._array.dtype.kind) else E.logaddexp).two(a, b)


def sinc(input: Any) -> Any:
    return E.sinc(as_tensor(input))


def sin(input: Any) -> Any:
    return E.sin.one(as_tensor(input))


def tanh(input: Any) -> Any:
    return E.tanh.one(floating(input))


def exp2(input: Any) -> Any:
    return E.exp2.one(floating(input))


def sigmoid(input: Any) -> Any:
    return E.sigmoid.one(floating(input))


def relu(input: Any) -> Any:
    return E.relu.one(as_tensor(input))


# -- comparison: no graph -----------------------------------------------------------------------------------------


_ORDERS: dict[Any, str] = {np.less: "lt", np.less_equal: "le", np.greater: "gt", np.greater_equal: "ge"}


def _comparison(ufunc: Any) -> Any:
    ordered = ufunc in _ORDERS

    def compare(input: Any, other: Any) -> Any:
        a, b = getattr(input, "_array", input), getattr(other, "_array", other)
        if ordered and "c" in (dtypes.kind_of(a), dtypes.kind_of(b)):
            d = dtypes.of(dtypes.result_dtype([a, b]))
            raise NotImplementedError(f"\"{_ORDERS[ufunc]}_cpu\" not implemented for '{d.legacy}'")
        try:
            return Tensor._of(laid(np.asarray(ufunc(a, b)), (a, b)))
        except ValueError:
            refuse_broadcast([a, b])
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
    a, b = as_tensor(input)._array, as_tensor(other)._array
    return Tensor._of(laid(np.isclose(a, b, rtol, atol, equal_nan), (a, b)))


def allclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close, by torch's tolerances."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and the same values."""
    return input.shape == other.shape and bool(np.all(input._array == other._array))


def _position(name: str, find: Any) -> Any:
    def position(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
        a = input._array
        if a.dtype.kind == "b":
            raise RuntimeError(f"{name}(): does not support bool input")
        if dim is None and not a.size:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        d = None if dim is None else one_axis(dim, input.ndim)
        if d is not None and length(input, d) == 0:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")
        return Tensor._of(np.asarray(find(a, d if input.ndim else None, keepdims=keepdim)))

    position.__name__ = name
    return position


argmax, argmin = _position("argmax", np.argmax), _position("argmin", np.argmin)


def argsort(input: Tensor, dim: int = -1, descending: bool = False) -> Any:
    a = -input._array if descending else input._array
    order = np.argsort(a, one_axis(dim, input.ndim), kind="stable") if input.ndim else np.zeros((), np.int64)
    return Tensor._of(like(a, order))


def any(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    return Tensor._of(np.asarray(np.any(input._array, axes_of(dim, input.ndim), keepdims=keepdim)))


def all(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    return Tensor._of(np.asarray(np.all(input._array, axes_of(dim, input.ndim), keepdims=keepdim)))


def numel(input: Tensor) -> int:
    """How many elements a tensor has."""
    return int(input._array.size)
