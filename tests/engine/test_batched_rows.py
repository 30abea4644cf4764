"""Every row of the op tables that a batch of gradients goes through at once gives what it gives for them one by one."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import numpy as np
import pytest

import gradmagic.ops
from gradmagic import torch
from gradmagic.engine import lifting
from gradmagic.engine.op import Op
from gradmagic.ops import assembling, shape
from tests.engine.test_forward_rows import CASES, SEED, _as_tuple, _in_double_precision

__all__ = ["_in_double_precision"]
POINT = [[0.4, -1.2, 0.9], [1.7, 0.6, -0.3]]
# rows that stand there beside others that take no batch, so that they would go unseen
ALONE: dict[str, tuple[Any, list[Any]]] = {
    "alias": (lambda x: x[...] ** 2, [POINT]),
    "conj_physical": (lambda x: assembling.conj_physical_row(torch.complex(x, x * x)).imag, [POINT]),
    "real": (lambda x: np.real(torch.complex(x, x * x)), [POINT]),
    "view_as_real": (lambda x: torch.view_as_real(torch.complex(x, x * x)), [POINT]),
    "scatter_back": (lambda x: shape.scatter_back(x**2, shape=(5, 3), index=(np.array([3, 0]),)), [POINT]),
    "in a dimension that broadcasting added": (lambda x: x[0] * x.sum(1)[:, None] * x[0, 0], [POINT]),
    "index_fill": (lambda x: x.index_fill(1, torch.tensor([2]), 3.0) ** 2, [POINT]),
    "squeeze_dims": (lambda x: x[None, :, None].squeeze((0, 2)) ** 2, [POINT]),
    "chosen by arrays apart": (lambda x: (x[:, None, :] * x[:, :, None])[[0, 1], :, [2, 0]], [POINT]),
}
PROGRAMS = {**CASES, **ALONE}


def same(a: Any, b: Any, name: str) -> None:
    assert (a is None) == (b is None), name
    if a is not None:
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), 1e-9, 1e-10, err_msg=f"{name}, seed {SEED}")


def gradients(ys: Any, xs: Any, weights: Any, **options: Any) -> Any:
    return torch.autograd.grad(ys, xs, weights, retain_graph=True, allow_unused=True, **options)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_batch_goes_through_a_row_as_its_weights_do_one_by_one(name: str) -> None:
    rng = np.random.default_rng(SEED)
    f, points = PROGRAMS[name]
    xs = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in points]
    ys = [y for y in _as_tuple(f(*xs)) if y.requires_grad]
    if not ys:
        return
    weights = [torch.tensor(rng.normal(size=(4, *y.shape))).to(y.dtype) for y in ys]
    along = [torch.tensor(rng.normal(size=x.shape)) for x in xs]
    plain = gradients(ys, xs, weights, is_grads_batched=True)
    found = gradients(ys, xs, weights, is_grads_batched=True, create_graph=True)
    for k in range(4):
        row = gradients(ys, xs, [w[k] for w in weights], create_graph=True)
        for i, one in enumerate(row):
            same(plain[i] if one is None else plain[i][k], one, name)
            same(found[i] if one is None else found[i][k], one, name)
            if one is None or not one.requires_grad:
                continue
            again = zip(gradients(found[i][k], xs, along[i]), gradients(one, xs, along[i]), strict=True)
            for x, (a, b) in zip(xs, again, strict=True):
                zero = torch.zeros_like(x)
                same(zero if a is None else a, zero if b is None else b, f"{name}, second order")


def test_all_rows_that_say_so_are_among_these(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[Op] = set()
    pulled = lifting.pulled

    def noting(node: Any, *args: Any) -> Any:
        seen.add(node.op)
        return pulled(node, *args)

    def batch(ys: Any, xs: Any, **options: Any) -> Any:
        ys = [y for y in ys if y is not None and y.requires_grad]
        ones = [torch.ones(2, *y.shape, dtype=y.dtype) for y in ys]
        return gradients(ys, xs, ones, is_grads_batched=True, **options) if ys else ()

    monkeypatch.setattr(lifting, "pulled", noting)
    for f, points in PROGRAMS.values():
        xs = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in points]
        batch(batch(_as_tuple(f(*xs)), xs, create_graph=True), xs)
    modules = [importlib.import_module(f"gradmagic.ops.{m.name}") for m in pkgutil.iter_modules(gradmagic.ops.__path__)]
    rows = {row for m in modules for row in vars(m).values() if isinstance(row, Op) and lifting.takes_batches(row)}
    assert not sorted(row.name for row in rows - seen)
