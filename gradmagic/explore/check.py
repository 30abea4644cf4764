"""The derivatives of a curve beside central differences, and beside PyTorch where that is there. Knows no pictures."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from gradmagic.explore.explain import ordinal_label
from gradmagic.explore.features import breaks
from gradmagic.explore.plane_check import plane_differences
from gradmagic.explore.program import Program
from gradmagic.explore.record import record
from gradmagic.explore.request import GradUsageError
from gradmagic.explore.run import run
from gradmagic.explore.trace import Array, Trace

if TYPE_CHECKING:
    from gradmagic.explore.explorer import Explorer

__all__ = ["DIFFERENCES", "Check", "check"]

DIFFERENCES = "central differences"

TOLERANCE = 1e-5  # relative to the size of the curve: what central differences can be trusted with
AGREEMENT = 1e-9  # and what two engines in double precision
ROUNDING = 1e-15
STEP = float(np.cbrt(np.finfo(np.float64).eps))  # of the width, where rounding and truncation are in balance


@record
class Check:
    """One comparison.

    Attributes
    ----------
    what, against : str
        What was compared, and with what.
    ok : bool
        Whether they agree.
    worst : float
        The largest difference, relative to the size of the curve.
    at : tuple of float
        Where it is: x, or both inputs.
    places : int
        How many samples were compared.
    """

    what: str
    against: str
    ok: bool
    worst: float
    at: tuple[float, ...]
    places: int

    @property
    def verdict(self) -> str:
        """What came out, by a sign and in words that are the same on every machine."""
        if not self.places:
            return f"– {self.what} could not be compared with {self.against}"
        said = f"agrees with {self.against}" if self.ok else f"is not what {self.against} say"
        return f"{'✓' if self.ok else '✗'} {self.what} {said}"

    def __str__(self) -> str:
        if not self.places:
            return f"{self.what} could not be compared with {self.against}: they are nowhere both numbers"
        if self.ok:
            near = f"to {self.worst:.0e} of its size" if self.worst > ROUNDING else "up to rounding"
            near = near if self.worst else "exactly"
            return f"{self.what} agrees with {self.against} {near}, at {self.places} samples"
        at = ", ".join(f"{part:.6g}" for part in self.at)
        return f"{self.what} is not what {self.against} say: off by {self.worst:.2g} of its size at {at}"


def check(explorer: Explorer) -> tuple[Check, ...]:
    """Compare every derivative that is shown, unweighted, with differences of the curve below it; and with PyTorch's.

    Raises
    ------
    GradUsageError
        If y is no curve: there is no other x to evaluate it at.

    Examples
    --------
    >>> from gradmagic.explore.explorer import Explorer, request_from
    >>> [one.ok for one in check(Explorer(*request_from("x * sin(x)"))) if one.against == "central differences"]
    [True, True]
    """
    differences = by_differences if explorer.program.second is None else over_a_plane
    return (*differences(explorer), *by_torch(explorer))


def over_a_plane(explorer: Explorer) -> Iterator[Check]:
    """Central differences by each of two inputs: of z, and of its gradient."""
    for one in plane_differences(explorer, STEP):
        with np.errstate(all="ignore"):
            doubt = np.abs(one.near - one.far) + np.finfo(np.float64).eps * one.steepest
        yield compared(one.label, DIFFERENCES, (one.at, one.exact, one.near), doubt, TOLERANCE)


def by_differences(explorer: Explorer) -> Iterator[Check]:
    """Central differences of each order, of the exact values of the order below."""
    plain = explorer.unweighted()
    x, order = np.ravel(plain.trace.x).astype(np.float64), plain.state.order
    if plain.program.domain is None:
        raise GradUsageError(f"the cell makes {plain.program.wrt} itself: there is none beside it to take differences")
    h = STEP * float(np.ptp(x))
    x = x[1:-1]
    at_a_break = np.zeros(x.shape, dtype=bool)
    for one in breaks(plain.curves):
        at_a_break |= np.abs(x - one.x) < 1.5 * float(np.ptp(x)) / len(x)
    for name, k in product(plain.outputs, range(1, order + 1)):
        if k == 1:
            below = {side: plain.sampled(x + side * h, order - 1, of=name) for side in (-2, -1, 1, 2)}
            exact = plain.sampled(x, order, of=name)
        label = ordinal_label(k, name, plain.program.wrt)
        with np.errstate(all="ignore"):
            found, coarse = ((below[n][k - 1] - below[-n][k - 1]) / (2 * n * h) for n in (1, 2))
            # What differences can say ends where the step matters (poles, jumps, kinks), or rounding (large values).
            doubt = np.abs(found - coarse) + np.finfo(np.float64).eps * np.abs(below[1][k - 1]) / h
        doubt[at_a_break] = np.inf  # a sample that is a kink has the slopes of both sides, and torch's convention
        yield compared(label, DIFFERENCES, (x, exact[k], found), doubt, TOLERANCE)


def by_torch(explorer: Explorer) -> Iterator[Check]:
    """The same cell on PyTorch, if it is there."""
    if explorer.request.backend == "torch" or importlib.util.find_spec("torch") is None:
        return
    import torch

    request = replace(explorer.request, backend="torch", leaf_writes="refuse")
    try:
        names = dict(explorer.namespace)
        theirs = run(Program.of(request, names), explorer.state, names, first=False)
    except GradUsageError:
        return
    against = f"PyTorch {torch.__version__.partition('+')[0]}"
    ours = explorer.trace
    if theirs.y is None or ours.y is None or theirs.x.shape != ours.x.shape or not np.array_equal(theirs.x, ours.x):
        return
    x = np.ravel(ours.x).astype(np.float64)
    at = x if ours.plane is None else np.stack([values for _, values in ours.plane.columns()][:2])
    outputs = zip(ours.outputs, theirs.outputs, strict=True)
    for label, a, b in (pair for mine, other in outputs for pair in pairs_of(mine, other)):
        if a.size == b.size == x.size:
            tolerance = AGREEMENT if a.dtype == np.float64 else 1e-4
            yield compared(label, against, (at, np.ravel(a), np.ravel(b)), np.zeros(x.shape), tolerance)


def pairs_of(ours: Trace, theirs: Trace) -> Iterator[tuple[str, Array, Array]]:
    """Y and each derivative that both have, and what it is called."""
    if ours.plane is not None and theirs.plane is not None:
        known = dict(theirs.plane.columns())
        yield from ((name, a, known[name]) for name, a in list(ours.plane.columns())[2:] if name in known)
        return
    if ours.y is not None and theirs.y is not None:
        yield ours.y_label, ours.y, theirs.y
    for mine, other in zip(ours.derivatives, theirs.derivatives, strict=True):
        if mine.values is not None and other.values is not None:
            yield ordinal_label(mine.order, ours.y_label, ours.x_label), mine.values, other.values


def compared(label: str, against: str, rows: tuple[Array, ...], doubt: Array, tolerance: float) -> Check:
    """The largest difference between two rows of numbers at some places, beyond doubt and beside their size."""
    at, exact, found = rows
    both = np.isfinite(exact) & np.isfinite(found) & np.isfinite(doubt)
    if not both.any():
        return Check(label, against, ok=True, worst=0.0, at=(), places=0)
    sizes = np.maximum(np.abs(exact[both]), np.abs(found[both]))
    size = np.maximum(np.abs(exact[both]), np.median(sizes))
    off = np.abs(exact[both] - found[both])
    beyond = np.maximum(off - 4 * doubt[both], 0.0)
    wrong, share = (np.divide(d, size, out=np.where(d > 0, np.inf, 0.0), where=size > 0) for d in (beyond, off))
    # a derivative that is zero everywhere has no size: differences of it are rounding, or they are wrong
    trusted = (doubt[both] <= tolerance * size) | (size == 0)
    share[(size == 0) & (off > 0)] = ROUNDING
    shown = wrong if np.any(wrong > tolerance) else np.where(trusted, share, 0.0)
    worst = int(np.argmax(shown))
    ok, place = bool(np.all(wrong <= tolerance)), tuple(np.atleast_2d(at)[:, both][:, worst].tolist())
    return Check(label, against, ok, float(shown[worst]), place, int(trusted.sum() if ok else both.sum()))
