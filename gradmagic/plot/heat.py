"""Numbers over a plane as colours: the map of colours, and the pixels that a grid of samples gives. Knows no figure."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib import colormaps

from gradmagic.explore.record import record
from gradmagic.plot.limits import SHRINK, TINY, Limits, Reach, nice_step, reach
from gradmagic.plot.palette import cells, nearest_of, packed, rgb
from gradmagic.plot.theme import Theme
from gradmagic.plot.ticks import MINUS, superscript, ticks

__all__ = ["DOWN", "UP", "Colours", "HeatPalette", "body", "heat_palette", "scale_of_colours", "shares"]

Array = np.ndarray[Any, np.dtype[Any]]

LEVELS = 100  # colours of the map
STRETCHED = 0.16  # half of the plane in less than this part of the colours: they are stretched there
RANKS = 0.65  # the part of the colours that is then shared out by rank; the rest goes by value
STEPS = 16  # between the values at which stretched colours are told
DRIFT = 0.06  # of the colours, by which those of before may be off
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


@record
class Colours:
    """Which value has which colour: `knots` are the values at equal distances on the colour bar, two if it is even."""

    knots: tuple[float, ...]

    @property
    def limits(self) -> Limits:
        """Where the colours begin and end."""
        return Limits(self.knots[0], self.knots[-1])

    @property
    def even(self) -> bool:
        """Whether equal differences of value are equal distances of colour."""
        return len(self.knots) == 2

    def share(self, values: Array) -> Array:
        """How far on the way from the first colour to the last each value is; a value outside has that of its end."""
        if self.even:
            return np.asarray((values - self.limits.lo) / self.limits.width)
        return np.interp(values, self.knots, np.linspace(0.0, 1.0, len(self.knots)))

    def suits(self, knots: Array, wanted: Array) -> bool:
        """Whether these values lie in these places of the stretched colours, or nearly so."""
        inside = not self.even and self.limits.holds(float(knots[0]), float(knots[-1]))
        return inside and bool(np.max(np.abs(self.share(knots) - wanted)) < DRIFT)

    def ticks(self, most: int) -> tuple[tuple[float, ...], tuple[str, ...], str]:
        """Values to be told beside the colours, what they are called, and what the names leave out."""
        if self.even:
            found = ticks(self.limits, most)
            return found.positions, found.labels, found.remark
        told = self.knots[:: max(1, len(self.knots) // most)]
        return told, tuple(map(told_in_short, told)), ""


def told_in_short(value: float) -> str:
    """A number of few digits; with a power of ten where it would be long.

    >>> told_in_short(-0.125), told_in_short(1.5e6), told_in_short(2e-7), told_in_short(0.0)
    ('−0.125', '1.5×10⁶', '2×10⁻⁷', '0')
    """
    digits, power = f"{value:.8e}".split("e")
    mantissa = f"{float(digits) + 0.0:g}"
    plain = value == 0 or -4 <= int(power) < 5
    short = f"{value + 0.0:.9g}" if plain else f"{mantissa}×10{superscript(int(power))}"
    return short.replace("-", MINUS)


def scale_of_colours(current: Colours | None, z: Array, known: Reach, *, stretch: bool) -> Colours:
    """The colours for these values: those of before while they fit, so that a picture does not flicker.

    They are even unless half of the plane has a small part of them; then most are shared out by rank.
    """
    inside = z[np.isfinite(z) & (z >= known.lo) & (z <= known.hi)]
    low, high = np.quantile(inside, (0.25, 0.75)) if stretch and inside.size else (known.lo, known.hi)
    if not 0 < high - low < STRETCHED * (known.hi - known.lo):
        limits = heat_limits(current.limits if current is not None and current.even else None, known)
        return Colours((limits.lo, limits.hi))
    quantiles = np.quantile(inside, np.linspace(0.0, 1.0, 257))
    by_value = (quantiles - quantiles[0]) / (quantiles[-1] - quantiles[0])
    parts = RANKS * np.linspace(0.0, 1.0, 257) + (1 - RANKS) * by_value
    wanted = np.linspace(0.0, 1.0, STEPS + 1)
    knots = np.interp(wanted, parts, quantiles)
    return current if current is not None and current.suits(knots, wanted) else Colours(rounded(knots))


def rounded(knots: Array) -> tuple[float, ...]:
    """Numbers with few digits in place of these, as far as they stay apart; the ends are moved outwards."""
    steps = [nice_step(max((b - a) / 4, TINY)) for a, b in pairwise(knots)]
    first, last = np.floor(knots[0] / steps[0]) * steps[0], np.ceil(knots[-1] / steps[-1]) * steps[-1]
    inner = (round(knot / step) * step for knot, step in zip(knots[1:-1], steps, strict=False))
    return tuple(sorted({float(f"{value:.9g}") for value in (first, *inner, last)}))


def heat_limits(current: Limits | None, new: Reach) -> Limits:
    """The limits of even colours: those of before while they fit, else round numbers without air around."""
    if current is not None and current.holds(new.lo, new.hi) and new.hi - new.lo >= SHRINK * current.width:
        return current
    step = nice_step(max((new.hi - new.lo) / 10, TINY))
    return Limits(float(np.floor(new.lo / step + 1e-9) * step), float(np.ceil(new.hi / step - 1e-9) * step))


def shares(x: Array, y: Array, z: Array, colours: Colours, size: tuple[int, int]) -> Array:
    """For each pixel, from the top down, where among the colours z lies: between samples in proportion.

    Where that is no number because a neighbour is none, the nearest sample counts.
    """
    right, far = weights(x, size[0])
    up, high = weights(y, size[1])
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = colours.share(z).astype(np.float32)
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
