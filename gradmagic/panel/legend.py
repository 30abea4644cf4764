"""The legend of what is drawn over the curves: each switch shows the line or the tint that it stands for, by CSS."""

from __future__ import annotations

from collections.abc import Mapping

from gradmagic.plot.theme import Theme

__all__ = ["FORMS", "legend"]

# By overlay: whether its line is solid or dashed, or it is an area; and its colour by the theme's number, None for ink.
FORMS: Mapping[str, tuple[str, int | None]] = {
    "tangent": ("line", 1),
    "normal": ("dashes", None),
    "circle": ("line", 2),
    "taylor": ("dashes", 2),
    "secant": ("line", 4),
    "differences": ("dashes", None),
    "rises": ("area", 1),
    "bends": ("area", 2),
}  # the others are told by the sign in their name
STYLES = {
    "line": "border-top:2px solid {}",
    "dashes": "border-top:2px dashed {}",
    "area": "height:10px;background:color-mix(in srgb,{} 25%,transparent)",
}
BEHIND = "content:'';display:inline-block;width:16px;margin-left:5px;vertical-align:middle"


def legend(theme: Theme) -> list[str]:
    """One rule for each, in the colours of this theme."""
    return [
        f".gm .gm-key-{name} label::after{{{BEHIND};{STYLES[form].format(of(theme, colour))}}}"
        for name, (form, colour) in FORMS.items()
    ]


def of(theme: Theme, colour: int | None) -> str:
    return theme.ink if colour is None else theme.colour(colour)
