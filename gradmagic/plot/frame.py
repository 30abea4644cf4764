"""Curves as a picture that is redrawn fast: moving artists over cached still parts. Knows no widgets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.transforms import Bbox

from gradmagic.explore.curves import Curve, Curves
from gradmagic.explore.explain import ordinal_label
from gradmagic.explore.record import record
from gradmagic.explore.scales import LINEAR, Scale
from gradmagic.plot.agg import renderer_of
from gradmagic.plot.brush import Brush
from gradmagic.plot.canvas import Canvas, Strip
from gradmagic.plot.face import Face, Layout
from gradmagic.plot.ground import Ground
from gradmagic.plot.limits import HUGE, Limits, Placed, Reach, follow, reach
from gradmagic.plot.marks import Marks, marks_of
from gradmagic.plot.palette import palette_of
from gradmagic.plot.scales import Drawn, drawn
from gradmagic.plot.theme import DPI, THEMES, Theme, ThemeName

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gradmagic.plot.pane import Pane

__all__ = ["Frame", "figure", "height_for"]

LEFT, RIGHT, TOP, BOTTOM, GAP = 82, 18, 12, 44, 17  # pixels around and between the panes
LEGEND = 20  # more above the panes, for the names of several outputs
FIRST_PANE = 1.35  # the pane of y is taller than the others by this factor
STILLS = 48  # how many still parts are kept: a band of 640×160 pixels takes 500 kB
CROWD = 5  # panes, from which on each further one is lower
NO_LIMITS = Limits(0.0, 1.0)  # of a pane without numbers
NO_NUMBER = "It has no finite value anywhere here."


def height_for(panes: int) -> int:
    """A good height for this many panes, in pixels."""
    return 210 + 110 * min(panes, CROWD) + 72 * max(panes - CROWD, 0)


@record
class Band:
    """The horizontal strip of the picture that one pane owns, from `lower` to `upper`, and the pane's own box in it."""

    lower: float
    upper: float
    box: tuple[float, float, float, float]


def bands(count: int, width: int, height: int, above: int = TOP) -> list[Band]:
    """Strips from the top down that meet in the middle of the gaps; `above` the first pane are so many pixels."""
    shares = [FIRST_PANE] + [1.0] * (count - 1) if count > 1 else [1.0]
    room = height - above - BOTTOM - GAP * (count - 1)
    result, top = [], float(height - above)
    for number, share in enumerate(shares):
        bottom = top - room * share / sum(shares)
        upper = height if number == 0 else round(top + GAP / 2)
        lower = 0 if number == count - 1 else round(bottom - GAP / 2)
        box = (LEFT / width, bottom / height, (width - LEFT - RIGHT) / width, (top - bottom) / height)
        result.append(Band(lower, upper, box))
        top = bottom - GAP
    return result


def by_order(curves: Curves) -> dict[int, tuple[int, ...]]:
    """The places of the curves of each order among all: they share a pane."""
    result: dict[int, tuple[int, ...]] = {}
    for place, curve in enumerate(curves.curves):
        result[curve.order] = (*result.get(curve.order, ()), place)
    return result


def of_pane(curves: Curves, places: tuple[int, ...]) -> tuple[Curve, ...]:
    """The curves at these places."""
    return tuple([curves.curves[place] for place in places])


def value_at_x0(curves: Curves, place: int) -> float | None:
    """The value of a curve at x0, if it has one."""
    value = curves.at_x0[place] if place < len(curves.at_x0) else None
    return None if value is None or not math.isfinite(value) else float(value)


def x_limits(curves: Curves) -> Limits:
    """What is shown of x: a line's whole range; points get some air."""
    x = curves.x if curves.style == "line" else curves.x[np.isfinite(curves.x)]
    lo, hi = (float(x.min()), float(x.max())) if x.size else (0.0, 1.0)
    if not hi - lo > 1e-12 * max(abs(lo), abs(hi)):
        air = abs(lo) / 2 or 1.0
    else:
        air = 0.04 * (hi - lo) if curves.style == "points" else 0.0
    return Limits(lo - air, hi + air)


