"""The panel: ipywidgets around an explorer. Knows no syntax of the `%%grad` line."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from functools import partial
from typing import Any

from gradmagic.explore.explorer import Explorer
from gradmagic.explore.program import Program
from gradmagic.explore.request import Request
from gradmagic.explore.state import State
from gradmagic.panel.cures import cures, is_leaf_write, once_worked
from gradmagic.panel.panel import Panel
from gradmagic.panel.registry import Place, carried_over, former, place_of, register

__all__ = ["Panel", "show"]


def show(request: Request, namespace: MutableMapping[str, Any], place: Place | None = None) -> Panel:
    """Run a cell and give its panel; running it again closes the panel before and keeps its sliders.

    Parameters
    ----------
    request : Request
        The cell.
    namespace : mapping of str to object
        The user's names; the cell's own land in it.
    place : Place, optional
        The cell, and which run of it this is; by default as IPython says, and nowhere outside of IPython.

    Raises
    ------
    GradUsageError
        For a mistake on the `%%grad` line.
    Exception
        Whatever the cell itself raises in its first run.
    """
    place = place_of(request) if place is None else place
    try:
        panel = Panel(explorer_of(request, namespace, place), live=request.panel)
    except (RuntimeError, TypeError) as error:
        if request.panel:
            offer_a_way_out(error, request, namespace, place)
        raise
    register(place, panel)
    return panel


def explorer_of(request: Request, namespace: MutableMapping[str, Any], place: Place | None) -> Explorer:
    """The cell, run with the sliders of its former panel; at its own start if it does not run with them."""
    program = Program.of(request, namespace)
    old = former(place)
    fresh = State.initial(request, program)
    state = fresh if old is None else carried_over(old, fresh, program)
    if state == fresh:
        return Explorer(request, namespace)
    try:
        return Explorer(request, namespace, state)
    except Exception:  # noqa: BLE001  what fails at the start as well is raised by the next line
        return Explorer(request, namespace)


def offer_a_way_out(
    error: Exception, request: Request, namespace: MutableMapping[str, Any], place: Place | None
) -> None:
    """Show above the error, which still fails the cell, what would let it run."""
    from IPython.display import display

    from gradmagic.panel.offer import call_offer, leaf_offer
    from gradmagic.panel.refused import told

    def opened(panel: Panel) -> Panel:
        panel.words.show_printed(panel.printed_text)
        if request.into is not None:
            namespace[request.into] = panel
        return panel

    def with_state(state: State) -> Panel:
        panel = Panel(Explorer(request, namespace, state))
        register(place, panel)
        return opened(panel)

    def as_once() -> Panel:
        return opened(show(replace(request, leaf_writes="allow"), namespace, place))

    if is_leaf_write(str(error)):
        helps = once_worked(str(error)) and request.backend == "gradmagic"  # PyTorch itself has no such switch
        display(leaf_offer(str(error), as_once if helps else None))  # type: ignore[no-untyped-call]
        return
    ledger = getattr(error, "ledger", ())
    if not ledger:
        return
    ways = cures(ledger, State.initial(request, Program.of(request, namespace)))
    buttons = [(way.words, partial(with_state, way.state)) for way in ways]
    display(call_offer(ledger, buttons, told(str(error), request, namespace)))  # type: ignore[no-untyped-call]
