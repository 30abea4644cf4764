"""Where a curve does not run through, told for what it is: pole, jump, edge, kink. Knows no programs.

A break is known from the samples on both sides of it, which lie closer together than any picture or word can show.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from gradmagic.explore.cells import Scales
from gradmagic.explore.explain import ordinal_label
from gradmagic.explore.record import record
from gradmagic.explore.trace import Array

if TYPE_CHECKING:
    from gradmagic.explore.curves import Curve

__all__ = ["Break", "decimal", "interrupted", "plain", "told", "words_on"]

Kind = Literal["pole", "peak", "jump", "edge", "hole", "kink", "upright"]
MOST_SAID = 6
LONGEST = 15  # digits before or behind the point
FAR = 1000.0  # a slope that would carry it over the picture within this many widths of the break is that of a pole
SEEN = 0.1  # of the picture's height
SENTENCES: dict[Kind, str] = {
    "pole": "{label} has a pole at {x} = {places}: the curve is not joined there",
    "peak": "{label} has a peak at {x} = {places} that is narrower than can be drawn: it reaches {heights}",
    "jump": "{label} jumps at {x} = {places}: the curve is not joined there",
    "hole": "{label} is not defined at {x} = {places} itself, though it has a limit there",
    "kink": "{label} jumps at {x} = {places}: {below} is not differentiable there",
    "upright": "{label} is infinite at {x} = {places}: the tangent of {below} is upright there",
}  # edges are seen: their empty side is empty


@record
class Break:
    """One break.

    Attributes
    ----------
    kind : str
        A pole, a jump, the end of where y is defined, a single sample without a number; where y runs on but its slope
        (or a higher derivative) jumps; and where the slope is infinite.
    order : int
        The lowest order that does not run through.
    x, y : float
        Where, and the value of y beside it (NaN at poles, jumps and edges).
    lo, hi : float
        The samples between which it lies.
    gaps : tuple of float
        Where the lines of that order and of those above must be interrupted.
    """

    kind: Kind
    order: int
    x: float
    y: float
    lo: float
    hi: float
    gaps: tuple[float, ...] = ()


def told(x: Array, rows: Array, scales: Scales) -> Break | None:
    """What the samples of a row of narrow cells say; None if all runs through."""
    known = np.isfinite(rows)
    order = lowest(rows, known, scales)
    if order is None:
        size = np.abs(rows[0] - rows[0, 0])
        at = int(np.argmax(size))
        seen = size[at] > scales.pixel[0]
        return Break("peak", 0, float(x[at]), float(rows[0, at]), float(x[0]), float(x[-1])) if seen else None
    ends = rows[:, [0, -1]]
    place, gaps = place_of(x, rows[order], known[order])
    if order == 1 and goes_as_log(x, ends, scales, 0):
        order = 0
    kind: Kind
    if order == 0:
        y = float("nan")
        if is_pole(x, ends, scales) or grows(x, ends, place) or goes_as_log(x, ends, scales, 0):
            kind = "pole"
        elif not known[0, 0] or not known[0, -1]:
            kind = "edge"
        elif abs(ends[0, 1] - ends[0, 0]) > scales.pixel[0]:
            kind = "jump"
        else:
            kind, y = "hole", float(ends[0].mean())
    else:
        kind, y = "kink", beside(x, rows, plain(x[0], place, x[-1], scales.wide))
        if order == 1 and known.all() and (np.abs(ends[1]) <= 50 * scales.size[1]).all():
            place, y = corner(x, ends)
        steep = np.abs(ends[order]) > 50 * scales.size[order]
        if np.isnan(ends[order]).any():  # on that side nothing is known of a slope, nor that it jumps
            kind = "edge"
        elif not known[order].all() and abs(ends[order, 1] - ends[order, 0]) <= scales.pixel[order]:
            kind = "hole"
        elif order == 1 and ends[1, 0] * ends[1, 1] > 0 and (steep.all() or goes_as_log(x, ends, scales, 1)):
            kind = "upright"
    return Break(kind, order, plain(x[0], place, x[-1], scales.wide), y, float(x[0]), float(x[-1]), gaps)


def beside(x: Array, rows: Array, place: float) -> float:
    """Y at a place between narrow samples, along the slope of the first."""
    at = float(rows[0, 0] + rows[1, 0] * (place - x[0]))
    known = rows[0][np.isfinite(rows[0])]
    return at if np.isfinite(at) else float(known[len(known) // 2])


def corner(x: Array, ends: Array) -> tuple[float, float]:
    """Where the tangents at both ends meet."""
    apart = float(x[-1] - x[0])
    share = (ends[0, 1] - ends[0, 0] - ends[1, 1] * apart) / (ends[1, 0] - ends[1, 1]) / apart
    share = float(np.clip(share, 0.0, 1.0))
    return float(x[0]) + share * apart, float(ends[0, 0] + ends[1, 0] * share * apart)


def lowest(rows: Array, known: Array, scales: Scales) -> int | None:
    """The lowest order that is not a number somewhere, or changes from end to end by what can be seen."""
    with np.errstate(all="ignore"):
        slack = scales.slack(np.zeros((1, 2)), ends_of(rows))[:, 0, 0]
        # where a slope is no number, nothing is forgiven for it
        jumps = np.abs(rows[:, -1] - rows[:, 0]) > scales.pixel + np.nan_to_num(slack, posinf=np.inf)
    torn = np.flatnonzero(jumps | ~known.all(axis=1))
    return int(torn[0]) if torn.size else None


def ends_of(rows: Array) -> Array:
    return rows[:, None, [0, -1]]


def is_pole(x: Array, ends: Array, scales: Scales) -> bool:
    """Whether y grows without bound: its slope beside the break leads out of the picture at once."""
    if len(ends) < 2:
        return False
    reach = FAR * float(x[-1] - x[0])
    far = np.abs(ends[0] - scales.centre[0]) > 0.75 * scales.size[0]
    return bool(np.any(far & (np.abs(ends[1]) * reach > 0.5 * scales.size[0])))


def grows(x: Array, ends: Array, place: float) -> bool:
    """Whether y goes up towards the break on a side as a power of the distance does, however small it still is."""
    if len(ends) < 2 or not np.isfinite(ends[:2]).all():
        return False
    away = x[[0, -1]] - place
    turns = -ends[1] * away / ends[0]  # the power, if y is one of the distance
    flat = np.abs(ends[0]) < np.abs(ends[0]).max() / 1e3
    return bool(((turns > 0.5) & (turns < 9)).all() or (((turns > 0.5) & (turns < 9)) | flat).all())


def goes_as_log(x: Array, ends: Array, scales: Scales, order: int) -> bool:
    """Whether this order goes beyond all bounds on both sides as a logarithm does, which is never far away.

    Its slope times the distance is a constant that can be seen; for a root it goes to zero with the distance.
    """
    if len(ends) < order + 2:
        return False
    slopes = ends[order + 1]
    seen = np.abs(slopes) * float(x[-1] - x[0]) / 2 > SEEN * scales.size[order]
    return bool(seen.all() and slopes[0] * slopes[1] < 0)


def place_of(x: Array, row: Array, known: Array) -> tuple[float, tuple[float, ...]]:
    """Where in the cells the break is, and where a line has to be interrupted for it."""
    if known.any() and not known[0] and len(x) == 2:
        return (float(x[0]) if np.isinf(row[0]) else float(x.mean())), ()
    if known.any() and not known[-1] and len(x) == 2:
        return (float(x[-1]) if np.isinf(row[-1]) else float(x.mean())), ()
    if not known.all():
        at = int(np.flatnonzero(~known)[0])
        return float(x[~known].mean()), (float(x[at - 1 : at + 1].mean()),) if at else ()
    size = np.abs(np.diff(row))
    largest = np.flatnonzero(size > 0.4 * size.max())
    middles = (x[1:] + x[:-1]) / 2
    if len(largest) == 2 and largest[1] == largest[0] + 1:
        return float(x[largest[1]]), tuple(middles[largest].tolist())
    at = int(np.argmax(size))
    return float(middles[at]), (float(middles[at]),)


def decimal(lo: float, x: float, hi: float, pixel: float) -> str:
    """The shortest number between the two, in no more digits than a ten-thousandth of a pixel asks for."""
    most = max(0, 4 - int(np.floor(np.log10(pixel))))
    if most > LONGEST or abs(x) >= 10.0**LONGEST:
        return next(
            (text for digits in range(6, 17) if lo <= float(text := f"{x + 0.0:.{digits}g}") <= hi), f"{x + 0.0:.6g}"
        )
    for digits in range(most):
        if lo <= round(x, digits) <= hi:
            return f"{round(x, digits) + 0.0:.{digits}f}"
    return f"{round(x, most) + 0.0:.{most}f}"


def plain(lo: float, x: float, hi: float, pixel: float) -> float:
    """The plainest number between the two, which is as good as any."""
    short = float(decimal(lo, x, hi, pixel))
    return short if lo <= short <= hi else float(x)


def words_on(
    breaks: Iterable[Break], x_label: str, y_label: str, pixel: float, *, relative: bool = False
) -> tuple[str, ...]:
    """A sentence for each kind of break, with the places of the first few; `relative` pixels are a share of x each."""
    groups: dict[tuple[int, Kind], list[Break]] = {}
    for one in breaks:
        groups.setdefault((one.order, one.kind), []).append(one)
    said = []
    for (order, kind), mine in sorted(groups.items()):
        if kind not in SENTENCES:
            continue
        near = [
            decimal(one.lo, one.x, one.hi, min(pixel, abs(one.x) / 100) if relative else pixel)
            for one in mine[:MOST_SAID]
        ]
        places = ", ".join(near) + (", …" if len(mine) > MOST_SAID else "")
        below = ordinal_label(order - 1, y_label, x_label) if order else ""
        label = ordinal_label(order, y_label, x_label)
        heights = ", ".join(f"{one.y:.4g}" for one in mine[:MOST_SAID])
        said.append(SENTENCES[kind].format(label=label, x=x_label, places=places, below=below, heights=heights))
    return tuple(said)


def needed(x: Array, found: list[Curve], breaks: Iterable[Break]) -> tuple[Array, Array]:
    """Where gaps must be put in, and from which order on: one between two samples, none beside a sample at a pole."""
    y = found[0].values
    between: dict[int, list[tuple[float, int]]] = {}
    for one in breaks:
        for gap in one.gaps:
            between.setdefault(int(np.searchsorted(x, gap)), []).append((gap, one.order))
    gaps = [
        (float(np.mean([gap for gap, _ in mine])), min(order for _, order in mine))
        for place, mine in sorted(between.items())
        if 0 < place < len(x) and (y is None or np.isfinite(y[place - 1 : place + 1]).all())
    ]
    return np.array([gap for gap, _ in gaps]), np.array([order for _, order in gaps])


def interrupted(x: Array, found: list[Curve], breaks: Iterable[Break]) -> tuple[Array, list[Curve], Array]:
    """The curves with gaps at the breaks, and at which places of the abscissae something was put in for that."""
    at, order = needed(x, found, breaks)
    if not len(at):
        return x, found, np.zeros(0, dtype=np.intp)
    before = np.searchsorted(x, at)
    result = []
    for curve in found:
        values = curve.values
        if values is not None:
            share = (at - x[before - 1]) / (x[before] - x[before - 1])
            between = values[before - 1] + share * (values[before] - values[before - 1])
            values = np.insert(values, before, np.where(order <= curve.order, np.nan, between))
        result.append(replace(curve, values=values))
    return np.insert(x, before, at), result, before + np.arange(len(before))
