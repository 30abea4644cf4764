"""What autograd did in one run of a cell, step by step: graphs, what was freed when, gradients on their way, writes.

The run is made for the story alone, so that no other run pays for it. Knows no pictures.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any, Literal, Self

import numpy as np

from gradmagic.explore.explain import ordinal_label
from gradmagic.explore.ledger import Ledger, tensors_in
from gradmagic.explore.program import Program
from gradmagic.explore.rows import row_of
from gradmagic.explore.run import Attempt
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Failure

__all__ = ["Box", "Event", "Graph", "Moment", "Saved", "Step", "Story", "Timeline", "story"]


@dataclass(frozen=True, slots=True)
class Saved:
    """An array that a node keeps for its backward formula, under torch's name for it."""

    name: str
    shape: tuple[int, ...]
    nbytes: int


@dataclass(frozen=True, slots=True)
class Box:
    """A node of a graph, a leaf, or the output that the graph is of.

    Attributes
    ----------
    key : int
        Its number in the whole story.
    kind : {"output", "node", "leaf"}
    name : str
        `MulBackward0`, or the name of the variable.
    shape : tuple of int
        Of the output, or of the leaf.
    saved : tuple of Saved
        What the node keeps.
    line : int or None
        The line of the cell that made it.
    made_by : int or None
        The call that made it, by its place in the ledger: with create_graph=True a gradient has a graph too.
    rule : str
        The row of the tables that it follows.
    heads : tuple of int
        The keys of the boxes that its gradients go to.
    """

    key: int
    kind: Literal["output", "node", "leaf"]
    name: str
    shape: tuple[int, ...]
    saved: tuple[Saved, ...] = ()
    line: int | None = None
    made_by: int | None = None
    rule: str = ""
    heads: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """The graph of one tensor, from the tensor to the leaves; each box comes before its heads."""

    label: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One node's turn in a backward walk: the gradient that reached it, and what it passed on to each head."""

    key: int
    name: str
    received: Array | None
    passed: tuple[tuple[int, Array | None], ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """How things stand before the first call of grad, or after one.

    Attributes
    ----------
    label : str
        `before any call`, or `after call 2`.
    call : int or None
        The call, by its place in the ledger.
    graphs : tuple of str
        The labels of the graphs that are there.
    freed : mapping of int to int
        For each node that was freed so far, by its key, the call that freed it.
    steps : tuple of Step
        The walk of this call.
    """

    label: str
    call: int | None
    graphs: tuple[str, ...]
    freed: Mapping[int, int]
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a memory: it was saved by a node, or written to; at which line, and its version then."""

    kind: Literal["saved", "written"]
    line: int | None
    version: int
    by: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The life of one memory that was written to in place; stale if a node needs a version that is gone."""

    name: str
    events: tuple[Event, ...]
    stale: bool


@dataclass(frozen=True, slots=True)
class Story:
    """All of it.

    Attributes
    ----------
    graphs : tuple of Graph
        Of y, and of each result that has one.
    moments : tuple of Moment
        Before the first call, and after each.
    timelines : tuple of Timeline
        The memories that were written to.
    failure : Failure or None
        The error that ended the run, if one did.
    """

    graphs: tuple[Graph, ...]
    moments: tuple[Moment, ...]
    timelines: tuple[Timeline, ...] = ()
    failure: Failure | None = None


def story(program: Program, state: State, namespace: Mapping[str, Any]) -> Story:
    """Run the cell once more, and look on.

    Examples
    --------
    >>> from gradmagic.explore.request import Request
    >>> program = Program.of(Request("y = x.exp()"), {})
    >>> told = story(program, State.initial(program.request, program), {})
    >>> [graph.label for graph in told.graphs], [moment.label for moment in told.moments]
    (['y', 'dy/dx', 'd²y/dx²'], ['before any call', 'after call 1', 'after call 2'])
    """
    program = Program.of(replace(program.request, backend="gradmagic"), namespace)
    return Telling(program, state, namespace).tell()


@dataclass(slots=True)
class Telling:
    """One run that is looked at."""

    program: Program
    state: State
    namespace: Mapping[str, Any]
    clock: LineClock = field(init=False)
    witness: Witness = field(init=False)

    def tell(self) -> Story:
        from gradmagic.explore.backends import backend_of

        backend = backend_of("gradmagic")
        self.clock = LineClock(self.program.filename)

        def watching(*args: Any) -> Witness:
            self.witness = Witness(*args)
            return self.witness

        attempt = Attempt(self.program, self.state, dict(self.namespace), backend, False, True, new_ledger=watching)
        with np.errstate(all="ignore"), backend.leaf_writes(self.program.request.leaf_writes), self.clock:
            trace = attempt.trace()
        return self.written(trace.names, trace.failure)

    def written(self, names: Mapping[str, Any], failure: Failure | None) -> Story:
        """The story, with the names that the cell gave to its tensors."""
        witness = self.witness
        called = {id(value): name for name, value in names.items() if hasattr(value, "grad_fn")}
        if witness.x is not None:
            called[id(witness.x)] = self.program.wrt
        labels = self.labels(called)
        graphs = [self.graph(labels[i], root, called) for i, (root, _) in enumerate(witness.roots)]
        moments = [
            Moment(
                "before any call" if call is None else f"after call {call + 1}",
                call,
                tuple(labels[:known]),
                freed,
                steps,
            )
            for call, known, freed, steps in witness.moments
        ]
        return Story(tuple(g for g in graphs if g.boxes), tuple(moments), self.timelines(names), failure)

    def labels(self, called: Mapping[int, str]) -> list[str]:
        """What each root is called: y, dy/dx as the panel counts them, or the cell's own name."""
        found: list[str] = []
        for number, (root, order) in enumerate(self.witness.roots):
            if order is not None:
                found.append(ordinal_label(order, self.program.y_label, self.program.wrt))
            else:
                found.append(called.get(id(root)) or (self.program.y_label if number == 0 else f"result {number}"))
        return [label if found.index(label) == i else f"{label} ({i + 1})" for i, label in enumerate(found)]

    def graph(self, label: str, root: Any, called: Mapping[int, str]) -> Graph:
        """The boxes behind one tensor."""
        node = root.grad_fn
        if node is None:
            return Graph(label, ())
        key = self.witness.key
        boxes = [Box(-key(root), "output", label, tuple(root.shape), heads=(key(node),))]
        waiting, seen = [node], {id(node)}
        nodes: list[Any] = []
        leaves: list[Any] = []
        while waiting:
            current = waiting.pop()
            nodes.append(current)
            for target in current.edges:
                if target is not None and id(target) not in seen:
                    seen.add(id(target))
                    (waiting if hasattr(target, "edges") else leaves).append(target)
        for one in sorted(nodes, key=lambda n: n.seq, reverse=True):
            heads = tuple(dict.fromkeys(key(t) for t in one.edges if t is not None))
            saved, made_by = self.witness.facts[key(one)]
            name = one.name().rpartition("::")[2]
            line = self.clock.line_at(one.seq)
            boxes.append(Box(key(one), "node", name, tuple(one.shape), saved, line, made_by, row_of(one), heads))
        boxes += [Box(key(t), "leaf", called.get(id(t), "a leaf"), tuple(t.shape)) for t in leaves]
        return Graph(label, tuple(boxes))

    def timelines(self, names: Mapping[str, Any]) -> tuple[Timeline, ...]:
        """The memories that were written to, with what was saved of them."""
        called = {id(log): name for name, t in names.items() if (log := getattr(t, "_log", None)) is not None}
        logs: dict[int, tuple[Any, str, list[tuple[int, Event]]]] = {}
        for node in self.witness.nodes.values():
            for name, log, shape in self.witness.logs.get(self.witness.key(node), ()):
                if log.count:
                    label = called.get(id(log), f"a tensor of shape {shape}")
                    events = logs.setdefault(id(log), (log, label, []))[2]
                    version = log.version_at(node.seq)
                    line = self.clock.line_at(node.seq)
                    events.append((node.seq, Event("saved", line, version, f"{node.name()} as {name}")))
        found = []
        for log, label, events in logs.values():
            stale = any(event.version != log.count for _, event in events)
            first = log.count - len(log.stamps)
            events += [
                (stamp, Event("written", self.clock.line_at(stamp), first + i + 1))
                for i, stamp in enumerate(log.stamps)
            ]
            found.append(Timeline(label, tuple(event for _, event in sorted(events, key=lambda e: e[0])), stale))
        return tuple(found)


class Witness(Ledger):
    """A ledger that also notes the graphs, what each call frees, and every gradient on its way."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.roots: list[tuple[Any, int | None]] = []  # and the order of derivative, for the panel's own
        self.moments: list[tuple[int | None, int, dict[int, int], tuple[Step, ...]]] = []
        self.nodes: dict[int, Any] = {}  # they stay alive for as long as their numbers mean them
        self.kept: list[Any] = []
        self.facts: dict[int, tuple[tuple[Saved, ...], int | None]] = {}
        self.logs: dict[int, list[tuple[str, Any, tuple[int, ...]]]] = {}
        self.freed: dict[int, int] = {}
        self.x: Any = None
        self._keys: dict[int, int] = {}

    def key(self, thing: Any) -> int:
        """The number of a node or a tensor."""
        if id(thing) not in self._keys:
            self.kept.append(thing)
            self._keys[id(thing)] = len(self._keys) + 1
        return self._keys[id(thing)]

    def __call__(self, call: Any, run: Callable[..., Any]) -> Any:
        index = len(self.rows)
        for tensor in call.outputs:
            self.see(tensor, 0 if self.by == "panel" and not self.panels else None, None)
        if self.by == "panel" and call.inputs:
            self.x = call.inputs[0]
        if not self.moments:
            self.moments.append((None, len(self.roots), {}, ()))
        steps: list[Step] = []
        given: tuple[Any, ...] = ()
        try:
            with self.looking_on(steps):
                result = super().__call__(call, run)
            given = tuple(t for t in tensors_in(result) if t is not None)
            return result
        finally:
            order = self.panels if self.by == "panel" else None
            for tensor in given:
                self.see(tensor, order, index)
            for key, node in self.nodes.items():
                if node.freed:
                    self.freed.setdefault(key, index)
            self.moments.append((index, len(self.roots), dict(self.freed), tuple(steps)))

    @property
    def panels(self) -> int:
        """How many calls the panel has made."""
        return sum(row.by == "panel" for row in self.rows)

    def see(self, tensor: Any, order: int | None, made_by: int | None) -> None:
        """Note a tensor's graph before anything of it is freed."""
        known = next((i for i, (root, _) in enumerate(self.roots) if root is tensor), None)
        if known is not None:
            if order is not None:
                self.roots[known] = (tensor, order)
            return
        self.roots.append((tensor, order))
        waiting = [tensor.grad_fn] if tensor.grad_fn is not None else []
        while waiting:
            node = waiting.pop()
            key = self.key(node)
            if key not in self.nodes:
                self.nodes[key] = node
                self.facts[key] = (tuple(saved_by(node)), made_by)
                self.logs[key] = list(logs_of(node))
                waiting += [target for target in node.edges if hasattr(target, "edges")]

    @contextmanager
    def looking_on(self, steps: list[Step]) -> Iterator[None]:
        """While it is entered, each node's turn in a walk becomes a Step."""
        handles = [node.register_hook(self.noting(node, steps)) for node in self.nodes.values()]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def noting(self, node: Any, steps: list[Step]) -> Callable[[Any, Any], None]:
        """A hook that notes one node's turn."""

        def note(passed: tuple[Any, ...], received: tuple[Any, ...]) -> None:
            heads = [(self.key(t), array_or_none(g)) for t, g in zip(node.edges, passed, strict=False) if t is not None]
            name = node.name().rpartition("::")[2]
            steps.append(Step(self.key(node), name, array_or_none(received[0]), tuple(heads)))

        return note


def array_or_none(tensor: Any) -> Array | None:
    return None if tensor is None else np.array(tensor.detach().numpy())


def holder(node: Any) -> Any:
    """The node that holds the saved values: a write into a view is recorded around the operation that wrote."""
    return getattr(node, "inner", node)


def named_values(node: Any) -> Iterator[tuple[str, Any]]:
    """What a node saves, with torch's names."""
    node = holder(node)
    saved = node.saved or ()
    names = {k: name for name, k in node.op.saved_names(node).items() if isinstance(k, int)} if node.op else {}
    for k, value in enumerate(saved):
        if value is not None:
            yield names.get(k, f"tensor {k}"), value


def saved_by(node: Any) -> Iterator[Saved]:
    """The arrays and numbers that a node saves; torch keeps a number as a tensor too."""
    for name, value in named_values(node):
        array = np.asarray(getattr(value, "_array", value))
        yield Saved(name, tuple(array.shape), int(array.nbytes))


def logs_of(node: Any) -> Iterable[tuple[str, Any, tuple[int, ...]]]:
    """The memories of what a node saves, as far as anybody else can write to them."""
    inner = holder(node)
    for name, value in named_values(node):
        log = getattr(value, "_log", None) or (inner.output_log if not hasattr(value, "_array") else None)
        if log is not None:
            yield name, log, tuple(getattr(value, "_array", value).shape)


class LineClock:
    """Which line of the cell ran when, by the engine's own clock, which numbers nodes and writes."""

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._ticks: list[int] = []
        self._lines: list[int] = []
        self._before: Any = None

    def line_at(self, tick: int) -> int | None:
        """The line that ran at this tick; None outside of the cell."""
        place = bisect_right(self._ticks, tick) - 1
        return self._lines[place] or None if place >= 0 else None

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, _: Any) -> Any:  # noqa: ARG002  Python's own signature
        return self._stepped if frame.f_code.co_filename == self._filename else None

    def _stepped(self, frame: FrameType, event: str, _: Any) -> Any:
        from gradmagic.engine.node import tick

        if event in ("line", "return"):
            # after the cell's own frame has returned no line is running
            outermost = event == "return" and (
                frame.f_back is None or frame.f_back.f_code.co_filename != self._filename
            )
            self._ticks.append(tick())
            self._lines.append(0 if outermost else frame.f_lineno)
        return self._stepped
