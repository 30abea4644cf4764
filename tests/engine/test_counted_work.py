"""Counted work: how many ufunc calls and nodes the rounds of the benchmark take. Times vary, counts do not."""

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradmagic
from gradmagic import torch
from gradmagic.engine import calls
from gradmagic.engine.clock import tick
from gradmagic.engine.kinds import elementwise
from gradmagic.ops import expansion, series


class Counted(np.ndarray):
    """An array that counts the ufuncs it goes through, with all that is computed from it."""

    calls = 0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        Counted.calls += 1
        out = getattr(ufunc, method)(*[np.asarray(v) if isinstance(v, Counted) else v for v in inputs], **kwargs)
        return np.asarray(out).view(Counted)


def counted(work: Callable[[Any, Any], Any], array: Any) -> tuple[int, int]:
    """How many ufunc calls, and how many nodes, one round takes."""
    x, w = torch.tensor(array, requires_grad=True), torch.ones(array.shape, dtype=torch.float64)
    x._array, w._array = x._array.view(Counted), w._array.view(Counted)
    Counted.calls, before = 0, tick()
    work(x, w)
    return Counted.calls, tick() - before - 1


def square_twice(x: Any, w: Any) -> None:
    (first,) = torch.autograd.grad(x**2, x, w, create_graph=True)
    torch.autograd.grad(first, x, w, create_graph=True)


def curve_twice(x: Any, w: Any) -> None:
    y = torch.sin(x) * torch.exp(-(x**2) / 5) + x**3 / 10
    (first,) = torch.autograd.grad(y, x, w, create_graph=True)
    torch.autograd.grad(first, x, w)


def chain(x: Any, w: Any) -> None:
    y = x
    for _ in range(10):
        y = y * x + x
    torch.autograd.grad(y, x, w)


@pytest.mark.parametrize(
    ("work", "calls", "nodes"),
    [(square_twice, 7, 7), (curve_twice, 56, 24), (chain, 60, 20)],
    ids=lambda v: str(v)[:30],
)
def test_a_round_takes_as_many_calls_and_nodes_as_it_did(work: Any, calls: int, nodes: int) -> None:
    assert counted(work, np.linspace(0.5, 2.0, 12).reshape(3, 4)) == (calls, nodes)


def many_ways(x: Any, w: Any) -> None:
    scale, inner = torch.ones(4, requires_grad=True), x * 2
    y = torch.sin(inner) * scale + inner
    torch.autograd.grad(y, inner, w, retain_graph=True)
    torch.autograd.grad([y, y * y], [x, scale], [w, w], retain_graph=True)
    y.backward(w)


def written(x: Any, w: Any) -> None:
    inner = x.clone()
    inner[0] = 2.0
    torch.autograd.grad(torch.sin(inner) * inner, inner, w)


def chosen(x: Any, w: Any) -> None:
    y = (x * x)[x > 1].sum() + x.gather(0, torch.tensor([[0, 1, 2, 0]])).sum()
    torch.autograd.grad(y, x)
    with pytest.raises(RuntimeError, match="a second time"):
        torch.autograd.grad(y, x)


@pytest.mark.parametrize("work", [square_twice, curve_twice, chain, many_ways, written, chosen])
def test_a_pass_on_which_nobody_looks_goes_the_short_way(work: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "Walk", None)
    work(torch.linspace(0.5, 2.0, 12).reshape(3, 4).requires_grad_(), torch.ones(3, 4))


def test_a_recorded_op_takes_no_more_bytes_than_it_did() -> None:
    y = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    factor, term = torch.tensor(1.5, dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)
    y = y * factor + term  # makes what all of them share
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(1000):
            y = y * factor + term
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / 2000 < 150


def test_one_multiply_more_in_a_rule_is_counted() -> None:
    lean = elementwise(np.sin, lambda x: np.cos(x)).named("lean")
    fat = elementwise(np.sin, lambda x: np.cos(x) * 1.0).named("fat")
    array = np.linspace(0.5, 2.0, 12)

    def round_of(row: Any) -> int:
        return counted(lambda x, w: torch.autograd.grad(row.one(x), x, w), array)[0]

    assert round_of(lean) == 3
    assert round_of(fat) == 4


class Calls:
    """numpy, with the ufuncs and sums of products counted that are taken from it."""

    def __init__(self) -> None:
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return self.counting(found) if isinstance(found, np.ufunc) else found

    def counting(self, found: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return found(*args, **kwargs)

        return counted


@pytest.mark.parametrize(
    ("f", "order", "calls"),
    [
        (lambda x: np.sin(x) * np.exp(-(x**2) / 5) + x**3 / 10, 2, 14),
        (lambda x: np.tan(np.sin(x)), 10, 32),
        (lambda x: np.tan(np.sin(x)), 20, 62),
        (lambda x: x**3, 3, 3),
        (lambda x: np.exp(np.sin(x)) + x * np.exp(np.sin(x)), 4, 15),  # what is written twice is found once
    ],
)
def test_a_series_takes_as_many_calls_as_it_did(
    f: Callable[[Any], Any], order: int, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Calls()
    for module in (series, expansion):
        monkeypatch.setattr(module, "np", counting)
    monkeypatch.setattr(series, "einsum", counting.counting(series.einsum))
    gradmagic.taylor(f, np.linspace(0.1, 1.0, 7), order)
    assert counting.count == calls
