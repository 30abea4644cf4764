"""The kinds of ops: how a row of the tables becomes something that runs, records itself and differentiates.

A rule names what it reads: ``g`` the incoming gradient, ``y`` the output, ``x`` or ``a b c`` the operands, ``shape`` the
shape of the operand whose gradient it gives, and keyword arguments of the op. From these names follows what a node
saves. A rule is plain NumPy: it is given arrays, or, while a graph of the gradient is recorded, Tensors.
Knows no particular op.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.anomaly import note
from gradmagic.engine.modes import modes
from gradmagic.engine.node import Node, tick
from gradmagic.engine.quiet import hush, quiet, unhush
from gradmagic.engine.saving import Packed, saving
from gradmagic.engine.tensor import Tensor, View, edge

Rule = Any  # a function of named values, or a number where it is constant
_new = object.__new__
_F64, _F32 = np.dtype(np.float64), np.dtype(np.float32)
_NUMBERS = frozenset((float, int))
_NO_KWARGS: dict[str, Any] = {}


# what nodes show as `_saved_…`, by the node's name: filled by the floor that knows their names
SAVED_NAMES: dict[str, dict[str, Any]] = {}


class over:
    """A partial given by its reciprocal: the gradient is divided by it, as torch does for log, sqrt, atan."""

    __slots__ = ("rule",)

    def __init__(self, rule: Callable[..., Any]) -> None:
        self.rule = rule


class Op:
    """One row of a table.

    Parameters
    ----------
    fn : callable
        The forward computation on arrays.
    vjps : sequence
        For each operand its vector-Jacobian product, a rule as above, or None where there is none.
    node : str, optional
        The name of its nodes; made from the row's name if not given.
    saved : dict, optional
        Torch's names of what the node saves, where they are not ``self``, ``other`` and ``result``.
    outputs : int
        How many outputs ``fn`` gives; -1 for any number.
    attributes : sequence of str
        Keyword arguments that the node shows as ``_saved_…``.
    """

    name = ""
    title = ""  # the name in torch's errors, where it is another
    is_view = False
    pointwise = False  # element by element, so that a batch of gradients passes by broadcasting
    floats = False  # integers become floats first, as sin does
    refuses: Any = None  # raises for dtypes that torch has no kernel for
    transpose_one: Any = None  # of an op with several outputs: the transpose of one of them

    def __init__(
        self,
        fn: Callable[..., Any],
        *vjps: Rule,
        node: str | None = None,
        saved: dict[str, Any] | None = None,
        outputs: int = 1,
        attributes: Sequence[str] = (),
    ) -> None:
        self.fn = fn
        self.vjps = vjps
        self.node_name = node
        self.saved_as = saved or {}
        self.outputs = outputs
        self.attributes = attributes  # the keyword arguments that torch's nodes show as `_saved_…`
        self.operands = ("x",) if len(vjps) == 1 else ("a", "b", "c", "d")[: len(vjps)]
        self.node_class: Any = None
        self._plans: Any = None
        self._values: Any = None
        self._keeps: dict[int, tuple[bool, ...]] = {}

    def named(self, name: str) -> Op:
        """Give the row its name; the table does it once."""
        self.name = self.__name__ = name
        return self

    # -- forward ------------------------------------------------------------------------------------------------

    def __call__(self, *operands: Any, **kwargs: Any) -> Any:
        arrays = [as_array(v) for v in operands]
        self.prepare(arrays, kwargs)
        token = hush()
        try:
            y = self.fn(*arrays, **kwargs)
        finally:
            unhush(token)
        return self.record(operands, arrays, y, kwargs)

    def prepare(self, arrays: list[Any], kwargs: dict[str, Any]) -> None:
        """Cast the operands, check them: a kind's own."""
        if self.refuses is not None:
            self.refuses(arrays)

    def record(self, operands: Sequence[Any], arrays: Sequence[Any], y: Any, kwargs: dict[str, Any]) -> Any:
        edges = tuple([edge(v) if isinstance(v, Tensor) else None for v in operands]) if modes.grad else ()
        wanted = edges.count(None) < len(edges)
        if self.outputs != 1:
            return self._record_many(operands, edges, y, kwargs, wanted)
        dtype = y.dtype
        if not wanted or dtype.kind not in "fc":
            out: Any = Tensor._of(y)
        else:
            node = self.node(operands, edges, y, kwargs)
            node.shape, node.dtype = y.shape, dtype
            out = Tensor._of(y, node)
        if self.is_view:
            set_view(out, operands[0], self, kwargs)
        if modes.alerts and modes.levels:
            self.carry(operands, out, kwargs)
        return out

    def carry(self, operands: Sequence[Any], out: Any, kwargs: dict[str, Any]) -> None:
        from gradmagic.engine.pushing import carry  # above this file: it knows the kinds

        carry(self, operands, out, kwargs)

    def _record_many(
        self, operands: Sequence[Any], edges: tuple[Any, ...], ys: Any, kwargs: dict[str, Any], wanted: bool
    ) -> Any:
        node = self.node(operands, edges, ys, kwargs) if wanted else None
        outs = [Tensor._of(y, node if y.dtype.kind in "fc" else None) for y in ys]
        for nr, out in enumerate(outs):
            out.output_nr = nr
            if self.is_view:
                set_view(out, operands[0], self, {**kwargs, "_output": nr}, forbids="multi")
        if node is not None:
            # indices have no gradient, and torch's nodes no place for one: they come last
            node.metas = tuple((y.shape, y.dtype) for y in ys if y.dtype.kind in "fc")
            node.shape, node.dtype = node.metas[0]
        if modes.alerts and modes.levels:
            self.carry(operands, tuple(outs), kwargs)
        return tuple(outs)

    def node(self, operands: Sequence[Any], edges: tuple[Any, ...], y: Any, kwargs: dict[str, Any]) -> Node:
        node: Node = _new(self.node_class or self.make_node_class())
        node.edges = edges
        for v in operands:
            if isinstance(v, Tensor) and v.output_nr:
                node.edge_nrs = tuple([v.output_nr if isinstance(v, Tensor) else 0 for v in operands])
                break
        node.kwargs = kwargs
        node.saved = self.keep(edges, operands, y)
        node.seq = tick()
        if modes.alerts:
            if modes.inference_tensors:
                refuse_inference(node.saved or ())
            if saving.hooks:
                self.pack(node)
            if modes.anomaly:
                note(node)
        return node

    def keep(self, edges: Sequence[Any], operands: Sequence[Any], y: Any) -> tuple[Any, ...]:
        """What the rules that will be asked for read: operands by position, then the output. Nothing, if they read nothing."""
        wanted = 0
        for i, target in enumerate(edges):
            if target is not None:
                wanted |= 1 << i
        flags = self._keeps.get(wanted)
        if flags is None or (flags and len(flags) != len(edges) + 1):
            flags = self.keeps(wanted, len(edges))
        return tuple([v if kept else None for v, kept in zip((*operands, y), flags, strict=True)]) if flags else ()

    def keeps(self, wanted: int, n: int) -> tuple[bool, ...]:
        """Which of n operands and the output are kept if the operands in the bit set ``wanted`` get a gradient."""
        reads = self.plans()[1]
        read = {k % (n + 1) for i in range(n) if wanted >> i & 1 for k in reads[i if i < len(reads) else -1]}
        flags = tuple([k in read for k in range(n + 1)]) if read else ()
        self._keeps[wanted] = flags
        return flags

    def pack(self, node: Node) -> None:
        """Hand what is saved to the hooks on saved tensors, in the order in which the rules read it."""
        n = len(node.saved or ())
        reads = [k % n for read in self.plans()[1] for k in read if n]
        for k in dict.fromkeys((*reads, *range(n))):
            self.pack_one(node, k, saving.hooks[-1])

    def pack_one(self, node: Node, k: int, hooks: Any) -> None:
        """Hand one of the saved values to a pair of hooks, if it is a tensor."""
        saved = node.saved or ()
        value: Any = saved[k]
        if isinstance(value, Tensor):
            value = Packed(value, edge(value), hooks)
        elif k == len(node.edges) and isinstance(value, (np.ndarray, np.generic)):
            value = Packed(Tensor._of(value, node), None, hooks, own=True)
        node.saved = (*saved[:k], value, *saved[k + 1 :])

    def make_node_class(self) -> Any:
        name = self.node_name or _camel(self.name) + "Backward0"
        self.node_class = type(name, (Node,), {"__slots__": (), "op": self})
        return self.node_class

    # -- the same, for what is nearly always given: real floats of one dtype, and nothing unusual switched on ------

    def one(self, x: Any, **kwargs: Any) -> Any:
        """The op on one Tensor, for ops of one output that is not a view."""
        array = x._array
        dtype = array.dtype
        if (dtype is not _F64 and dtype is not _F32) or modes.alerts:
            return self(x, **kwargs)
        token = hush()
        try:
            y = self.fn(array, **kwargs)
        finally:
            unhush(token)
        ex = edge(x)
        if ex is None or not modes.grad:
            return Tensor._of(y)
        keeps = self._keeps.get(1)
        if keeps is None:
            keeps = self.keeps(1, 1)
        saved = (x if keeps[0] else None, y if keeps[1] else None) if keeps else ()
        return self._tracked(y, (ex,), saved, kwargs, (x.output_nr,) if x.output_nr else None)

    def two(self, a: Any, b: Any) -> Any:
        """The op on two Tensors, or on a Tensor and a number."""
        if not isinstance(a, Tensor):
            return self(a, b)
        x = a._array
        dtype = x.dtype
        if (dtype is not _F64 and dtype is not _F32) or modes.alerts:
            return self(a, b)
        if isinstance(b, Tensor):
            z, eb, nb = b._array, edge(b), b.output_nr
            if z.dtype is not dtype:
                return self(a, b)
        elif type(b) in _NUMBERS:
            z, eb, nb = b, None, 0
        else:
            return self(a, b)
        token = hush()
        try:
            y = self.fn(x, z)
        except ValueError:
            refuse_broadcast([x, z])
            raise
        finally:
            unhush(token)
        ea = edge(a)
        wanted = (ea is not None) + 2 * (eb is not None)
        if not wanted or not modes.grad:
            return Tensor._of(y)
        keeps = self._keeps.get(wanted)
        if keeps is None:
            keeps = self.keeps(wanted, 2)
        saved = (a if keeps[0] else None, b if keeps[1] else None, y if keeps[2] else None) if keeps else ()
        return self._tracked(y, (ea, eb), saved, _NO_KWARGS, (a.output_nr, nb) if a.output_nr or nb else None)

    def _tracked(
        self, y: Any, edges: Any, saved: tuple[Any, ...], kwargs: dict[str, Any], nrs: tuple[int, ...] | None
    ) -> Any:
        node = _new(self.node_class or self.make_node_class())
        node.edges, node.saved, node.kwargs, node.seq = edges, saved, kwargs, tick()
        node.shape, node.dtype = y.shape, y.dtype
        if nrs is not None:
            node.edge_nrs = nrs
        t = _new(Tensor)
        t._array, t._node, t._wants_grad = y, node, False
        return t

    # -- backward -----------------------------------------------------------------------------------------------

    def plans(self) -> Any:
        """Per operand, how its rule is called; and which values it reads."""
        if self._plans is None:
            plans = [_plan(rule, self.operands) for rule in self.vjps]
            reads = [tuple(k for kind, k in plan if kind == "value") for plan in plans]
            self._plans = (plans, reads)
        return self._plans

    def backward(self, node: Node, g: Any, wanted: Sequence[bool], recording: bool) -> list[Any]:
        if wanted.count(False) != node.edges.count(None):
            node.check()
        return [self.vjp(node, i, g, recording) if want else None for i, want in enumerate(wanted)]

    def vjp(self, node: Node, i: int, g: Any, recording: bool) -> Any:
        rule = self.vjps[i]
        if rule is None:
            raise NotImplementedError(f"the derivative for '{self.title or self.name}' is not implemented.")
        return rule(*self.arguments(node, i, g, recording))

    def arguments(self, node: Node, i: int, g: Any, recording: bool) -> list[Any]:
        out = []
        for kind, k in self.plans()[0][i]:
            if kind == "value":
                out.append(node.unpack(k if k >= 0 else len(node.edges), recording))
            elif kind == "g":
                out.append(g)
            elif kind == "shape":
                out.append(target_meta(node, i)[0])
            elif kind == "needs":
                out.append(tuple(t is not None for t in node.edges))
            else:
                out.append(node.kwargs.get(k))
        return out

    # -- introspection ------------------------------------------------------------------------------------------

    def saved_names(self, node: Node) -> dict[str, Any]:
        """Torch's names for what is saved: a position in ``node.saved``, a value in a tuple, or a function of the node."""
        shown = SAVED_NAMES.get(type(node).__name__)
        if shown is not None:
            n = len(node.edges)
            return {name: n if k == -1 else k for name, k in shown.items()}
        names: dict[str, Any] = {}
        torch_names = ("self", "other", "c", "d")
        n = len(node.edges)
        for k, value in enumerate(node.saved or (None,) * (n + 1)):
            if value is not None or node.freed:
                names["result" if k == n else torch_names[k]] = k
        renamed = {self.saved_as.get(name, name): k for name, k in names.items()}
        return renamed | {name: (node.kwargs.get(name),) for name in self.attributes}


