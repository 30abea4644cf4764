"""A refused cell's graph, and what the user would notice of the run that it takes."""

from typing import Any

import pytest

from gradmagic import torch
from gradmagic.explore.request import Request
from gradmagic.panel.refused import told

OVERWRITTEN = "one of the variables needed for gradient computation has been modified by an inplace operation"
WRITES = (
    "x = torch.ones(3, requires_grad=True)\n{}w = x.exp()\ny = w * 2\nw.add_(1)\n"
    "g, = torch.autograd.grad(w.sum() + y.sum(), x)\ny"
)


def test_the_overwritten_graph_is_drawn() -> None:
    assert "<svg" in told(OVERWRITTEN, Request(WRITES.format("")), {"torch": torch})


@pytest.mark.parametrize(
    "line",
    [
        "seen.append(1)\n", "seen[:] = [1]\n", "seen += [1]\n", "own = seen\nown.append(1)\n",
        "a, own = 1, seen\nown[:] = [1]\n", "for one in [seen]:\n    one.append(1)\n", "own = seen\nown += [1]\n",
    ],
)  # fmt: skip
def test_a_cell_with_an_effect_does_not_run_again_for_it(line: str) -> None:
    seen: list[Any] = []
    told(OVERWRITTEN, Request(WRITES.format(line)), {"torch": torch, "seen": seen})
    assert seen == []


def test_the_users_tensors_get_no_gradients_by_it() -> None:
    w = torch.tensor(2.0, requires_grad=True)
    assert (
        told(OVERWRITTEN, Request("y = (w * x).exp()\ny.sum().backward()\ny.add_(1)\ny.sum().backward()\ny"), {"w": w})
        == ""
    )
    assert w.grad is None


def test_the_users_random_numbers_go_on_as_if_it_had_not_run() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2).tolist()
    torch.manual_seed(3)
    assert "<svg" in told(OVERWRITTEN, Request(WRITES.format("r = torch.rand(3)\n")), {"torch": torch})
    assert torch.rand(2).tolist() == expected
