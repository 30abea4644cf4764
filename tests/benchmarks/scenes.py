"""A slider step by scene, in live kernels: the panel beside `interact` with inline plots, and beside ipympl.

ipympl has a kernel of its own: importing it makes it matplotlib's backend, and inline plots would be its canvases. Both
kernels take turns. Each peer draws what the scene shows, from closed forms where the panel differentiates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.frame import MARK, kernel, ran, timings
from tests.benchmarks.measuring import OURS, Row, quantiles

START = """
import asyncio, json, time
import ipywidgets, matplotlib.pyplot as plt, numpy as np
x = np.linspace(-6, 6, 500)

def orders(a):
    e = np.exp(-x**2 / 8)
    s, c = np.sin(1.2 * x), np.cos(1.2 * x)
    return a * s * e, a * e * (1.2 * c - x / 4 * s), a * e * ((x**2 / 16 - 0.25 - 1.44) * s - 0.6 * x * c)

def axes_of_three():
    figure, axes = plt.subplots(3, 1, sharex=True, figsize=(6.4, 4.8), dpi=100)
    lines = []
    for ax, values, label in zip(axes, orders(1.5), ("y", "dy/dx", "d²y/dx²")):
        lines += ax.plot(x, values)
        ax.set_ylabel(label)
        ax.grid(True)
        ax.axvline(x[325], linestyle="--")
    return figure, axes, lines
"""

OURSELVES = """
%matplotlib inline
import sys
sys.path.insert(0, ROOT)
from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.panel import Panel

def opened(text, size=None, **given):
    panel = Panel(Explorer(*request_from(text, a=(0.5, 3.0, 1.5), **given)), size=size)
    display(panel)
    return panel

def step_of(panel):
    def step(value):
        renders = panel.renders
        panel.controls.params["a"].slider.set_state({"value": value})  # as an event from the browser arrives
        return lambda: panel.renders > renders  # a step that takes long goes on beside the event loop
    return step

def step_of_interact(plots):
    theirs = ipywidgets.interactive(plots, a=(0.5, 3.0, 0.001))
    display(theirs)
    return lambda value: theirs.children[0].set_state({"value": value})
"""

STEP = """
async def timed(step, value):
    await asyncio.sleep(0.06)  # the event is the first after a pause, so that it is carried out at once
    start = time.perf_counter()
    done = step(value)
    while done is not None and not done():
        await asyncio.sleep(0.001)
        if time.perf_counter() - start > 30:
            raise RuntimeError(f"the step to a = {value} was never drawn")
    return time.perf_counter() - start

print(MARK + json.dumps([await timed(step, VALUE) for step in steps]))
"""

IPYMPL = """
%matplotlib widget
figure, axes, lines = axes_of_three()
display(figure.canvas)
canvas = figure.canvas
canvas.syncing_data_url = False  # as soon as a front end is there

slider = ipywidgets.FloatSlider(value=1.5, min=0.5, max=3.0, step=0.001)  # as in ipympl's own examples

def moved(change):
    for line, values in zip(lines, orders(change["new"])):
        line.set_ydata(values)
    canvas.draw_idle()
    canvas._handle_message(canvas, {"type": "draw"}, [])  # what the front end answers

slider.observe(moved, "value")
display(slider)
steps = [lambda value: slider.set_state({"value": value})]
"""

CURVE = '"a * np.sin(1.2 * x) * np.exp(-x**2 / 8)", (640, 480), x=(-6, 6), points=500'


@dataclass(frozen=True, slots=True)
class Scene:
    """What is shown, the panel's call that shows it, and the function that `interact` calls."""

    title: str
    panel: str
    plots: str
    ipympl: bool = False


