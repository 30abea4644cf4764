"""At the edges of what is allowed we answer as torch does, or refuse with its type and words."""

from __future__ import annotations

import pytest

from gradmagic import torch
from tests.ops import edges

# where we differ, and why
OTHERWISE = {
    "torch.add(x, 'a')": "torch's argument parser",
    "torch.lerp(x, x, i)": "of two faults torch tells the other",
}  # fmt: skip
RECORDED = edges.recorded()


@pytest.mark.parametrize("expression", edges.EXPRESSIONS)
def test_an_expression_answers_as_torch_does(expression: str) -> None:
    same = edges.answer(torch, expression) == RECORDED[expression]
    assert same is (expression not in OTHERWISE)
