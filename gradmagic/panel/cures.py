"""What to press when a call fails: the State that would have worked. Knows no widgets."""

from __future__ import annotations

from collections.abc import Sequence

from gradmagic.explore.explain import LEAF, LEAF_VIEW
from gradmagic.explore.record import record
from gradmagic.explore.state import State
from gradmagic.explore.trace import Call

__all__ = ["Remedy", "cures", "is_leaf_write", "leaf_forms", "once_worked"]

# What works where a leaf refuses a write: into a part of it, and into all of it.
PART_FORMS = (
    ("Fill it first, then ask for the gradient:", "x = torch.empty(3, 4)\nx[i][j] = i + j\nx.requires_grad_()"),
    ("Write without recording it; x stays a leaf:", "with torch.no_grad():\n    x[i][j] = i + j"),
    ("Write into a copy, which is recorded:", "x = leaf.clone()\nx[i][j] = i + j    # x has grad_fn=<CopySlices>"),
)
WHOLE_FORMS = (
    ("Change it first, then ask for the gradient:", "x = torch.rand(3, 4)\nx *= 2\nx.requires_grad_()"),
    ("Write without recording it; x stays a leaf:", "with torch.no_grad():\n    x *= 2"),
    ("Compute a new tensor, which is recorded:", "x = leaf * 2    # x has grad_fn=<MulBackward0>"),
)


@record
class Remedy:
    """A button's words, and the State that it leads to."""

    words: str
    state: State


def is_leaf_write(message: str) -> bool:
    """Whether this is torch's refusal to write into a leaf that requires grad."""
    return LEAF in message


def once_worked(message: str) -> bool:
    """Whether torch up to 1.7.1 recorded such a write: one into a part of a leaf, but none into all of it."""
    return LEAF_VIEW in message


def leaf_forms(message: str) -> tuple[tuple[str, str], ...]:
    """What can be written instead of what was refused: words, and code."""
    return PART_FORMS if once_worked(message) else WHOLE_FORMS


def cures(ledger: Sequence[Call], state: State) -> list[Remedy]:
    """One remedy for each call that failed and that a switch would have let work; no two of the same words."""
    found: dict[str, Remedy] = {}
    for call in ledger:
        better = state if call.cure is None else state.cured(call.cure, ledger)
        if call.cure is not None and better != state:
            found.setdefault(call.cure.text, Remedy(call.cure.text, better))
    return list(found.values())
