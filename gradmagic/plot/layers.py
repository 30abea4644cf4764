"""A layered drawing of a directed graph without cycles: places for boxes, and ways for arrows. Knows no SVG.

The four steps are those of Sugiyama, Tagawa and Toda (1981): layers by longest path, bends where an arrow crosses a
layer, orders in which few arrows cross, and then positions, here the least squares ones that keep the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from gradmagic.explore.record import record

__all__ = ["Laid", "Place", "laid_out"]

SWEEPS = 12
Key = Any  # whatever can be a key


@record
class Place:
    """The centre of a box, and its layer."""

    x: float
    layer: int


@record
class Laid:
    """Where everything is.

    Attributes
    ----------
    places : mapping
        For each box its place.
    ways : mapping
        For each arrow, as (tail, head), the x of its ends and of its bends, one in each layer from tail to head.
    width : float
        From the left edge of the leftmost box, at 0, to the right edge of the rightmost.
    layers : int
    """

    places: Mapping[Key, Place]
    ways: Mapping[tuple[Key, Key], tuple[float, ...]]
    width: float
    layers: int


def laid_out(
    widths: Mapping[Key, float],
    heads: Mapping[Key, Sequence[Key]],
    last: Sequence[Key] = (),
    gap: float = 24.0,
) -> Laid:
    """Lay out boxes of these widths.

    Parameters
    ----------
    widths : mapping
        The boxes, each before its heads.
    heads : mapping
        For each box, where its arrows lead.
    last : sequence
        Boxes that belong into the last layer.
    gap : float
        Between two boxes of a layer, at least.

    Examples
    --------
    >>> laid = laid_out({"y": 40, "a": 40, "b": 40, "x": 40}, {"y": ["a", "b"], "a": ["x"], "b": ["x"]})
    >>> [(name, place.layer) for name, place in laid.places.items()]
    [('y', 0), ('a', 1), ('b', 1), ('x', 2)]
    >>> laid.places["y"].x == laid.places["x"].x == laid.width / 2
    True
    """
    layer = layers_of(widths, heads, last)
    rows, links, sizes = with_bends(layer, heads, widths)
    order(rows, links)
    xs = positions(rows, links, sizes, gap)
    left = min((xs[v] - sizes[v] / 2 for v in xs), default=0.0)
    xs = {v: x - left for v, x in xs.items()}
    places = {v: Place(xs[v], layer[v]) for v in widths}
    ways = {}
    for tail in widths:
        for head in heads.get(tail, ()):
            between = [(tail, head, k) for k in range(layer[tail] + 1, layer[head])]
            ways[tail, head] = tuple(xs[v] for v in (tail, *between, head))
    width = max((xs[v] + sizes[v] / 2 for v in xs), default=0.0)
    return Laid(places, ways, width, len(rows))


def layers_of(widths: Mapping[Key, float], heads: Mapping[Key, Sequence[Key]], last: Sequence[Key]) -> dict[Key, int]:
    """The length of the longest way from a beginning to each box."""
    layer: dict[Key, int] = dict.fromkeys(widths, 0)
    for box in widths:
        for head in heads.get(box, ()):
            layer[head] = max(layer[head], layer[box] + 1)
    deepest = max(layer.values(), default=0)
    return layer | {box: max(deepest, 1) for box in last}


def with_bends(
    layer: Mapping[Key, int], heads: Mapping[Key, Sequence[Key]], widths: Mapping[Key, float]
) -> tuple[list[list[Key]], dict[Key, tuple[list[Key], list[Key]]], dict[Key, float]]:
    """The layers, with a bend in each that an arrow crosses; for each thing its neighbours below and above."""
    rows: list[list[Key]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    links: dict[Key, tuple[list[Key], list[Key]]] = {}
    sizes: dict[Key, float] = dict(widths)
    for box in widths:
        rows[layer[box]].append(box)
        links[box] = ([], [])
    for tail in widths:
        for head in heads.get(tail, ()):
            before: Key = tail
            for k in range(layer[tail] + 1, layer[head]):
                bend = (tail, head, k)
                rows[k].append(bend)
                links[bend], sizes[bend] = ([], []), 0.0
                links[before][1].append(bend)
                links[bend][0].append(before)
                before = bend
            links[before][1].append(head)
            links[head][0].append(before)
    return rows, links, sizes


def order(rows: list[list[Key]], links: Mapping[Key, tuple[list[Key], list[Key]]]) -> None:
    """Sort each layer so that few arrows cross: by the mean place of the neighbours, down and up in turn."""
    best, least = [list(row) for row in rows], crossings(rows, links)
    for sweep in range(SWEEPS):
        side = sweep % 2
        for row in rows[1:] if side == 0 else reversed(rows[:-1]):
            index = {v: i for r in rows for i, v in enumerate(r)}
            mean = {
                v: sum(index[n] for n in links[v][side]) / len(links[v][side]) if links[v][side] else index[v]
                for v in row
            }
            row.sort(key=mean.__getitem__)
        found = crossings(rows, links)
        if found < least:
            best, least = [list(row) for row in rows], found
    rows[:] = best


def crossings(rows: list[list[Key]], links: Mapping[Key, tuple[list[Key], list[Key]]]) -> int:
    """How many pairs of arrows cross."""
    count = 0
    for lower, upper in pairwise(rows):
        index = {v: i for i, v in enumerate(upper)}
        ends = [j for v in lower for j in sorted(index[n] for n in links[v][1])]
        count += sum(ends[i] > later for i in range(len(ends)) for later in ends[i + 1 :])
    return count


def positions(
    rows: list[list[Key]],
    links: Mapping[Key, tuple[list[Key], list[Key]]],
    sizes: Mapping[Key, float],
    gap: float,
) -> dict[Key, float]:
    """The x of each thing: near its neighbours, in the order of its layer."""
    xs: dict[Key, float] = {}
    for row in rows:
        xs |= spread([0.0] * len(row), row, sizes, gap)
    for sweep in range(2 * SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = []
            for v in row:
                near = [*links[v][0], *links[v][1]]
                wanted.append(sum(xs[n] for n in near) / len(near) if near else xs[v])
            xs |= spread(wanted, row, sizes, gap)
    return xs


def spread(wanted: Sequence[float], row: Sequence[Key], sizes: Mapping[Key, float], gap: float) -> dict[Key, float]:
    """The positions nearest to those wanted, in the sense of least squares, at which nothing overlaps.

    With the distances taken off it is isotonic regression: neighbours that are out of order are pooled.
    """
    offsets = [0.0]
    for a, b in pairwise(row):
        offsets.append(offsets[-1] + (sizes[a] + sizes[b]) / 2 + gap)
    pools: list[tuple[float, int]] = []  # the mean, and of how many
    for want, offset in zip(wanted, offsets, strict=False):
        mean, count = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, n = pools.pop()
            mean, count = (mean * count + other * n) / (count + n), count + n
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    return {v: mean + offset for v, mean, offset in zip(row, means, offsets, strict=False)}
