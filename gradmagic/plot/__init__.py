"""Curves and maps as matplotlib pictures. Knows no widgets and no IPython."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradmagic.explore.curves import Curves
from gradmagic.plot.frame import Frame, height_for
from gradmagic.plot.frame import figure as figure_of_curves
from gradmagic.plot.theme import ThemeName

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gradmagic.plot.plane import PlaneFrame

__all__ = ["Frame", "ThemeName", "figure", "frame_for", "height_for"]

WIDTH = 640


def frame_for(curves: Curves, size: tuple[int, int] | None = None, theme: ThemeName = "light") -> Frame | PlaneFrame:
    """What draws these curves, or this map, and those that come after them."""
    if curves.plane is not None:
        return plane_frame(theme, size)
    return Frame(theme, size or (WIDTH, height_for(len({curve.order for curve in curves.curves}))))


def figure(curves: Curves, theme: ThemeName = "light", size: tuple[int, int] | None = None) -> Figure:
    """A matplotlib figure of curves or of a map, for `savefig` in any format; the size is in pixels at 100 dpi."""
    if curves.plane is not None:
        return plane_frame(theme, size).still_figure(curves)
    return figure_of_curves(curves, theme, size)


def plane_frame(theme: ThemeName, size: tuple[int, int] | None) -> PlaneFrame:
    """What draws maps: it brings all of matplotlib's figures along, which curves can do without."""
    from gradmagic.plot.plane import PLANE_SIZE, PlaneFrame

    return PlaneFrame(theme, size or PLANE_SIZE)
