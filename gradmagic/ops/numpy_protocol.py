"""Plain NumPy on Tensors: the two protocols by which NumPy hands its functions over. Knows names, no rule.

What each function means stands in the rooms beside this one, under NumPy's own names. What has no derivative by its nature
(positions, shapes, truth) is given arrays. Anything else is given arrays where no graph is lost, and refused otherwise.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from gradmagic.engine.op import as_array
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import (
    numpy_algebra,
    numpy_calculus,
    numpy_choosing,
    numpy_elementwise,
    numpy_fft,
    numpy_linalg,
    numpy_reductions,
    numpy_shapes,
    numpy_ufuncs,
)
from gradmagic.ops.numpy_ufuncs import deliver, meaning, with_options
from gradmagic.ops.operands import array_like


def _standing_in(room: ModuleType, namespace: Any) -> dict[Any, Callable[..., Any]]:
    """NumPy's functions, each with the function of a room that has its name."""
    ours = {n: f for n, f in vars(room).items() if getattr(f, "__module__", "") == room.__name__ and n[0] != "_"}
    return {getattr(namespace, n): f for n, f in ours.items() if hasattr(namespace, n)}


FUNCTIONS: dict[Any, Callable[..., Any]] = {}
for _room in (numpy_elementwise, numpy_shapes, numpy_choosing, numpy_reductions, numpy_calculus, numpy_algebra):
    FUNCTIONS |= _standing_in(_room, np)
FUNCTIONS |= _standing_in(numpy_choosing, np.lib.stride_tricks)
FUNCTIONS |= _standing_in(numpy_linalg, np.linalg) | _standing_in(numpy_fft, np.fft)

# These answer with numbers, positions, shapes or truth: nothing that has a derivative.
_PLAIN = [
    "shape", "ndim", "size", "argmax", "argmin", "nanargmax", "nanargmin", "argsort", "argpartition", "lexsort", "any", "all",
    "allclose", "isclose", "array_equal", "array_equiv", "nonzero", "flatnonzero", "argwhere", "count_nonzero", "result_type",
    "can_cast", "common_type", "min_scalar_type", "searchsorted", "digitize", "iscomplex", "isreal", "iscomplexobj",
    "isrealobj", "isin", "may_share_memory", "shares_memory", "array_repr", "array_str",
    "array2string", "diag_indices_from", "tril_indices_from", "triu_indices_from", "unravel_index",
    "ravel_multi_index", "einsum_path", "packbits", "unpackbits",
]  # fmt: skip
PLAIN = {getattr(np, name) for name in _PLAIN} | {np.linalg.matrix_rank}
# With `like=tensor` these make Tensors; the first of them of what they are given.
_CONVERTING = {"array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "require"}
_CREATING = {"zeros", "ones", "empty", "full", "eye", "identity", "arange", "tri", "fromfunction"}


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
    if method == "__call__":
        function = meaning(ufunc)
        if function is not None:
            if out is None and not kwargs and not any(type(v) in (list, tuple) for v in inputs):
                return function(*inputs)
            return with_options(function, ufunc.__name__, inputs, out, kwargs)
        return _without_a_rule(ufunc.__name__, ufunc, inputs, {"out": out, **kwargs} if out else kwargs)
    found = numpy_ufuncs.METHODS.get(method)
    if found is None:
        raise TypeError(_unknown(f"{ufunc.__name__}.{method}"))
    result = found(ufunc, *inputs, **{k: v for k, v in kwargs.items() if v is not None or k == "axis"})
    return result if out is None else deliver(result, out[0])


def _array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    function = FUNCTIONS.get(func)
    if function is not None:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                raise
        return _by_name(func, function, args, kwargs)
    if func in PLAIN:
        return func(*(_arrays(a) for a in args), **{k: _arrays(v) for k, v in kwargs.items()})
    if func.__name__ in _CONVERTING:
        t = array_like(args[0])
        dtype = args[1] if len(args) > 1 else kwargs.get("dtype")
        return numpy_shapes.astype(t, dtype or t._array.dtype, copy=func.__name__ == "array")
    if func.__name__ in _CREATING:
        return Tensor._of(func(*(_arrays(a) for a in args), **{k: _arrays(v) for k, v in kwargs.items()}))
    return _without_a_rule(_name(func), func, args, kwargs)


def _by_name(func: Any, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """A call whose arguments do not fit as they stand: ``out=`` is written to, defaults go, and what is left is refused."""
    parameters = inspect.signature(func).parameters
    star = [p for p in parameters.values() if p.kind is p.VAR_POSITIONAL]
    given = dict(kwargs) if star else dict(inspect.signature(func).bind(*args, **kwargs).arguments)
    out = given.pop("out", None)
    ours = inspect.signature(function).parameters
    for name in [n for n in given if n not in ours]:
        default = parameters[name].default if name in parameters else None
        if given[name] is default or (np.isscalar(given[name]) and given[name] == default):
            del given[name]
    strange = [n for n in given if n not in ours and not any(p.kind is p.VAR_KEYWORD for p in ours.values())]
    if strange:
        raise TypeError(
            f"{_name(func)}: {', '.join(f'{n}=' for n in strange)} is not supported on Tensors. Leave it out."
        )
    first = args if star else [given.pop(n) for n, p in ours.items() if p.kind is p.POSITIONAL_ONLY and n in given]
    result = function(*first, **given)
    return result if out is None else deliver(result, out[0] if isinstance(out, tuple) else out)


def _without_a_rule(name: str, func: Any, args: Any, kwargs: Any) -> Any:
    """On arrays, if no graph is lost."""
    if any(_requires_grad(v) for v in (*args, *kwargs.values())):
        raise TypeError(_unknown(name))
    return func(*(_arrays(a) for a in args), **{k: _arrays(v) for k, v in kwargs.items()})


def _requires_grad(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_requires_grad, value))
    return isinstance(value, Tensor) and value.requires_grad


def _arrays(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(_arrays(v) for v in value)
    return as_array(value)


def _name(func: Any) -> str:
    return f"{func.__module__.replace('numpy', 'np', 1)}.{func.__name__}"


def _unknown(name: str) -> str:
    full = name if name.startswith("np.") else f"np.{name}" if hasattr(np, name.partition(".")[0]) else name
    return f"{full} has no derivative rule for Tensors here. Use tensor.detach().numpy() to leave the graph on purpose."


setattr(Tensor, "__array_ufunc__", _array_ufunc)  # noqa: B010  the class is a floor below and knows no op
setattr(Tensor, "__array_function__", _array_function)  # noqa: B010
