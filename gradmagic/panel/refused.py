"""A refused call told: the graph as it stood then, and what was written to. Makes no widgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradmagic.engine.stopping import Stopped, time_limit
from gradmagic.explore.backends import backend_of
from gradmagic.explore.explain import FREED, INPLACE
from gradmagic.explore.program import Program
from gradmagic.explore.request import Request
from gradmagic.explore.resolve import leaves_no_trace
from gradmagic.explore.state import State
from gradmagic.explore.story import Graph, Story, story
from gradmagic.panel.graph_page import in_scroll, timelines
from gradmagic.plot.diagram import diagram

if TYPE_CHECKING:
    from gradmagic.explore.explorer import Explorer

__all__ = ["told", "writes"]


def told(message: str, request: Request, namespace: Mapping[str, Any]) -> str:
    """The graph that was freed, or that needs what was overwritten; empty for a refusal that is not about a graph.

    The cell runs once more for it, for as long as a step of a panel may take; not if that would be noticed.
    """
    program = Program.of(request, namespace)
    if (FREED not in message and INPLACE not in message) or not unnoticed(program, namespace):
        return ""
    backend = backend_of("gradmagic")
    before = backend.random_state()
    try:
        with time_limit(request.deadline):
            found = story(program, State.initial(request, program), namespace)
    except (Exception, Stopped):  # noqa: BLE001  the error itself is what must be shown; this is besides
        return ""
    finally:
        backend.random_restore(before)
    graph = guilty(found)
    if graph is None:
        return ""
    return in_scroll(diagram(graph, found.moments[-1].freed)) + timelines(found.timelines)


def writes(explorer: Explorer) -> str:
    """What was written to after it had been saved, of a panel whose last run was refused for it."""
    with explorer.lock, explorer.same_random():
        found = story(explorer.program, explorer.state, explorer.namespace)
    return timelines([one for one in found.timelines if one.stale])


def unnoticed(program: Program, namespace: Mapping[str, Any]) -> bool:
    """Whether one more run changes nothing of the user's, not even what `backward` adds to tensors and modules."""
    users = [namespace[name] for name in program.reads if name in namespace]
    return leaves_no_trace(program) and not any(
        getattr(value, "requires_grad", False) or hasattr(value, "parameters") for value in users
    )


def guilty(found: Story) -> Graph | None:
    """The first graph of which something is missing."""
    freed = found.moments[-1].freed if found.moments else {}
    return next((g for g in found.graphs if any(box.overwritten or box.key in freed for box in g.boxes)), None)
