"""The tables of a number over two inputs, for the page of values. Knows no widgets."""

from __future__ import annotations

import html

import numpy as np

from gradmagic.explore import plane_report
from gradmagic.explore.planes import Plane
from gradmagic.explore.report import minus
from gradmagic.panel.colours import coloured, plain
from gradmagic.panel.texts import messages

__all__ = ["cursor_table", "plane_table"]

COLUMNS, ROWS = 13, 25  # that are shown, besides the cursor's


def cursor_table(plane: Plane) -> str:
    """Both inputs, z and every derivative at the cursor: one row."""
    row, column = (int(np.argmin(np.abs(v - at))) for v, at in ((plane.y, plane.cursor.y), (plane.x, plane.cursor.x)))
    place = row * len(plane.x) + column
    pairs = [(html.escape(name), plain(float(f"{values[place]:.9g}"))) for name, values in plane.columns()]
    heads, cells = (
        "".join(f"<{tag}>{one}</{tag[:2]}>" for one in part)
        for tag, part in zip(('th scope="col"', "td"), zip(*pairs, strict=True), strict=True)
    )
    return (
        '<div class="gm-scroll" tabindex="0" role="region" aria-label="at the cursor"><table class="gm-table">'
        f"<caption>at the cursor</caption><thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody></table></div>"
    )


def plane_table(plane: Plane, name: str) -> str:
    """One of the plane's columns: as in the picture, x to the right and y upwards; that at the cursor is bold."""
    x, y = (html.escape(label) for label in plane.labels[:2])
    z, values = html.escape(name), dict(plane.columns())[name].reshape(plane.z.shape)
    at = plane.cursor
    columns, rows = plane_report.chosen(plane.x, at.x, COLUMNS), plane_report.chosen(plane.y, at.y, ROWS)[::-1]
    head = "".join(f'<th scope="col">{minus(plane_report.along(plane.x, float(plane.x[j])))}</th>' for j in columns)
    size = float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0)) or 1.0
    body = ""
    for i in rows:
        cells = "".join(cell(float(values[i, j]), size, plane.y[i] == at.y and plane.x[j] == at.x) for j in columns)
        body += f'<tr><th scope="row">{minus(plane_report.along(plane.y, float(plane.y[i])))}</th>{cells}</tr>'
    left = messages([f"{len(columns)} × {len(rows)} of {len(plane.x)} × {len(plane.y)} places; the CSV has them all."])
    return (
        f'<div class="gm-scroll" tabindex="0" role="region" aria-label="values"><table class="gm-table">'
        f"<caption>{z}: {x} to the right, {y} upwards</caption>"
        f'<thead><tr><th scope="col">{y} \\ {x}</th>{head}</tr></thead><tbody>{body}</tbody></table></div>{left}'
    )


def cell(value: float, size: float, bold: bool) -> str:
    """One value."""
    text = plain(float(f"{value:.6g}"))
    return f"<td style={coloured(value / size)}>{f'<b>{text}</b>' if bold else text}</td>"
