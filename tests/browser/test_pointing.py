"""A click in the picture and a clock move a number, in each front end, and what is typed stays, after a zoom too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import until
from tests.browser.frontends import FRONT_ENDS, needs, notebook_of, opened_in

pytestmark = pytest.mark.browser

CELLS = (
    "%%grad x=-3:3@1 a=0:3@1.5\na * np.sin(2 * x)",
    "%%grad x=-2:2 y=0:4\nx**2 * y",
    "%%grad x=0.01:100@1 --log x,y\n1 / (1 + x)",
    "%%grad x=-6:6 a=0:3 b=0.2:4\na * np.sin(b * x) * np.exp(-(x**2) / 8)",
)
# Counts in the page what the sliders send.
LISTEN = """
import ipywidgets
from gradmagic.panel.number import Slider

heard, take = ipywidgets.Label("sent by sliders: 0"), Slider.set_state

def set_state(self, state):
    heard.value = f"sent by sliders: {int(heard.value.split(':')[1]) + 1}"
    take(self, state)

Slider.set_state = set_state
heard
"""
WIDE, LEFT, RIGHT = 640, 82, 18  # of the picture and beside its axes


@pytest.fixture(scope="module", params=FRONT_ENDS)
def shown(request: Any, lab: tuple[str, Path], browser: Any) -> Iterator[Any]:
    front_end, (url, folder) = request.param, lab
    needs(front_end)
    path = notebook_of(folder / f"pointing-{front_end}.ipynb", LISTEN, *CELLS)
    page = opened_in(front_end, browser, url, path)
    until(lambda: page.locator(".gm-points img.widget-image").count() == len(CELLS), "both panels are there")
    yield page
    page.close()


def place(panel: Any, across: float, down: float = 0.2) -> tuple[float, float]:
    """So far across the axes, and down the picture, in pixels of the page."""
    img = panel.locator("img.widget-image")
    img.scroll_into_view_if_needed()
    box = img.bounding_box()
    left, right = LEFT / WIDE, 1 - RIGHT / WIDE
    return box["x"] + box["width"] * (left + across * (right - left)), box["y"] + box["height"] * down


def at_x(panel: Any) -> float:
    return float(panel.get_by_label("x₀, typed").input_value())


def says(panel: Any, value: float) -> bool:
    return panel.locator(".gm-caption").inner_text().startswith(f"at x = {value:g}".replace("-", "−"))


def test_a_click_and_a_drag_move_the_cursor(shown: Any) -> None:
    panel = shown.locator(".gm").first
    assert panel.get_by_text("Click or drag in the picture to move x₀.").is_visible()
    shown.mouse.click(*place(panel, 0.75))
    until(lambda: says(panel, at_x(panel)) and abs(at_x(panel) - 1.5) < 0.02, "the cursor is where the click was")
    handle = panel.get_by_role("slider", name="x₀", exact=True)
    until(lambda: float(handle.get_attribute("aria-valuetext")) == at_x(panel), "the slider says the number too")

    shown.mouse.move(*place(panel, 0.75))
    shown.mouse.down()
    shown.mouse.move(*place(panel, 0.25), steps=12)
    shown.mouse.up()
    until(lambda: says(panel, at_x(panel)) and abs(at_x(panel) + 1.5) < 0.02, "the cursor is where the drag ended")

    before = at_x(panel)
    shown.mouse.click(*place(panel, -0.12))  # among the numbers of the axis
    shown.wait_for_timeout(500)
    assert at_x(panel) == before


def test_after_a_zoom_a_click_means_what_is_seen(shown: Any) -> None:
    panel = shown.locator(".gm").first
    shown.mouse.click(*place(panel, 0.5))
    until(lambda: says(panel, at_x(panel)) and abs(at_x(panel)) < 0.02, "the cursor is in the middle")
    panel.get_by_role("button", name="zoom in").click()
    until(lambda: panel.locator(".gm-axis").get_attribute("data-hi") == "1.5", "the range is half as wide")
    shown.mouse.click(*place(panel, 1.0))
    until(lambda: says(panel, at_x(panel)) and abs(at_x(panel) - 1.5) < 0.01, "the end is the end of what is seen")


def test_on_a_map_both_inputs_follow_the_click(shown: Any) -> None:
    panel = shown.locator(".gm").nth(1)
    assert panel.get_by_text("Click or drag in the picture to move x₀ and y₀.").is_visible()
    img = panel.locator("img.widget-image")
    img.scroll_into_view_if_needed()
    box = img.bounding_box()
    share_x, share_y = (62 + 0.75 * (640 - 62 - 104)) / 640, (12 + 0.25 * (520 - 12 - 44)) / 520
    shown.mouse.click(box["x"] + box["width"] * share_x, box["y"] + box["height"] * share_y)
    y0 = panel.get_by_label("y₀, typed")
    until(lambda: abs(at_x(panel) - 1) < 0.02 and abs(float(y0.input_value()) - 3) < 0.02, "both have moved")
    until(lambda: panel.get_by_text(f"at x = {at_x(panel):g}, y = {float(y0.input_value()):g}").count(), "it is said")


def test_on_a_logarithmic_axis_a_click_means_what_is_seen(shown: Any) -> None:
    panel = shown.locator(".gm").nth(2)
    shown.mouse.click(*place(panel, 0.75))
    until(lambda: says(panel, at_x(panel)) and abs(at_x(panel) - 10) < 0.3, "the cursor is at ten")
    shown.mouse.click(*place(panel, 0.0))
    until(lambda: at_x(panel) == 0.01, "the end is the end")


def test_a_typed_number_stays_what_it_is(shown: Any) -> None:
    """The front end's slider sends back the step that is nearest to it."""
    panel = shown.locator(".gm").first
    panel.get_by_label("x₀, typed").fill("0.3333")
    shown.keyboard.press("Enter")
    until(lambda: says(panel, 0.3333), "it has arrived")
    shown.wait_for_timeout(700)
    assert at_x(panel) == 0.3333
    assert says(panel, 0.3333)


