"""Curves in words and numbers: the text/plain, a table as HTML, and what a picture's alt text says. Draws nothing.

Whatever is said here is the same on every machine: no times, no addresses, and six digits of each number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from gradmagic.explore import plane_report
from gradmagic.explore.curves import Curve, Curves
from gradmagic.explore.digits import DIGITS, digits_of, place_in
from gradmagic.explore.trace import Array, Call, Trace

__all__ = [
    "alt_text",
    "at_cursor",
    "by_choice",
    "call_text",
    "figure_at",
    "figure_of",
    "in_bytes",
    "minus",
    "place_of_x0",
    "table_html",
    "text",
    "x_at",
]

NEGATIVE = re.compile(r"(?:(?<=[\s(>])|^)-(?=[\d.∞]|inf\b)")
ROWS = 7
ROUNDING = 1e-12
UNITS = (("kB", 1e3), ("MB", 1e6), ("GB", 1e9))


def minus(text: str) -> str:
    """The same with the sign of a negative number as a minus: a screen reader says it, and a hyphen it passes over.

    >>> minus("y is -1 at x = -0.5, dy/dx = -inf; write x=-3:3, or 1e-9")
    'y is −1 at x = −0.5, dy/dx = −inf; write x=-3:3, or 1e-9'
    """
    return NEGATIVE.sub("−", text)


def figure_of(value: float | None, scale: float = 0.0, digits: int = DIGITS) -> str:
    """A number in six digits; what is only rounding beside `scale` is 0.

    Examples
    --------
    >>> figure_of(1.0), figure_of(2 / 3), figure_of(-1e-17, scale=1.0), figure_of(None), figure_of(np.nan)
    ('1', '0.666667', '0', '–', 'NaN')
    """
    if value is None:
        return "–"
    return f"{0.0 if abs(value) <= ROUNDING * scale else value:.{digits}g}".replace("nan", "NaN")


def in_bytes(count: int) -> str:
    r"""Bytes for people. No line ends between the number and its unit.

    >>> in_bytes(0), in_bytes(57_700), in_bytes(999_990)
    ('0\xa0B', '57.7\xa0kB', '1.0\xa0MB')
    """
    if count < 1000:
        return f"{count}\N{NO-BREAK SPACE}B"
    unit, one = next(((unit, one) for unit, one in UNITS if count < 999.95 * one), UNITS[-1])
    return f"{count / one:.1f}\N{NO-BREAK SPACE}{unit}"


def figure_at(row: Array, place: int) -> str:
    """One value of a curve; 0 if it is only rounding beside the values left and right of it."""
    return figure_of(float(row[place]), scale_beside(row, place), digits_of(row))


def x_at(curves: Curves, place: int) -> str:
    """One abscissa; 0 if it is only rounding beside its neighbours."""
    x, value = curves.x, float(curves.x[place])
    return place_in(x, 0.0 if abs(value) <= ROUNDING * scale_beside(x, place) else value)


def scale_beside(row: Array, place: int) -> float:
    """The size of a curve on both sides of a sample."""
    sides = (row[max(place - 2, 0) : place], row[place + 1 : place + 3])
    beside = [float(np.max(np.abs(side[np.isfinite(side)]))) for side in sides if np.isfinite(side).any()]
    return min(beside, default=0.0)


def at_cursor(curves: Curves) -> tuple[float | None, ...]:
    """The values at x0; 0 for what is only rounding beside the values left and right of it."""
    place = place_of_x0(curves) if curves.style == "line" else 0
    return tuple(
        0.0
        if value is not None and c.values is not None and abs(value) <= ROUNDING * scale_beside(c.values, place)
        else value
        for c, value in zip(curves.curves, curves.at_x0, strict=False)
    )


def scale_of(values: Array) -> float:
    """The size of the largest of a tensor's values, unless it is out of all proportion to the others."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(min(sizes.max(), 1e3 * np.median(sizes))) if sizes.size else 0.0