def as_array(value: Any) -> Any:
    """The array behind a Tensor; arrays and numbers as they are."""
    return value._array if isinstance(value, Tensor) else value


def target_meta(node: Node, i: int) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype that the gradient of the i-th operand must have."""
    target = node.edges[i]
    if isinstance(target, Node):
        return target.meta(node.edge_nrs[i] if node.edge_nrs is not None else 0)
    return target._array.shape, target._array.dtype


def refuse_inference(saved: Sequence[Any]) -> None:
    """A tensor made in inference mode has no version: nobody could tell whether it is still what was saved."""
    if any(isinstance(v, Tensor) and v._inference for v in saved):
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
            "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it "
            "in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
        )


def set_view(out: Tensor, source: Tensor, op: Op, kwargs: dict[str, Any], forbids: str | None = None) -> None:
    """Say that ``out`` lies in ``source``'s memory."""
    out._log = log = source._shared_log()
    out._inference = source._inference
    if source._inference:
        return  # nobody will follow a write through it
    if not modes.grad:
        forbids = "inference" if modes.inference else "no_grad"
    step = (op, kwargs, source._array.shape)
    before = source._view
    if before is None:
        out._view = View(source, (step,), log.count, forbids)
    else:
        if forbids is None or before.forbids == "inference":
            forbids = before.forbids
        out._view = View(before.base, (*before.chain, step), log.count, forbids)