def test_an_expression_is_a_number_and_what_is_none_is_said(shown: Any) -> None:
    panel = shown.locator(".gm").first
    field = panel.get_by_label("x₀, typed")
    field.fill("-pi/8")
    shown.keyboard.press("Enter")
    until(lambda: panel.locator(".gm-caption").inner_text().startswith("at x = −0.39"), "it has arrived")
    assert field.input_value() == "-pi/8"
    field.fill("-pi/")
    shown.keyboard.press("Enter")
    panel.get_by_role("alert").get_by_text("cannot read '-pi/'").wait_for()
    assert field.input_value() == "-pi/8"


@pytest.mark.parametrize("typed", ["2.13", "0.77", "-0.5", "5.99"])
def test_a_zoom_leaves_the_cursor_where_it_is(shown: Any, typed: str) -> None:
    """The front end's slider sends back where it stands over its new range."""
    panel = shown.locator(".gm").nth(3)
    panel.get_by_label("x₀, typed").fill(typed)
    shown.keyboard.press("Enter")
    until(lambda: says(panel, float(typed)), "it has arrived")
    for name in ("zoom in", "all", "zoom in", "zoom in", "zoom out", "all"):
        before = panel.locator(".gm-axis").get_attribute("data-lo")
        panel.get_by_role("button", name=name, exact=True).click()
        until(
            lambda before=before: panel.locator(".gm-axis").get_attribute("data-lo") != before, f"{name}: a new range"
        )
        shown.wait_for_timeout(400)  # in which a front end that snaps would have sent its own number back
        until(lambda: (at_x(panel), says(panel, float(typed))) == (float(typed), True), "x₀ is what was typed")


def test_a_slider_sends_nothing_back(shown: Any) -> None:
    """What it is shown it takes to the last bit; else its own number comes, maybe when a hand has long moved on."""
    assert shown.get_by_text("sent by sliders: 0", exact=True).is_visible()


def test_slider_and_field_go_with_the_clock(shown: Any) -> None:
    panel = shown.locator(".gm").first
    field, handle = panel.get_by_label("a, typed"), panel.get_by_role("slider", name="a", exact=True)
    assert field.input_value() == "1.5"
    panel.get_by_label("speed").select_option("fast")
    panel.get_by_role("button", name="play a", exact=True).click()
    until(lambda: field.input_value() not in ("1.5", "3"), "the field follows")
    until(lambda: field.input_value() == "3", "the clock has come to the end")
    shown.wait_for_timeout(700)
    assert field.input_value() == "3"
    assert float(handle.get_attribute("aria-valuenow")) == 3
    panel.get_by_role("button", name="decrease a").click()
    until(lambda: 2.7 < float(field.input_value()) < 3, "the button goes on from there")
