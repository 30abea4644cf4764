"""What nodes show of what they saved: under torch's names, readable, and refused in its words once it is freed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.engine.node import FREED_MESSAGE
from tests.ops.test_losses import CASES as LOSSES
from tests.ops.test_moving import CASES as MOVING
from tests.ops.test_rows import REDUCTIONS


def nodes(root: Any) -> Iterator[Any]:
    seen, todo = set(), [root]
    while todo:
        node = todo.pop()
        if node is None or id(node) in seen or not hasattr(node, "edges"):
            continue
        seen.add(id(node))
        todo += [n for n, _ in node.next_functions]
        yield node


def shown(node: Any) -> list[str]:
    return [name for name in dir(node) if name.startswith("_saved_")]


@pytest.mark.parametrize(("name", "f"), [*REDUCTIONS, *MOVING, *LOSSES], ids=lambda v: v if isinstance(v, str) else "")
def test_what_a_node_saved_can_be_read_until_it_is_freed(name: str, f: Callable[[Any], Any]) -> None:
    x = torch.tensor(np.array([[-1.7, 0.35, 1.5], [0.8, -0.45, -1.2]]), requires_grad=True)
    y = f(x)
    met = list(nodes(y.grad_fn))
    for node in met:
        for attribute in shown(node):
            value = getattr(node, attribute)
            assert value is None or isinstance(value, (torch.Tensor, tuple, bool, int, float, str))
    torch.autograd.grad(y.sum(), x)
    for node in met:
        for attribute in shown(node):
            try:
                getattr(node, attribute)
            except RuntimeError as error:
                assert str(error) == FREED_MESSAGE  # noqa: PT017  some of what is shown is not freed


def test_values_are_shown_under_torchs_names() -> None:
    x = torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    assert x.sum(1).grad_fn._saved_dim == (1,)
    assert x.sum(1, keepdim=True).grad_fn._saved_keepdim is True
    assert x.mean().grad_fn._saved_self_sym_numel == 3
    assert x.select(1, 2).grad_fn._saved_index == 2
    best = x.max(1)
    assert best.values.grad_fn._saved_indices.tolist() == [2]
    assert (x * 2).grad_fn._saved_self is None
    assert x.index_select(1, torch.tensor([0, 2])).grad_fn._saved_index.tolist() == [0, 2]
    assert torch.lerp(x, x, x).grad_fn._saved_weight.equal(x)


def test_what_is_no_plain_argument_is_shown_as_torch_shows_it() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    node = (x @ x.T).grad_fn
    assert (node._saved_self_sym_strides, node._saved_mat2_sym_strides) == ((2, 1), (1, 2))
    node = torch.addbmm(x, x[None], x[None], beta=0.5).grad_fn
    assert (node._saved_alpha, node._saved_beta, node._saved_batch2_sym_argsize_2) == (1, 0.5, 2)
    assert torch.addr(x, x[0], x[1]).grad_fn._saved_vec1.tolist() == [1.0, 2.0]
    assert x[None].squeeze(0).grad_fn._saved_dim == 0
    assert x.prod(1).grad_fn._saved_dim == 1
    assert x.roll(1, 0).grad_fn._saved_shifts == (1,)
    assert x.std().grad_fn._saved_correction is None
    assert x.std(correction=0).grad_fn._saved_correction == 0
    assert torch.nn.functional.binary_cross_entropy(x / 5, x / 5).grad_fn._saved_weight is None
    assert torch.clamp_min(x, x.detach()).grad_fn._saved_min.equal(x)
    assert torch.mode(x, 1).values.grad_fn._saved_indices.tolist() == [0, 0]
    assert torch.linalg.qr(x).Q.grad_fn._saved_mode == "reduced"
    assert torch.add(x, x, alpha=3).grad_fn._saved_alpha == 3


def test_an_indexing_node_shows_its_indices_until_it_is_freed() -> None:
    x = torch.ones(3, 4, requires_grad=True)
    y = x[:, [0, 2]]
    assert y.grad_fn._saved_self_sym_sizes == (3, 4)
    everything, chosen = y.grad_fn._saved_indices
    assert everything is None
    assert chosen.tolist() == [0, 2]
    torch.autograd.grad(y.sum(), x)
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        _ = y.grad_fn._saved_indices
    assert x[x > 0].grad_fn._saved_indices[0].dtype is torch.bool


def test_a_node_shows_no_tensor_once_it_is_freed_but_its_numbers() -> None:
    x = torch.ones(3, requires_grad=True)
    y = x.index_select(0, torch.tensor([0, 2]))
    torch.autograd.grad(y.sum(), x)
    assert y.grad_fn._saved_dim == 0
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        _ = y.grad_fn._saved_index
