"""An op: one row of a table, and how it becomes something that runs, records itself and differentiates.

A rule names what it reads: ``g`` the incoming gradient, ``y`` the output, ``x`` or ``a b c`` the operands, ``shape`` the
shape of the operand whose gradient it gives, ``cos_x`` and its like a function of the operand, and keyword arguments of the op. From these names follows what a node
saves. A rule is plain NumPy: it is given arrays, or, while a graph of the gradient is recorded, Tensors.
Knows no particular op, and not the kinds of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from gradmagic.engine import plainly
from gradmagic.engine.anomaly import note
from gradmagic.engine.clock import tick
from gradmagic.engine.modes import modes
from gradmagic.engine.node import DeadEnd, Node, blank
from gradmagic.engine.pulling import back_by, pull_of, step_of, target_meta
from gradmagic.engine.quiet import SILENT, hush, unhush
from gradmagic.engine.recalling import FUNCTIONS
from gradmagic.engine.saving import Packed, saving
from gradmagic.engine.slots import of_few
from gradmagic.engine.stopping import heed
from gradmagic.engine.tensor import Tensor, View, edge

Rule = Any  # a function of named values, or a number where it is constant


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
    reads : sequence of int, optional
        Of several outputs, those that the rules read; all, if not given.
    attributes : sequence of str
        Keyword arguments that the node shows as ``_saved_…``.
    batches : bool or tuple, optional
        Whether the rules hold for a batch of gradients, too, when their axes are counted on and their shapes have it in
        front; or the rules that do instead. If not given, it is so for linear rows.
    places : sequence of int, optional
        The operands that torch's node has an edge for, where a number or a condition has none.
    """

    name = ""
    title = ""  # the name in torch's errors, where it is another
    is_view = False
    pointwise = False  # element by element, so that a batch of gradients passes by broadcasting
    batches: Any = False  # whether other rules take one, too, their axes counted on; or the rules that do
    moves = False  # each element of a gradient goes to one place as it is, or nowhere
    floats = False  # integers become floats first, as sin does
    places: Sequence[int] | None = None  # the operands that torch's node has an edge for, where not for all
    refuses: Any = None  # raises for dtypes that torch has no kernel for
    transpose_one: Any = None  # of an op with several outputs: the transpose of one of them

    def __init__(
        self,
        fn: Callable[..., Any],
        *vjps: Rule,
        node: str | None = None,
        saved: dict[str, Any] | None = None,
        outputs: int = 1,
        reads: Sequence[int] | None = None,
        attributes: Sequence[str] = (),
        batches: Any = None,
        places: Sequence[int] | None = None,
    ) -> None:
        self.fn = fn
        self.vjps = vjps
        self.node_name = node
        self.saved_as = saved or {}
        self.outputs = outputs
        self.reads = range(outputs) if reads is None else reads
        if batches is not None:
            self.batches = batches
        if places is not None:
            self.places = places
        self.attributes = attributes  # the keyword arguments that torch's nodes show as `_saved_…`
        self.operands = ("x",) if len(vjps) == 1 else ("a", "b", "c", "d")[: len(vjps)]
        self.node_class: Any = None
        self._plans: Any = None
        self._keeps: dict[int, tuple[bool, ...]] = {}

    def named(self, name: str) -> Op:
        """Give the row its name; the table does it once."""
        self.name = self.__name__ = name
        return self

    # -- forward ------------------------------------------------------------------------------------------------

    def __call__(self, *operands: Any, **kwargs: Any) -> Any:
        arrays = [as_array(v) for v in operands]
        self.prepare(arrays, kwargs)
        token = hush(SILENT)
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
        wanted = any(target is not None for target in edges)  # `in` would ask leaves whether they equal None
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
        if modes.alerts:
            heed()
            if modes.levels:
                self.carry(operands, out, kwargs)
        return out

    def carry(self, operands: Sequence[Any], out: Any, kwargs: dict[str, Any]) -> None:
        from gradmagic.engine.pushing import carry  # above this file: it knows the kinds

        carry(self, operands, out, kwargs)

    def _record_many(
        self, operands: Sequence[Any], edges: tuple[Any, ...], ys: Any, kwargs: dict[str, Any], wanted: bool
    ) -> Any:
        read = tuple(y if nr in self.reads else None for nr, y in enumerate(ys))
        node = self.node(operands, edges, read, kwargs) if wanted else None
        outs = [Tensor._of(y, node if y.dtype.kind in "fc" else None) for y in ys]
        for nr, out in enumerate(outs):
            out.output_nr = nr
            if self.is_view:
                set_view(out, operands[0], self, {**kwargs, "_output": nr}, forbids="multi")
        if node is not None:
            if node.saved and node.saved[-1] is not None:
                node.output_logs = {nr: outs[nr]._shared_log() for nr in self.reads}
            # indices have no gradient, and torch's nodes no place for one: they come last
            node.metas = tuple((y.shape, y.dtype) for y in ys if y.dtype.kind in "fc")
            node.plain = False
            node.shape, node.dtype = node.metas[0]
        if modes.alerts:
            heed()
            if modes.levels:
                self.carry(operands, tuple(outs), kwargs)
        return tuple(outs)

    def node(self, operands: Sequence[Any], edges: tuple[Any, ...], y: Any, kwargs: dict[str, Any]) -> Node:
        node: Node = blank(self.node_class or self.make_node_class())
        node.edges = edges
        for v in operands:
            if isinstance(v, Tensor) and v.output_nr:
                node.edge_nrs = tuple([v.output_nr if isinstance(v, Tensor) else 0 for v in operands])
                break
        node.kwargs = kwargs
        node.saved = self.keep(edges, operands, y)
        node.seq = tick()
        refuse_inference(node.saved or ())
        if modes.alerts:
            if saving.hooks:
                self.pack(node)
            if modes.anomaly:
                note(node)
        return node

    def keep(self, edges: Sequence[Any], operands: Sequence[Any], y: Any) -> tuple[Any, ...]:
        """What the rules that will be asked for read: operands by position, then the output. Nothing, if they read nothing."""
        wanted = 0
        for i, target in enumerate(edges):
            if target is not None and (
                type(target) is not DeadEnd or len(edges) == 1
            ):  # torch asks only where there are more
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

    @cached_property
    def saves(self) -> bool:
        """Whether a node may have saved anything that is to be freed."""
        return any(self.plans()[1])

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
        self.node_class = type(name, (self.node_base(),), {"__slots__": (), "__module__": "builtins", "op": self})
        return self.node_class

    def node_base(self) -> Any:
        """What the nodes of this row are, but for their name."""
        return of_few(len(self.vjps))

    # -- the same, for what is nearly always given: real floats of one dtype, and nothing unusual switched on ------

    @cached_property
    def one(self) -> Callable[..., Any]:
        """The op on one Tensor, if it has one output."""
        return plainly.of_one(self)

    @cached_property
    def two(self) -> Callable[[Any, Any], Any]:
        """The op on two Tensors, or on a Tensor and a number."""
        return plainly.of_two(self, self)

    # -- backward -----------------------------------------------------------------------------------------------

    def plans(self) -> Any:
        """Per operand, how its rule is called; and which values it reads."""
        if self._plans is None:
            plans = [_plan(rule, self.operands) for rule in self.vjps]
            reads = [
                tuple(0 if kind == "function" else k for kind, k in plan if kind in ("value", "function"))
                for plan in plans
            ]
            self._plans = (plans, reads)
        return self._plans

    @cached_property
    def batch_rules(self) -> Any:
        """For each operand the rule for a batch of gradients, and how it is called."""
        rules = self.batches if isinstance(self.batches, tuple) else self.vjps
        return [(rule, _plan(rule, self.operands)) for rule in rules]

    def backward(self, node: Node, g: Any, wanted: Sequence[bool], recording: bool) -> list[Any]:
        if node.choice is not None:
            node.check()
        for want, target in zip(wanted, node.edges, strict=True):
            if target is not None and not want:
                node.check()
                break
        return [self.vjp(node, i, g, recording) if want else None for i, want in enumerate(wanted)]

    def vjp(self, node: Node, i: int, g: Any, recording: bool) -> Any:
        """The gradient of the i-th operand."""
        return self.pulls[i](node, g, recording)

    @cached_property
    def pulls(self) -> Any:
        """The same for each operand by itself: what a walk calls."""
        return tuple([pull_of(self, i) for i in range(len(self.vjps))])

    @cached_property
    def step(self) -> Callable[..., None]:
        """The same for all operands at once, where nobody looks on."""
        return step_of(self)

    def back(self, i: int) -> str:
        """The text by which a node's gradient becomes that of its i-th operand."""
        if self.vjps[i] is None:
            return f"    part = op.refuse_pull({i})\n"
        return back_by(i, len(self.vjps), self.vjps[i], self.plans()[0][i])

    def refuse_pull(self, i: int) -> NoReturn:
        raise NotImplementedError(f"the derivative for '{self.title or self.name}' is not implemented.")

    def arguments(self, node: Node, i: int, g: Any, recording: bool) -> list[Any]:
        out = []
        for kind, k in self.plans()[0][i]:
            if kind == "value":
                out.append(node.unpack(k if k >= 0 else len(node.edges), recording))
            elif kind == "g":
                out.append(g)
            elif kind == "shape":
                out.append(target_meta(node, i)[0])
            elif kind == "function":
                out.append(FUNCTIONS[k](node.unpack(0, recording)))
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
        elif name in FUNCTIONS:
            plan.append(("function", name))
        else:
            plan.append(("kwarg", name))
    return tuple(plan)


def _camel(name: str) -> str:
    return "".join(
        re.sub(r"\d[a-z]", lambda m: m.group().upper(), part[:1].upper() + part[1:]) for part in name.split("_")
    )
