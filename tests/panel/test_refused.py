"""A refused cell's graph, and what the user would notice of the run that it takes."""

import time
from dataclasses import replace
from typing import Any

import pytest

import gradmagic
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


@pytest.mark.parametrize("call", ["", "\ng, = torch.autograd.grad(v, x, torch.ones_like(v))\n"], ids=["panel", "cell"])
def test_a_slider_that_leads_to_a_refusal_names_the_two_lines_as_a_first_run_does(call: str) -> None:
    text = f"u = (a * x).exp()\nv = u * u\nif a > 1:\n    u.add_(1.0){call}\ny = v"
    panel = gradmagic.explore(text, of="y", a=(0, 3, 0.5))
    assert "IN-PLACE" not in panel.words.ledger.value
    panel.state = replace(panel.state, params={"a": 2.0})
    said = panel.words.ledger.value
    assert "u: " in said
    assert "<td>line 2</td><td>saved by MulBackward0 as self</td><td>version 0</td>" in said
    assert "<td>line 4</td><td>written</td><td>version 1</td>" in said
    panel.state = replace(panel.state, params={"a": 0.7})
    assert "IN-PLACE" not in panel.words.ledger.value
    panel.close()


def test_the_run_that_looks_for_the_cause_ends_at_the_deadline() -> None:
    text = WRITES.format("s = torch.zeros(1)\nfor _ in range(100 if first else 10**9):\n    s = s + 1\n")
    began = time.monotonic()
    assert told(OVERWRITTEN, Request(text, deadline=0.2), {"torch": torch, "first": False}) == ""
    assert time.monotonic() - began < 10
    assert "<svg" in told(OVERWRITTEN, Request(text, deadline=20.0), {"torch": torch, "first": True})
