"""Where a graph's form leaves most of a Jacobian zero, the rest of it is what all of it would be."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.engine import batches
from tests.engine.test_forward_rows import SEED

N = 36
# steps from tensors of any shape with N elements to others of N elements
STEPS: list[Callable[[Any], Any]] = [
    lambda t: t.sin(), lambda t: t * t, lambda t: t.reshape(4, 9), lambda t: t.reshape(-1), lambda t: t.reshape(6, 6).T,
    lambda t: t.reshape(-1).flip(0), lambda t: t.reshape(-1).roll(1), lambda t: t.reshape(9, 4).clone().tanh(),
    lambda t: torch.cat([t.reshape(-1)[5:], t.reshape(-1)[:5].exp()]), lambda t: t.reshape(3, 12).tril() + 1,
    lambda t: torch.stack([t.reshape(2, -1)[0], t.reshape(2, -1)[1] ** 2]), lambda t: 2 * t.clamp(-1, 1),
    lambda t: torch.where(t > 0.2, t, t**3), lambda t: t[None].transpose(0, -1).squeeze(-1),
    lambda t: t.reshape(3, 3, 4).permute(2, 0, 1),
    lambda t: t.reshape(-1) * torch.cat([t.reshape(-1)[1:], t.reshape(-1)[:1]]),
    lambda t: t.reshape(6, 6).select(0, 2)[:, None] * torch.ones(1, 6) + t.reshape(6, 6),
]  # fmt: skip


def jacobian(f: Callable[[Any], Any], at: Any, *, sparse: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, bool]:
    """The Jacobian, and whether it went the short way."""
    short: list[Any] = []
    find = batches._few_at_each

    def noting(*args: Any) -> Any:
        short.append(find(*args) if sparse else None)
        return short[-1]

    x = torch.tensor(at, requires_grad=True)
    y = f(x)
    basis = torch.eye(y.numel(), dtype=torch.float64).reshape(y.numel(), *y.shape)
    with monkeypatch.context() as patch, np.errstate(all="ignore"):
        patch.setattr(batches, "_few_at_each", noting)
        (found,) = torch.autograd.grad(y, x, basis, is_grads_batched=True)
    return found.numpy(), short[-1] is not None


def slopes(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: torch.autograd.grad(f(x).sum(), x, create_graph=True)[0]


@pytest.mark.parametrize("trial", range(40))
def test_any_mixture_of_moves_and_elementwise_ops_gives_all_rows(trial: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(SEED + trial)
    steps = [draw.choice(STEPS) for _ in range(draw.randint(1, 5))]

    def f(x: Any) -> Any:
        for step in steps:
            x = step(x)
        return x.exp() + x**2

    at = np.random.default_rng(SEED + trial).uniform(-0.8, 0.8, N)
    for g in (f, slopes(f)):
        found, _ = jacobian(g, at, sparse=True, monkeypatch=monkeypatch)
        expected, _ = jacobian(g, at, sparse=False, monkeypatch=monkeypatch)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=f"seed {SEED}")


ROSENBROCK: Callable[[Any], Any] = lambda x: 100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2  # noqa: E731


@pytest.mark.parametrize(
    ("f", "short"),
    [
        (slopes(ROSENBROCK), True),
        (lambda x: torch.sin(x) ** 3, True),
        (lambda x: x - x.reshape(6, 6).T.reshape(-1) ** 2, True),
        (lambda x: torch.cat([x[5:], x[:5].exp()]) * x, True),
        (lambda x: x * x.sum(), False),
        (lambda x: x.reshape(6, 6) * x[:6], False),
        (lambda x: sum(x.roll(k) ** 2 for k in range(9)), False),
        (lambda x: x[torch.arange(N) // 2] ** 2, False),
    ],
)
def test_the_short_way_is_gone_where_few_rows_have_to_do_with_an_element(
    f: Callable[[Any], Any], short: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = np.linspace(0.2, 2.0, N)
    found, way = jacobian(f, at, sparse=True, monkeypatch=monkeypatch)
    expected, _ = jacobian(f, at, sparse=False, monkeypatch=monkeypatch)
    assert way is short
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("f", "short"), [(torch.sqrt, False), (torch.log, False), (lambda x: torch.where(x > 0, x, 0).sqrt(), True)]
)
def test_zeros_times_what_is_not_finite_are_not_zeros(
    f: Callable[[Any], Any], short: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = np.maximum(np.linspace(-0.5, 2.0, N + 1), 0.0)
    found, way = jacobian(f, at, sparse=True, monkeypatch=monkeypatch)
    expected, _ = jacobian(f, at, sparse=False, monkeypatch=monkeypatch)
    assert way is short
    assert np.isnan(expected).any() is np.bool_(not short)
    np.testing.assert_array_equal(found, expected)


def test_what_the_graph_saved_is_freed_or_kept_as_in_any_call() -> None:
    x = torch.linspace(0, 1, N).requires_grad_()
    y = x.exp()[1:] * x[:-1]
    for _ in range(2):
        torch.autograd.grad(y, x, torch.eye(N - 1), is_grads_batched=True, retain_graph=True)
    torch.autograd.grad(y, x, torch.eye(N - 1), is_grads_batched=True)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(y, x, torch.eye(N - 1), is_grads_batched=True)


def test_weights_that_are_no_basis_and_inputs_that_are_no_leaves_get_all_rows() -> None:
    x = torch.linspace(0, 1, N, dtype=torch.float64).requires_grad_()
    inner = x * x
    y = inner.sin() + x
    weights = torch.tensor(np.random.default_rng(0).normal(size=(N, N)))
    (found,) = torch.autograd.grad(y, inner, weights, is_grads_batched=True, retain_graph=True)
    np.testing.assert_allclose(found.numpy(), weights.numpy() * np.cos(inner.detach().numpy()))
    by_inner, by_x = torch.autograd.grad(y, (inner, x), torch.eye(N, dtype=torch.float64) * 3, is_grads_batched=True)
    np.testing.assert_allclose(np.diag(by_inner.numpy()), 3 * np.cos(inner.detach().numpy()))
    np.testing.assert_allclose(np.diag(by_x.numpy()), 3 + 6 * x.detach().numpy() * np.cos(inner.detach().numpy()))


def test_a_tensor_on_the_way_is_an_input_too_and_one_of_two_that_are_apart() -> None:
    x = torch.linspace(0.5, 1.0, N, dtype=torch.float64).requires_grad_()
    basis = torch.eye(N, dtype=torch.float64)
    inner = x * x
    y = inner.sin()
    slope = np.diag(np.cos(inner.detach().numpy()))
    for ins, expected in (
        ([inner], [slope]),
        ([inner, x], [slope, slope * 2 * x.detach().numpy()]),
        ([x, x], [slope * 2 * x.detach().numpy()] * 2),
    ):
        found = torch.autograd.grad(y, ins, basis, is_grads_batched=True, retain_graph=True)
        for g, wanted in zip(found, expected, strict=True):
            np.testing.assert_allclose(g.numpy(), wanted, rtol=1e-14, atol=0)
