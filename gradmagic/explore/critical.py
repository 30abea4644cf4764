"""Where the gradient of a number over two inputs is zero, and what is there. Knows arrays, and a function to ask.

A cell of the grid at whose corners both partial derivatives have both signs may hold such a place. Newton's method
finds it with exact second derivatives, asked for at all candidates at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradmagic.explore.planes import Critical, CriticalKind
from gradmagic.explore.record import record
from gradmagic.explore.trace import Array

__all__ = ["Jet", "critical_points"]

MOST_CELLS = 600  # more candidates than these are whole lines or regions
MANY = 24  # of these, if most are degenerate, the same is to be thought
STEPS = 40
CIRCLE = 48  # places around a degenerate point


@record
class Jet:
    """z, its gradient and its Hessian at some places: arrays of shape (n,), (2, n) and (2, 2, n)."""

    z: Array
    gradient: Array
    hessian: Array


Ask = Callable[[Array, Array], Jet]


def critical_points(
    x: Array, y: Array, gradient: Array, hessian: Array, ask: Ask, *, name: str = "z"
) -> tuple[tuple[Critical, ...], str]:
    """The critical points inside the grid, from left to right, and what must be said about them.

    Examples
    --------
    >>> x = y = np.linspace(-1, 1, 6)
    >>> def bowl(x, y):
    ...     return Jet(x**2 + y**2, np.stack([2 * x, 2 * y]), np.multiply.outer(np.diag([2.0, 2.0]), np.ones(len(x))))
    >>> jet = bowl(*(part.ravel() for part in np.meshgrid(x, y)))
    >>> found, _ = critical_points(x, y, jet.gradient.reshape(2, 6, 6), jet.hessian.reshape(2, 2, 6, 6), bowl)
    >>> [(point.kind, point.x, point.y) for point in found]
    [('minimum', 0.0, 0.0)]
    """
    cells = crossed(gradient)
    if len(cells) > MOST_CELLS:
        return (), f"the gradient of {name} is zero along whole lines or regions: no single points are marked"
    if not len(cells):
        return (), ""
    # of a grid that is even but for the cursor's row and column
    size = np.array([x[-1] - x[0], y[-1] - y[0]]) / (np.array([len(x), len(y)]) - 1)
    rows, columns = cells.T
    start = np.stack([x[columns] + x[columns + 1], y[rows] + y[rows + 1]]) / 2
    places = newton(start, size[:, None], ask)
    jet = ask(*places)
    kept = level(jet.gradient, gradient) & (np.abs(places - start) <= 1.5 * size[:, None]).all(axis=0)
    slack = 1e-6 * size
    for place, axis, more in zip(places, (x, y), slack, strict=True):
        kept &= (place >= axis[0] - more) & (place <= axis[-1] + more)
    chosen = apart(places, size, np.flatnonzero(kept))
    scale = typical(np.abs(hessian).max(axis=(0, 1)))
    found = [classified(places[:, i], jet, i, scale, size) for i in chosen]
    unclear = [place for place, point in enumerate(found) if point.kind == "degenerate"]
    if len(found) > MANY and 2 * len(unclear) > len(found):
        return (), f"the gradient of {name} is zero along whole lines: no single points are marked"
    for place in unclear:
        found[place] = replace(found[place], remark=seen_from_around(found[place], size, ask))
    return tuple(sorted(found, key=lambda point: (point.x, point.y))), ""


def crossed(gradient: Array) -> Array:
    """Row and column of the cells at whose corners both parts have both signs, or are zero."""
    both = np.ones((gradient.shape[1] - 1, gradient.shape[2] - 1), dtype=bool)
    for part in gradient:
        corners = (part[:-1, :-1], part[1:, :-1], part[:-1, 1:], part[1:, 1:])
        low, high = np.minimum.reduce(corners), np.maximum.reduce(corners)
        both &= (low <= 0) & (high >= 0) & np.isfinite(low) & np.isfinite(high)
    return np.argwhere(both)


def newton(start: Array, size: Array, ask: Ask) -> Array:
    """From each start to a zero of the gradient; a step is at most one cell long.

    Where the Hessian is singular the steps shrink by a constant ratio only: each is then made as long as all of them
    together would be.
    """
    places, before = start.copy(), np.full(start.shape[1], np.inf)
    for _ in range(STEPS):
        jet = ask(*places)
        step = solved(jet.hessian, -jet.gradient)
        step[:, (np.abs(places - start) > 2 * size).any(axis=0)] = 0.0  # it left for a place that is not its own
        length = np.max(np.abs(step) / size, axis=0)
        if not np.any(length > 1e-12):
            break
        with np.errstate(all="ignore"):
            ratio = length / before
            slow = (ratio > 0.3) & (ratio < 0.95)
            factor = np.where(slow, 1 / (1 - np.minimum(ratio, 0.95)), 1.0)
            factor = np.minimum(factor, 1 / np.maximum(length, 1e-300))
        before = np.where(slow, np.inf, length)
        places = places + step * factor
    return places


def solved(hessian: Array, right: Array) -> Array:
    """The solution of each 2×2 system; of a singular one the shortest that fits best, of one with a NaN zero."""
    usable = np.isfinite(hessian).all(axis=(0, 1)) & np.isfinite(right).all(axis=0)
    inverse = np.linalg.pinv(np.moveaxis(np.where(usable, hessian, 0.0), -1, 0), rcond=1e-9, hermitian=True)
    return np.asarray(np.einsum("nij,jn->in", inverse, np.where(usable, right, 0.0)))


def level(found: Array, grid: Array) -> Array:
    """Whether the gradient is zero there, beside how large it is elsewhere."""
    sizes = np.abs(grid).max(axis=0)
    with np.errstate(all="ignore"):
        return np.asarray(np.abs(found).max(axis=0) <= 1e-8 * (typical(sizes) or 1.0))


def typical(sizes: Array) -> float:
    """The middle one of the sizes that are numbers and not zero."""
    usable = sizes[np.isfinite(sizes) & (sizes > 0)]
    return float(np.median(usable)) if usable.size else 0.0


def apart(places: Array, size: Array, among: Array) -> list[int]:
    """One of each group of places that are nearer to each other than a quarter of a cell."""
    chosen: list[int] = []
    for i in among.tolist():
        far = np.abs(places[:, chosen] - places[:, i : i + 1]) >= 0.25 * size[:, None]
        if far.any(axis=0).all():
            chosen.append(i)
    return chosen


def classified(place: Array, jet: Jet, i: int, scale: float, size: Array) -> Critical:
    """What the Hessian says of this place."""
    hessian = jet.hessian[:, :, i]
    low, high = (float(v) for v in np.linalg.eigvalsh((hessian + hessian.T) / 2))
    least = 1e-6 * scale
    kind: CriticalKind = "degenerate"
    if min(abs(low), abs(high)) > least:
        kind = "minimum" if low > 0 else "maximum" if high < 0 else "saddle"
    x, y = (0.0 if abs(v) < 1e-9 * s else float(v) for v, s in zip(place, size, strict=True))
    return Critical(x, y, float(jet.z[i]), kind, (low, high))


def seen_from_around(point: Critical, size: Array, ask: Ask) -> str:
    """How the values on a small ellipse around a place compare with the one there."""
    angle = 2 * np.pi * (np.arange(CIRCLE) + 0.5) / CIRCLE
    there = ask(point.x + size[0] / 2 * np.cos(angle), point.y + size[1] / 2 * np.sin(angle)).z - point.value
    if not np.isfinite(there).all():
        return "not defined all around"
    rounding = 1e-13 * max(abs(point.value), float(np.max(np.abs(there))))
    signs = np.sign(np.where(np.abs(there) <= rounding, 0.0, there))
    signs = signs[signs != 0]
    if not len(signs):
        return "level all around"
    changes = int(np.sum(signs != np.roll(signs, 1)))
    if changes == 0:
        return "lower nowhere around: a minimum" if signs[0] > 0 else "higher nowhere around: a maximum"
    return f"a saddle with {changes // 2} valleys" if changes > 4 else "a saddle" if changes == 4 else "neither"
