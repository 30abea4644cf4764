"""W9 to W12: what needs a process or a kernel of its own: start-up, pictures, and the most memory that is taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.frame import MARK, ran, timings
from tests.benchmarks.measuring import OURS, Row, quantiles

Peers = dict[str, Any]
ROOT = str(Path(__file__).parents[2])
# Users have their bytecode written when they install.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPATH": ROOT,
    "OMP_NUM_THREADS": "1",
}

IMPORT = """
import time
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""

LOADED = """
import json, sys, time
shell = get_ipython()

def timed(work):
    start = time.process_time()  # limits are times: other work on the machine is to add nothing
    work()
    return time.process_time() - start

def panel(cell):
    shell.run_cell_magic("grad", "x=-6:6 a=0:3 b=0.2:4 --into shown", cell)
    assert shell.user_ns["shown"].image.value[1:4] == b"PNG"

numpy_there = "numpy" in sys.modules
print(MARK + json.dumps({
    "load": timed(lambda: shell.run_line_magic("load_ext", "gradmagic")),
    "first": timed(lambda: panel("y = a * np.sin(b * x) * np.exp(-x**2 / 8)")),
    "second": timed(lambda: panel("y = a * np.cos(b * x) * np.exp(-x**2 / 9)")),
}))
"""

PEAK = """
import gc
from pathlib import Path
import numpy as np
from tests.benchmarks import curves, peers, tensors
found = peers.installed({wanted})
engine = {engine}
run = {program}
{small}()  # what is loaded or allocated once

def memory(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024

gc.collect()
Path("/proc/self/clear_refs").write_text("5")  # the peak until now is forgotten
start = memory("VmRSS")
result = run()
print(memory("VmHWM") - start)
"""


def printed(code: str) -> float:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return float(done.stdout.splitlines()[-1])


def compared(workload: str, label: str, reach: float | None, ours: list[float], theirs: list[float], by: str) -> Row:  # noqa: PLR0917
    ratios = quantiles([a / b for a, b in zip(ours, theirs, strict=True)])
    unit = "MiB" if workload == "W12" else "s"
    seconds = {OURS: median(ours), by: median(theirs)}
    return Row(workload, label, reach, by, seconds, {OURS: ratios}, unit, len(ours))


def limited(workload: str, label: str, limit: float, found: list[float]) -> Row:
    """A row whose reach is a time: the ratio is to that limit."""
    ratios = quantiles([one / limit for one in found])
    return Row(workload, label, 1.0, "limit", {OURS: median(found), "limit": limit}, {OURS: ratios}, "s", len(found))


def w9(peers: Peers, rounds: int = 7) -> Iterator[Row]:
    statements = ["import gradmagic", "import numpy", "from gradmagic import torch"]
    statements += ["import torch"] if "torch" in peers else []
    times: dict[str, list[float]] = {statement: [] for statement in statements}
    for number in range(rounds + 1):
        for statement in statements:
            value = printed(IMPORT.format(statement=statement))
            if number:  # the first round writes bytecode and warms the disk
                times[statement].append(value)
    bare, numpy, whole, *torch = times.values()
    yield compared("W9", "`import gradmagic`", 1.1, bare, numpy, "import numpy")
    if torch:
        yield compared(
            "W9", "`from gradmagic import torch`, numpy's import in it", None, whole, torch[0], "import torch"
        )
    kernels = [fresh_kernel() for _ in range(rounds + 1)][1:]
    for label, key, limit in (
        ("`%load_ext gradmagic` in a running kernel", "load", 10e-3),
        ("the first `%%grad` to its picture, all imports in it", "first", 0.9),
        ("the second panel", "second", 0.15),
    ):
        yield limited("W9", label, limit, [kernel[key] for kernel in kernels])


def fresh_kernel() -> dict[str, float]:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(env=ENVIRONMENT)
    try:
        client.allow_stdin = False
        found: dict[str, float] = timings(ran(client, f"MARK = {MARK!r}\n{LOADED}"))
        return found
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def w10(peers: Peers, rounds: int = 20) -> Iterator[Row]:
    from tests.benchmarks.frame import SIZES, measured

    for (width, height), reach in zip(SIZES, (0.035, 0.08), strict=True):
        found, _ = measured(rounds, (width, height))
        label = f"a slider step to its PNG, {width}×{height}"
        yield compared("W10", label, reach, found["panel"], found["interact"], "interact")


def w11(peers: Peers, rounds: int = 500) -> Iterator[Row]:
    from tests.benchmarks.frame import limits_change

    found = limits_change(rounds)
    label = f"y-limits that change: sin(a·x)/a through {rounds} values, mean"
    ours, full = (sum(found[name]) / len(found[name]) for name in ("panel", "interact"))
    yield compared("W11", label, 0.06, [ours], [full], "interact")


def w12(peers: Peers, rounds: int = 2) -> Iterator[Row]:
    if "torch" not in peers:
        return
    for label, reach, ours, theirs in (
        (
            "W2c at 10,000,000 points, peak above start",
            0.35,
            ("curves.in_blocks(np.linspace(-3, 3, 10_000_000))", "curves.in_blocks(np.linspace(-3, 3, 1000))"),
            ("curves.nested(engine, curves.wave, 10_000_000, 2)", "curves.nested(engine, curves.wave, 1000, 2)"),
        ),
        (
            "W3 at 100,000 ops, peak above start",
            0.3,
            ("tensors.chain(engine, 100_000, False)", "tensors.chain(engine, 10, False)"),
            ("tensors.chain(engine, 100_000, False)", "tensors.chain(engine, 10, False)"),
        ),
    ):
        found: dict[str, list[float]] = {OURS: [], "torch": []}
        for _ in range(rounds):
            for name, (program, small) in ((OURS, ours), ("torch", theirs)):
                engine = "tensors.ours" if name == OURS else "found['torch']"
                wanted = name == "torch"
                found[name].append(printed(PEAK.format(wanted=wanted, engine=engine, program=program, small=small)))
        yield compared("W12", label, reach, found[OURS], found["torch"], "torch")


def as_json(rows: list[Row]) -> str:
    return json.dumps([vars(row) | {"met": row.met} for row in rows], indent=1, ensure_ascii=False)
