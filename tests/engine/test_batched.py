"""A batch of weights gives what its rows give one by one, whichever way it goes through the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.engine import batches

PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    "element by element": lambda x, z: (x * z).sin() * x**3 - z.exp() / x,
    "with numbers and constants": lambda x, z: (2 * x + torch.ones(3)) ** 2 * z.clamp(-1, 1),
    "a constant that broadcasts": lambda x, z: x * torch.ones(1) * z,
    "an operand that broadcasts": lambda x, z: x * z.sum(),
    "through a view": lambda x, z: x.flip(0) * z[:3],
    "through a scan": lambda x, z: (x * z).cumsum(0),
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_batch_of_weights_is_its_rows(program: Callable[[Any, Any], Any], create_graph: bool) -> None:
    x = torch.tensor([0.5, 1.5, -2.0], requires_grad=True)
    z = torch.tensor([0.3, -0.7, 1.1], requires_grad=True)
    weights = torch.tensor([[1.0, 0.0, 2.0], [0.5, -1.0, 0.0]])
    y = program(x, z)
    together = torch.autograd.grad(
        y, (x, z), weights, is_grads_batched=True, create_graph=create_graph, retain_graph=True
    )
    for k in range(2):
        row = torch.autograd.grad(y, (x, z), weights[k], retain_graph=True, create_graph=create_graph)
        for one, many in zip(row, together, strict=True):
            np.testing.assert_allclose(many[k].detach().numpy(), one.detach().numpy())
            if create_graph and one.requires_grad:
                np.testing.assert_allclose(again(many[k], x, z), again(one, x, z), rtol=1e-6)


def again(derivative: Any, x: Any, z: Any) -> Any:
    found = torch.autograd.grad(derivative.sum(), (x, z), retain_graph=True, materialize_grads=True)
    return [g.detach().numpy() for g in found]


def test_a_hook_sees_the_gradient_of_one_row() -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    shapes: list[Any] = []
    y.register_hook(lambda g: shapes.append(tuple(g.shape)))
    torch.autograd.grad(y * y, x, torch.eye(3), is_grads_batched=True)
    assert set(shapes) == {(3,)}


def test_a_batch_without_rows_and_weights_without_a_batch_are_refused() -> None:
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(IndexError, match="index 0 is out of bounds for dimension 0 with size 0"):
        torch.autograd.grad(x**2, x, torch.ones(0, 2), is_grads_batched=True)
    with pytest.raises(IndexError, match="invalid index of a 0-dim tensor"):
        torch.autograd.grad(x.sum(), x, torch.tensor(1.0), is_grads_batched=True)
    with pytest.raises(ValueError, match=r"got sizes \[2, 3\]"):
        torch.autograd.grad([x**2, x**3], x, [torch.ones(2, 2), torch.ones(3, 2)], is_grads_batched=True)


def test_what_a_batch_cannot_go_through_at_once_is_gone_through_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = count_passes(monkeypatch)
    x = torch.tensor([0.5, 1.5, -2.0], requires_grad=True)
    weights = torch.eye(3)
    for y, expected in ((x.sort().values, 3), (x.flip(0) * x.sum(), 1)):
        passes.clear()
        torch.autograd.grad(y, x, weights, is_grads_batched=True)
        assert len(passes) == expected


def test_a_large_batch_goes_through_in_pieces_that_fit_into_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = count_passes(monkeypatch)
    x = torch.linspace(0, 1, 256).requires_grad_()
    (jacobian,) = torch.autograd.grad(x.cumsum(0) ** 2, x, torch.eye(256), is_grads_batched=True)
    assert passes == [(128,), (128,)]
    assert np.array_equal(jacobian.numpy() != 0, np.tri(256, dtype=bool) & (x.detach().cumsum(0).numpy() > 0)[:, None])
    y = x.cumsum(0) ** 2
    torch.autograd.grad(y, x, torch.eye(256), is_grads_batched=True)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(y, x, torch.eye(256), is_grads_batched=True)


def count_passes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The batches of the passes to come, () for a row by itself."""
    found: list[Any] = []
    run = batches.run_backward

    def noting(*args: Any) -> Any:
        found.append(args[6] if len(args) > 6 else ())
        return run(*args)

    monkeypatch.setattr(batches, "run_backward", noting)
    return found


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")
@pytest.mark.parametrize("size", [3, 40])
def test_a_batch_goes_through_under_anomaly_detection(size: int) -> None:
    x = torch.linspace(1, 2, size * 2, dtype=torch.float64).reshape(2, size).requires_grad_()
    with torch.autograd.detect_anomaly():
        y = (x**2).sum(0)[1:]
        (found,) = torch.autograd.grad(y, x, torch.eye(size - 1, dtype=torch.float64), is_grads_batched=True)
    expected = np.zeros((size - 1, 2, size))
    for k in range(size - 1):
        expected[k, :, k + 1] = 2 * x.detach().numpy()[:, k + 1]
    np.testing.assert_allclose(found.numpy(), expected)


@pytest.mark.parametrize("size", [3, 40])
def test_a_batch_is_refused_where_a_saved_value_was_written_to(size: int) -> None:
    a, b = (torch.linspace(1, 2, size, requires_grad=True) for _ in range(2))
    c = b.clone()
    y = a * c
    c.add_(1)
    for weights, options in ((torch.ones(size), {}), (torch.eye(size), {"is_grads_batched": True})):
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            torch.autograd.grad(y, b, weights, retain_graph=True, **options)
