"""A number over two inputs in words and numbers: text/plain, HTML, alt text. Draws nothing.

As in `report`, what is said is the same on every machine: six digits, and rounding beside larger numbers is 0.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from html import escape

import numpy as np

from gradmagic.explore.digits import place_in
from gradmagic.explore.planes import Critical, Extreme, Plane
from gradmagic.explore.trace import Array

__all__ = [
    "along",
    "alt",
    "at_cursor",
    "chosen",
    "critical_in_words",
    "figure",
    "found",
    "headline",
    "sentences",
    "table_html",
    "table_text",
]

MOST_SAID = 12  # critical points that are said one by one
ROWS = 5  # of the short table, besides the cursor's
ROUNDING = 1e-10
SYMBOLS = {"minimum": "▽", "maximum": "△", "saddle": "×", "degenerate": "◇"}


def figure(value: float, scale: float = 0.0) -> str:
    """A number in six digits, NaN as curves write it; what is only rounding beside `scale` is 0.

    >>> figure(-1e-14, scale=1.0), figure(2 / 3), figure(float("nan"))
    ('0', '0.666667', 'NaN')
    """
    return f"{0.0 if abs(value) <= ROUNDING * scale else value + 0.0:.6g}".replace("nan", "NaN")


def scale_of(values: Array) -> float:
    """How large the values usually are."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.median(sizes)) if sizes.size else 0.0


def headline(plane: Plane) -> str:
    """What is shown over which ranges."""
    x, y, z = plane.labels
    spans = [f"{name} from {place_in(v, v[0])} to {place_in(v, v[-1])}" for name, v in ((x, plane.x), (y, plane.y))]
    grid = f"on a grid of {len(plane.x)} × {len(plane.y)}"
    return f"{z} over {spans[0]} and {spans[1]}, {grid}"


def at_cursor(plane: Plane) -> list[str]:
    """The numbers at the cursor, one sentence each."""
    at, z = plane.cursor, plane.labels[2]
    size = scale_of(plane.z)
    values = [f"{z} = {figure(at.value, size)}"]
    if at.gradient is not None and plane.gradient is not None:
        slope = scale_of(plane.gradient)
        values += [f"{name} = {figure(part, slope)}" for name, part in zip(plane.partials, at.gradient, strict=True)]
    said = [f"at {place(plane, at.x, at.y)}: {', '.join(values)}"]
    if at.hessian is not None and plane.hessian is not None:
        bend = scale_of(plane.hessian)
        parts = (at.hessian[0, 0], at.hessian[0, 1], at.hessian[1, 1])
        numbers = [f"{name} = {figure(float(p), bend)}" for name, p in zip(plane.seconds, parts, strict=True)]
        said.append(f"the Hessian there: {', '.join(numbers)}")
        if at.eigenvalues is not None and at.directions is not None and not plane.weighted:
            ways = [
                f"{figure(value, bend)} along ({figure(float(way[0]), 1.0)}, {figure(float(way[1]), 1.0)})"
                for value, way in zip(at.eigenvalues, at.directions, strict=True)
            ]
            said.append(f"its eigenvalues: {' and '.join(ways)}; {bending(at.eigenvalues, bend, z)}")
    return said


def bending(eigenvalues: tuple[float, float], scale: float, name: str) -> str:
    """What the signs of the two curvatures mean."""
    low, high = (0.0 if abs(value) <= ROUNDING * scale else value for value in eigenvalues)
    if low > 0:
        return f"{name} bends upwards every way"
    if high < 0:
        return f"{name} bends downwards every way"
    if low < 0 < high:
        return f"{name} bends downwards one way and upwards the other"
    if low or high:
        return f"{name} bends {'downwards' if low else 'upwards'} one way and not at all the other"
    return f"{name} bends no way"


def place(plane: Plane, at_x: float, at_y: float) -> str:
    """`x = 1, y = 2`."""
    return f"{plane.labels[0]} = {along(plane.x, at_x)}, {plane.labels[1]} = {along(plane.y, at_y)}"


def along(samples: Array, at: float) -> str:
    """A place on one of the axes; 0 if it is only rounding beside the others."""
    return place_in(samples, 0.0 if abs(at) <= ROUNDING * float(np.max(np.abs(samples))) else at)


def range_of(plane: Plane) -> str:
    """The lowest and the highest value of the grid."""
    if plane.lowest is None or plane.highest is None:
        return f"{plane.labels[2]} is nowhere a number"
    size = scale_of(plane.z)

    def one(extreme: Extreme) -> str:
        return f"{figure(extreme.value, size)} at {place(plane, extreme.x, extreme.y)}"

    gaps = ", with gaps" if not np.isfinite(plane.z).all() else ""
    return f"on the grid {plane.labels[2]} runs from {one(plane.lowest)} to {one(plane.highest)}{gaps}"