class Elementwise(Op):
    """Applied to each element by itself: given by its partial derivatives, one for each operand."""

    pointwise = True

    def __call__(self, *operands: Any, **kwargs: Any) -> Any:
        arrays = [as_array(v) for v in operands]
        self.prepare(arrays, kwargs)
        try:
            y = quiet(self.fn, *arrays, **kwargs)
        except ValueError:
            refuse_broadcast(arrays)
            raise
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
            if isinstance(a, (np.ndarray, np.generic)) and a.dtype != common:
                arrays[i] = a.astype(common)

    # -- backward -----------------------------------------------------------------------------------------------

    def vjp(self, node: Node, i: int, g: Any, recording: bool) -> Any:
        rule = self.vjps[i]
        if type(rule) in _NUMBERS:
            return times_constant(g, rule)
        if rule is None:
            raise NotImplementedError(f"the derivative for '{self.title or self.name}' is not implemented.")
        reads = (self._values or self.work_out_values())[i]
        if reads is None:
            values = self.arguments(node, i, g, recording)
        elif len(reads) == 1:
            values = [node.unpack(reads[0], recording)]
        else:
            values = [node.unpack(k, recording) for k in reads]
        if type(rule) is over:
            return g / _conj(rule.rule(*values))
        return g * _conj(rule(*values))

    def work_out_values(self) -> Any:
        """For each rule the saved values that it reads, where it reads nothing else."""
        n = len(self.operands)
        self._values = [
            tuple([k % (n + 1) for _, k in plan]) if all(kind == "value" for kind, _ in plan) else None
            for plan in self.plans()[0]
        ]
        return self._values


