"""The way back through a node: functions written out from a row's rules at their first use.

A rule names what it reads. To look that up at every step of a walk costs more than the rule itself, so it is looked up
once, and what follows from it is what one would have written by hand. For the first operand of ``mul``, whose rule is
``lambda b: b``:

    v1 = node.kept_1
    kind = type(v1)
    if kind is Tensor and (v1._log is None or not v1._log.count) and (
        v1._node is not None or node.to_1 is None or v1 is node.to_1
    ):
        if not recording:
            v1 = v1._array
    elif kind is not float and kind is not int:
        v1 = node.unpack(1, recording)
    p = v1
    part = times(g, p, node, 0) if is_large(g) else g * p if is_real(p) else g * conj(p)

(with the last line's tests written out, too; `times` sums on the way, where broadcasting is to be undone). A ``pull`` is
that for one operand; a ``step`` goes to all operands of a node and adds up what comes to each. Knows no op, and no walk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import indent
from typing import Any

import numpy as np

from gradmagic.engine.adding import LARGE, added_products, plus
from gradmagic.engine.fitting import fit
from gradmagic.engine.node import Node
from gradmagic.engine.recalling import ENOUGH, FUNCTIONS, recall
from gradmagic.engine.saving import Packed
from gradmagic.engine.slots import FREED
from gradmagic.engine.tensor import Tensor
from gradmagic.engine.writing import function_from

Pull = Callable[[Any, Any, bool], Any]  # of a node, the gradient of its output, and whether a graph is recorded


def target_meta(node: Node, i: int) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype that the gradient of the i-th operand must have."""
    target = node.edges[i]
    if isinstance(target, Node):
        return target.meta(node.edge_nrs[i] if node.edge_nrs is not None else 0)
    return target._array.shape, target._array.dtype


def conj(partial: Any) -> Any:
    """A partial's conjugate; itself where it is real."""
    dtype = getattr(partial._array if isinstance(partial, Tensor) else partial, "dtype", None)
    if dtype is F64 or dtype is F32:
        return partial
    if isinstance(partial, complex):
        return partial.conjugate()
    return np.conj(partial) if dtype is not None and dtype.kind == "c" else partial


def times_constant(g: Any, c: float) -> Any:
    """A gradient or a tangent times a partial that is a number."""
    if c == 1:
        return g
    if c == -1:
        return -g
    # a zero is a fresh array: nothing of the graph lives on in it
    return np.zeros(g.shape, (g._array if isinstance(g, Tensor) else g).dtype) if c == 0 else g * c


def times_of_sum(g: Any, c: float, node: Node, i: int) -> Any:
    """The same of an array; after the sum, where a large operand's broadcasting is undone."""
    if g.size < LARGE or g.shape != node.shape:
        return times_constant(g, c)
    fitted = fit(g, node, i)
    found = times_constant(fitted, c)
    return found if fitted is g or fitted.base is None else found[...]  # a view, as the sum was


def times(g: Any, p: Any, node: Node, i: int) -> Any:
    """A gradient times a partial, both arrays; where the operand was broadcast, already fitted to it."""
    shape = target_meta(node, i)[0]
    if not shape or shape == g.shape or not (g.shape == node.shape == p.shape and g.dtype is p.dtype):
        return g * p
    found = added_products(g, p, shape)
    if found is None:
        return g * p
    return found[...] if len(shape) < g.ndim else found  # torch's is a view of a sum that kept these dimensions


F64, F32 = np.dtype(np.float64), np.dtype(np.float32)
_NAMES = {
    "Tensor": Tensor, "Node": Node, "Packed": Packed, "FREED": FREED, "F64": F64, "F32": F32, "ndarray": np.ndarray, "float64": np.float64,
    "target_meta": target_meta, "conj": conj, "times_constant": times_constant, "times_of_sum": times_of_sum, "times": times, "fit": fit, "plus": plus, "LARGE": LARGE,
    "recall": recall, "ENOUGH": ENOUGH, **{fn.__name__: fn for fn in FUNCTIONS.values()},
}  # fmt: skip

