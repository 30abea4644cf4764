"""Every row of the op tables in forward mode: <v, J t> = <Jᵀ v, t> on random directions, at orders one and two."""

from __future__ import annotations

import importlib
import os
import pkgutil
import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradmagic.ops
from gradmagic import torch
from gradmagic.engine import pushing
from gradmagic.engine.op import Op
from gradmagic.ops import special
from tests.engine.agreement import entries
from tests.ops import (
    test_complexes,
    test_fourier,
    test_linalg,
    test_losses,
    test_moving,
    test_special_and_activations,
    test_taylor,
)
from tests.ops.test_rows import DOMAINS, REDUCTIONS, ROWS

SEED = int(os.environ.get("GRADMAGIC_SEED", random.randrange(10**6)))
F = torch.nn.functional
X = [[0.4, -1.2, 0.9], [1.7, 0.6, -0.3]]
SQUARE = [[0.4, -1.2, 0.9], [1.7, 0.6, -0.3], [0.2, 0.8, 2.1]]
Y = torch.tensor([[0.3, 0.8, -0.5], [1.1, -0.7, 0.25]], dtype=torch.float64)
INDEX = torch.tensor([[0, 1, 1], [1, 0, 0]])
# what neither torch's record nor the tests of the rows have: an expression for each row that would go unseen
MORE: dict[str, Callable[[Any], Any]] = {
    "binary_cross_entropy": lambda x: F.binary_cross_entropy(x.sigmoid(), Y.sigmoid()),
    "binary_cross_entropy_with_logits": lambda x: F.binary_cross_entropy_with_logits(x, Y.sigmoid()),
    "elu": F.elu, "gelu": F.gelu, "hardshrink": F.hardshrink, "hardsigmoid": F.hardsigmoid, "hardswish": F.hardswish,
    "hardtanh": F.hardtanh, "huber": lambda x: F.huber_loss(x, Y), "mse": lambda x: F.mse_loss(x, Y),
    "smooth_l1": lambda x: F.smooth_l1_loss(x, Y), "softshrink": F.softshrink,
    "threshold": lambda x: F.threshold(x, 0.5, 0.1), "angle": lambda x: torch.complex(x, x * x).angle(),
    "complex abs": lambda x: torch.complex(x, x * x).abs(), "conj": lambda x: torch.complex(x, x.sin()).conj().imag,
    "irfft": lambda x: torch.fft.irfft(torch.complex(x, x * x)), "cholesky": lambda x: torch.linalg.cholesky(x @ x.T),
    "det": lambda x: torch.det(x @ x.T), "svdvals": torch.linalg.svdvals,
    "addcdiv": lambda x: torch.addcdiv(x, x * x, x + 3),
    "cummin": lambda x: x.cummin(1).values, "diag_embed": lambda x: torch.diag_embed(x * x),
    "index_copy": lambda x: x.index_copy(1, torch.tensor([0, 2]), x[:, :2] ** 2),
    "kthvalue": lambda x: x.kthvalue(2)[0] ** 2,
    "lerp": lambda x: torch.lerp(x, Y, x * x), "lerp number": lambda x: torch.lerp(x, x * x, 0.3),
    "masked_select": lambda x: torch.masked_select(x, x > 0) ** 2, "median": lambda x: x.median() ** 2,
    "median dim": lambda x: x.median(1).values ** 2, "pad": lambda x: F.pad(x[None] ** 2, (1, 1), mode="reflect"),
    "scatter": lambda x: x.scatter(1, INDEX[:, :2], x[:, 1:] ** 2), "take": lambda x: torch.take(x, INDEX) ** 2,
    "max": lambda x: x.max() ** 2, "min dim": lambda x: x.min(1).values ** 2,
    "squeeze": lambda x: x[:, None].squeeze(1) ** 2, "erf": torch.erf,
    "erfcinv": lambda x: torch.special.erfc(x.sigmoid()), "xlog1py": lambda x: torch.special.xlog1py(x, x * x),
    "erfcinv row": lambda x: special.erfcinv(x.sigmoid()), "gamma": lambda x: special.gamma(x * x + 1),
    "zeta": lambda x: torch.special.zeta(torch.tensor(2.5), x * x + 1),
    "heaviside": lambda x: torch.heaviside(x, x * x),
    "accumulated": lambda x: x._accumulated() ** 2, "squeeze row": lambda x: (x**2)[:, None].squeeze(),
    "filled with a number": lambda x: (x * 2).fill_(3.0) * x, "put": lambda x: _put(x),
    "clamp_max": lambda x: x.clamp_max(0.5) ** 2, "sgn": lambda x: torch.sgn(torch.complex(x, x * x)).imag,
    "vdot": lambda x: torch.vdot(x[0], x[1]), "sort stable": lambda x: x.sort(1, stable=True).values ** 2,
    "split with sizes": lambda x: x.split([1, 2], 1)[1] ** 2, "squeezed": lambda x: (x**2)[None].squeeze(),
    "nanmedian": lambda x: x.nanmedian() ** 2, "vector @ matrix": lambda x: x[0, :2] @ x,
    "zeroed": lambda x: (x * 2).zero_() * x,
    "nll_2d": lambda x: F.nll_loss(x[None, :, :, None] ** 2, torch.tensor([[[0], [1], [1]]])),
    "written": lambda x: _written(x), "filled": lambda x: x.clone().fill_(x[0, 0] ** 2),
}  # fmt: skip


def _written(x: Any) -> Any:
    y = x.clone()
    y[0] = x[1] ** 2
    y[:, 1].mul_(x[:, 0])
    return y.T * x.sum()


def _put(x: Any) -> Any:
    y = x.clone()
    y[torch.tensor([0, 1]), torch.tensor([1, 2])] = x[0, :2] ** 2
    return y * x


