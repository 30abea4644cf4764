"""A backward graph as SVG: what each node saved, what was freed, and the gradients of one step. Knows no widgets."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from gradmagic.explore.record import record
from gradmagic.explore.report import in_bytes
from gradmagic.explore.story import Box, Graph, Step
from gradmagic.explore.trace import Array
from gradmagic.plot.folding import Folded, folded, kinds
from gradmagic.plot.layers import Laid, laid_out

__all__ = ["Drawing", "diagram"]

LETTER, LINE = 7.2, 15.0  # pixels
HEIGHT, RISE = 42.0, 36.0  # of a box, and between two layers
MARGIN = 8.0
STYLE = "max-width:100%;height:auto"
READABLE = 0.75  # of its size: a drawing that is wider than its place is made no smaller, and scrolls

# Colours follow the panel's, which follow the front end's; the fallbacks are the light theme.
BACK = "var(--gm-back,#fff)"
INK, FAINT, LINE_COLOUR = "var(--gm-ink,#24292f)", "var(--gm-faint,#59636e)", "var(--gm-faint,#8c959f)"
NOW = "#d55e00"  # the node whose turn it is, and what it passes on
LOOKS: Mapping[str, str] = {
    "output": "fill:#0072b2;stroke:#0072b2",
    "leaf": f"fill:{BACK};stroke:#0072b2;stroke-width:2",
    "kept": "fill:var(--gm-kept,#e6f1f8);stroke:#0072b2",
    "empty": f"fill:{BACK};stroke:var(--gm-faint,#8c959f)",
    "freed": "fill:none;stroke:var(--gm-faint,#8c959f);stroke-dasharray:5 4",
    "stale": "fill:var(--gm-wash,#fdecea);stroke:var(--gm-bad,#b3261e);stroke-width:2.5",
    "now": f"fill:#fbe3d6;stroke:{NOW};stroke-width:2.5",
}


@record
class Drawing:
    """A graph as SVG, with a title and a description in words; its width in pixels, and how much of it there is to see.

    Attributes
    ----------
    svg : str
    width : float
    nodes, single : int
        How many nodes the graph has, and how many are drawn one by one.
    """

    svg: str
    width: float
    nodes: int
    single: int


def diagram(
    graph: Graph,
    freed: Mapping[int, int],
    step: Step | None = None,
    place: int | None = None,
    chosen: int | None = None,
) -> Drawing:
    """Draw a graph, the output below and the leaves above, as the gradient flows.

    Parameters
    ----------
    graph : Graph
    freed : mapping of int to int
        For each node that was freed, by its key, the call that freed it.
    step : Step, optional
        The node whose turn it is, and what it passes on.
    place : int, optional
        The element whose gradient is said; otherwise its range is.
    chosen : int, optional
        The key of the node that is marked, and that a large graph is drawn around; that of the step if not given.
    """
    focus = chosen if chosen is not None or step is None else step.key
    shown = folded(graph, focus)
    boxes = {box.key: box for box in shown.graph.boxes}
    texts = {key: lines_of(box, freed, shown.members.get(key, ())) for key, box in boxes.items()}
    widths = {key: max(len(text) for text in lines) * LETTER + 22 for key, lines in texts.items()}
    last = [key for key, box in boxes.items() if box.kind == "leaf" or (box.kind == "group" and not box.heads)]
    laid = laid_out(widths, {key: box.heads for key, box in boxes.items()}, last)
    height = laid.layers * HEIGHT + (laid.layers - 1) * RISE + 2 * MARGIN
    nodes = {key: i for i, key in enumerate(box.key for box in graph.boxes if box.kind == "node")}
    passed = passed_on(step, shown)
    parts = [arrow(laid, ends, height, passed.get(ends, ()), place) for ends in laid.ways]
    for key, box in boxes.items():
        where = laid.places[key].x + MARGIN, height_of(laid.places[key].layer, height), widths[key]
        look = look_of(box, freed, shown.members.get(key, ()), now=step is not None and step.key == key)
        parts.append(drawing_of(box, texts[key], where, look, number_of(box, shown, nodes, focus), marked=key == focus))
    single = sum(box.kind == "node" for box in boxes.values())
    width = laid.width + 2 * MARGIN
    heads = {"gm-head": LINE_COLOUR} | ({"gm-head-now": NOW} if any(map(passed.get, laid.ways)) else {})
    svg = framed(parts, heads, (width, height), graph.label, in_words(graph, freed, single))
    return Drawing(svg, width, len(nodes), single)


def framed(parts: Sequence[str], heads: Mapping[str, str], size: tuple[float, float], label: str, said: str) -> str:
    """The parts as one SVG, with its title and what it shows in words; `heads` of arrows have a colour each."""
    (width, height), least = size, READABLE * size[0]
    title, words = html.escape(f"The backward graph of {label}", quote=True), html.escape(said)
    return (
        f'<svg class="gm-graph" role="img" xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" style="{STYLE};min-width:{least:.0f}px" '
        f'font-family="sans-serif" aria-label="{title}. {words}">'
        f"<title>{title}</title><desc>{words}</desc>"
        f"<defs>{''.join(arrow_head(*one) for one in heads.items())}</defs>{''.join(parts)}</svg>"
    )


def arrow_head(name: str, colour: str) -> str:
    """The head of an arrow: it does not take its colour from the line in every browser."""
    return (
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" orient="auto" '
        f'markerUnits="userSpaceOnUse"><path d="M0 0L10 5L0 10z" style="fill:{colour}"/></marker>'
    )


def passed_on(step: Step | None, shown: Folded) -> Mapping[tuple[int, int], list[Array | None]]:
    """The gradients of a step, by the arrow that carries them."""
    found: dict[tuple[int, int], list[Array | None]] = {}
    if step is not None:
        drawn_as = {box.key: key for key, part in shown.members.items() for box in part}
        for head, gradient in step.passed:
            found.setdefault((step.key, drawn_as.get(head, head)), []).append(gradient)
    return found


def number_of(box: Box, shown: Folded, nodes: Mapping[int, int], focus: int | None) -> int | None:
    """The place in the list of nodes of what a click on a box is to choose: of a group the member next to the focus."""
    at = nodes.get(focus or 0, 0)
    members = shown.members.get(box.key, (box,))
    places = [nodes[member.key] for member in members if member.key in nodes]
    return min(places, key=lambda place: abs(place - at), default=None)


def height_of(layer: int, height: float) -> float:
    """The y of the middle of a layer; the first is the lowest."""
    return height - MARGIN - HEIGHT / 2 - layer * (HEIGHT + RISE)


def lines_of(box: Box, freed: Mapping[int, int], members: tuple[Box, ...] = ()) -> tuple[str, str]:
    """What stands in a box."""
    if members:
        return lines_of_group(box, freed, members)
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


def lines_of_group(box: Box, freed: Mapping[int, int], members: tuple[Box, ...]) -> tuple[str, str]:
    """What stands in a box for several."""
    if members[0].kind == "leaf":
        return box.name, "not drawn one by one"
    gone = sum(member.key in freed for member in members)
    kept = sum(saved.nbytes for member in members if member.key not in freed for saved in member.saved)
    freed_of_it = "" if not gone else ", all freed" if gone == len(members) else f", {gone} freed"
    return f"{box.name}{freed_of_it}", f"{kinds(members)} · {in_bytes(kept)}"


def by_line(line: int | None) -> str:
    return f" by line {line}" if line else ""


@record
class Look:
    """The style of a box, and the colours of its two lines."""

    style: str
    first: str = INK
    second: str = FAINT


def look_of(box: Box, freed: Mapping[int, int], members: tuple[Box, ...] = (), *, now: bool = False) -> Look:
    """How a box looks: the one whose turn it is, what was freed, what holds something."""
    if now:
        return Look(LOOKS["now"], "#24292f", "#24292f")
    if box.kind == "output":
        return Look(LOOKS["output"], "#fff", "#fff")
    if box.kind == "leaf":
        return Look(LOOKS["leaf"])
    if all(member.key in freed for member in members or (box,)):
        return Look(LOOKS["freed"], FAINT)
    if any(member.overwritten for member in members or (box,)):
        return Look(LOOKS["stale"], second="var(--gm-bad,#b3261e)")
    return Look(LOOKS["kept" if box.saved else "empty"])


def drawing_of(
    box: Box, lines: tuple[str, str], where: tuple[float, float, float], look: Look, place: int | None, *, marked: bool
) -> str:
    """One box, with its rule and the line that made it in a tooltip, and its place among the nodes."""
    x, y, width = where
    if box.kind in ("node", "group"):
        style = f"{look.style};stroke-width:3.5" if marked else look.style
        shape = rectangle(where, style)
        if box.kind == "group":  # a pile
            shape = "".join(rectangle((x + 4 * k, y + 4 * k, width), f"{style};fill:{BACK}") for k in (2, 1)) + shape
    else:
        shape = f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{width / 2:.1f}" ry="{HEIGHT / 2}" style="{look.style}"/>'
    chosen = "" if place is None else f' data-node="{place}"'
    at = ' class="gm-marked"' if marked else ""
    told = [box.name, f"line {box.line}" if box.line else "", box.formula or box.rule]
    tip = html.escape(" · ".join(filter(None, told)))
    return (
        f"<g{chosen}{at}><title>{tip}</title>{shape}"
        f'<text x="{x:.1f}" y="{y - 3:.1f}" text-anchor="middle" font-size="12" style="fill:{look.first}">'
        f"{html.escape(lines[0])}</text>"
        f'<text x="{x:.1f}" y="{y + 12:.1f}" text-anchor="middle" font-size="10.5" style="fill:{look.second}">'
        f"{html.escape(lines[1])}</text></g>"
    )


def rectangle(where: tuple[float, float, float], style: str) -> str:
    x, y, width = where
    return (
        f'<rect x="{x - width / 2:.1f}" y="{y - HEIGHT / 2:.1f}" width="{width:.1f}" height="{HEIGHT}" rx="9" '
        f'style="{style}"/>'
    )


def arrow(laid: Laid, ends: tuple[int, int], height: float, passed: Sequence[Array | None], place: int | None) -> str:
    """One arrow, smooth through its bends, with the gradients that it carries."""
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
    colour, thick, end = (NOW, 2.2, "gm-head-now") if passed else (LINE_COLOUR, 1.2, "gm-head")
    drawn = f'<path d="{path}" style="fill:none;stroke:{colour};stroke-width:{thick}" marker-end="url(#{end})"/>'
    if not passed:
        return drawn
    (ax, ay), (bx, by) = points[0], points[1]
    said = "; ".join(value_text(gradient, place) for gradient in passed)
    return (
        f'{drawn}<text x="{(ax + bx) / 2 + 6:.1f}" y="{(ay + by) / 2 + 4:.1f}" font-size="11" '
        f'style="fill:#b84d00;paint-order:stroke;stroke:{BACK};stroke-width:4px">'
        f"{html.escape(said)}</text>"
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


def in_words(graph: Graph, freed: Mapping[int, int], single: int) -> str:
    """The graph for those who do not see it."""
    nodes = [box for box in graph.boxes if box.kind == "node"]
    leaves = ", ".join(box.name for box in graph.boxes if box.kind == "leaf")
    gone = sum(box.key in freed for box in nodes)
    kept = sum(saved.nbytes for box in nodes if box.key not in freed for saved in box.saved)
    chain = " from ".join([graph.label, *(box.name for box in nodes[:8])]) + (" and so on" if len(nodes) > 8 else "")
    stale = [f"{box.name}: {lines_of(box, {})[1].removeprefix('✗ ')}" for box in nodes if box.overwritten]
    said = f"{len(nodes)} nodes, {gone} of them freed, {in_bytes(kept)} saved; leaves: {leaves or 'none'}. {chain}."
    said += f" Refused at {', '.join(stale)}." if stale else ""
    return said + (f" {single} of them are drawn one by one, the others in groups." if single < len(nodes) else "")
