"""What is offered when torch refuses a cell's write into a leaf: the forms that work, and a switch. No figures."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from gradmagic.panel.cures import LEAF_FORMS
from gradmagic.panel.style import HEAD
from gradmagic.panel.texts import messages

if TYPE_CHECKING:
    from gradmagic.panel.panel import Panel

__all__ = ["leaf_offer"]

WHY = (
    "The cell writes into a tensor that requires grad and is a leaf. torch up to 1.7.1 recorded such a write "
    "(grad_fn=<CopySlices>); torch since 1.8 refuses it, and so does this cell. Three forms work in today's torch:"
)


def forms() -> str:
    """The three forms that work, as code."""
    items = "".join(
        f'<li>{html.escape(words)}<pre class="gm-printed">{html.escape(code)}</pre></li>' for words, code in LEAF_FORMS
    )
    return f'<div class="gm-note">{html.escape(WHY)}</div><ol>{items}</ol>'


class Offer(w.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The offer, which says itself in words where no front end shows widgets."""

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return {**bundle, "text/plain": in_words()}


def in_words() -> str:
    """The same as plain text, with the switch in place of the button."""
    codes = (f"{words}\n" + "".join(f"    {row}\n" for row in code.splitlines()) for words, code in LEAF_FORMS)
    return "\n".join([f"{WHY}\n", *codes, "Or run the cell as torch up to 1.7.1 did: %%grad --leaf-writes=allow"])


def leaf_offer(again: Callable[[], Panel]) -> Offer:
    """Words and a button; the button calls `again` and puts the panel that it gives in their place."""
    button = w.Button(
        description="run it as torch up to 1.7.1 did (--leaf-writes=allow)",
        layout=w.Layout(width="auto", align_self="flex-start"),
        tooltip="the same as %%grad --leaf-writes=allow",
    )  # fmt: skip
    head, problem = w.HTML(HEAD), w.HTML()
    head.add_class("gm-head")
    root = Offer([head, w.HTML(forms()), button, problem])
    root.add_class("gm")
    root.add_class("gm-auto")

    def pressed(_: w.Button) -> None:
        button.disabled = True
        try:
            panel = again()
        except Exception as error:  # noqa: BLE001  a button has nobody else to tell
            problem.value = messages([f"{type(error).__name__}: {error}"], "error")
            button.disabled = False
            return
        root.remove_class("gm")
        root.children = (panel.widget,)

    button.on_click(pressed)
    return root
