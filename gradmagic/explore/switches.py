"""What retain_graph and create_graph do to one's own cell: all six settings, each tried. Knows no pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gradmagic.explore.explain import ordinal_label
from gradmagic.explore.program import Program
from gradmagic.explore.record import record
from gradmagic.explore.run import run
from gradmagic.explore.state import State

__all__ = ["CREATE", "RETAIN", "Outcome", "outcomes"]

CREATE: tuple[bool, ...] = (False, True)
RETAIN: tuple[bool | None, ...] = (None, False, True)


@record
class Outcome:
    """What one setting of the two switches leads to.

    Attributes
    ----------
    create_graph, retain_graph
        The setting.
    first : str
        What the first call gives: a plain value, or a value with a graph.
    second : bool
        Whether a second derivative could be computed after it.
    why : str
        If not, the reason in plain words.
    nodes_kept, bytes_kept : int
        What the first call left of the graphs.
    again : bool
        Whether the first call could be made once more.
    label : str
        What the first call gives, as dy/dx.
    ran : bool
        Whether the first call ran at all, so that it kept something or freed it.
    """

    create_graph: bool
    retain_graph: bool | None
    first: str
    second: bool
    why: str
    nodes_kept: int
    bytes_kept: int
    again: bool
    label: str = "dy/dx"
    ran: bool = True


def outcomes(program: Program, state: State, namespace: Mapping[str, Any]) -> tuple[Outcome, ...]:
    """Try all six settings on the panel's own calls, row by row of `RETAIN`.

    Examples
    --------
    >>> from gradmagic.explore.request import Request
    >>> program = Program.of(Request("y = x * exp(x)"), {})
    >>> [o.second for o in outcomes(program, State.initial(program.request, program), {})]
    [False, True, False, False, False, True]
    """
    return tuple(outcome(program, state, namespace, create, retain) for retain in RETAIN for create in CREATE)


def outcome(program: Program, state: State, namespace: Mapping[str, Any], create: bool, retain: bool | None) -> Outcome:
    """Try one setting."""
    tried = replace(state, create_graph=create, retain_graph=retain, order=2)
    trace = run(program, tried, dict(namespace), first=False)
    calls = [call for call in trace.ledger if call.by == "panel"]
    label = f"∂{program.y_label}/∂{program.wrt}" if program.second else ordinal_label(1, program.y_label, program.wrt)
    if not calls:
        why = trace.failure.message if trace.failure is not None else "nothing was differentiated"
        return Outcome(create, retain, "no derivative", False, why, 0, 0, False, label, ran=False)
    first, second = calls[0], calls[1] if len(calls) > 1 else None
    if not first.ok:
        words = "refused" if first.cause else first.outcome
        return Outcome(create, retain, words, False, first.cause or "", 0, first.bytes_kept, False, label, ran=False)
    zero = second is not None and not second.ok and create and trace.derivatives[1].values is not None
    possible = second is not None and (second.ok or zero)
    why = ""
    if zero:
        why = f"{label} is constant: torch refuses, and the value is 0"
    elif second is not None and not second.ok:
        why = second.cause or second.outcome
    again = first.nodes_freed == 0
    return Outcome(create, retain, first.outcome, possible, why, first.nodes_kept, first.bytes_kept, again, label)
