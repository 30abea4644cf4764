"""A cell that takes three seconds for each step, in JupyterLab, in Notebook 7 and in Voila: progress, and Stop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PICTURE_DIGEST, until
from tests.browser.frontends import FRONT_ENDS, needs, notebook_of, opened_in

pytestmark = pytest.mark.browser

# x0 moves nothing but the cursor, and is as slow: a sample is computed there. Two runs more look for breaks at first.
CELL = """%%grad x=-3:3 a=0:3@1
import time
y = a * np.sin(x)
for _ in range(30 if a != 2 else 10**9):
    time.sleep(0.1)
    y = y * 1.0"""


@pytest.fixture(scope="module", params=FRONT_ENDS)
def slow(request: Any, lab: tuple[str, Path], browser: Any) -> Iterator[Any]:
    front_end, (url, folder) = request.param, lab
    needs(front_end)
    page = opened_in(front_end, browser, url, notebook_of(folder / f"slow-{front_end}.ipynb", CELL))
    yield page
    page.close()


def digest(page: Any) -> str:
    return str(until(lambda: page.evaluate(PICTURE_DIGEST, 0), "there is a picture"))


def test_stop_ends_a_step_the_picture_stays_and_the_next_step_works(slow: Any, screenshot: Any) -> None:
    page, panel = slow, slow.locator(".gm").first
    before, stop = digest(page), panel.get_by_role("button", name="stop", exact=True)
    assert not stop.is_visible()

    field = panel.get_by_label("a, typed")
    field.fill("2")  # would take three years
    field.press("Enter")
    stop.wait_for()
    panel.get_by_text(re.compile(r"\d s, line 5")).wait_for()
    screenshot(panel, "computing")
    stop.focus()
    page.keyboard.press("Enter")
    panel.get_by_role("alert").get_by_text(re.compile(r"Stopped after \d+\.\d s at line [56] of the cell")).wait_for()
    panel.get_by_text("a = 1").first.wait_for()
    assert not stop.is_visible()
    assert digest(page) == before
    screenshot(panel, "stopped")

    field.fill("3")  # takes three seconds
    field.press("Enter")
    stop.wait_for()
    until(lambda: not stop.is_visible(), "the next step is over")
    until(lambda: digest(page) != before, "the picture follows")
    assert not panel.get_by_role("alert").count()

    panel.get_by_role("button", name="undo").click()
    until(lambda: digest(page) == before, "it is as it was")
