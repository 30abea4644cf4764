"""The page of code: the `%%grad` line of the present state, and the plain scripts that compute what is shown."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from gradmagic.explore.scripts import ENGINES, script
from gradmagic.panel.controls import section
from gradmagic.panel.pages import Host, Seen

__all__ = ["CodePage"]


class CodePage:
    """Three texts to be read and copied."""

    def __init__(self, _: Host) -> None:
        self.line = self._text("the %%grad line of this state", 2)
        self.ours = self._text("script on gradmagic", 16)
        self.torch = self._text("script on PyTorch", 16)
        self.widget = w.VBox(
            [
                section("THIS PANEL, TO OPEN IT AGAIN AS IT IS"), self.line,
                section("ON GRADMAGIC, WITHOUT THE PANEL"), self.ours,
                section("ON PYTORCH"), self.torch,
            ],
            layout=w.Layout(width="100%"),
        )  # fmt: skip

    @staticmethod
    def _text(name: str, rows: int) -> w.Textarea:
        text = w.Textarea(description=name, rows=rows, layout=w.Layout(width="100%"), tooltip=name)
        text.add_class("gm-code")
        text.add_class("gm-quiet")
        return text

    def find(self, seen: Seen) -> Callable[[], None]:
        """Write them for this state."""
        explorer = seen.explorer
        line = f"{explorer.line}\n{explorer.request.text.strip()}"
        scripts = [script(explorer.program, seen.state, seen.trace, explorer.namespace, engine) for engine in ENGINES]

        def show() -> None:
            for text, written, most in zip(
                (self.line, self.ours, self.torch), (line, *scripts), (12, 30, 30), strict=True
            ):
                text.value, text.rows = written, min(len(written.splitlines()) + 1, most)

        return show
