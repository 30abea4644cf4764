"""``alpha`` is one node's argument, as in torch: not a product in front of it."""

from __future__ import annotations

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check

A = np.array([[1.7, 0.3, -0.4], [0.55, -1.35, 0.85]])


@pytest.mark.parametrize("name", ["add", "sub", "rsub"])
def test_a_scaled_operand_has_its_derivatives(name: str) -> None:
    f = getattr(torch, name)
    _check(lambda a, b: f(a**2, b**3, alpha=2.5), [A, A[0] + 1], np.random.default_rng(SEED))


@pytest.mark.parametrize("name", ["add", "sub", "rsub"])
def test_a_scaled_operand_makes_one_node(name: str) -> None:
    x, y = (torch.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    node = getattr(torch, name)(x, y, alpha=3).grad_fn
    assert type(node).__name__ == f"{name.capitalize()}Backward0"
    assert [type(n).__name__ for n, _ in node.next_functions] == ["AccumulateGrad"] * 2
    assert node._saved_alpha == 3
    assert (x + y).grad_fn._saved_alpha == 1


def test_complex_scales_are_conjugated_in_the_gradient() -> None:
    z = torch.tensor([1 + 2j], requires_grad=True)
    (g,) = torch.autograd.grad(torch.sub(z, z, alpha=2 - 1j), z, torch.ones(1, dtype=torch.complex64))
    assert g.tolist() == [-1 - 1j]


def test_whole_numbers_take_no_broken_scale() -> None:
    i = torch.tensor([1, 2])
    assert torch.add(i, i, alpha=2).tolist() == [3, 6]
    with pytest.raises(RuntimeError, match="For integral input tensors, argument alpha must not be a floating point"):
        torch.add(i, i, alpha=2.5)
