"""The page of numbers: x, y and every derivative, one row for each sample or one table for each tensor."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from itertools import zip_longest

import ipywidgets as w
import numpy as np

from gradmagic.explore.curves import Curves
from gradmagic.explore.digits import digits_of
from gradmagic.explore.planes import Plane
from gradmagic.explore.trace import Array
from gradmagic.panel.colours import coloured, plain
from gradmagic.panel.controls import ToCopy, section
from gradmagic.panel.pages import Host, Seen
from gradmagic.panel.plane_values import cursor_table, plane_table
from gradmagic.panel.texts import messages

__all__ = ["ValuesPage", "columns_of", "csv"]

MOST_ROWS = 2000  # of a table in the page; the CSV has them all
MOST_CELLS = 400  # of a tensor's table


class ValuesPage:
    """A table that scrolls, with the row at the cursor always in sight; and the same as CSV."""

    def __init__(self, _: Host) -> None:
        self.table = w.HTML(layout=w.Layout(margin="0", width="100%"))
        copied = ToCopy("the same as comma separated values", 6)
        self.csv = copied.text
        self.which = w.Dropdown(
            description="table of", layout=w.Layout(width="auto", display="none"), style={"description_width": "60px"},
            tooltip="whose values the table of the plane has",
        )  # fmt: skip
        self.at_cursor = w.HTML(layout=w.Layout(margin="0", width="100%"))
        self.widget = w.VBox(
            [self.at_cursor, self.which, self.table, section("AS CSV"), copied.widget], layout=w.Layout(width="100%")
        )
        self._plane: Plane | None = None
        self.which.observe(lambda _: self._show_plane(), "value")

    def find(self, seen: Seen) -> Callable[[], None]:
        """Write these numbers."""
        plane, comma_separated = seen.curves.plane, csv(*columns_of(seen.curves))
        table = "" if plane is not None else table_of(seen.curves)

        def show() -> None:
            self.csv.value, self._plane = comma_separated, plane
            if plane is None:
                self.table.value = table
                return
            self._offer([name for name, _ in plane.columns()][2:])
            self._show_plane()

        return show

    def _offer(self, names: Sequence[str]) -> None:
        """The list of what a plane has; in one message with the choice, or a front end shows none."""
        if self.which.options != tuple(names):
            chosen = self.which.value if self.which.value in names else names[0]
            with self.which.hold_sync():
                self.which.options, self.which.value = names, chosen
        self.which.layout.display = None

    def _show_plane(self) -> None:
        """Everything at the cursor, and the table of what is chosen."""
        if self._plane is not None and self.which.value is not None:
            self.at_cursor.value = cursor_table(self._plane)
            self.table.value = plane_table(self._plane, self.which.value)


def table_of(curves: Curves) -> str:
    """The numbers as a table, or as several."""
    if curves.tables:
        return f'<div class="gm-tables">{"".join(tensor(*pair) for pair in curves.tables)}</div>'
    return samples(curves)


def columns_of(curves: Curves) -> tuple[list[str], list[Array]]:
    """X and every curve that has values, without the places at which nothing was computed."""
    if curves.plane is not None:
        pairs = list(curves.plane.columns())
        return [label for label, _ in pairs], [values for _, values in pairs]
    if curves.tables:
        pairs = [(label, np.ravel(values)) for label, values in curves.tables]
        return [label for label, _ in pairs], [values for _, values in pairs]
    present = [curve for curve in curves.curves if curve.values is not None]
    columns = [curves.x, *(row for curve in present if (row := curve.exact(curves.x)) is not None)]
    return [curves.x_label, *(curve.label for curve in present)], [column[curves.asked] for column in columns]


def csv(labels: Sequence[str], columns: Sequence[Array]) -> str:
    r"""One row for each element, with every digit that tells numbers apart; a shorter column ends earlier.

    >>> csv(["x", "y"], [np.array([0.5, 1.0]), np.array([np.nan])])
    'x,y\n0.5,nan\n1.0,\n'
    """
    rows = zip_longest(*(map(repr, column.tolist()) for column in columns), fillvalue="")
    head = ",".join(f'"{label}"' if set(label) & set(',"\n') else label for label in labels)
    return "\n".join([head, *(",".join(row) for row in rows)]) + "\n"


def samples(curves: Curves) -> str:
    """The samples of a range; the row at the cursor stands at the top as well, where it stays."""
    labels, columns = columns_of(curves)
    x = columns[0]
    at = int(np.argmin(np.abs(x - curves.x0))) if x.size else None
    orders = [None, *(curve.hue for curve in curves.curves if curve.values is not None)]
    head = "".join(
        f'<th scope="col"{"" if order is None else f" class=gm-o{order}"}>{html.escape(label)}</th>'
        for label, order in zip(labels, orders, strict=True)
    )
    shown = range(len(x)) if len(x) <= MOST_ROWS else np.linspace(0, len(x) - 1, MOST_ROWS).round().astype(int)
    digits = [digits_of(column, 9, narrowest=0.0) for column in columns]
    pinned = "" if at is None else row_of(columns, digits, at, "gm-pinned", " (x₀)")
    body = "".join(row_of(columns, digits, int(i), "gm-at" if i == at else "") for i in shown)
    left = messages([f"{len(x)} samples; {MOST_ROWS} of them are shown, and the CSV has them all."])
    return (
        '<div class="gm-scroll" tabindex="0" role="region" aria-label="values"><table class="gm-table gm-values-table">'
        f"<thead><tr>{head}</tr>{pinned}</thead><tbody>{body}</tbody></table></div>"
        f"{left if len(x) > MOST_ROWS else ''}"
    )


def row_of(columns: Sequence[Array], digits: Sequence[int], i: int, kind: str, remark: str = "") -> str:
    """One sample."""
    x, *values = (plain(column[i], most) for column, most in zip(columns, digits, strict=True))
    first = f'<th scope="row">{x}{remark}</th>'
    cells = "".join(f"<td>{value}</td>" for value in values)
    return f"<tr{f' class={kind}' if kind else ''}>{first}{cells}</tr>"


def tensor(label: str, values: Array) -> str:
    """A tensor in its own shape, coloured by value: blue below zero, red above."""
    rows = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(1, -1)
    shape = "×".join(map(str, values.shape)) or "a number"
    size = float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0)) or 1.0
    most = max(1, MOST_CELLS // max(1, rows.shape[1]))
    body = "".join(
        f"<tr>{''.join(f'<td style={coloured(value / size)}>{plain(value)}</td>' for value in row.tolist())}</tr>"
        for row in rows[:most]
    )
    more = f'<tr><td colspan="{rows.shape[1]}">… {len(rows) - most} more rows</td></tr>' if len(rows) > most else ""
    return (
        f'<div class="gm-scroll" tabindex="0" role="region" aria-label="{html.escape(label, quote=True)}">'
        f'<table class="gm-table"><caption>{html.escape(label)} <span class="gm-where">{shape}</span></caption>'
        f"<tbody>{body}{more}</tbody></table></div>"
    )
