"""The page of code: the `%%grad` line of the present state, and the plain scripts that compute what is shown."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from gradmagic.explore.scripts import ENGINES, script
from gradmagic.panel.controls import ToCopy, section
from gradmagic.panel.pages import Host, Seen

__all__ = ["CodePage"]


class CodePage:
    """Three texts to be read and copied."""

    def __init__(self, _: Host) -> None:
        named = (
            ("THIS PANEL, TO OPEN IT AGAIN AS IT IS", "the %%grad line of this state", 2),
            ("ON GRADMAGIC, WITHOUT THE PANEL", "script on gradmagic", 16),
            ("ON PYTORCH", "script on PyTorch", 16),
        )
        copied = [(section(title), ToCopy(name, rows)) for title, name, rows in named]
        self.line, self.ours, self.torch = (one.text for _, one in copied)
        self.widget = w.VBox(
            [widget for title, one in copied for widget in (title, one.widget)], layout=w.Layout(width="100%")
        )

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
