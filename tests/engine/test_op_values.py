"""Values, derivatives to the fourth order, and the names of nodes, expression by expression, are those of torch."""

from __future__ import annotations

import pytest

from gradmagic import torch
from tests.engine.agreement import Entry, entries, value_differences
from tests.engine.choices import EXACTLY, NOT_YET_AN_OP, OTHER_NODES
from tests.oracle import replay


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(
            entry,
            id=entry["id"],
            marks=[pytest.mark.xfail(strict=True, reason=f"not yet: {NOT_YET_AN_OP[entry['id']]}")]
            if entry["id"] in NOT_YET_AN_OP
            else [],
        )
        for entry in entries("op_values")
    ],
)
def test_an_expression_gives_torchs_values_derivatives_and_nodes(entry: Entry) -> None:
    found = replay.derivatives(entry, torch)
    expected = entry | OTHER_NODES.get(entry["id"], {}) | EXACTLY.get(entry["id"], {})
    assert not list(value_differences(expected, found))
