"""Functions as torch's namespaces have them: what does not fit is refused in torch's words, and ``out=`` is taken.

Where NumPy's functions or the explorer's own names call the same ops, numbers and arrays are constants; torch wants
Tensors. Knows signatures; knows no op.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from gradmagic.engine.tensor import Tensor
from gradmagic.ops import outputs
from gradmagic.ops.operands import Number
from gradmagic.ops.signatures import check, tensors_first

Function = Callable[..., Any]


def as_torch_has_them(
    table: Mapping[str, Function], prefix: str = "", own_out: frozenset[str] = frozenset()
) -> dict[str, Function]:
    """The functions of a namespace, whose names in torch's messages begin with the prefix.

    ``own_out`` names those that take ``out=`` themselves, or not at all.
    """
    return {name: _as_torch_has_it(f, prefix + name, name not in own_out) for name, f in table.items()}


def _as_torch_has_it(function: Function, name: str, with_out: bool) -> Function:
    counts = tensors_first()
    of_row = getattr(function, "of_row", None)
    if of_row is not None and name in counts:
        make, row = of_row
        made: Function = make(row, name)
        made.__wrapped__ = function  # type: ignore[attr-defined]  # as the wrappers have it
        return made
    if name not in counts:
        return outputs.with_out(function) if with_out else function
    return _checked(function, name, counts[name], with_out)


def _checked(function: Function, name: str, first: int, with_out: bool) -> Function:
    @functools.wraps(function)
    def op(*args: Any, **kwargs: Any) -> Any:
        if not (args and isinstance(args[0], Tensor) and first < 2) and _may_not_fit(args, first):
            check(name, args, kwargs)
        out = kwargs.pop("out", None) if kwargs and with_out else None
        try:
            return function(*args, **kwargs) if out is None else outputs.into(out, function, *args, **kwargs)
        except Exception:  # it may have met what torch would not have let in
            check(name, args, kwargs if out is None else {**kwargs, "out": out})
            raise

    return op


def _may_not_fit(args: tuple[Any, ...], first: int) -> bool:
    """Whether there are fewer Tensors at the beginning than must be, or nothing but numbers where there must be one."""
    if first > 0:
        return len(args) < first or not all(isinstance(a, Tensor) for a in args[:first])
    if first < 0:
        return bool(args) and isinstance(args[0], float)
    return not args or (isinstance(args[0], Number) and not any(isinstance(a, Tensor) for a in args))
