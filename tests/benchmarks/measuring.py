"""Contestants one after the other, round by round, after they have agreed; and what came of it as a table.

Knows no workload. The host of a benchmark is rarely quiet, and its speed changes within seconds: so every round runs
all contestants, a ratio is taken within its round, and the median over the rounds is what is said.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

OURS, HAND = "gradmagic", "numpy by hand"
Contestant = Callable[[], Any]


@dataclass
class Case:
    """One line of the table: who runs, beside whom we are measured, and how far we mean to get."""

    label: str
    run: Mapping[str, Contestant]
    reach: float | None = None
    beside: tuple[str, ...] = ("torch",)  # the faster one of these
    prepare: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    unlike: frozenset[str] = frozenset()  # who gives something else: it is timed, and not compared
    rtol: float = 1e-8

    @property
    def clock(self) -> Callable[[], float]:
        """The processor's, so that other work on the machine adds nothing; the wall's where cores are compared."""
        return time.perf_counter if "torch, all cores" in self.beside else time.process_time


@dataclass
class Row:
    """What came of a case: seconds, and ratios to the reference with their 10 % and 90 % quantiles."""

    workload: str
    label: str
    reach: float | None
    reference: str
    seconds: dict[str, float]
    ratios: dict[str, tuple[float, float, float]]
    unit: str = "s"  # of `seconds`; a row of another unit has no contestants but a limit
    rounds: int = 0
    earlier: list[float] = field(default_factory=list)  # the same ratio in earlier runs of the whole table

    @property
    def met(self) -> bool | None:
        if self.reach is None or OURS not in self.ratios:
            return None
        return median([*self.earlier, self.ratios[OURS][1]]) <= self.reach


def agree(case: Case) -> None:
    """Stop unless all contestants give the same numbers."""
    results = {}
    for name, run in case.run.items():
        case.prepare.get(name, lambda: None)()
        results[name] = [as_array(one) for one in listed(run())]
    expected = results[OURS]
    for name, found in results.items():
        if name in case.unlike:
            continue
        # a contestant that can do the first orders only is compared in these
        for ours, theirs in zip(expected, found, strict=False):
            scale = max(1.0, float(np.max(np.abs(ours), initial=0.0)))
            message = f"{case.label}: {name} and {OURS} differ"
            np.testing.assert_allclose(theirs, ours, rtol=case.rtol, atol=case.rtol * scale, err_msg=message)


def listed(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def as_array(value: Any) -> Any:
    value = value.detach() if hasattr(value, "detach") else value
    value = value.numpy() if hasattr(value, "numpy") else getattr(value, "data", value)
    return np.asarray(value, np.float64)


def measured(workload: str, case: Case, seconds: float) -> Row:
    """The times of a case, in as many rounds as fit into so many seconds; three at least."""
    counts = {name: repeats(case, name) for name in case.run}
    times: dict[str, list[float]] = {name: [] for name in case.run}
    gc.collect()
    end = time.perf_counter() + seconds
    while len(times[OURS]) < 3 or time.perf_counter() < end:
        for name, run in case.run.items():
            case.prepare.get(name, lambda: None)()
            times[name].append(timed(run, counts[name], case.clock))
    beside = [name for name in case.beside if name in times]
    # Of several references the best is the one with the smallest median.
    reference = min(beside, key=lambda name: median(times[name])) if beside else OURS
    ratios = {
        name: quantiles([one / there for one, there in zip(mine, times[reference], strict=True)])
        for name, mine in times.items()
    }
    middle = {name: median(mine) for name, mine in times.items()}
    return Row(workload, case.label, case.reach, reference, middle, ratios, rounds=len(times[OURS]))


def repeats(case: Case, name: str) -> int:
    """How many calls make up two milliseconds; these calls are the warm-up too."""
    case.prepare.get(name, lambda: None)()
    once = timed(case.run[name], 1, case.clock)
    once = once if once > 0.1 else min(once, timed(case.run[name], 1, case.clock))
    return max(1, int(2e-3 / max(once, 1e-7)))


def timed(run: Contestant, count: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(count):
        run()
    return (clock() - start) / count


def quantiles(values: list[float]) -> tuple[float, float, float]:
    """The 10 % quantile, the median and the 90 % quantile."""
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
    return float(low), float(middle), float(high)


def said(value: float, unit: str) -> str:
    """`12.3 µs`, `1.2 s`, `33 MiB`."""
    if unit != "s":
        return f"{value:.3g} {unit}"
    for scale, name in ((1, "s"), (1e3, "ms")):
        if value * scale >= 1:
            return f"{value * scale:.3g} {name}"
    return f"{value * 1e6:.3g} µs"


COLUMNS = ("torch", "torch, all cores", "jax jit", "jax eager", "autograd", "mygrad", HAND)
HEADS = ("", "case", "gradmagic", "beside", "ratio (10–90 %)", "reach", "met", *(f"{name} / it" for name in COLUMNS))


def cells(row: Row) -> Iterator[str]:
    """The cells of a row, in the order of the heads."""
    low, middle, high = row.ratios.get(OURS, (1.0, 1.0, 1.0))
    met = {True: "yes", False: "**no**", None: ""}[row.met]
    yield from (row.workload, row.label, said(row.seconds[OURS], row.unit))
    yield f"{row.reference} {said(row.seconds[row.reference], row.unit)}"
    yield " · ".join([*(f"{one:.3g}" for one in row.earlier), f"{middle:.3g} ({low:.3g}–{high:.3g})"])
    yield from ("" if row.reach is None else f"≤ {row.reach:g}", met)
    for name in COLUMNS:
        yield f"{row.ratios[name][1]:.3g}" if name in row.ratios else ""


def markdown(rows: list[Row]) -> str:
    """The table for the repository."""
    lines = [HEADS, ("---",) * len(HEADS), *(tuple(cells(row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def terminal(rows: list[Row]) -> str:
    """The table in columns."""
    lines = [tuple(cells(row))[:7] for row in rows]
    lines = [tuple(cell.replace("*", "") for cell in line) for line in (HEADS[:7], *lines)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)
