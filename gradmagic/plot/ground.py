"""The still part of a pane, painted straight onto the canvas: grid, ticks, words. Knows no curves.

It looks as matplotlib's axes do, which take twenty times as long, and half a second to be imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.path import Path

from gradmagic.plot.agg import Trail
from gradmagic.plot.face import Face, Layout
from gradmagic.plot.lettering import stamp
from gradmagic.plot.limits import Limits
from gradmagic.plot.theme import GRID_WIDTH, SPINE_WIDTH, TICK_LABEL, TICK_LENGTH, TICK_PAD, TICK_WIDTH, ZERO_WIDTH
from gradmagic.plot.wrap import ASCENT, DESCENT, extent

__all__ = ["Ground"]

Segment = tuple[float, float, float, float]  # x and y of both ends, in pixels
APART = np.tile(np.array([Path.MOVETO, Path.LINETO], Path.code_type), 500)  # segments that do not hang together
# How far below its place a text has its baseline, in parts of its ascent and its descent.
BELOW, BESIDE, AMID = (1.0, 0.0), (0.5, 0.0), (0.5, -0.5)


class Ground:
    """Paints the still part of one pane.

    Parameters
    ----------
    renderer : RendererAgg
    box : Bbox
        The pane, in pixels.
    layout : Layout
        What stands where in it.
    """

    def __init__(self, renderer: Any, box: Any, layout: Layout) -> None:
        self._renderer, self._box, self._layout = renderer, box, layout
        theme = layout.theme
        self._grid = self._context(theme.grid, GRID_WIDTH, clipped=True)
        self._zero = self._context(theme.zero, ZERO_WIDTH, clipped=True)
        self._spine = self._context(theme.zero, SPINE_WIDTH)
        self._tick = self._context(theme.faint, TICK_WIDTH)
        self._plain = renderer.new_gc()
        self._length, self._pad = (renderer.points_to_pixels(n) for n in (TICK_LENGTH, TICK_LENGTH + TICK_PAD))

    def _context(self, colour: str, width: float, *, clipped: bool = False) -> Any:
        context = self._renderer.new_gc()
        context.set_foreground(colour)
        context.set_linewidth(width)  # in points: the renderer knows its dpi
        context.set_capstyle("butt" if width == TICK_WIDTH and not clipped else "projecting")
        if clipped:
            context.set_clip_rectangle(self._box)
        return context

    def paint(self, face: Face) -> None:
        """All of it, on the background."""
        left, bottom, right, top = self._box.extents
        limits = face.y_limits
        if limits is not None and face.shows_zero:
            (zero,) = places((0.0,), limits, bottom, top)
            self._lines(self._zero, [(left, zero, right, zero)])
        across, up = self._layout.across(face), self._layout.up(face)
        columns = places(across.positions, face.x_limits, left, right)
        rows = places(up.positions, limits, bottom, top) if limits is not None else []
        self._lines(self._grid, [(x, bottom, x, top) for x in columns])
        self._lines(self._grid, [(left, y, right, y) for y in rows])
        self._lines(self._tick, [(x, bottom, x, bottom - self._length) for x in columns])
        self._lines(self._tick, [(left, y, left - self._length, y) for y in rows])
        faint = self._layout.theme.faint
        if face.x_label is not None:
            for x, text in zip(columns, across.labels, strict=True):
                self._write(text, (x, bottom - self._pad), TICK_LABEL, faint, (0.5, *BELOW))
        for y, text in zip(rows, up.labels, strict=True):
            self._write(text, (left - self._pad, y), TICK_LABEL, faint, (1.0, *BESIDE))
        self._lines(self._spine, [(left, bottom, left, top), (left, bottom, right, bottom)])
        scale = self._layout.scale
        for word in self._layout.words(face):
            place = (left + word.x * scale, bottom + word.y * scale)
            hold = (0.5, *AMID)
            self._write(word.text, place, word.points, word.colour, hold, upright=word.upright, bold=word.bold)

    def _lines(self, context: Any, segments: list[Segment]) -> None:
        if segments:
            ends = np.array(segments).reshape(-1, 2)
            self._renderer.draw_path(context, Trail(ends, APART[: len(ends)]), None, None)

    def _write(
        self, text: str, place: tuple[float, float], points: float, colour: str, hold: tuple[float, float, float], *,
        upright: bool = False, bold: bool = False,
    ) -> None:  # fmt: skip
        """One line, held at a share of its width, and of its ascent and descent, by a place."""
        if not text:
            return
        width, height, below = extent(text, points, bold, self._renderer.dpi)
        size = self._renderer.points_to_pixels(points)
        ascent, descent = max(height - below, ASCENT * size), max(below, DESCENT * size)
        across, down = hold[0] * width, hold[1] * ascent + hold[2] * descent
        x, y = (place[0] + down, place[1] - across) if upright else (place[0] - across, place[1] - down)
        word = stamp(text, points, colour, self._renderer.dpi, bold=bold, upright=upright)
        word.put(self._renderer, self._plain, x, y)


def places(values: Sequence[float], limits: Limits, start: float, end: float) -> list[float]:
    """Numbers as pixels between start and end."""
    return [start + (value - limits.lo) / limits.width * (end - start) for value in values]
