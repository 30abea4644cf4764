"""What is offered when torch refuses a cell: forms that work, and switches that let it run. Makes no figures."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from gradmagic.panel import texts
from gradmagic.panel.cures import leaf_forms
from gradmagic.panel.style import HEAD

if TYPE_CHECKING:
    from gradmagic.explore.trace import Call
    from gradmagic.panel.panel import Panel

__all__ = ["call_offer", "leaf_offer"]

Forms = Sequence[tuple[str, str]]  # words, and code

# What the cell put out stays there until it is run again.
CURED = "The refusal that stands below is that of the cell as it is written; this panel runs it with the option chosen."
WHY = "The cell writes into a tensor that requires grad and is a leaf."
ONCE = (
    " torch up to 1.7.1 recorded such a write (grad_fn=<CopySlices>); since 1.8 it refuses it, and so does this cell."
)
HOW = " Three forms work in today's torch:"
SWITCH = "run it as torch up to 1.7.1 did"


def in_html(why: str, forms: Forms) -> str:
    """Why, and the three forms that work, as code."""
    items = "".join(
        f'<li>{html.escape(words)}<pre class="gm-printed">{html.escape(code)}</pre></li>' for words, code in forms
    )
    return f'<div class="gm-note">{html.escape(why)}</div><ol>{items}</ol>'


class Offer(w.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The offer, which says itself in words where no front end shows widgets."""

    plain = ""

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return {**bundle, "text/plain": self.plain}


def in_words(why: str, forms: Forms) -> str:
    """The same as plain text."""
    codes = (f"{words}\n" + "".join(f"    {row}\n" for row in code.splitlines()) for words, code in forms)
    return "\n".join([f"{why}\n", *codes])


def leaf_offer(message: str, again: Callable[[], Panel] | None) -> Offer:
    """Words; and where torch once recorded such a write, a button, in whose place comes the panel of `again`."""
    forms = leaf_forms(message)
    if again is None:
        return offer(in_html(WHY + HOW, forms), in_words(WHY + HOW, forms), [])
    why, option = WHY + ONCE + HOW, "%%grad --leaf-writes=allow"
    plain = f"{in_words(why, forms)}\nOr {SWITCH.replace('it', 'the cell', 1)}: {option}"
    return offer(in_html(why, forms), plain, [(f"{SWITCH} (--leaf-writes=allow)", f"the same as {option}", again)])


def call_offer(ledger: Sequence[Call], ways: Sequence[tuple[str, Callable[[], Panel]]], graph: str = "") -> Offer:
    """The calls up to the one that was refused, its graph, and a button for each option that would have let it work."""
    refused = ledger[-1]
    plain = f"Call {refused.index + 1} was refused: {refused.cause or refused.outcome}."
    plain += f" To be tried: {', '.join(words for words, _ in ways)}." if ways else ""
    tip = "run the cell with this option, the rest as it is written"
    return offer(texts.ledger(ledger) + graph, plain, [(f"run it, but {words}", tip, again) for words, again in ways])


def offer(shown: str, plain: str, ways: Sequence[tuple[str, str, Callable[[], Panel]]]) -> Offer:
    """Words, and buttons (what it says, its tooltip, what gives the panel that takes the place of them all)."""
    head, problem = w.HTML(HEAD), w.HTML()
    head.add_class("gm-head")
    buttons = [
        w.Button(description=words, tooltip=tip, layout=w.Layout(width="auto", align_self="flex-start"))
        for words, tip, _ in ways
    ]
    root = Offer([head, w.HTML(shown), *buttons, problem])
    root.plain = plain
    root.add_class("gm")
    root.add_class("gm-auto")

    def presser(again: Callable[[], Panel]) -> Callable[[w.Button], None]:
        def pressed(button: w.Button) -> None:
            button.disabled = True
            try:
                panel = again()
            except Exception as error:  # noqa: BLE001  a button has nobody else to tell
                said = [f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())]
                problem.value = texts.messages(said, "error")
                button.disabled = False
                return
            root.remove_class("gm")
            root.children = (w.HTML(texts.messages([CURED])), panel.widget)

        return pressed

    for button, (*_, again) in zip(buttons, ways, strict=True):
        button.on_click(presser(again))
    return root
