"""The derivatives beside central differences and PyTorch."""

import pytest

from gradmagic.explore.check import check
from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.request import GradUsageError

RIGHT = [
    "x * sin(x)", "abs(x) + tan(x)", "floor(x)", "sqrt(x)", "log(x**2)", "exp(3 * x)", "2 * x", "1e6 + x**3",
    "torch.relu(x)", "1 / x", "where(x > 0.1234, x, x**2)",
]  # fmt: skip


def checks(text, against, **given):
    return [one for one in check(Explorer(*request_from(text, **given))) if one.against.startswith(against)]


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_agrees_with_differences(text):
    found = checks(text, "central")
    assert len(found) == 2
    assert all(one.ok for one in found), [str(one) for one in found]


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_agrees_with_pytorch(text):
    pytest.importorskip("torch")
    found = checks(text, "PyTorch")
    assert len(found) == 3
    assert all(one.ok for one in found), [str(one) for one in found]


@pytest.mark.parametrize("text", ["x.detach() * x", "torch.tensor(x.tolist()) * 1.0 + 0 * x"])
def test_a_derivative_that_is_not_that_of_y_is_found_and_said(text):
    first = checks(text, "central", order=1)[0]
    assert not first.ok
    assert "dy/dx is not what central differences say: off by" in str(first)


def test_weights_do_not_matter():
    assert all(one.ok for one in checks("exp(x)", "central", weights="cos(x)"))


def test_a_tensor_of_the_cells_own_has_nothing_beside_it():
    with pytest.raises(GradUsageError, match="the cell makes x itself"):
        check(Explorer(*request_from("x = torch.ones(3, requires_grad=True)\ny = x ** 2")))


@pytest.mark.parametrize("text", ["x**2 * y - exp(y)", "abs(x) * y", "sqrt(x * y)", "x + 0 * y", "torch.round(x) * y"])
def test_what_is_right_over_two_inputs_agrees_with_differences_and_with_pytorch(text):
    found = check(Explorer(*request_from(text, x=(-2, 2), y=(-1, 3), weights="cos(x)")))
    assert [one.what for one in found if one.against == "central differences"] == [
        "∂z/∂x", "∂²z/∂x²", "∂z/∂y", "∂²z/∂x∂y", "∂²z/∂y²",
    ]  # fmt: skip
    assert all(one.ok and one.places for one in found), [str(one) for one in found]


def test_a_gradient_that_is_not_that_of_z_is_found_and_said():
    found = check(Explorer(*request_from("z = x.detach() * x * y", of="z", x=(1, 2), y=(1, 2))))
    assert not found[0].ok
    assert ", " in str(found[0]).rpartition(" at ")[2]


CUBE = """
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod{}
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * {} * x ** 2

y = Cube.apply(x)
"""
ONCE = "\n    @torch.autograd.function.once_differentiable"


@pytest.mark.parametrize(("factor", "right"), [(3, True), (2, False)])
def test_the_rule_of_a_users_own_function_is_checked(factor, right):
    first, second = checks(CUBE.format("", factor), "central")
    assert first.ok is right
    assert first.places
    assert second.ok


def test_of_a_function_that_is_differentiable_once_the_first_derivative_is_checked():
    first, second = checks(CUBE.format(ONCE, 2), "central")
    assert not first.ok
    assert not second.places


def test_hooks_are_checked_for_what_they_do():
    assert not checks("z = x * 1\nz.register_hook(lambda g: 2 * g)\ny = z ** 2", "central")[0].ok
