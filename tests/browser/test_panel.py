"""The panel as a user meets it: JupyterLab, a real browser, keys and a mouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.browser.frontends import notebook_of

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
Opener = Callable[[Path], Any]


@pytest.fixture
def readme_notebook(tmp_path: Path) -> Path:
    """The README's own example, as a notebook."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    cells = re.findall(r"^```text\n(.*?)\n```", readme, flags=re.MULTILINE | re.DOTALL)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = tmp_path / "readme.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=kernel), path)
    return path


def slider(page: Any, name: str) -> Any:
    return page.get_by_role("slider", name=name, exact=True).first


def typed(page: Any, name: str) -> Any:
    return page.get_by_label(f"{name}, typed").first


def toggle(page: Any, label: str, value: str) -> Any:
    return page.locator(".widget-toggle-buttons", has_text=label).first.get_by_text(value, exact=True)


def drag(page: Any, handle: Any, pixels: float) -> None:
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + pixels, y, steps=8)
    page.mouse.up()


def test_a_slider_moves_by_key_and_by_mouse_and_the_picture_follows(open_notebook: Opener) -> None:
    notebook = open_notebook(ROOT / "notebooks" / "01-square.ipynb")
    page, first = notebook.page, notebook.settled_picture()
    page.get_by_text("at x = 0, y = 0, dy/dx = 0, d²y/dx² = 2").first.wait_for()

    handle = slider(page, "x₀")
    handle.focus()
    page.keyboard.press("ArrowRight")
    by_key = notebook.changed_picture(first)
    value = float(typed(page, "x₀").input_value())
    assert value > 0

    drag(page, handle, 40)
    by_mouse = notebook.changed_picture(by_key)
    assert float(typed(page, "x₀").input_value()) > value
    assert len({first, by_key, by_mouse}) == 3


def test_without_create_graph_the_panel_says_why_there_is_no_second_derivative(
    open_notebook: Opener, readme_notebook: Path, screenshot: Callable[[Any, str], Path]
) -> None:
    notebook = open_notebook(readme_notebook)
    page, before = notebook.page, notebook.settled_picture()
    cell = page.locator(".jp-Notebook .jp-Cell").nth(1)
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    assert screenshot(cell, "panel").stat().st_size > 20_000

    toggle(page, "create_graph", "False").click()
    without = notebook.changed_picture(before)
    page.get_by_text("d²y/dx² = none").first.wait_for()
    page.get_by_text("element 0 of tensors does not require grad and does not have a grad_fn").first.wait_for()
    page.get_by_role("button", name="use create_graph=True in call 1").wait_for()
    page.mouse.move(0, 0)
    screenshot(cell, "panel-create-graph-false")

    toggle(page, "create_graph", "True").click()
    assert notebook.changed_picture(without) == before, "back where it was, to the byte"


def test_running_a_cell_again_keeps_the_sliders_where_they_are(open_notebook: Opener, readme_notebook: Path) -> None:
    notebook = open_notebook(readme_notebook)
    page, before = notebook.page, notebook.settled_picture()
    handle = slider(page, "a")
    handle.focus()
    page.keyboard.press("End")
    moved = notebook.changed_picture(before)
    notebook.run_all()
    assert notebook.settled_picture() == moved
    assert float(typed(page, "a").input_value()) == 3.0
    assert page.locator("img.widget-image").count() == 1


def test_the_program_of_the_document_runs_in_the_browser(open_notebook: Opener) -> None:
    page = open_notebook(ROOT / "notebooks" / "02-the-document.ipynb").page
    text = page.locator(".jp-Notebook").inner_text()
    assert "grad_fn=<CopySlices>" in text
    assert "a view of a leaf Variable that requires grad is being used in an in-place operation" in text


def test_neither_a_read_out_nor_the_ledger_is_cut(open_notebook: Opener, tmp_path: Path) -> None:
    cell = "%%grad x=-1:1@0 --order 10\ny = 1/(1+25*x**2)"
    page = open_notebook(notebook_of(tmp_path / "wide.ipynb", cell)).page
    page.locator(".gm-readouts", has_text="+1.58e+10").wait_for()
    assert page.evaluate(
        """() => {
          var column = document.querySelector('.gm-readouts').getBoundingClientRect();
          return Array.from(document.querySelectorAll('.gm-values span')).every(
            function (one) { return one.getBoundingClientRect().right <= column.right; });
        }"""
    )
    box = page.locator(".gm-ledger-box")
    for width in (1280, 800, 480):
        page.set_viewport_size({"width": width, "height": 900})
        assert box.evaluate("(e) => e.scrollWidth <= e.clientWidth"), f"the ledger in a window of {width} pixels"
