"""What is said of the numbers, beside and under the picture: read-outs, tables, notes, the ledger, what went wrong.

Knows no controls but the buttons for what would have worked.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import ipywidgets as w

from gradmagic.explore import report
from gradmagic.explore.curves import Curves
from gradmagic.explore.overlays import OVERLAYS
from gradmagic.explore.state import State
from gradmagic.explore.trace import Call
from gradmagic.panel import texts
from gradmagic.panel.controls import Looks
from gradmagic.panel.cures import Remedy, cures
from gradmagic.plot import Frame

if TYPE_CHECKING:
    from gradmagic.plot.plane import PlaneFrame

__all__ = ["Words"]

KEPT = "What is shown is the last that could be computed."
OF_SLOPES = frozenset(OVERLAYS) - {"asymptotes", "kinks"}  # what is made of y and its slopes
CURES = 3  # buttons for cures, at most


class Words:
    """The words of one panel; a button for a cure calls `go(state)` with where it leads."""

    def __init__(self, looks: Looks, go: Callable[[State], None]) -> None:
        self._go, self._looks = go, looks
        self._remedies: Sequence[Remedy] = ()
        self.caption, self.tables, self.found, self.notes, self.problem, self.ledger, self.printed = (
            looks.html(width="auto", called=called) for called in ("", "", "", "gm-notes", "", "", "")
        )
        self.readouts = looks.html(called="gm-readouts")
        self.cures: list[w.Button] = []  # as many as were ever needed at once
        self._beside = w.HBox(layout=looks.row)
        self.of_the_numbers = [self.tables, self.found, self.notes]
        self.of_the_calls = [self._beside, self.ledger, self.printed]

    def say_numbers(self, curves: Curves, frame: Frame | PlaneFrame) -> None:
        """What follows the picture a moment later: the values at x0."""
        self.readouts.value = texts.readouts(curves, frame.anchors, frame.size[1])
        self.caption.value = texts.caption(curves)

    def say(self, curves: Curves, remarks: Sequence[str], state: State) -> None:
        """What can wait until the slider rests: tables, what the overlays found, notes."""
        self.found.value = texts.found(curves)
        self.tables.value = texts.tables(curves.tables)
        said = dict.fromkeys((*curves.notes, *remarks, without_tangent(curves, state)))
        self.notes.value = texts.messages(map(report.minus, said))

    def say_calls(self, ledger: Sequence[Call], chosen: int, state: State) -> None:
        """The calls of grad, and a button for each way in which one that was refused would have worked."""
        self.ledger.value = texts.ledger(ledger, chosen)
        self._remedies = cures(ledger, state)[:CURES]
        if len(self.cures) < len(self._remedies):
            self.cures += [self._cure(place) for place in range(len(self.cures), len(self._remedies))]
            self._beside.children = self.cures
        for place, button in enumerate(self.cures):
            there = place < len(self._remedies)
            button.description = self._remedies[place].words if there else ""
            button.layout.display = None if there else "none"

    def say_writes(self, found: str) -> None:
        """What stands below the calls if one was refused for what was overwritten, until they are said anew."""
        self.ledger.value += found

    def fail(self, message: str, *, kept: bool = True) -> None:
        """Say what went wrong, and whether the picture is of an earlier state for it."""
        self.problem.value = texts.messages([message, KEPT if kept else ""], "error")

    @property
    def failing(self) -> bool:
        """Whether something is said to have gone wrong."""
        return bool(self.problem.value)

    def show_printed(self, text: str) -> None:
        """Show what the cell printed, for a run that is no cell's."""
        self.printed.value = f'<pre class="gm-printed">{html.escape(text)}</pre>' if text else ""

    def _cure(self, place: int) -> w.Button:
        """The button at this place; it does what stands on it."""

        def cure(_: w.Button) -> None:
            if place < len(self._remedies):
                self._go(self._remedies[place].state)

        button = w.Button(layout=w.Layout(width="auto", display="none"), style=self._looks.button)
        button.on_click(cure)
        return button


def without_tangent(curves: Curves, state: State) -> str:
    """Why there is no tangent, nor what else is switched on: it would not touch the curve."""
    if curves.style != "line" or curves.slopes or state.weights == "ones":
        return ""
    asked = [OVERLAYS[name].title.rstrip(" ◆□○×") for name in OVERLAYS if name in state.look.overlays & OF_SLOPES]
    if not asked:
        return ""
    what = f"No {asked[0]} is drawn" if len(asked) == 1 else f"Not drawn are {', '.join(asked)}"
    return f"{what}: by the weights {state.weights}, dy/dx is not the slope of y."
