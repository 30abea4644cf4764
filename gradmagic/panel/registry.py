"""Which panels belong to which cell: a re-run closes the old ones and takes over their sliders. Knows no widgets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gradmagic.explore.record import record
from gradmagic.explore.request import Request
from gradmagic.explore.state import Look, State

if TYPE_CHECKING:
    from gradmagic.explore.program import Program
    from gradmagic.panel.panel import Panel

__all__ = ["Place", "carried_over", "former", "place_of", "register"]


@record
class Place:
    """Where a panel is made: in which cell, and in which of its runs."""

    cell: str
    run: str


@dataclass(slots=True)
class Panels:
    """The panels of a cell's last run, in the order in which they were made, and those of the run before."""

    run: str
    now: list[Panel] = field(default_factory=list)
    before: list[Panel] = field(default_factory=list)


_cells: dict[str, Panels] = {}


def place_of(request: Request) -> Place | None:
    """The cell that is being run, by the front end's own id for it or else by its text; None outside of IPython."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return None
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    parent = parent if isinstance(parent, dict) else {}
    cell = parent.get("metadata", {}).get("cellId")
    run = parent.get("header", {}).get("msg_id") or str(shell.execution_count)
    # Where the front end gives no id, two cells of the same text are one.
    text = repr((request.text, sorted(request.ranges.items()), sorted(request.values.items()), request.into))
    return Place(str(cell) if cell else f"text {hashlib.sha256(text.encode()).hexdigest()}", str(run))


def panels_at(place: Place) -> Panels:
    """The panels of this cell; a new run of it closes those of the run before."""
    panels = _cells.setdefault(place.cell, Panels(place.run))
    if panels.run != place.run:
        for old in panels.now:
            old.close()
        # A run that failed has made no panel: the sliders of the one before it are still worth keeping.
        panels.run, panels.now, panels.before = place.run, [], panels.now or panels.before
    return panels


def former(place: Place | None) -> Panel | None:
    """The panel that stood, in the run before, where the next one is going to stand."""
    if place is None:
        return None
    panels = panels_at(place)
    return panels.before[len(panels.now)] if len(panels.now) < len(panels.before) else None


def register(place: Place | None, panel: Panel) -> None:
    """From now on this panel stands there."""
    if place is not None:
        panels_at(place).now.append(panel)


def carried_over(old: Panel, fresh: State, program: Program) -> State:
    """The fresh state with the old panel's sliders, where they are over the same range still."""
    before, state = old.explorer.program, old.state
    params = {
        name: state.params[name] if name in state.params and before.parameters.get(name) == span else fresh.params[name]
        for name, span in program.parameters.items()
    }
    x0 = state.x0 if program.domain is not None and program.domain == before.domain else fresh.x0
    span = state.span if program.domain == before.domain else None
    y0 = state.y0 if program.height is not None and program.height == before.height else fresh.y0
    span_y = state.span_y if program.height == before.height else None
    # what the line asks for is shown, unless it asks for the same as before
    look = state.look if fresh.look == Look.initial(old.explorer.request) else fresh.look
    if program.domain != before.domain and program.request.step == old.explorer.request.step:
        look = replace(look, step=fresh.look.step)  # h is a length of x
    return replace(fresh, params=params, x0=x0, y0=y0, span=span, span_y=span_y, look=look)
