"""The graph itself: scale without recursion, memory that goes as the graph is consumed, and nothing left behind."""

import copy
import gc
import pickle
import threading
import weakref
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.engine.graph import census, walk
from gradmagic.engine.watch import watch


def test_a_chain_of_a_hundred_thousand_ops_differentiates_and_dies_without_recursion() -> None:
    x = torch.tensor(1.0, requires_grad=True, dtype=torch.float64)
    y = x
    for _ in range(50_000):
        y = y * 1.00001 + 0.5
    (g,) = torch.autograd.grad(y, x)
    assert g.item() == pytest.approx(1.00001**50_000, rel=1e-9)
    del y


def test_a_diamond_of_sixty_levels_is_walked_in_linear_time() -> None:
    x = torch.tensor(1.0, requires_grad=True, dtype=torch.float64)
    y = x
    for _ in range(60):
        y = y + y
    assert torch.autograd.grad(y, x)[0].item() == 2.0**60


def test_a_dropped_graph_is_gone_without_the_collector() -> None:
    gc.disable()
    try:
        x = torch.ones(3, requires_grad=True)
        y = (x.exp() * x.sin()).sum()
        (g,) = torch.autograd.grad(y, x, create_graph=True)
        node = weakref.ref(y.grad_fn)
        leaf = weakref.ref(x)
        del x, y, g
        assert node() is None
        assert leaf() is None
    finally:
        gc.enable()


def test_a_call_frees_what_was_saved_and_no_more() -> None:
    x = torch.ones(4, requires_grad=True)
    y = (-(x.exp())).sum()
    assert census([y]).saved_bytes == 16
    torch.autograd.grad(y, x)
    after = census([y])
    assert (after.freed, after.saved_bytes) == (1, 0)
    assert [n.name() for n in walk([y]) if n.freed] == ["ExpBackward0"]


def test_only_the_nodes_that_lead_to_the_inputs_run_and_are_freed() -> None:
    a = torch.tensor(1.0, requires_grad=True)
    b = torch.tensor(2.0, requires_grad=True)
    eb = b.exp()
    torch.autograd.grad(a.exp() * eb, a)
    assert not eb.grad_fn.freed


def test_an_unused_input_is_refused_before_anything_is_freed() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    z = torch.tensor(3.0, requires_grad=True)
    y = x**2
    with pytest.raises(RuntimeError, match="at index 1 appears to not have been used"):
        torch.autograd.grad(y, [x, z])
    assert torch.autograd.grad(y, x)[0].item() == 4.0


def test_an_error_in_the_walk_leaves_the_modes_as_they_were() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    x.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        torch.autograd.grad(x * x, x)
    assert torch.is_grad_enabled()


def test_two_threads_differentiate_at_once() -> None:
    found: dict[int, float] = {}

    def work(k: int) -> None:
        for _ in range(200):
            x = torch.tensor(float(k), requires_grad=True, dtype=torch.float64)
            with torch.no_grad():
                pass
            (g,) = torch.autograd.grad(x**3, x, create_graph=True)
            found[k] = torch.autograd.grad(g, x)[0].item()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == {1: 6.0, 2: 12.0, 3: 18.0}


def test_a_watcher_sees_each_call_and_may_change_its_options() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    seen = []

    def watcher(call, run):
        seen.append((call.function, call.options["create_graph"]))
        return run(create_graph=True)

    with watch(watcher):
        (g,) = torch.autograd.grad(x**3, x)
    assert seen == [("grad", False)]
    assert g.requires_grad


@pytest.mark.parametrize(
    "call", ["linalg.qr(x)", "split(x, [1, 4])", "unbind(x)", "aminmax(x, dim=0)", "linalg.slogdet(x @ x.mT)"]
)
def test_outputs_of_one_op_are_differentiated_together_as_one_by_one(call: str) -> None:
    x = (torch.arange(25.0, dtype=torch.float64).reshape(5, 5).sin() + 3 * torch.eye(5)).requires_grad_()
    outputs = [t for t in eval(f"torch.{call}", {"torch": torch, "x": x}) if t.requires_grad]
    weights = [torch.full_like(t, 1.0 + i) for i, t in enumerate(outputs)]
    (together,) = torch.autograd.grad(outputs, x, weights, retain_graph=True)
    apart = [torch.autograd.grad(t, x, w, retain_graph=True)[0] for t, w in zip(outputs, weights, strict=True)]
    assert torch.allclose(together, sum(apart))


