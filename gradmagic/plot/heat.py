"""Numbers over a plane as colours: the map of colours, and the pixels that a grid of samples gives. Knows no figure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib import colormaps

from gradmagic.plot.limits import SHRINK, TINY, Limits, Reach, nice_step, reach
from gradmagic.plot.palette import cells, nearest_of, packed, rgb
from gradmagic.plot.theme import Theme

__all__ = ["DOWN", "UP", "HeatPalette", "body", "heat_limits", "heat_palette", "shares"]

Array = np.ndarray[Any, np.dtype[Any]]

LEVELS = 100  # colours of the map
SPIKE = 0.3  # beside a pole a neighbour has less than this share of the extreme
UP, DOWN = "#d55e00", "#0072b2"  # where a line bends upwards or downwards


class HeatPalette:
    """The colours of the map, those of texts, and what lies between: a Palette for pictures of a plane.

    The map is viridis: it grows lighter from end to end, for every kind of colour vision and in grey.
    """

    def __init__(self, theme: Theme) -> None:
        back = rgb(theme.background)
        self.map = np.round(255 * colormaps["viridis"](np.linspace(0, 1, LEVELS))[:, :3])
        few = self.map[:: LEVELS // 12]
        texts = [blend(rgb(colour), back, 1 - step / 10) for colour in (theme.ink, theme.faint) for step in range(10)]
        over = [blend(rgb(top), few, share) for top in ("#ffffff", "#000000") for share in (0.75, 0.5, 0.3)]
        pure = [rgb(colour) for colour in ("#ffffff", "#000000", UP, DOWN)]
        rest = [blend(rgb(colour), rgb("#ffffff"), 0.5) for colour in (UP, DOWN, "#000000")]
        self.colours = np.vstack([back, self.map, *texts, *over, *pure, *rest]).astype(np.uint8)
        assert len(self.colours) <= 256
        self._nearest = nearest_of(self.colours.astype(np.float64))
        self._nearest[cells(packed(self.colours[:1]))] = 0
        # The pixel of each level, and at last of what has none.
        self.words = packed(np.vstack([self.map, back]).astype(np.uint8))

    def index(self, pixels: Array) -> Array:
        """The number of the nearest colour for each pixel."""
        return np.asarray(self._nearest[cells(pixels)])

    def pixels(self, parts: Array) -> Array:
        """Shares of the way from the lowest colour to the highest as pixels; NaN stays blank."""
        with np.errstate(invalid="ignore"):
            level = np.minimum(np.clip(parts, 0.0, 1.0) * LEVELS, LEVELS - 1)
            return np.asarray(self.words[np.where(np.isnan(level), LEVELS, level).astype(np.intp)])


@lru_cache(maxsize=4)
def heat_palette(theme: Theme) -> HeatPalette:
    """The palette of a theme, made once."""
    return HeatPalette(theme)


def blend(top: Array, below: Array, share: float) -> Array:
    return np.round(share * top + (1 - share) * below)


def body(z: Array) -> Reach | None:
    """How far the samples go, and what of it the colours are for: a pole does not take them all."""
    known = reach(z)
    if known is None or known.cut:
        return known
    finite = np.where(np.isfinite(z), z, np.nan)
    off = finite - np.nanmedian(finite)
    row, column = np.unravel_index(np.nanargmax(np.abs(off)), z.shape)
    beside = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
    around = [off[i, j] / off[row, column] for i, j in beside if 0 <= i < z.shape[0] and 0 <= j < z.shape[1]]
    if off[row, column] == 0 or not min(around, default=1.0) < SPIKE:
        return known
    return reach(np.append(z, np.nan))  # a gap: what has one may have a pole


def heat_limits(current: Limits | None, new: Reach) -> Limits:
    """The limits of the colours: those of before while they fit, else round numbers; air, as an axis has, is wasted."""
    if current is not None and current.holds(new.lo, new.hi) and new.hi - new.lo >= SHRINK * current.width:
        return current
    step = nice_step(max((new.hi - new.lo) / 10, TINY))
    return Limits(float(np.floor(new.lo / step + 1e-9) * step), float(np.ceil(new.hi / step - 1e-9) * step))


def shares(x: Array, y: Array, z: Array, limits: Limits, size: tuple[int, int]) -> Array:
    """For each pixel, from the top down, where in the limits z lies: between samples in proportion.

    Where that is no number because a neighbour is none, the nearest sample counts.
    """
    right, far = weights(x, size[0])
    up, high = weights(y, size[1])
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = ((z - limits.lo) / limits.width).astype(np.float32)
        wide = scaled[:, right] * (1 - far) + scaled[:, right + 1] * far
        found = wide[up] * (1 - high[:, None]) + wide[up + 1] * high[:, None]
    if not np.isfinite(scaled).all():
        rows, columns = up + (high > 0.5), right + (far > 0.5)
        found = np.where(np.isfinite(found), found, scaled[np.ix_(rows, columns)])
    return np.asarray(found[::-1])


def weights(samples: Array, count: int) -> tuple[Array, Array]:
    """For the middle of each of so many pixels: the sample before it, and how far on the way to the next it is."""
    places = samples[0] + (np.arange(count) + 0.5) / count * (samples[-1] - samples[0])
    before = np.clip(np.searchsorted(samples, places) - 1, 0, len(samples) - 2)
    share = (places - samples[before]) / (samples[before + 1] - samples[before])
    return before, share.astype(np.float32)