class Frame:
    """A figure of stacked panes that turns one `Curves` after another into PNG.

    No pyplot is involved, and no axes until artists are needed. What moves is drawn over still parts that are kept for
    each pane by what they show, so that a step of a slider draws a few lines and no text.

    Parameters
    ----------
    theme : {"light", "dark"}
    size : tuple of int
        Width and height in pixels.
    scale : float
        Pixels of the picture for each of these: 2 for a sharp picture on a dense screen.

    Attributes
    ----------
    anchors : tuple of (int, float)
        After `draw`: for each curve that has a point at x0, its place among the curves and how far down the picture
        that point is, in pixels of `size`.
    marks : tuple of Marks
        After `draw`: what was drawn in each pane.
    inputs : tuple of Placed
        After `draw`: where in the picture x lies, if it shows a cursor over a range.
    notes : tuple of str
        After `draw`: what the picture does not show, in words.
    """

    def __init__(self, theme: ThemeName = "light", size: tuple[int, int] = (640, 480), scale: float = 1.0) -> None:
        self.theme: Theme = THEMES[theme]
        self.size, self.scale = size, scale
        self.notes: tuple[str, ...] = ()
        self.marks: tuple[Marks, ...] = ()
        self._last: tuple[Drawn, list[Face], list[Band]] | None = None
        self.stills_drawn = 0
        self._orders: tuple[int, ...] = ()
        self._outputs: tuple[str, ...] = ()
        self._artists: list[Pane] = []
        self._limits: dict[int, Limits] = {}
        self._x_limits: Limits | None = None
        self._scales: dict[int, Scale] = {}
        self._stills: dict[tuple[int, Face], Strip] = {}
        self._faced, self._strips = list[Face](), tuple[Strip, ...]()

    def draw(self, curves: Curves) -> bytes:
        """The PNG of these curves.

        A tangent is drawn only where dy/dx is the slope of y (`curves.slopes`).
        """
        shown = drawn(curves)
        curves = shown.curves
        groups = by_order(curves)
        if (tuple(groups), curves.outputs) != (self._orders, self._outputs):
            self._build(tuple(groups), curves.outputs)
        with np.errstate(all="ignore"):
            faces = self._faces(shown, groups)
            self._restore(faces)
            marks = self._marks(curves, groups, faces)
            for number, mine in enumerate(marks):
                self._draw_marks(number, mine, faces[number])
        self._last, self.marks = (shown, faces, self._bands), marks
        return self._pixels.png()

    def wipe(self) -> None:
        """Make the canvas ready for the next picture, when there is time."""
        self._pixels.wipe()

    def still_figure(self, curves: Curves) -> Figure:
        """The same as a figure of its own, for `savefig`."""
        twin = Frame(self.theme.name, self.size, self.scale)
        twin._limits, twin._x_limits, twin._scales = dict(self._limits), self._x_limits, dict(self._scales)
        shown = drawn(curves)
        curves = shown.curves
        groups = by_order(curves)
        twin._build(tuple(groups), curves.outputs)
        faces = twin._faces(shown, groups)
        marks = twin._marks(curves, groups, faces)
        panes = twin._panes(animated=False)
        for pane, layout, face, mine in zip(panes, twin._layouts, faces, marks, strict=True):
            pane.put_on(face, layout)
            pane.lay(mine, face)
            pane.overlaid.lay(mine.overlaid, below=True)
            pane.overlaid.lay(mine.overlaid, below=False)
        made: Figure = panes[0].figure
        return made

    @property
    def anchors(self) -> tuple[tuple[int, float], ...]:
        """For each curve of the last picture that has a point at x0, its place and how far down that is."""
        if self._last is None:
            return ()
        (shown, faces, bands), found = self._last, list[tuple[int, float]]()
        panes = zip(by_order(shown.curves).values(), faces, self.marks, bands, strict=True)
        for places, face, marks, band in panes:
            if marks.cursor is not None and face.y_limits is not None:
                values = [(place, value_at_x0(shown.curves, place)) for place in places]
                found += self._anchored(values, face.y_limits, band)
        return tuple(sorted(found))

    def _anchored(
        self, values: Iterable[tuple[int, float | None]], limits: Limits, band: Band
    ) -> Iterator[tuple[int, float]]:
        """For each curve of a pane that has a value at x0, its place among all and how far down its point is."""
        _, bottom, _, height = band.box
        for place, value in values:
            if value is not None and abs(value) < HUGE:
                share = (value - limits.lo) / limits.width
                yield place, self.size[1] * (1 - bottom - min(max(share, 0.0), 1.0) * height)

    @property
    def inputs(self) -> tuple[Placed, ...]:
        """Where in the last picture x lies."""
        if self._last is None or self._last[0].curves.style != "line":
            return ()
        (shown, faces, _), (width, _) = self._last, self.size
        return (Placed(faces[0].x_limits, LEFT / width, 1 - RIGHT / width, log=shown.x.kind == "log"),)

    # --- how it is built

    def _build(self, orders: tuple[int, ...], outputs: tuple[str, ...]) -> None:
        """A new canvas with one band for each order, and room for a legend if there are several outputs."""
        width, height = self.size
        across, up = round(width * self.scale), round(height * self.scale)
        self._renderer = renderer_of(across, up, DPI * self.scale)
        self._orders, self._outputs = orders, outputs
        self._bands = bands(len(orders), width, height, TOP + LEGEND * bool(outputs))
        self._artists = []
        self._limits = {order: limits for order, limits in self._limits.items() if order in orders}
        self._stills.clear()
        self._faced = []
        palette = palette_of(self.theme, (*orders, *range(len(outputs))))
        self._pixels = Canvas(self._renderer.buffer_rgba(), palette)
        self._layouts, self._brushes, self._grounds = [], [], []
        for order, band in zip(orders, self._bands, strict=True):
            x, y, wide, high = band.box
            box = Bbox.from_bounds(x * across, y * up, wide * across, high * up)
            colour = self.theme.ink if outputs else self.theme.colour(order)
            layout = Layout(wide * width, high * height, self.scale, order, colour, self.theme, self._renderer)
            self._layouts.append(layout)
            self._grounds.append(Ground(self._renderer, box, layout))
            self._brushes.append(Brush(self._renderer, box, self._pixels.words, self.theme, order))

    def _panes(self, *, animated: bool) -> list[Pane]:
        """The axes of a figure, in the places of the bands."""
        from gradmagic.plot.axes import Picture

        figure, several = Picture(self.size, self.theme, self.scale), bool(self._outputs)
        return [
            figure.pane(band.box, order, animated=animated, several=several)
            for order, band in zip(self._orders, self._bands, strict=True)
        ]

    def _faces(self, shown: Drawn, groups: dict[int, tuple[int, ...]]) -> list[Face]:
        """What the still part of each pane is to show."""
        curves = shown.curves
        span, notes, faces = x_limits(curves), list[str](), list[Face]()
        if span != self._x_limits:
            self._limits, self._x_limits = {}, span
        lowest = self._orders[-1]
        for order, places in groups.items():
            mine = of_pane(curves, places)
            label = ", ".join(dict.fromkeys(curve.label for curve in mine))
            # the legend says of what: one pane's d²u/dx², d²v/dx², … would fill it
            short = label if not curves.outputs or order == 0 else ordinal_label(order, "", curves.x_label)
            values = [curve.values for curve in mine if curve.values is not None]
            scale = shown.of(order)
            known = reach(*values, single=curves.style == "points", even=curves.even) if values else None
            if known is not None and curves.even is not None and scale.kind != "linear" and has_pole(curves):
                known = within(known, reach(*(row[curves.even] for row in values)))
            note: str | None = None
            detail: str | None = None
            limits: Limits | None = None
            if known is not None:
                before = self._limits.get(order) if self._scales.get(order, LINEAR) == scale else None
                limits, self._scales[order] = follow(before, known), scale
                self._limits[order] = limits
                if known.cut:
                    notes += cut_note(label, known, limits, scale)
                if scale.kind == "both":
                    notes.append(both_note(label, scale))
            elif values:
                note = NO_NUMBER
            else:
                note, detail = mine[0].note or "", mine[0].detail
            if values:
                notes += [f"no {curve.label}: {curve.note}" for curve in mine if curve.values is None]
            x_label = curves.x_label if order == lowest else None
            legend = curves.outputs if order == self._orders[0] else ()
            calm = not values and mine[0].calm
            as_points, scales = curves.style == "points", (shown.x, scale)
            faces.append(Face(span, limits, short, x_label, note, detail, legend, as_points, scales, calm))
        self.notes = tuple(notes)
        return faces

    def _restore(self, faces: list[Face]) -> None:
        """Put the still parts on the canvas; those not seen lately are drawn first."""
        if faces != self._faced:
            self._faced, self._strips = faces, tuple(map(self._strip, enumerate(faces)))
        self._pixels.restore(self._strips)
        while len(self._stills) > STILLS:
            del self._stills[next(iter(self._stills))]

    def _strip(self, key: tuple[int, Face]) -> Strip:
        """The still part of a pane, drawn if there is none of this face."""
        if key not in self._stills:
            self._stills[key] = self._draw_still(*key)
        return self._stills[key]

    def _draw_still(self, number: int, face: Face) -> Strip:
        """The pixels of one band, with this face."""
        band, height = self._bands[number], len(self._pixels.words)
        rows = height - round(band.upper * self.scale), height - round(band.lower * self.scale)
        self._pixels.blank(*rows)
        self._grounds[number].paint(face)
        if face.legend:
            for artist in self._pane(number).legend(face, self._layouts[number]):
                artist.draw(self._renderer.for_artists)
                artist.remove()
        self.stills_drawn += 1
        return self._pixels.strip(*rows)

    def _marks(self, curves: Curves, groups: dict[int, tuple[int, ...]], faces: list[Face]) -> tuple[Marks, ...]:
        """What moves."""
        found = list[Marks]()
        slope = value_at_x0(curves, groups[1][0]) if curves.slopes and 1 in groups else None
        for (order, places), face in zip(groups.items(), faces, strict=True):
            mine, at_x0 = of_pane(curves, places), value_at_x0(curves, places[0])
            found.append(marks_of(curves, mine, face.x_limits, at_x0, slope if order == 0 else None))
        return tuple(found)

    def _draw_marks(self, number: int, marks: Marks, face: Face) -> None:
        """Draw what moves in one pane: plain marks by the brush, all others by matplotlib's artists."""
        brush, y = self._brushes[number], face.y_limits or NO_LIMITS
        pane = None if marks.plain and not marks.overlaid else self._pane(number)
        if pane is not None and marks.overlaid:
            pane.show(face)
            for artist in pane.overlaid.lay(marks.overlaid, below=True):
                artist.draw(self._renderer.for_artists)
        if marks.cursor is not None:
            brush.cursor(marks.cursor, face.x_limits)
        if pane is None or marks.plain:
            brush.draw(marks, face.x_limits, y)
        else:
            pane.lay(marks, face)
            for artist in pane.moving():
                artist.draw(self._renderer.for_artists)
        if pane is not None and marks.overlaid:
            for artist in pane.overlaid.lay(marks.overlaid, below=False):
                artist.draw(self._renderer.for_artists)

    def _pane(self, number: int) -> Pane:
        """The axes of a pane, for its artists; made when they are needed."""
        self._artists = self._artists or self._panes(animated=True)
        return self._artists[number]


