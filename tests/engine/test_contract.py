"""Types, words, printed text, lines and warnings are those of torch, snippet by snippet."""

from __future__ import annotations

import pytest

from gradmagic import torch
from tests.engine.agreement import Entry, choices, complaints, entries
from tests.engine.choices import BETTER, DESIGN, NOT_YET
from tests.oracle import replay

CONTRACT = entries("contract")


def cases() -> list[object]:
    """Every entry; those that need what does not exist yet must still fail."""
    return [
        pytest.param(
            entry,
            id=entry["id"],
            marks=[pytest.mark.xfail(strict=True, reason=f"not yet: {NOT_YET[entry['id']]}")]
            if entry["id"] in NOT_YET
            else [],
        )
        for entry in CONTRACT
    ]


@pytest.mark.parametrize("entry", cases())
def test_a_snippet_answers_as_torch_does_or_as_we_have_chosen(entry: Entry) -> None:
    found = list(complaints(entry, replay.run(entry["snippet"], torch)))
    assert not found, entry["snippet"]


def test_every_choice_names_an_entry_once_and_says_why() -> None:
    known = {entry["id"]: entry["mirror_class"] for entry in CONTRACT}
    assert set(DESIGN).isdisjoint(BETTER)
    assert {*DESIGN, *BETTER, *NOT_YET} <= set(known)
    assert all(choice["why"] for choice in choices().values())
    assert all(known[name] != "exact" or choice["why"] for name, choice in choices().items())


def test_real_torch_agrees_with_its_own_record() -> None:
    real = pytest.importorskip("torch", reason="compares with real torch, which is not installed")
    if real.__version__.partition("+")[0] != "2.13.0":
        pytest.skip(f"the record is of torch 2.13.0, installed is {real.__version__}")
    from tests.engine.agreement import differences
    from tests.oracle.record import warm_up

    warm_up()
    # Every fifth: all of them are compared by `python -m tests.oracle.record`.
    found = {entry["id"]: list(differences(entry, replay.run(entry["snippet"], real))) for entry in CONTRACT[::5]}
    assert not {name: what for name, what in found.items() if what}
