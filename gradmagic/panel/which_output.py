"""A list of outputs, for pages that are about one of them. Knows no page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as w

__all__ = ["WhichOutput"]


class WhichOutput:
    """Which of several outputs a page is about, hidden where there is one; `changed()` is called on another choice."""

    def __init__(self, what: str, changed: Callable[[], None]) -> None:
        self._changed, self._quiet = changed, False
        self.place: int | None = None  # none until it is chosen, or shown
        self.list = w.Dropdown(
            description="output", layout=w.Layout(width="auto", max_width="300px", display="none"),
            style={"description_width": "70px"}, tooltip=f"the output that {what}",
        )  # fmt: skip
        self.list.observe(self._chosen, "value")

    def show(self, names: Sequence[str], place: int) -> None:
        """Offer these outputs, and show which is meant, without telling anybody."""
        self._quiet = True
        try:
            options = tuple((name, i) for i, name in enumerate(names))
            # in one message, or a front end shows no choice
            with self.list.hold_sync():
                if self.list.options != options:
                    self.list.options = options
                self.list.value = self.place = place
        finally:
            self._quiet = False
        self.list.layout.display = None if len(names) > 1 else "none"

    def _chosen(self, _: object) -> None:
        if not self._quiet:
            self.place = self.list.value
            self._changed()
