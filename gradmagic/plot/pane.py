"""One of the stacked axes: its still part (ticks, names, a note) and its moving artists. Knows no caches."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

from gradmagic.plot.face import Face, Layout, Word
from gradmagic.plot.marks import Marks
from gradmagic.plot.overlaid import Overlaid
from gradmagic.plot.theme import (
    CURVE_WIDTH,
    EDGE_WIDTH,
    GRID_WIDTH,
    MARKERS,
    POINT_SIZE,
    SPINE_WIDTH,
    TANGENT_WIDTH,
    TICK_LABEL,
    TICK_LENGTH,
    TICK_PAD,
    TICK_WIDTH,
    ZERO_WIDTH,
    Theme,
)
from gradmagic.plot.wrap import font, width_of

__all__ = ["Pane"]

# Of several outputs, by their place: each has a colour and dashes of its own.
DASHES: tuple[Any, ...] = (
    "-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (10, 2)), (0, (6, 2, 1.5, 2, 1.5, 2)),
)  # fmt: skip
SAMPLE, AFTER, BETWEEN = 30.0, 6.0, 20.0  # pixels of a legend: a piece of line, its distance to the name, to the next
NOTHING: tuple[float, ...] = ()


class Pane:
    """The axes of one order of derivative."""

    def __init__(self, axes: Axes, order: int, theme: Theme, *, animated: bool, several: bool = False) -> None:
        self.axes, self.order, self.theme, self.several = axes, order, theme, several
        self.figure: Any = axes.figure
        self._shown: Face | None = None
        self._animated = animated
        self._dress()
        colour = theme.colour(order)
        self.zero = axes.axhline(0.0, color=theme.zero, linewidth=ZERO_WIDTH, marker="None", zorder=0.5, visible=False)
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
            spine.set(visible=side in ("left", "bottom"), color=theme.zero, linewidth=SPINE_WIDTH)
        axes.tick_params(
            axis="both", which="major", direction="out", length=TICK_LENGTH, width=TICK_WIDTH, pad=TICK_PAD,
            color=theme.faint, labelcolor=theme.faint, labelsize=TICK_LABEL, labelfontfamily="DejaVu Sans",
            top=False, right=False, left=True, bottom=True, labeltop=False, labelright=False, labelleft=True,
        )  # fmt: skip
        axes.grid(True, which="major", color=theme.grid, linewidth=GRID_WIDTH, linestyle="-", alpha=1.0)

    # --- the still part

    def put_on(self, face: Face, layout: Layout) -> None:
        """Ticks and words, for a figure that is saved: a frame paints them."""
        self.show(face)
        across, up = layout.across(face), layout.up(face)
        self._fix(self.axes.xaxis, across.positions, across.labels if face.x_label is not None else None)
        self._fix(self.axes.yaxis, up.positions, up.labels)
        self.zero.set_visible(face.shows_zero)
        for word in layout.words(face):
            self._write(word, layout)
        self.legend(face, layout)

    def legend(self, face: Face, layout: Layout) -> list[Artist]:
        """The names of the outputs above the pane, each after a piece of its line, or after one of its points."""
        size, made = 10.0, list[Artist]()
        room = layout.width - len(face.legend) * (SAMPLE + AFTER + BETWEEN) + BETWEEN
        widths = [width_of(name, size, False, layout.renderer) / layout.scale for name in face.legend]
        size *= min(1.0, room / max(sum(widths), 1.0))
        x, y = 0.0, layout.height + 14.0
        for number, (name, width) in enumerate(zip(face.legend, widths, strict=True)):
            line, ends = self._curve_line(number), [x, x + SAMPLE]
            if face.as_points:
                line.set(linestyle="none", marker=MARKERS[number], markersize=6.0, markeredgewidth=0.0)
                ends = [x + SAMPLE / 2] * 2
            line.set(animated=False, clip_on=False, transform=self.axes.transAxes)
            line.set_data(np.array(ends) / layout.width, np.array([y, y]) / layout.height)
            x += SAMPLE + AFTER
            made += [line, self._write(Word(name, x, y, size, self.theme.ink), layout, across="left")]
            x += width * size / 10.0 + BETWEEN
        return made

    def show(self, face: Face) -> None:
        """The limits of this face, for what moves; its pixels are somebody else's."""
        if face != self._shown:
            self._shown = face
            y = face.y_limits
            self.axes.set_xlim(face.x_limits.lo, face.x_limits.hi)
            self.axes.set_ylim(*((y.lo, y.hi) if y is not None else (0.0, 1.0)))

    @staticmethod
    def _fix(axis: Any, positions: tuple[float, ...], labels: tuple[str, ...] | None) -> None:
        """Ticks at these positions, with these words or with none."""
        axis.set_major_locator(FixedLocator(positions))
        axis.set_ticklabels(labels if labels is not None else [""] * len(positions), parse_math=False, usetex=False)
        for part in (axis.label, axis.offsetText):
            part.set_usetex(False)

    def _write(self, word: Word, layout: Layout, *, across: Literal["center", "left"] = "center") -> Text:
        """One line; user text is never read as mathematics."""
        return self.axes.text(
            word.x / layout.width, word.y / layout.height, word.text, transform=self.axes.transAxes, ha=across,
            va="center", rotation=90 if word.upright else 0, color=word.colour,
            fontproperties=font(word.points, bold=word.bold), parse_math=False, usetex=False, clip_on=False,
        )  # fmt: skip

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
            elif line.get_marker() != "None":  # of points that were there before
                line.set(linestyle=DASHES[number % len(DASHES)], marker="None")
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
