"""The pixels of a picture: strips that stay, what is drawn over them, and the PNG of both. Knows no curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.plot.palette import Palette
from gradmagic.plot.png import Encoder

__all__ = ["Canvas", "Strip"]

Array = np.ndarray[Any, np.dtype[Any]]


class Strip:
    """Rows of pixels from `top` on, that stay: as they are, and in the colours of the palette.

    Most of them are blank, so that only the others are kept: their places among all of the canvas, and what they are.
    """

    def __init__(self, pixels: Array, top: int, palette: Palette) -> None:
        self.top, self.bottom = top, top + len(pixels)
        flat = pixels.reshape(-1)
        there = (flat != palette.background).nonzero()[0]
        self.pixels = flat[there]
        self.index, self.places = palette.index(self.pixels), there + top * pixels.shape[1]


class Canvas:
    """A buffer of Agg's, seen as one 32-bit word for each pixel, over a background of strips.

    What a frame adds to the background are a few thousand pixels: only these have to be brought to the palette, with
    one byte for a pixel in place of four the PNG takes a third of the time, and only these are cleared for the next.
    """

    def __init__(self, buffer: Any, palette: Palette) -> None:
        self.words: Array = np.asarray(buffer).view(np.uint32)[..., 0]
        height, width = self.words.shape
        self._palette = palette
        self._back, self._index = np.zeros_like(self.words), np.zeros((height, width), np.uint8)
        self._strips: dict[int, Strip] = {}  # those on the canvas, by their tops
        self._flat, self._flat_back, self._flat_index = (p.reshape(-1) for p in (self.words, self._back, self._index))
        self._encoder = Encoder(width, height, palette.colours)
        self._rows: Array = self._encoder.rows.reshape(-1)
        self._drawn: Array | None = None  # the pixels that differ from the background; None: any may
        self._painted = False  # whether a strip was made: its words may reach into rows of others

    def blank(self, top: int, bottom: int) -> None:
        """Nothing but the background's colour in these rows."""
        self._painted = True
        self._strips.pop(top, None)
        self.words[top:bottom] = self._palette.background

    def strip(self, top: int, bottom: int) -> Strip:
        """What is on the canvas now, to be kept."""
        return Strip(self.words[top:bottom], top, self._palette)

    def restore(self, strips: tuple[Strip, ...]) -> None:
        """Nothing but these strips on the canvas."""
        if self._drawn is None:
            self._strips.clear()
        self.wipe()
        for strip in strips:
            if self._strips.get(strip.top) is not strip:
                self._put(strip)
        if self._painted:
            np.copyto(self.words, self._back)
            self._painted = False
        self._drawn = None

    def _put(self, strip: Strip) -> None:
        rows, background = slice(strip.top, strip.bottom), self._palette.background
        for all_of_it, flat, blank, those in (
            (self.words, self._flat, background, strip.pixels),
            (self._back, self._flat_back, background, strip.pixels),
            (self._index, self._flat_index, 0, strip.index),
        ):
            all_of_it[rows] = blank
            flat[strip.places] = those
        self._encoder.rows[rows, 1:] = self._index[rows]
        self._strips[strip.top] = strip

    def wipe(self) -> None:
        """Take off what was drawn, if that is known; ahead of the next frame it costs that frame nothing."""
        drawn = self._drawn
        if drawn is not None and drawn.size:
            self._flat[drawn] = self._flat_back[drawn]
            self._rows[self._in_file(drawn)] = self._flat_index[drawn]
            self._drawn = drawn[:0]

    def png(self) -> bytes:
        """The picture."""
        drawn = self._drawn = (self._flat != self._flat_back).nonzero()[0]
        self._rows[self._in_file(drawn)] = self._palette.index(self._flat[drawn])
        return self._encoder.encoded()

    def _in_file(self, pixels: Array) -> Array:
        """Where these pixels are in the rows of the file: each has one byte more than it has pixels."""
        places: Array = pixels + pixels // self.words.shape[1] + 1
        return places
