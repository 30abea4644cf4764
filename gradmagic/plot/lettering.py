"""Words as pixels: each is laid out and drawn once, and then only put in its places. Knows no axes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from gradmagic.explore.record import record
from gradmagic.plot.wrap import SUBPIXELS, typeface

__all__ = ["Stamp", "stamp"]

Array = np.ndarray[Any, np.dtype[Any]]


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
    face = typeface(points, dpi, bold=bold)
    face.set_text(text, 0.0)
    face.draw_glyphs_to_bitmap(antialiased=True)
    cover = np.asarray(face.get_image())
    before, below = round(face.get_bitmap_offset()[0] / SUBPIXELS), round(face.get_descent() / SUBPIXELS) + 1
    left, under = (cover.shape[0] - below, -before) if upright else (-before, below)
    if upright:
        cover = np.rot90(cover)
    pixels = np.empty((*cover.shape, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = tuple(bytes.fromhex(colour[1:])), cover
    return Stamp(pixels[::-1].copy(), left, under)
