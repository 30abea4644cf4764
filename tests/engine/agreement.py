"""Compares what a namespace answers to a recorded snippet with torch's answer. Knows the records; knows no engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.oracle.replay import Outcome

ORACLE = Path(__file__).parents[1] / "oracle"
Entry = dict[str, Any]


def entries(name: str) -> list[Entry]:
    """The entries of one file of tests/oracle."""
    return json.loads((ORACLE / f"{name}.json").read_text("utf-8"))  # type: ignore[no-any-return]


def differences(entry: Entry, outcome: Outcome) -> Iterator[tuple[str, Any, Any]]:
    """What disagrees with the record: (which field, what torch gave, what was got)."""
    strict = entry["mirror_class"] != "exact-type"
    if outcome.raises != entry["raises"]:
        got = outcome.raises if outcome.raises is None else f"{outcome.raises}: {outcome.message}"
        yield "raises", entry["raises"], got
    elif strict and outcome.message != entry["message"]:
        yield "message", entry["message"], outcome.message
    elif outcome.line != entry["line"]:
        yield "line", entry["line"], outcome.line
    if outcome.prints != entry["prints"]:
        yield "prints", entry["prints"], outcome.prints
    said = tuple((warning["category"], warning["message"]) for warning in entry["warnings"])
    if strict and outcome.warnings != said:
        yield "warnings", said, outcome.warnings


def complaints(entry: Entry, outcome: Outcome) -> Iterator[tuple[str, Any, Any]]:
    """What disagrees with the record or, where we have chosen otherwise, with our choice."""
    choice = choices().get(entry["id"])
    yield from differences(entry if choice is None else {**entry, "line": outcome.line, **choice}, outcome)


def choices() -> dict[str, Entry]:
    """By id: the fields in which our answer is meant to differ from torch's, and `why`."""
    from tests.engine.choices import BETTER, DESIGN

    return DESIGN | BETTER


def value_differences(entry: Entry, found: Entry) -> Iterator[tuple[str, Any, Any]]:
    """What disagrees between a recorded expression's values and those found."""
    for field in ("node", "out_shape"):
        if found[field] != entry[field]:
            yield field, entry[field], found[field]
    if entry["d_nodes"][:1] != found["d_nodes"][:1]:
        yield "the first derivative's node", entry["d_nodes"][:1], found["d_nodes"][:1]
    for field in ("f", "d1", "d2", "d3", "d4"):
        if not close(entry.get(field), found.get(field), entry["f"]):
            yield field, entry.get(field), found.get(field)


def close(expected: Any, got: Any, scale: list[float]) -> bool:
    """Equal to about 4 units in the last place of the largest number involved; what has no graph counts as zero."""
    if isinstance(expected, dict) or expected is None:
        # Torch has no derivative here, or a constant one without a graph; ours may exist if it is zero or finite.
        return True if isinstance(expected, dict) else got is None or not np.any(got)
    if got is None or isinstance(got, dict):
        return got is None and not np.any(expected)
    a, b = np.array(expected, float), np.array(got, float)
    size = np.nanmax(np.abs(np.where(np.isfinite(a), a, 0.0)), initial=np.nanmax(np.abs(scale), initial=0.0))
    return a.shape == b.shape and np.allclose(b, a, rtol=1e-12, atol=1e-14 * size, equal_nan=True)
