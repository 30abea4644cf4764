"""Draws from distributions: torch's own for the same seed, and its refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradmagic import torch

# What torch 2.13 gave.
DRAWN: dict[str, Any] = {
    "p, 1": [3],
    "p, 3": [3, 2, 1],
    "p, 6, True": [3, 1, 2, 2, 1, 3],
    "rows, 2": [[2, 1], [1, 2]],
    "rows, 4, True": [[1, 0, 0, 0], [1, 2, 1, 2]],
    "p.double(), 6, True": [3, 1, 2, 2, 1, 3],
}
REFUSED = {
    "rows[None], 1": "prob_dist must be 1 or 2 dim",
    "torch.tensor([1, 2]), 1": "multinomial only supports floating-point dtypes for input, got: Long",
    "p, 0": "cannot sample n_sample <= 0 samples",
    "p, 5": "cannot sample n_sample > prob_dist.size(-1) samples without replacement",
    "-p, 1": "probability tensor contains either `inf`, `nan` or element < 0",
    "-p, 2, True": "invalid multinomial distribution (encountering probability entry < 0)",
    "p / 0, 2, True": "invalid multinomial distribution (encountering probability entry = infinity or NaN)",
    "p * 0, 1": "invalid multinomial distribution (sum of probabilities <= 0)",
    "p * 0, 2, True": "invalid multinomial distribution (sum of probabilities <= 0)",
}


def drawn(arguments: str, torch: Any = torch) -> Any:
    p, rows = torch.tensor([0.1, 0.2, 0.3, 0.4]), torch.tensor([[0.5, 0.2, 0.3], [0.0, 2.0, 1.0]])
    torch.manual_seed(5)
    return eval(f"torch.multinomial({arguments})", {"torch": torch, "p": p, "rows": rows})


@pytest.mark.parametrize("arguments", DRAWN)
def test_the_same_seed_draws_what_torch_draws(arguments: str) -> None:
    assert drawn(arguments).tolist() == DRAWN[arguments]


@pytest.mark.parametrize("arguments", REFUSED)
def test_weights_that_are_none_are_refused_in_torchs_words(arguments: str) -> None:
    with pytest.raises(RuntimeError) as told:
        drawn(arguments)
    assert str(told.value) == REFUSED[arguments]


def test_often_drawn_is_what_weighs_much() -> None:
    torch.manual_seed(0)
    counts = np.bincount(torch.multinomial(torch.tensor([1.0, 3.0]), 4000, True).numpy())
    assert abs(counts[1] / 4000 - 0.75) < 0.02


def test_a_forked_generator_leaves_no_trace() -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    with torch.random.fork_rng():
        torch.manual_seed(7)
        torch.rand(3)
    first = torch.rand(2)
    torch.set_rng_state(state)
    assert torch.equal(torch.rand(2), first)
