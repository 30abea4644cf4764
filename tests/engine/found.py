"""Programs that random ones were shortened to, and what torch answers: found.json. Knows no engine.

    python -m tests.engine.found

records what torch answers to programs that have no answer yet. Needs torch.
"""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".json")


def programs() -> list[dict[str, str]]:
    """Each with a name, a program and what torch prints; an exception that ends it is its last line."""
    found: list[dict[str, str]] = json.loads(FILE.read_text("utf-8"))
    return found


def answer(program: str, torch: Any) -> str:
    """What a program prints, and the exception that ends it."""
    said = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(said):
        warnings.simplefilter("ignore")
        try:
            exec(compile(program, "<program>", "exec"), {"torch": torch})
        except Exception as error:  # noqa: BLE001 - the outcome may be any
            print(f"{type(error).__name__}: {error}")
    return said.getvalue()


def record() -> None:
    import torch

    entries = [{**entry, "prints": entry.get("prints") or answer(entry["program"], torch)} for entry in programs()]
    FILE.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    record()
