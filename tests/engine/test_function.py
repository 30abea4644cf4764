"""Custom functions, anomaly mode and the hooks on saved tensors, beyond the recorded snippets."""

# ruff: noqa: ARG004 - torch calls forward and backward with all of their arguments

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gradmagic import torch

graph = torch.autograd.graph


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (y,) = ctx.saved_tensors
        return y * g


class AddOne(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        x.add_(1)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 3


class Several(torch.autograd.Function):
    """A gradient, an index, a word and an output without a gradient."""

    materialize = True

    @staticmethod
    def forward(ctx: Any, x: Any, k: float) -> Any:
        fixed = x * 3
        ctx.mark_non_differentiable(fixed)
        ctx.set_materialize_grads(Several.materialize)
        return x * k, x.argmax(), "word", fixed, x * 2

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        ctx.metadata["grads"] = grads
        return grads[0] * 2, None


@contextmanager
def anomaly(check_nan: bool = True) -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with torch.autograd.detect_anomaly(check_nan):
            caught.clear()
            yield caught


def leaf(*values: float) -> Any:
    return torch.tensor(values, requires_grad=True)


@pytest.mark.parametrize(("function", "orders"), [(Cube, [12.0, 12.0, 6.0]), (Exp, [7.389056] * 4)])
def test_a_backward_of_recorded_ops_has_every_order(function: Any, orders: list[float]) -> None:
    x = leaf(2.0)
    y = function.apply(x)
    for expected in orders:
        (y,) = torch.autograd.grad(y, x, torch.ones(1), create_graph=True)
        assert y.item() == pytest.approx(expected)


def test_the_node_is_named_after_the_class_and_shows_what_ctx_holds() -> None:
    x = leaf(2.0)
    y = Cube.apply(x)
    assert repr(y) == "tensor([8.], grad_fn=<CubeBackward>)"
    assert y.grad_fn.name() == "CubeBackward"
    assert y.grad_fn.saved_tensors[0] is x
    assert y.grad_fn.needs_input_grad == (True,)


@pytest.mark.parametrize("create_graph", [True, False])
def test_an_unpack_hook_runs_in_the_mode_of_the_pass(create_graph: bool) -> None:
    modes = []

    def unpack(t: Any) -> Any:
        modes.append(torch.is_grad_enabled())
        return t

    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: t, unpack):
        y = x.exp()
    torch.autograd.grad(y, x, create_graph=create_graph)
    assert modes == [create_graph]


def test_what_is_set_on_the_node_is_set_on_ctx() -> None:
    class Told(Cube):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.factor

    x = leaf(2.0)
    y = Told.apply(x)
    y.grad_fn.factor = 5
    assert torch.autograd.grad(y, x)[0].item() == 5


def test_a_graph_with_saved_outputs_dies_with_its_last_reference() -> None:
    gc.disable()
    try:
        y = Exp.apply(leaf(1.0) * 1)
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_a_saved_output_that_was_written_to_is_an_error_that_names_the_function() -> None:
    y = Exp.apply(leaf(1.0))
    y.mul_(2)
    with pytest.raises(RuntimeError, match=r"\[torch.FloatTensor \[1\]\], which is output 0 of Exp, is at version 1;"):
        y.sum().backward()


def test_a_dirty_input_is_its_own_output() -> None:
    x = leaf(1.0, 1.0)
    b = x * 2
    assert AddOne.apply(b) is b
    assert b._version == 2
    b.sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]


def test_a_dirty_view_gives_its_base_a_new_history() -> None:
    x = leaf(1.0, 1.0)
    b = x * 2
    AddOne.apply(b[:1])
    assert repr(b) == "tensor([3., 2.], grad_fn=<CopySlices>)"
    b.sum().backward()
    assert x.grad.tolist() == [6.0, 2.0]


