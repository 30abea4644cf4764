"""Functions made from our own text, once each: what one would write by hand for every row. Knows no row."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from pathlib import Path
from typing import Any


def function_from(source: str, name: str, title: str, names: dict[str, Any]) -> Callable[..., Any]:
    """The function that a text defines, with the names that it may use; tracebacks show its lines under ``title``."""
    file = str(Path(__file__).with_name(f"<{title}>"))
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    scope = {**names, "__name__": __name__}  # as the file, so that whoever looks for the user's lines passes by
    exec(compile(source, file, "exec"), scope)  # noqa: S102  # a text of ours: nothing of a user's is in it
    made: Callable[..., Any] = scope[name]
    return made
