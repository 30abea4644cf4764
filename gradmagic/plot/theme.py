"""Colours, light and dark. Knows no figure."""

from __future__ import annotations

from typing import Literal

from gradmagic.explore.record import record

__all__ = ["DARK", "LIGHT", "MARKERS", "THEMES", "WASH", "Theme", "ThemeName"]

ThemeName = Literal["light", "dark"]

# Shapes of the elements of a tensor, by order: what the colours say is also said without them.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h", "*")

WASH = 0.08  # how much of its colour an area has
DPI = 100  # of a picture of scale 1: sizes in pixels are those of such a picture

# In points.
CURVE_WIDTH, TANGENT_WIDTH, EDGE_WIDTH, POINT_SIZE = 1.9, 1.3, 1.8, 6.5
GRID_WIDTH, ZERO_WIDTH, SPINE_WIDTH = 0.8, 0.8, 1.0
TICK_WIDTH, TICK_LENGTH, TICK_PAD, TICK_LABEL = 0.8, 4.0, 3.0, 8.5


@record
class Theme:
    """The colours of one figure; `curves` is indexed by the order of the derivative.

    The first three are Okabe and Ito's blue, vermillion and bluish green, told apart by every kind of colour vision.
    """

    name: ThemeName
    background: str
    ink: str
    faint: str
    grid: str
    zero: str
    cursor: str
    alarm: str
    curves: tuple[str, ...]

    def colour(self, order: int) -> str:
        """The colour of the derivative of this order."""
        return self.curves[order % len(self.curves)]


LIGHT = Theme(
    name="light",
    background="#ffffff",
    ink="#24292f",
    faint="#59636e",
    grid="#ebedf0",
    zero="#c4c9cf",
    cursor="#6e7781",
    alarm="#b3201f",
    curves=(
        "#0072b2", "#d55e00", "#009e73", "#aa4499", "#8a6d00", "#332288",
        "#882255", "#117733", "#5a5a5a", "#2a8577", "#661100",
    ),
)  # fmt: skip

DARK = Theme(
    name="dark",
    background="#111418",
    ink="#e6e8eb",
    faint="#a4abb4",
    grid="#23282e",
    zero="#4b525b",
    cursor="#9aa2ab",
    alarm="#ff8a80",
    curves=(
        "#56b4e9", "#ff8c42", "#3fcf9f", "#e08bd0", "#e6c229", "#a79df0",
        "#f28ca9", "#7bd389", "#c8c8c8", "#6fd6c9", "#d9a38f",
    ),
)  # fmt: skip

THEMES: dict[ThemeName, Theme] = {"light": LIGHT, "dark": DARK}
