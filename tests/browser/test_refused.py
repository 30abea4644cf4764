"""A cell whose own call of grad is refused, as a user meets it: what is offered, and the ledger that can be clicked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import until
from tests.browser.frontends import notebook_of

pytestmark = pytest.mark.browser

CELL = """%%grad
x = torch.tensor([1., 2.], requires_grad=True)
y = x**3
(dydx,) = torch.autograd.grad(y, x, torch.ones(2))
(d2ydx2,) = torch.autograd.grad(dydx, x, torch.ones(2))"""


def said(chosen: Any) -> str:
    """What a list says, whose spaces are hard ones."""
    return str(chosen.evaluate("(e) => e.selectedOptions[0].text")).replace("\xa0", " ")


def test_a_refused_call_is_offered_with_the_option_that_cures_it_and_a_click_chooses_a_call(
    open_notebook: Any, tmp_path: Path, screenshot: Any
) -> None:
    page = open_notebook(notebook_of(tmp_path / "refused.ipynb", CELL)).page
    page.locator(".jp-OutputArea-output", has_text="This tensor was computed with create_graph=False").first.wait_for()
    offer = page.locator(".gm").first
    screenshot(offer, "offer")
    button = offer.get_by_role("button", name="run it, but use create_graph=True in call 1")
    button.focus()
    page.keyboard.press("Enter")
    page.locator(".gm img.widget-image").first.wait_for()

    panel = page.locator(".gm").first
    rows = panel.locator(".gm-ledger tbody tr")
    until(lambda: rows.count() == 4, "the cell's calls and the panel's are in the ledger")
    chosen = panel.get_by_label("switch")
    for row, label in ((1, "call 2: "), (0, "call 1: "), (3, "the panel's calls")):
        rows.nth(row).locator("td").first.click()
        until(lambda label=label: said(chosen).startswith(label), label)
    rows.nth(0).locator("td").first.click()
    until(lambda: panel.locator("tr.gm-chosen").count() == 1, "the row is marked")
    screenshot(panel, "chosen-call")
