"""What is said while something takes long, the button that stops it, and what is said then. Knows no jobs' contents."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from gradmagic.explore.ledger import cell_line
from gradmagic.explore.state import State
from gradmagic.panel.controls import Looks
from gradmagic.panel.work import Outcome, Task

__all__ = ["Progress", "why_stopped"]


class Progress:
    """A row that is there as long as something takes long; `stop()` is called when its button is pressed."""

    def __init__(self, filename: str, looks: Looks, stop: Callable[[], None]) -> None:
        self._filename, self._stop = filename, stop
        self._shown = False
        self.text = looks.html()
        self.button = looks.push(
            "stop", "stop what is being computed; the picture stays", "gm-stop", margin="0 0 0 6px"
        )
        self.row = w.HBox([self.text, self.button], layout=w.Layout(display="none", align_items="center"))
        self.button.on_click(lambda _: self._pressed())

    def show(self, task: Task | None) -> None:
        """Say how it is going; None: it is over."""
        if task is not None:
            self.text.value = doing(task, self._filename)
            self.button.disabled = task.stopping
        if self._shown is not (task is not None):
            self._shown = task is not None
            self.row.layout.display = None if self._shown else "none"

    def _pressed(self) -> None:
        self.button.disabled = True
        self._stop()


def doing(task: Task, filename: str) -> str:
    """How long it has taken, and where it is; a screen reader hears once that it has begun."""
    line = task.line(filename)
    where = f", line {line}" if line is not None else ""
    words = "stopping" if task.stopping else "computing"
    return f'<span role="status">{words}</span> <span aria-hidden="true">{task.seconds:.0f} s{where}</span>'


def why_stopped(outcome: Outcome, filename: str, what: str, before: State, wanted: State) -> str:
    """Where it was stopped, what is shown now, and what can be done."""
    line = cell_line(outcome.error.__traceback__, filename) if outcome.error is not None else None
    where = f" at line {line} of the cell" if line is not None else ""
    said = f"Stopped after {outcome.seconds:.1f} s{where}: {what}{values_of(before, wanted)}."
    if outcome.reason == "limit":
        more = max(60, 4 * round(outcome.seconds))
        said += (
            f"\nNo step of this panel may take longer. To give it more time: %%grad --deadline {more}, or "
            f"%config GradMagics.deadline = {more}."
        )
    return said


def values_of(before: State, wanted: State) -> str:
    """The numbers in which the state that is shown differs from the one that was wanted."""
    shown = {**before.params, "x₀": before.x0}
    asked = {**wanted.params, "x₀": wanted.x0}
    parts = [f"{name} = {value:.6g}" for name, value in shown.items() if asked.get(name) != value]
    return f", {', '.join(parts)}" if parts else ""
