"""In what order the elements of a result lie in memory: torch's, for which a later ``view`` may be refused. Knows arrays only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Literal

import numpy as np


def laid(y: Any, operands: Sequence[Any]) -> Any:
    """A result in the order of its operands. Where they disagree the first decides in torch, and rows win in numpy."""
    arrays = [a for a in operands if isinstance(a, np.ndarray)]
    if y.ndim < 2 or (y.flags.c_contiguous and all(_lies_in_rows(a) for a in arrays)):
        return y
    return by_strides(y, [_spread(a, y.shape) for a in arrays])


def _lies_in_rows(a: Any) -> bool:
    """Whether the last dimension is fastest, and those of one element have the step that they have in rows."""
    if 1 not in a.shape or not a.flags.c_contiguous:
        return bool(a.flags.c_contiguous)
    step = a.itemsize
    for s, n in zip(a.strides[::-1], a.shape[::-1], strict=True):
        if s != step:
            return False
        step *= n
    return True


def by_strides(y: Any, strides: Sequence[Sequence[int]]) -> Any:
    """The same, for operands that have these strides along the dimensions of the result."""
    slowest_first = _fastest_first(strides, y.shape)[::-1]
    if y.transpose(slowest_first).flags.c_contiguous:
        return y
    out = np.empty([y.shape[d] for d in slowest_first], y.dtype).transpose(np.argsort(slowest_first))
    out[...] = y
    return out


def seen(x: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """An array's memory seen in another shape, without numpy's long way to a view."""
    x = np.asarray(x)
    if x.flags.c_contiguous:
        return np.ndarray(shape, x.dtype, x, 0, strides)
    return np.lib.stride_tricks.as_strided(x, shape, strides)


def like(x: Any, y: Any) -> Any:
    """A result of x's shape in the order of x."""
    return by_strides(y, [x.strides]) if y.ndim > 1 else y


def order(x: Any) -> Literal["C", "K"]:
    """What numpy calls the order of a new array like this one: that of its axes is kept, where elements do not share memory."""
    return "C" if 0 in x.strides else "K"


def copied(x: Any) -> Any:
    """A copy in the order of the original, without its gaps."""
    y = np.array(x)
    return like(x, y) if 0 in x.strides else y


def cast(x: Any, dtype: Any) -> Any:
    """The same in another dtype."""
    y = x.astype(dtype)
    return like(x, y) if 0 in x.strides else y


def with_its_memory(x: Any, memo: dict[int, Any]) -> Any:
    """A copy that lies in a copy of the original's memory as the original does, and with all others that lie there.

    ``memo`` holds, by their ids, the copies of memory made so far.
    """
    owner = x
    while (under := getattr(owner, "base", None)) is not None and hasattr(under, "__array_interface__"):
        owner = under
    if not isinstance(owner, np.ndarray) or not owner.flags.owndata or not x.size:
        return np.array(x)
    if id(owner) not in memo:
        memo[id(owner)] = np.array(owner)
    memory = memo[id(owner)]
    if x is owner:
        return memory
    return np.ndarray(x.shape, x.dtype, memory.ravel(order="K"), _address(x) - _address(owner), x.strides)


def _address(x: Any) -> int:
    found: int = x.__array_interface__["data"][0]
    return found


def owned(x: Any) -> Any:
    """What is computed by moving axes, as a result that is no view: a copy, unless it is a Tensor, which says so itself."""
    return x if x.__class__ is not np.ndarray or x.base is None else copied_in_rows(x)


def copied_in_rows(x: Any) -> Any:
    """A copy with the last dimension fastest."""
    return np.array(x, order="C")


def rows(y: Any) -> Any:
    """An array with its last dimension fastest; a Tensor as it is, its ops having seen to that."""
    return y if y.__class__ is not np.ndarray or y.flags.c_contiguous else copied_in_rows(y)


def in_rows(fn: Callable[..., Any]) -> Callable[..., Any]:
    """An op's computation, whose result has its last dimension fastest whatever the order of the operand."""

    @wraps(fn)
    def computed(*args: Any, **kwargs: Any) -> Any:
        return rows(fn(*args, **kwargs))

    return computed


def _spread(a: Any, shape: tuple[int, ...]) -> list[int]:
    """Along each dimension of the result the stride of an operand, 0 where it is broadcast."""
    extra = len(shape) - a.ndim
    own = [s if n == m else 0 for s, n, m in zip(a.strides, a.shape, shape[extra:], strict=True)]
    return [0] * extra + own


def _fastest_first(strides: Sequence[Sequence[int]], shape: tuple[int, ...]) -> list[int]:
    """The dimensions as torch's iterator sorts them: by insertion, since not all can be compared."""
    order = list(range(len(shape)))[::-1]
    for i in range(1, len(order)):
        at = i
        for before in reversed(range(i)):
            said = _compare(order[before], order[at], strides, shape)
            if said < 0:
                break
            if said > 0:
                order[before], order[at] = order[at], order[before]
                at = before
    return order


def _compare(a: int, b: int, strides: Sequence[Sequence[int]], shape: tuple[int, ...]) -> int:
    """Whether dimension a is slower (1) or faster (-1) than b for the first operand that has a say; else 0."""
    for steps in strides:
        s, t = abs(steps[a]), abs(steps[b])
        if not s or not t:
            continue
        if s != t:
            return 1 if s > t else -1
        if shape[a] > shape[b]:
            return 1
    return 0