def has_pole(curves: Curves) -> bool:
    return any(one.kind == "pole" for one in curves.torn or ())


def within(all_of_it: Reach, grid: Reach | None) -> Reach:
    """Next to a pole the samples go up for as many decades as they come near to it: those of the grid set the scale."""
    return all_of_it if grid is None else Reach(grid.lo, grid.hi, all_of_it.least, all_of_it.most)


def cut_note(label: str, known: Reach, limits: Limits, scale: Scale) -> list[str]:
    """The sentence that tells of samples beyond the axis, if there are any."""
    if limits.holds(known.least, known.most):
        return []
    least, most = scale.number(known.least), scale.number(known.most)
    whose = "go beyond their axis: their" if ", " in label else "goes beyond its axis: its"
    return [f"{label} {whose} samples reach from {least:.4g} to {most:.4g}."]


def both_note(label: str, scale: Scale) -> str:
    """The sentence that tells of an axis that is logarithmic on both sides of zero."""
    inner = f"±{scale.inner:g}"
    return f"{label} is not above 0 everywhere: its axis is logarithmic on both sides of 0, and linear within {inner}."


def figure(curves: Curves, theme: ThemeName = "light", size: tuple[int, int] | None = None) -> Figure:
    """A matplotlib figure of curves, for `savefig` in any format.

    Parameters
    ----------
    curves : Curves
    theme : {"light", "dark"}
    size : tuple of int, optional
        Width and height in pixels at 100 dpi; by default 640 wide and as high as the number of curves asks for.

    Examples
    --------
    >>> import numpy as np
    >>> from gradmagic.explore.curves import Curve, Curves
    >>> x = np.linspace(-3, 3, 101)
    >>> square = Curves(x, (Curve(0, "y", x**2), Curve(1, "dy/dx", 2 * x)), "x", "line", 1.0, (1.0, 2.0))
    >>> len(figure(square).axes)
    2
    """
    panes = len(by_order(curves))
    return Frame(theme, size or (640, height_for(panes))).still_figure(curves)
