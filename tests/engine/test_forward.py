"""``torch.autograd.forward_ad``: what it computes, what it refuses and in which words, as live torch does."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest

from gradmagic import torch as gm

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch, on its own

FORWARD = """
fw = torch.autograd.forward_ad
x, v = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0])
U = fw.unpack_dual
def D(): return fw.make_dual(x.clone(), v.clone())
def custom(jvp=None, forward=lambda ctx, a, *rest: a * 2, **more):
    body = {"forward": staticmethod(forward), **more}
    if jvp is not None: body["jvp"] = staticmethod(jvp)
    return type("F", (torch.autograd.Function,), body).apply
def saving(ctx, a):
    ctx.save_for_forward(a)
    return a * a
def two(ctx, a): return a * 2, a * 3
def compared(ctx, a):
    b = a > 1
    ctx.mark_non_differentiable(b)
    return a * 2, b
def dirty(ctx, a):
    a.mul_(2)
    ctx.mark_dirty(a)
    return a
"""
OUTSIDE = [
    "U(x)",
    "fw.make_dual(x, v)",
    "fw.exit_dual_level()",
    "fw.exit_dual_level(level=3)",
    "(fw.enter_dual_level(), fw._current_level, fw.exit_dual_level(), fw._current_level)",
    "fw.dual_level()(lambda: fw._current_level)()",
    "torch.func.jvp(lambda a: fw.dual_level().__enter__(), (x,), (v,))",
    "torch.func.jvp(custom(lambda ctx, t: t), (x,), (v,))",
    "fw._current_level",
]
INSIDE = [
    "fw.enter_dual_level()",
    "fw.make_dual(x, v, level=1)",
    "U(x, level=1)",
    "fw.make_dual(x, v, level=-1)",
    "U(x, level=-1)",
    "fw.exit_dual_level(level=3)",
    "fw.make_dual(x, torch.ones(3))",
    "fw.make_dual(x, v.double())",
    "fw.make_dual(x, v * 1j)",
    "fw.make_dual(x.int(), v)",
    "fw.make_dual(x, v.int())",
    "fw.make_dual(1.0, v)",
    "fw.make_dual(x, 1.0)",
    "U(1.0)",
    "U(x)",
    "fw.make_dual(x, v)",
    "fw.make_dual(x.clone().requires_grad_(), v)",
    "fw.make_dual(x, v.clone().requires_grad_())",
    "U(D())",
    "U(fw.make_dual(x, v)).tangent is v",
    "fw.make_dual(D(), v)",
    "fw.make_dual(x, D())",
    "D().sin()",
    "D() ** 2",
    "D().sum()",
    "U(D().detach())",
    "U(D().data)",
    "U(D().clone())",
    "U(D().sin().detach_())",
    "U(D()[0])",
    "U(D().view(2, 1))",
    "U(D() > 1)",
    "U(D().double())",
    "U(D().int())",
    "U(D().argmax())",
    "U(D().sign())",
    "U(torch.zeros_like(D()))",
    "D().tolist()",
    "D().numpy()",
    "U(D() * torch.ones(3, 2, dtype=torch.float64))",
    "U(D().sin_())",
    "U(D().mul_(3))",
    "U(D().zero_())",
    "U(U(D()).primal)",
    "torch.func.jvp(torch.sin, (x,), (v,))",
    "torch.func.grad(lambda a: a.sin().sum())(D())",
    "U(custom()(D()))",
    "U(custom(lambda ctx, t: t * 2)(D()))",
    "U(custom(lambda ctx, t: t * 2)(x))",
    "U(custom(lambda ctx, *ts: ts[0] * len([t for t in ts if t is None]))(D(), x.int(), 3))",
    "U(custom(lambda ctx, s, t: s + t)(D(), x))",
    "U(custom(lambda ctx, t: (t, t))(D()))",
    "U(custom(lambda ctx, t: (t,))(D()))",
    "U(custom(lambda ctx, t: 3.0)(D()))",
    "U(custom(lambda ctx, t: torch.ones(3))(D()))",
    "U(custom(lambda ctx, t: 2 * ctx.saved_tensors[0] * t, saving)(D()))",
    "U(custom(lambda ctx, t: ctx.saved_tensors[0])(D()))",
    "[U(o) for o in custom(lambda ctx, t: (t, t * 3), two)(D())]",
    "custom(lambda ctx, t: t, two)(D())",
    "[U(o) for o in custom(lambda ctx, t: (t, None), compared)(D())]",
    "custom(lambda ctx, t: (t, t), compared)(D())",
    "U(custom(lambda ctx, t: t.mul_(2), dirty)(D()))",
    "custom(lambda ctx, t: t * 2, dirty)(D())",
    "U(custom(lambda ctx, t: t.view(2, 1), lambda ctx, a: a.view(2, 1))(D()))",
    "custom(lambda ctx, t: t.view(2, 1) * 1, lambda ctx, a: a.view(2, 1))(D())",
    "custom(lambda ctx, t: t, lambda ctx, a: a)(D())",
    "U(custom(lambda ctx, t: t, lambda ctx, a: U(a).tangent or a * 2)(D()))",
]
PROGRAMS = {
    "a write through a view": "d = D(); d[0].mul_(5.0); out = U(d)",
    "a write of a number": "d = D(); d[0] = 5.0; out = U(d)",
    "a dual written into a constant": "z = torch.zeros(2); z[1] = D()[1]; out = U(z), U(z[0])",
    "a view made before": "z = torch.zeros(2); w = z[:]; z.copy_(D()); out = U(z), U(w)",
    "a constant times a dual": "z = torch.ones(2); z.mul_(D()); out = U(z)",
    "the user's tangent is written to": "t = v.clone(); d = fw.make_dual(x.clone(), t); d.mul_(3); out = t",
    "a tangent that is a leaf": "d = fw.make_dual(x.clone(), v.clone().requires_grad_()); d.mul_(2)",
    "a dual of a leaf": "d = fw.make_dual(x.clone().requires_grad_(), v); d.mul_(2)",
    "the primal has none": "a = x.clone(); d = fw.make_dual(a, v); out = U(a)",
    "the primal written to": "a = x.clone(); d = fw.make_dual(a, v); a.mul_(2); out = U(d)",
    "filled with a dual": "d = D(); z = torch.zeros(2); z.fill_(d[1]); out = U(z)",
    "no_grad": "with torch.no_grad(): out = U(D() * 2)",
    "inference mode": "d = D()\nwith torch.inference_mode(): out = U(d * 2), U(D())",
    "forward over reverse": "a = x.clone().requires_grad_(); d = fw.make_dual(a, v)\n"
    "out = [U(torch.autograd.grad((d**3).sum(), t)[0]) for t in (d, a)]",
    "forward over reverse, saved results": "a = x.clone().requires_grad_(); d = fw.make_dual(a, v)\n"
    "out = U(torch.autograd.grad((d.exp() * d.tanh()).sum(), d)[0])",
    "backward leaves no tangent": "a = x.clone().requires_grad_(); fw.make_dual(a, v).exp().sum().backward()\n"
    "out = U(a.grad)",
    "batched": "a = x.clone().requires_grad_(); d = fw.make_dual(a, v)\n"
    "out = U(torch.autograd.grad(d**2 * d.sum(), d, torch.eye(2), is_grads_batched=True)[0])",
    "hooks on saved tensors": "d = fw.make_dual(x.clone().requires_grad_(), v)\n"
    "with torch.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), torch.tensor): y = d.reciprocal() + d**2 * d\n"
    "out = U(torch.autograd.grad(y.sum(), d)[0])",
    "reverse over forward": "a = x.clone().requires_grad_(); t = U(fw.make_dual(a, v) ** 3).tangent\n"
    "out = t, torch.autograd.grad(t.sum(), a)",
    "by the tangent": "t = v.clone().requires_grad_()\n"
    "out = torch.autograd.grad(U(fw.make_dual(x, t).prod() ** 2).tangent, t)",
    "a functional Jacobian": "J = torch.autograd.functional.jacobian\n"
    "out = J(torch.sin, x, strategy='forward-mode', vectorize=True)",
    "a copied dual": "import copy; out = copy.deepcopy(D())",
}


def _said(torch: Any, source: str, *, inside: bool) -> str:
    """What a snippet gives, printed while its tangents live, or the error that it raises."""
    names: dict[str, Any] = {"torch": torch}
    exec(FORWARD, names)
    fw = torch.autograd.forward_ad
    try:
        if inside:
            with fw.dual_level():
                return _result(source, names)
        return _result(source, names)
    except Exception as error:  # noqa: BLE001  # the words are what is compared
        return f"{type(error).__name__}: {error}"


def _result(source: str, names: dict[str, Any]) -> str:
    if source in PROGRAMS.values():
        exec(source, names)
        return repr(names.get("out"))
    return repr(eval(source, names))


@pytest.mark.parametrize("source", OUTSIDE)
def test_outside_of_a_level_torch_says_the_same(source: str) -> None:
    torch = pytest.importorskip("torch")
    assert _said(gm, source, inside=False) == _said(torch, source, inside=False)


@pytest.mark.parametrize("source", [*INSIDE, *PROGRAMS.values()], ids=[*INSIDE, *PROGRAMS])
def test_inside_of_a_level_torch_says_the_same(source: str) -> None:
    torch = pytest.importorskip("torch")
    assert _said(gm, source, inside=True) == _said(torch, source, inside=True)


def test_tangents_end_with_their_level_even_when_it_ends_in_an_error() -> None:
    fw = gm.autograd.forward_ad
    kept = []

    def failing() -> None:
        with fw.dual_level():
            kept.append(fw.make_dual(gm.tensor(1.0), gm.tensor(1.0)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert fw._current_level == -1
    with fw.dual_level():
        assert fw.unpack_dual(kept[0]).tangent is None


def test_nothing_of_a_level_lives_on_without_gc() -> None:
    fw = gm.autograd.forward_ad
    gc.disable()
    try:
        with fw.dual_level():
            d = fw.make_dual(gm.tensor([1.0, 2.0], requires_grad=True), gm.ones(2))
            y = (d.exp() * d).sum()
            t = fw.unpack_dual(y).tangent
            kept = [weakref.ref(t), weakref.ref(y), weakref.ref(d)]
        del d, y, t
        assert [ref() for ref in kept] == [None] * 3
    finally:
        gc.enable()


def test_a_level_is_of_its_own_thread() -> None:
    fw = gm.autograd.forward_ad
    found: list[Any] = []

    def other(t: Any) -> None:
        found.append((fw._current_level, (t * 2).tolist()))
        with fw.dual_level():
            mine = fw.make_dual(gm.tensor(3.0), gm.tensor(1.0))
            found.append(fw.unpack_dual(mine**2).tangent.item())

    with fw.dual_level():
        d = fw.make_dual(gm.tensor(1.0), gm.tensor(1.0))
        thread = threading.Thread(target=other, args=(d,))
        thread.start()
        thread.join()
        assert fw.unpack_dual(d * 3).tangent.item() == 3.0
    assert found == [(-1, 2.0), 6.0]
