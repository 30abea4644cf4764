"""A curve on a grid of any size, in blocks, by this thread or by the workers of an executor."""

import multiprocessing
import tracemalloc
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.request import GradUsageError

WAVE = "y = a * sin(x) * exp(-x**2 / 5) + x**3 / 10"


def explorer(text: str = WAVE, names: Any = None, **options: Any) -> Explorer:
    return Explorer(*request_from(text, names, **{"x": (-3, 3), "points": 101, **options}))


def test_the_samples_of_the_curve_come_out_again() -> None:
    g = explorer(order=4, a=(0, 2, 1.5), weights="cos(x)")
    expected = [g.y, *(d.values for d in g.derivatives)]
    assert np.allclose(g.sampled(g.x, block=7), expected, rtol=1e-10, atol=1e-10)


def test_a_grid_follows_the_sliders_and_the_order_asked_for() -> None:
    g = explorer("a * x**2", a=(0, 3, 1))
    g.step(replace(g.state, params={"a": 2.0}))
    assert g.sampled([1.0, 2.0], 3).tolist() == [[2, 8], [4, 8], [4, 4], [0, 0]]
    assert g.sampled(5)[0].tolist() == [18, 4.5, 0, 4.5, 18]


def test_a_panel_has_it_too() -> None:
    pytest.importorskip("ipywidgets")
    import gradmagic

    assert gradmagic.explore("x**2", x=(0, 1)).sampled([3.0], 1).tolist() == [[9.0], [6.0]]


def test_the_users_names_and_the_cells_own_functions_are_there() -> None:
    names = {"k": 3.0, "shift": lambda x: x + 1}
    g = explorer("print('once')\ndef f(x):\n    return k * shift(x) ** 2\ny = f(x)", names)
    assert g.sampled([0.0, 1.0]).tolist() == [[3, 12], [6, 12], [6, 6]]


@pytest.mark.parametrize("workers", ["threads", "processes"])
def test_workers_give_what_this_thread_gives(workers: str) -> None:
    g = explorer(a=1.5)
    pool: Executor = (
        ThreadPoolExecutor(2)
        if workers == "threads"
        else ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    )
    with pool:
        assert np.array_equal(g.sampled(5000, executor=pool, block=1000), g.sampled(5000))


class Losing(Executor):
    """An executor whose worker is gone."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ARG002
        future: Future[Any] = Future()
        future.set_exception(BrokenExecutor("gone"))
        return future


def test_a_lost_worker_is_told_and_nothing_changes() -> None:
    g = explorer(a=1.0)
    before = g.curves
    with pytest.raises(RuntimeError, match="points 0 to 99 of 1000 were lost with their worker"):
        g.sampled(1000, executor=Losing(), block=100)
    assert g.curves is before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("y = x * x.sum()", "no curve"),
        ("y = (x**2).sum()", "no curve"),
        ("y = x / x.detach().max()", "depends on the other samples"),
        ("y = x * torch.rand(1)", "depends on the other samples"),
        ("x = x * 2\ny = x**3", "makes another 'x' of the one it is given"),
    ],
)
def test_what_is_no_function_of_one_x_is_refused(text: str, said: str) -> None:
    with pytest.raises(GradUsageError, match=said):
        explorer(text).sampled(1000)


def test_a_grid_needs_little_memory_beside_the_result() -> None:
    g = explorer(a=1.0)
    x = np.linspace(-3, 3, 400_000)
    g.sampled(1000)
    tracemalloc.start()
    found = g.sampled(x, block=1 << 13)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < found.nbytes * 1.4
