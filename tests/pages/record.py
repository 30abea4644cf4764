"""Writes down what real torch prints for each page: `python -m tests.pages.record`. Knows no engine."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

from tests.oracle import replay

HERE = Path(__file__).parent
RECORD = HERE / "recorded.json"
PAGES = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in {"conftest", "record", "test_pages"})


def text_of(page: str) -> str:
    return (HERE / f"{page}.py").read_text("utf-8")


def printed(text: str, torch: ModuleType) -> str:
    """What a page prints, or ends in, when `torch` is its torch."""
    outcome = replay.run(text, torch)
    ended = f"\n{outcome.raises} in line {outcome.line}: {outcome.message}" if outcome.raises else ""
    return outcome.prints + ended


def main() -> None:
    import torch

    torch.set_num_threads(1)
    found = {page: printed(text_of(page), torch).splitlines() for page in PAGES}
    RECORD.write_text(json.dumps({"torch": torch.__version__, "pages": found}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
