"""The Jacobian, beside calculus and beside what grad gives for weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.jacobian import Jacobian, is_worth_seeing
from gradmagic.explore.request import GradUsageError

CUMSUM = "x = torch.linspace(2., 9., 8, requires_grad=True, dtype=torch.float64)\ny = torch.cumsum(torch.sin(x), 0)"
PRODUCT = "A = torch.arange(24.).reshape(3, 8)\nx = torch.ones(8, requires_grad=True)\ny = A @ x"


def of(text: str, **given: object) -> Explorer:
    return Explorer(*request_from(text, **given))


def test_it_is_that_of_calculus() -> None:
    np.testing.assert_allclose(of(CUMSUM).jacobian().matrix, np.tril(np.tile(np.cos(np.linspace(2, 9, 8)), (8, 1))))
    np.testing.assert_allclose(of(PRODUCT).jacobian().matrix, np.arange(24.0).reshape(3, 8))


@pytest.mark.parametrize("weights", ["ones", "onehot:2", "onehot:-1", "ramp", "random:3"])
@pytest.mark.parametrize("text", [
    CUMSUM, PRODUCT,
    "x = torch.rand(3, 4, requires_grad=True)\ny = torch.softmax(x, 1) @ torch.ones(4, 2)",
    "x = torch.rand(2, 3, requires_grad=True)\ny = x**2",
    "x = torch.rand(5, requires_grad=True)\nx[0].item()\ny = torch.stack([x.prod(), x.max(), x.norm()])",
])  # fmt: skip
def test_the_product_with_the_weights_is_what_grad_gives(text: str, weights: str) -> None:
    explorer = of(text, weights=weights, order=1)
    trace = explorer.trace
    assert trace.weights is not None
    found = explorer.jacobian()
    assert found.matrix.shape == (trace.weights.size, trace.x.size)
    values = trace.derivatives[0].values
    assert values is not None
    np.testing.assert_allclose(found.product(trace.weights), np.ravel(values), rtol=1e-5, atol=1e-6)


def test_the_ledger_and_the_users_random_numbers_do_not_notice_it() -> None:
    explorer = of("x = torch.rand(4, requires_grad=True)\ny = torch.cumsum(x * torch.rand(4), 0)")
    calls, before = explorer.ledger, explorer.trace.derivatives[0].values
    found = explorer.jacobian()
    assert explorer.ledger is calls
    assert before is not None
    np.testing.assert_allclose(found.product(np.ones(4)), before, rtol=1e-6)  # the same random numbers


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CUMSUM, "zero above the diagonal"),
        (CUMSUM.replace("cumsum(torch.sin(x), 0)", "flip(torch.cumsum(torch.flip(x, [0]), 0), [0])"), "zero below"),
        ("x = torch.ones(3, requires_grad=True)\ny = x**2", "a diagonal"),
        ("x = torch.ones(3, requires_grad=True)\ny = x.sum() * x + x", "no 0"),
        ("x = torch.ones(3, requires_grad=True)\ny = (x - 1)**2 * x.sum()", "all of it is 0"),
        ("x = torch.ones(2, 2, requires_grad=True)\ny = x.sum(0)", "50 % of it is not 0"),
        ("x = torch.zeros(2, requires_grad=True)\ny = torch.sqrt(x) * x.sum()", "no number"),
    ],
)
def test_its_pattern_in_words(text: str, said: str) -> None:
    assert said in of(text).jacobian().words


@pytest.mark.parametrize(
    ("text", "worth"),
    [("sin(x)", False), ("torch.cumsum(sin(x), 0)", True), ("sin(x).sum()", True), (CUMSUM, True), (PRODUCT, True)],
)
def test_where_it_is_worth_seeing(text: str, worth: bool) -> None:
    assert is_worth_seeing(of(text).trace) is worth


def test_a_table_too_large_to_look_at_is_refused_in_words() -> None:
    explorer = of("torch.cumsum(x, 0)", points=1001)
    with pytest.raises(GradUsageError, match="1001 × 1001 = 1,002,001 numbers"):
        explorer.jacobian()


def test_what_is_not_asked_for_adds_nothing() -> None:
    found = Jacobian(np.array([[np.nan, 1.0], [2.0, 3.0]]), (2,), (2,), "y", "x")
    np.testing.assert_array_equal(found.product(np.array([0.0, 1.0])), [2.0, 3.0])
    assert np.isnan(found.product(np.array([1.0, 0.0]))[0])


def test_it_follows_a_slider() -> None:
    explorer = of("x = torch.ones(3, requires_grad=True)\ny = a * torch.cumsum(x, 0)", a=(0, 3, 1))
    explorer.step(replace(explorer.state, params={"a": 2.5}))
    assert explorer.jacobian().matrix[2].tolist() == [2.5, 2.5, 2.5]


def test_on_pytorch_it_is_the_same() -> None:
    pytest.importorskip("torch")
    text = CUMSUM.replace("torch.cumsum", "torch.softmax(x, 0) * torch.cumsum")
    np.testing.assert_allclose(of(text, backend="torch").jacobian().matrix, of(text).jacobian().matrix, atol=1e-12)
