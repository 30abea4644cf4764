"""At most 256 colours that a picture of a theme is made of, and the way from pixels to them. Knows no figure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from gradmagic.plot.theme import WASH, Theme

__all__ = ["Palette", "palette_of"]

Array = np.ndarray[Any, np.dtype[Any]]
OVERLAID = (1, 2, 4)  # the colours of what is drawn over the curves, whichever orders are shown
BITS = 5  # of each channel, that tell two colours apart
LEVELS = 1 << BITS


class Palette:
    """The theme's colours and what lies between each of them and the background: smoothed edges.

    Attributes
    ----------
    colours : ndarray of shape (n, 3)
        Red, green and blue, n at most 256; the first is the background.
    background : numpy.uint32
        The same as a pixel.
    """

    def __init__(self, theme: Theme, orders: tuple[int, ...]) -> None:
        tinted = dict.fromkeys(theme.colour(order) for order in (*OVERLAID, *orders))
        pure = list(dict.fromkeys([theme.ink, theme.faint, theme.grid, theme.zero, theme.cursor, theme.alarm, *tinted]))
        back = rgb(theme.background)
        washes = [np.round(WASH * rgb(colour) + (1 - WASH) * back) for colour in tinted]
        steps = (255 - len(washes)) // len(pure)
        shares = np.linspace(1, 0, steps, endpoint=False)[:, None]
        blends = [np.round(shares * rgb(colour) + (1 - shares) * back) for colour in pure]
        self.colours = np.concatenate([back[None], *blends, *(one[None] for one in washes)]).astype(np.uint8)
        self.background: np.uint32 = packed(self.colours[:1])[0]
        self._nearest = nearest_of(self.colours.astype(np.float64))
        # A flat colour stays what it is, whatever else shares its cell: a line's before the tint of an area.
        first = 1 + steps * len(pure)
        exact = np.array([*range(first, len(self.colours)), 0, *(1 + steps * place for place in range(len(pure)))])
        self._nearest[cells(packed(self.colours[exact]))] = exact

    def index(self, pixels: Array) -> Array:
        """The number of the nearest colour for each pixel, given as 32-bit words of red, green, blue and alpha."""
        nearest: Array = self._nearest[cells(pixels)]
        return nearest


@lru_cache(maxsize=8)
def palette_of(theme: Theme, orders: tuple[int, ...]) -> Palette:
    """The palette of these orders in this theme, made once."""
    return Palette(theme, orders)


def rgb(colour: str) -> Array:
    """`#rrggbb` as numbers."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float64)


def packed(colours: Array) -> Array:
    """Colours as 32-bit words, in the order of bytes that this machine uses."""
    full = np.full((len(colours), 4), 255, np.uint8)
    full[:, :3] = colours
    return full.view(np.uint32)[:, 0]


SHIFTS = (3, 11, 19) if np.little_endian else (27, 19, 11)


def cells(words: Array) -> Array:
    """The cell of the colour cube that each pixel lies in."""
    red, green, blue = SHIFTS
    mask = np.uint32(LEVELS - 1)
    cell = (words >> np.uint32(red)) & mask
    cell |= ((words >> np.uint32(green)) & mask) << np.uint32(BITS)
    cell |= ((words >> np.uint32(blue)) & mask) << np.uint32(2 * BITS)
    return cell


def nearest_of(colours: Array) -> Array:
    """For each cell of the colour cube the colour that is nearest to its middle."""
    axis = ((np.arange(LEVELS) + 0.5) * (256 / LEVELS) - 0.5).astype(np.float32)
    red, green = (part.ravel() for part in np.meshgrid(axis, axis))
    r, g, b = colours.T.astype(np.float32)
    # Squared distances, without what is the same for all colours; a slice of the cube at a time fits into the cache.
    apart = (r * r + g * g + b * b) - 2 * (np.outer(red, r) + np.outer(green, g))
    found = [np.argmin(apart - 2 * blue * b, axis=1) for blue in axis]
    return np.concatenate(found).astype(np.uint8)
