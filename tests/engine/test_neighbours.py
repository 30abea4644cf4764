"""Snippets beside those of the contract's record, by the same rules: outcome, words, line, print and warnings."""

from __future__ import annotations

from typing import Any

import pytest

from gradmagic import torch
from tests.engine.agreement import entries
from tests.oracle import replay

NEIGHBOURS = entries("neighbours")


@pytest.mark.parametrize("entry", NEIGHBOURS, ids=[str(k) for k in range(len(NEIGHBOURS))])
def test_a_neighbour_answers_as_torch_does(entry: dict[str, Any]) -> None:
    found = replay.run(entry["snippet"], torch)
    assert (found.raises, found.message, found.line) == tuple(entry.get(k) for k in ("raises", "message", "line"))
    assert found.prints == entry.get("prints", "")
    assert [list(w) for w in found.warnings] == entry.get("warnings", [])
