"""Two inputs, and the Jacobian of a tensor, as a user meets them: JupyterLab, a real browser, keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.browser.conftest import until

pytestmark = pytest.mark.browser

CELLS = (
    "%load_ext gradmagic",
    "%%grad x=-2:2@-0.5 y=-1:3@2 a=0:2@1 --of z\nz = (a - x)**2 + 100 * (y - x**2)**2",
    "%%grad\nx = torch.linspace(2., 9., 8, requires_grad=True)\ny = torch.cumsum(torch.sin(x), 0)",
)


@pytest.fixture
def notebook_of_planes(tmp_path: Path) -> Path:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = tmp_path / "planes.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in CELLS], metadata=kernel), path)
    return path


def test_a_map_follows_its_cursor_and_a_jacobian_its_weights(
    open_notebook: Callable[[Path], Any], screenshot: Callable[[Any, str], Path], notebook_of_planes: Path
) -> None:
    notebook = open_notebook(notebook_of_planes)
    page, first = notebook.page, notebook.settled_picture()
    plane, tensor = page.locator(".gm-auto").nth(0), page.locator(".gm-auto").nth(1)
    plane.get_by_text("at x = −0.5, y = 2: z = 308.5").wait_for()
    assert plane.locator("img.widget-image").get_attribute("title").startswith("Map of z over x from −2 to 2")

    plane.get_by_role("slider", name="y₀", exact=True).focus()
    page.keyboard.press("ArrowRight")
    second = notebook.changed_picture(first)
    plane.get_by_text("at x = −0.5, y = 2.02").wait_for()

    plane.get_by_label("x₀, typed").fill("1")
    page.keyboard.press("Enter")
    third = notebook.changed_picture(second)
    plane.get_by_text("▽ minimum 0 at x = 1, y = 1").wait_for()

    plane.get_by_label("contours").uncheck()
    fourth = notebook.changed_picture(third)
    plane.get_by_role("button", name="zoom in").press("Enter")
    notebook.changed_picture(fourth)
    until(lambda: "x from −0.5 to 1.5" in plane.locator("img.widget-image").get_attribute("title"), "both are zoomed")
    screenshot(plane, "plane")

    tensor.get_by_text("Jacobian", exact=True).click()
    tensor.locator(".gm-jacobian").wait_for()
    tensor.get_by_label("each y gets").select_option("one-hot: picks one y")
    tensor.get_by_text("These weights pick the row of y[0].").wait_for()
    tensor.get_by_label("element").fill("5")
    page.keyboard.press("Enter")
    tensor.get_by_text("These weights pick the row of y[5].").wait_for()
    cells = tensor.locator(".gm-jacobian tr.gm-picked td").all_inner_texts()
    assert cells[2:] == tensor.locator(".gm-jacobian tfoot td").all_inner_texts()[1:]
    screenshot(tensor, "jacobian")
