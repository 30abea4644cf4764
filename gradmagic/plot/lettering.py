"""Words as pixels: each is laid out and drawn once, and then only put in its places. Knows no axes."""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg

from gradmagic.explore.record import record
from gradmagic.plot.wrap import extent, font

__all__ = ["Stamp", "stamp"]

Array = np.ndarray[Any, np.dtype[Any]]
AIR = 3  # pixels around, for what reaches beyond the extent


@record
class Stamp:
    """One line of text.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (height, width, 4)
        Red, green, blue and how much they cover; the lowest row first, as a renderer takes images.
    left, below : int
        How far the first column and the lowest row are from where its baseline begins.
    """

    pixels: Array
    left: int
    below: int

    def put(self, renderer: Any, context: Any, x: float, y: float) -> None:
        """Onto the canvas, its baseline beginning in the pixel nearest to this place: so it is sharp everywhere."""
        renderer.draw_image(context, round(x) - self.left, round(y) - self.below, self.pixels)


@lru_cache(maxsize=1024)
def stamp(text: str, points: float, colour: str, dpi: float, *, bold: bool = False, upright: bool = False) -> Stamp:
    """The stamp of one line; an axis says the same few numbers again and again."""
    width, height, below = extent(text, points, bold, dpi)
    along, above, under = ceil(width), ceil(height - below), ceil(below)
    left, right, up, down = (above, under, along, 0) if upright else (0, along, above, under)
    renderer: Any = RendererAgg(left + right + 2 * AIR, up + down + 2 * AIR, dpi)  # type: ignore[no-untyped-call]
    context = renderer.new_gc()
    context.set_foreground(colour)
    renderer.draw_text(context, left + AIR, up + AIR, text, font(points, bold=bold), 90.0 if upright else 0.0)
    return Stamp(np.array(renderer.buffer_rgba())[::-1].copy(), left + AIR, down + AIR)
