"""LBFGS where the loss is no number: the recorded page has the rest."""

import math
from typing import Any

import pytest

from gradmagic import torch


@pytest.mark.parametrize(
    ("numbers", "reached"),
    [
        (1, [-21317.730522449376, -6486.283661831802]), (2, [-2922.9084927862095, -1934.7782819880965]),
        (4, [-53.64165079759628, -46.42550146391544]),
    ],
)  # fmt: skip
def test_a_search_that_meets_nan_goes_where_torch_goes(numbers: int, reached: list[float]) -> None:
    x = torch.tensor([3.0, 2.0], dtype=torch.float64, requires_grad=True)
    descent = torch.optim.LBFGS([x], line_search_fn="strong_wolfe", max_iter=6)
    calls: list[float] = []

    def closure() -> Any:
        descent.zero_grad()
        loss = (x**4 - x.cos()).sum() * (math.nan if len(calls) >= numbers else 1.0)
        loss.backward()
        calls.append(loss.item())
        return loss

    descent.step(closure)
    assert x.tolist() == pytest.approx(reached, rel=1e-9)
    assert len(calls) == 8
