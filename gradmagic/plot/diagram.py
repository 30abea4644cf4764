"""A backward graph as SVG: what each node saved, what was freed, and the gradients of one step. Knows no widgets."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from gradmagic.explore.story import Box, Graph, Step
from gradmagic.explore.trace import Array
from gradmagic.plot.layers import Laid, laid_out

__all__ = ["diagram", "summarised"]

MOST = 60  # boxes that are drawn one by one
LETTER, LINE = 7.2, 15.0  # pixels
HEIGHT, RISE = 42.0, 36.0  # of a box, and between two layers
MARGIN = 8.0
STYLE = "max-width:100%;height:auto"
READABLE = 0.75  # of its size: a drawing that is wider than its place is made no smaller, and scrolls

# Colours follow the panel's, which follow the front end's; the fallbacks are the light theme.
INK, FAINT, LINE_COLOUR = "var(--gm-ink,#24292f)", "var(--gm-faint,#59636e)", "var(--gm-faint,#8c959f)"
LOOKS: Mapping[str, str] = {
    "output": "fill:#0072b2;stroke:#0072b2",
    "leaf": "fill:var(--gm-back,#fff);stroke:#0072b2;stroke-width:2",
    "kept": "fill:var(--gm-kept,#e6f1f8);stroke:#0072b2",
    "empty": "fill:var(--gm-back,#fff);stroke:var(--gm-faint,#8c959f)",
    "freed": "fill:none;stroke:var(--gm-faint,#8c959f);stroke-dasharray:5 4",
    "stale": "fill:var(--gm-wash,#fdecea);stroke:var(--gm-bad,#b3261e);stroke-width:2.5",
    "now": "fill:#fbe3d6;stroke:#d55e00;stroke-width:2.5",
}


def diagram(graph: Graph, freed: Mapping[int, int], step: Step | None = None, place: int | None = None) -> str:
    """An SVG of a graph, the output below and the leaves above, as the gradient flows.

    Parameters
    ----------
    graph : Graph
    freed : mapping of int to int
        For each node that was freed, by its key, the call that freed it.
    step : Step, optional
        The node whose turn it is, and what it passes on.
    place : int, optional
        The element whose gradient is said; otherwise its range is.

    Returns
    -------
    str
        With a title and a description in words.
    """
    drawn, hidden = summarised(graph, step)
    boxes = {box.key: box for box in drawn.boxes}
    texts = {key: lines_of(box, freed) for key, box in boxes.items()}
    widths = {key: max(len(text) for text in lines) * LETTER + 22 for key, lines in texts.items()}
    leaves = [key for key, box in boxes.items() if box.kind == "leaf"]
    laid = laid_out(widths, {key: box.heads for key, box in boxes.items()}, leaves)
    height = laid.layers * HEIGHT + (laid.layers - 1) * RISE + 2 * MARGIN
    nodes = [box.key for box in graph.boxes if box.kind == "node"]
    parts = [arrow(laid, ends, height, step, place) for ends in laid.ways]
    for key, box in boxes.items():
        where = laid.places[key].x + MARGIN, height_of(laid.places[key].layer, height), widths[key]
        look = look_of(box, freed, now=step is not None and step.key == key)
        place_in_list = nodes.index(key) if key in nodes else None
        parts.append(drawing_of(box, texts[key], where, look, place_in_list))
    title = f"The backward graph of {graph.label}"
    words = html.escape(in_words(graph, freed, hidden))
    width = laid.width + 2 * MARGIN
    least = READABLE * width
    return (
        f'<svg class="gm-graph" role="img" xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" style="{STYLE};min-width:{least:.0f}px" '
        f'font-family="sans-serif" aria-label="{html.escape(title, quote=True)}. {words}">'
        f"<title>{html.escape(title)}</title><desc>{words}</desc>"
        '<defs><marker id="gm-head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        'orient="auto">'
        f'<path d="M0 0L10 5L0 10z" style="fill:{LINE_COLOUR}"/></marker></defs>{"".join(parts)}</svg>'
    )


def height_of(layer: int, height: float) -> float:
    """The y of the middle of a layer; the first is the lowest."""
    return height - MARGIN - HEIGHT / 2 - layer * (HEIGHT + RISE)


def lines_of(box: Box, freed: Mapping[int, int]) -> tuple[str, str]:
    """What stands in a box."""
    shape = str(tuple(box.shape)) if box.shape else "a number"
    if box.kind == "output":
        return box.name, shape
    if box.kind == "leaf":
        return box.name, f"{shape} leaf"
    if box.key in freed:
        return box.name, f"freed by call {freed[box.key] + 1}"
    if box.overwritten:
        return box.name, "✗ " + "; ".join(f"{name} overwritten{by_line(line)}" for name, line in box.overwritten)
    if not box.saved:
        return box.name, "saves nothing"
    names = ", ".join(saved.name for saved in box.saved)
    return box.name, f"saves {names} · {in_bytes(sum(saved.nbytes for saved in box.saved))}"


def by_line(line: int | None) -> str:
    return f" by line {line}" if line else ""


def in_bytes(count: int) -> str:
    return f"{count} B" if count < 1000 else f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


@dataclass(frozen=True, slots=True)
class Look:
    """The style of a box, and the colours of its two lines."""

    style: str
    first: str = INK
    second: str = FAINT


def look_of(box: Box, freed: Mapping[int, int], *, now: bool) -> Look:
    """How a box looks: the one whose turn it is, what was freed, what holds something."""
    if now:
        return Look(LOOKS["now"], "#24292f", "#24292f")
    if box.kind == "output":
        return Look(LOOKS["output"], "#fff", "#fff")
    if box.kind == "leaf":
        return Look(LOOKS["leaf"])
    if box.key in freed:
        return Look(LOOKS["freed"], FAINT)
    if box.overwritten:
        return Look(LOOKS["stale"], second="var(--gm-bad,#b3261e)")
    return Look(LOOKS["kept" if box.saved else "empty"])


def drawing_of(
    box: Box, lines: tuple[str, str], where: tuple[float, float, float], look: Look, place: int | None
) -> str:
    """One box, with its rule and the line that made it in a tooltip, and its place among the nodes."""
    x, y, width = where
    if box.kind == "node":
        shape = (
            f'<rect x="{x - width / 2:.1f}" y="{y - HEIGHT / 2:.1f}" width="{width:.1f}" height="{HEIGHT}" rx="9" '
            f'style="{look.style}"/>'
        )
    else:
        shape = f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{width / 2:.1f}" ry="{HEIGHT / 2}" style="{look.style}"/>'
    chosen = "" if place is None else f' data-node="{place}"'
    told = [box.name, f"line {box.line}" if box.line else "", box.formula or box.rule]
    tip = html.escape(" · ".join(filter(None, told)))
    return (
        f"<g{chosen}><title>{tip}</title>{shape}"
        f'<text x="{x:.1f}" y="{y - 3:.1f}" text-anchor="middle" font-size="12" style="fill:{look.first}">'
        f"{html.escape(lines[0])}</text>"
        f'<text x="{x:.1f}" y="{y + 12:.1f}" text-anchor="middle" font-size="10.5" style="fill:{look.second}">'
        f"{html.escape(lines[1])}</text></g>"
    )


def arrow(laid: Laid, ends: tuple[int, int], height: float, step: Step | None, place: int | None) -> str:
    """One arrow, smooth through its bends; those of the step carry their gradient."""
    tail, head = ends
    xs = laid.ways[ends]
    ys = [height_of(layer, height) for layer in range(laid.places[tail].layer, laid.places[head].layer + 1)]
    points = [(xs[0] + MARGIN, ys[0] - HEIGHT / 2)]
    for x, y in zip(xs[1:-1], ys[1:-1], strict=True):  # a bend is passed upright, as high as the boxes beside it
        points += [(x + MARGIN, y + HEIGHT / 2), (x + MARGIN, y - HEIGHT / 2)]
    points.append((xs[-1] + MARGIN, ys[-1] + HEIGHT / 2))
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for i, ((ax, ay), (bx, by)) in enumerate(pairwise(points)):
        bend = f"C{ax:.1f} {(ay + by) / 2:.1f} {bx:.1f} {(ay + by) / 2:.1f} "
        path += f"{bend if i % 2 == 0 else 'L'}{bx:.1f} {by:.1f}"
    passed = dict(step.passed) if step is not None and step.key == tail else {}
    colour, thick = ("#d55e00", 2.2) if head in passed else (LINE_COLOUR, 1.2)
    drawn = f'<path d="{path}" style="fill:none;stroke:{colour};stroke-width:{thick}" marker-end="url(#gm-head)"/>'
    if head not in passed:
        return drawn
    (ax, ay), (bx, by) = points[0], points[1]
    return (
        f'{drawn}<text x="{(ax + bx) / 2 + 6:.1f}" y="{(ay + by) / 2 + 4:.1f}" font-size="11" '
        f'style="fill:#b84d00;paint-order:stroke;stroke:var(--gm-back,#fff);stroke-width:4px">'
        f"{html.escape(value_text(passed[head], place))}</text>"
    )


def value_text(gradient: Array | None, place: int | None) -> str:
    """A gradient in few characters: its value at a place, or its range."""
    if gradient is None:
        return "none"
    flat = np.ravel(gradient)
    if flat.size == 1 or (place is not None and place < flat.size):
        return f"{flat[0 if flat.size == 1 else place]:.4g}"
    finite = flat[np.isfinite(flat)]
    if not finite.size:
        return "no number"
    low, high = finite.min(), finite.max()
    return f"all {low:.4g}" if low == high else f"{low:.4g} … {high:.4g}"


def summarised(graph: Graph, step: Step | None = None) -> tuple[Graph, int]:
    """The graph with runs of nodes that have one way in and one way out drawn as one, if it has too many boxes.

    What still is too much is left out from the far end, and said. The second number tells how many nodes are not shown.
    """
    if len(graph.boxes) <= MOST:
        return graph, 0
    merged = merged_runs(graph, step)
    shown = merged.boxes[: MOST - 1]
    left = len(merged.boxes) - len(shown)
    if left <= 1:
        return merged, len(graph.boxes) - len(merged.boxes)
    keys = {box.key for box in shown}
    rest = Box(0, "leaf", f"… and {left} more", ())
    cut = [replace(box, heads=tuple(dict.fromkeys(h if h in keys else 0 for h in box.heads))) for box in shown]
    return Graph(graph.label, (*cut, rest)), len(graph.boxes) - len(cut)


def merged_runs(graph: Graph, step: Step | None) -> Graph:
    """Chains of nodes as one box each."""
    boxes = {box.key: box for box in graph.boxes}
    tails: dict[int, int] = {}
    for box in graph.boxes:
        for head in box.heads:
            tails[head] = tails.get(head, 0) + 1
    special = {step.key, *dict(step.passed)} if step is not None else set()

    def inside(key: int) -> bool:
        """Whether a box is the next link of a chain."""
        return boxes[key].kind == "node" and tails.get(key) == 1 and key not in special

    gone: set[int] = set()
    found = []
    for box in graph.boxes:
        if box.key in gone:
            continue
        run = [box]
        while (
            run[-1].kind == "node" and len(run[-1].heads) == 1 and inside(run[-1].heads[0]) and box.key not in special
        ):
            run.append(boxes[run[-1].heads[0]])
        gone |= {one.key for one in run}
        if len(run) > 1:
            saved = tuple(saved for one in run for saved in one.saved)
            name = f"{run[0].name} … {run[-1].name}, {len(run)} nodes"
            box = replace(box, name=name, saved=saved, heads=run[-1].heads)  # noqa: PLW2901
        found.append(box)
    return Graph(graph.label, tuple(found))


def in_words(graph: Graph, freed: Mapping[int, int], hidden: int) -> str:
    """The graph for those who do not see it."""
    nodes = [box for box in graph.boxes if box.kind == "node"]
    leaves = ", ".join(box.name for box in graph.boxes if box.kind == "leaf")
    gone = sum(box.key in freed for box in nodes)
    kept = sum(saved.nbytes for box in nodes if box.key not in freed for saved in box.saved)
    chain = " from ".join([graph.label, *(box.name for box in nodes[:8])]) + (" and so on" if len(nodes) > 8 else "")
    stale = [f"{box.name}: {lines_of(box, {})[1].removeprefix('✗ ')}" for box in nodes if box.overwritten]
    said = f"{len(nodes)} nodes, {gone} of them freed, {in_bytes(kept)} saved; leaves: {leaves or 'none'}. {chain}."
    said += f" Refused at {', '.join(stale)}." if stale else ""
    return said + (f" {hidden} nodes are not drawn one by one." if hidden else "")
