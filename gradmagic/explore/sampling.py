"""Refinement of a curve's samples where the curve asks for it. Knows cells and breaks; no pictures, no panel.

A smooth curve costs nothing. Where the samples contradict each other, cells are divided at irregular places, round by
round and each round in one run of the program, until they agree, or until what tears them apart is told to a billionth
of the range; or until it is clear that no picture can show the curve there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

import numpy as np

from gradmagic.explore.breaks import Break, told
from gradmagic.explore.cells import Scales
from gradmagic.explore.piecewise import hermite
from gradmagic.explore.record import record
from gradmagic.explore.trace import Array

__all__ = ["Lost", "Sampling", "Unlike", "refined"]

PARTS = (8, 8, 16, 16, 16, 16)  # of a cell, in each round: 4·10⁶ in all
CROWD = 1500  # cells in the first round beyond which those that fail all over are given up
FULL = 40  # failing parts of a cell of the grid that are no single break
MOST = 120  # cells of the grid that are followed down to a billionth of the range
TELLING = 4  # orders that tell where a break is; around a pole the higher ones fail ever further away
SECONDS = 0.5
TIP = 1e-8  # of the picture's height
NOISY = 0.1  # of the samples that are far apart: no function of mathematics comes near
OUT = 4.0  # times the height of the picture, from which on nothing is kept
NARROW = 1e-9
EPS32, EPS64 = (float(np.finfo(kind).eps) for kind in (np.float32, np.float64))
PEAK = len(PARTS)  # the round, after all others, in which the tops of peaks are found

Evaluate = Callable[[Array], Array]
Lost = tuple[float, float, int]  # from where to where, and the order
Added = tuple[Array, Array, Array, int]  # x, rows, cell of the grid, round


class Unlike(Exception):  # noqa: N818  a finding, no error
    """The program gave something else than before at the same places."""


@record
class Sampling:
    """A curve's samples after refinement.

    Attributes
    ----------
    x, rows : ndarray
        Where, and y and its derivatives there, of the shape (order + 1, len(x)).
    even : ndarray of bool
        Which are those of the uniform grid.
    breaks : tuple of Break
        From left to right.
    lost, noise : tuple of (float, float, int)
        Stretches on which the curve changes faster than can be drawn, and the lowest order that does; and those on
        which what changes so is rounding.
    """

    x: Array
    rows: Array
    even: Array
    breaks: tuple[Break, ...] = ()
    lost: tuple[Lost, ...] = ()
    noise: tuple[Lost, ...] = ()


def fractions(parts: int) -> Array:
    """From 0 to 1, irregular, so that nothing periodic falls in with it; the same every time."""
    rng = np.random.default_rng(parts)
    inner = (np.arange(1, parts) + rng.uniform(-0.25, 0.25, parts - 1)) / parts
    return np.concatenate([[0.0], inner, [1.0]])


FRACTIONS = {parts: fractions(parts) for parts in PARTS}


def refined(x: Array, rows: Array, evaluate: Evaluate, *, probe: bool = False, known: bool = False) -> Sampling:
    """Samples of the same curve that tell the truth.

    Parameters
    ----------
    x, rows : ndarray
        An ascending grid, and y with its derivatives on it, of the shape (order + 1, len(x)).
    evaluate : callable
        The same rows at other abscissae.
    probe : bool
        Whether the curve is also looked at between all samples: with what is known of its derivatives there is no need
        to, unless it does something within one cell only.
    known : bool
        Whether the program is known to give the same values again.

    Raises
    ------
    Unlike
        If the program gives other values where it has been before.

    Examples
    --------
    >>> def corner(x):
    ...     return np.array([abs(x - 0.33), np.sign(x - 0.33)])
    >>> x = np.linspace(-1, 1, 21)
    >>> found = refined(x, corner(x), corner)
    >>> [(one.kind, round(one.x, 6)) for one in found.breaks]
    [('kink', 0.33)]
    """
    with np.errstate(all="ignore"):
        return Refinement(x, rows, evaluate, known=known).run(probe=probe)


class Refinement:
    """The state of one refinement."""

    def __init__(self, x: Array, rows: Array, evaluate: Evaluate, *, known: bool = False) -> None:
        self.x, self.rows, self.evaluate = x, rows.astype(np.float64), evaluate
        eps = EPS32 if rows.dtype == np.float32 else EPS64
        self.scales = Scales.of(x, self.rows, eps)
        self.order = len(rows) - 1
        self.narrow = max(NARROW * float(x[-1] - x[0]), 4 * float(np.spacing(np.abs(x).max())))
        self.given_up = np.zeros(len(x) - 1, dtype=bool)
        self.noisy = np.zeros(len(x) - 1, dtype=bool)
        self.added: list[Added] = []
        self.checked = known

    def run(self, *, probe: bool) -> Sampling:
        x, rows = self.x[None], self.rows[:, None]
        want = self.scales.unlike_its_line(x, rows)[0]
        if probe:
            want |= self.surprising()
        if not want.any():
            return Sampling(self.x, self.rows, np.ones(len(self.x), dtype=bool))
        return self.assembled(self.divided(np.flatnonzero(want)))

    def surprising(self) -> Array:
        """The cells where one look between the samples is not what they promise."""
        rng = np.random.default_rng(len(self.x))
        h = np.diff(self.x)
        at = self.x[:-1] + h * rng.uniform(0.2, 0.8, len(h))
        seen = self.at(at)
        promised = hermite(self.x, self.rows[:3])(at)
        slack = self.scales.slack(self.x[None], self.rows[:, None])[0, 0]
        lost = np.isfinite(promised) & ~np.isfinite(seen[0])
        found: Array = lost | (np.abs(seen[0] - promised) > 1.5 * self.scales.pixel[0] + slack)
        return found

    def at(self, x: Array) -> Array:
        """The rows there; the first time, with some of the old samples, which must come out again."""
        if self.checked:
            return self.evaluate(x)[: self.order + 1].astype(np.float64)
        places = np.unique(np.linspace(0, len(self.x) - 1, 16).round().astype(int))
        found = self.evaluate(np.concatenate([self.x[places], x])).astype(np.float64)[: self.order + 1]
        old, new = self.rows[:, places], found[:, : len(places)]
        size = np.max(np.abs(self.rows), axis=1, where=np.isfinite(self.rows), initial=0.0)[:, None]
        close = 1e-4 if self.scales.eps > 1e-10 else 1e-8
        apart = np.abs(old - new) > close * (np.abs(old) + size)
        if apart.any() or np.any(np.isfinite(old[0]) != np.isfinite(new[0])):
            raise Unlike
        self.checked = True
        return found[:, len(places) :]

    def divided(self, cells: Array) -> list[tuple[Array, Array]]:
        """Divide these cells of the grid as long as there is need; what remains torn, as narrow rows of cells."""
        start = perf_counter()
        home, x, rows = cells, np.stack([self.x[cells], self.x[cells + 1]], 1), self.pair(cells)
        narrow: list[tuple[Array, Array]] = []
        for level, parts in enumerate(PARTS):
            x, rows = self.split(x, rows, parts)
            self.added.append((x[:, 1:-1], rows[:, :, 1:-1], np.repeat(home, parts - 1).reshape(len(home), -1), level))
            want = self.scales.torn(x, rows[:TELLING]) if level else self.scales.unlike_its_line(x, rows)
            if level > 1 and (crowded := self.crowded(home, want)[home]).any():
                want[crowded] = self.scales.torn(x[crowded], rows[:2, crowded])  # higher orders lose all digits first
            self.give_up(level, home, want, late=perf_counter() - start > SECONDS)
            want &= ~self.given_up[home][:, None]
            batch, part = np.nonzero(want)
            home = home[batch]
            x = np.stack([x[batch, part], x[batch, part + 1]], 1)
            rows = np.stack([rows[:, batch, part], rows[:, batch, part + 1]], 2)
            small = (np.diff(x)[:, 0] <= self.narrow) | (level == len(PARTS) - 1)
            narrow.append((x[small], rows[:, small]))
            home, x, rows = home[~small], x[~small], rows[:, ~small]
            if not len(home):
                break
        return runs(np.concatenate([n[0] for n in narrow]), np.concatenate([n[1] for n in narrow], 1), 50 * self.narrow)

    def pair(self, cells: Array) -> Array:
        return np.stack([self.rows[:, cells], self.rows[:, cells + 1]], 2)

    def split(self, x: Array, rows: Array, parts: int) -> tuple[Array, Array]:
        """Each cell in parts, evaluated in one run."""
        at = x[:, :1] + (x[:, 1:] - x[:, :1]) * FRACTIONS[parts]
        at[:, -1] = x[:, 1]
        inner = self.at(at[:, 1:-1].reshape(-1)).reshape(len(rows), len(x), parts - 1)
        return at, np.concatenate([rows[:, :, :1], inner, rows[:, :, 1:]], 2)

    def give_up(self, level: int, home: Array, want: Array, *, late: bool) -> None:
        """Mark the cells of the grid in which the curve does more than can be drawn."""
        if level > 0 and len(np.unique(home)) > MOST:
            self.given_up[home[want.any(axis=1)]] = True
        elif level == 0:
            full = want.sum(axis=1) >= (6 if want.sum() > CROWD else want.shape[1] + 1)
            self.given_up[home[full]] = True
        else:
            self.given_up |= self.crowded(home, want)
        if late:
            self.given_up[home[want.any(axis=1)]] = True

    def crowded(self, home: Array, want: Array) -> Array:
        """The cells of the grid of which more parts fail than one break makes fail."""
        return np.bincount(home, want.sum(axis=1), minlength=len(self.given_up)) > FULL

    def assembled(self, narrow: list[tuple[Array, Array]]) -> Sampling:
        """The grid, what was added to it and is of use, and what was found."""
        seen = [(told(x, rows, self.scales), rows) for x, rows in narrow]
        found = [self.at_its_tip(one, rows) for one, rows in seen if one is not None]
        found = [replace(one, kind="edge") if self.overflows(one) else one for one in self.peaks_told(found)]
        torn = self.cell_of(np.array([[one.lo, one.x, one.hi] for one in found]).reshape(-1))
        lost, noise = self.lost()
        kept = [self.kept(one, found, torn) for one in self.added]
        x = np.concatenate([self.x, *(k[0] for k in kept)])
        rows = np.concatenate([self.rows, *(k[1] for k in kept)], 1)
        x, first = np.unique(x, return_index=True)
        return Sampling(x, rows[:, first], first < len(self.x), tuple(found), lost, noise)

    def at_its_tip(self, one: Break, rows: Array) -> Break:
        """The same, with the value that y has at a kink itself, where it cannot be told from beside it.

        It is too steep for that, or y turns there and its slope goes to zero.
        """
        if one.kind != "kink" or one.order > 2:
            return one
        slopes = rows[1, [0, -1]]
        steep = bool((np.abs(slopes) * (one.hi - one.lo) > TIP * self.scales.size[0]).any())
        if not (steep if one.order == 1 else np.sign(slopes[0]) * np.sign(slopes[1]) < 0):
            return one
        y = float(self.at(np.array([one.x]))[0, 0])
        return replace(one, y=y) if abs(y - one.y) < 4 * self.scales.pixel[0] else one

    def peaks_told(self, found: list[Break]) -> list[Break]:
        """The same, with those poles called peaks that come to a top when they are looked at still closer."""
        places = [i for i, one in enumerate(found) if one.kind in ("pole", "peak")]
        if not places:
            return found
        lo, hi = (np.array([getattr(found[i], side) for i in places])[:, None] for side in ("lo", "hi"))
        tops = []
        for _ in range(3):
            at = lo + (hi - lo) * FRACTIONS[16]
            rows = self.at(at.reshape(-1)).reshape(self.order + 1, *at.shape)
            size = np.where(np.isnan(rows[0]), np.inf, np.abs(rows[0] - self.scales.centre[0]))
            top = np.argmax(size, axis=1)[:, None]
            tops.append(np.take_along_axis(size, top, 1)[:, 0])
            x = np.take_along_axis(at, top, 1)
            lo = np.take_along_axis(at, np.maximum(top - 1, 0), 1)
            hi = np.take_along_axis(at, np.minimum(top + 1, at.shape[1] - 1), 1)
        flat = np.isfinite(tops[2]) & (np.abs(tops[2] - tops[1]) < 0.01 * tops[1])
        highest = np.take_along_axis(rows, np.broadcast_to(top, (len(rows), *top.shape)), 2)[..., 0]
        result = list(found)
        for i, place in enumerate(places):
            if flat[i]:
                y = float(highest[0, i])
                result[place] = replace(found[place], kind="peak", x=float(x[i, 0]), y=y, gaps=())
                at, row = x[i : i + 1], highest[:, i : i + 1, None]
                self.added.append((at, row, self.cell_of(at), PEAK))
            elif found[place].kind == "peak":
                result[place] = replace(found[place], kind="pole", y=float("nan"))
        return result

    def overflows(self, one: Break) -> bool:
        """Whether what looks like a pole is the end of the numbers: on a side y is infinite, and stays so."""
        before, after = int(np.searchsorted(self.x, one.lo, side="right")), int(np.searchsorted(self.x, one.hi))
        sides = (self.rows[0, max(before - 2, 0) : before], self.rows[0, after : after + 2])
        return one.kind == "pole" and any(len(side) == 2 and bool(np.isinf(side).all()) for side in sides)

    def cell_of(self, at: Array) -> Array:
        """The cells of the grid."""
        return np.clip(np.searchsorted(self.x, at, side="right") - 1, 0, len(self.x) - 2)

    def kept(self, added: Added, found: list[Break], torn: Array) -> tuple[Array, Array]:
        """Of the samples added in one round, those that a picture needs."""
        x, rows, home, level = added
        x, rows, home = x.reshape(-1), rows.reshape(len(rows), -1), home.reshape(-1)
        away = np.abs(rows[0] - self.scales.centre[0]) > OUT * self.scales.size[0]
        away &= (
            any(one.kind == "pole" for one in found) | self.given_up[home]
        )  # the top of a peak is part of the picture
        use = ~self.given_up[home] & ~away
        if level == PEAK:
            return x, rows
        if level > 0:
            use &= ~np.isin(home, torn) | self.beside(x, found)
        use |= self.extremes(rows, home)
        use &= ~self.noisy[home]
        return x[use], rows[:, use]

    def beside(self, x: Array, found: list[Break]) -> Array:
        """The samples next to a break; and on the way to it one in each octave, unless the curve is plain there."""
        use = np.zeros(len(x), dtype=bool)
        for one in found:
            use |= (x == one.lo) | (x == one.hi)
            if one.kind in ("jump", "kink", "hole"):
                continue
            for side in (x < one.lo, x > one.hi):
                near = np.flatnonzero(side & (np.abs(x - one.x) < np.median(np.diff(self.x)) * 2))
                if near.size:
                    octave = np.floor(np.log2(np.abs(x[near] - one.x)))
                    use[near[np.unique(octave, return_index=True)[1]]] = True
        return use

    def extremes(self, rows: Array, home: Array) -> Array:
        """In the cells that were given up: where each order is lowest and highest, which is all that can be drawn."""
        use = np.zeros(len(home), dtype=bool)
        mine = np.flatnonzero(self.given_up[home])
        if mine.size:
            cells = home[mine]
            first = np.append(True, np.sort(cells)[1:] != np.sort(cells)[:-1])
            for row in rows[:, mine]:
                by_value = mine[np.lexsort((row, cells))]
                use[by_value[first]] = use[by_value[np.roll(first, -1)]] = True
        return use

    def lost(self) -> tuple[tuple[Lost, ...], tuple[Lost, ...]]:
        """The stretches of cells that were given up, and the lowest order that cannot be joined there.

        Those on which that is rounding come apart from the others: of what was added there nothing is of use.
        """
        places = np.flatnonzero(self.given_up)
        if not places.size:
            return (), ()
        x, rows, home, wide = self.side_by_side()
        orders = self.lowest_orders(home, wide)
        found: tuple[list[Lost], list[Lost]] = [], []
        for run in np.split(places, np.flatnonzero(np.diff(places) > 2) + 1):
            order = int(orders[run].min())
            apart = np.flatnonzero(np.isin(home[1:], run) & wide[order])
            noise = self.is_noise(order, x, rows, apart)
            found[noise].append((float(self.x[run[0]]), float(self.x[run[-1] + 1]), order))
            self.noisy[run] = noise
        return tuple(found[0]), tuple(found[1])

    def is_noise(self, order: int, x: Array, rows: Array, apart: Array) -> bool:
        """Whether this order is made of rounding where its samples are so far apart.

        The order below it changes by more than this one allows for, then: what is left of a difference of numbers that
        are nearly equal goes in steps, and no slope of it knows of them.
        """
        if order == 0:
            return False
        below, steep = rows[order - 1], np.nan_to_num(np.abs(rows[order]))
        steep = np.max([np.roll(steep, k) for k in range(-2, 4)], axis=0)
        least = 2 * np.diff(x) * steep[1:] + 16 * self.scales.eps * np.abs(below[1:])
        unaccounted = int(np.sum((np.abs(np.diff(below)) > least)[apart]))
        return unaccounted > max(2, NOISY * apart.size)

    def side_by_side(self) -> tuple[Array, Array, Array, Array]:
        """All that was added, from left to right, its cells of the grid, and from where to the next it goes too far."""
        x = np.concatenate([added[0].reshape(-1) for added in self.added])
        home = np.concatenate([added[2].reshape(-1) for added in self.added])
        rows = np.concatenate([added[1].reshape(self.order + 1, -1) for added in self.added], 1)
        ranked = np.argsort(x)
        x, rows, home = x[ranked], rows[:, ranked], home[ranked]
        wide = np.abs(np.diff(rows)) > 2 * self.scales.pixel[:, None]
        return x, rows, home, wide & (home[1:] == home[:-1])

    def lowest_orders(self, home: Array, wide: Array) -> Array:
        """For each cell of the grid the lowest order of which two samples side by side are further apart than seen."""
        orders = np.full(len(self.given_up), self.order + 1)
        for order in range(self.order, -1, -1):
            orders[home[1:][wide[order]]] = order
        return np.where(orders > self.order, 0, orders)


def runs(x: Array, rows: Array, apart: float) -> list[tuple[Array, Array]]:
    """Cells that lie side by side, but for so much, as one row of samples each."""
    if not len(x):
        return []
    order = np.argsort(x[:, 0], kind="stable")
    x, rows = x[order], rows[:, order]
    result = []
    for run in np.split(np.arange(len(x)), np.flatnonzero(x[1:, 0] - x[:-1, 1] > apart) + 1):
        at, first = np.unique(x[run], return_index=True)
        result.append((at, rows[:, run].reshape(len(rows), -1)[:, first]))
    return result
