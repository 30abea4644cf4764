"""The weights' SPEC: its numbers, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from gradmagic.explore.request import GradUsageError
from gradmagic.explore.weights import Weights

X = np.array([0.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        ("ones", [1, 1, 1]),
        ("onehot:1", [0, 1, 0]),
        ("onehot:-1", [0, 0, 1]),
        ("ramp", [0, 0.5, 1]),
        ("cos(x)", np.cos(X)),
        ("2", [2, 2, 2]),
        ("x", X),
        ("w", [3, 4, 5]),
        ("number", [7, 7, 7]),
        ("random:4", np.random.default_rng(4).standard_normal(3)),
    ],
)
def test_a_spec_gives_numbers_in_the_shape_of_the_output(spec: str, values: object) -> None:
    names = {"w": [3, 4, 5], "number": 7}
    np.testing.assert_array_equal(Weights.of(spec).values((3,), names, X), values)


@pytest.mark.parametrize(
    ("spec", "shape", "words"),
    [
        ("onehot:3", (3,), "0 to 2"),
        ("nobody", (3,), "'nobody'"),
        ("w", (4,), "grad_outputs must have the output's shape"),
        ("text", (3,), "no tensor, array or number"),
        ("ragged", (3,), "real numbers"),
        ("z", (1,), "real numbers"),
        ("x", (2,), "shape"),
    ],
)
def test_what_does_not_fit_is_said(spec: str, shape: tuple[int, ...], words: str) -> None:
    names = {"w": [3, 4, 5], "text": "abc", "ragged": [[1], [1, 2]], "z": [1j]}
    with pytest.raises(GradUsageError, match=words):
        Weights.of(spec).values(shape, names, X)


def test_an_expression_takes_the_outputs_shape_if_it_has_as_many_elements() -> None:
    assert Weights.of("x").values((3, 1), {}, X).shape == (3, 1)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("cos(x", r"^weights: cannot read 'cos\(x' as an expression \(a bracket is not closed\)$"),
        ("cos(x))", "closed twice"),
    ],
)
def test_a_bracket_too_few_or_too_many_is_said_once(spec: str, words: str) -> None:
    with pytest.raises(GradUsageError, match=words):
        Weights.of(spec)
