"""Torch's names from a to m and triangular factors: two orders of derivatives by differences, and torch's refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.ops.gradcheck import gradcheck, gradgradcheck

SEED = 20261124
MASK = torch.tensor([[True, False, True], [False, True, True], [True, True, False]])
CASES: list[tuple[str, Callable[..., Any], list[tuple[int, ...]]]] = [
    ("lu", lambda a: torch.linalg.lu(a)[1:], [(3, 3)]),
    ("lu of a tall matrix", lambda a: torch.linalg.lu(a)[1:], [(4, 3)]),
    ("lu of a wide matrix", lambda a: torch.linalg.lu(a)[1:], [(2, 3)]),
    ("lu_factor", lambda a: torch.linalg.lu_factor(a).LU, [(2, 3, 3)]),
    ("lu_solve", lambda a, b: torch.linalg.lu_solve(*torch.linalg.lu_factor(a), b, adjoint=True), [(3, 3), (3, 2)]),
    ("cholesky_inverse", lambda a: torch.cholesky_inverse((a + 3 * torch.eye(3)).tril()), [(3, 3)]),
    ("cholesky_solve", lambda b, a: torch.cholesky_solve(b, (a + 3 * torch.eye(3)).tril()), [(3, 2), (3, 3)]),
    ("householder_product", lambda a, t: torch.linalg.householder_product(a, t), [(4, 3), (3,)]),
    ("pinv", lambda a: torch.linalg.pinv(a, rtol=1e-9, atol=1e-9), [(4, 3)]),
    ("tensorinv", lambda a: torch.linalg.tensorinv(a, ind=1), [(4, 2, 2)]),
    ("tensorsolve", lambda a, b: torch.linalg.tensorsolve(a, b), [(2, 3, 6), (2, 3)]),
    ("vander", lambda x: torch.linalg.vander(x, N=4), [(3,)]),
    ("addbmm", lambda a, b, c: torch.addbmm(a, b, c, beta=0.5, alpha=2), [(3, 2), (2, 3, 4), (2, 4, 2)]),
    ("baddbmm", lambda a, b, c: torch.baddbmm(a, b, c, beta=0.5, alpha=2), [(2, 3, 2), (2, 3, 4), (2, 4, 2)]),
    ("addr", lambda a, b, c: torch.addr(a, b, c, alpha=3), [(3, 2), (3,), (2,)]),
    ("addmv", lambda a, b, c: torch.addmv(a, b, c, alpha=3), [(3,), (3, 2), (2,)]),
    ("copysign", lambda x: torch.copysign(x**2, torch.tensor([1.0, -1.0, -0.0])), [(3,)]),
    ("ldexp", lambda a, b: torch.ldexp(a, b), [(3,), (3,)]),
    ("frexp", lambda x: torch.frexp(x**3).mantissa, [(3,)]),
    ("masked_scatter", lambda a, b: torch.masked_scatter(a, MASK, b), [(3, 3), (8,)]),
    ("masked_fill", lambda a, b: torch.masked_fill(a, MASK, b.sum()), [(3, 3), (1,)]),
    ("mode", lambda x: torch.mode(x**2).values, [(3, 2)]),
    ("aminmax", lambda x: torch.aminmax(x**2, dim=1), [(3, 2)]),
    ("cov", lambda x: torch.cov(x, aweights=torch.tensor([0.5, 1.0, 2.0])), [(2, 3)]),
    ("corrcoef", lambda x: torch.corrcoef(x)[0, 1], [(2, 4)]),
    ("gradient", lambda x: torch.gradient(x, spacing=[torch.tensor([0.0, 1.0, 3.0, 4.0])], dim=0, edge_order=2),
     [(4, 2)]),
    ("combinations", lambda x: torch.combinations(x, 2), [(4,)]),
    ("cartesian_prod", lambda a, b: torch.cartesian_prod(a, b), [(2,), (3,)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "f", "shapes"), CASES, ids=[name for name, _, _ in CASES])
def test_both_derivatives_agree_with_differences(name: str, f: Callable[..., Any], shapes: list[Any]) -> None:
    rng = np.random.default_rng(SEED)
    xs = tuple(torch.tensor(rng.normal(size=shape), requires_grad=True) for shape in shapes)
    assert gradcheck(f, xs)
    assert gradgradcheck(f, xs, atol=1e-4)


def test_triangular_factors_and_their_exchanges_give_the_matrix_back() -> None:
    a = torch.tensor(np.random.default_rng(SEED).normal(size=(2, 4, 3)))
    p, lower, upper = torch.linalg.lu(a)
    assert torch.allclose(p @ lower @ upper, a)
    again = torch.lu_unpack(*torch.linalg.lu_factor(a))
    assert all(torch.allclose(x, y) for x, y in zip((p, lower, upper), again, strict=True))


def test_a_factor_that_is_not_there_is_told_by_its_info() -> None:
    singular = torch.tensor([[1.0, 2.0], [2.0, 4.0]])
    assert torch.linalg.lu_factor_ex(singular).info == 2
    assert torch.linalg.inv_ex(singular).info == 2
    assert torch.linalg.cholesky_ex(torch.tensor([[1.0, 2.0], [2.0, 1.0]])).info == 2


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: torch.combinations(torch.ones(2, 3)), RuntimeError, "Expect a 1D vector, but got shape [2, 3]"),
        (lambda: torch.aminmax(torch.ones(0)), RuntimeError,
         "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."),
        (lambda: torch.mode(torch.ones(0)), IndexError, "mode(): Expected reduction dim 0 to have non-zero size."),
        (lambda: torch.frexp(torch.tensor([1])), RuntimeError, "torch.frexp() only supports floating-point dtypes"),
        (lambda: torch.masked_scatter(torch.ones(3), torch.ones(3) > 0, torch.ones(2)), RuntimeError,
         "Number of elements of source < number of ones in mask"),
        (lambda: torch.gradient(torch.ones(3), edge_order=3), RuntimeError,
         "torch.gradient only supports edge_order=1 and edge_order=2."),
        (lambda: torch.cov(torch.ones(3), aweights=-torch.ones(3)), RuntimeError, "cov(): aweights cannot be negative"),
        (lambda: torch.linalg.lu(torch.ones(2, 2).long()), NotImplementedError,
         "\"lu_cpu\" not implemented for 'Long'"),
        (lambda: torch.linalg.vander(torch.ones(3), N=1), RuntimeError, "N must be greater than 1."),
        (lambda: torch.diff(torch.ones(3), -1), RuntimeError, "order must be non-negative but got -1"),
        (lambda: torch.diagonal(torch.ones(2, 2), 0, 1, 1), RuntimeError,
         "diagonal dimensions cannot be identical 1, 1"),
        (lambda: torch.linalg.lstsq(torch.ones(2, 2), torch.ones(3, 1)), RuntimeError,
         "torch.linalg.lstsq: input.size(-2) should match other.size(-2)"),
    ],
)  # fmt: skip
def test_what_torch_refuses_is_refused_in_its_words(call: Callable[[], Any], error: Any, words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == words