@pytest.mark.parametrize("materialize", [True, False])
def test_outputs_without_a_gradient_are_given_zeros_or_none(materialize: bool) -> None:
    Several.materialize = materialize
    x = leaf(1.0, 2.0)
    y, index, word, fixed, last = Several.apply(x, 2.0)
    assert (index.requires_grad, word, fixed.requires_grad, last.output_nr) == (False, "word", False, 4)
    y.sum().backward()
    given = y.grad_fn.metadata["grads"]
    assert [g if g is None else g.tolist() for g in given] == (
        [[1.0, 1.0], 0, None, [0.0, 0.0], [0.0, 0.0]] if materialize else [[1.0, 1.0], None, None, None, None]
    )
    assert x.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([torch.ones(2)], "expected Variable or None (got list)"),
        (3, "expected Variable or None (got int)"),
        (
            (torch.ones(2), torch.ones(2), torch.ones(2)),
            "function GivenBackward returned an incorrect number of gradients (expected 2, got 3)",
        ),
        (
            (torch.ones(2), torch.ones(2)),
            (
                "function GivenBackward returned a gradient different than None at position 2, but the corresponding "
                "forward input was not a Variable"
            ),
        ),
        (
            (torch.tensor(1.0), None),
            (
                "Function GivenBackward returned an invalid gradient at index 0 - got [] but expected shape compatible "
                "with [2]"
            ),
        ),
    ],
)
def test_what_a_backward_gives_wrongly_is_refused(given: Any, words: str) -> None:
    class Given(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, *rest: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return given

    arguments = (leaf(1.0, 1.0), 3) if isinstance(given, tuple) else (leaf(1.0, 1.0),)
    with pytest.raises(RuntimeError) as error:
        Given.apply(*arguments).sum().backward()
    assert str(error.value) == words


def test_a_function_that_differentiates_once_names_itself_when_it_is_differentiated_twice() -> None:
    class Once(Cube):
        backward = staticmethod(torch.autograd.function.once_differentiable(Cube.backward))

    x = leaf(2.0)
    (g,) = torch.autograd.grad(Once.apply(x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="marked with @once_differentiable") as error:
        torch.autograd.grad(g.sum(), x)
    assert error.value.__notes__ == ["The function is Once."]


def test_an_anomaly_is_traced_back_through_every_order() -> None:
    with anomaly() as caught:
        x = torch.tensor(0.0, requires_grad=True)
        (g,) = torch.autograd.grad(x**1.5, x, create_graph=True)
        (h,) = torch.autograd.grad(g, x, create_graph=True)
        with pytest.raises(RuntimeError, match=r"^Function 'PowBackward0' returned nan values in its 0th output\.$"):
            torch.autograd.grad(h * 0, x)
    first, second, third = (str(w.message) for w in caught)
    assert first.startswith("Error detected in PowBackward0. Traceback of forward call that caused the error:\n")
    assert "(h,) = torch.autograd.grad(g, x, create_graph=True)" in first
    opening = (
        "\n\nPrevious calculation was induced by PowBackward0. Traceback of forward call that induced the previous "
    )
    assert second.startswith(opening)
    assert third.startswith(opening)
    assert third.endswith("(g,) = torch.autograd.grad(x**1.5, x, create_graph=True)\n")


def test_an_anomaly_of_a_graph_made_before_says_that_nothing_is_known() -> None:
    y = torch.tensor(-1.0, requires_grad=True).sqrt()
    with anomaly() as caught, pytest.raises(RuntimeError, match="returned nan"):
        y.backward()
    assert str(caught[0].message).startswith("Error detected in SqrtBackward0. No forward pass information available.")


def test_hooks_pack_operands_and_outputs_and_the_gradient_still_leads_on() -> None:
    packed: list[Any] = []
    x = leaf(1.0, 2.0)
    with graph.saved_tensors_hooks(lambda t: packed.append(repr(t)) or t.tolist(), torch.tensor):
        y = (x * 1) * x + x.exp()
    assert packed == [
        "tensor([1., 2.], requires_grad=True)",
        "tensor([1., 2.], grad_fn=<MulBackward0>)",
        "tensor([2.7183, 7.3891], grad_fn=<ExpBackward0>)",
    ]
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    assert g.tolist() == pytest.approx([4.7182817, 11.389056])
    assert h.tolist() == pytest.approx([4.7182817, 9.389056])


def test_a_pack_hook_must_not_write_to_its_input() -> None:
    x = leaf(1.0) * 1
    with (
        graph.saved_tensors_hooks(lambda t: t.add_(1), lambda t: t),
        pytest.raises(RuntimeError, match="A saved tensor pack hook is modifying its input in place"),
    ):
        x.exp()


@pytest.mark.parametrize("function", [Cube, Exp])
def test_what_a_function_saves_goes_through_the_hooks(function: Any) -> None:
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: t.tolist(), torch.tensor):
        y = function.apply(x)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    assert h.item() == pytest.approx(12.0 if function is Cube else 7.389056)


def test_saved_tensors_may_be_written_to_where_that_is_allowed() -> None:
    with graph.allow_mutation_on_saved_tensors():
        x = leaf(1.0, 2.0)
        b = x.clone()
        y = (b**2).sum()
        b.sin_()
        (b.sum() + y).backward()
    assert x.grad.tolist() == pytest.approx([2.5403023, 3.5838532])


def test_a_hook_on_several_gradients_waits_for_those_that_a_pass_reaches() -> None:
    a, b = leaf(1.0), leaf(2.0)
    c, d = a * b, a * b
    seen: list[list[bool]] = []
    handle = graph.register_multi_grad_hook((a, b, c, d), lambda grads: seen.append([g is not None for g in grads]))
    c.sum().backward(retain_graph=True)
    c.sum().backward(inputs=(a,), retain_graph=True)
    handle.remove()
    c.sum().backward()
    assert seen == [[True, True, True, False], [True, False, True, False]]


def test_a_hook_on_any_of_several_gradients_runs_once_in_each_pass() -> None:
    a = leaf(1.0)
    c = a * 2
    seen: list[float] = []
    graph.register_multi_grad_hook((a, c), lambda g: seen.append(g.item()), mode="any")
    c.sum().backward(retain_graph=True)
    c.sum().backward()
    assert seen == [1.0, 1.0]
