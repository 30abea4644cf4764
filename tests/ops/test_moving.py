"""Gathering, scattering, padding, choosing and contracting against finite differences to order two."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check

F = torch.nn.functional
AT = torch.tensor([[0, 2], [1, 1]])
ONCE = torch.tensor([[0, 2, 1], [1, 0, 2]])
# applied to a 2 by 3 matrix of values with gaps
CASES: list[tuple[str, Callable[[Any], Any]]] = [
    ("gather", lambda x: x.gather(1, AT) ** 3), ("gather rows", lambda x: x.gather(0, AT % 2) ** 3),
    ("take_along_dim", lambda x: torch.take_along_dim(x, torch.tensor([[2, 2, 0]]), 1) ** 3),
    ("index_select", lambda x: x.index_select(1, torch.tensor([2, 0, 2])) ** 3),
    ("take", lambda x: x.take(torch.tensor([5, 0, 5])) ** 3), ("masked_select", lambda x: x.masked_select(x > 0) ** 3),
    ("masked_fill", lambda x: x.masked_fill(x > 0, 2.0) ** 3),
    ("scatter", lambda x: x.scatter(1, ONCE, x**2) ** 2), ("scatter value", lambda x: x.scatter(1, AT % 2, 3.0) ** 2),
    ("scatter_add", lambda x: x.scatter_add(1, AT, x**2) ** 2),
    ("index_add", lambda x: x.index_add(1, torch.tensor([0, 0, 2]), x**2, alpha=2) ** 2),
    ("index_copy", lambda x: x.index_copy(1, torch.tensor([2, 0]), x[:, :2] ** 2) ** 2),
    ("index_fill", lambda x: x.index_fill(1, torch.tensor([1]), 4.0) ** 2),
    ("repeat", lambda x: x.repeat(2, 1, 2) ** 3),
    ("tile", lambda x: x.tile(2) ** 3), ("repeat_interleave", lambda x: x.repeat_interleave(2, 1) ** 3),
    ("repeat_interleave counts", lambda x: x.repeat_interleave(torch.tensor([1, 0, 3]), 1) ** 3),
    ("rot90", lambda x: x.rot90() ** 3), ("unfold", lambda x: x.unfold(1, 2, 1) ** 3),
    ("as_strided", lambda x: x.as_strided((3, 2), (1, 2)) ** 3), ("diag_embed", lambda x: x.diag_embed(1) ** 3),
    ("pad", lambda x: F.pad(x, (1, 2, 0, 1), value=3.0) ** 3), ("pad cuts", lambda x: F.pad(x, (-1, 1)) ** 3),
    ("pad reflect", lambda x: F.pad(x, (1, 2), "reflect") ** 3),
    ("pad circular", lambda x: F.pad(x, (1, 2), "circular") ** 3), ("nan_to_num", lambda x: (x**3).nan_to_num()),
    ("topk", lambda x: x.topk(2)[0] ** 3), ("kthvalue", lambda x: x.kthvalue(2)[0] ** 3),
    ("median", lambda x: x.median() ** 3), ("median dim", lambda x: x.median(1)[0] ** 3),
    ("cummax", lambda x: x.cummax(1)[0] ** 3), ("cummin", lambda x: x.cummin(0)[0] ** 3),
    ("nansum", lambda x: (x**3).nansum(1)), ("nanmean", lambda x: (x**3).nanmean()),
    ("logcumsumexp", lambda x: x.logcumsumexp(1)), ("diff", lambda x: x.diff(2) ** 3),
    ("trapezoid", lambda x: torch.trapezoid(x**3, x)),
    ("cumulative", lambda x: torch.cumulative_trapezoid(x**3, dim=0)),
    ("cdist", lambda x: torch.cdist(x, x[:1] ** 2 + 3)), ("dist", lambda x: torch.dist(x, x**2)),
    ("addcmul", lambda x: torch.addcmul(x, x, x[0], value=2)), ("addcdiv", lambda x: torch.addcdiv(x, x[1], x**2)),
    ("renorm", lambda x: x.renorm(2, 0, 1.6)),
    ("lerp", lambda x: torch.lerp(x, x**2, 0.3)), ("lerp tensor", lambda x: torch.lerp(x, x**2, x[0])),
    ("block_diag", lambda x: torch.block_diag(x, x**2) ** 2),
    ("meshgrid", lambda x: torch.meshgrid(x[0], x[1])[1] ** 3),
    ("hstack", lambda x: torch.hstack([x, x**2]) ** 2), ("vstack", lambda x: torch.vstack([x, x[0] ** 2]) ** 2),
    ("einsum", lambda x: torch.einsum("ij,kj->ik", x, x)),
    ("einsum three", lambda x: torch.einsum("ij,kj,kl->il", x, x, x)),
    ("einsum diagonal", lambda x: torch.einsum("ii,ij->j", x[:, :2], x)),
    ("einsum dots", lambda x: torch.einsum("...i,...i", x, x[0])), ("einsum sum", lambda x: torch.einsum("ij->", x**3)),
    ("tensordot", lambda x: torch.tensordot(x, x, dims=([0], [0]))), ("kron", lambda x: torch.kron(x, x[:, :2])),
    ("inner", lambda x: torch.inner(x, x)), ("bmm", lambda x: torch.bmm(x[None], x.T[None])),
    ("addmm", lambda x: torch.addmm(x[:, :2], x, x.T, beta=2, alpha=3)),
    ("numpy", lambda x: np.einsum("ij,ij->i", x, np.tile(x[0], (2, 1))) + np.diff(x[:, :2] ** 3)[:, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "f"), CASES, ids=[name for name, _ in CASES])
def test_an_op_that_moves_elements_agrees_with_finite_differences_to_order_two(
    name: str, f: Callable[[Any], Any]
) -> None:
    rng = np.random.default_rng(SEED)
    _check(f, [rng.permutation([-1.7, -1.2, -0.45, 0.35, 0.8, 1.5]).reshape(2, 3)], rng)
