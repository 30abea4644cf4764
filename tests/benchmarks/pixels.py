"""From a key on a slider to new pixels, in JupyterLab and headless Chromium: the panel beside `interact` and bqplot.

All stand in one notebook with one kernel, and take turns. A time goes from the key's own time stamp to the picture
after the new image was decoded (or, with bqplot, all three curves have another path): what the next turn of the event
loop after the next frame sees.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tests.benchmarks.measuring import OURS, Row, quantiles
from tests.benchmarks.scenes import CURVE, OURSELVES, SCENES, START
from tests.browser.conftest import KERNEL_IS_IDLE, PATIENCE, OpenNotebook, browsing, serving, where_chromium_is

BQPLOT = """
import bqplot
slider = ipywidgets.FloatSlider(1.5, min=0.5, max=3.0, step=0.01)
shown = []
for values in orders(1.5):
    scales = {"x": bqplot.LinearScale(), "y": bqplot.LinearScale()}
    marks = [bqplot.Lines(x=x, y=values, scales=scales)]
    axes = [bqplot.Axis(scale=scales["x"]), bqplot.Axis(scale=scales["y"], orientation="vertical")]
    size, around = ipywidgets.Layout(width="640px", height="160px"), dict(top=8, bottom=24, left=50, right=8)
    shown.append(bqplot.Figure(marks=marks, axes=axes, layout=size, fig_margin=around))

def moved(change):
    for figure, values in zip(shown, orders(change["new"])):
        figure.marks[0].y = values

slider.observe(moved, "value")
ipywidgets.VBox([slider, *shown])
"""
INTERACT = SCENES[0].plots + "\nipywidgets.interactive(plots, a=(0.5, 3.0, 0.01))"
PANEL = f"opened({CURVE});"
CELLS = {OURS: PANEL, "interact": INTERACT, "bqplot": BQPLOT}

# Never awaited: a promise that stays pending would hang the benchmark without a timeout.
LISTEN = """
() => document.addEventListener('keydown', (event) => { window.pressed = event.timeStamp; }, true)
"""
ARM = """(which) => {
    const area = [...document.querySelectorAll('.jp-Cell')][which].querySelector('.jp-Cell-outputWrapper');
    window.took = null;
    let over = false;
    const seen = () => {
        if (over) return;
        over = true;
        area.removeEventListener('load', image, true);
        changes.disconnect();
        requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => { window.took = performance.now() - window.pressed; };
            channel.port2.postMessage(0);
        });
    };
    const image = (event) => { if (event.target.tagName === 'IMG') seen(); };
    const figures = (paths) => new Set(paths.map((path) => path.closest('.bqplot')).filter(Boolean));
    const all = figures([...area.querySelectorAll('path')]).size, moved = new Set();
    const changes = new MutationObserver((found) => {
        figures(found.map((one) => one.target)).forEach((figure) => moved.add(figure));
        if (all && moved.size === all) seen();
    });
    area.addEventListener('load', image, true);
    changes.observe(area, { attributes: true, attributeFilter: ['d'], subtree: true });
    const name = (one) => one.getAttribute('aria-label') || '';
    const handles = [...area.querySelectorAll('[role=slider]')];
    (handles.find((one) => name(one) === 'a') || handles[0]).focus();
}"""


def pixels(peers: dict[str, Any], rounds: int = 25) -> Iterator[Row]:
    """A row for each peer."""
    found = measured(rounds)
    for peer, reach in (("interact", 1 / 3), ("bqplot", 1.0)):
        if peer in found:
            ratios = quantiles([a / b for a, b in zip(found[OURS], found[peer], strict=True)])
            seconds = {name: quantiles(found[name])[1] for name in (OURS, peer)}
            label = "from a slider's key to new pixels in JupyterLab"
            yield Row("pixels", label, reach, peer, seconds, {OURS: ratios}, rounds=rounds)


def measured(rounds: int) -> dict[str, list[float]]:
    """Seconds of each contestant, round by round."""
    chromium = where_chromium_is()
    if chromium is None or importlib.util.find_spec("jupyterlab") is None:
        sys.exit("needs JupyterLab and Chromium")
    cells = {name: code for name, code in CELLS.items() if name != "bqplot" or importlib.util.find_spec("bqplot")}
    with tempfile.TemporaryDirectory() as place:
        folder, home = Path(place, "notebooks"), Path(place, "home")
        folder.mkdir()
        home.mkdir()
        root = f"ROOT = {str(Path(__file__).parents[2])!r}"
        notebook = new_notebook(cells=[new_code_cell(code) for code in (root + START + OURSELVES, *cells.values())])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, folder / "pixels.ipynb")
        with serving(home, folder) as url, browsing(chromium) as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 2400})
            page.set_default_timeout(PATIENCE * 1000)
            page.goto(f"{url}/lab/tree/pixels.ipynb?reset", wait_until="domcontentloaded")
            page.wait_for_function(KERNEL_IS_IDLE)
            page.evaluate("window.jupyterapp.shell.collapseLeft()")
            OpenNotebook(page).run_all()
            page.locator("[role=slider]").first.wait_for()
            page.wait_for_timeout(3000)
            page.evaluate(LISTEN)
            found: dict[str, list[float]] = {name: [] for name in cells}
            for number in range(rounds + 2):
                for which, (name, times) in enumerate(found.items(), start=1):
                    seconds = pressed(page, which, "ArrowRight" if number % 2 else "ArrowLeft", name)
                    if number >= 2:  # the first ones warm up
                        times.append(seconds)
            return found


def pressed(page: Any, which: int, key: str, name: str) -> float:
    """Seconds from a key on the slider of this cell to what it changes in its output."""
    page.evaluate(ARM, which)
    page.wait_for_timeout(300)  # what was to be brought up to date has been
    page.keyboard.press(key)
    page.wait_for_function("window.took !== null")
    took = float(page.evaluate("window.took")) / 1000
    assert took > 0, name
    return took
