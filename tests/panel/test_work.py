"""What takes long: the event loop stays free, Stop and the deadline end it, the picture stays, the next step works."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from gradmagic.engine.modes import modes
from gradmagic.explore.reading import parse_line
from gradmagic.explore.request import Request
from gradmagic.panel import Panel, show, work
from gradmagic.panel.work import Outcome, Task, Work

SLOW = """
n = 10**9 if a > 1 else 10
y = x * a
for _ in range(n):
    y = y * 1.0
"""
PURE = "n = 0\nwhile a > 1:\n    n = n + 1\ny = a * x**2"
SWALLOWS = "while a > 1:\n    try:\n        x * 2.0\n    except:\n        pass\ny = a * x**2"
ASLEEP = "import time\nif a > 1:\n    time.sleep(1.2)\ny = a * x**2"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("PATIENCE", 0.1), ("TICK", 0.02), ("GRACE", 0.1)):
        monkeypatch.setattr(work, name, seconds)


def opened(text: str, line: str = "") -> Panel:
    return show(parse_line(f"x=0:1 a=0:3@0.5 --points 11 {line}", text), {})


async def until(ask: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < end, "in vain"
        await asyncio.sleep(0.01)


def in_a_loop(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def slider(panel: Panel) -> Any:
    return panel.controls.params["a"].slider


def said(panel: Panel) -> str:
    return str(panel.words.problem.value)


@pytest.mark.parametrize("text", [SLOW, PURE, SWALLOWS])
def test_stop_ends_a_step_that_would_not_end_and_the_next_one_works(text: str) -> None:
    panel = opened(text)
    picture, state = panel.image.value, panel._state

    async def story() -> None:
        start = time.monotonic()
        slider(panel).value = 2.0
        assert time.monotonic() - start < 5, "the event has come back"
        await until(lambda: panel.progress.row.layout.display is None)
        assert "computing" in panel.progress.text.value
        await until(lambda: "line" in panel.progress.text.value)
        panel.progress.button.click()
        await until(lambda: said(panel) != "")
        assert panel.progress.row.layout.display == "none"
        assert "Stopped after" in said(panel)
        assert "of the cell" in said(panel)
        assert "a = 0.5" in said(panel)
        assert panel.image.value == picture
        assert panel.state is panel._state is state
        assert slider(panel).value == pytest.approx(0.5)
        await asyncio.sleep(0.4)  # what comes later does not try it again
        assert not panel._work.busy
        slider(panel).value = 0.25
        await until(lambda: panel._state.params["a"] == 0.25)
        assert said(panel) == ""
        assert panel.image.value != picture

    in_a_loop(story())
    assert (modes.grad, modes.alerts) == (True, 0)
    panel.close()


def test_what_was_stopped_is_nothing_to_go_back_to() -> None:
    panel = opened(SLOW)

    async def story() -> None:
        slider(panel).value = 2.0
        await until(lambda: panel._work.busy)
        panel._work.stop()
        await until(lambda: said(panel) != "")
        assert slider(panel).value == pytest.approx(0.5)
        slider(panel).value = 0.75
        await until(lambda: not panel.undo.back.disabled)
        panel.undo.back.click()
        await until(lambda: panel._state.params["a"] == 0.5)

    in_a_loop(story())
    panel.close()


def test_the_deadline_ends_it_without_a_press_and_says_how_to_have_more_time() -> None:
    panel = opened(SLOW, "--deadline 0.3")

    async def story() -> None:
        slider(panel).value = 2.0
        await until(lambda: said(panel) != "")
        assert "--deadline 60" in said(panel)
        assert "GradMagics.deadline" in said(panel)
        slider(panel).value = 0.75
        await until(lambda: panel._state.params["a"] == 0.75)

    in_a_loop(story())
    panel.close()


def test_events_that_come_meanwhile_are_heard_and_the_last_one_is_carried_out() -> None:
    panel = opened("import time\ntime.sleep(0.3 if a > 1 else 0)\ny = a * x")
    renders = panel.renders

    async def story() -> None:
        for i in range(30):
            slider(panel).value = 2 + i / 100
            await asyncio.sleep(0.002)
        await until(lambda: panel._state.params["a"] == 2.29)
        await until(lambda: not panel._work.busy)
        assert panel.renders - renders <= 6

    in_a_loop(story())
    assert panel.y is not None
    np.testing.assert_array_equal(panel.y, 2.29 * panel.x)
    panel.close()


def test_what_waits_in_one_call_of_c_ends_with_the_call() -> None:
    panel = opened(ASLEEP)

    async def story() -> None:
        slider(panel).value = 2.0
        await until(lambda: panel._work.busy)
        panel._work.stop()
        await until(lambda: "stopping" in panel.progress.text.value)
        await until(lambda: "Stopped after" in said(panel))

    in_a_loop(story())
    panel.close()


def test_setting_the_state_from_python_waits_for_it() -> None:
    panel = opened("import time\ntime.sleep(0.3 if a > 1 else 0)\ny = a * x")

    async def cell() -> None:
        from dataclasses import replace

        panel.state = replace(panel.state, params={"a": 2.0})
        assert panel.y is not None
        np.testing.assert_array_equal(panel.y, 2.0 * panel.x)

    in_a_loop(cell())
    panel.close()


def test_a_page_that_takes_long_can_be_stopped_and_makes_way_for_a_slider() -> None:
    panel = opened("import time\ntime.sleep(0.15)\ny = a * x")

    async def story() -> None:
        panel.pages.bar.value = "graph"  # tries the switches on the cell: many runs
        await until(lambda: panel.progress.row.layout.display is None)
        panel.progress.button.click()
        await until(lambda: "this page is not up to date" in said(panel))
        await asyncio.sleep(0.4)
        assert not panel._work.busy, "it is not tried again by itself"
        assert "this page is not up to date" in said(panel)
        panel.pages.bar.value = "curves"
        await until(lambda: said(panel) == "")
        panel.pages.bar.value = "graph"
        await until(lambda: panel._work.busy)
        slider(panel).value = 0.75
        await until(lambda: panel._state.params["a"] == 0.75, 1.0)
        await until(lambda: panel.pages.page is not None and "<svg" in panel.pages.page.picture.value)  # type: ignore[attr-defined]

    in_a_loop(story())
    panel.close()


def test_a_closed_panel_stops_what_it_was_doing() -> None:
    panel = opened(PURE)
    before = threading.active_count()

    async def story() -> None:
        slider(panel).value = 2.0
        await until(lambda: panel._work.busy)
        panel.close()
        await until(lambda: not panel._work.busy)

    in_a_loop(story())
    assert threading.active_count() <= before + 1


def test_without_threads_the_deadline_still_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in WebAssembly, where a thread cannot be started."""

    def none(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(work, "hand_over", none)
    panel = opened(SLOW, "--deadline 0.2")

    async def story() -> None:
        slider(panel).value = 2.0
        assert "Stopped after" in said(panel)
        slider(panel).value = 0.75
        await until(lambda: panel._state.params["a"] == 0.75)

    in_a_loop(story())
    assert modes.alerts == 0
    panel.close()


def test_one_thread_serves_many_steps() -> None:
    panel = opened("y = a * x")
    seen = set()

    async def story() -> None:
        for i in range(20):
            slider(panel).value = i / 20
            await asyncio.sleep(0.03)
            seen.add(threading.active_count())

    in_a_loop(story())
    assert len(seen) == 1
    panel.close()


def test_a_job_that_fails_hands_its_error_over() -> None:
    got: list[Outcome] = []
    progress: list[Task | None] = []

    def fails() -> None:
        time.sleep(0.2)
        raise SystemExit(3)

    async def story() -> None:
        jobs = Work(progress.append, lambda: 30.0)
        jobs.do(fails, got.append)
        await until(lambda: bool(got))

    in_a_loop(story())
    assert isinstance(got[0].error, SystemExit)
    assert not got[0].stopped
    assert progress[-1] is None


def test_what_is_done_is_done_for_all_who_wait_and_for_who_asks_again() -> None:
    async def story() -> None:
        go, found = threading.Event(), list[bool]()
        task = Task(go.wait, lambda _: None, asyncio.get_running_loop(), yields=False)
        work.hand_over(task, lambda _: None)
        assert not task.wait(0.01)
        waiters = [threading.Thread(target=lambda: found.append(task.wait(5.0))) for _ in range(3)]
        for waiter in waiters:
            waiter.start()
        go.set()
        start = time.monotonic()
        for waiter in waiters:
            waiter.join()
        assert task.wait(5.0)
        assert found == [True] * 3
        assert time.monotonic() - start < 4

    in_a_loop(story())


def test_a_request_says_how_long_a_step_may_take() -> None:
    assert parse_line("--deadline 2.5", "y = x").deadline == 2.5
    assert Request("y = x").deadline == 30.0
