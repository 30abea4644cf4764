"""Where the time of a small op goes: `python -m tests.benchmarks.anatomy [--markdown F]`.

Each line does a little more than the one before it, down to a round of the document; beside it, what torch takes for
the same. It is what the limits of W1, W2, W3 and W5 are said by: numpy's call of a ufunc is given, and so is Python's
price of an object.
"""

from __future__ import annotations

import argparse
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gradmagic import torch as ours
from gradmagic.engine.quiet import SILENT, hush, unhush
from gradmagic.engine.tensor import Tensor
from tests.benchmarks.peers import installed, machine, versions

Part = tuple[str, Callable[[], Any], Callable[[], Any] | None]


def hushed(a: Any) -> Any:
    token = hush(SILENT)
    try:
        return a * a
    finally:
        unhush(token)


def parts(theirs: Any) -> Iterator[Part]:
    """What is timed, on gradmagic and on torch."""
    array = np.arange(12.0).reshape(3, 4)
    both = [engine for engine in (ours, theirs) if engine is not None]
    x = [e.arange(12, dtype=e.float64).reshape(3, 4).requires_grad_() for e in both]
    w = [e.ones(3, 4, dtype=e.float64) for e in both]
    s = [e.tensor(0.5, dtype=e.float64, requires_grad=True) for e in both]
    grads = [e.autograd.grad for e in both]

    def pair(label: str, work: Callable[[int], Any]) -> Part:
        return label, lambda: work(0), (lambda: work(1)) if len(both) > 1 else None

    def chained(k: int) -> Any:
        y = s[k]
        for _ in range(100):
            y = y * s[k]
        return grads[k](y, s[k])

    def document(k: int) -> Any:
        (first,) = grads[k](x[k] ** 2, x[k], w[k], create_graph=True)
        return grads[k](first, x[k], w[k], create_graph=True)

    yield "numpy's product of 3×4", lambda: array * array, None
    yield "the same with errors silenced, as torch's arithmetic is", lambda: hushed(array), None
    yield "a Tensor over an array", lambda: Tensor._of(array), None
    yield pair("a product that nothing is recorded of", lambda k: w[k] * w[k])
    yield pair("a product that is recorded", lambda k: x[k] * w[k])
    yield pair("the same of scalars", lambda k: s[k] * s[k])
    yield pair("a product, and its gradient", lambda k: grads[k](x[k] * w[k], x[k], w[k]))
    yield pair("a product, and its gradient recorded", lambda k: grads[k](x[k] * w[k], x[k], w[k], create_graph=True))
    yield pair("a chain of 100 scalar products, there and back", chained)
    yield pair("the document's round: nine recorded ops, two calls of grad", document)
    yield pair("x[1]", lambda k: x[k][1])
    yield pair("x @ w.T", lambda k: x[k] @ w[k].T)
    yield pair("x.sum()", lambda k: x[k].sum())


def best(work: Callable[[], Any]) -> float:
    """Seconds of one call, where nothing else disturbed it."""
    count = max(1, int(2e-4 / max(timeit.timeit(work, number=3) / 3, 1e-7)))
    return min(timeit.repeat(work, number=count, repeat=300)) / count


def table(theirs: Any) -> Iterator[str]:
    yield "| | gradmagic | torch | ratio |"
    yield "| --- | --- | --- | --- |"
    for label, mine, other in parts(theirs):
        here, there = best(mine), best(other) if other is not None else None
        rest = f"{there * 1e6:.2f} µs | {here / there:.2f}" if there else "|"
        yield f"| {label} | {here * 1e6:.2f} µs | {rest} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.anatomy", description=__doc__)
    parser.add_argument("--markdown", type=Path, help="write the table to this file, too")
    asked = parser.parse_args()
    peers = installed(True)
    theirs = peers.get("torch")
    if theirs is not None:
        theirs.set_num_threads(1)
    lines = list(table(theirs))
    print(machine(), versions(peers), *lines, sep="\n")
    if asked.markdown:
        asked.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
