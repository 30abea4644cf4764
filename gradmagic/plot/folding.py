"""What is drawn of a graph that is too large: some nodes one by one, and the others in groups. Knows no SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gradmagic.explore.record import record
from gradmagic.explore.story import Box, Graph

__all__ = ["MOST", "Folded", "folded", "kinds"]

MOST = 60  # boxes up to which a graph is drawn as it is
NEAR = 14  # nodes that are drawn one by one of a larger one
GROUPS = 8  # that the nodes before and after them are put into, each, at most
LEAVES = 12  # that are drawn one by one

Origin = tuple[str, int]


@record
class Folded:
    """The graph as it is drawn, and for each box of it that stands for several what these are, by its key."""

    graph: Graph
    members: Mapping[int, tuple[Box, ...]]


def folded(graph: Graph, focus: int | None = None) -> Folded:
    """The graph as it is, or if it is too large the nodes around one of them, and the others by the lines they are of.

    Parameters
    ----------
    graph : Graph
    focus : int, optional
        The key of a node; the one next to the output if not given.
    """
    if len(graph.boxes) <= MOST:
        return Folded(graph, {})
    nodes = [box for box in graph.boxes if box.kind == "node"]
    place = next((i for i, box in enumerate(nodes) if box.key == focus), 0)
    first = max(min(place - NEAR // 2, len(nodes) - NEAR), 0)
    near = nodes[first : first + NEAR]
    # Each box comes before its heads: no arrow leads back from the nodes after to those near or before.
    parts = [*grouped(nodes[:first]), *((box,) for box in near), *grouped(nodes[first + NEAR :])]
    parts += leaves_of(graph, near)
    return drawn(graph, parts)


def drawn(graph: Graph, parts: Sequence[tuple[Box, ...]]) -> Folded:
    """The graph with each of these parts as one box."""
    parts = [*((box,) for box in graph.boxes if box.kind == "output"), *parts]
    members = {-part[0].key: part for part in parts if len(part) > 1}
    key_of = {box.key: part[0].key if len(part) == 1 else -part[0].key for part in parts for box in part}
    boxes = []
    for part in parts:
        key = key_of[part[0].key]
        heads = dict.fromkeys(key_of[head] for box in part for head in box.heads)
        heads.pop(key, None)
        boxes.append(replace(part[0] if len(part) == 1 else together(part), key=key, heads=tuple(heads)))
    return Folded(Graph(graph.label, tuple(boxes)), members)


def together(part: Sequence[Box]) -> Box:
    """One box for several."""
    if part[0].kind == "leaf":
        return Box(0, "group", f"{len(part)} leaves", ())
    saved = tuple(saved for box in part for saved in box.saved)
    return Box(0, "group", f"{len(part)} nodes of {origins(map(origin, part))}", (), saved)


def leaves_of(graph: Graph, near: Sequence[Box]) -> list[tuple[Box, ...]]:
    """The leaves; of many those one by one that the nodes near lead to, and the others as one."""
    leaves = [box for box in graph.boxes if box.kind == "leaf"]
    reached = {head for box in near for head in box.heads}
    far = tuple(box for box in leaves if box.key not in reached) if len(leaves) > LEAVES else ()
    return [*((box,) for box in leaves if box not in far), *([far] if far else [])]


def grouped(nodes: Sequence[Box]) -> list[tuple[Box, ...]]:
    """Nodes by the line of the cell, or the call, that made them; lines that lead to each other are one group.

    Each group comes before those that it leads to.
    """
    if not nodes:
        return []
    known = sorted(set(map(origin, nodes)))
    count = min(len(known), GROUPS)
    group = {box.key: known.index(origin(box)) * count // len(known) for box in nodes}
    reach = np.eye(count, dtype=bool)
    for box in nodes:
        for head in box.heads:
            if head in group:
                reach[group[box.key], group[head]] = True
    for _ in range(count.bit_length()):
        reach = reach @ reach
    both_ways = reach & reach.T
    parts: dict[int, list[Box]] = {}
    for box in nodes:
        parts.setdefault(int(np.argmax(both_ways[group[box.key]])), []).append(box)
    # who leads to another reaches all that this one reaches, and itself
    return [tuple(parts[i]) for i in sorted(parts, key=lambda i: -int(reach[i].sum()))]


def origin(box: Box) -> Origin:
    """What made a node: a line of the cell, or a call of the ledger, counted from 1."""
    if box.line:
        return "line", box.line
    return ("call", box.made_by + 1) if box.made_by is not None else ("another cell", 0)


def origins(found: Iterable[Origin]) -> str:
    """Lines and calls in words.

    >>> origins([("line", 3), ("line", 5), ("call", 1)]), origins([("line", 4)])
    ('call 1, lines 3–5', 'line 4')
    """
    numbers: dict[str, list[int]] = {}
    for word, number in sorted(set(found)):
        numbers.setdefault(word, []).append(number)
    return ", ".join(
        word if not of[0] else f"{word} {of[0]}" if len(of) == 1 else f"{word}s {of[0]}–{of[-1]}"
        for word, of in numbers.items()
    )


def kinds(part: Iterable[Box]) -> str:
    """What nodes there are, the most frequent first.

    >>> kinds(Box(i, "node", name, ()) for i, name in enumerate(["MulBackward0", "SinBackward0", "MulBackward0"]))
    '2 Mul, 1 Sin'
    """
    counts = Counter(box.name.removesuffix("Backward0") for box in part).most_common()
    said = ", ".join(f"{count} {name}" for name, count in counts[:4])
    return f"{said}, …" if len(counts) > 4 else said
