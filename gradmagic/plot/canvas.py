"""The pixels of a picture: strips that stay, what is drawn over them, and the PNG of both. Knows no curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.plot.palette import Palette
from gradmagic.plot.png import Encoder

__all__ = ["Canvas", "Strip"]

Array = np.ndarray[Any, np.dtype[Any]]


class Strip:
    """Rows of pixels from `top` on, that stay: as they are, and in the colours of the palette."""

    def __init__(self, pixels: Array, top: int, palette: Palette) -> None:
        self.top, self.bottom = top, top + len(pixels)
        self.pixels = pixels.copy()
        self.index = palette.index(self.pixels)


class Canvas:
    """A buffer of Agg's, seen as one 32-bit word for each pixel, over a background of strips.

    What a frame adds to the background are a few thousand pixels: only these have to be brought to the palette, and
    with one byte for a pixel in place of four the PNG takes a third of the time.
    """

    def __init__(self, buffer: Any, palette: Palette) -> None:
        self.words: Array = np.asarray(buffer).view(np.uint32)[..., 0]
        height, width = self.words.shape
        self._palette = palette
        self._back, self._index = np.zeros_like(self.words), np.zeros((height, width), np.uint8)
        self._strips: tuple[Strip, ...] = ()
        # Each row of the file has one byte more than it has pixels.
        self._place_in_file = np.arange(height * width) + np.repeat(np.arange(1, height + 1), width)
        self._encoder = Encoder(width, height, palette.colours)

    def blank(self, colour: str) -> None:
        """Nothing but one colour, given as `#rrggbb`, on the canvas."""
        self.words[...] = np.array([*bytes.fromhex(colour[1:]), 255], np.uint8).view(np.uint32)[0]

    def strip(self, top: int, bottom: int) -> Strip:
        """What is on the canvas now, to be kept."""
        return Strip(self.words[top:bottom], top, self._palette)

    def restore(self, strips: tuple[Strip, ...]) -> None:
        """Nothing but these strips on the canvas."""
        if strips != self._strips:
            for strip in strips:
                self._back[strip.top : strip.bottom] = strip.pixels
                self._index[strip.top : strip.bottom] = strip.index
            self._strips = strips
        np.copyto(self.words, self._back)

    def png(self) -> bytes:
        """The picture."""
        changed = np.flatnonzero(self.words != self._back)
        rows = self._encoder.rows
        rows[:, 1:] = self._index
        rows.reshape(-1)[self._place_in_file[changed]] = self._palette.index(self.words.reshape(-1)[changed])
        return self._encoder.encoded()
