"""What is printed of tensors, through the engine, is what torch prints."""

from __future__ import annotations

import pytest

from gradmagic import torch
from tests.engine.agreement import Entry, entries
from tests.engine.choices import NOT_YET_PRINTED
from tests.oracle import replay


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(
            entry,
            id=entry["id"],
            marks=[pytest.mark.xfail(strict=True, reason=f"not yet: {NOT_YET_PRINTED[entry['id']]}")]
            if entry["id"] in NOT_YET_PRINTED
            else [],
        )
        for entry in entries("reprs")
    ],
)
def test_a_snippet_prints_what_torch_prints(entry: Entry) -> None:
    outcome = replay.run(entry["snippet"], torch)
    assert (outcome.raises, outcome.message) == (None, None)
    assert outcome.prints == entry["prints"]
