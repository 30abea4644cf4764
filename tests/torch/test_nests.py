"""Transformations inside transformations, forward and reverse, agree with live torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradmagic import torch as gm

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch, on its own

BEFORE = """
fn, J = torch.func, torch.autograd.functional.jacobian
x, v, w = (torch.tensor(t, dtype=torch.float64) for t in ([1.0, 2.0], [1.0, 10.0], [0.5, -1.0]))
m, dm = (torch.tensor(t, dtype=torch.float64) for t in ([[1.0, 2.0], [3.0, 5.0]], [[1.0, 0.0], [2.0, 1.0]]))
def f(a): return (torch.sin(a) * torch.exp(a * w)).sum() + a.prod() ** 2 + torch.cumsum(a, 0).logsumexp(0)
def along(a, t=v): return fn.jvp(f, (a,), (t,))[1]
def written(a):
    b = a.clone()
    b[0] = a[1] * 3
    b.mul_(a)
    return b
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(a): return a**3
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)
    @staticmethod
    def backward(ctx, g): return 3 * ctx.saved_tensors[0] ** 2 * g
    @staticmethod
    def jvp(ctx, t): return 3 * ctx.saved_tensors[0] ** 2 * t
"""
NESTS = [
    "fn.jvp(fn.grad(f), (x,), (v,))",
    "fn.grad(along)(x)",
    "fn.jvp(along, (x,), (w,))",
    "fn.jvp(lambda b: fn.jvp(along, (b,), (w,))[1], (x,), (v,))",
    "fn.jvp(fn.grad(along), (x,), (w,))",
    "fn.grad(lambda b: fn.grad(along)(b).sum())(x)",
    "fn.jvp(fn.grad(lambda b: fn.grad(f)(b).sum()), (x,), (w,))",
    "fn.hessian(f)(x)",
    "fn.jacfwd(fn.jacfwd(f))(x)",
    "fn.jacrev(fn.jacfwd(f))(x)",
    "fn.jacrev(fn.jacrev(f))(x)",
    "fn.jacfwd(fn.hessian(f))(x)",
    "fn.grad(lambda a: fn.hessian(f)(a).sum())(x)",
    "fn.jvp(fn.hessian(f), (x,), (v,))",
    "fn.hessian(along)(x)",
    "fn.jvp(lambda a: a * fn.jvp(lambda b: a + b, (w,), (w,))[1], (x,), (v,))",
    "fn.grad(lambda a: (a * fn.jvp(lambda b: a * b, (w,), (a,))[1]).sum())(x)",
    "fn.jvp(lambda a: a * fn.grad(lambda b: (a * b * b).sum())(w), (x,), (v,))",
    "fn.vmap(lambda t: along(x, t))(torch.eye(2, dtype=torch.float64))",
    "fn.vjp(along, x)[1](torch.tensor(1.0, dtype=torch.float64))",
    "fn.jvp(lambda a: fn.vjp(f, a)[1](torch.tensor(1.0, dtype=torch.float64))[0], (x,), (w,))",
    "fn.jvp(lambda t: along(x, t), (v,), (w,))",
    "fn.grad(lambda t: along(x, t))(v)",
    "fn.jvp(written, (x,), (v,))",
    "fn.jvp(fn.jacrev(written), (x,), (v,))",
    "fn.jvp(lambda a: fn.jvp(written, (a,), (v,))[1], (x,), (w,))",
    "fn.jvp(lambda a: (a > 1, a * 2), (x,), (v,))",
    "fn.jvp(lambda a: w, (x,), (v,))",
    "fn.jvp(lambda a: a, (x,), (v,))",
    "fn.jvp(lambda a: torch.linalg.svd(a)[1], (m,), (dm,))",
    "fn.jvp(lambda a: fn.jvp(torch.linalg.inv, (a,), (a,))[1], (m,), (dm,))",
    "fn.jvp(lambda a: (a * a.conj()).real + a.abs() + torch.sin(a).imag + a.angle(), (x + 2j * v,), (v - 1j * x,))",
    "fn.jvp(Cube.apply, (x,), (v,))",
    "fn.jvp(fn.grad(lambda a: Cube.apply(a).sum()), (x,), (v,))",
    "fn.grad(lambda a: fn.jvp(Cube.apply, (a,), (v,))[1].sum())(x)",
    "torch.autograd.functional.hessian(f, x, outer_jacobian_strategy='forward-mode', vectorize=True)",
    "J(lambda a, b: (a * b, a.sum()), (x, v), strategy='forward-mode', vectorize=True)",
]


def _numbers(result: Any) -> Any:
    if isinstance(result, (tuple, list)):
        return [_numbers(r) for r in result]
    return result.requires_grad, result.detach().numpy()


def _agree(a: Any, b: Any) -> None:
    if isinstance(a, list):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            _agree(one, other)
        return
    assert a[0] == b[0]
    assert a[1].dtype == b[1].dtype
    np.testing.assert_allclose(a[1], b[1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("source", NESTS)
def test_a_nest_of_transformations_gives_what_torch_gives(source: str) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for library in (gm, torch):
        names: dict[str, Any] = {"torch": library}
        exec(BEFORE, names)
        found.append(_numbers(eval(source, names)))
    _agree(*found)


REFUSED = ["fn.jvp(lambda a: w, (x,), (v,), strict=True)", "fn.jvp(lambda a: a.requires_grad_(), (x,), (v,))"]


def test_a_custom_jvp_has_a_derivative_of_its_own() -> None:
    names: dict[str, Any] = {"torch": gm}  # torch 2.13 gives zeros here: it takes what was saved for a constant
    exec(BEFORE, names)
    _, second = eval("fn.jvp(lambda a: fn.jvp(Cube.apply, (a,), (v,))[1], (x,), (w,))", names)
    assert second.tolist() == [3.0, -120.0]


@pytest.mark.parametrize("source", REFUSED)
def test_a_refusal_has_torchs_words(source: str) -> None:
    torch = pytest.importorskip("torch")
    said = []
    for library in (gm, torch):
        names: dict[str, Any] = {"torch": library}
        exec(BEFORE, names)
        with pytest.raises(RuntimeError) as error:
            eval(source, names)
        said.append(str(error.value))
    assert said[0] == said[1]