def text(curves: Curves, trace: Trace | None = None) -> str:
    """The deterministic text/plain: values over x, at x0, why something is missing, and the ledger."""
    parts = [headline(curves)]
    if curves.plane is not None:
        parts += [plane_report.table_text(curves.plane), "\n".join(plane_report.sentences(curves.plane))]
    else:
        parts += [table_text(curves)] if not curves.tables else [tensors_text(curves)]
    missing = [f"{c.label}: {c.note}" + (f" ({c.detail})" if c.detail else "") for c in curves.curves if c.note]
    if missing or curves.notes:
        parts.append("\n".join([*missing, *curves.notes]))
    if trace is not None and trace.failure is not None:
        where = f"stopped at line {trace.failure.line}: " if trace.failure.line else ""
        parts.append(f"{where}{trace.failure.message}")
    if trace is not None and trace.ledger:
        parts.append("\n".join(call_text(call) for call in trace.ledger))
    return "\n\n".join(parts)


def headline(curves: Curves) -> str:
    if curves.plane is not None:
        return plane_report.headline(curves.plane)
    names = ", ".join(curve.label for curve in curves.curves)
    if curves.style == "points":
        return f"{names} at {len(curves.x)} element{'s' * (len(curves.x) != 1)} of {curves.x_label}"
    lo, hi = (place_in(curves.x, float(end)) for end in curves.x[[0, -1]])
    return f"{names} for {curves.x_label} from {lo} to {hi}"


def call_text(call: Call) -> str:
    """One row of the ledger, without its time."""
    head = f"[{call.index + 1}] {call.source}"
    where = f" (line {call.line})" if call.line is not None else ""
    cure = f" – {call.cure.text}" if call.cure else ""
    return f"{head}{where}: {'' if call.ok else 'refused, '}{call.outcome}{cure}"


def by_choice(curves: Curves) -> str:
    """What is said of numbers at x0 that autograd chose, as 0 for the slope of a corner; empty if there is none."""
    labels = [curve.label for curve in curves.curves if curve.chosen]
    if not labels:
        return ""
    names = f"{', '.join(labels[:-1])} and {labels[-1]} are" if len(labels) > 1 else f"{labels[0]} is"
    return f"not differentiable here: {names} torch’s convention"


def chosen(curves: Curves) -> list[int]:
    """The samples that a short table shows: evenly spread, x0's row among them, gaps left out."""
    computed = curves.asked
    usable = np.flatnonzero(computed & defined_anywhere(curves))
    places = usable if len(usable) else np.flatnonzero(computed)
    picked = set(places[np.linspace(0, len(places) - 1, min(ROWS, len(places))).round().astype(int)].tolist())
    return sorted(picked | {place_of_x0(curves)})


def defined_anywhere(curves: Curves) -> Array:
    """Where at least one of the curves has a value."""
    rows = [~np.isnan(c.values) for c in curves.curves if c.values is not None]
    return np.any(rows, axis=0) if rows else np.ones(len(curves.x), dtype=bool)


def place_of_x0(curves: Curves) -> int:
    distance = np.abs(curves.x - curves.x0)
    return int(np.argmin(np.where(np.isnan(distance), np.inf, distance)))


def table_rows(curves: Curves) -> tuple[list[str], list[list[str]], int]:
    """Head, rows and the row of x0."""
    present = [c for c in curves.curves if c.values is not None]
    head = [curves.x_label, *(c.label for c in present)]
    places = chosen(curves)
    columns = values(present, curves.x)
    at = [x_at(curves, place) for place in places]
    rows = [[x, *(figure_at(row, place) for row in columns)] for x, place in zip(at, places, strict=True)]
    return head, rows, places.index(place_of_x0(curves))


def values(present: Iterable[Curve], x: Array) -> list[Array]:
    """The rows of these curves, infinities included."""
    return [row for curve in present if (row := curve.exact(x)) is not None]


