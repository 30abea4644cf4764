"""Curves' panes as matplotlib's own axes, for a figure that is saved and for artists. Knows no cache and no pixels."""

from __future__ import annotations

from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gradmagic.plot.pane import Pane
from gradmagic.plot.theme import DPI, Theme

__all__ = ["Picture"]


class Picture(Figure):
    """A figure that notebooks show without pyplot; its size is in pixels at 100 dpi."""

    def __init__(self, size: tuple[int, int], theme: Theme, scale: float = 1.0) -> None:
        width, height = size
        style: dict[str, Any] = {"layout": "none", "facecolor": theme.background, "edgecolor": "none"}
        self.theme = theme
        super().__init__(figsize=(width / DPI, height / DPI), dpi=DPI * scale, frameon=True, **style)
        FigureCanvasAgg(self)

    def _repr_png_(self) -> bytes:
        """What a notebook displays."""
        from io import BytesIO

        file = BytesIO()
        self.savefig(file, format="png", dpi=self.dpi, bbox_inches=None, facecolor=self.get_facecolor())
        return file.getvalue()

    def pane(self, box: tuple[float, float, float, float], order: int, *, animated: bool, several: bool) -> Pane:
        """A pane for curves of this order, in this part of the figure."""
        return Pane(self.add_axes(box), order, self.theme, animated=animated, several=several)
