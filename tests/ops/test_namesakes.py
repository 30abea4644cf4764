"""Functions that other tables reach only by another name, each by its own, against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check

F, S = torch.nn.functional, torch.special
C = torch.tensor([[0.3, -1.0], [0.9, 0.2], [-0.5, 0.8]], dtype=torch.float64)
POSITIVE = [
    "bessel_y0", "bessel_y1", "modified_bessel_i0", "modified_bessel_i1", "modified_bessel_k0", "modified_bessel_k1",
    "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "spherical_bessel_j0", "gammaln",
]  # fmt: skip
COPIES: list[tuple[str, Callable[[Any], Any]]] = [
    ("diagonal_copy", lambda x: torch.diagonal_copy(x)),
    ("narrow_copy", lambda x: torch.narrow_copy(x, 1, 1, 2)),
    ("permute_copy", lambda x: torch.permute_copy(x, (1, 0))),
    ("select_copy", lambda x: torch.select_copy(x, 1, 0)),
    ("squeeze_copy", lambda x: torch.squeeze_copy(x[None])),
    ("t_copy", lambda x: torch.t_copy(x)),
    ("transpose_copy", lambda x: torch.transpose_copy(x, 0, 1)),
    ("unsqueeze_copy", lambda x: torch.unsqueeze_copy(x, 0)),
    ("view_copy", lambda x: torch.view_copy(x, (3, 2))),
    ("split_copy", lambda x: torch.split_copy(x, 2, 1)[0]),
]
CASES: list[tuple[str, Callable[[Any], Any]]] = [
    ("mm", lambda x: torch.mm(x**2, C)),
    ("mv", lambda x: torch.mv(x**2, x[0])),
    ("linear", lambda x: F.linear(x, x**2, x[:, 0])),
    ("linear of one row", lambda x: F.linear(x[0], x**2, x[:, 0])),
    ("addmm", lambda x: torch.addmm(x[0, :2], x**2, C)),
    ("addmm scaled", lambda x: torch.addmm(x[0, :2], x, C, beta=2, alpha=3)),
    ("addmv", lambda x: torch.addmv(x[:, 0], x, x[0])),
    ("narrow", lambda x: torch.narrow(x, 1, 1, 2) ** 2),
    ("clamp_max", lambda x: torch.clamp_max(x, 0.5) ** 2),
    ("clamp_min", lambda x: torch.clamp_min(x, 0.5) ** 2),
    ("expand_as", lambda x: x[:1].expand_as(x) * x),
    ("view", lambda x: x.view(3, 2) ** 2),
    ("view_as", lambda x: x.view_as(C) * C * x.view_as(C)),
    ("reshape_as", lambda x: x.reshape_as(C) ** 2),
    ("unflatten", lambda x: torch.unflatten(x, 1, (3, 1)) ** 2),
    ("true_divide", lambda x: torch.true_divide(x, x**2 + 1)),
    ("positive", lambda x: torch.positive(x) ** 2),
    ("sgn", lambda x: torch.sgn(x) * x**2),
    ("qr", lambda x: torch.qr(x.T @ x + 2 * torch.eye(3, dtype=torch.float64))[1]),
    ("relu", lambda x: F.relu(x) ** 2),
    ("softmax", lambda x: F.softmax(x, 1)),
    ("airy_ai", lambda x: S.airy_ai(x)),
    ("sum_to_size", lambda x: (x**2).sum_to_size(1, 3)),
    ("dsplit", lambda x: torch.dsplit(x[None] ** 2, 3)[1]),
    ("hsplit", lambda x: torch.hsplit(x**2, 3)[1]),
    ("index_put", lambda x: torch.index_put(x, (torch.tensor([0]),), x[1] ** 2)),
    ("view_as_real", lambda x: torch.view_as_real(torch.complex(x**2, x))),
    *((name, lambda x, name=name: getattr(S, name)(x + 2.2)) for name in POSITIVE),
    *((name, lambda x, f=f: f(x) ** 2) for name, f in COPIES),
]


@pytest.mark.parametrize(("name", "f"), CASES, ids=[name for name, _ in CASES])
def test_a_function_by_its_own_name_agrees_with_finite_differences_to_order_two(
    name: str, f: Callable[[Any], Any]
) -> None:
    rng = np.random.default_rng(SEED)
    _check(f, [rng.permutation([-1.7, -1.2, -0.45, 0.35, 0.8, 1.5]).reshape(2, 3)], rng)
