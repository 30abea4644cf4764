"""Where the time of a slider's step goes: `python -m tests.benchmarks.step`.

The first table is of the parts that compute and draw, one after the other in this process, where the cache holds them;
the second of the whole step in a live kernel, after a pause, from the event to the picture's message.
"""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.plot.frame import Frame, by_order
from gradmagic.plot.scales import drawn
from tests.benchmarks.frame import MARK, SETUP, SIZES, kernel, ran, timings
from tests.benchmarks.peers import machine

ROUNDS = 60
CELL = "a * np.sin(b * x) * np.exp(-x**2 / 8)"

# Each of these is timed from its call to its end, the ones inside it left out.
STAMPED = """
import asyncio, functools, time
from gradmagic.explore.explorer import Explorer
from gradmagic.panel.panel import Panel
from gradmagic.panel.work import Task, Work
from gradmagic.plot.canvas import Canvas
from gradmagic.plot.frame import Frame

stamps = []

def stamped(home, name):
    plain = getattr(home, name)

    @functools.wraps(plain)
    def timed(*given, **named):
        stamps.append((time.perf_counter(), name))
        try:
            return plain(*given, **named)
        finally:
            stamps.append((time.perf_counter(), None))

    setattr(home, name, timed)

for home, name in (
    (Work, "do"), (Task, "carry_out"), (Explorer, "glimpse"), (Frame, "draw"), (Canvas, "png"), (Panel, "_paint"),
):
    stamped(home, name)

def own():
    "The seconds that each name has taken itself; of the rest, the event."
    found, inside, last = {}, ["event"], stamps[0][0]
    for at, name in stamps[1:]:
        found[inside[-1]] = found.get(inside[-1], 0.0) + at - last
        last = at
        inside.append(name) if name else inside.pop()
    return found

async def rounds(count):
    found = []
    for number in range(count):
        await asyncio.sleep(0.25)
        stamps[:] = [(time.perf_counter(), "event")]
        ours.controls.params["a"].slider.set_state({"value": 0.5 + 2.4 * abs(2 * (number / count) - 1)})
        stamps.append((time.perf_counter(), None))
        found.append(own())
    return found

await rounds(4)
print(MARK + json.dumps(await rounds(ROUNDS)))
"""
WORDS = {
    "event": "the event, through the widget to the panel",
    "do": "to a worker thread, and back",
    "carry_out": "the worker's context",
    "glimpse": "the cell's run with two derivatives, its samples judged, curves",
    "draw": "lines over still parts",
    "png": "PNG",
    "_paint": "the picture's message",
}


def parts(size: tuple[int, int]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is done one after the other, on curves that change."""
    explorer = Explorer(*request_from(CELL, x=(-6, 6), a=(0, 3), b=(0.2, 4, 1.2), points=500))
    frame = Frame(size=size)
    frame.draw(explorer.curves)
    state = replace(explorer.state, params={"a": 1.6, "b": 1.2})
    trace, curves = explorer.glimpse(state)
    shown = drawn(curves)
    groups = by_order(curves)
    faces = frame._faces(shown, groups)
    marks = frame._marks(curves, groups, faces)
    frame.draw(curves)
    other = replace(state, params={"a": 1.7, "b": 1.2})

    def lines() -> None:
        for number, mine in enumerate(marks):
            frame._draw_marks(number, mine, faces[number])

    yield "the cell with two derivatives, by Taylor arithmetic", lambda: explorer._glimpsed(other)
    yield "whether its samples tell the truth", lambda: explorer.samplings(trace, state)
    yield "curves and the values at x₀", lambda: explorer.drawn(trace, state)
    yield "limits, ticks, what moves", lambda: (frame._faces(shown, groups), frame._marks(curves, groups, faces))
    yield "three lines, their points and the tangent, by Agg", lines
    yield "which pixels are drawn, and their colours' numbers; PNG", frame._pixels.png
    yield "of that, zlib", frame._pixels._encoder.encoded
    yield "all of the frame", lambda: frame.draw(curves)
    yield "a still part, where limits change", lambda: frame._draw_still(0, faces[0])


def best(work: Callable[[], Any]) -> float:
    """The processor's seconds of one call, where nothing else disturbed it."""
    return min(timeit.repeat(work, number=1, repeat=300, timer=time.thread_time))


def in_a_kernel() -> Iterator[str]:
    """The second table: quantiles, since every step is another."""
    with kernel() as client:
        ran(client, f"ROUNDS, MARK, (WIDTH, HEIGHT) = {ROUNDS}, {MARK!r}, {SIZES[0]}")
        ran(client, SETUP)
        found = timings(ran(client, STAMPED))
    for name, words in WORDS.items():
        low, middle = (float(np.quantile([one.get(name, 0.0) for one in found], share)) for share in (0.1, 0.5))
        yield f"| {words} | {low * 1e6:.0f} µs | {middle * 1e6:.0f} µs |"


def main() -> None:
    print(machine())
    print("| in this process | 640×480 | 1280×960 |", "| --- | --- | --- |", sep="\n")
    for (words, small), (_, large) in zip(parts(SIZES[0]), parts(SIZES[1]), strict=True):
        print(f"| {words} | {best(small) * 1e6:.0f} µs | {best(large) * 1e6:.0f} µs |", flush=True)
    print("", "| in a live kernel, 640×480 | 10 % | median |", "| --- | --- | --- |", *in_a_kernel(), sep="\n")


if __name__ == "__main__":
    main()
