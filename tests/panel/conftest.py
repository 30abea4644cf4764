"""An explorer without an engine: a sine with its derivatives, and the refusals that a panel must show."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import ipywidgets as w
import numpy as np
import pytest

from gradmagic.explore.curves import Curve, Curves
from gradmagic.explore.request import Range, Request
from gradmagic.explore.state import State
from gradmagic.explore.trace import Call, Cure, Derivative, Failure, Trace
from gradmagic.panel import Panel
from gradmagic.panel.tree import close_tree

X = np.linspace(-6, 6, 101)
REFUSAL = "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn"


class FakeExplorer:
    """What a panel needs of an Explorer; parameters a and b, x from -6 to 6; `a = 13` fails."""

    def __init__(self, request: Request | None = None) -> None:
        self.lock = threading.RLock()
        self.request = request or Request("y = a * sin(b * x)")
        parameters = {"a": Range(0, 3), "b": Range(0.2, 4)}
        self.program: Any = SimpleNamespace(parameters=parameters, domain=Range(-6, 6), second=None, height=None)
        self.state = State({"a": 1.5, "b": 1.2}, 1.8)
        self.width = 12.0
        self.steps: list[State] = []
        self.on_step: Callable[[State], None] = lambda state: None
        self.trace, self.curves = self.step(self.state)

    @property
    def ledger(self) -> tuple[Call, ...]:
        return self.trace.ledger

    def check(self) -> tuple[Any, ...]:
        return ()

    def step(self, state: State) -> tuple[Trace, Curves]:
        self.steps.append(state)
        self.on_step(state)
        self.state = state
        if state.params["a"] == 13:
            self.trace = Trace(X, None, (), (), failure=Failure("ZeroDivisionError: <b>13</b>", 2))
            return self.trace, self.curves
        self.trace, self.curves = self.computed(state)
        return self.trace, self.curves

    settled = True
    glimpse = step

    def computed(self, state: State) -> tuple[Trace, Curves]:
        a, b = state.params["a"], state.params["b"]
        values = [a * b**n * np.sin(b * X + n * np.pi / 2) for n in range(state.order + 1)]
        labels = ["y", "dy/dx", *(f"d{n}y/dx{n}" for n in range(2, state.order + 1))]
        curves = [Curve(n, labels[n], values[n]) for n in range(state.order + 1)]
        if not state.create_graph:
            curves[2:] = [Curve(c.order, c.label, None, "dy/dx has no graph", REFUSAL) for c in curves[2:]]
        at = tuple(None if c.values is None else float(np.interp(state.x0, X, c.values)) for c in curves)
        derivatives = tuple(Derivative(c.order, c.values, c.note, c.detail) for c in curves[1:])
        trace = Trace(X, values[0], derivatives, self.calls(state), "printed <here>")
        return trace, Curves(X, tuple(curves), "x", "line", state.x0, at, slopes=state.weights == "ones")

    def calls(self, state: State) -> tuple[Call, ...]:
        graph = state.create_graph
        cell = Call(0, "g = grad(y, x, w)", 3, "cell", {}, {"create_graph": False, "retain_graph": False}, True,
                    "no grad_fn: a plain value", None, 0, 4, 0, 800, 1e-4)  # fmt: skip
        first = Call(1, "dydx = grad(y, x, ones)", None, "panel", {"create_graph": graph},
                     {"create_graph": graph, "retain_graph": graph}, True, "grad_fn=<MulBackward0>", None,
                     9 * graph, 9 * (not graph), 57700 * graph, 0, 2e-4)  # fmt: skip
        cure = None if graph else Cure("use create_graph=True in call 2", 1, {"create_graph": True})
        second = Call(2, "d2ydx2 = grad(dydx, x, ones)", None, "panel", {}, {"create_graph": graph}, graph,
                      "grad_fn=<MulBackward0>" if graph else REFUSAL, None if graph else REFUSAL, 9, 0, 3208, 0, 2e-4,
                      cure=cure)  # fmt: skip
        return (cell, first, second)


@pytest.fixture
def explorer() -> FakeExplorer:
    return FakeExplorer()


@pytest.fixture
def panel(explorer: FakeExplorer) -> Iterator[Panel]:
    made: Any = explorer
    panel = Panel(made)
    yield panel
    panel.close()


@pytest.fixture(autouse=True)
def no_widget_stays() -> Iterator[None]:
    """Whatever a test makes it ends, so that the counts of other tests are right."""
    from ipywidgets.widgets.widget import _instances

    before = set(_instances)
    yield
    for key in set(_instances) - before:
        widget = _instances.get(key)
        if isinstance(widget, w.Widget):
            close_tree(widget)
