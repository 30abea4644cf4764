"""Linear algebra against finite differences to order two, and torch's errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check

L = torch.linalg
EYE = torch.eye(3, dtype=torch.float64)
WEIGHT = torch.tensor([[0.3, -1.0, 0.4], [0.9, 0.2, -0.7], [-0.5, 0.8, 0.6]], dtype=torch.float64)


def spd(x: Any) -> Any:
    """A symmetric matrix with distinct positive eigenvalues."""
    return x @ x.T + torch.diag(torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64))


# applied to a well-conditioned 3 by 3 matrix
CASES: list[tuple[str, Callable[[Any], Any]]] = [
    ("inv", L.inv), ("det", L.det), ("slogdet", lambda x: L.slogdet(x)[1]), ("logdet", lambda x: torch.logdet(spd(x))),
    ("solve", lambda x: L.solve(x, x * x)), ("solve vector", lambda x: L.solve(x, x[0] ** 2)),
    ("solve right", lambda x: L.solve(x, x * x, left=False)),
    ("solve batch", lambda x: L.solve(x, torch.stack([x * x, x]))),
    ("solve_triangular", lambda x: L.solve_triangular(x, x * x, upper=True)),
    ("solve_triangular right", lambda x: L.solve_triangular(x, x * x, upper=False, left=False)),
    ("cholesky", lambda x: L.cholesky(spd(x))), ("cholesky upper", lambda x: L.cholesky(spd(x), upper=True)),
    ("qr", lambda x: L.qr(x)[0] * WEIGHT + L.qr(x)[1]), ("qr tall", lambda x: L.qr(x[:, :2])[0] ** 3),
    ("qr wide", lambda x: L.qr(x[:2])[1] ** 2), ("eigvalsh", lambda x: L.eigvalsh(spd(x))),
    ("eigh", lambda x: L.eigh(spd(x))[1] ** 2 @ WEIGHT), ("svdvals", L.svdvals),
    ("svd", lambda x: L.svd(x)[0] ** 2 @ WEIGHT + L.svd(x)[2] ** 2),
    ("svd tall", lambda x: L.svd(x[:, :2], full_matrices=False)[0] ** 2),
    ("svd wide", lambda x: L.svd(x[:2], full_matrices=False)[2] ** 2),
    ("pinv", L.pinv), ("pinv tall", lambda x: L.pinv(x[:, :2])), ("pinv wide", lambda x: L.pinv(x[:2])),
    ("lstsq", lambda x: L.lstsq(x[:, :2], x * x).solution), ("matrix_power", lambda x: L.matrix_power(x, 3)),
    ("matrix_power negative", lambda x: L.matrix_power(x, -2)), ("matrix_exp", L.matrix_exp),
    ("matrix_exp large", lambda x: L.matrix_exp(3 * x) / 1e3), ("vector_norm", L.vector_norm),
    ("vector_norm 3", lambda x: L.vector_norm(x, 3, 1)), ("vector_norm inf", lambda x: L.vector_norm(x, torch.inf)),
    ("matrix_norm nuc", lambda x: L.matrix_norm(x, "nuc")), ("matrix_norm 2", lambda x: L.matrix_norm(x, 2)),
    ("matrix_norm 1", lambda x: L.matrix_norm(x, 1) ** 2), ("norm", L.norm), ("cond", L.cond),
    ("cross", lambda x: L.cross(x, x * x)), ("trace", lambda x: (x @ x).trace()),
    ("multi_dot", lambda x: L.multi_dot([x, x, x])), ("batch", lambda x: L.inv(torch.stack([x, spd(x)]))),
    ("np.linalg", lambda x: np.linalg.solve(x, np.linalg.inv(x)) * np.linalg.det(x)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "f"), CASES, ids=[name for name, _ in CASES])
def test_a_function_of_matrices_agrees_with_finite_differences_to_order_two(name: str, f: Callable[[Any], Any]) -> None:
    rng = np.random.default_rng(SEED)
    matrix = np.array([[2.0, 0.3, -0.4], [0.5, -1.5, 0.6], [0.1, 0.7, 1.1]])
    _check(f, [matrix + rng.uniform(-0.1, 0.1, (3, 3))], rng)


def test_the_determinant_of_a_singular_matrix_has_derivatives_of_both_orders() -> None:
    _check(L.det, [np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.3, -0.5, 0.8]])], np.random.default_rng(SEED))


_SINGULAR = "the inversion could not be completed because the input matrix is singular."
_INDEFINITE = (
    "linalg.cholesky: The factorization could not be completed because the input is not positive-definite "
    "(the leading minor of order 2 is not positive-definite)."
)
ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: L.inv(torch.zeros(2, 2)), f"linalg.inv: The diagonal element 1 is zero, {_SINGULAR}"),
    (lambda: L.solve(torch.ones(2, 2), torch.ones(2)),
     "torch.linalg.solve: The solver failed because the input matrix is singular."),
    (lambda: L.cholesky(torch.tensor([[1.0, 2.0], [2.0, 1.0]])), _INDEFINITE),
    (lambda: L.det(torch.ones(2, 3)), "linalg.det: A must be batches of square matrices, but they are 2 by 3 matrices"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), ERRORS)
def test_what_a_matrix_lacks_is_said_in_torchs_words(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        call()
    assert str(caught.value) == words
