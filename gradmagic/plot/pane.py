"""One of the stacked axes: its still part (ticks, names, a note) and its moving artists. Knows no caches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from gradmagic.plot.limits import Limits
from gradmagic.plot.marks import Marks
from gradmagic.plot.overlaid import Overlaid
from gradmagic.plot.scales import LINEAR, Scale
from gradmagic.plot.theme import CURVE_WIDTH, EDGE_WIDTH, MARKERS, POINT_SIZE, TANGENT_WIDTH, Theme
from gradmagic.plot.ticks import ticks_on
from gradmagic.plot.wrap import LINE_HEIGHT, fitted, font, set_out, width_of

__all__ = ["Face", "Pane"]

# Of several outputs, by their place: each has a colour and dashes of its own.
DASHES: tuple[Any, ...] = (
    "-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (10, 2)), (0, (6, 2, 1.5, 2, 1.5, 2)),
)  # fmt: skip
SAMPLE, AFTER, BETWEEN = 30.0, 6.0, 20.0  # pixels of a legend: a piece of line, its distance to the name, to the next
ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
TICK_SPACING = 32.0  # pixels between ticks of y, about
NOTHING: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Face:
    """All that the still part of a pane shows: equal faces look the same."""

    x_limits: Limits
    y_limits: Limits | None
    label: str
    x_label: str | None
    note: str | None
    detail: str | None
    legend: tuple[str, ...] = ()
    as_points: bool = False
    scales: tuple[Scale, Scale] = (LINEAR, LINEAR)


def heading(order: int, label: str) -> str:
    """What is missing, in two words."""
    if order == 0:
        return f"no {label} to draw"
    return f"no {ORDINALS[order] if order < len(ORDINALS) else f'{order}th'} derivative"


class Pane:
    """The axes of one order of derivative."""

    def __init__(self, axes: Axes, order: int, theme: Theme, *, animated: bool, several: bool = False) -> None:
        self.axes, self.order, self.theme, self.several = axes, order, theme, several
        self.still: list[Artist] = []
        self._shown: Face | None = None
        self._animated = animated
        figure: Any = axes.figure
        self._dpi = float(figure.dpi)
        self._dress()
        colour = theme.colour(order)
        self.zero = axes.axhline(0.0, color=theme.zero, linewidth=0.8, marker="None", zorder=0.5, visible=False)
        self.cursor = self._line(color=theme.cursor, linewidth=1.1, linestyle=(0, (4, 3)))
        self.lines: list[Line2D] = []
        self.dots = self._line(color=colour, linestyle="none", marker=".", markersize=4)
        self.tangent = self._line(color=theme.colour(1), linewidth=TANGENT_WIDTH)
        self.point = self._line(
            color=colour, linestyle="none", marker="o", markersize=POINT_SIZE, markeredgewidth=EDGE_WIDTH,
            markerfacecolor=theme.background, markeredgecolor=colour,
        )  # fmt: skip
        self.point.set_zorder(5)
        self.overlaid = Overlaid(axes, theme, animated=animated)

    def _line(self, **style: Any) -> Line2D:
        """An empty line of this pane; what is not given is set too, so that no rcParams of the user's reach it."""
        plain: dict[str, Any] = {"linestyle": "-", "marker": "None", "antialiased": True, "solid_capstyle": "round"}
        line = Line2D(NOTHING, NOTHING, animated=self._animated, zorder=3, **(plain | style))
        line.set_sketch_params(None)
        line.set_path_effects([])
        self.axes.add_line(line)
        return line

    def _dress(self) -> None:
        """Spines, grid and ticks as the theme wants them, whatever the user's rcParams say."""
        axes, theme = self.axes, self.theme
        axes.set_facecolor(theme.background)
        axes.set_axisbelow(True)
        axes.minorticks_off()
        for side, spine in axes.spines.items():
            spine.set(visible=side in ("left", "bottom"), color=theme.zero, linewidth=1.0)
        axes.tick_params(
            axis="both", which="major", direction="out", length=4, width=0.8, pad=3, color=theme.faint,
            labelcolor=theme.faint, labelsize=8.5, labelfontfamily="DejaVu Sans", top=False, right=False, left=True,
            bottom=True, labeltop=False, labelright=False, labelleft=True,
        )  # fmt: skip
        axes.grid(True, which="major", color=theme.grid, linewidth=0.8, linestyle="-", alpha=1.0)

    # --- the still part

    def put_on(self, face: Face, renderer: Any) -> None:
        """Show another face."""
        self._shown = face
        for text in self.still:
            text.remove()
        self.still = []
        axes = self.axes
        colour = self.theme.ink if self.several else self.theme.colour(self.order)
        box = axes.bbox
        self._ticks_of_x(face, box.width)
        remark = self._ticks_of_y(face, box.height)
        # A little of the gap to the neighbours may be used.
        label, size = fitted(face.label + remark, 10.0, box.height + self._pixels(10), renderer)
        self._write(label, -62.0, box.height / 2, size, colour, rotation=90)
        if face.note is not None or face.detail is not None:
            self._explain(face, renderer)
        if face.legend:
            self._legend(face.legend, renderer, as_points=face.as_points)

    def _legend(self, names: tuple[str, ...], renderer: Any, *, as_points: bool) -> None:
        """The names of the outputs above the pane, each after a piece of its line, or after one of its points."""
        size, scale, box = 10.0, self._pixels(1), self.axes.bbox
        room = box.width / scale - len(names) * (SAMPLE + AFTER + BETWEEN) + BETWEEN
        widths = [width_of(name, size, False, renderer) / scale for name in names]
        size *= min(1.0, room / max(sum(widths), 1.0))
        x, y = 0.0, box.height / scale + 14.0
        for number, (name, width) in enumerate(zip(names, widths, strict=True)):
            line, ends = self._curve_line(number), [x, x + SAMPLE]
            if as_points:
                line.set(linestyle="none", marker=MARKERS[number], markersize=6.0, markeredgewidth=0.0)
                ends = [x + SAMPLE / 2] * 2
            line.set(animated=False, clip_on=False, transform=self.axes.transAxes)
            line.set_data(np.array(ends) * scale / box.width, np.array([y, y]) * scale / box.height)
            self.still.append(line)
            x += SAMPLE + AFTER
            self._write(name, x, y, size, self.theme.ink, across="left")
            x += width * size / 10.0 + BETWEEN

    def show(self, face: Face) -> None:
        """The limits of this face, for what moves; its pixels are somebody else's."""
        if face != self._shown:
            self._shown = face
            y = face.y_limits
            self.axes.set_xlim(face.x_limits.lo, face.x_limits.hi)
            self.axes.set_ylim(*((y.lo, y.hi) if y is not None else (0.0, 1.0)))

    def _ticks_of_x(self, face: Face, width: float) -> None:
        """The ticks of x; only the lowest pane says their numbers and the name of x."""
        marks = ticks_on(face.scales[0], face.x_limits, max(2, round(width / self._pixels(72))))
        self.axes.set_xlim(face.x_limits.lo, face.x_limits.hi)
        self._fix(self.axes.xaxis, marks.positions, marks.labels if face.x_label is not None else None)
        if face.x_label is not None:
            self._write(face.x_label + marks.remark, width / self._pixels(1) / 2, -32.0, 10.0, self.theme.ink)

    def _ticks_of_y(self, face: Face, height: float) -> str:
        """The ticks of y; a pane without numbers has none. Gives what the labels leave out."""
        if face.y_limits is None:
            self.axes.set_ylim(0.0, 1.0)
            self.axes.yaxis.set_major_locator(NullLocator())
            self.zero.set_visible(False)
            return ""
        marks = ticks_on(face.scales[1], face.y_limits, max(2, round(height / self._pixels(TICK_SPACING))))
        self.axes.set_ylim(face.y_limits.lo, face.y_limits.hi)
        self._fix(self.axes.yaxis, marks.positions, marks.labels)
        self.zero.set_visible(face.y_limits.lo < 0 < face.y_limits.hi and face.scales[1].kind != "log")
        return marks.remark

    @staticmethod
    def _fix(axis: Any, positions: tuple[float, ...], labels: tuple[str, ...] | None) -> None:
        """Ticks at these positions, with these words or with none."""
        axis.set_major_locator(FixedLocator(positions))
        axis.set_ticklabels(labels if labels is not None else [""] * len(positions), parse_math=False, usetex=False)
        for part in (axis.label, axis.offsetText):
            part.set_usetex(False)

    def _pixels(self, length: float) -> float:
        """Lengths are said in pixels of a 100-dpi figure; a finer one has more of them."""
        return length * self._dpi / 100.0

    def _write(
        self, text: str, x: float, y: float, size: float, colour: str, *, rotation: float = 0,
        bold: bool = False, across: Literal["center", "left"] = "center",
    ) -> None:  # fmt: skip
        """Text at pixels from the lower left corner of the pane; user text is never read as mathematics."""
        box = self.axes.bbox
        where = (self._pixels(x) / box.width, (y if rotation else self._pixels(y)) / box.height)
        self.still.append(
            self.axes.text(
                *where, text, transform=self.axes.transAxes, ha=across, va="center", rotation=rotation, color=colour,
                fontproperties=font(size, bold=bold), parse_math=False, usetex=False, clip_on=False,
            )
        )  # fmt: skip

    def _explain(self, face: Face, renderer: Any) -> None:
        """Why there is nothing to see: a heading, plain words and torch's words, centred, nothing cut."""
        box, theme = self.axes.bbox, self.theme
        texts = [(heading(self.order, face.label), 11.0, True)]
        texts += [(text, 8.0, False) for text in (face.note, face.detail) if text]
        scale = self._pixels(1)
        paragraphs = set_out(texts, (0.94 * box.width, 0.94 * box.height), renderer, scale * 100 / 72)
        y = (box.height + sum(paragraph.height for paragraph in paragraphs)) / 2 / scale
        for number, paragraph in enumerate(paragraphs):
            step = paragraph.points * LINE_HEIGHT * 100 / 72
            colour = (theme.alarm, theme.ink, theme.faint)[number]
            for line in paragraph.lines:
                self._write(line, box.width / scale / 2, y - step / 2, paragraph.points, colour, bold=paragraph.bold)
                y -= step

    # --- the moving part

    def lay(self, marks: Marks, face: Face) -> None:
        """Set the moving artists to these marks."""
        self.show(face)
        outputs = marks.outputs or range(len(marks.values))
        while len(self.lines) <= max(outputs, default=-1):
            self.lines.append(self._curve_line(len(self.lines)))
        for line in self.lines:
            line.set_visible(False)
        for number, values in zip(outputs, marks.values, strict=True):
            line = self.lines[number]
            if marks.as_points:
                shape = MARKERS[(number if self.several else self.order) % len(MARKERS)]
                line.set(linestyle="none", marker=shape, markeredgewidth=0.0)
                line.set_markersize(6.0 if values.size <= 200 else 3.0)
            place(line, marks.x, values)
        place(self.dots, *(marks.dots or (None, None)))
        place(self.tangent, *(marks.tangent or (None, None)))
        cursor = None if marks.cursor is None else (marks.cursor,) * 2
        place(self.cursor, cursor, self.axes.get_ylim())
        place(self.point, cursor and cursor[:1], None if marks.point is None else (marks.point,))

    def _curve_line(self, number: int) -> Line2D:
        """The line of one more curve; several of one order differ in their colours and dashes."""
        colour = self.theme.colour(number if self.several else self.order)
        return self._line(color=colour, linewidth=CURVE_WIDTH, linestyle=DASHES[number % len(DASHES)])

    def moving(self) -> list[Line2D]:
        """The artists that are drawn anew on every frame, lowest first; the cursor is painted."""
        artists = [*self.lines, self.dots, self.tangent, self.point]
        return [artist for artist in artists if artist.get_visible()]


def place(line: Line2D, x: Any, y: Any) -> None:
    """These numbers on the line; it is not seen if there are none."""
    line.set_visible(x is not None and y is not None)
    if x is not None and y is not None:
        line.set_data(x, y)
