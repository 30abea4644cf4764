"""Agg, as matplotlib has it, by itself: lines and pictures of words on a buffer of pixels. Knows no curves.

Matplotlib's own `RendererAgg` is a thin layer over the same module, but with it come text, patches, widgets,
mathematics and a list of all fonts of the machine: a seventh of the time to the first picture, and where that list was
never made, many seconds. It is loaded where matplotlib's artists are to be drawn.
"""

from __future__ import annotations

from functools import cache, cached_property
from itertools import repeat
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba

__all__ = ["Agg", "Context", "Trail", "renderer_of"]

Array = np.ndarray[Any, np.dtype[Any]]

LONG = 128  # vertices
# What a module in C may answer to what it does not know.
REFUSALS = (ImportError, AttributeError, TypeError, ValueError)


class Trail:
    """A path in pixels, under the names by which Agg asks for it.

    Matplotlib's own asks the user's settings whenever it is led elsewhere. Of a long one without curves what lies
    within a ninth of a pixel of a straight line is left out, as matplotlib does.
    """

    __slots__ = ("codes", "should_simplify", "simplify_threshold", "vertices")

    def __init__(self, vertices: Array, codes: Any = None) -> None:
        self.vertices, self.codes = vertices, codes
        self.should_simplify, self.simplify_threshold = codes is None and len(vertices) >= LONG, 1 / 9


class Context:
    """How a line is drawn, under the names by which Agg asks for it: the same as matplotlib's graphics contexts."""

    def __init__(self) -> None:
        self._linewidth, self._rgb = 1.0, (0.0, 0.0, 0.0, 1.0)
        self._alpha, self._forced_alpha, self._antialiased = 1.0, False, 1
        self._capstyle, self._joinstyle = "butt", "round"
        self._cliprect: Array | None = None

    def set_foreground(self, colour: str) -> None:
        self._rgb = to_rgba(colour)

    def set_linewidth(self, width: float) -> None:
        self._linewidth = width

    def set_antialiased(self, on: bool) -> None:
        self._antialiased = int(on)

    def set_capstyle(self, style: str) -> None:
        self._capstyle = style

    def set_joinstyle(self, style: str) -> None:
        self._joinstyle = style

    def set_clip_rectangle(self, box: Any) -> None:
        self._cliprect = np.asarray(box)

    # What it has no use for is asked for with each path: none of these answers is a function of Python's.
    get_snap = get_sketch_params = get_hatch_path = get_hatch_color = repeat(None).__next__
    get_hatch_linewidth = repeat(1.0).__next__
    get_clip_path = repeat((None, None)).__next__
    get_dashes = repeat((0.0, None)).__next__


class Agg:
    """Paints as matplotlib's `RendererAgg` does, by methods of the same names.

    Parameters
    ----------
    width, height : int
        In pixels.
    dpi : float
    """

    def __init__(self, width: int, height: int, dpi: float) -> None:
        from matplotlib.backends._backend_agg import RendererAgg  # type: ignore[attr-defined]  # a module in C

        self.width, self.height, self.dpi = width, height, dpi
        self._inner = RendererAgg(width, height, dpi)
        self.draw_path, self.draw_image = self._inner.draw_path, self._inner.draw_image

    def new_gc(self) -> Context:
        return Context()

    def points_to_pixels(self, points: float) -> float:
        return points * self.dpi / 72

    def buffer_rgba(self) -> memoryview:
        return memoryview(self._inner)

    @cached_property
    def for_artists(self) -> Any:
        """Matplotlib's renderer, on the same pixels."""
        renderer = loaded(self.width, self.height, self.dpi)
        renderer._renderer = self._inner
        renderer._update_methods()
        return renderer


def renderer_of(width: int, height: int, dpi: float) -> Any:
    """What paints pixels; it needs no figure."""
    return Agg(width, height, dpi) if is_known() else loaded(width, height, dpi)


def loaded(width: int, height: int, dpi: float) -> Any:
    """Matplotlib's own renderer."""
    from matplotlib.backends.backend_agg import RendererAgg

    class Renderer(RendererAgg):
        """Draws artists itself."""

        @property
        def for_artists(self) -> Any:
            return self

    return Renderer(width, height, dpi)  # type: ignore[no-untyped-call]


@cache
def is_known() -> bool:
    """Whether this version's Agg takes what it is given here: it is matplotlib's own, and may one day ask for more."""
    try:
        agg = Agg(4, 4, 72.0)
        agg.draw_path(agg.new_gc(), Trail(np.array([[0.0, 2.0], [4.0, 2.0]])), None, None)
        agg.draw_image(agg.new_gc(), 0, 0, np.full((1, 1, 4), 255, np.uint8))
        return bool(np.asarray(agg.buffer_rgba()).any())
    except REFUSALS:
        return False
