"""The button that checks the derivatives, and what it found. Knows no differences and no engine."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import ipywidgets as w

from gradmagic.explore.check import DIFFERENCES, Check
from gradmagic.explore.request import GradUsageError
from gradmagic.panel.controls import Looks
from gradmagic.panel.texts import messages

__all__ = ["Checking"]


class Checking:
    """`check()` gives the comparisons, when `ask()` has led to it; they are shown until the next state."""

    def __init__(self, looks: Looks, check: Callable[[], Sequence[Check]], ask: Callable[[], None]) -> None:
        self._check, self._ask = check, ask
        self.asked = False
        self.verdicts: tuple[str, ...] = ()  # without PyTorch's, which is not there on every machine
        self.button = looks.push(
            "compare with differences",
            "compare every derivative with central differences, and with PyTorch where it is installed",
        )
        self.found = looks.html()
        self.row = w.VBox([w.HBox([self.button], layout=looks.row), self.found], layout=looks.layout())
        self.button.on_click(lambda _: self._pressed())

    def _pressed(self) -> None:
        self.asked = True
        self._ask()

    def find(self) -> Callable[[], None]:
        """Compare, and give what says what came out."""
        found: Sequence[Check] = ()
        try:
            found = self._check()
            said = lines(found)
        except GradUsageError as mistake:
            said = messages([str(mistake)], "error")
        verdicts = tuple(one.verdict for one in found if one.against == DIFFERENCES)
        return lambda: self._show(said, verdicts)

    def _show(self, said: str, verdicts: tuple[str, ...]) -> None:
        self.asked, self.verdicts = False, verdicts
        self.found.value = said

    def forget(self) -> None:
        """What was compared is no longer what is shown."""
        self.asked, self.verdicts = False, ()
        if self.found.value:
            self.found.value = ""


def lines(found: Sequence[Check]) -> str:
    """One line for each comparison; each says by a sign and in words whether it went well."""
    rows = "".join(
        f'<li><span class="{"gm-ok" if one.ok else "gm-bad"}">{"✓" if one.ok else "✗"}</span> '
        f"{html.escape(str(one))}</li>"
        for one in found
    )
    return f'<ul class="gm-checks" role="status">{rows}</ul>'
