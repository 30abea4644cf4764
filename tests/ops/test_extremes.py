"""At zeros, infinities and NaN values and two derivatives are torch's, to a few units in the last place."""

from __future__ import annotations

import pytest

from gradmagic import torch
from tests.ops import extremes

# where we differ: how many of the numbers, and why
OTHERWISE = {
    "torch.sinc(x)": (4, "finite at 0, where torch's second derivative is nan"),
    "F.mish(x)": (1, "0 far out, where torch's second derivative is nan"),
    "F.hardsigmoid(x)": (8, "torch's sixth is a float32"),
    "0**x": (9, "a constant has the second derivative 0"),
    "x**x": (2, "guarded where the exponent is 0"),
    "x ** y": (40, "guarded where the exponent is 0 or the base is 0 and stays it"),
    "torch.xlogy(x, y)": (4, "guarded where x is 0"),
}
RECORDED = extremes.recorded()


@pytest.mark.parametrize("expression", extremes.EXPRESSIONS)
def test_an_elementwise_function_agrees_with_torch_at_the_extremes(expression: str) -> None:
    told = extremes.differences(torch, expression, RECORDED[expression])
    assert len(told) == OTHERWISE.get(expression, (0, ""))[0], told
