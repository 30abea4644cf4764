"""How tangents go through an op: from what its row says already. Knows the kinds of ops; knows no particular op.

An elementwise op sums its partials times the tangents; a linear op is applied to the tangent itself; a bilinear one to
each operand's in turn. Any other has its vjp, and that is linear in ``g``: its derivative by ``g`` is the jvp.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce, singledispatch
from operator import add
from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.forward import tell_node, without_history
from gradmagic.engine.kinds import Bilinear, Elementwise, Linear, Variadic
from gradmagic.engine.modes import enable_grad, modes
from gradmagic.engine.op import Op, as_array, over
from gradmagic.engine.pulling import times_constant
from gradmagic.engine.tensor import Tensor


class Call:
    """One call of an op, in the place of a node: its rules read their arguments from here."""

    edge_nrs = choice = None
    kept_0 = kept_1 = kept_2 = kept_3 = kept_4 = None  # nothing at hand: a rule asks ``unpack``

    def __init__(self, op: Op, operands: Sequence[Any], out: Any, kwargs: dict[str, Any], tangents: list[Any]) -> None:
        self.op, self.operands, self.out, self.kwargs = op, operands, out, kwargs
        self.edges = [None if t is None else v for v, t in zip(operands, tangents, strict=True)]

    def unpack(self, k: int, recording: bool) -> Any:
        return self.out if k == len(self.edges) else self.operands[k]

    def outputs(self) -> tuple[Any, ...]:
        return self.out if isinstance(self.out, tuple) else (self.out,)

    def is_recorded(self, tangents: Sequence[Any]) -> bool:
        """Whether what comes of this call must be differentiable in reverse."""
        return modes.grad and any(isinstance(v, Tensor) and v.requires_grad for v in (*self.operands, *tangents))

    def of(self, change: Callable[[Tensor], Tensor]) -> Call:
        """The same call with its operands and outputs changed."""
        operands = [change(v) if isinstance(v, Tensor) else v for v in self.operands]
        outs = tuple(change(out) for out in self.outputs())
        tangents = [None if t is None else v for v, t in zip(operands, self.edges, strict=True)]
        return Call(self.op, operands, outs if isinstance(self.out, tuple) else outs[0], self.kwargs, tangents)


def carry(op: Op, operands: Sequence[Any], out: Any, kwargs: dict[str, Any]) -> None:
    """Give the outputs of an op their tangents at each level at which an operand has one."""
    outs = out if isinstance(out, tuple) else (out,)
    for level in modes.levels:
        tangents = [level.tangent(v) if isinstance(v, Tensor) else None for v in operands]
        if tangents.count(None) == len(tangents):
            continue
        call = Call(op, operands, out, kwargs, tangents)
        if call.is_recorded(tangents):
            call = call.of(level.primal)  # a graph of the tangent is one of primals
        with level.below():
            found = jvp(op, call, tangents)
            found = found if isinstance(found, tuple) else (found,)
            fitted = [_fit(t, y, tangents) for t, y in zip(found, outs, strict=True)]
        for y, t in zip(outs, fitted, strict=True):
            if t is not None:
                level.give(y, t)
    tell_node(outs)


@singledispatch
def jvp(op: Op, call: Call, tangents: list[Any]) -> Any:
    """The tangents of an op's outputs: by any kind, the transpose of its vjp."""
    return _transposed(call, tangents)


@jvp.register
def _(op: Elementwise, call: Call, tangents: list[Any]) -> Any:
    if call.out.dtype.is_floating_point and any(as_array(v).dtype.kind == "c" for v in call.edges if v is not None):
        return _transposed(call, tangents)  # a real function of complex numbers is not holomorphic
    return reduce(add, [_times_partial(op, call, i, t) for i, t in enumerate(tangents) if t is not None])


@jvp.register
def _(op: Linear, call: Call, tangents: list[Any]) -> Any:
    return op(tangents[0], **op.of_linear_part(call.kwargs))


