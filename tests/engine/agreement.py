"""Compares what a namespace answers to a recorded snippet with what torch answered. Knows the records; knows no engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