SCENES = (
    Scene(
        "three curves of 500 points",
        f"opened({CURVE})",
        """
def plots(a=1.5):
    figure, axes, lines = axes_of_three()
    y, slope, _ = orders(a)
    axes[0].plot(x[325], y[325], "o")
    axes[0].plot([1, 2.6], y[325] + slope[325] * (np.array([1, 2.6]) - x[325]))
    for line, values in zip(lines, orders(a)):
        line.set_ydata(values)
    plt.show()
""",
        ipympl=True,
    ),
    Scene(
        "the same with zeros, extrema, inflections, areas, circle and Taylor polynomial",
        f'opened({CURVE}, show="tangent,zeros,extrema,inflections,rises,circle,taylor")',
        """
def plots(a=1.5):
    figure, axes, lines = axes_of_three()
    y, slope, bend = orders(a)
    for line, values in zip(lines, (y, slope, bend)):
        line.set_ydata(values)
    offset = x - x[325]
    axes[0].plot(x, y[325] + slope[325] * offset + bend[325] * offset**2 / 2, "--")
    axes[0].fill_between(x, 0, 1, where=slope > 0, alpha=0.1, transform=axes[0].get_xaxis_transform())
    angle = np.linspace(0, 2 * np.pi, 181)
    axes[0].plot(x[325] + np.cos(angle), y[325] + np.sin(angle))
    for ax, values in zip(axes, (y, slope, bend)):
        at = np.flatnonzero(values[1:] * values[:-1] < 0)
        ax.plot(x[at], values[at], "D")
        axes[0].plot(x[at], y[at], "s")
    axes[0].set_ylim(-4, 4)
    plt.show()
""",
    ),
    Scene(
        "a map over two inputs with contours, arrows and critical points",
        'opened("a * np.sin(x) * np.cos(y)", x=(-3, 3), y=(-3, 3), of=None)',
        """
side = np.linspace(-3, 3, 121)
u, v = np.meshgrid(side, side)

def plots(a=1.5):
    figure, ax = plt.subplots(figsize=(6.4, 5.2), dpi=100)
    z = a * np.sin(u) * np.cos(v)
    figure.colorbar(ax.imshow(z, extent=(-3, 3, -3, 3), origin="lower"))
    ax.contour(u, v, z, 18, colors="w")
    few = (slice(5, None, 11),) * 2
    ax.quiver(u[few], v[few], a * np.cos(u[few]) * np.cos(v[few]), -a * np.sin(u[few]) * np.sin(v[few]))
    plt.show()
""",
    ),
    Scene(
        "tables of a tensor of 8×8 and its derivatives",
        'opened("x = torch.linspace(-2, 2, 64).reshape(8, 8).requires_grad_()\\ny = a * torch.sin(x)")',
        """
t = np.linspace(-2, 2, 64).reshape(8, 8)

def plots(a=1.5):
    figure, axes = plt.subplots(2, 2, figsize=(6.4, 4.8), dpi=100)
    for ax, values in zip(axes.ravel(), (t, a * np.sin(t), a * np.cos(t), -a * np.sin(t))):
        ax.imshow(values)
        for (i, j), value in np.ndenumerate(values):
            ax.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=5)
    plt.show()
""",
    ),
)


def values(rounds: int) -> list[float]:
    """Where the slider goes: to and fro, and never to where it is."""
    return [0.5 + 2.4 * abs(2 * (number / rounds) - 1) for number in range(rounds)]


def measured(scene: Scene, rounds: int) -> dict[str, list[float]]:
    """Seconds of each contestant, round by round."""
    found: dict[str, list[float]] = {OURS: [], "interact": []} | ({"ipympl": []} if scene.ipympl else {})
    with ExitStack() as open_kernels:
        ours = open_kernels.enter_context(prepared(OURSELVES, scene.plots, f"panel = {scene.panel}"))
        ran(ours, "steps = [step_of(panel), step_of_interact(plots)]")
        theirs = open_kernels.enter_context(prepared(IPYMPL)) if scene.ipympl else None
        for number, value in enumerate([0.55, 0.6, 0.7, *values(rounds)]):
            step = STEP.replace("VALUE", repr(value))
            times = timings(ran(ours, step)) + (timings(ran(theirs, step)) if theirs is not None else [])
            if number >= 3:  # the first ones warm up
                for mine, seconds in zip(found.values(), times, strict=True):
                    mine.append(seconds)
    return found


@contextmanager
def prepared(*codes: str) -> Iterator[Any]:
    """A kernel in which these have run."""
    with kernel() as client:
        for code in (f"MARK = {MARK!r}", START, *codes):
            ran(client, code)
        yield client


def scenes(peers: dict[str, Any], rounds: int = 30) -> Iterator[Row]:
    """A row for each scene and peer."""
    for scene in SCENES:
        found = measured(scene, rounds)
        for peer, reach in (("interact", 1 / 25), ("ipympl", 1 / 10)):
            if peer in found:
                ratios = quantiles([a / b for a, b in zip(found[OURS], found[peer], strict=True)])
                seconds = {name: quantiles(times)[1] for name, times in found.items() if name in (OURS, peer)}
                meant = reach if scene.ipympl else None
                yield Row("scenes", scene.title, meant, peer, seconds, {OURS: ratios}, rounds=rounds)
