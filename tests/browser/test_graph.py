"""The Graph page in a real browser: it is there soon, a node says its rule under the pointer, a click chooses it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import until
from tests.browser.frontends import notebook_of, opened_in

pytestmark = pytest.mark.browser

LOOP = "%%grad x=-1:1\nh = x * 0\nfor i in range(40):\n    h = tanh(0.9 * h + 0.5 * x * cos(h))\ny = h"
IN_SIGHT = """() => {
    const place = document.querySelector('.gm-drawn'), mark = place.querySelector('.gm-marked');
    if (!mark) return false;
    const seen = place.getBoundingClientRect(), it = mark.getBoundingClientRect();
    return it.top >= seen.top && it.bottom <= seen.bottom;
}"""
CUT = """() => {
    const place = document.querySelector('.gm-drawn'), edge = place.getBoundingClientRect().top;
    const boxes = [...place.querySelectorAll('svg g')].map((box) => box.getBoundingClientRect());
    return boxes.filter((box) => box.top < edge - 0.5 && box.bottom > edge + 0.5).length;
}"""
# how far the explanation of a drawing is from the heading beside it, and from what is above and below
ROOM = """() => {
    const note = [...document.querySelectorAll('.gm-note')].find((one) => one.textContent.includes('one by one'));
    const box = note.getBoundingClientRect(), text = document.createRange();
    text.selectNodeContents(note);
    const heading = [...document.querySelectorAll('.gm-section')].find((one) => one.textContent === 'GRAPH');
    const drawn = document.querySelector('.gm-drawn').getBoundingClientRect();
    const bar = document.querySelector('.gm-bar').getBoundingClientRect();
    const beside = heading.getBoundingClientRect().left - text.getBoundingClientRect().right;
    return [beside, box.top - bar.bottom, drawn.top - box.bottom];
}"""
CELL = "%%grad x=-6:6@1.8 a=0:3@1.5\na * np.sin(x) * np.exp(-(x**2) / 8)"


def test_a_node_says_its_rule_under_the_pointer_and_a_click_chooses_it(lab: tuple[str, Path], browser: Any) -> None:
    url, folder = lab
    page = opened_in("lab", browser, url, notebook_of(folder / "graph.ipynb", CELL))
    panel = page.locator(".gm").first
    began = time.monotonic()
    panel.get_by_role("tab", name="Graph", exact=True).click()
    panel.locator("svg.gm-graph").wait_for()
    assert time.monotonic() - began < 5
    assert panel.get_by_role("combobox", name="graph of").input_value()

    node = panel.locator("g[data-node]", has=page.locator("text", has_text=re.compile("^SinBackward0$")))
    node.hover()
    # the title of what lies under the pointer is what a browser shows there
    box = node.bounding_box()
    under = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).closest('g').querySelector('title').textContent",
        [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2],
    )
    assert "It passes on g · cos(x)." in under
    assert page.evaluate("(g) => getComputedStyle(g.querySelector('rect')).strokeWidth", node.element_handle()) == "3px"
    node.click()
    until(lambda: "y = sin(x)" in panel.locator(".gm-formula").inner_text(), "its rule is told")
    page.close()


def test_a_large_graph_is_seen_where_its_marked_node_is_and_a_click_on_a_group_goes_there(
    lab: tuple[str, Path], browser: Any
) -> None:
    url, folder = lab
    page = opened_in("lab", browser, url, notebook_of(folder / "loop.ipynb", LOOP))
    panel = page.locator(".gm").first
    panel.get_by_role("tab", name="Graph", exact=True).click()
    panel.locator("svg.gm-graph").wait_for()
    until(lambda: page.evaluate(IN_SIGHT), "the node next to the output is in sight")

    def marked() -> int:
        return int(panel.locator(".gm-marked").get_attribute("data-node"))

    began = time.monotonic()
    panel.locator("g[data-node]", has=page.locator("text", has_text=re.compile("nodes of line 4"))).first.click()
    until(lambda: marked() > 0, "the drawing goes there")
    assert time.monotonic() - began < 2
    until(lambda: page.evaluate(IN_SIGHT), "its marked node is in sight")
    for place in (7, 11, 12, 40, 230):  # nodes by their place in the list, in the middle of the drawing and at its ends
        panel.get_by_role("combobox", name="rule of").select_option(index=place)
        until(lambda place=place: marked() == place, "the drawing goes there")
        until(lambda: page.evaluate(IN_SIGHT), "its marked node is in sight")
        assert page.evaluate(CUT) == 0, place
    beside, above, below = page.evaluate(ROOM)
    assert beside >= 12
    assert above >= 6
    assert below >= 6
    page.close()
