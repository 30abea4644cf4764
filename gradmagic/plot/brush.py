"""Lines drawn straight onto the canvas, without the machinery that an artist goes through. Knows no curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

from gradmagic.plot.limits import Limits

__all__ = ["Brush"]

SAME = IdentityTransform()
DISC = Path.unit_circle()


class Brush:
    """Draws the lines of one pane, as `Line2D.draw` would but at a third of its cost.

    Parameters
    ----------
    renderer : RendererAgg
    box : Bbox
        The pane, in pixels.
    """

    def __init__(self, renderer: Any, box: Any) -> None:
        self._renderer, self._box = renderer, box
        self._contexts: dict[int, Any] = {}
        self._corners = (float(box.x0), float(box.y0), float(box.width), float(box.height))

    def draw(self, line: Line2D, x: Limits, y: Limits) -> None:
        """One line between these limits: solid ones and single discs at once, all others by matplotlib itself."""
        marker, style = line.get_marker(), line.get_linestyle()
        if marker == "None" and style == "-":
            self._polyline(line, x, y)
        elif marker == "o" and style == "None" and np.size(line.get_xdata(orig=True)) == 1:
            self._disc(line, x, y)
        else:
            line.draw(self._renderer)

    def _polyline(self, line: Line2D, x: Limits, y: Limits) -> None:
        context = self._context(line, str(line.get_color()), line.get_linewidth())
        self._renderer.draw_path(context, Path(self._places(line, x, y)), SAME, None)

    def _disc(self, line: Line2D, x: Limits, y: Limits) -> None:
        context = self._context(line, str(line.get_markeredgecolor()), line.get_markeredgewidth())
        radius = self._renderer.points_to_pixels(line.get_markersize()) / 2
        circle = Path(DISC.vertices * radius + self._places(line, x, y), DISC.codes)
        self._renderer.draw_path(context, circle, SAME, rgba(str(line.get_markerfacecolor())))

    def _places(self, line: Line2D, x: Limits, y: Limits) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The line's numbers as pixels."""
        left, bottom, width, height = self._corners
        xs = np.asarray(line.get_xdata(orig=True), np.float64)
        ys = np.asarray(line.get_ydata(orig=True), np.float64)
        places = np.empty((len(xs), 2))
        places[:, 0] = (xs - x.lo) * (width / x.width) + left
        places[:, 1] = (ys - y.lo) * (height / y.width) + bottom
        return places

    def _context(self, line: Line2D, colour: str, width: float) -> Any:
        """How to draw this line; made once."""
        context = self._contexts.get(id(line))
        if context is None:
            context = self._contexts[id(line)] = self._renderer.new_gc()
            context.set_clip_rectangle(self._box)
            context.set_foreground(colour)
            context.set_antialiased(True)
            context.set_linewidth(width)  # in points: the renderer knows its dpi
            context.set_capstyle(line.get_solid_capstyle())
            context.set_joinstyle(line.get_solid_joinstyle())
        return context


def rgba(colour: str) -> tuple[float, float, float, float]:
    """`#rrggbb` as the renderer wants it."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return (red, green, blue, 1.0)
