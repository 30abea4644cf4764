"""The way back through a node: for each operand of a row one function, written out from its rule at its first use.

A rule names what it reads. To look that up at every step of a walk costs more than the rule itself, so it is looked up
once, and what follows from it is the function that one would have written by hand. For the first operand of ``mul``,
whose rule is ``lambda b: b``:

    def pull(node, g, recording):
        saved = node.saved
        if saved is None:
            raise RuntimeError(FREED_MESSAGE)
        b = saved[1]
        kind = type(b)
        if kind is Tensor and (b._log is None or not b._log.count) and (
            b._node is not None or node.edges[1] is None or b is node.edges[1]
        ):
            if not recording:
                b = b._array
        elif kind is not float and kind is not int:
            b = node.unpack(1, recording)
        p = b
        return g * p if is_real(p) else g * conj(p)

(with the last line's test written out, too). Knows no op, and no walk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradmagic.engine.node import FREED_MESSAGE, Node
from gradmagic.engine.saving import Packed
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


F64, F32 = np.dtype(np.float64), np.dtype(np.float32)
_NAMES = {
    "Tensor": Tensor, "Packed": Packed, "FREED_MESSAGE": FREED_MESSAGE, "target_meta": target_meta, "conj": conj,
    "F64": F64, "F32": F32, "ndarray": np.ndarray, "float64": np.float64,
}  # fmt: skip

_OPERAND = """\
    {name} = saved[{k}]
    kind = type({name})
    if kind is Tensor and ({name}._log is None or not {name}._log.count) and (
        {name}._node is not None or node.edges[{k}] is None or {name} is node.edges[{k}]
    ):
        if not recording:
            {name} = {name}._array
    elif kind is not float and kind is not int:
        {name} = node.unpack({k}, recording)
"""
_OUTPUT = """\
    y = saved[-1]
    if recording or node.rare is not None or type(y) is Packed:
        y = node.unpack(len(node.edges), recording)
"""
_SAVED = """\
    saved = node.saved
    if saved is None:
        raise RuntimeError(FREED_MESSAGE)
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
    return g {sign} p if real else g {sign} conj(p)
"""


def _gives_back(rule: Any) -> bool:
    """Whether a rule gives the one thing that it reads as it is."""
    code = rule.__code__
    return bool(code.co_argcount == 1 and code.co_code == _AS_IT_IS)


_AS_IT_IS = (lambda x: x).__code__.co_code


def written_out(name: str, i: int, rule: Any, plan: Sequence[tuple[str, Any]], sign: str = "") -> Pull:
    """The function for the i-th operand of a row, whose rule is called as ``plan`` says.

    ``sign`` is "*" or "/" where the rule gives a partial, by which the gradient is multiplied or divided.
    """
    reads, values = [], []
    for kind, k in plan:
        if kind == "value":
            value = "y" if k < 0 else f"v{k}"
            reads.append(_OUTPUT if k < 0 else _OPERAND.format(name=value, k=k))
        else:
            value = {
                "g": "g",
                "shape": f"target_meta(node, {i})[0]",
                "needs": "tuple([t is not None for t in node.edges])",
                "kwarg": f"node.kwargs.get({k!r})",
            }[kind]
        values.append(value)
    given = ", ".join(values)
    called = given if _gives_back(rule) else f"rule({given})"
    end = _PARTIAL.format(partial=called, sign=sign) if sign else f"    return {called}\n"
    source = "def pull(node, g, recording):\n" + (_SAVED if reads else "") + "".join(reads) + end
    return function_from(source, "pull", f"the way back through {name}, operand {i}", {**_NAMES, "rule": rule})
