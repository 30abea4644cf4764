"""Jacobians, Hessians and products with vectors against closed forms; what strict mode refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.torch import basis

AF = torch.autograd.functional
X = torch.tensor([1.0, 2.0], dtype=torch.float64)
Y = torch.tensor([[3.0, 4.0], [5.0, 6.0]], dtype=torch.float64)


def values(nested: Any) -> Any:
    return nested.detach().numpy() if isinstance(nested, torch.Tensor) else [values(part) for part in nested]


def two_outputs(a: Any, b: Any) -> Any:
    return a * b.sum(0), (b * b).sum()


def quartic(t: Any) -> Any:
    return (t**4).sum() + t.prod()


@pytest.mark.parametrize("options", [{}, {"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}])
def test_a_jacobian_has_a_block_for_every_output_and_input(options: dict[str, Any]) -> None:
    (aa, ab), (ba, bb) = values(AF.jacobian(two_outputs, (X, Y), **options))
    np.testing.assert_allclose(aa, np.diag([8.0, 10.0]))
    np.testing.assert_allclose(ab, [[[1, 0], [1, 0]], [[0, 2], [0, 2]]])
    np.testing.assert_allclose(ba, [0, 0])
    np.testing.assert_allclose(bb, 2 * Y.numpy())


@pytest.mark.parametrize(
    "options", [{}, {"vectorize": True}, {"vectorize": True, "outer_jacobian_strategy": "forward-mode"}]
)
def test_a_hessian_is_the_jacobian_of_the_gradient(options: dict[str, Any]) -> None:
    np.testing.assert_allclose(values(AF.hessian(quartic, X, **options)), [[12, 1], [1, 48]])


@pytest.mark.parametrize("product", [AF.hvp, AF.vhp])
def test_both_hessian_products_agree_with_the_hessian(product: Callable[..., Any]) -> None:
    value, found = product(quartic, X, torch.tensor([1.0, -1.0], dtype=torch.float64))
    assert value.item() == 19
    np.testing.assert_allclose(found.numpy(), [11, -47])


def test_the_two_first_order_products_are_transposes() -> None:
    v = torch.tensor([1.0, 10.0], dtype=torch.float64)
    matrix = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
    np.testing.assert_allclose(AF.jvp(lambda t: matrix @ t, X, v)[1].numpy(), matrix.numpy() @ v.numpy())
    np.testing.assert_allclose(AF.vjp(lambda t: matrix @ t, X, v)[1].numpy(), matrix.numpy().T @ v.numpy())


def test_a_captured_argument_is_a_constant() -> None:
    np.testing.assert_allclose(AF.jacobian(lambda t: t * X, X).numpy(), np.diag(X.numpy()))


def test_results_have_history_only_where_it_is_asked_for() -> None:
    w = X.clone().requires_grad_()
    assert not AF.jacobian(torch.exp, w).requires_grad
    again = AF.jacobian(torch.exp, w, create_graph=True)
    np.testing.assert_allclose(torch.autograd.grad(again.sum(), w)[0].numpy(), np.exp(X.numpy()))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: AF.jacobian(lambda a, b: a * 2, (X, Y), strict=True), "function is independent of input 1"),
        (lambda: AF.hessian(lambda t: (2 * t).sum(), X, strict=True), "found that the jacobian"),
        (lambda: AF.jvp(lambda a, b: a * 2, (X, Y), (X, Y), strict=True), "independent of input 1"),
        (lambda: AF.vhp(lambda t: (2 * t).sum(), X, X, strict=True), "violated by a linear function"),
        (lambda: AF.vjp(lambda t: t**2, X, torch.ones(3)), r"v has invalid size: should be torch.Size\(\[2\]\)"),
    ],
)  # fmt: skip
def test_what_torch_refuses_is_refused_in_its_words(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        call()


def test_without_strict_what_depends_on_nothing_is_zero() -> None:
    assert AF.jacobian(lambda t: torch.ones(3), X).tolist() == [[0, 0]] * 3
    assert AF.hvp(lambda t: (2 * t).sum(), X, X)[1].tolist() == [0, 0]


def test_a_tall_jacobian_takes_no_memory_for_a_whole_basis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basis, "_AT_ONCE", 64)
    x = torch.tensor([0.5, 2.0], dtype=torch.float64)
    powers = torch.arange(20, dtype=torch.float64)

    def tall(t: Any) -> Any:
        return (t[0] * powers).sin() + t[1]

    expected = np.stack([powers.numpy() * np.cos(0.5 * powers.numpy()), np.ones(20)], 1)
    assert max(len(rows) for rows in basis.vectors(powers)) == 3
    for found in (torch.autograd.functional.jacobian(tall, x), torch.func.jacrev(tall)(x)):
        np.testing.assert_allclose(found.numpy(), expected)
    wide = torch.func.jacfwd(lambda t: (t**2).sum())(powers)
    np.testing.assert_allclose(wide.numpy(), 2 * powers.numpy())


@pytest.mark.parametrize(("vectorize", "error"), [(False, RuntimeError), (True, IndexError)])
def test_a_jacobian_of_nothing_is_refused_as_torch_refuses_it(vectorize: bool, error: type[Exception]) -> None:
    with pytest.raises(
        error, match=r"stack expects a non-empty TensorList|index 0 is out of bounds for dimension 0 with size 0"
    ):
        torch.autograd.functional.jacobian(lambda t: t[:0] * 2, X, vectorize=vectorize)
