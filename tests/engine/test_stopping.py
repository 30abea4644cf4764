"""Stopping a program from another thread, and by a limit of time: what was there before is as it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.engine.modes import UNUSUAL, modes
from gradmagic.engine.stopping import Stopped, Stopper, time_limit

PATIENCE = 20.0


class Beside:
    """A job in a thread of its own, which can be stopped."""

    def __init__(self, job: Callable[[], Any]) -> None:
        self.error: BaseException | None = None
        self.stopper: Any = None
        self.modes: dict[str, Any] = {}
        self._ready, self._job = threading.Event(), job
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self._ready.wait(PATIENCE)

    def _run(self) -> None:
        self.stopper = Stopper()
        try:
            try:
                self._ready.set()
                self._job()
            except BaseException as error:  # noqa: BLE001  the test looks at it
                self.error = error
            self.modes = {name: getattr(modes, name) for name in ("grad", "anomaly", "inference", "leaf_writes")}
            self.stopper.over()
        except Stopped as late:
            self.error = late

    def ended(self) -> BaseException | None:
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        return self.error


def endless_ops() -> None:
    x = torch.linspace(0.0, 1.0, 50).requires_grad_()
    while True:
        x = x * 1.0


def ops_that_go_on() -> None:
    """A program that does not want to hear of exceptions."""
    while True:
        try:
            endless_ops()
        except Exception:  # noqa: BLE001
            continue


def ops_without_a_graph() -> None:
    x = torch.ones(3)
    with torch.no_grad():
        while True:
            x = torch.sin(x)


def walks() -> None:
    x = torch.linspace(0.0, 1.0, 50).requires_grad_()
    y = (x * x + torch.exp(x)).sum()
    while True:
        torch.autograd.grad(y, x, retain_graph=True)


def bare_python() -> None:
    n = 0
    while True:
        n += 1


@pytest.mark.parametrize("job", [endless_ops, ops_that_go_on, ops_without_a_graph, walks])
def test_ops_and_walks_stop_when_they_are_told_to(job: Callable[[], None]) -> None:
    beside = Beside(job)
    time.sleep(0.05)
    beside.stopper.stop()
    assert type(beside.ended()) is Stopped
    assert beside.modes == {"grad": True, "anomaly": False, "inference": False, "leaf_writes": False}


def test_a_loop_without_ops_is_stopped_by_force() -> None:
    beside = Beside(bare_python)
    beside.stopper.stop()
    time.sleep(0.05)
    assert beside.thread.is_alive(), "asking does not reach a loop without ops"
    assert beside.stopper.force()
    assert type(beside.ended()) is Stopped


def test_force_that_comes_at_the_very_end_goes_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    """Whenever it comes, the thread ends quietly."""
    for wait in np.linspace(0, 2e-3, 60):
        beside = Beside(lambda: sum(range(20_000)))
        time.sleep(float(wait))
        beside.stopper.force()
        assert type(beside.ended()) in (type(None), Stopped)
    assert capsys.readouterr().err == ""


def test_other_threads_do_not_hear_of_it() -> None:
    before = modes.alerts, dict(UNUSUAL)
    beside = Beside(endless_ops)
    beside.stopper.stop()
    x = torch.tensor(3.0, requires_grad=True)
    (g,) = torch.autograd.grad(x * x, x)
    assert float(g) == 6.0
    beside.ended()
    assert (modes.alerts, UNUSUAL) == before, "nor do they look for anything unusual because of it"


def test_a_graph_that_was_stopped_on_its_way_gives_the_same_afterwards() -> None:
    x = torch.linspace(0.0, 1.0, 2000).requires_grad_()
    y = torch.tanh(x)
    for _ in range(400):
        y = y * x + y
    y = y.sum()
    (whole,) = torch.autograd.grad(y, x, retain_graph=True)
    beside = Beside(lambda: [torch.autograd.grad(y, x, retain_graph=True) for _ in range(1000)])
    time.sleep(0.03)
    beside.stopper.stop()
    assert type(beside.ended()) is Stopped
    (again,) = torch.autograd.grad(y, x, retain_graph=True)
    np.testing.assert_array_equal(again.numpy(), whole.numpy())
    assert x.grad is None


def test_a_limit_of_time_holds_in_this_thread_and_is_gone_afterwards() -> None:
    start, before = time.monotonic(), modes.alerts
    with pytest.raises(Stopped), time_limit(0.05):
        endless_ops()
    assert time.monotonic() - start < PATIENCE
    assert (modes.alerts, modes.stop) == (before, None)
    x = torch.tensor(2.0, requires_grad=True)
    with time_limit(100.0):
        (g,) = torch.autograd.grad(x**3, x)
    assert float(g) == 12.0
