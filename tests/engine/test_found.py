"""What random programs found: each of them, made short, answers as torch does."""

import pytest

from gradmagic import torch as ours
from tests.engine.found import answer, programs

PROGRAMS = [pytest.param(entry["program"], entry["prints"], id=entry["name"].replace(" ", "_")) for entry in programs()]


@pytest.mark.parametrize(("program", "prints"), PROGRAMS)
def test_a_program_answers_as_torch_does(program: str, prints: str) -> None:
    assert answer(program, ours) == prints


@pytest.mark.parametrize(("program", "prints"), PROGRAMS)
def test_the_record_is_what_torch_answers(program: str, prints: str) -> None:
    torch = pytest.importorskip("torch")
    assert answer(program, torch) == prints
