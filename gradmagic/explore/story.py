"""What autograd did in one run of a cell, step by step: graphs, what was freed when, gradients on their way, writes.

The run is made for the story alone, so that no other run pays for it. Knows no pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from gradmagic.explore.formulas import formula_of
from gradmagic.explore.options import MOST_OUTPUTS
from gradmagic.explore.program import Program
from gradmagic.explore.record import record
from gradmagic.explore.rows import row_of
from gradmagic.explore.run import Attempt
from gradmagic.explore.state import State
from gradmagic.explore.trace import Failure
from gradmagic.explore.witness import LineClock, Saved, Step, Witness

__all__ = ["Box", "Event", "Graph", "Moment", "Saved", "Step", "Story", "Timeline", "story"]


@record
class Box:
    """A node of a graph, a leaf, or the output that the graph is of.

    Attributes
    ----------
    key : int
        Its number in the whole story.
    kind : {"output", "node", "leaf", "group"}
        A group stands for several nodes or leaves, in a drawing of a graph that is too large.
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
    formula : str
        What it computed and what it passes on, as mathematics; empty where words fail.
    rule : str
        The row of the engine's tables that it follows.
    overwritten : tuple of (str, int or None)
        What it saved and was written to since, and the line that wrote first.
    heads : tuple of int
        The keys of the boxes that its gradients go to.
    """

    key: int
    kind: Literal["output", "node", "leaf", "group"]
    name: str
    shape: tuple[int, ...]
    saved: tuple[Saved, ...] = ()
    line: int | None = None
    made_by: int | None = None
    formula: str = ""
    rule: str = ""
    overwritten: tuple[tuple[str, int | None], ...] = ()
    heads: tuple[int, ...] = ()


@record
class Graph:
    """The graph of one tensor, from the tensor to the leaves; each box comes before its heads."""

    label: str
    boxes: tuple[Box, ...]


@record
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


@record
class Event:
    """What happened to a memory: it was saved by a node, or written to; at which line, and its version then."""

    kind: Literal["saved", "written"]
    line: int | None
    version: int
    by: str = ""


@record
class Timeline:
    """The life of one memory that was written to in place; stale if a node needs a version that is gone."""

    name: str
    events: tuple[Event, ...]
    stale: bool


@record
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


APART = (True,) * MOST_OUTPUTS  # no calls but the panel's are looked at


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

        attempt = Attempt(self.program, self.state, dict(self.namespace), backend, False, APART, new_ledger=watching)
        with np.errstate(all="ignore"), backend.leaf_writes(self.program.request.leaf_writes), self.clock:
            trace = attempt.trace()
        return self.written(trace.names, trace.failure)

    def written(self, names: Mapping[str, Any], failure: Failure | None) -> Story:
        """The story, with the names that the cell gave to its tensors."""
        witness = self.witness
        called = {id(value): name for name, value in names.items() if hasattr(value, "grad_fn")}
        names_of_inputs = [name for name in (self.program.wrt, self.program.second) if name]
        called |= {id(t): name for t, name in zip(witness.inputs, names_of_inputs, strict=False)}
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
        for number, (root, label) in enumerate(self.witness.roots):
            written = self.witness.written.get(id(root)) or (f"result {number}" if number else "the output")
            named = called.get(id(root)) or written
            found.append(label or named)
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
            told = formula_of(one), row_of(one), self.overwritten(one)
            boxes.append(Box(key(one), "node", name, tuple(one.shape), saved, line, made_by, *told, heads))
        boxes += [Box(key(t), "leaf", called.get(id(t), "a leaf"), tuple(t.shape)) for t in leaves]
        return Graph(label, tuple(boxes))

    def overwritten(self, node: Any) -> tuple[tuple[str, int | None], ...]:
        """What a node saved that is no longer what it was, and the line that wrote first."""
        found = []
        for name, log, _ in self.witness.logs.get(self.witness.key(node), ()):
            later = [stamp for stamp in log.stamps if stamp > node.seq]
            if log.version_at(node.seq) != log.count:
                found.append((name, self.clock.line_at(later[0]) if later else None))
        return tuple(found)

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
