"""Functions made of functions: one inside another, over trees of Tensors, and over batches."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.engine import calls, walk

func = torch.func
X = torch.tensor([1.0, 2.0], dtype=torch.float64)
Y = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=torch.float64)


def at(value: float) -> Any:
    return torch.tensor(value, dtype=torch.float64)


def test_gradients_nest_to_any_order() -> None:
    f: Callable[..., Any] = lambda t: t**5  # noqa: E731
    for factor in (5 * 2**4, 20 * 2**3, 60 * 2**2):
        f = func.grad(f)
        assert f(at(2)).item() == factor


def test_an_inner_derivative_does_not_see_the_outer_variable() -> None:
    inner = lambda a: a * func.grad(lambda b: a + b)(at(1))  # noqa: E731  perturbation confusion would give 2
    assert func.grad(inner)(at(3)).item() == 1


def test_the_history_of_a_transformation_ends_with_it() -> None:
    assert not func.grad(lambda a: func.grad(lambda b: a * b * b)(at(2)))(at(3)).requires_grad
    assert not func.hessian(lambda t: (t**3).sum())(X).requires_grad


def test_a_leaf_of_the_users_keeps_its_way_through_every_transformation() -> None:
    w = X.clone().requires_grad_()
    for derivative in (
        func.grad(lambda t: (t * t * w).sum())(X),
        func.jacrev(lambda t: t * t * w)(X),
        func.jacfwd(lambda t: t * t * w)(X),
        func.vjp(lambda t: t * t * w, X)[1](torch.ones_like(X))[0],
        func.jvp(lambda t: t * t * w, (X,), (torch.ones_like(X),))[1],
        func.vmap(lambda t, v: 2 * t * v)(X, w),
    ):
        np.testing.assert_allclose(torch.autograd.grad(derivative.sum(), w)[0].numpy(), 2 * X.numpy())


def test_without_grad_mode_outside_nothing_keeps_a_history() -> None:
    with torch.no_grad():
        found = func.grad(lambda t: (t * t).sum())(X.clone().requires_grad_())
    assert found.tolist() == [2, 4]
    assert not found.requires_grad


@pytest.mark.parametrize("jacobian", [func.jacrev, func.jacfwd])
def test_jacobians_have_the_trees_of_outputs_and_arguments(jacobian: Callable[..., Any]) -> None:
    found = jacobian(lambda a, b: {"k": [a * b["u"]]}, argnums=(0, 1))(X, {"u": X})["k"][0]
    np.testing.assert_allclose(found[0].numpy(), np.diag(X.numpy()))
    np.testing.assert_allclose(found[1]["u"].numpy(), np.diag(X.numpy()))


def test_forward_and_reverse_jacobians_agree() -> None:
    f = lambda t: (t[:, None] * t).cumsum(0).sin()  # noqa: E731
    np.testing.assert_allclose(func.jacfwd(f)(X).numpy(), func.jacrev(f)(X).numpy())


def test_both_products_agree_with_the_jacobian() -> None:
    f = lambda t: torch.stack([t.prod(), t.sum(), (t**3).sum()])  # noqa: E731
    matrix = func.jacrev(f)(X).numpy()
    v, w = torch.tensor([2.0, -1.0], dtype=torch.float64), torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    np.testing.assert_allclose(func.jvp(f, (X,), (v,))[1].numpy(), matrix @ v.numpy())
    np.testing.assert_allclose(func.linearize(f, X)[1](v).numpy(), matrix @ v.numpy())
    np.testing.assert_allclose(func.vjp(f, X)[1](w)[0].numpy(), w.numpy() @ matrix)


def test_a_map_takes_and_gives_the_dimensions_it_is_told() -> None:
    assert func.vmap(lambda a, b: a * b, in_dims=(0, 1), out_dims=1)(X, Y).tolist() == (Y * X).tolist()
    assert func.vmap(lambda d: d["a"] @ d["b"], in_dims=({"a": 0, "b": None},))({"a": Y, "b": X}).tolist() == [
        5,
        11,
        17,
    ]
    assert func.vmap(lambda t: (t, t.sum()))(torch.zeros(0, 2))[1].shape == (0,)


def test_a_map_over_a_map_over_a_gradient_is_elementwise() -> None:
    found = func.vmap(func.vmap(func.grad(torch.sin)))(Y)
    np.testing.assert_allclose(found.numpy(), np.cos(Y.numpy()))


def test_random_numbers_in_a_map_are_the_same_or_different_as_asked() -> None:
    draw = lambda t: t * 0 + torch.rand(())  # noqa: E731
    with pytest.raises(RuntimeError, match="called random operation while in randomness error mode"):
        func.vmap(draw)(X)
    same, other = (func.vmap(draw, randomness=r)(X).tolist() for r in ("same", "different"))
    assert same[0] == same[1]
    assert other[0] != other[1]


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: func.vmap(lambda t: t if t > 0 else -t)(X), RuntimeError, "data-dependent control flow"),
        (lambda: func.vmap(lambda t: t.item())(X), RuntimeError, r"you're calling .item\(\) on a Tensor"),
        (lambda: func.vmap(lambda a, b: a)(X, Y), ValueError, r"got sizes \[2, 3\] for the mapped dimension"),
        (lambda: func.grad(lambda t: t.backward())(at(1)), RuntimeError, r"backward\(\) called inside a functorch"),
        (lambda: func.grad(lambda t: t.requires_grad_())(at(1)), RuntimeError, r"call Tensor.requires_grad_\(\)"),
        (lambda: func.jvp(torch.sin, (X,), (Y,)), RuntimeError, "a different size than that of the original"),
        (lambda: func.vjp(torch.sin, X)[1]((X, X)), RuntimeError, r"cotangents: \(\*, \*\), primal output: \*"),
    ],
)
def test_what_torch_refuses_is_refused_in_its_words(call: Callable[[], Any], kind: type, words: str) -> None:
    with pytest.raises(kind, match=words):
        call()
    assert X.sum() > 0  # and the transformation has ended


def test_a_transformation_leaves_nothing_behind() -> None:
    held: list[Any] = []
    gc.disable()
    try:
        func.grad(lambda t: (held.append(weakref.ref(t)), (t * t).sum())[1])(X)
        assert held[0]() is None
    finally:
        gc.enable()


def test_jacobians_of_and_by_nothing_are_empty() -> None:
    x = torch.ones(2, 0)
    for jacobian in (torch.func.jacrev, torch.func.jacfwd):
        assert jacobian(lambda t: t * 2)(x).shape == (2, 0, 2, 0)
        assert jacobian(lambda t: t.sum())(x).shape == (2, 0)


def test_a_hessian_takes_as_many_passes_for_many_variables_as_for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[Any] = []
    for place, name in ((walk.Walk, "run"), (calls, "bring")):
        run = getattr(place, name)
        monkeypatch.setattr(place, name, lambda *args, run=run: passes.append(args) or run(*args))
    counts = []
    for n in (2, 20):
        passes.clear()
        torch.func.hessian(lambda t: (t[1:] * t[:-1].exp()).sum() ** 2)(torch.linspace(0, 1, n))
        counts.append(len(passes))
    assert counts[0] == counts[1] == 3
