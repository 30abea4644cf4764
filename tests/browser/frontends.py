"""A panel in each front end: how it is opened there, and what can be asked of it there. Knows no control."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.browser.conftest import KERNEL_IS_IDLE, PATIENCE, RUN_ALL_CELLS, until

# By name: what is to be installed, and where on the server a notebook is opened with it.
FRONT_ENDS: Mapping[str, tuple[str, str]] = {
    "lab": ("jupyterlab", "lab/tree/{}?reset"),
    "notebook": ("notebook", "notebooks/{}"),
    "voila": ("voila", "voila/render/{}"),
}
LOAD = "%load_ext gradmagic"
# What a panel is made of, as the browser shows it: its pictures and its text. A picture's URL is new with every frame.
LOOKS = """(panel) => [
    ...[...panel.querySelectorAll('img.widget-image')].map((picture) => picture.src),
    panel.innerText,
    ...[...panel.querySelectorAll('input[type=text]')].filter((e) => e !== document.activeElement).map((e) => e.value),
    ...[...panel.querySelectorAll('.widget-play [aria-pressed]')].map((e) => e.ariaPressed),
    ...[...panel.querySelectorAll('svg')].map((svg) => svg.outerHTML.length),
].join('|')"""


def needs(front_end: str) -> None:
    """Skip where the front end is not installed."""
    package, _ = FRONT_ENDS[front_end]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f'needs {package}: pip install -e ".[lab,test]"')


def notebook_of(path: Path, *cells: str) -> Path:
    """A notebook of these cells, after the one that loads the extension."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    sources = [new_code_cell(cell) for cell in (LOAD, *cells)]
    nbformat.write(new_notebook(cells=sources, metadata=kernel), path)
    return path


def opened_in(front_end: str, browser: Any, url: str, path: Path) -> Any:
    """The page of a notebook in this front end, all cells run, and the panel there."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(f"{url}/{FRONT_ENDS[front_end][1].format(path.name)}", wait_until="domcontentloaded")
    if front_end != "voila":
        page.wait_for_function(KERNEL_IS_IDLE)
        page.evaluate("window.jupyterapp.shell.collapseLeft?.()")
        page.evaluate(RUN_ALL_CELLS)
        page.wait_for_function("window.ranAll === true")
    page.locator(".gm img.widget-image").first.wait_for()
    until(lambda: page.locator(".gm [role=tab]").count(), "the panel has tabs")
    return page


def looks(panel: Any) -> str:
    """What the panel shows."""
    return str(panel.evaluate(LOOKS))
