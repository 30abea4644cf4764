"""The panel's HTML, made of escaped text: read-outs, ledger, notes, tables. Knows no widgets."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

import numpy as np

from gradmagic.explore import plane_report, report
from gradmagic.explore.curves import Curves
from gradmagic.explore.report import in_bytes, minus
from gradmagic.explore.trace import Array, Call
from gradmagic.panel.colours import coloured

__all__ = ["caption", "found", "ledger", "messages", "number", "readouts", "table", "tables"]

LINE = 15.0  # pixels between two read-outs, at least
NARROW = 9  # letters of a read-out with its sign, at most: the style has the room for them
MANY = 12  # rows or columns of a table that are shown before it is cut in the middle


def number(value: float | None, room: int = 99) -> str:
    """A number as the panel writes it: in five digits, in fewer if it has no more room than so many letters.

    >>> number(-1.04142), number(None), number(float("inf")), number(-1.23456e-9, room=9), number(-1.575e100, room=9)
    ('−1.0414', '–', '∞', '−1.23e−09', '−1.6e+100')
    """
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    ways = [f"{value + 0.0:.{digits}g}" for digits in (5, 4, 3, 2, 1)]
    return next((written for written in ways if len(written) <= room), ways[-1]).replace("-", "−")


def readouts(curves: Curves, anchors: Sequence[tuple[int, float]], height: int) -> str:
    """The values at x0, each as far down as its point in the picture."""
    rows, last = [], -math.inf
    values = report.at_cursor(curves)
    for place, down in sorted(anchors, key=lambda one: one[1]):
        value, hue = values[place], curves.curves[place].hue
        last = max(down, last + LINE)
        sign = "+" if value is not None and value > 0 else ""
        words = sign + number(value, NARROW - len(sign))
        rows.append(f'<span class="gm-o{hue}" style="top:{100 * last / height:.2f}%">{words}</span>')
    return f'<div class="gm-values" aria-hidden="true">{"".join(rows)}</div>'


def caption(curves: Curves) -> str:
    """The values at x0 in one line of text; at the cursor of a map in several."""
    if curves.plane is not None:
        lines = "".join(f"<div>{html.escape(minus(one))}</div>" for one in plane_report.at_cursor(curves.plane))
        # no wider than the picture
        return f'<div class="gm-caption" style="max-width:540px;line-height:1.5">{lines}</div>'
    if curves.style != "line":
        return ""
    # in as many digits as the range asks for
    at = report.x_at(curves, report.place_of_x0(curves)).replace("-", "−")
    parts = [f"{html.escape(curves.x_label)} = {at}"]
    for curve, value in zip(curves.curves, report.at_cursor(curves), strict=False):
        words = number(value) if value is not None else "not defined" if curve.values is not None else "none"
        said = html.escape(curve.note or "") if curve.calm else f"{html.escape(curve.label)} = {words}"
        parts.append(f'<span class="gm-o{curve.hue} gm-whole">{said}</span>')
    said = html.escape(report.by_choice(curves))
    # a comma stays on the line of what it follows
    x, *values = parts
    whole = " ".join([*(f'<span class="gm-whole">{part},</span>' for part in values[:-1]), *values[-1:]])
    return f'<div class="gm-caption">at {x}{f", {whole}" if whole else ""}{f"; {said}" if said else ""}</div>'


def found(curves: Curves) -> str:
    """What the overlays found, in words and numbers."""
    # the notes tell the poles and kinks that were looked for closely, and in more digits
    told = () if curves.torn is None else ("asymptotes", "kinks")
    said = [mark.words for mark in curves.marks if mark.words and mark.overlay not in told]
    if curves.plane is not None:
        said = plane_report.found(curves.plane)
    lines = "".join(f"<li>{html.escape(minus(words))}</li>" for words in said)
    return f'<ul class="gm-found">{lines}</ul>' if lines else ""


def messages(texts: Iterable[str], kind: str = "note") -> str:
    """Sentences, one per line; an error is announced by screen readers at once."""
    lines = "".join(f"<div>{html.escape(text)}</div>" for text in texts if text)
    role = "alert" if kind == "error" else "status"
    return f'<div class="gm-{kind}" role="{role}">{lines}</div>' if lines else ""


def ledger(calls: Sequence[Call], chosen: int | None = None) -> str:
    """The table of grad calls: as written, whether it worked, what it gave, what it kept, how long it took."""
    if not calls:
        return ""
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("#", "call", "ok", "result", "graph of the outputs", "time")
    )
    rows = "".join(ledger_row(call, chosen == call.index) for call in calls)
    return (
        '<div class="gm-ledger-box"><table class="gm-ledger">'
        "<caption>Calls of grad, in the order in which they ran</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def ledger_row(call: Call, chosen: bool) -> str:
    """One call."""
    kind = " ".join(["" if call.ok else "gm-failed", "gm-chosen" if chosen else ""]).strip()
    where = f'<span class="gm-where">line {call.line}</span>' if call.line is not None else ""
    mark = '<span class="gm-ok" role="img" aria-label="worked">✓</span>'
    if not call.ok:
        mark = '<span class="gm-bad" role="img" aria-label="failed">✗</span>'
    result = html.escape(call.outcome if call.ok or not call.error else call.error) + why(call)
    code = html.escape(call.source).replace(",", ",<wbr>")  # a line may end between two arguments, and nowhere else
    written = f"<code>{code}</code>{where}{effects(call)}"
    cells = f"<td>{call.index + 1}</td><td>{written}</td><td>{mark}</td>"
    kept = html.escape(kept_and_freed(call))
    chooses = call.index + 1 if call.by == "cell" else 0  # the panel's own calls are switched together
    cells += f"<td>{result}</td><td>{kept}</td>" if kept else f'<td colspan="2">{result}</td>'
    cells += f"<td>{1e3 * call.seconds:.2f} ms</td>"
    return f'<tr class="{kind}" data-call="{chooses}">{cells}</tr>'


def why(call: Call) -> str:
    """Why a call was refused, in plain words, and what would help: where a switch can do it, a button says it too."""
    said = [text.rstrip(".") for text in (call.cause, call.cure.text if call.cure is not None else None) if text]
    return f'<div class="gm-why">{html.escape(": ".join(said))}</div>' if said else ""


def effects(call: Call) -> str:
    """Options that took effect otherwise than they were asked for: what a switch of the panel did."""
    shown = ["create_graph", "retain_graph", *(["grad_outputs"] if "grad_outputs" in call.effective else [])]
    defaults = {"create_graph": False, "retain_graph": call.effective.get("create_graph"), "grad_outputs": None}
    asked = {name: call.asked.get(name) if call.asked.get(name) is not None else defaults[name] for name in shown}
    changed = [
        f"{name}={call.effective[name]}" for name in shown if call.effective.get(name, asked[name]) != asked[name]
    ]
    return f'<span class="gm-where">ran with {html.escape(", ".join(changed))}</span>' if changed else ""


def kept_and_freed(call: Call) -> str:
    """What the call left of the graph."""
    if not call.ok:
        return ""
    if call.nodes_kept == 0:
        return f"graph freed · {in_bytes(call.bytes_kept)}" if call.nodes_freed else "no graph"
    nodes = "node" if call.nodes_kept == 1 else "nodes"
    freed = f" · {call.nodes_freed} freed" if call.nodes_freed else ""
    return f"{call.nodes_kept} {nodes} kept{freed}\N{NO-BREAK SPACE}· {in_bytes(call.bytes_kept)}"


def tables(pairs: Sequence[tuple[str, Array]]) -> str:
    """Values of tensors, side by side, each in its own shape."""
    if not pairs:
        return ""
    inner = "".join(table(label, values) for label, values in pairs)
    return f'<div class="gm-tables">{inner}</div>'


def table(label: str, values: Array) -> str:
    """One tensor as a table, coloured by value: its last dimension runs to the right, the others down."""
    rows = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(1, -1)
    shape = "×".join(map(str, values.shape)) or "a number"
    largest = float(np.max(np.abs(rows[np.isfinite(rows)]), initial=0.0)) or 1.0
    body = "".join(table_row(rows, i, largest) for i in shown(len(rows)))
    return (
        f'<table class="gm-table"><caption>{html.escape(label)} <span class="gm-where">{shape}</span></caption>'
        f"<tbody>{body}</tbody></table>"
    )


def table_row(rows: Array, i: int | None, largest: float) -> str:
    """One row, or the row of dots that stands for many."""
    cells = "".join(
        "<td>⋮</td>" if i is None else "<td>…</td>" if j is None else table_cell(float(rows[i, j]), largest)
        for j in shown(rows.shape[1])
    )
    return f"<tr>{cells}</tr>"


def table_cell(value: float, largest: float) -> str:
    return f"<td style={coloured(value / largest)}>{number(value)}</td>"


def shown(count: int) -> list[int | None]:
    """The indices of what is shown; None is a gap."""
    if count <= MANY:
        return list(range(count))
    return [*range(MANY // 2), None, *range(count - MANY // 2, count)]
