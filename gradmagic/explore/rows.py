"""The row of the engine's tables behind a node, as it is written in the source. Knows no graph."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["op_of", "row_named", "row_of"]


def op_of(node: Any) -> Any:
    """The row that a node follows; None of a custom Function's."""
    return type(node).__dict__.get("op") or getattr(type(node), "op", None)


def row_of(node: Any) -> str:
    """The rule of a node as code: the row that it follows, or what else it is.

    Examples
    --------
    >>> from gradmagic import torch
    >>> row_of(torch.sin(torch.ones(2, requires_grad=True)).grad_fn)
    'sin = elementwise(np.sin, lambda cos_x: cos_x, floats=True)'
    """
    inner = getattr(node, "inner", None)
    if inner is not None:
        return f"a write into a view, by this row:\n{row_of(inner)}"
    op = op_of(node)
    if op is None:
        return "a custom autograd.Function: its own backward"
    return row_named(op.name) or f"{op.name}: written out in the engine"


@cache
def row_named(name: str) -> str:
    """The statement of the tables that makes the row of this name; empty where none does so by itself."""
    begins = re.compile(rf"^{re.escape(name)}_*(?: *:[^=\n]+)? = ", re.MULTILINE)
    for text in texts():
        if (found := begins.search(text)) is not None:
            row = statement(text[found.start() :].splitlines())
            if row:
                return row
    return ""


@cache
def texts() -> tuple[str, ...]:
    """The sources of the tables, in the order of their names; only what is asked for is parsed."""
    folders = map(Path, import_module("gradmagic.ops").__path__)
    return tuple(file.read_text(encoding="utf-8") for folder in folders for file in sorted(folder.rglob("*.py")))


def statement(lines: Sequence[str]) -> str:
    """The statement that these lines begin with, if it binds a name to what a call gives."""
    for end in range(1, len(lines) + 1):
        text = "\n".join(lines[:end])
        try:
            (parsed,) = ast.parse(text).body
        except SyntaxError:  # it goes on
            continue
        return text if isinstance(getattr(parsed, "value", None), ast.Call) else ""
    return ""
