"""What a newcomer would paste prints what it prints in real torch, to rounding."""

from __future__ import annotations

import ast
import json
import re

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.explore.imports import rewritten
from tests.pages.record import PAGES, RECORD, printed, text_of

RECORDED = json.loads(RECORD.read_text("utf-8"))
NUMBER = re.compile(r"(?<![\w.])-?\d+\.?\d*(?:e[+-]?\d+)?")


def disagreement(expected: str, got: str) -> str | None:
    """The first line that differs: in a word, or in a number by more than its last digit and 1e-5 of itself."""
    for theirs, ours in zip(expected.splitlines(), [*got.splitlines(), *[""] * 1000], strict=False):
        same = NUMBER.sub("#", theirs).split() == NUMBER.sub("#", ours).split()
        if not same or not all(map(close, NUMBER.findall(theirs), NUMBER.findall(ours))):
            return f"torch: {theirs}\nours:  {ours}"
    return None if len(expected.splitlines()) == len(got.splitlines()) else f"ours has more: {got.splitlines()[-1]}"


def close(a: str, b: str) -> bool:
    if a == b or a.lstrip("-") == b.lstrip("-") == "0":
        return True
    if "." not in a + b and "e" not in a + b:
        return False
    return bool(np.isclose(float(a), float(b), rtol=2e-5, atol=1.01 * max(last_digit(a), last_digit(b))))


def last_digit(text: str) -> float:
    digits, _, exponent = text.partition("e")
    return float(10.0 ** (int(exponent or 0) - len(digits.partition(".")[2])))


def test_the_comparison_sees_words_and_numbers() -> None:
    assert disagreement("loss 0.1234", "loss 0.1235") is None
    assert disagreement("loss 0.1234", "loss 0.1237")
    assert disagreement("loss 3", "loss 4")
    assert disagreement("a\nb", "a\nb\nc")
    assert disagreement("<MulBackward0>", "<AddBackward0>")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.filterwarnings("default")
def test_a_page_prints_what_torch_prints(page: str) -> None:
    ours = printed(ast.unparse(rewritten(ast.parse(text_of(page)))), torch)
    told = re.sub(r" in line \d+:", ":", "\n".join(RECORDED["pages"][page]))  # unparsed, a page has other lines
    assert disagreement(told, re.sub(r" in line \d+:", ":", ours)) is None


@pytest.mark.parametrize("page", PAGES)
def test_real_torch_still_prints_what_is_recorded(page: str) -> None:
    real = pytest.importorskip("torch", reason="compares with real torch, which is not installed")
    if real.__version__.partition("+")[0] != RECORDED["torch"].partition("+")[0]:
        pytest.skip(f"the record is of torch {RECORDED['torch']}, installed is {real.__version__}")
    assert disagreement("\n".join(RECORDED["pages"][page]), printed(text_of(page), real)) is None