@jvp.register
def _(op: Bilinear, call: Call, tangents: list[Any]) -> Any:
    (a, b), (s, t) = call.operands, tangents
    parts = [None if s is None else op(s, b, **call.kwargs), None if t is None else op(a, t, **call.kwargs)]
    return reduce(add, [part for part in parts if part is not None])


@jvp.register
def _(op: Variadic, call: Call, tangents: list[Any]) -> Any:
    filled = [_zeros(v) if t is None else t for v, t in zip(call.operands, tangents, strict=True)]
    return op(filled, **{name: value for name, value in call.kwargs.items() if name != "shapes"})


def _times_partial(op: Elementwise, call: Call, i: int, t: Any) -> Any:
    rule = op.vjps[i]
    if rule is None:
        raise NotImplementedError(f"Trying to use forward AD with aten::{op.name} that does not support it.")
    if isinstance(rule, (int, float)):
        return times_constant(t, rule)
    values = op.arguments(call, i, t, recording=True)  # type: ignore[arg-type]  # it reads as a node does
    if op.gives_gradient(i):
        return rule(*values)
    return t / rule.rule(*values) if type(rule) is over else t * rule(*values)


class _Over:
    """What leaves know of the transformation that they belonged to, once it is over."""

    over = True


def _transposed(call: Call, tangents: list[Any]) -> Any:
    """Differentiate the vjp by the gradient that it is given."""
    from gradmagic.engine.calls import run_backward  # above this file: the walk calls ops
    from gradmagic.engine.fitting import fit

    if None in [rule for rule, t in zip(call.op.vjps, tangents, strict=False) if t is not None]:
        raise NotImplementedError(f"Trying to use forward AD with aten::{call.op.name} that does not support it.")
    recorded = call.is_recorded(tangents)
    call = call if recorded else call.of(without_history)  # the walk back need not go on behind them
    with enable_grad():
        weights = [_wanting(_zeros(y)) for y in call.outputs()]
        g: Any = weights if isinstance(call.out, tuple) else weights[0]
        backs = call.op.backward(call, g, [t is not None for t in tangents], True)  # type: ignore[arg-type]
        fitted = [None if back is None else fit(back, call, i) for i, back in enumerate(backs)]  # type: ignore[arg-type]
        ways = [(b, t) for b, t in zip(fitted, tangents, strict=True) if isinstance(b, Tensor) and b.requires_grad]
        found: Sequence[Any] = [None] * len(weights)
        if ways:
            outs, ts = zip(*ways, strict=True)
            ts = tuple(t if t.dtype == b.dtype else t.to(b.dtype) for b, t in ways)
            found = run_backward(outs, ts, True, recorded, weights, True)
    for w in weights:
        w._wants_grad, w._span = False, _Over  # where it is left in a graph, nobody's derivative is taken by it
    return tuple(_zeros(w) if t is None else t for t, w in zip(found, weights, strict=True))


def _fit(t: Any, y: Any, given: list[Any]) -> Any:
    """A tangent in its output's shape and dtype, in memory of its own unless it is a view as the output is."""
    array = y._array
    if array.dtype.kind not in "fc":
        return None
    t = t if isinstance(t, Tensor) else Tensor._of(t)
    shared = any(t is s for s in given)
    if t._array.dtype != array.dtype:
        t = (t.real if t._array.dtype.kind == "c" and array.dtype.kind != "c" else t).to(dtypes.of(array.dtype))
    elif t._array.shape == array.shape and shared:
        t = t.clone()
    if t._array.shape == array.shape:
        return t
    whole: Any = np.broadcast_to(t, array.shape)  # type: ignore[arg-type, unused-ignore]
    return whole.clone()


def _zeros(like: Any) -> Any:
    dtype = like._array.dtype if like._array.dtype.kind in "fc" else dtypes.default_float()
    return Tensor._of(np.zeros(like._array.shape, dtype))


def _wanting(t: Any) -> Any:
    t._wants_grad = True
    return t
