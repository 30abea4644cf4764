"""W2, W4 and W7: derivatives of functions of one variable over many points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import gradmagic
from tests.benchmarks.measuring import HAND, OURS, Case
from tests.benchmarks.tensors import both_threads, both_threads_off, first_order, threads

Peers = dict[str, Any]


def wave(of: Any) -> Callable[[Any], Any]:
    return lambda x: of.sin(x) * of.exp(-(x**2) / 5) + x**3 / 10


def nested(torch: Any, function: Any, size: int, order: int) -> Callable[[], Any]:
    """y and its derivatives by reverse mode over reverse mode, as anyone writes it for torch."""
    f = function(torch)

    def run() -> Any:
        x = torch.linspace(-3, 3, size, dtype=torch.float64).requires_grad_()
        ones = torch.ones(size, dtype=torch.float64)
        rows = [f(x)]
        for k in range(order):
            rows += torch.autograd.grad(rows[-1], x, ones, create_graph=k < order - 1)
        return rows

    return run


def wave_by_hand(x: Any) -> Any:
    s, c, e = np.sin(x), np.cos(x), np.exp(-(x * x) / 5)
    u, v = -0.4 * x, 0.16 * x * x - 0.4
    return s * e + x * x * x / 10, (c + s * u) * e + 0.3 * x * x, (s * (v - 1) + 2 * c * u) * e + 0.6 * x


def compiled(peers: Peers, function: Any, x: Any, order: int) -> Callable[[], Any]:
    jax = peers["jax"]
    scalar = [function(jax.numpy)]
    for _ in range(order):
        scalar.append(jax.grad(scalar[-1]))
    whole = jax.jit(lambda x: tuple(jax.vmap(f)(x) for f in scalar))
    at = jax.numpy.asarray(x)
    return lambda: jax.block_until_ready(whole(at))


def w2(peers: Peers, small: bool) -> Iterator[Case]:
    for size, reach in ((7, 0.2),) if small else ((100, 0.2), (1_000, 0.3), (10_000, 0.75), (100_000, 0.9)):
        x = np.linspace(-3, 3, size)
        run: dict[str, Any] = both_threads(peers, nested, wave, size, 2)
        run[HAND] = lambda x=x: wave_by_hand(x)
        if "jax" in peers:
            run["jax jit"] = compiled(peers, wave, x, 2)
        if "autograd" in peers:
            import autograd
            import autograd.numpy

            f = wave(autograd.numpy)
            d = autograd.elementwise_grad(f)
            dd = autograd.elementwise_grad(d)
            run["autograd"] = lambda x=x, f=f, d=d, dd=dd: (f(x), d(x), dd(x))
        yield Case(f"y, y′, y″ over {size:,} points", run, reach, prepare=threads(peers))
        yield from first_order(peers, f"the same over {size:,} points", wave, x)


def w2c(peers: Peers, small: bool) -> Iterator[Case]:
    for size, reach in ((9, 0.2),) if small else ((1_000, 0.2), (1_000_000, 0.5), (10_000_000, 0.15)):
        x = np.linspace(-3, 3, size)
        run: dict[str, Any] = both_threads(peers, nested, wave, size, 2) | {OURS: in_blocks(x)}
        if "jax" in peers:
            run["jax jit"] = compiled(peers, wave, x, 2)
        yield Case(
            f"the same by Taylor series, {size:,} points", run, reach, ("torch", "torch, all cores"), threads(peers)
        )


POOL = ThreadPoolExecutor()


def in_blocks(x: Any) -> Callable[[], Any]:
    """What the explorer's curves are computed with: in blocks, on all cores, where there are enough points."""
    pool = POOL if x.size > 100_000 else None
    return lambda: [*gradmagic.taylor(wave(np), x, 2, executor=pool)]


# -- W4: high orders -----------------------------------------------------------------------------------------------


def bend(of: Any) -> Callable[[Any], Any]:
    return lambda x: of.tan(of.sin(x))


def w4(peers: Peers, small: bool) -> Iterator[Case]:
    top, size = (3, 5) if small else (10, 1_000)
    x = np.linspace(-3, 3, size)
    run: dict[str, Any] = both_threads_off(peers, nested, bend, size, top)
    run[OURS] = lambda: [*gradmagic.taylor(bend(np), x, top)]
    if "jax" in peers:
        run["jax jit"] = jet(peers["jax"], x, top)
    yield Case(f"all orders to {top} of tan(sin x), {size:,} points", run, 0.0005, rtol=1e-6)
    first = {name: one for name, one in both_threads_off(peers, nested, bend, size, 1).items() if name != OURS}
    twenty = {OURS: lambda: [*gradmagic.taylor(bend(np), x, 2 * top)]}
    yield Case(f"all orders to {2 * top}, beside torch's first", twenty | first, 4.8)


def jet(jax: Any, x: Any, top: int) -> Callable[[], Any]:
    from jax.experimental.jet import jet as expand

    def rows(x: Any) -> Any:
        series = [jax.numpy.ones_like(x)] + [jax.numpy.zeros_like(x)] * (top - 1)
        of = jax.numpy  # which has no series of tan
        y, orders = expand(lambda x: of.sin(of.sin(x)) / of.cos(of.sin(x)), (x,), (series,))
        return (y, *orders)

    whole, at = jax.jit(rows), jax.numpy.asarray(x)
    return lambda: jax.block_until_ready(whole(at))


# -- W7: a slider that is dragged ----------------------------------------------------------------------------------


def dragged(torch: Any, batched: bool, count: int, size: int) -> Callable[[], Any]:
    values = np.linspace(0.5, 3, count)
    ones = torch.ones(size, dtype=torch.float64)

    def slope(a: Any) -> Any:
        x = torch.linspace(-6, 6, size, dtype=torch.float64).requires_grad_()
        y = torch.sin(a * x) * torch.exp(-(x**2) / 8)
        return torch.autograd.grad(y, x, ones)[0]

    def loop() -> Any:
        return [slope(float(a)) for a in values]

    def at_once() -> Any:
        x = torch.linspace(-6, 6, size, dtype=torch.float64).expand(count, size).clone().requires_grad_()
        y = torch.sin(torch.tensor(values)[:, None] * x) * torch.exp(-(x**2) / 8)
        return torch.autograd.grad(y.sum(), x)[0]

    return at_once if batched else loop


def w7(peers: Peers, small: bool) -> Iterator[Case]:
    count, size = (3, 5) if small else (50, 500)
    for label, batched, reach in (("one by one", False, 0.3), ("batched", True, 1.0)):
        run = both_threads(peers, dragged, batched, count, size)
        yield Case(f"{count} values of a × {size} points, {label}", run, reach, prepare=threads(peers))
