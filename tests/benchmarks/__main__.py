"""The table of all workloads: `python -m tests.benchmarks [--peers] [--only W1,W2] [--runs 3] [--markdown FILE]`."""

from __future__ import annotations

import argparse
import gc
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks import curves, pixels, processes, scenes, tensors
from tests.benchmarks.measuring import OURS, Row, agree, markdown, measured, terminal
from tests.benchmarks.peers import installed, machine, versions

IN_PROCESS: dict[str, Callable[..., Any]] = {
    "W1": tensors.w1, "W1b": tensors.w1b, "W2": curves.w2, "W2c": curves.w2c, "W3": tensors.w3, "W4": curves.w4,
    "W5": tensors.w5, "W6": tensors.w6, "W7": curves.w7, "W8": tensors.w8,
}  # fmt: skip
APART: dict[str, Callable[..., Any]] = {
    "W9": processes.w9, "W10": processes.w10, "W11": processes.w11, "W12": processes.w12,
    "scenes": scenes.scenes, "pixels": pixels.pixels,
}  # fmt: skip

TEXT = """# What the benchmark said

Made by `python -m tests.benchmarks --peers --runs {runs} --markdown tests/benchmarks/RESULTS.md`, in an environment
that has the dependency group `compare`: `pip install -e .[test] --group compare` (pip from 25.1).

- {machine}
- {versions}
- load of the machine at the start and at the end: {load}; {when}

All contestants of a line ran one after the other in every round, after their results had been compared. A ratio is
taken within its round; what stands here is the median over the rounds of each run of the table, for the last of them
with the 10 % and 90 % quantiles; a reach is met if the median of the runs is within it. Below 1 gradmagic is the faster
one. Times are the processor's, of all threads together; where "all cores" are in the comparison
(W2c, W6), for the imports of W9, in W10, W11, scenes and pixels they are the wall's, and other work on the machine
shows. `torch` has one thread, `torch, all cores` as many as it takes by itself; the last columns are the peers' ratios
to the same reference. "By hand" is NumPy without any differentiation: the limit.

{table}
"""


def rows_of(name: str, peers: dict[str, Any], seconds: float) -> Iterator[Row]:
    if name in APART:
        yield from APART[name](peers)
        return
    for case in IN_PROCESS[name](peers, False):
        agree(case)
        yield measured(name, case, seconds)
        gc.collect()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--peers", action="store_true", help="beside torch, jax, autograd and mygrad, where installed")
    parser.add_argument("--only", default=",".join((*IN_PROCESS, *APART)), help="workloads, as W1,W2c")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    parser.add_argument("--runs", type=int, default=1, help="of the whole table, one after the other (default: 1)")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each case; three rounds at least (default: 3)")
    asked = parser.parse_args()
    names = asked.only.split(",")
    for name in names:
        if name not in IN_PROCESS and name not in APART:
            parser.error(f"unknown workload {name}: there are {', '.join((*IN_PROCESS, *APART))}")
    peers, load = installed(asked.peers), [os.getloadavg()[0]]
    rows: dict[tuple[str, ...], Row] = {}
    print(machine(), versions(peers), sep="\n", flush=True)
    for run in range(1, asked.runs + 1):
        for name in names:
            for row in rows_of(name, peers, asked.seconds):
                note(rows, row)
                print(" ".join(terminal([row]).splitlines()[1].split()), flush=True)
                if asked.markdown:  # what is cut short has shown something
                    text = page([*rows.values()], peers, [*load, os.getloadavg()[0]], run)
                    asked.markdown.write_text(text, encoding="utf-8")
    print(terminal([*rows.values()]))
    if asked.json:
        asked.json.write_text(processes.as_json([*rows.values()]), encoding="utf-8")


def note(rows: dict[tuple[str, ...], Row], row: Row) -> None:
    """Put a row in the place of that of an earlier run, whose ratio it remembers."""
    key = row.workload, row.label, row.reference
    before = rows.get(key)
    if before is not None and OURS in before.ratios:
        row.earlier = [*before.earlier, before.ratios[OURS][1]]
    rows[key] = row


def page(rows: list[Row], peers: dict[str, Any], load: list[float], runs: int) -> str:
    """RESULTS.md."""
    return TEXT.format(
        runs=runs,
        machine=machine(),
        versions=versions(peers),
        load=" and ".join(f"{one:.1f}" for one in load),
        when=f"{datetime.now(UTC):%Y-%m-%d}",
        table=markdown(rows),
    )


if __name__ == "__main__":
    main()
