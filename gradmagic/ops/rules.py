"""What the rules of later tables share: a row inside another row's rule. Knows the kinds; no particular op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.quiet import quiet


def called(row: Any) -> Callable[..., Any]:
    """A row as rules call it: its own arithmetic on arrays, the row itself on Tensors."""

    def call(*values: Any, **kwargs: Any) -> Any:
        if any(hasattr(v, "_array") for v in values):
            return row(*values, **kwargs)
        return quiet(row.fn, *values, **kwargs)

    return call


def _refuse_complex(fn: Callable[..., Any], dtype: np.dtype[Any]) -> None:
    if dtype.kind == "c":
        name = fn.__name__.strip("_").removesuffix("_one")
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.of(dtype).legacy}'")


def each(fn: Callable[[float], float]) -> Callable[[Any], Any]:
    """A function of one Python float, applied to every element in double precision."""
    ufunc = np.frompyfunc(fn, 1, 1)

    def apply(x: Any) -> Any:
        _refuse_complex(fn, x.dtype)
        return np.asarray(ufunc(np.asarray(x, np.float64)), np.float64).astype(x.dtype)

    return apply


def double(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays, computed in double precision and given back in its operand's dtype."""

    def apply(*arrays: Any, **kwargs: Any) -> Any:
        given = np.result_type(*arrays)
        _refuse_complex(fn, given)
        out = fn(*(np.asarray(a, np.float64) for a in arrays), **kwargs)
        return out.astype(given if given.kind == "f" else np.float64)

    apply.__name__ = getattr(fn, "__name__", "double")
    return apply
