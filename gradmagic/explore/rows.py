"""The row of the engine's tables behind a node, as it is written in the source. Knows no graph."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

__all__ = ["row_of"]


def row_of(node: Any) -> str:
    """The rule of a node: the row that it follows, or what else it is.

    Examples
    --------
    >>> from gradmagic import torch
    >>> row_of(torch.sin(torch.ones(2, requires_grad=True)).grad_fn)
    'sin = elementwise(np.sin, lambda x: np.cos(x), floats=True)'
    """
    inner = getattr(node, "inner", None)
    if inner is not None:
        return f"a write into a view, by this row:\n{row_of(inner)}"
    op = type(node).__dict__.get("op") or getattr(type(node), "op", None)
    if op is None:
        return "a custom autograd.Function: its own backward"
    return rows().get(op.name) or f"{op.name}: written out in the engine"


@cache
def rows() -> Mapping[str, str]:
    """Every row of the tables, by its name."""
    package = import_module("gradmagic.ops")
    found: dict[str, str] = {}
    for module in pkgutil.walk_packages(package.__path__, "gradmagic.ops."):
        source = inspect.getsource(import_module(module.name))
        for statement in ast.parse(source).body:
            name = bound_by(statement)
            if name is not None:
                found.setdefault(name.rstrip("_"), ast.get_source_segment(source, statement) or "")
    return found


def bound_by(statement: ast.stmt) -> str | None:
    """The name that a statement binds to what a call gives."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) and isinstance(statement.value, ast.Call) else None
