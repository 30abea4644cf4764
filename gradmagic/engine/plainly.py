"""Ops on what they are nearly always given: real floats of one dtype, and nothing unusual switched on.

The same as an op's ``__call__``, to which they leave all else, in as few steps as there can be: the function that one
would write by hand for the row, written out from a text at its first use, with what follows from the row filled in.
Knows no particular op.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from gradmagic.engine.clock import tick
from gradmagic.engine.layout import laid
from gradmagic.engine.modes import UNUSUAL
from gradmagic.engine.node import DeadEnd
from gradmagic.engine.quiet import SILENT, hush, state, unhush
from gradmagic.engine.recalling import ENOUGH, FUNCTIONS, note
from gradmagic.engine.tensor import Tensor, View, edge
from gradmagic.engine.writing import at_first_call, function_from

_NAMES = {
    "UNUSUAL": UNUSUAL, "laid": laid, "Tensor": Tensor, "View": View, "edge": edge, "DeadEnd": DeadEnd, "tick": tick, "new": object.__new__, "new_tuple": tuple.__new__, "NO_KWARGS": {},
    "state": state, "hush": hush, "unhush": unhush, "SILENT": SILENT, "ENOUGH": ENOUGH, "note": note, "F64": np.dtype(np.float64), "F32": np.dtype(np.float32),
}  # fmt: skip

# Where an operand's gradient goes, as `edge` finds it.
_EDGE = """\
    to_{0} = {0}._node
    if {0}._view is not None:
        to_{0} = edge({0}){dead}
    elif to_{0} is None and {0}._wants_grad:
        to_{0} = {0}
"""
# Of two operands the one that leads nowhere needs nothing saved.
_DEAD = """
        if type(to_{0}) is DeadEnd:
            return otherwise(a, b)"""
_RESULT = """\
    t = new(Tensor)
    t._array, t.output_nr, t._wants_grad, t._inference = y, 0, False, False
    t._view = t._log = t._node = None
"""
_NODE = """\
    node.kwargs, node.seq = {kwargs}, tick()
    node.shape, node.dtype = y.shape, y.dtype
    node.rare = {nrs}
    return t
"""

# A view shares the write log of what it lies in; it remembers by which steps it is reached from the base.
_LOG = """\
    log = x._log
    if log is None:
        log = x._shared_log()
"""
_VIEW = """\
    t._log, before, step = log, x._view, (op, kwargs, array.shape)
    if before is None:
        t._view = new_tuple(View, (x, (step,), log.count, None))
    else:
        t._view = new_tuple(View, (before.base, (*before.chain, step), log.count, before.forbids))
"""

_ONE = (
    """\
def one(x, **kwargs):
    dtype = x._array.dtype
    if UNUSUAL or x._inference or (dtype is not F64 and dtype is not F32):
        return otherwise(x, **kwargs)
{log}    array = x._array
{run}"""
    + _RESULT
    + "{view}"
    + _EDGE.format("x", dead="")
    + """\
    if to_x is None:
        return t
    t._node = node = Kind()
    node.to_0 = to_x
    node.kept_0, node.kept_1 = {saved}
{noted}"""
    + _NODE.format(kwargs="kwargs", nrs="dict(edge_nrs=(x.output_nr,)) if x.output_nr else None")
)

# What the slope of another function is, that one's way back looks for.
_NOTED = """\
    if y.size >= ENOUGH:
        note(x, fn, t)
"""
_RUN = """\
    token = None if state() is SILENT else hush(SILENT)
    try:
        y = fn(array, **kwargs) if kwargs else fn(array)
    finally:
        if token is not None:
            unhush(token)
"""
_LOOK = """\
    y = fn(array, **kwargs)
"""

_TWO = (
    """\
def two(a, b):
    if UNUSUAL or not isinstance(a, Tensor) or a._inference:
        return otherwise(a, b)
    x = a._array
    dtype = x.dtype
    if dtype is not F64 and dtype is not F32:
        return otherwise(a, b)
"""
    + _EDGE.format("a", dead=_DEAD.format("a"))
    + """\
    if isinstance(b, Tensor):
        z, nr = b._array, b.output_nr
        if z.dtype is not dtype or b._inference:
            return otherwise(a, b)
"""
    + "".join(f"    {line}\n" for line in _EDGE.format("b", dead=_DEAD.format("b")).splitlines())
    + """\
    elif type(b) is float or type(b) is int:
        z, nr, to_b = b, 0, None
    else:
        return otherwise(a, b)
    token = None if state() is SILENT else hush(SILENT)
    try:
        y = {call}
    except ValueError:
        return otherwise(a, b)  # which says what is wrong in torch's words
    finally:
        if token is not None:
            unhush(token)
{laid}"""
    + _RESULT
    + """\
    if to_a is None and to_b is None:
        return t
    t._node = node = Kind()
    node.to_0, node.to_1 = to_a, to_b
    if to_b is None:
        node.kept_0, node.kept_1, node.kept_2 = {saved_a}
    elif to_a is None:
        node.kept_0, node.kept_1, node.kept_2 = {saved_b}
    else:
        node.kept_0, node.kept_1, node.kept_2 = {saved}
"""
    + _NODE.format(kwargs="NO_KWARGS", nrs="dict(edge_nrs=(a.output_nr, nr)) if nr or a.output_nr else None")
)

# What works element by element gives its result in the order in memory of its operands: if the first one has rows, so
# have torch's result and numpy's, unless it has a dimension of one element, whose step has a say too.
_LAID = """\
    if y.ndim > 1 and (1 in x.shape or not x.flags.c_contiguous):
        y = laid(y, (x, z))
"""
_SYMBOLS = {operator.add: "x + z", operator.sub: "x - z", operator.mul: "x * z", operator.truediv: "x / z"}


def of_one(op: Any) -> Callable[..., Any]:
    """The op on one Tensor, if it has one output."""
    log, run, view = (_LOG, _LOOK, _VIEW) if op.is_view else ("", _RUN, "")
    noted = _NOTED if op.fn in FUNCTIONS.values() else ""

    def source() -> str:
        return _ONE.format(saved=_saved(op, 1, ("x", "y")), log=log, run=run, view=view, noted=noted)

    return at_first_call(lambda: _written(op, "one", source(), op))


def of_two(op: Any, otherwise: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The op on two Tensors, or on a Tensor and a number; ``otherwise`` takes whatever else comes."""
    return at_first_call(lambda: _written(op, "two", _text_of_two(op), otherwise))


def _text_of_two(op: Any) -> str:
    names = ("a", "b", "y")
    saved = {"saved_a": _saved(op, 1, names), "saved_b": _saved(op, 2, names), "saved": _saved(op, 3, names)}
    laid_out = _LAID if op.pointwise else ""
    return _TWO.format(laid=laid_out, call=_SYMBOLS.get(op.fn, "fn(x, z)"), **saved)


def _saved(op: Any, wanted: int, names: tuple[str, ...]) -> str:
    """What is saved where the operands in the bit set ``wanted`` get a gradient, as the text of a tuple."""
    kept = op.keeps(wanted, len(names) - 1) or (False,) * len(names)
    return ", ".join(n if k else "None" for n, k in zip(names, kept, strict=True))


def _written(op: Any, kind: str, source: str, otherwise: Callable[..., Any]) -> FunctionType:
    names = {**_NAMES, "op": op, "otherwise": otherwise, "fn": op.fn, "Kind": op.node_class or op.make_node_class()}
    return function_from(source, kind, f"the op {op.name} on {kind}", names)
