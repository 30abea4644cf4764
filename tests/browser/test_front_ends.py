"""The panel in JupyterLab, in Notebook 7 and in Voila: worked by keys alone, read by axe-core, on a narrow screen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import until
from tests.browser.frontends import FRONT_ENDS, looks, needs, notebook_of, opened_in
from tests.browser.keyboard import ACTS, Control, controls_of, found, walked

pytestmark = pytest.mark.browser

# A curve that has everything: a parameter, a pole, a kink, extrema, zeros, inflections.
CELL = "%%grad x=-3:3 a=0:3@1.5\ny = a * np.sin(2 * x) + np.sin(3 * x) + abs(x - 1) - 1 + 0.5 / (x + 2)"
PAGES = ("Curves", "Graph", "Values", "Code")
# Of a panel's elements, those that stick out of it; what has a scroll bar of its own may.
STICKING_OUT = """(panel) => {
    const right = panel.getBoundingClientRect().right + 1;
    const scrolls = (e) => e !== panel && (e.scrollWidth > e.clientWidth + 1)
        && /auto|scroll/.test(getComputedStyle(e).overflowX);
    const inside = (e) => { for (let p = e; p && p !== panel; p = p.parentElement) if (scrolls(p)) return true; };
    return [...panel.querySelectorAll('*')]
        .filter((e) => e.checkVisibility() && e.getClientRects().length && getComputedStyle(e).clipPath === 'none')
        .filter((e) => e.getBoundingClientRect().right > right && !inside(e))
        .map((e) => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 40));
}"""


@pytest.fixture(scope="module", params=FRONT_ENDS)
def shown(request: Any, lab: tuple[str, Path], browser: Any) -> Iterator[Any]:
    """A page with the panel in one of the front ends, the same for all tests."""
    front_end, (url, folder) = request.param, lab
    needs(front_end)
    page = opened_in(front_end, browser, url, notebook_of(folder / f"{front_end}.ipynb", CELL))
    yield page
    page.close()


def panel_of(page: Any) -> Any:
    return page.locator(".gm").first


def turned_to(page: Any, title: str) -> Any:
    """The panel, open at this page."""
    panel = panel_of(page)
    tab = panel.get_by_role("tab", name=title, exact=True)
    tab.click()
    until(lambda: tab.get_attribute("aria-selected") == "true", f"{title} is open")
    if title == "Graph":  # it runs the cell some times, beside the events
        until(lambda: panel.locator(".gm-page svg").count(), "the graph is drawn")
    page.wait_for_timeout(400)
    return panel


def violations(page: Any) -> list[str]:
    """What axe-core finds in the panel."""
    axe = pytest.importorskip("axe_playwright_python.base", reason='needs axe-core: pip install -e ".[lab,test]"')
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe.AXE_SCRIPT)
    results = page.evaluate("axe.run('.gm')")
    return [f"{v['id']}: {n['html'][:120]}: {n['failureSummary']}" for v in results["violations"] for n in v["nodes"]]


@pytest.mark.parametrize("title", PAGES)
def test_axe_finds_nothing(shown: Any, title: str) -> None:
    turned_to(shown, title)
    assert violations(shown) == []


@pytest.mark.parametrize("title", PAGES)
def test_nothing_sticks_out_of_a_narrow_panel_and_axe_finds_nothing_there(shown: Any, title: str) -> None:
    before = shown.viewport_size
    shown.set_viewport_size({"width": 420, "height": 900})
    try:
        panel = turned_to(shown, title)
        assert panel.evaluate(STICKING_OUT) == []
        assert violations(shown) == []
    finally:
        shown.set_viewport_size(before)


@pytest.mark.parametrize("title", PAGES)
def test_every_control_is_reached_by_tab_and_does_something_by_key(shown: Any, title: str) -> None:
    panel = turned_to(shown, title)
    controls = controls_of(panel)
    unnamed = [control for control in controls if not control.name]
    assert unnamed == []
    met = walked(shown, panel)
    assert {control.key for control in controls} <= set(met)
    within = panel if title == PAGES[0] else panel.locator(".gm-page")
    dead = [control.key for control in controls_of(within) if not worked(shown, panel, control)]
    assert dead == []


def worked(page: Any, panel: Any, control: Control) -> bool:
    """Work a control by its keys; whether the picture or the text of the panel then changes."""
    act = ACTS.get(control.kind)
    if act is None or control.kind == "tab":
        return True  # to be read and copied; tabs have a test of their own
    if control.name == "speed":
        return True  # is seen only while a slider plays
    before_it = controls_of(panel)
    now = next((other for other in before_it if other.key == control.key), None)
    if now is None or now.pressed:
        return True  # what was done with others has taken it away, or it is what is chosen
    element, before = found(panel, control), looks(panel)
    chosen = element.evaluate("(e) => e.selectedIndex")
    element.focus()
    for _ in range(2 if control.kind == "select" else 1):  # two nodes of a graph may have the same rule
        act(page, element)
        if changed(panel, before):
            break
    else:
        return False
    if control.group:  # back to what was chosen: otherwise there may be nothing for the next control to show
        found(panel, next(other for other in before_it if other.group == control.group and other.pressed)).press(
            "Space"
        )
    elif control.kind == "select":
        element.select_option(index=chosen)
    elif control.kind == "checkbox":  # without a curve there is nothing that could be drawn over it
        element.press("Space")
    return True


def changed(panel: Any, before: str, patience: float = 10) -> bool:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if looks(panel) != before:
            return True
        time.sleep(0.05)
    return False


def test_one_press_saves_a_file(shown: Any) -> None:
    panel = turned_to(shown, "Curves")
    for title, name in (("SVG", "y.svg"), ("CSV", "y.csv"), ("CSV", "y.csv")):
        with shown.expect_download() as saved:
            panel.get_by_role("button", name=title, exact=True).click()
        assert saved.value.suggested_filename == name
        panel.get_by_role("link", name=f"saved {name}").wait_for()


def test_one_press_copies_a_text(shown: Any) -> None:
    panel = turned_to(shown, "Code")
    panel.get_by_role("button", name="copy script on PyTorch", exact=True).click()
    panel.get_by_role("button", name="copied script on PyTorch", exact=True).wait_for()
    panel.get_by_role("button", name="copy script on PyTorch", exact=True).wait_for()


def test_tabs_are_turned_by_arrow_keys(shown: Any) -> None:
    panel = turned_to(shown, "Curves")
    panel.get_by_role("tab", name="Curves", exact=True).focus()
    for title in (*PAGES[1:], PAGES[0]):
        shown.keyboard.press("ArrowRight")
        tab = panel.get_by_role("tab", name=title, exact=True)
        until(lambda tab=tab: tab.get_attribute("aria-selected") == "true", f"{title} is open")
        assert tab.evaluate("(tab) => tab === document.activeElement")
    shown.keyboard.press("ArrowLeft")
    until(lambda: panel.get_by_role("tabpanel", name=PAGES[-1], exact=True).count(), "the page is named")


def test_typed_weights_stay_data(shown: Any, tmp_path: Path) -> None:
    """On Voila the visitor is a stranger."""
    panel, trace = turned_to(shown, "Curves"), tmp_path / "trace"
    panel.get_by_label("each y gets").select_option("an expression in x")
    field = panel.get_by_label("w(x) =")
    field.fill(f'__import__("pathlib").Path({str(trace)!r}).touch()')
    field.press("Enter")
    panel.get_by_role("alert").first.wait_for()
    assert not trace.exists()
    field.fill("cos(x)")
    field.press("Enter")
    until(lambda: not panel.get_by_role("alert").count(), "an expression is taken")


@pytest.mark.parametrize("title", PAGES)
def test_axe_finds_nothing_in_the_dark(shown: Any, title: str, screenshot: Any) -> None:
    if not shown.evaluate("!!window.jupyterapp?.commands.hasCommand('apputils:change-theme')"):
        pytest.skip("this front end has no command that changes its theme")
    change = "(theme) => { window.jupyterapp.commands.execute('apputils:change-theme', { theme }); }"
    shown.evaluate(change, "JupyterLab Dark")
    try:
        until(lambda: shown.locator('body[data-jp-theme-light="false"]').count(), "it is dark")
        panel = turned_to(shown, title)
        assert screenshot(panel, f"dark-{title.lower()}").stat().st_size > 5_000
        assert violations(shown) == []
    finally:
        shown.evaluate(change, "JupyterLab Light")
        until(lambda: shown.locator('body[data-jp-theme-light="true"]').count(), "it is light")
