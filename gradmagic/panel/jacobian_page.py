"""The page that shows what grad_outputs is: the Jacobian, the weights beside it, and their product below."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import ipywidgets as w
import numpy as np

from gradmagic.explore.jacobian import Jacobian, is_worth_seeing, place_label
from gradmagic.explore.report import minus
from gradmagic.explore.trace import Array
from gradmagic.explore.weights import Weights
from gradmagic.panel.colours import coloured
from gradmagic.panel.controls import Looks, WeightsChooser, section
from gradmagic.panel.pages import Host, Seen
from gradmagic.panel.texts import messages, number
from gradmagic.panel.which_output import WhichOutput
from gradmagic.plot.matrix import matrix_png

if TYPE_CHECKING:
    from gradmagic.explore.state import State

__all__ = ["JacobianPage"]

MOST = 16  # rows or columns whose numbers fit into their cells
CHOICES = (
    ("ones", "ones", "adds all rows: the derivative of the sum of {y}"),
    ("onehot", "one-hot", "picks one row: the derivative of one element of {y}"),
    ("ramp", "ramp", "a mix: from 0 times the first row to 1 times the last"),
    ("random", "random", "a random mix, as checks use it"),
    ("expression", "an expression", "any numbers, here as a function of x"),
    ("name", "a variable", "any numbers, here a variable of yours"),
)

STYLE = """<style>
.gm .gm-jacobian td,.gm .gm-jacobian th{text-align:right;padding:3px 7px;border:1px solid var(--gm-line);
font-variant-numeric:tabular-nums}
.gm .gm-jacobian thead th,.gm .gm-jacobian thead td,.gm .gm-jacobian tbody th,.gm .gm-jacobian tfoot th{border:0}
.gm .gm-jacobian td.gm-gap{border:0;background:none;color:var(--gm-faint)}
.gm .gm-jacobian td.gm-zero{color:var(--gm-faint)}
.gm .gm-jacobian tr.gm-picked{outline:2px solid #d55e00;outline-offset:-1px}
.gm .gm-jacobian tfoot td{border-top:6px solid var(--gm-back)}
.gm .gm-jacobian tfoot td:not(.gm-gap){font-weight:600}
.gm .gm-choices{margin:6px 0} .gm .gm-choices td,.gm .gm-choices th{padding:3px 8px;text-align:left;white-space:normal}
.gm .gm-choices tr.gm-picked th{background:#0072b2;color:#fff;border-radius:3px}
.gm .gm-heat{display:grid;grid-template-columns:auto 24px auto;gap:8px;justify-content:start;align-items:stretch;
font-size:12px;margin:4px 0}
.gm .gm-heat img{display:block;border:1px solid var(--gm-line);max-width:none}
.gm .gm-heat-title{grid-column:1/4} .gm .gm-heat-below{grid-column:3}
.gm .gm-heat-cell{position:relative}
.gm .gm-heat-rows{display:flex;flex-direction:column;justify-content:space-between;text-align:right}
.gm .gm-heat-columns{grid-column:3;display:flex;justify-content:space-between}
.gm .gm-row-mark{position:absolute;left:-34px;right:0;height:3px;border:1px solid #d55e00;pointer-events:none}
</style>"""


class JacobianPage:
    """The table, and the weights' chooser, which acts on it at once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: tuple[int, State, Jacobian | str] | None = None
        self.output = WhichOutput("the table is of", lambda: host.go(host.state))
        self.table = w.HTML(layout=w.Layout(margin="0"))
        self.said = w.HTML(layout=w.Layout(margin="0"))
        self.weights = WeightsChooser(host.state.weights, Looks(), self._chosen)
        box = w.Box([self.table], layout=w.Layout(flex="2 1 420px", min_width="280px", overflow="auto"))
        side = w.VBox(
            [self.output.list, section("WEIGHTS · GRAD_OUTPUTS"), self.weights.row, self.said],
            layout=w.Layout(flex="1 1 280px", min_width="260px", max_width="420px"),
        )
        self.widget = w.HBox([box, side], layout=w.Layout(flex_flow="row wrap", width="100%"))

    def _chosen(self, spec: str) -> None:
        self._host.go(replace(self._host.state, weights=spec))

    def find(self, seen: Seen) -> Callable[[], None]:
        """The table of this state."""
        worth = (place for place, one in enumerate(seen.trace.outputs) if is_worth_seeing(one))
        place = self.output.place if self.output.place is not None else next(worth, 0)
        found = self._jacobian(seen, place)
        return lambda: self._show(seen, found, place)

    def _show(self, seen: Seen, found: Jacobian | str, place: int) -> None:
        self.output.show([one.y_label for one in seen.trace.outputs], place)
        self.weights.show(seen.state.weights, of=seen.trace.outputs[place].y_label)
        weights = seen.trace.outputs[place].weights
        if isinstance(found, str) or weights is None or weights.size != len(found.matrix):
            self.table.value = messages([found if isinstance(found, str) else "there are no weights to multiply it by"])
            self.said.value = ""
            return
        row = weights.reshape(-1)
        small = max(found.matrix.shape) <= MOST
        self.table.value = STYLE + (in_numbers if small else in_colours)(found, row)
        self.said.value = explained(found, seen, row)

    def _jacobian(self, seen: Seen, place: int) -> Jacobian | str:
        """The table, made again where it may be another: the weights change nothing in it."""
        state = replace(seen.state, weights="ones", look=seen.explorer.state.look)
        if self._known is None or (self._known[0], replace(self._known[1], look=state.look)) != (place, state):
            try:
                self._known = place, state, seen.explorer.jacobian(place)
            except Exception as error:  # noqa: BLE001  a page that cannot be shown says why
                self._known = place, state, str(error)
        return self._known[2]


def largest_of(values: Array) -> float:
    return float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0)) or 1.0


def in_numbers(found: Jacobian, weights: Array) -> str:
    """One table: the weights as its first column, the Jacobian, and their product as its last row."""
    product = found.product(weights)
    most, heavy = largest_of(np.append(found.matrix, product)), largest_of(weights)
    y, x = html.escape(found.y_label), html.escape(found.x_label)
    head = "".join(f'<th scope="col">{label(found.x_label, found.x_shape, j)}</th>' for j in range(len(product)))
    body = ""
    for i, row in enumerate(found.matrix):
        picked = ' class="gm-picked"' if is_onehot(weights) and weights[i] else ""
        body += (
            f'<tr{picked}><th scope="row">{label(found.y_label, found.y_shape, i)}</th>'
            f'{cell(weights[i], heavy)}<td class="gm-gap">×</td>{"".join(cell(value, most) for value in row)}</tr>'
        )
    sums = "".join(cell(value, most) for value in product)
    return (
        '<div class="gm-scroll" tabindex="0" role="region" aria-label="Jacobian"><table class="gm-table gm-jacobian">'
        f"<caption>∂{y}/∂{x}, weights to its left, weights · Jacobian below</caption>"
        f'<thead><tr><td></td><th scope="col">weights</th><td class="gm-gap"></td>{head}</tr></thead>'
        f"<tbody>{body}</tbody>"
        f'<tfoot><tr class="gm-product"><th scope="row" colspan="2">grad({y}, {x}, weights)</th>'
        f'<td class="gm-gap">=</td>{sums}</tr></tfoot></table></div>'
    )


def label(name: str, shape: tuple[int, ...], place: int) -> str:
    return html.escape(place_label(name, shape, place))


def cell(value: float, largest: float) -> str:
    """One number on its colour; a zero is left to the background."""
    text = "0" if value == 0 else number(float(f"{value:.3g}"))
    faint = ' class="gm-zero"' if value == 0 else ""
    return f"<td{faint} style={coloured(float(value) / largest)}>{text}</td>"


def is_onehot(weights: Array) -> bool:
    """Whether just one of several weights is not 0."""
    return len(weights) > 1 and int(np.count_nonzero(weights)) == 1


def in_colours(found: Jacobian, weights: Array) -> str:
    """The same as three pictures, where numbers would not fit; their ends are said."""
    product = found.product(weights)
    most, heavy = largest_of(np.append(found.matrix, product)), largest_of(weights)
    m, n = found.matrix.shape
    # whatever its size, the longer side is this many pixels
    wide, tall = (max(24, round(400 * side / max(m, n))) for side in (n, m))
    y, x = html.escape(found.y_label), html.escape(found.x_label)
    first, last = (label(found.y_label, found.y_shape, place) for place in (0, m - 1))
    left, right = (label(found.x_label, found.x_shape, place) for place in (0, n - 1))
    words = f"{minus(found.words)}; {weights_in_words(weights)}"
    column = picture(weights[:, None], heavy, (24, tall), weights_in_words(weights))
    table = picture(found.matrix, most, (wide, tall), words)
    below = picture(product[None], most, (wide, 24), f"the product: {values_in_words(product)}")
    picked = ""
    if is_onehot(weights):
        share = (int(np.flatnonzero(weights)[0]) + 0.5) / m
        picked = f'<span class="gm-row-mark" style="top:calc({100 * share:.2f}% - 2px)"></span>'
    return (
        '<div class="gm-heat">'
        f'<div class="gm-heat-title">∂{y}/∂{x}, weights to its left, weights · Jacobian below</div>'
        f'<div class="gm-heat-rows"><span>{first}</span><span>{last}</span></div>'
        f'<div class="gm-heat-cell">{column}</div><div class="gm-heat-cell">{table}{picked}</div>'
        f'<div class="gm-heat-below">{below}</div>'
        f'<div class="gm-heat-columns" style="width:{wide}px"><span>{left}</span><span>{right}</span></div></div>'
        f'<div class="gm-note">Full colour: {number(most)} in the Jacobian, {number(heavy)} in the weights; '
        "vermillion above 0, blue below.</div>"
    )


def picture(values: Array, largest: float, size: tuple[int, int], alt: str) -> str:
    data = base64.b64encode(matrix_png(values, largest)).decode("ascii")
    return (
        f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{data}" width="{size[0]}" '
        f'height="{size[1]}" style="image-rendering:pixelated">'
    )


def values_in_words(values: Array) -> str:
    known = values[np.isfinite(values)]
    return f"{len(values)} values from {number(known.min())} to {number(known.max())}" if known.size else "no number"


def weights_in_words(weights: Array) -> str:
    if is_onehot(weights):
        return f"weights: one-hot, row {int(np.flatnonzero(weights)[0])}"
    return f"weights: {values_in_words(weights)}"


def explained(found: Jacobian, seen: Seen, weights: Array) -> str:
    """What grad does with the table."""
    chosen = Weights.of(seen.state.weights)
    y, x = found.y_label, found.x_label
    rows = "".join(
        f'<tr{" class=gm-picked" if kind == chosen.kind else ""}><th scope="row">{title}</th>'
        f"<td>{html.escape(words.format(y=y))}{' ◀ chosen' if kind == chosen.kind else ''}</td></tr>"
        for kind, title, words in CHOICES
        if kind == chosen.kind or kind not in ("name", "expression")
    )
    lines = [
        "autograd never builds this table: it multiplies it from the left by weights of your choice.",
        minus(found.words) + ".",
    ]
    if is_onehot(weights):
        place = int(np.flatnonzero(weights)[0])
        lines.append(f"These weights pick the row of {place_label(y, found.y_shape, place)}.")
    size = len(weights)
    if size > 1:
        lines.append(
            f"No weights for a {y} with {size} elements? torch refuses: "
            "“grad can be implicitly created only for scalar outputs”."
        )
    else:
        lines.append(f"{y} is one number: grad({y}, {x}) may leave the weight out, and takes 1.")
    lines.append("The table is made by a run of the panel's own; its calls are not in the ledger.")
    return f'<table class="gm-choices">{rows}</table>{messages(lines)}'