def test_an_expanded_tensor_refuses_to_be_written_into() -> None:
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        torch.ones(3).expand(2, 3).add_(1)


def test_the_extremum_of_a_number_is_a_copy_of_it() -> None:
    x = torch.tensor(1.0)
    y = x.max(0).values
    y += 1
    assert x.item() == 1.0


def test_writes_through_views_of_views_reach_the_base_and_its_gradient() -> None:
    x = torch.zeros(2, 3, requires_grad=True)
    b = x * 1
    w = torch.tensor([2.0, 3.0], requires_grad=True)
    b[1][1:].mul_(w)
    b.t()[0] = w
    gx, gw = torch.autograd.grad((b * torch.arange(6.0).reshape(2, 3)).sum(), [x, w])
    assert np.array_equal(gx.numpy(), [[0, 1, 2], [0, 8, 15]])
    assert np.array_equal(gw.numpy(), [0.0, 3.0])


IN_SINGLE_PRECISION = [
    "torch.xlogy(x, 2)", "torch.nn.functional.threshold(x, 0.1, 20)", "torch.nn.functional.leaky_relu(x)", "x.norm(3)",
    "x.norm(p=float('inf'))", "torch.maximum(x, -x)", "torch.fmin(x, -x)", "torch.trace(x)", "x.double()",
    "torch.matrix_exp(x)", "torch.dist(x, -x)", "torch.pdist(x)", "torch.fft.irfft(torch.fft.rfft(x)).real",
    "torch.linalg.lu_factor(x)[0]", "x.renorm(2, 0, 1.0)", "x.scatter_reduce(0, torch.tensor([[0, 0]]), x * 2, 'amax')",
]  # fmt: skip


@pytest.mark.parametrize("call", IN_SINGLE_PRECISION)
def test_the_way_back_stays_in_the_precision_of_the_operand(call: str) -> None:
    x = torch.tensor([[0.5, -1.5], [2.0, 0.7]], requires_grad=True)
    y = eval(call, {"torch": torch, "x": x})
    back = y.grad_fn(torch.ones_like(y))
    assert {g.dtype for g in (back if isinstance(back, tuple) else (back,)) if g is not None} <= {
        torch.float32, torch.complex64,
    }  # fmt: skip
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    assert g.dtype is torch.float32
    nodes = [g.grad_fn]
    for node in nodes:
        nodes += [n for n, _ in getattr(node, "next_functions", ()) if n is not None and n not in nodes]
    casts = [n for n in nodes if type(n).__name__ == "ToCopyBackward0"]
    assert not casts


def test_a_node_has_room_for_metadata_but_not_for_attributes_of_the_users() -> None:
    node: Any = torch.ones(2, requires_grad=True).exp().grad_fn
    node.metadata["of the user"] = 1
    assert node.metadata == {"of the user": 1}
    with pytest.raises(AttributeError, match="'ExpBackward0' object has no attribute 'mine'"):
        node.mine = 1


def test_a_node_is_not_copied() -> None:
    node = torch.ones(2, requires_grad=True).exp().grad_fn
    for copier in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot pickle 'ExpBackward0' object"):
            copier(node)


def test_an_interior_tensor_that_is_an_output_too_gets_its_own_weight() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    a = x * 2
    y = a * a + x
    one, five = torch.tensor(1.0), torch.tensor(5.0)
    assert torch.autograd.grad(y, a, retain_graph=True)[0].item() == 12
    assert torch.autograd.grad([y, a], a, [one, five], retain_graph=True)[0].item() == 17
    assert torch.autograd.grad(a, a)[0].item() == 1
    assert [g.item() for g in torch.autograd.grad(y, [a, x])] == [12, 25]
