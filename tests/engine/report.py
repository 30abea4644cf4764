"""Writes down where gradmagic.torch and the records of torch disagree. Knows the records; decides nothing.

python -m tests.engine.report [PATH]
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.engine.agreement import Entry, choices, complaints, differences, entries
from tests.engine.choices import NOT_YET
from tests.oracle import replay

MISSING = re.compile(r"has no attribute '(\w+)'|No module named '([\w.]+)'|cannot import name '(\w+)'")


def contract_section(torch: ModuleType) -> list[str]:
    """Every contract entry that disagrees, by category; first the names that are missing."""
    missing: dict[str, list[str]] = defaultdict(list)
    wrong: dict[str, list[str]] = defaultdict(list)
    ours: list[str] = []
    for entry in entries("contract"):
        outcome = replay.run(entry["snippet"], torch)
        found = list(differences(entry, outcome))
        if not found:
            continue
        name = MISSING.search(outcome.message or "")
        if name:
            missing[next(filter(None, name.groups()))].append(entry["id"])
        elif entry["id"] in choices() and not list(complaints(entry, outcome)):
            ours.append(entry["id"])
        else:
            wrong[entry["category"]] += _described(entry, found)
    lines = ["## contract.json: names that do not exist yet", ""]
    lines += [f"- `{name}` ({len(ids)}): {', '.join(ids)}" for name, ids in sorted(missing.items())]
    lines += ["", "## contract.json: disagreements", ""]
    for category, described in wrong.items():
        lines += [f"### {category}", "", *described]
    return [*lines, "", f"Chosen by us and as chosen: {', '.join(ours)}", ""]


def _described(entry: Entry, found: list[tuple[str, Any, Any]]) -> list[str]:
    lines = [f"**{entry['id']}** ({entry['mirror_class']}): {entry['situation']}", "```", entry["snippet"], "```"]
    for field, expected, got in found:
        lines += [f"- {field}", f"  - torch: `{expected!r}`", f"  - got: `{got!r}`"]
    return [*lines, ""]


def stale_section(torch: ModuleType) -> list[str]:
    """What tests/engine/choices.py still lists as not yet there, but is."""
    stale = [
        entry["id"]
        for entry in entries("contract")
        if entry["id"] in NOT_YET and not list(complaints(entry, replay.run(entry["snippet"], torch)))
    ]
    return ["## listed as not yet, but agrees", "", *(f"- {name}" for name in stale), ""]


def reprs_section(torch: ModuleType) -> list[str]:
    """Every print case that disagrees."""
    lines = ["## reprs.json", ""]
    for entry in entries("reprs"):
        outcome = replay.run(entry["snippet"], torch)
        if outcome.raises or outcome.prints != entry["prints"]:
            got = outcome.prints if outcome.raises is None else f"{outcome.raises}: {outcome.message}"
            lines += [
                f"- {entry['id']} `{entry['snippet']}`",
                f"  - torch: `{entry['prints']!r}`",
                f"  - got: `{got!r}`",
            ]
    return [*lines, ""]


def values_section(torch: ModuleType) -> list[str]:
    """Every op whose values, node names or saved values disagree."""
    from tests.engine.agreement import value_differences

    lines = ["## op_values.json", ""]
    for entry in entries("op_values"):
        try:
            found = list(value_differences(entry, replay.derivatives(entry, torch)))
        except Exception as error:  # noqa: BLE001 - whatever stops it is what the report is for
            found = [("runs", True, f"{type(error).__name__}: {error}")]
        for field, expected, got in found:
            lines.append(f"- {entry['id']} `{entry['expr']}` {field}: torch `{expected!r}`, got `{got!r}`")
    return [*lines, ""]


def main() -> None:
    from gradmagic import torch

    sections = [contract_section(torch), stale_section(torch), reprs_section(torch), values_section(torch)]
    text = "\n".join(line for section in sections for line in section)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text + "\n", "utf-8")
    else:
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
