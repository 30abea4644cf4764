"""Who looks on while a cell runs: what nodes save and lose, each gradient on its way, which line ran when.

Knows no story: it only notes.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

import numpy as np

from gradmagic.explore.explain import ordinal_label
from gradmagic.explore.ledger import Ledger, tensors_in
from gradmagic.explore.record import record
from gradmagic.explore.trace import Array
from gradmagic.explore.written import given_to

__all__ = ["LineClock", "Saved", "Step", "Witness"]


@record
class Saved:
    """An array that a node keeps for its backward formula, under torch's name for it."""

    name: str
    shape: tuple[int, ...]
    nbytes: int


@record
class Step:
    """One node's turn in a backward walk: the gradient that reached it, and what it passed on to each head."""

    key: int
    name: str
    received: Array | None
    passed: tuple[tuple[int, Array | None], ...]


class Witness(Ledger):
    """A ledger that also notes the graphs, what each call frees, and every gradient on its way."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.roots: list[tuple[Any, str | None]] = []  # and what it is called, for the panel's own
        self.written: dict[int, str] = {}  # what a call of the cell gives for a root, by the identity of the root
        self.moments: list[tuple[int | None, int, dict[int, int], tuple[Step, ...]]] = []
        self.nodes: dict[int, Any] = {}  # they stay alive for as long as their numbers mean them
        self.kept: list[Any] = []
        self.facts: dict[int, tuple[tuple[Saved, ...], int | None]] = {}
        self.logs: dict[int, list[tuple[str, Any, tuple[int, ...]]]] = {}
        self.freed: dict[int, int] = {}
        self.inputs: tuple[Any, ...] = ()  # what is differentiated by
        self._keys: dict[int, int] = {}

    def key(self, thing: Any) -> int:
        """The number of a node or a tensor."""
        if id(thing) not in self._keys:
            self.kept.append(thing)
            self._keys[id(thing)] = len(self._keys) + 1
        return self._keys[id(thing)]

    def __call__(self, call: Any, run: Callable[..., Any]) -> Any:
        index = len(self.rows)
        if self.by == "cell":
            texts, frame = given_to(self.called_at()[0]), self.frame()
            self.written |= {id(t): text for t, text in zip(call.outputs, texts, strict=False)}
            names = {} if frame is None else frame.f_globals
            self.inputs = tuple(names.get(name) for name in (self.program.wrt, self.program.second) if name)
        for tensor in call.outputs:
            self.see(tensor, self.label(0) if self.by == "panel" and not self.panels else None, None)
        if self.by == "panel" and call.inputs:
            self.inputs = tuple(call.inputs)
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
            label = self.label(self.panels) if self.by == "panel" else None
            for tensor in given:
                self.see(tensor, label, index)
            for key, node in self.nodes.items():
                if node.freed:
                    self.freed.setdefault(key, index)
            self.moments.append((index, len(self.roots), dict(self.freed), tuple(steps)))

    @property
    def panels(self) -> int:
        """How many calls the panel has made for this output."""
        return sum(row.by == "panel" for row in self.rows[self.begun :])

    def label(self, order: int) -> str:
        return ordinal_label(order, self.program.y_label, self.program.wrt)

    def see(self, tensor: Any, label: str | None, made_by: int | None) -> None:
        """Note a tensor's graph before anything of it is freed."""
        known = next((i for i, (root, _) in enumerate(self.roots) if root is tensor), None)
        if known is not None:
            if label is not None:
                self.roots[known] = (tensor, label)
            return
        self.roots.append((tensor, label))
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
        if isinstance(value, tuple):  # of several outputs those that are read
            yield from ((f"output {nr}", part) for nr, part in enumerate(value) if part is not None)
        elif value is not None:
            yield names.get(k, f"tensor {k}"), value


def saved_by(node: Any) -> Iterator[Saved]:
    """The arrays and numbers that a node saves; torch keeps a number as a tensor too."""
    for name, value in named_values(node):
        array = np.asarray(getattr(value, "_array", value))
        yield Saved(name, tuple(array.shape), int(array.nbytes))


def logs_of(node: Any) -> Iterable[tuple[str, Any, tuple[int, ...]]]:
    """The memories of what a node saves, as far as anybody else can write to them."""
    inner = holder(node)
    of_outputs = iter((inner.output_logs or {}).values())
    for name, value in named_values(node):
        log = value._log if hasattr(value, "_array") else next(of_outputs, None) if hasattr(value, "shape") else None
        if log is not None:
            yield name, log, tuple(value.shape)


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
        from gradmagic.engine.clock import tick

        if event in ("line", "return"):
            # after the cell's own frame has returned no line is running
            outermost = event == "return" and (
                frame.f_back is None or frame.f_back.f_code.co_filename != self._filename
            )
            self._ticks.append(tick())
            self._lines.append(0 if outermost else frame.f_lineno)
        return self._stepped
