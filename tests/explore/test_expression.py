"""Typed text: what is allowed gives numpy's values, everything else gives one sentence."""

from __future__ import annotations

import math
import re
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradmagic.explore.expression import Expression, number
from gradmagic.explore.request import GradUsageError

VALUES = {
    "x": 0.5,
    "-x": -0.5,
    "+x": 0.5,
    "2*x + 1": 2.0,
    "x**2": 0.25,
    "2**-1": 0.5,
    "1/x": 2.0,
    "cos(pi)": -1.0,
    "ln(e)": 1.0,
    "abs(-x)": 0.5,
    "maximum(x, 1)": 1.0,
    "atan2(0, 1)": 0.0,
    "sqrt(x*2)": 1.0,
    "1/0": math.inf,
    "9**9**9**9": math.inf,
    "0*(1/0)": math.nan,
    "sqrt(-1)": math.nan,
    "(-8)**(1/3)": math.nan,
}

ATTACKS = [
    "__import__('os').system('true')",
    "().__class__.__mro__",
    "x.__class__",
    "x.shape",
    "np.sin(x)",
    "open('f')",
    "exec('1')",
    "eval('1')",
    "lambda: 1",
    "(lambda: 1)()",
    "[x for x in (1, 2)]",
    "{x}",
    "[x]",
    "(x, x)",
    "x[0]",
    "x if x else x",
    "x and x",
    "not x",
    "~x",
    "x < 1",
    "x := 1",
    "(y := 1)",
    "x // 2",
    "x % 2",
    "x @ x",
    "x | x",
    "x << 9",
    "'a' * 9",
    "b'a'",
    "f'{x}'",
    "True",
    "None",
    "...",
    "1j",
    "await x",
    "yield",
    "cos",
    "cos()",
    "cos(x, x)",
    "cos(x=1)",
    "cos(*x)",
    "cos(**x)",
    "sin(cos)",
    "cos(x)(x)",
    "x; x",
    "x = 1",
    "import os",
    "y",
    "2x",
    "2^x",
    "",
    " ",
    "(",
    "\x00",
    "\ud800",
    "x" * 201,
    "-" * 199 + "x",
    "(" * 99 + "x" + ")" * 99 + "+" * 10,
    "+".join("x" * 60),
    "sin(" * 45 + "x" + ")" * 45,
]


@pytest.mark.parametrize("text", VALUES)
def test_an_expression_has_the_value_that_numpy_gives(text: str) -> None:
    np.testing.assert_equal(float(Expression.of(text)(x=0.5)), VALUES[text])


@pytest.mark.parametrize("text", ATTACKS)
def test_what_is_not_listed_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(GradUsageError) as caught:
        Expression.of(text)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 400


def test_an_expression_works_on_arrays() -> None:
    x = np.linspace(-1, 1, 5)
    np.testing.assert_array_equal(Expression.of("x**2 - 1")(x=x), x**2 - 1)


def test_letters_that_only_look_like_a_name_become_that_name() -> None:
    assert Expression.of("ｘ").names == {"x"}  # Python reads identifiers in NFKC


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("1e-3", 1e-3), ("2*pi", 2 * np.pi), ("-pi/2", -np.pi / 2)])
def test_a_number_may_be_written_with_pi(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize(("text", "words"), [("2 pi", "products are written with *"), ("", "such as '1.5' or '2*pi'")])
def test_what_is_no_number_is_told_how_one_is_written(text: str, words: str) -> None:
    with pytest.raises(GradUsageError, match=re.escape(words)):
        number(text)


@pytest.mark.parametrize("text", ["1e999", "1/0", "sqrt(-1)", "x", "nan", "inf", "9**9**9"])
def test_a_number_is_finite(text: str) -> None:
    with pytest.raises(GradUsageError):
        number(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="x12.e+-*/()pi cosin,_[]'\\", max_size=40))
def test_no_text_raises_anything_but_a_usage_error(text: str) -> None:
    with suppress(GradUsageError):
        Expression.of(text)(x=np.ones(3))
