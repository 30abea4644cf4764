"""A cell that is run a hundred times, its pages opened and shut: nothing stays behind. An interrupt leaves it whole."""

from __future__ import annotations

import gc
import random
import sys
import threading
from dataclasses import replace
from types import FrameType
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from matplotlib.figure import Figure

from gradmagic.engine.modes import modes
from gradmagic.explore.request import Range, Request
from gradmagic.panel import Panel, show
from gradmagic.panel.pages import PAGES
from gradmagic.panel.registry import Place

WAVE = Request("y = a * sin(x)", {"a": Range(0, 3)}, points=21)


def counts() -> tuple[int, int, int, int]:
    gc.collect()
    figures = sum(issubclass(type(thing), Figure) for thing in gc.get_objects())
    return len(_instances), figures, len(plt.get_fignums()), threading.active_count()


def test_a_hundred_runs_leave_no_more_behind_than_one() -> None:
    seen = []
    for number in range(100):
        panel = show(WAVE, {}, Place("the cell of a hundred runs", str(number)))
        if number % 33 == 0:  # every page is opened at some time, then the first again
            for tab in (*PAGES, "curves"):
                panel.state = replace(panel.state, look=replace(panel.state.look, tab=tab))
        if number in (1, 34, 67):
            seen.append(counts())
    panel.close()
    # what tests before this one left may go meanwhile; nothing may come
    assert all(then <= now for now, then in zip(seen[0], seen[2], strict=True)), seen


def interrupted(panel: Panel, a: float, after: int) -> bool:
    """Set a parameter, and raise KeyboardInterrupt at the given call of a function of the engine or of the explorer."""
    left = after

    def watch(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal left
        where = frame.f_code.co_filename
        if event == "call" and ("gradmagic/engine" in where or "gradmagic/explore" in where):
            left -= 1
            if left == 0:
                sys.setprofile(None)
                raise KeyboardInterrupt

    sys.setprofile(watch)
    try:
        panel.state = replace(panel.state, params={"a": a})
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # one that hits a dying generator
@pytest.mark.parametrize("seed", range(3))
def test_an_interrupt_at_any_moment_leaves_engine_and_panel_as_they_were(seed: int) -> None:
    draw = random.Random(seed)
    panel = show(WAVE, {}, None)
    before = {
        name: getattr(modes, name) for name in ("grad", "inference", "anomaly", "leaf_writes", "alerts", "levels")
    }
    errors, hits = np.geterr(), 0
    for turn in range(25):
        hits += interrupted(panel, 0.1 + 0.1 * turn, draw.randrange(1, 400))
        assert {name: getattr(modes, name) for name in before} == before
        assert np.geterr() == errors
    assert hits > 5, f"seed {seed}: hardly ever interrupted"
    panel.state = replace(panel.state, params={"a": 2.5})
    np.testing.assert_array_equal(panel.y, 2.5 * np.sin(panel.x))
    np.testing.assert_allclose(panel.derivatives[1].values, -2.5 * np.sin(panel.x), atol=1e-15)
    assert panel.words.problem.value == ""
    panel.close()