def times_constant(g: Any, c: float) -> Any:
    """A gradient or a tangent times a partial that is a number."""
    if c == 1:
        return g
    if c == -1:
        return -g
    # a zero is a fresh array: nothing of the graph lives on in it
    return np.zeros(g.shape, as_array(g).dtype) if c == 0 else g * c


def _conj(partial: Any) -> Any:
    dtype = getattr(partial._array if isinstance(partial, Tensor) else partial, "dtype", None)
    if dtype is _F64 or dtype is _F32:
        return partial
    if isinstance(partial, complex):
        return partial.conjugate()
    return np.conj(partial) if dtype is not None and dtype.kind == "c" else partial


class Linear(Op):
    """Linear in its one operand: given by its transpose.

    Where elements are left out, an argument ``value`` may stand in for them; what is linear is the op with 0 there.
    """

    @staticmethod
    def of_linear_part(kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments with which the op is linear, from those of a recorded call."""
        return {name: 0 if name == "value" else v for name, v in kwargs.items() if name != "_output"}


class Indexing(Op):
    """With tensors among its arguments that choose places: they are saved, and freed, as any other."""

    def keep(self, edges: Sequence[Any], operands: Sequence[Any], y: Any) -> tuple[Any, ...]:
        return (True, *[None] * len(edges))

    def vjp(self, node: Node, i: int, g: Any, recording: bool) -> Any:
        node.unpack(0, recording)
        return super().vjp(node, i, g, recording)

    def saved_names(self, node: Node) -> dict[str, Any]:
        return {}


class Placing(Indexing, Linear):
    """The same, linear in its one operand."""


class Bilinear(Op):
    """Linear in each of its two operands: given by the vjps, one for each."""


class Variadic(Op):
    """Linear in any number of operands, given as one list: the transpose gets the operand's number as ``i``."""

    def __call__(self, operands: Sequence[Any], **kwargs: Any) -> Any:
        arrays = [as_array(v) for v in operands]
        common = dtypes.result_dtype(arrays)
        y = self.fn([a.astype(common, copy=False) for a in arrays], **kwargs)
        return self.record(operands, arrays, y, {**kwargs, "shapes": tuple(a.shape for a in arrays)})

    def keep(self, edges: Sequence[Any], operands: Sequence[Any], y: Any) -> tuple[Any, ...]:
        return ()

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


def _plan(rule: Rule, operands: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    if isinstance(rule, over):
        rule = rule.rule
    if not callable(rule):
        return ()
    code = rule.__code__
    plan: list[tuple[str, Any]] = []
    for name in code.co_varnames[: code.co_argcount]:
        if name in operands:
            plan.append(("value", operands.index(name)))
        elif name == "y":
            plan.append(("value", -1))
        elif name in ("g", "shape", "needs"):
            plan.append((name, None))
        else:
            plan.append(("kwarg", name))
    return tuple(plan)


def _camel(name: str) -> str:
    return "".join(
        re.sub(r"\d[a-z]", lambda m: m.group().upper(), part[:1].upper() + part[1:]) for part in name.split("_")
    )


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


def refuse_type(symbol: str, a: Any, b: Any) -> NoReturn:
    """Python's own error for an operator between types that do not go together."""
    raise TypeError(f"unsupported operand type(s) for {symbol}: '{type(a).__name__}' and '{type(b).__name__}'")
