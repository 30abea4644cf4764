"""What overlays draw in one pane: lines, symbols, areas. Knows no overlay by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D

from gradmagic.explore.overlays import Mark
from gradmagic.plot.theme import TANGENT_WIDTH, WASH, Theme

__all__ = ["Overlaid"]

DASHES = (0, (4, 2))
BELOW = ("area", "upright")  # what lies under the curves


class Overlaid:
    """The artists for the marks of one pane; they are kept from one frame to the next, by their kind."""

    def __init__(self, axes: Axes, theme: Theme, *, animated: bool) -> None:
        self.axes, self.theme, self._animated = axes, theme, animated
        # By whether they lie below, then by whether they are areas.
        self._pools: dict[bool, dict[bool, list[Any]]] = {low: {True: [], False: []} for low in (True, False)}

    def lay(self, marks: Iterable[Mark], *, below: bool) -> list[Any]:
        """Artists with these marks' numbers, lowest first: those under the curves, or those over them."""
        chosen = [mark for mark in marks if (mark.kind in BELOW) is below]
        pools = self._pools[below]
        taken: dict[bool, int] = {True: 0, False: 0}
        found: list[Any] = []
        for mark in chosen:
            area = mark.kind == "area"
            pool, place = pools[area], taken[area]
            taken[area] += 1
            if place == len(pool):
                pool.append(self._new_area() if area else self._new_line())
            (self._set_area if area else self._set_line)(pool[place], mark)
            found.append(pool[place])
        return found

    def _new_line(self) -> Line2D:
        line = Line2D((), (), animated=self._animated, zorder=4, antialiased=True)
        line.set_sketch_params(None)
        line.set_path_effects([])
        self.axes.add_line(line)
        return line

    def _new_area(self) -> PolyCollection:
        area = PolyCollection([], animated=self._animated, zorder=0.4, linewidths=0, antialiaseds=False)
        area.set_transform(self.axes.get_xaxis_transform())
        self.axes.add_collection(area, autolim=False)
        return area

    def _colour(self, mark: Mark) -> str:
        return self.theme.ink if mark.colour is None else self.theme.colour(mark.colour)

    def _set_line(self, line: Line2D, mark: Mark) -> None:
        colour = self.theme.faint if mark.kind == "upright" else self._colour(mark)
        points = mark.kind == "points"
        style: Any = {"points": "none", "line": "-"}.get(mark.kind, DASHES)
        line.set(
            color=colour, linewidth=TANGENT_WIDTH, linestyle=style,
            marker=mark.symbol if points else "None", markersize=6.0, markeredgewidth=1.3, markeredgecolor=colour,
            markerfacecolor=colour if mark.symbol == "D" else self.theme.background,
        )  # fmt: skip
        if mark.kind == "upright":
            line.set_transform(self.axes.get_xaxis_transform())
            line.set_data(np.repeat(mark.x, 3), np.tile([0.0, 1.0, np.nan], len(mark.x)))
        else:
            line.set_transform(self.axes.transData)
            line.set_data(mark.x, mark.y)

    def _set_area(self, area: PolyCollection, mark: Mark) -> None:
        spans = mark.x.reshape(-1, 2)
        low, high = mark.height
        area.set_verts([[(a, low), (b, low), (b, high), (a, high)] for a, b in spans])
        area.set_facecolor(blended(self._colour(mark), self.theme.background, WASH))


def blended(colour: str, back: str, share: float) -> tuple[float, float, float]:
    """A little of a colour on the background."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(back[1:]), strict=True)
    red, green, blue = ((share * a + (1 - share) * b) / 255 for a, b in pairs)
    return red, green, blue