def table_text(curves: Curves) -> str:
    """The table in columns; x0's row is marked."""
    head, rows, at = table_rows(curves)
    marked = [[" ", *head]] + [["*" if i == at else " ", *row] for i, row in enumerate(rows)]
    widths = [max(len(row[i]) for row in marked) for i in range(len(marked[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in marked]
    return "\n".join(lines)


def tensors_text(curves: Curves) -> str:
    """The tables of a tensor, each in its own shape."""
    return "\n\n".join(f"{label} =\n{array_text(values)}" for label, values in curves.tables)


def array_text(values: Array) -> str:
    scale, digits = scale_of(values), digits_of(values)
    return np.array2string(
        values,
        threshold=60,
        edgeitems=3,
        max_line_width=100,
        formatter={"float_kind": lambda v: figure_of(float(v), scale, digits)},
    )


def table_html(curves: Curves) -> str:
    """The same numbers as HTML; everything that a user may have written is escaped."""
    if curves.plane is not None:
        return minus(plane_report.table_html(curves.plane))
    if curves.tables:
        return "".join(
            f"<p>{escape(label)} =</p><pre>{escape(array_text(values))}</pre>" for label, values in curves.tables
        )
    head, rows, at = table_rows(curves)
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(row_html(row, marked=i == at) for i, row in enumerate(rows))
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def row_html(row: Sequence[str], *, marked: bool) -> str:
    first = f'<th scope="row">{escape(row[0])}{" (x₀)" if marked else ""}</th>'
    return minus(f"<tr>{first}{''.join(f'<td>{escape(cell)}</td>' for cell in row[1:])}</tr>")


def alt_text(curves: Curves) -> str:
    """What the picture shows, in words and numbers."""
    if curves.plane is not None:
        return minus(plane_report.alt(curves.plane, curves.notes))
    shape = "Points" if curves.style == "points" else "Curves"
    sentences = [f"{shape} of {headline(curves)}."]
    if curves.log:
        asked = [f"{name}-axis" for name in sorted(curves.log)]
        sentences.append(f"Logarithmic, as far as the numbers allow: {' and '.join(asked)}.")
    sentences += [in_words(curve, curves) for curve in curves.curves]
    at = [
        f"{curve.label} = {figure_of(value) if row is None else figure_at(row, place_of_x0(curves))}"
        for curve, value in zip(curves.curves, curves.at_x0, strict=True)
        if value is not None and ((row := curve.exact(curves.x)) is None or row.size)
    ]
    if at:
        at_x0 = f"At {curves.x_label} = {x_at(curves, place_of_x0(curves))}: {', '.join(at)}"
        sentences.append(f"{'; '.join(filter(None, (at_x0, by_choice(curves))))}.")
    said = [*curves.notes, *(mark.words for mark in curves.marks if mark.words)]
    names = {curves.x_label, *(curve.label for curve in curves.curves)}
    return minus(" ".join([*sentences, *(f"{plane_report.begun(note, names)}." for note in said)]))


def extremes(curves: Curves, row: Array) -> tuple[int, int]:
    """The places of the lowest and the highest value, by plain x if they can be had.

    Near a pole or an edge samples are as large as they happen to be near it: with one, only those of the grid count.
    """
    on_grid = np.where(curves.asked, row, np.nan)
    if np.isnan(on_grid).all():
        on_grid = row
    low, high = int(np.nanargmin(on_grid)), int(np.nanargmax(on_grid))
    if any(one.kind in ("pole", "upright", "edge") for one in curves.torn or ()):
        return low, high
    least, most = int(np.nanargmin(row)), int(np.nanargmax(row))
    return least if row[least] < row[low] else low, most if row[most] > row[high] else high


def in_words(curve: Curve, curves: Curves) -> str:
    """One curve: its lowest and highest value and where they are."""
    if curve.calm:
        return f"{curve.note}."
    if curve.values is None:
        return f"No {curve.label}: {(curve.note or 'it was not computed').rstrip('.')}."
    row = curve.values
    if np.isnan(row).all():
        return f"{curve.label} is nowhere a number."
    low, high = extremes(curves, row)
    bottom, top = figure_at(row, low), figure_at(row, high)
    if bottom == top:
        return f"{curve.label} is {top} throughout."
    ends = f"{bottom} at {curves.x_label} = {x_at(curves, low)} to {top} at {curves.x_label} = {x_at(curves, high)}"
    return f"{curve.label} runs from {ends}{', with gaps' if np.isnan(row).any() else ''}."
