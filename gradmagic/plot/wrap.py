"""Text broken into lines that fit a width. Knows pixels and fonts, no axes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.ft2font import FT2Font

from gradmagic.explore.record import record

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

__all__ = ["Paragraph", "extent", "fitted", "font", "set_out", "typeface", "width_of"]

FAMILY = "DejaVu Sans"  # comes with matplotlib: the same picture everywhere
LINE_HEIGHT = 1.35
ASCENT, DESCENT = 0.76, 0.24  # of the family, in its size
SUBPIXELS = 64  # of a pixel: FreeType's unit


def file_of(*, bold: bool) -> str:
    """Where the family is; named, so that nobody looks through all fonts of the machine for it."""
    return str(Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"))


@lru_cache(maxsize=128)
def font(points: float, *, bold: bool = False) -> FontProperties:
    """The one family at a size, for matplotlib's artists."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=[FAMILY], size=points, weight="bold" if bold else "normal", fname=file_of(bold=bold))


def typeface(points: float, dpi: float, *, bold: bool = False) -> Any:
    """The same as FreeType has it: it lays out and draws one line at a time, so each thread has its own."""
    return face_of(points, dpi, bold, get_ident())


@lru_cache(maxsize=128)
def face_of(points: float, dpi: float, bold: bool, _: int) -> Any:
    face = FT2Font(file_of(bold=bold))
    face.set_size(points, dpi)
    return face


@record
class Paragraph:
    """Lines in one font."""

    lines: tuple[str, ...]
    points: float
    bold: bool
    height: float


@lru_cache(maxsize=2048)
def extent(text: str, points: float, bold: bool, dpi: float) -> tuple[float, float, float]:
    """How wide one line is, how high, and how much of that is below its baseline: in pixels of so many to an inch.

    An axis says the same few numbers again and again, and to lay one out takes as long as to draw it.
    """
    face = typeface(points, dpi, bold=bold)
    face.set_text(text, 0.0)
    width, height = face.get_width_height()
    return width / SUBPIXELS, height / SUBPIXELS, face.get_descent() / SUBPIXELS


def width_of(text: str, points: float, bold: bool, renderer: Any) -> float:
    """How wide one line is, in pixels."""
    return extent(text, points, bold, renderer.dpi)[0]


def fitted(text: str, points: float, room: float, renderer: Any) -> tuple[str, float]:
    """A name and the size, up to `points`, at which it fits into `room` pixels; on two lines if need be."""
    size = points * min(1.0, room / max(width_of(text, points, False, renderer), 1.0))
    if size >= 7.5:
        return text, size
    size = 7.5
    while size > 5.0 and len(lines_of(text, size, False, room, renderer)) > 2:
        size -= 0.5
    return "\n".join(balanced(text, size, False, room, renderer)), size


def lines_of(text: str, points: float, bold: bool, room: float, renderer: Any) -> list[str]:
    """Text broken between words, and inside a word that alone is too long."""
    lines: list[str] = []
    for source in text.splitlines():
        line = ""
        for word in source.split():
            trial = f"{line} {word}" if line else word
            if width_of(trial, points, bold, renderer) <= room:
                line = trial
                continue
            lines += [line] if line else []
            line = word
            while width_of(line, points, bold, renderer) > room and len(line) > 1:
                cut = len(line) - 1
                while cut > 1 and width_of(line[:cut], points, bold, renderer) > room:
                    cut -= 1
                lines.append(line[:cut])
                line = line[cut:]
        lines += [line] if line else []
    return lines


def balanced(text: str, points: float, bold: bool, room: float, renderer: Any) -> list[str]:
    """The same number of lines as `lines_of`, of about equal length: no word is left alone on the last one."""
    lines = lines_of(text, points, bold, room, renderer)
    for part in (0.55, 0.65, 0.75, 0.85, 0.95) if 1 < len(lines) < 6 else ():
        narrower = lines_of(text, points, bold, part * room, renderer)
        if len(narrower) == len(lines):
            return narrower
    return lines


def set_out(
    texts: list[tuple[str, float, bool]], room: tuple[float, float], renderer: Any, pixels_per_point: float
) -> list[Paragraph]:
    """Paragraphs of (text, points, bold), shrunk together until they fit into (width, height) pixels."""
    width, height = room
    for shrink in (1.0, 0.92, 0.85, 0.78, 0.72, 0.66):
        paragraphs = []
        for text, points, bold in texts:
            size = max(points * shrink, 5.5)
            lines = tuple(balanced(text, size, bold, width, renderer))
            paragraphs.append(Paragraph(lines, size, bold, len(lines) * size * LINE_HEIGHT * pixels_per_point))
        if sum(paragraph.height for paragraph in paragraphs) <= height:
            break
    return paragraphs
