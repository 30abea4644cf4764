"""The kinds of ops, and their rows' constructors: what is given by partials, by a transpose, by two vjps, by a definition.

Knows no particular op.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.layout import cast, laid
from gradmagic.engine.node import ManyEdged, Node
from gradmagic.engine.op import SAVED_NAMES, Op, Rule, as_array, over
from gradmagic.engine.pulling import back_by
from gradmagic.engine.quiet import quiet


class Elementwise(Op):
    """Applied to each element by itself: given by its partial derivatives, one for each operand.

    A rule that names ``g`` gives the gradient itself, or, for a tangent, the tangent.
    """

    pointwise = True

    def __call__(self, *operands: Any, **kwargs: Any) -> Any:
        arrays = [as_array(v) for v in operands]
        self.prepare(arrays, kwargs)
        try:
            y = quiet(self.fn, *arrays, **kwargs)
        except ValueError:
            refuse_broadcast(arrays)
            raise
        if len(arrays) > 1 and y.ndim > 1:
            y = laid(y, arrays)
        return self.record(operands, arrays, y, kwargs)

    def prepare(self, arrays: list[Any], kwargs: dict[str, Any]) -> None:
        if self.refuses is not None:
            self.refuses(arrays)
        if len(arrays) == 1:
            kind = arrays[0].dtype.kind
            if self.floats and kind in "biu":
                arrays[0] = arrays[0].astype(dtypes.default_float())
            return
        common = dtypes.result_dtype(arrays)
        if self.floats and common.kind in "biu":
            common = dtypes.default_float()
        for i, a in enumerate(arrays):
            if not isinstance(a, (np.ndarray, np.generic)):
                arrays[i] = common.type(a) if self.floats and common.kind != "c" else a
            elif a.dtype != common:
                arrays[i] = cast(a, common)

    # -- backward -----------------------------------------------------------------------------------------------

    def back(self, i: int) -> str:
        rule = self.vjps[i]
        if rule is None:
            return super().back(i)
        if not callable(getattr(rule, "rule", rule)):
            times = f"times_constant(g, rule_{i}) if recording else times_of_sum(g, rule_{i}, node, {i})"
            return f"    part = {'g' if rule == 1 else times}\n"
        by = type(rule) is over
        sign = "" if self.gives_gradient(i) else "/" if by else "*"
        return back_by(i, len(self.vjps), rule.rule if by else rule, self.plans()[0][i], sign)

    def gives_gradient(self, i: int) -> bool:
        """Whether the i-th rule is no partial, but gives the gradient itself."""
        return ("g", None) in self.plans()[0][i]


class Linear(Op):
    """Linear in its one operand: given by its transpose.

    Where elements are left out, an argument ``value`` may stand in for them; what is linear is the op with 0 there.
    """

    batches = True

    @staticmethod
    def of_linear_part(kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments with which the op is linear, from those of a recorded call."""
        return {name: 0 if name == "value" else v for name, v in kwargs.items() if name != "_output"}


class Indexing(Op):
    """With tensors among its arguments that choose places: they are saved, and freed, as any other."""

    saves = True

    def keep(self, edges: Sequence[Any], operands: Sequence[Any], y: Any) -> tuple[Any, ...]:
        return (True, *[None] * len(edges))

    def back(self, i: int) -> str:
        return "    node.unpack(0, recording)\n" + super().back(i)

    def saved_names(self, node: Node) -> dict[str, Any]:
        return super().saved_names(node) if type(node).__name__ in SAVED_NAMES else {}


class Placing(Indexing, Linear):
    """The same, linear in its one operand."""


class Bilinear(Op):
    """Linear in each of its two operands: given by the vjps, one for each."""


class Variadic(Op):
    """Linear in any number of operands, given as one list: the transpose gets the operand's number as ``i``."""

    batches = True

    def __call__(self, operands: Sequence[Any], **kwargs: Any) -> Any:
        arrays = [as_array(v) for v in operands]
        common = dtypes.result_dtype(arrays)
        y = self.fn([a.astype(common, copy=False) for a in arrays], **kwargs)
        return self.record(operands, arrays, y, {**kwargs, "shapes": tuple(a.shape for a in arrays)})

    def keep(self, edges: Sequence[Any], operands: Sequence[Any], y: Any) -> tuple[Any, ...]:
        return ()

    def node_base(self) -> Any:
        return ManyEdged

    pulls: Any = None  # one rule for all operands, which is told the operand's number

    def vjp(self, node: Node, i: int, g: Any, recording: bool) -> Any:
        return self.vjps[0](g, i, **node.kwargs)


class Composed:
    """Given by a definition in terms of other ops; it has no node of its own."""

    name = ""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn

    def named(self, name: str) -> Composed:
        self.name = self.__name__ = name
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fn(*args, **kwargs)


def elementwise(fn: Callable[..., Any], *partials: Rule, floats: bool = False, **row: Any) -> Elementwise:
    """A row given by its partial derivatives; ``floats`` where integers become floats first."""
    op = Elementwise(fn, *partials, **row)
    op.floats = floats
    return op


def linear(fn: Callable[..., Any], transpose: Rule, **row: Any) -> Linear:
    """A row given by its transpose."""
    return Linear(fn, transpose, **row)


def view(fn: Callable[..., Any], transpose: Rule, **row: Any) -> Linear:
    """A linear row whose output lies in its operand's memory."""
    op = Linear(fn, transpose, **row)
    op.is_view = True
    return op


def bilinear(fn: Callable[..., Any], vjp_a: Rule, vjp_b: Rule, **row: Any) -> Bilinear:
    """A row linear in each of its two operands."""
    return Bilinear(fn, vjp_a, vjp_b, **row)


def joining(fn: Callable[..., Any], transpose: Rule, **row: Any) -> Variadic:
    """A row that is linear in a list of operands."""
    return Variadic(fn, transpose, **row)


def irregular(fn: Callable[..., Any], *vjps: Rule, pointwise: bool = False, **row: Any) -> Op:
    """A row that fits no kind: its vjps are written out; if pointwise, for gradients with further dimensions in front."""
    op = Op(fn, *vjps, **row)
    op.pointwise = pointwise
    return op


def composed(fn: Callable[..., Any]) -> Composed:
    """A row given by a definition in terms of other rows."""
    return Composed(fn)


def name_rows(table: dict[str, Any]) -> None:
    """Give every row of a table (a module's ``globals()``) the name that it is bound to."""
    for name, row in table.items():
        if isinstance(row, (Op, Composed)) and not row.name:
            row.named(name.rstrip("_"))


def refuse_broadcast(arrays: Sequence[Any]) -> None:
    shapes = [a.shape for a in arrays if isinstance(a, np.ndarray)]
    for a, b in pairwise(shapes):
        n = max(len(a), len(b))
        for d in reversed(range(n)):
            i, j = d - n + len(a), d - n + len(b)
            if i >= 0 and j >= 0 and a[i] != b[j] and 1 not in (a[i], b[j]):
                raise RuntimeError(
                    f"The size of tensor a ({a[i]}) must match the size of tensor b ({b[j]}) at non-singleton dimension {d}"
                ) from None
