"""The rule of a node as mathematics."""

import gc
import re

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.engine.op import Op
from gradmagic.explore.formulas import WORDS, formula_of
from gradmagic.explore.rows import row_named

POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
ONE = [
    "sin(x)", "cos(x)", "tan(x)", "exp(x)", "log(x)", "sqrt(x)", "rsqrt(x)", "atan(x)", "asin(x)", "acos(x)",
    "sinh(x)", "cosh(x)", "tanh(x)", "asinh(x)", "atanh(x)", "sigmoid(x)", "log1p(x)", "expm1(x)", "log2(x)",
    "log10(x)", "reciprocal(x)", "square(x)", "neg(x)", "sign(x)", "floor(x)", "pow(x, 3)", "pow(x, -1)",
    "pow(x, 0.5)", "pow(x, -0.5)",
]  # fmt: skip
TWO = ["add(a, b)", "sub(a, b)", "mul(a, b)", "div(a, b)", "atan2(a, b)", "hypot(a, b)", "logaddexp(a, b)"]


def value_of(formula, names):
    """A formula as it is written by hand, worked out."""
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda found: f"**({found[0].translate(POWERS)})", formula)
    text = text.replace("√(", "sqrt(").replace("√x", "sqrt(x)")
    text = text.replace("·", "*").replace("−", "-").replace("^", "**")
    return eval(text, {**vars(np), **names})


@pytest.mark.parametrize("text", ONE)
def test_what_is_said_of_one_operand_is_what_is_computed(text):
    x = torch.tensor([0.3, 0.7], requires_grad=True, dtype=torch.float64)
    y = eval(f"torch.{text}", {"torch": torch, "x": x})
    formula = formula_of(y.grad_fn)
    slope, passed = re.fullmatch(r".*, dy/dx = (.*)\. It passes on (.*)\.", formula).groups()
    (found,) = torch.autograd.grad(y.sum(), x)
    names = {"x": x.detach().numpy(), "y": y.detach().numpy(), "g": 1.0}
    np.testing.assert_allclose(np.broadcast_to(value_of(slope, names), 2), found.numpy(), rtol=1e-12)
    np.testing.assert_allclose(np.broadcast_to(value_of(passed, names), 2), found.numpy(), rtol=1e-12)


@pytest.mark.parametrize("text", TWO)
def test_what_is_said_of_two_operands_is_what_is_computed(text):
    a, b = (torch.tensor([v, 1.3], requires_grad=True, dtype=torch.float64) for v in (0.4, 0.7))
    y = eval(f"torch.{text}", {"torch": torch, "a": a, "b": b})
    of_a, of_b = re.fullmatch(r".*, ∂y/∂a = (.*), ∂y/∂b = (.*)\. It passes on .*", formula_of(y.grad_fn)).groups()
    names = {name: tensor.detach().numpy() for name, tensor in (("a", a), ("b", b), ("y", y))}
    for slope, found in zip((of_a, of_b), torch.autograd.grad(y.sum(), (a, b)), strict=True):
        np.testing.assert_allclose(np.broadcast_to(value_of(slope, names), 2), found.numpy(), rtol=1e-12)


def test_to_the_power_of_nothing_is_constant():
    x = torch.ones(2, requires_grad=True)
    assert formula_of((x**0).grad_fn) == "y = 1, dy/dx = 0. It passes on 0."


def test_only_what_gets_a_gradient_is_told():
    x = torch.ones(2, requires_grad=True)
    assert formula_of((x * 3).grad_fn) == "y = a · b, ∂y/∂a = b. It passes on g · b to a."


@pytest.mark.parametrize("name", WORDS)
def test_words_are_of_rows_that_there_are(name):
    assert row_named(name) or any(isinstance(one, Op) and one.name == name for one in gc.get_objects())


def test_a_write_into_a_part_and_a_function_of_ones_own_are_told():
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.factor = 2
            return 2 * x

        @staticmethod
        def backward(ctx, g):
            return ctx.factor * g

    x = torch.ones(3, requires_grad=True)
    assert "your own" in formula_of(Twice.apply(x).grad_fn)
    y = x.clone()
    y[0] = x[1] ** 2
    assert formula_of(y.grad_fn).startswith("A write into a part of a tensor")
