"""Which panel belongs to which cell: a re-run closes the old panel and takes over its sliders. Knows no widgets."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from gradmagic.explore.request import Request
from gradmagic.explore.state import State

if TYPE_CHECKING:
    from gradmagic.explore.program import Program
    from gradmagic.panel.panel import Panel

__all__ = ["carried_over", "cell_key", "register", "registered"]

_panels: dict[str, Panel] = {}


def cell_key(request: Request) -> str:
    """What tells this cell from the others: the front end's own id for it, else its text."""
    from IPython import get_ipython

    shell = get_ipython()
    parent = shell.get_parent() if shell is not None and hasattr(shell, "get_parent") else None
    metadata = parent.get("metadata", {}) if isinstance(parent, dict) else {}
    cell = metadata.get("cellId")
    if isinstance(cell, str) and cell:
        return f"cell {cell}"
    # Two cells of the same text are told apart by nothing; they share one panel.
    text = repr((request.text, sorted(request.ranges.items()), sorted(request.values.items()), request.into))
    return f"text {hashlib.sha256(text.encode()).hexdigest()}"


def registered(key: str) -> Panel | None:
    """The panel of this cell, if it has one."""
    return _panels.get(key)


def register(key: str, panel: Panel) -> None:
    """From now on this is the panel of this cell; the one before is closed."""
    old = _panels.pop(key, None)
    if old is not None and old is not panel:
        old.close()
    _panels[key] = panel


def carried_over(old: Panel, fresh: State, program: Program) -> State:
    """The fresh state with the old panel's sliders, where they are over the same range still."""
    before, state = old.explorer.program, old.state
    params = {
        name: state.params[name] if name in state.params and before.parameters.get(name) == span else fresh.params[name]
        for name, span in program.parameters.items()
    }
    x0 = state.x0 if program.domain is not None and program.domain == before.domain else fresh.x0
    return replace(fresh, params=params, x0=x0)
