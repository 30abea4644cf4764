"""Scale: long chains, memory that goes as the graph is consumed, nothing left behind, threads that do not meet.

    python -m tests.engine.test_scale

does the same with a chain of a million ops.
"""

import gc
import sys
import threading
import time
import tracemalloc
import weakref
from collections.abc import Iterator

import pytest

from gradmagic import torch
from gradmagic.engine.graph import walk


def chain(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.tensor(1.0, requires_grad=True, dtype=torch.float64)
    y = x
    for _ in range(length):
        y = y * 1.0000001
    return x, y


def seconds_for(length: int) -> float:
    """How long a chain takes to be made, differentiated and destroyed."""
    start = time.perf_counter()
    x, y = chain(length)
    (g,) = torch.autograd.grad(y, x)
    assert g.item() == pytest.approx(1.0000001**length, rel=1e-9)
    del y
    return time.perf_counter() - start


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_a_chain_of_two_hundred_thousand_ops_takes_linear_time() -> None:
    seconds_for(1_000)
    short, long = seconds_for(50_000), seconds_for(200_000)
    assert long < 12 * short + 0.5


def test_memory_goes_as_the_graph_is_consumed() -> None:
    x = torch.ones(20_000, requires_grad=True, dtype=torch.float64)
    y = x
    for _ in range(50):
        y = y.exp().log()  # each keeps an array of 160 kB
    seen = []
    node = y.grad_fn
    for _ in range(99):
        node.register_hook(lambda *_: seen.append(tracemalloc.get_traced_memory()[0]))
        node = node.next_functions[0][0]
    total = y.sum()
    del y, node
    tracemalloc.start()
    held = sum(n.saved_bytes for n in walk([total]))
    torch.autograd.grad(total, x)
    tracemalloc.stop()
    assert held > 50 * 160_000
    assert sum(n.saved_bytes for n in walk([total])) == 0
    assert max(seen) < 8 * 160_000  # what the walk holds at any time does not grow with the graph


@pytest.mark.usefixtures("no_collector")
def test_nothing_lives_after_a_higher_derivative_is_dropped() -> None:
    x = torch.ones(3, requires_grad=True)
    y = (x.exp() * x.sin()).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
    refs = [weakref.ref(n) for n in walk([y, g, h])]
    assert len(refs) > 10
    del y, g, h
    assert not [r for r in refs if r() is not None]


@pytest.mark.usefixtures("no_collector")
def test_nothing_lives_after_backward_with_a_graph_once_the_gradient_is_let_go() -> None:
    x = torch.ones(3, requires_grad=True)
    y = (x.exp() * x).sum()
    with pytest.warns(UserWarning, match="reference cycle"):
        y.backward(create_graph=True)
    refs = [weakref.ref(x), *(weakref.ref(n) for n in walk([y, x.grad]))]
    x.grad = None  # the leaf and its gradient's graph hold each other
    del x, y
    assert not [r for r in refs if r() is not None]


@pytest.mark.usefixtures("no_collector")
def test_nothing_lives_after_writes_into_views_are_dropped() -> None:
    x = torch.ones(4, requires_grad=True)
    y = x * 1
    v = y[1:]
    v.mul_(2)
    w = y.view(2, 2)
    w[0] = 3.0
    refs = [weakref.ref(t) for t in (x, y, v, w)] + [weakref.ref(n) for n in walk([y, v, w])]
    torch.autograd.grad(y.sum(), x)
    del x, y, v, w
    assert not [r for r in refs if r() is not None]


def test_threads_in_different_modes_do_not_meet() -> None:
    found: dict[str, list[object]] = {"plain": [], "no_grad": [], "inference": [], "second": []}
    barrier = threading.Barrier(len(found))

    def work(mode: str) -> None:
        barrier.wait()
        for k in range(1, 150):
            x = torch.tensor(float(k), requires_grad=True, dtype=torch.float64)
            if mode == "no_grad":
                with torch.no_grad():
                    found[mode].append((x * x).requires_grad)
            elif mode == "inference":
                with torch.inference_mode():
                    found[mode].append((x * x).is_inference())
            elif mode == "second":
                (g,) = torch.autograd.grad(x**3, x, create_graph=True)
                found[mode].append(torch.autograd.grad(g, x)[0].item() == 6.0 * k)
            else:
                (x * x).backward()
                found[mode].append(x.grad.item() == 2.0 * k)

    threads = [threading.Thread(target=work, args=(mode,)) for mode in found]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert {mode: set(seen) for mode, seen in found.items()} == {
        "plain": {True}, "no_grad": {False}, "inference": {True}, "second": {True},
    }  # fmt: skip
    assert {len(seen) for seen in found.values()} == {149}


if __name__ == "__main__":
    sys.stdout.write(f"a chain of 1,000,000 ops: {seconds_for(1_000_000):.1f} s\n")