_OPERAND = """\
    {name} = node.kept_{k}
    kind = type({name})
    if kind is Tensor and ({name}._log is None or not {name}._log.count) and (
        {name}._node is not None or node.to_{k} is None or {name} is node.to_{k}
    ):
        if not recording:
            {name} = {name}._array
    elif kind is not float and kind is not int:
        {name} = node.unpack({k}, recording)
"""
_OUTPUT = """\
    y = node.kept_{n}
    if recording or node.rare is not None or y is FREED or type(y) is Packed:
        y = node.unpack({n}, recording)
"""
_FUNCTION = """\
    if recording:
        {name} = {fn}(x)
        if x._array.size >= ENOUGH:
            node.found = {name}  # the pass after this one will ask again
    else:
        {name} = {fn}(x) if x.size < ENOUGH else recall(node.kept_0, {fn}, x)
"""
_PARTIAL = """\
    p = {partial}
    kind = type(p)
    if kind is ndarray:
        real = p.dtype is F64 or p.dtype is F32
    elif kind is Tensor:
        real = p._array.dtype is F64 or p._array.dtype is F32
    else:
        real = kind is float64 or kind is float or kind is int
    part = {large}g {sign} p if real else g {sign} conj(p)
"""
_TIMES_IF_LARGE = "times(g, p, node, {i}) if kind is ndarray and real and not recording and g.size >= LARGE else "
# What comes to an operand, if it leads to where gradients are wanted, is added to what has come to it before.
_TARGET = """\
    to = node.to_{i}
    if to is not None:
        if live is not None and to not in live:
            node.check()
        else:
{back}\
            if part is not None:
                raw = part._array if type(part) is Tensor else part
                like = to if isinstance(to, Node) else to._array
                if raw.shape != like.shape or raw.dtype is not like.dtype:
                    part = fit(part, node, {i})
                held = grads.pop(to, None)
                if held is None:
                    grads[to] = part
                elif recording or part.size < LARGE:
                    grads[to] = held + part
                else:
                    raw = None  # each of the two has one name here
                    grads[to] = plus(held, part)
"""


def _gives_back(rule: Any) -> bool:
    """Whether a rule gives the one thing that it reads as it is."""
    code = rule.__code__
    return bool(code.co_argcount == 1 and code.co_code == _AS_IT_IS)


_AS_IT_IS = (lambda x: x).__code__.co_code


def back_by(i: int, n: int, rule: Any, plan: Sequence[tuple[str, Any]], sign: str = "") -> str:
    """The way back to the i-th of a row's n operands, whose rule is called as ``plan`` says, as lines that set ``part``.

    ``sign`` is "*" or "/" where the rule gives a partial, by which the gradient is multiplied or divided.
    """
    reads, values = [], []
    for kind, k in plan:
        if kind == "value":
            value = "y" if k < 0 else f"v{k}"
            reads.append(_OUTPUT.format(n=n) if k < 0 else _OPERAND.format(name=value, k=k))
        elif kind == "function":
            value = k
            reads += [_OPERAND.format(name="x", k=0), _FUNCTION.format(name=k, fn=FUNCTIONS[k].__name__)]
        else:
            value = {
                "g": "g",
                "shape": f"target_meta(node, {i})[0]",
                "needs": "tuple([t is not None for t in node.edges])",
                "kwarg": f"node.kwargs.get({k!r})",
            }[kind]
        values.append(value)
    given = ", ".join(values)
    called = given if _gives_back(rule) else f"rule_{i}({given})"
    large = _TIMES_IF_LARGE.format(i=i) if sign == "*" and n > 1 else ""
    return "".join(reads) + (
        _PARTIAL.format(partial=called, sign=sign, large=large) if sign else f"    part = {called}\n"
    )


def pull_of(op: Any, i: int) -> Pull:
    """The way back to the i-th operand of a row as a function."""
    source = f"def pull(node, g, recording):\n{op.back(i)}    return part\n"
    return function_from(source, "pull", f"the way back through {op.name}, operand {i}", _names(op))


def step_of(op: Any) -> Callable[..., None]:
    """The way back to all operands of a row, which adds what comes to each to its entry in ``grads``."""
    source = "def step(node, g, grads, live, recording):\n" + "".join(
        _TARGET.format(i=i, back=indent(op.back(i), "        ")) for i in range(len(op.vjps))
    )
    return function_from(source, "step", f"the way back through {op.name}", _names(op))


def _names(op: Any) -> dict[str, Any]:
    return {**_NAMES, "op": op} | {f"rule_{i}": getattr(rule, "rule", rule) for i, rule in enumerate(op.vjps)}
