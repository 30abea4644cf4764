"""Curves as matplotlib pictures. Knows no widgets and no IPython."""

from gradmagic.plot.frame import Frame, figure, height_for
from gradmagic.plot.theme import ThemeName

__all__ = ["Frame", "ThemeName", "figure", "height_for"]
