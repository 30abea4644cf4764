"""What hooks may give back, and torch's words for what they may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gradmagic import torch

ONES = torch.ones(2)


@pytest.mark.parametrize(
    ("hook", "kind", "words"),
    [
        (lambda gi, _: gi[0], TypeError, "expected tuple, but hook returned 'Tensor'"),
        (lambda gi, _: list(gi), TypeError, "expected tuple, but hook returned 'list'"),
        (lambda gi, _: (gi[0],), RuntimeError, r"incorrect number of values \(got 1, but expected 2\)"),
        (lambda _, __: (3, None), TypeError, "expected Variable, but hook returned 'int'"),
        (lambda gi, _: (torch.ones(3), gi[1]), RuntimeError, "hook '<lambda>' has changed the size of value"),
        (lambda gi, _: (ONES.double(), gi[1]), RuntimeError, "has changed the type of value"),
        (lambda gi, _: (gi[0], ONES), RuntimeError, "can't replace a None gradient with a non-None value"),
    ],
)
def test_a_node_hook_gives_back_as_many_gradients_as_it_was_given(
    hook: Callable[..., Any], kind: type[Exception], words: str
) -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y.grad_fn.register_hook(hook)
    with pytest.raises(kind, match=words):
        y.sum().backward()


@pytest.mark.parametrize(
    ("hook", "kind"), [(lambda g: g[0], TypeError), (lambda g: (*g, *g), RuntimeError), (lambda _: (3,), TypeError)]
)
def test_prehooks_too_also_those_of_a_leaf(hook: Callable[..., Any], kind: type[Exception]) -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    for node_of in (lambda y: y.grad_fn, lambda y: y.grad_fn.next_functions[0][0]):
        y = x * 2
        handle = node_of(y).register_prehook(hook)
        with pytest.raises(kind):
            y.sum().backward()
        handle.remove()


def test_prehooks_and_hooks_of_a_node_change_the_gradient() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y.grad_fn.register_prehook(lambda g: (g[0] * 10,))
    y.grad_fn.register_hook(lambda gi, go: (gi[0] + go[0], None))
    assert torch.autograd.grad(y.sum(), x)[0].tolist() == [30.0, 30.0]


def test_a_hook_without_a_name_is_unknown_in_torchs_words() -> None:
    class Hook:
        def __call__(self, _: Any) -> Any:
            return torch.ones(3)

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(Hook())
    with pytest.raises(RuntimeError, match="hook '<unknown>' has changed the size of value"):
        x.sum().backward()


def test_a_leaf_without_a_gradient_after_its_prehook_tells_its_other_hooks_first_its_own() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    node = y.grad_fn.next_functions[0][0]
    heard: list[Any] = []
    node.register_hook(lambda gi, go: heard.append((gi, go)))
    x.register_post_accumulate_grad_hook(lambda t: heard.append(t.grad))
    node.register_prehook(lambda _: (None,))
    y.sum().backward()
    assert heard == [None, ((), (None,))]
