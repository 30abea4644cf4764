"""What the still part of a pane shows, and which words stand where in it. Knows no axes and paints nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gradmagic.explore.record import record
from gradmagic.explore.scales import LINEAR, Scale
from gradmagic.plot.limits import Limits
from gradmagic.plot.theme import TICK_LABEL, TICK_LENGTH, TICK_PAD, Theme
from gradmagic.plot.ticks import Ticks, ticks_on
from gradmagic.plot.wrap import LINE_HEIGHT, fitted, set_out, width_of

__all__ = ["Face", "Layout", "Word"]

ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
ACROSS, UP = 72.0, 32.0  # pixels between ticks of x and of y, about
NAME, FARTHEST = 62.0, 74.0  # pixels from the axis to the middle of its name, as a rule and at most


@record
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
    calm: bool = False  # the note tells of no failure

    @property
    def shows_zero(self) -> bool:
        """Whether a line is drawn at zero."""
        y = self.y_limits
        return y is not None and y.lo < 0 < y.hi and self.scales[1].kind != "log"


@record
class Word:
    """One line of text, its middle so many pixels from the lower left corner of the pane."""

    text: str
    x: float
    y: float
    points: float
    colour: str
    upright: bool = False  # read from below
    bold: bool = False


@record
class Layout:
    """What stands where in a pane of some width and height, in pixels of a picture of 100 dpi.

    `scale` says how many pixels of the picture's own each of these is, `colour` is that of the name of y, and
    `renderer` tells how wide a text is in pixels of its own.
    """

    width: float
    height: float
    scale: float
    order: int
    colour: str
    theme: Theme
    renderer: Any

    def across(self, face: Face) -> Ticks:
        """The ticks of x."""
        return ticks_on(face.scales[0], face.x_limits, max(2, round(self.width / ACROSS)))

    def up(self, face: Face) -> Ticks:
        """The ticks of y; a pane without numbers has none."""
        if face.y_limits is None:
            return Ticks((), (), "")
        return ticks_on(face.scales[1], face.y_limits, max(2, round(self.height / UP)))

    def words(self, face: Face) -> Iterator[Word]:
        """The names of both axes, and what there is to explain; only the lowest pane says the name of x."""
        if face.x_label is not None:
            yield Word(face.x_label + self.across(face).remark, self.width / 2, -32.0, 10.0, self.theme.ink)
        # A little of the gap to the neighbours may be used.
        room = (self.height + 10) * self.scale
        label, points = fitted(face.label + self.up(face).remark, 10.0, room, self.renderer)
        lines, step = label.split("\n"), points * LINE_HEIGHT * 100 / 72
        for number, line in enumerate(lines):
            x = self._beside(face, points) + (number - (len(lines) - 1) / 2) * step
            yield Word(line, x, self.height / 2, points, self.colour, upright=True)
        if face.note is not None or face.detail is not None:
            yield from self._explained(face)

    def _beside(self, face: Face, points: float) -> float:
        """Where the name of y stands: always at the same place, but beyond its numbers where they are long."""
        widest = max((width_of(text, TICK_LABEL, False, self.renderer) for text in self.up(face).labels), default=0.0)
        numbers = widest / self.scale + (TICK_LENGTH + TICK_PAD) * 100 / 72
        return -min(max(NAME, numbers + 3 + points * 100 / 72 / 2), FARTHEST)

    def _explained(self, face: Face) -> Iterator[Word]:
        """Why there is nothing to see: a heading, plain words and torch's words, centred, nothing cut."""
        texts = [] if face.calm else [(heading(self.order, face.label), 11.0, True)]
        texts += [(text, 9.0 if face.calm else 8.0, False) for text in (face.note, face.detail) if text]
        colours = (self.theme.faint,) if face.calm else (self.theme.alarm, self.theme.ink, self.theme.faint)
        room = (0.94 * self.width * self.scale, 0.94 * self.height * self.scale)
        paragraphs = set_out(texts, room, self.renderer, self.scale * 100 / 72)
        y = (self.height + sum(paragraph.height for paragraph in paragraphs) / self.scale) / 2
        for number, paragraph in enumerate(paragraphs):
            step = paragraph.points * LINE_HEIGHT * 100 / 72
            for line in paragraph.lines:
                yield Word(line, self.width / 2, y - step / 2, paragraph.points, colours[number], bold=paragraph.bold)
                y -= step


def heading(order: int, label: str) -> str:
    """What is missing, in two words."""
    if order == 0:
        return f"no {label} to draw"
    return f"no {ORDINALS[order] if order < len(ORDINALS) else f'{order}th'} derivative"
