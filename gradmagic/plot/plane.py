"""A map over two inputs: colours, contours, arrows, the cursor and what bends there. Knows no widgets."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from gradmagic.explore.curves import Curves
from gradmagic.explore.planes import CriticalKind, Plane
from gradmagic.explore.record import record
from gradmagic.plot.axes import Picture
from gradmagic.plot.heat import DOWN, UP, Colours, body, heat_palette, scale_of_colours, shares
from gradmagic.plot.limits import Limits, Placed
from gradmagic.plot.marks import Marks
from gradmagic.plot.png import Encoder
from gradmagic.plot.theme import THEMES, Theme, ThemeName
from gradmagic.plot.ticks import ticks
from gradmagic.plot.wrap import font

__all__ = ["PLANE_SIZE", "PlaneFrame"]

Array = np.ndarray[Any, np.dtype[Any]]

PLANE_SIZE = (640, 520)
LEFT, RIGHT, TOP, BOTTOM = 62, 104, 12, 44  # pixels around the map
BAR, SPACE = 16, 14  # the colour bar's width, and how far it is from the map
STILLS = 12
MARKS, CONTOURS = 9, 18  # on the colour bar, and lines, at most
SPACING = 42.0  # pixels between two arrows
ARROW, SHORTEST, DIRECTION = 30.0, 9.0, 52.0  # pixels: arrows, and half of a line along an eigenvector
HEAD = np.array([[0, 0.06], [0.62, 0.06], [0.62, 0.2], [1, 0], [0.62, -0.2], [0.62, -0.06], [0, -0.06]])
SYMBOLS: dict[CriticalKind, str] = {"minimum": "v", "maximum": "^", "saddle": "X", "degenerate": "D"}


@record
class Still:
    """What the still part says: two ranges, the scale of the colours, and the names."""

    x: Limits
    y: Limits
    z: Colours
    labels: tuple[str, str, str]


class PlaneFrame:
    """A figure of one map that turns one `Curves` over a plane after another into PNG, as `Frame` does for curves.

    Axes and texts are drawn once and kept; colours are written into the pixels, and lines are drawn over them.

    Attributes
    ----------
    notes : tuple of str
        After `draw`: what the picture does not show, in words.
    inputs : tuple of Placed
        After `draw`: where in the picture both inputs lie.
    """

    inputs: tuple[Placed, ...] = ()
    anchors: tuple[tuple[int, float], ...] = ()
    marks: tuple[Marks, ...] = ()

    def __init__(self, theme: ThemeName = "light", size: tuple[int, int] = PLANE_SIZE, scale: float = 1.0) -> None:
        self.theme: Theme = THEMES[theme]
        self.size, self.scale = size, scale
        self.notes: tuple[str, ...] = ()
        self._colours: Colours | None = None
        self._stills: OrderedDict[Still, Array] = OrderedDict()
        self._palette = heat_palette(self.theme)
        self._drawn: _Map | None = None

    def wipe(self) -> None:
        """Nothing: a map is painted whole."""

    def draw(self, curves: Curves) -> bytes:
        """The PNG of this map."""
        plane = shown(curves)
        if self._drawn is None:
            self._drawn = _Map(self.theme, self.size, self.scale, animated=True)
            self._drawn.canvas.get_renderer()
            buffer = self._drawn.canvas.buffer_rgba()
            self._words = np.asarray(buffer).view(np.uint32)[..., 0]
            height, width = self._words.shape
            self._encoder = Encoder(width, height, self._palette.colours)
        with np.errstate(all="ignore"):
            still = self._still(plane, curves.overlays)
            width, height = self.size
            across = Placed(still.x, LEFT / width, 1 - RIGHT / width)
            self.inputs = across, Placed(still.y, 1 - BOTTOM / height, TOP / height)
            np.copyto(self._words, self._background(still))
            self._colour(plane, still)
            for artist in self._drawn.lay(plane, still, curves.overlays):
                artist.draw(self._drawn.canvas.get_renderer())
        self._encoder.rows[:, 1:] = self._palette.index(self._words)
        return self._encoder.encoded()

    def still_figure(self, curves: Curves) -> Figure:
        """The same as a figure of its own, for `savefig`."""
        plane = shown(curves)
        with np.errstate(all="ignore"):
            still = self._still(plane, curves.overlays)
            made = _Map(self.theme, self.size, self.scale, animated=False)
            made.put_on(still)
            width, height = (round(n) for n in (made.axes.bbox.width, made.axes.bbox.height))
            made.colour(self._palette.pixels(shares(plane.x, plane.y, plane.z, still.z, (width, height))), still)
            for _ in made.lay(plane, still, curves.overlays):
                pass
        return made.figure

    def _still(self, plane: Plane, overlays: frozenset[str]) -> Still:
        """What there is to say, and what cannot be shown."""
        known, name = body(plane.z), plane.labels[2]
        notes = []
        if known is not None:
            self._colours = scale_of_colours(self._colours, plane.z, known, stretch="stretch" in overlays)
            if known.cut and not self._colours.limits.holds(known.least, known.most):
                ends = f"its samples reach from {known.least:.4g} to {known.most:.4g}"
                notes.append(f"{name} goes beyond its colours: {ends}")
            if not self._colours.even:
                notes.append(stretched(name, self._colours))
        blank = int(np.isnan(plane.z).sum())
        if blank:
            notes.append(f"{name} is not a number at {100 * blank / plane.z.size:.3g} % of the grid, which stays blank")
        self.notes = tuple(notes)
        x, y = (Limits(float(v[0]), float(v[-1])) for v in (plane.x, plane.y))
        return Still(x, y, self._colours or Colours((0.0, 1.0)), plane.labels)

    def _background(self, still: Still) -> Array:
        """The pixels of the still part, drawn when it is first needed."""
        assert self._drawn is not None
        if still not in self._stills:
            self._drawn.put_on(still)
            self._drawn.canvas.draw()
            self._stills[still] = self._words.copy()
        self._stills.move_to_end(still)
        while len(self._stills) > STILLS:
            self._stills.popitem(last=False)
        return self._stills[still]

    def _colour(self, plane: Plane, still: Still) -> None:
        """Write the colours between the axes."""
        assert self._drawn is not None
        box = self._drawn.axes.bbox
        left, right, bottom, top = (round(v) for v in (box.x0, box.x1, box.y0, box.y1))
        parts = shares(plane.x, plane.y, plane.z, still.z, (right - left, top - bottom))
        height = len(self._words)
        self._words[height - top : height - bottom, left:right] = self._palette.pixels(parts)


def stretched(name: str, colours: Colours) -> str:
    """That equal steps of colour are no equal steps of value, and where they are small."""
    middle = len(colours.knots) // 2
    low, half, high = (f"{colours.knots[i]:.4g}" for i in (0, middle, -1))
    return (
        f"the colours of {name} are stretched where most of the plane lies: half of them go from {low} to {half}, "
        f"the others from there to {high}; contours follow them"
    )


def shown(curves: Curves) -> Plane:
    assert curves.plane is not None
    return curves.plane


class _Map:
    """The figure and the artists of one map."""

    def __init__(self, theme: Theme, size: tuple[int, int], scale: float, *, animated: bool) -> None:
        width, height = size
        self.theme = theme
        self.figure = Picture(size, theme, scale)
        self.canvas: Any = self.figure.canvas
        up, tall = BOTTOM / height, (height - TOP - BOTTOM) / height
        self.axes = self.figure.add_axes((LEFT / width, up, (width - LEFT - RIGHT) / width, tall))
        self.bar = self.figure.add_axes(((width - RIGHT + SPACE) / width, up, BAR / width, tall))
        self.room = float(width - LEFT - RIGHT), float(height - TOP - BOTTOM)
        self._texts: list[Any] = []
        self._palette = heat_palette(theme)
        for axes in (self.axes, self.bar):
            self._dress(axes, right=axes is self.bar)
        scale_of_colours = np.linspace(1.0, 0.0, 256)[:, None]
        self._image(self.bar, self._palette.pixels(scale_of_colours), (0.0, 1.0, 0.0, 1.0))
        self.contours = LineCollection([], colors="#ffffff", linewidths=0.9, alpha=0.6, zorder=2)
        self.arrows = PolyCollection([], facecolors="#ffffff", edgecolors="#000000", linewidths=0.6, zorder=3)
        for made in (self.contours, self.arrows):
            made.set_animated(animated)
            self.axes.add_collection(made, autolim=False)
        white = {"color": "#ffffff", "zorder": 4, "solid_capstyle": "butt"}
        self.cursor = [
            self._line(animated, **white, linewidth=2.0, alpha=0.5),
            self._line(animated, color="#000000", linewidth=1.0, linestyle=(0, (4, 3)), zorder=4),
        ]
        self.below = self._line(animated, **white, linewidth=5.0)
        self.ways = {
            side: self._line(animated, color=colour, linewidth=2.6, linestyle=dash, zorder=5, dash_capstyle="butt")
            for side, colour, dash in (("up", UP, "-"), ("down", DOWN, (0, (2, 1))), ("flat", "#000000", (0, (1, 1))))
        }
        self.slope = PolyCollection([], facecolors="#000000", edgecolors="#ffffff", linewidths=1.0, zorder=6)
        self.slope.set_animated(animated)
        self.axes.add_collection(self.slope, autolim=False)
        face: dict[str, Any] = {"markerfacecolor": "#ffffff", "markeredgecolor": "#000000", "markeredgewidth": 1.2}
        self.critical = {
            kind: self._line(animated, linestyle="none", marker=symbol, markersize=10.0, zorder=7, **face)
            for kind, symbol in SYMBOLS.items()
        }

    def _line(self, animated: bool, **style: Any) -> Line2D:
        line = Line2D((), (), animated=animated, **({"linestyle": "-", "marker": "None"} | style))
        line.set_sketch_params(None)
        line.set_path_effects([])
        self.axes.add_line(line)
        return line

    def _dress(self, axes: Axes, *, right: bool) -> None:
        """As the theme wants it, whatever the user's rcParams say."""
        axes.set_facecolor(self.theme.background)
        axes.minorticks_off()
        axes.grid(False)
        for spine in axes.spines.values():
            spine.set(visible=True, color=self.theme.zero, linewidth=1.0)
        axes.tick_params(
            axis="both", which="major", direction="out", length=4, width=0.8, pad=3, color=self.theme.faint,
            labelcolor=self.theme.faint, labelsize=8.5, labelfontfamily="DejaVu Sans", top=False, right=right,
            left=not right, bottom=not right, labeltop=False, labelright=right, labelleft=not right,
            labelbottom=not right,
        )  # fmt: skip

    def _image(self, axes: Axes, words: Array, extent: tuple[float, float, float, float]) -> None:
        image = AxesImage(axes, interpolation="nearest", origin="upper", extent=extent, zorder=0.5)
        image.set_data(np.ascontiguousarray(words).view(np.uint8).reshape(*words.shape, 4))
        image.set_clip_path(axes.patch)
        axes.add_image(image)

    def colour(self, words: Array, still: Still) -> None:
        """The colours as an image, for a figure that is saved."""
        self._image(self.axes, words, (still.x.lo, still.x.hi, still.y.lo, still.y.hi))

    # --- the still part

    def put_on(self, still: Still) -> None:
        """Ranges, ticks and names."""
        for text in self._texts:
            text.remove()
        self._texts = []
        self.axes.set(xlim=(still.x.lo, still.x.hi), ylim=(still.y.lo, still.y.hi))
        self.bar.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0))
        wide, tall = self.room
        across, up = ticks(still.x, max(2, round(wide / 72))), ticks(still.y, max(2, round(tall / 60)))
        values, names, remark = still.z.ticks(MARKS)
        self._fix(self.axes.xaxis, across.positions, across.labels)
        self._fix(self.axes.yaxis, up.positions, up.labels)
        self._fix(self.bar.yaxis, tuple(still.z.share(np.array(values)).tolist()), names)
        x, y, z = still.labels
        self._write(self.axes, x + across.remark, 0.5, -34 / tall)
        self._write(self.axes, y + up.remark, -54 / wide, 0.5, rotation=90)
        self._write(self.bar, z + remark, 1 + 56 / BAR, 0.5, rotation=90)

    @staticmethod
    def _fix(axis: Any, positions: tuple[float, ...], labels: tuple[str, ...]) -> None:
        axis.set_major_locator(FixedLocator(positions))
        axis.set_ticklabels(labels, parse_math=False, usetex=False)

    def _write(self, axes: Axes, text: str, x: float, y: float, rotation: float = 0) -> None:
        """Text in the coordinates of the axes; user text is never read as mathematics."""
        self._texts.append(
            axes.text(
                x, y, text, transform=axes.transAxes, ha="center", va="center", rotation=rotation,
                color=self.theme.ink, fontproperties=font(10.0), parse_math=False, usetex=False, clip_on=False,
            )
        )  # fmt: skip

    # --- the moving part

    def lay(self, plane: Plane, still: Still, overlays: frozenset[str]) -> Iterator[Any]:
        """The artists that are switched on, at these numbers, lowest first; the others show nothing."""
        self.axes.set(xlim=(still.x.lo, still.x.hi), ylim=(still.y.lo, still.y.hi))
        self.contours.set_segments(list(contours(plane, still)) if "contours" in overlays else [])
        yield self.contours
        self.arrows.set_verts(list(self._arrows(plane, still)) if "arrows" in overlays else [])
        yield self.arrows
        at = plane.cursor
        for line in self.cursor:
            line.set_data([still.x.lo, still.x.hi, np.nan, at.x, at.x], [at.y, at.y, np.nan, still.y.lo, still.y.hi])
            yield line
        yield from self._bending(plane, still, "directions" in overlays)
        for kind, line in self.critical.items():
            points = [p for p in plane.critical if p.kind == kind] if "critical" in overlays else []
            line.set_data([p.x for p in points], [p.y for p in points])
            yield line

    def _bending(self, plane: Plane, still: Still, on: bool) -> Iterator[Any]:
        """A line along each eigenvector at the cursor, and the gradient there."""
        at = plane.cursor
        drawn: dict[str, list[Array]] = {side: [] for side in self.ways}
        if on and at.eigenvalues is not None and at.directions is not None and not plane.weighted:
            least = 1e-10 * max(map(abs, at.eigenvalues))
            for value, way in zip(at.eigenvalues, at.directions, strict=True):
                half = self._in_pixels(way, still)
                half *= DIRECTION / (np.linalg.norm(half) or 1.0)
                ends = np.array([-half, half, [np.nan, np.nan]])
                drawn["up" if value > least else "down" if value < -least else "flat"].append(
                    self._in_data(ends, (at.x, at.y), still)
                )
        every = [part for parts in drawn.values() for part in parts]
        place_line(self.below, every)
        yield self.below
        for side, line in self.ways.items():
            place_line(line, drawn[side])
            yield line
        slopes = np.array(at.gradient if at.gradient is not None else (np.nan, np.nan))
        shaft = self._in_pixels(slopes, still)
        length = float(np.linalg.norm(shaft))
        visible = on and np.isfinite(length) and length > 0
        self.slope.set_verts([self._arrow(shaft / length * 44.0, (at.x, at.y), still)] if visible else [])
        yield self.slope

    def _arrows(self, plane: Plane, still: Still) -> Iterator[Array]:
        """The gradient at some samples, evenly spread; the length grows as the root of its size."""
        if plane.gradient is None:
            return
        columns, rows = (middles(n, room) for n, room in zip((len(plane.x), len(plane.y)), self.room, strict=True))
        parts = plane.gradient[:, rows[:, None], columns]
        sizes = np.hypot(*parts)
        usable = np.isfinite(sizes) & (sizes > 0)
        if not usable.any():
            return
        most = float(np.percentile(sizes[usable], 95))
        for i, j in np.argwhere(usable):
            shaft = self._in_pixels(parts[:, i, j] / sizes[i, j], still)
            length = ARROW * np.sqrt(min(sizes[i, j] / most, 1.0))
            if length > SHORTEST:
                shaft *= length / np.linalg.norm(shaft)
                yield self._arrow(shaft, (float(plane.x[columns[j]]), float(plane.y[rows[i]])), still)

    def _arrow(self, shaft: Array, at: tuple[float, float], still: Still) -> Array:
        """An outline from a place along a vector of pixels."""
        side = np.array([-shaft[1], shaft[0]])
        return self._in_data(HEAD[:, :1] * shaft + HEAD[:, 1:] * side, at, still)

    def _in_pixels(self, vector: Array, still: Still) -> Array:
        """A vector of the plane as it lies in the picture."""
        return np.asarray(vector * np.array(self.room) / (still.x.width, still.y.width))

    def _in_data(self, pixels: Array, at: tuple[float, float], still: Still) -> Array:
        """Places that are so many pixels away from one of the plane."""
        return np.asarray(np.array(at) + pixels / np.array(self.room) * (still.x.width, still.y.width))


def place_line(line: Line2D, parts: list[Array]) -> None:
    """Several pieces as one line."""
    data = np.concatenate(parts) if parts else np.empty((0, 2))
    line.set_data(data[:, 0], data[:, 1])


def middles(count: int, room: float) -> Array:
    """Samples about SPACING pixels apart, from half of that on."""
    number = max(2, round(room / SPACING))
    return np.unique(((np.arange(number) + 0.5) / number * (count - 1)).round().astype(np.intp))


def contours(plane: Plane, still: Still) -> Iterator[Array]:
    """Lines of equal z at numbers of the colour bar; none where the colours end, as beside a pole."""
    ends = still.z.limits
    z = np.ma.masked_where(~np.isfinite(plane.z) | (plane.z < ends.lo) | (plane.z > ends.hi), plane.z)
    if min(z.shape) < 2 or z.mask.all():
        return
    lines = contour_generator(plane.x, plane.y, z)
    for level in still.z.ticks(CONTOURS)[0]:
        yield from lines.lines(level)  # type: ignore[misc]
