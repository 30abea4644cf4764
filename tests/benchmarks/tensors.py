"""W1, W3, W5, W6 and W8: programs of tensors, on gradmagic's torch, on torch itself, and on the peers that can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from gradmagic import torch as ours
from tests.benchmarks.measuring import HAND, OURS, Case

Peers = dict[str, Any]


def engines(peers: Peers) -> dict[str, Any]:
    """Whoever understands a program written for torch."""
    return {OURS: ours} | ({"torch": peers["torch"]} if "torch" in peers else {})


def threads(peers: Peers) -> dict[str, Callable[[], None]]:
    """What sets torch's threads before its turn."""
    if "torch" not in peers:
        return {}
    torch = peers["torch"]
    most = torch.get_num_threads()
    return {"torch": partial(torch.set_num_threads, 1), "torch, all cores": partial(torch.set_num_threads, most)}


def both_threads(peers: Peers, program: Callable[..., Any], *args: Any) -> dict[str, Callable[[], Any]]:
    """The same program on gradmagic, on torch with one thread, and on torch as it comes."""
    found = {name: program(engine, *args) for name, engine in engines(peers).items()}
    return found | ({"torch, all cores": found["torch"]} if "torch" in found else {})


# -- W1: the round of the document ---------------------------------------------------------------------------------


def document(torch: Any, writes: bool) -> Callable[[], Any]:
    values = torch.arange(12, dtype=torch.float64).reshape(3, 4)
    ones = torch.ones(3, 4, dtype=torch.float64)
    leaf = values.clone().requires_grad_()

    def run() -> Any:
        x = leaf
        if writes:
            # In today's torch a leaf that requires grad is not written to: its clone is.
            x = torch.zeros(3, 4, dtype=torch.float64, requires_grad=True).clone()
            for i in range(3):
                for j in range(4):
                    x[i][j] = i + j
        y = x**2
        (first,) = torch.autograd.grad(y, x, ones, create_graph=True)
        (second,) = torch.autograd.grad(first, x, ones, create_graph=True)
        return y, first, second

    return run


def w1(peers: Peers, small: bool) -> Iterator[Case]:
    values = np.arange(12.0).reshape(3, 4)
    weights = np.ones((3, 4))
    run: dict[str, Any] = both_threads(peers, document, False)
    run[HAND] = lambda: (values * values, weights * (values + values), weights * 2.0)
    if "jax" in peers:
        jax = peers["jax"]

        def rounds(x: Any) -> Any:
            first = jax.grad(lambda x: (x**2).sum())
            return x**2, first(x), jax.grad(lambda x: first(x).sum())(x)

        compiled, x = jax.jit(rounds), jax.numpy.asarray(values)
        run["jax jit"] = lambda: jax.block_until_ready(compiled(x))
        run["jax eager"] = lambda: jax.block_until_ready(rounds(x))
    if "autograd" in peers:
        import autograd

        slope = autograd.elementwise_grad(lambda x: x**2)
        bend = autograd.elementwise_grad(slope)
        run["autograd"] = lambda: (values**2, slope(values), bend(values))
    yield Case("y and two derivatives of x² on 3×4", run, 0.10, prepare=threads(peers))
    yield from first_order(peers, "x² on 3×4", lambda of: lambda x: x**2, values)


def first_order(peers: Peers, label: str, function: Any, values: Any) -> Iterator[Case]:
    """y and one derivative: beside every eager peer, MyGrad among them, which has no higher ones."""
    run: dict[str, Any] = {}
    ones = np.ones(values.shape)
    for name, torch in engines(peers).items():
        leaf, weights = torch.tensor(values, requires_grad=True), torch.tensor(ones)
        run[name] = partial(first_by_grad, torch.autograd.grad, function(torch), leaf, weights)
    if "autograd" in peers:
        import autograd
        import autograd.numpy

        f = function(autograd.numpy)
        slope = autograd.elementwise_grad(f)
        run["autograd"] = lambda: (f(values), slope(values))
    if "mygrad" in peers:
        f_of_mygrad = function(peers["mygrad"])

        def by_mygrad() -> Any:
            x = peers["mygrad"].tensor(values)
            y = f_of_mygrad(x)
            y.backward(ones)
            return y, x.grad

        run["mygrad"] = by_mygrad
    beside = ("torch", "autograd", "mygrad")
    yield Case(f"y and one derivative of {label}", run, 1.0, beside, threads(peers))