def critical_in_words(plane: Plane, point: Critical) -> str:
    """One critical point.

    A value that is rounding beside those of the grid is 0.
    """
    value = figure(point.value, scale_of(plane.z))
    remark = f"; {point.remark}" if point.remark else ""
    bend = 0.0 if plane.hessian is None else scale_of(plane.hessian)
    low, high = (figure(part, 1e3 * bend) for part in point.eigenvalues)
    return (
        f"{SYMBOLS[point.kind]} {point.kind} {value} at {place(plane, point.x, point.y)} "
        f"(eigenvalues {low} and {high}{remark})"
    )


def critical_list(plane: Plane) -> list[str]:
    """The critical points, and how many more there are."""
    if plane.gradient is None or plane.hessian is None or plane.weighted:
        return []
    if not plane.critical:
        return [plane.level or "no critical point was found in these ranges"]
    said = [f"critical points: {counted(plane.critical)}"] if len(plane.critical) > 1 else []
    said += [critical_in_words(plane, point) for point in plane.critical[:MOST_SAID]]
    left = len(plane.critical) - MOST_SAID
    return [*said, f"and {left} more"] if left > 0 else said


def counted(points: Sequence[Critical]) -> str:
    """`2 minima, 1 saddle`."""
    plurals = {"minimum": "minima", "maximum": "maxima", "saddle": "saddles", "degenerate": "degenerate"}
    counts = [(kind, sum(point.kind == kind for point in points)) for kind in plurals]
    return ", ".join(f"{count} {kind if count == 1 else plurals[kind]}" for kind, count in counts if count)


def missing(plane: Plane) -> list[str]:
    """What there is not, and why."""
    return [
        f"no {what.removeprefix('the ')}: {why}" + (f" ({words})" if words else "")
        for what, why, words in plane.missing
    ]


def found(plane: Plane) -> list[str]:
    """What holds for all of the plane, wherever the cursor is."""
    return [range_of(plane), *critical_list(plane), *missing(plane)]


def sentences(plane: Plane) -> list[str]:
    """Everything there is to say, in order."""
    return [*at_cursor(plane), *found(plane)]


def alt(plane: Plane, notes: Iterable[str] = ()) -> str:
    """What the picture shows, in words and numbers."""
    said = [f"map of {headline(plane)}", *sentences(plane), *notes]
    return " ".join(f"{begun(one, plane.labels).rstrip('.')}." for one in said if one)


def begun(sentence: str, names: Collection[str]) -> str:
    """With a capital, unless it begins with a name, which would become another."""
    return sentence if re.split(r"[\s:]", sentence, maxsplit=1)[0] in names else f"{sentence[:1].upper()}{sentence[1:]}"


# --- a few of the values


def chosen(samples: Array, at: float, most: int = ROWS) -> list[int]:
    """Evenly spread samples, and the cursor's."""
    spread = np.linspace(0, len(samples) - 1, min(most, len(samples))).round().astype(int).tolist()
    return sorted({*spread, int(np.argmin(np.abs(samples - at)))})


def table(plane: Plane) -> list[list[str]]:
    """Values of z, x to the right and y upwards, as in the picture; the first row and column say where."""
    columns, rows = chosen(plane.x, plane.cursor.x), chosen(plane.y, plane.cursor.y)[::-1]
    size = scale_of(plane.z)
    head = [f"{plane.labels[1]} \\ {plane.labels[0]}", *(along(plane.x, float(plane.x[j])) for j in columns)]
    return [
        head,
        *([along(plane.y, float(plane.y[i])), *(figure(float(plane.z[i, j]), size) for j in columns)] for i in rows),
    ]


def table_text(plane: Plane) -> str:
    """The values in columns."""
    cells = table(plane)
    widths = [max(len(row[j]) for row in cells) for j in range(len(cells[0]))]
    return "\n".join("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in cells)


def table_html(plane: Plane) -> str:
    """The same as HTML, above it what is found; everything that a user may have written is escaped."""
    head, *rows = table(plane)
    first = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    said = "".join(f"<li>{escape(one)}</li>" for one in sentences(plane))
    caption = f"<caption>{escape(plane.labels[2])}</caption>"
    return f"<ul>{said}</ul><table>{caption}<thead><tr>{first}</tr></thead><tbody>{body}</tbody></table>"