Case = tuple[Callable[..., Any], list[Any]]


def cases() -> dict[str, Case]:
    rng = np.random.default_rng(SEED)
    found: dict[str, Case] = {}
    for entry in entries("op_values"):
        if isinstance(entry["d1"], dict):  # no derivative in torch either
            continue
        found[entry["id"]] = (eval("lambda x: " + entry["expr"], {"torch": torch, "np": np}), [entry["x"]])
    for name, f in REDUCTIONS:
        found[f"reductions.{name}"] = (f, [rng.permutation([-1.7, -1.2, -0.45, 0.35, 0.8, 1.5]).reshape(2, 3)])
    for name, row in ROWS:
        lo, hi = DOMAINS.get(name, (-1.9, 1.9))
        shapes = [(2, 3), (3,), (2, 1)][: len(row.vjps)]
        found[f"rows.{name}"] = (row, [rng.uniform(lo, hi, shape) for shape in shapes])
    for module in (test_complexes, test_fourier, test_losses, test_moving, test_special_and_activations):
        for name, f in module.CASES:
            place = rng.permutation([-1.7, -1.2, -0.45, 0.35, 0.8, 1.5]).reshape(2, 3)
            found[f"{module.__name__.removeprefix('tests.ops.test_')}.{name}"] = (f, [place])
    for name, f in test_linalg.CASES:
        found[f"linalg.{name}"] = (f, [np.array([[2.0, 0.3, -0.4], [0.5, -1.5, 0.6], [0.1, 0.7, 1.1]])])
    for name, row in test_taylor.ROWS.items():
        if name in dict(ROWS):
            continue
        found[f"pointwise.{name}"] = (
            _pointwise(name, row),
            [rng.uniform(*test_taylor.LIVES.get(name, (-1.7, 1.7)), 5)],
        )
    for name, g in MORE.items():
        found[f"more.{name}"] = (g, [SQUARE if name in ("det", "cholesky", "svdvals") else X])
    return found


def _pointwise(name: str, row: Op) -> Callable[[Any], Any]:
    """A row by those of its operands that it has a derivative by, with the arguments that it needs beside them."""
    arguments = test_taylor.ARGUMENTS.get(row.name.removesuffix("_backward"), test_taylor.ARGUMENTS.get(name, {}))

    def call(x: Any) -> Any:
        operands = test_taylor._operands(name, row, x)
        return [1.5 if rule is None else v for v, rule in zip(operands, row.vjps, strict=True)]

    try:
        row(*call(torch.tensor([0.5], dtype=torch.float64)), **arguments)
    except TypeError as error:
        arguments = {missing: test_taylor.BY_NAME.get(missing, 1) for missing in re.findall("'(.*?)'", str(error))}
    return lambda x: row(*call(x), **arguments)


CASES = cases()


def _as_tuple(out: Any) -> tuple[Any, ...]:
    return tuple(o for o in (out if isinstance(out, (tuple, list)) else (out,)) if o.dtype.is_floating_point)


def check_dot_products(f: Callable[..., Any], points: list[Any], rng: Any, order: int) -> None:
    def outs(*xs: Any) -> Any:
        return _as_tuple(f(*xs))

    xs = tuple(torch.tensor(p, dtype=torch.float64) for p in points)
    ts = tuple(torch.tensor(rng.normal(size=x.shape)) for x in xs)
    ys, pushed = torch.func.jvp(outs, xs, ts)
    vs = tuple(torch.tensor(rng.normal(size=y.shape)).to(y.dtype) for y in ys)
    pulled = torch.func.vjp(outs, *xs)[1](vs)
    forward = sum(float((v * t).sum()) for v, t in zip(vs, pushed, strict=True))
    backward = sum(float((g * t).sum()) for g, t in zip(pulled, ts, strict=True))
    rel = 1e-4 if any(y.dtype is torch.float32 for y in ys) else 1e-8
    assert forward == pytest.approx(backward, rel=rel, abs=rel, nan_ok=True), f"order {order}, seed {SEED}"
    if order == 1:
        check_dot_products(lambda *a: torch.func.jvp(outs, a, ts)[1], points, rng, 2)
        check_dot_products(lambda *a: torch.func.vjp(outs, *a)[1](vs), points, rng, 2)


@pytest.fixture(autouse=True)
def _in_double_precision() -> Any:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize("name", CASES)
def test_forward_and_reverse_mode_agree(name: str) -> None:
    f, points = CASES[name]
    check_dot_products(f, points, np.random.default_rng(SEED), 1)


def test_nine_rows_in_ten_of_the_tables_are_among_these() -> None:
    rows = {}
    for module in pkgutil.iter_modules(gradmagic.ops.__path__):
        for row in vars(importlib.import_module(f"gradmagic.ops.{module.name}")).values():
            if isinstance(row, Op):
                rows[id(row)] = f"{module.name}.{row.name}"
    seen: set[int] = set()
    pushed = pushing.jvp

    def noting(op: Op, *args: Any) -> Any:
        seen.add(id(op))
        return pushed(op, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pushing, "jvp", noting)
        for f, points in CASES.values():
            xs = tuple(torch.tensor(p, dtype=torch.float64) for p in points)
            torch.func.jvp(lambda *a, f=f: _as_tuple(f(*a)), xs, tuple(torch.ones_like(x) for x in xs))
            torch.func.jvp(
                lambda *a, f=f: torch.func.vjp(lambda *b: _as_tuple(f(*b))[0].sum(), *a)[1](torch.tensor(1.0)),
                xs,
                tuple(torch.ones_like(x) for x in xs),
            )
    unseen = sorted(name for k, name in rows.items() if k not in seen)
    assert len(unseen) < len(rows) / 10, unseen  # new rows may come a little before their expressions here