def first_by_grad(grad: Any, f: Any, leaf: Any, weights: Any) -> Any:
    y = f(leaf)
    return y, *grad(y, leaf, weights)


def w1b(peers: Peers, small: bool) -> Iterator[Case]:
    yield Case("the same with twelve writes", both_threads(peers, document, True), 0.15, prepare=threads(peers))


# -- W3: long chains -----------------------------------------------------------------------------------------------


def chain(torch: Any, length: int, twice: bool) -> Callable[[], Any]:
    x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    factor = torch.tensor(1.0 + 1e-9, dtype=torch.float64)
    term = torch.tensor(1e-9, dtype=torch.float64)

    def run() -> Any:
        y = x
        for _ in range(length // 2):
            y = y * factor
            y = torch.sin(y) if twice else y + term
        (first,) = torch.autograd.grad(y, x, create_graph=twice)
        return (first, *torch.autograd.grad(first, x)) if twice else (y, first)

    return run


def w3(peers: Peers, small: bool) -> Iterator[Case]:
    for length, reach in ((10,) * 2,) if small else ((1_000, 0.15), (100_000, 0.12), (1_000_000, 0.13)):
        yield Case(f"a chain of {length:,} ops", both_threads_off(peers, chain, length, False), reach)
    length = 10 if small else 1_000
    yield Case(f"its double backward, {length:,} ops", both_threads_off(peers, chain, length, True), 0.2)


def both_threads_off(peers: Peers, program: Callable[..., Any], *args: Any) -> dict[str, Callable[[], Any]]:
    """Threads have nothing to do here: gradmagic and torch once each."""
    return {name: program(engine, *args) for name, engine in engines(peers).items()}


# -- W5: a small network -------------------------------------------------------------------------------------------


def network(torch: Any, product: bool) -> Callable[[], Any]:
    rng = np.random.default_rng(5)
    shapes = ((2, 16), (16,), (16, 16), (16,), (16, 1), (1,))
    weights = [torch.tensor(rng.normal(size=s) / 2, dtype=torch.float64, requires_grad=True) for s in shapes]
    along = [torch.tensor(rng.normal(size=s), dtype=torch.float64) for s in shapes]
    x, target = torch.tensor(rng.normal(size=(64, 2))), torch.tensor(rng.normal(size=(64, 1)))
    a, p, b, q, c, r = weights

    def run() -> Any:
        out = torch.tanh(torch.tanh(x @ a + p) @ b + q) @ c + r
        loss = ((out - target) ** 2).mean()
        first = torch.autograd.grad(loss, weights, create_graph=product)
        if not product:
            return loss, *first
        return torch.autograd.grad(first, weights, along)

    return run


def w5(peers: Peers, small: bool) -> Iterator[Case]:
    yield Case("forward and backward", both_threads(peers, network, False), 0.5, prepare=threads(peers))
    yield Case("Hessian-vector product", both_threads(peers, network, True), 0.5, prepare=threads(peers))


# -- W6: Hessians --------------------------------------------------------------------------------------------------


def rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def hessian(torch: Any, n: int, dense: bool) -> Callable[[], Any]:
    """Its rows as one batch; if dense, in an order in which nobody sees that most of them is zero."""
    x = torch.linspace(-1.2, 1.1, n, dtype=torch.float64).requires_grad_()
    basis = torch.eye(n, dtype=torch.float64)
    basis = basis.flip(0) if dense else basis

    def run() -> Any:
        (first,) = torch.autograd.grad(rosenbrock(x), x, create_graph=True)
        (found,) = torch.autograd.grad(first, x, basis, is_grads_batched=True)
        return found.flip(0) if dense else found

    return run


def analytic(n: int) -> Callable[[], Any]:
    x = np.linspace(-1.2, 1.1, n)

    def run() -> Any:
        found = np.zeros((n, n))
        diagonal = np.zeros(n)
        diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
        diagonal[1:] += 200
        np.fill_diagonal(found, diagonal)
        i = np.arange(n - 1)
        found[i, i + 1] = found[i + 1, i] = -400 * x[:-1]
        return found

    return run


def w6(peers: Peers, small: bool) -> Iterator[Case]:
    for n, sparse in ((6, 0.3), (40, 0.3)) if small else ((100, 0.3), (1_000, 0.06)):
        others: dict[str, Any] = {HAND: analytic(n)}
        if "jax" in peers:
            compiled = peers["jax"].jit(peers["jax"].hessian(rosenbrock))
            x = peers["jax"].numpy.linspace(-1.2, 1.1, n)
            others["jax jit"] = lambda compiled=compiled, x=x: compiled(x).block_until_ready()
        if "autograd" in peers and n <= 100:
            import autograd

            theirs, at = autograd.hessian(rosenbrock), np.linspace(-1.2, 1.1, n)
            others["autograd"] = lambda theirs=theirs, at=at: theirs(at)
        for label, dense, reach in (("dense Hessian", True, 1.0), ("Hessian", False, sparse)):
            run = both_threads(peers, hessian, n, dense) | others
            yield Case(f"{label} of Rosenbrock, n = {n:,}", run, reach, ("torch", "torch, all cores"), threads(peers))


# -- W8: Gaussian mixtures, as ADBench states them -----------------------------------------------------------------


def mixture(torch: Any, n: int, d: int, k: int) -> Callable[[], Any]:
    """Log-likelihood of points in a mixture of k Gaussians, whose inverse covariances are given by their factors:
    exp of `logs` on the diagonal and `below` under it, with a Wishart prior; all points and components at once.
    """
    rng = np.random.default_rng(8)
    points = torch.tensor(rng.normal(size=(n, d)))
    alphas = torch.tensor(rng.normal(size=k), requires_grad=True)
    means = torch.tensor(rng.uniform(size=(k, d)), requires_grad=True)
    factors = torch.tensor(rng.normal(size=(k, d + d * (d - 1) // 2)) / 3, requires_grad=True)
    gamma, wishart_m = 1.0, 0
    column, row = np.triu_indices(d, 1)  # column by column, as ADBench stores the part below the diagonal
    places = torch.tensor(row * d + column)

    def run() -> Any:
        logs, below = factors[:, :d], factors[:, d:]
        scales = torch.exp(logs)
        lower = torch.zeros(k, d * d, dtype=torch.float64).index_copy(1, places, below).reshape(k, d, d)
        apart = points[:, None, :] - means
        spread = apart * scales + torch.einsum("kij,nkj->nki", lower, apart)
        inner = alphas + logs.sum(1) - 0.5 * (spread**2).sum(2)
        fit = torch.logsumexp(inner, 1).sum() - n * torch.logsumexp(alphas, 0)
        prior = 0.5 * gamma**2 * ((scales**2).sum() + (below**2).sum()) - wishart_m * logs.sum()
        loss = fit + prior
        return loss, *torch.autograd.grad(loss, [alphas, means, factors])

    return run


def w8(peers: Peers, small: bool) -> Iterator[Case]:
    n, d, k = (5, 3, 2) if small else (1_000, 10, 10)
    label = f"GMM objective and gradient, d {d}, K {k}, n = {n:,}"
    yield Case(label, both_threads(peers, mixture, n, d, k), 0.8, prepare=threads(peers))
