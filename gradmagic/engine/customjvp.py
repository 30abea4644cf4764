"""How tangents go through a custom function: by its own jvp. Knows no particular function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradmagic.engine.forward import Level, check_size, tell_node
from gradmagic.engine.modes import modes
from gradmagic.engine.tensor import Tensor


def push(
    function: Any, ctx: Any, args: Sequence[Any], outputs: Sequence[Any], dirty: Sequence[Any], fixed: Sequence[Any]
) -> None:
    """Give the outputs of a call their tangents at each level at which an argument has one."""
    for level in modes.levels:
        given = [level.tangent(a) if isinstance(a, Tensor) else None for a in args]
        if given.count(None) == len(given):
            continue
        with level.below():
            found = _called(function, ctx, [_incoming(ctx, a, t) for a, t in zip(args, given, strict=True)])
        if len(found) != len(outputs):
            raise RuntimeError(
                f"Function's jvp returned an invalid number of forward gradients (expected {len(outputs)} but got {len(found)})"
            )
        for nr, (out, t) in enumerate(zip(outputs, found, strict=True)):
            _give(level, nr, out, t, is_fixed=any(out is o for o in fixed), is_dirty=any(out is o for o in dirty))
    ctx.__dict__.pop("saved_for_forward", None)  # an output among them would hold the ctx, and the ctx it
    tell_node(outputs)


def _called(function: Any, ctx: Any, tangents: list[Any]) -> tuple[Any, ...]:
    ctx.pushing = True
    try:
        found = function.jvp(ctx, *tangents)
    finally:
        del ctx.pushing
    return found if isinstance(found, tuple) else (found,)


def _incoming(ctx: Any, arg: Any, tangent: Any) -> Any:
    if tangent is not None or not isinstance(arg, Tensor) or arg._array.dtype.kind not in "fc":
        return tangent
    return Tensor._of(np.zeros(arg._array.shape, arg._array.dtype)) if ctx.materialize_grads else None


def _give(level: Level, nr: int, out: Any, tangent: Any, *, is_fixed: bool, is_dirty: bool) -> None:
    if tangent is None:
        return
    if not isinstance(tangent, Tensor):
        raise RuntimeError(f"expected Variable or None (got {type(tangent).__name__}) for grad output {nr}.")
    if not isinstance(out, Tensor) or is_fixed or out._array.dtype.kind not in "fc":
        raise RuntimeError(
            f"Function's jvp returned a gradient at position {nr}, but  the corresponding forward output is not a "
            "differentiable Tensor.You should return None at that position instead."
        )
    check_size(out, tangent)
    if is_dirty and level.tangent(out) is not tangent:
        raise RuntimeError(
            "An inplace custom Function is not modifying the forward mode gradients inplace. If the forward is modifying an "
            "input inplace, then the jvp function must modify the corresponding gradient inplace."
        )
    if not is_dirty and out._view is not None and tangent._view is None:
        raise RuntimeError(
            "A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning a view."
        )
    level.give(out, tangent)
