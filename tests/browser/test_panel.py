"""The panel as a user meets it: JupyterLab, a real browser, keys and a mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_a_slider_moves_by_key_and_by_mouse_and_the_picture_follows(open_notebook: Callable[[Path], Any]) -> None:
    notebook = open_notebook(NOTEBOOKS / "01-square.ipynb")
    page = notebook.page
    first = notebook.settled_picture()

    handle = page.locator(".noUi-handle").first
    handle.focus()
    value = handle.get_attribute("aria-valuenow")
    page.keyboard.press("PageUp")
    by_key = notebook.changed_picture(first)
    assert handle.get_attribute("aria-valuenow") != value

    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - 30, box["y"] + box["height"] / 2, steps=6)
    page.mouse.up()
    by_mouse = notebook.changed_picture(by_key)
    assert len({first, by_key, by_mouse}) == 3
