"""Marks drawn straight onto the canvas, without the machinery that an artist goes through. Knows no curves' meaning."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.path import Path

from gradmagic.plot.agg import Trail
from gradmagic.plot.limits import Limits
from gradmagic.plot.marks import Marks
from gradmagic.plot.theme import CURVE_WIDTH, EDGE_WIDTH, POINT_SIZE, TANGENT_WIDTH, Theme

__all__ = ["Brush"]

Array = np.ndarray[Any, np.dtype[Any]]
DISC = Path.unit_circle()


class Brush:
    """Draws the plain marks of one pane as matplotlib's artists would, at a third of their cost.

    Parameters
    ----------
    renderer : RendererAgg
    box : Bbox
        The pane, in pixels.
    words : ndarray
        The renderer's pixels, one 32-bit word each.
    theme, order : Theme, int
        They give the colours.
    """

    def __init__(self, renderer: Any, box: Any, words: Array, theme: Theme, order: int) -> None:
        self._renderer, self._box, self._words = renderer, box, words
        self._left, self._bottom = float(box.x0), float(box.y0)
        self._width, self._height = float(box.width), float(box.height)
        self._curve = self._context(theme.colour(order), CURVE_WIDTH)
        self._edge = self._context(theme.colour(order), EDGE_WIDTH)
        self._tangent = self._context(theme.colour(1), TANGENT_WIDTH)
        self._fill = (*(part / 255 for part in bytes.fromhex(theme.background[1:])), 1.0)
        self._disc, self._round = DISC.vertices * (renderer.points_to_pixels(POINT_SIZE) / 2), DISC.codes
        pixel = renderer.points_to_pixels(0.72)  # of a figure of 100 dpi
        rows = np.arange(round(len(words) - box.y1), round(len(words) - box.y0))
        self._dashes = rows[rows % round(9 * pixel) < 5 * pixel]
        self._thick = max(1, round(1.3 * pixel))
        self._cursor = np.array([*bytes.fromhex(theme.cursor[1:]), 255], np.uint8).view(np.uint32)[0]

    def _context(self, colour: str, width: float) -> Any:
        context = self._renderer.new_gc()
        context.set_clip_rectangle(self._box)
        context.set_foreground(colour)
        context.set_antialiased(True)
        context.set_linewidth(width)  # in points: the renderer knows its dpi
        context.set_capstyle("round")
        context.set_joinstyle("round")
        return context

    def cursor(self, x0: float, x: Limits) -> None:
        """A dashed column of pixels."""
        column = round((x0 - x.lo) / x.width * self._width + self._left - self._thick / 2)
        self._words[self._dashes, column : column + self._thick] = self._cursor

    def draw(self, marks: Marks, x: Limits, y: Limits) -> None:
        """A curve, its tangent and its point, between these limits."""
        for values in marks.values:
            self._paint(self._curve, Trail(self._places(marks.x, values, x, y)))
        if marks.tangent is not None:
            xs, ys = (np.array(part) for part in marks.tangent)
            self._paint(self._tangent, Trail(self._places(xs, ys, x, y)))
        if marks.point is not None and marks.cursor is not None:
            centre = self._places(np.array([marks.cursor]), np.array([marks.point]), x, y)
            self._paint(self._edge, Trail(self._disc + centre, self._round), self._fill)

    def _paint(self, context: Any, trail: Trail, fill: Any = None) -> None:
        self._renderer.draw_path(context, trail, None, fill)

    def _places(self, xs: Array, ys: Array, x: Limits, y: Limits) -> Array:
        """Numbers as pixels."""
        places = np.empty((len(xs), 2))
        places[:, 0] = (xs - x.lo) * (self._width / x.width) + self._left
        places[:, 1] = (ys - y.lo) * (self._height / y.width) + self._bottom
        return places
