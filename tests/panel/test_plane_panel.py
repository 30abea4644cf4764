"""The panel of two inputs."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import ipywidgets as w
import pytest

from gradmagic import explore
from gradmagic.explore.request import Range
from gradmagic.panel import Panel
from gradmagic.panel.exports import EXPORTS
from gradmagic.panel.plane_zoom import PlaneZoom
from gradmagic.panel.registry import carried_over
from gradmagic.panel.tree import close_tree
from gradmagic.panel.values_page import ValuesPage


@pytest.fixture
def panel() -> Panel:
    return explore("z = a * x**2 - y**2", of="z", x=(-2, 2), y=(-1, 3, 2), a=(0, 2, 1))  # type: ignore[no-any-return, operator]


def test_both_parts_of_the_cursor_have_sliders(panel: Panel) -> None:
    assert panel.controls.x0 is not None
    assert panel.controls.y0 is not None
    assert list(panel.controls.params) == ["a"]
    before = panel.image.value
    panel.controls.y0.slider.value = 1.5
    assert panel.state.y0 == 1.5
    assert panel.image.value != before
    assert panel.curves.plane is not None
    assert panel.curves.plane.cursor.value == -2.25
    assert "y = 1.5" in panel.words.caption.value
    assert panel.controls.y0.typed.value == "1.5"


@pytest.mark.parametrize(("sign", "way"), [("", "upwards"), ("-", "downwards")])
def test_a_trough_is_said_to_bend_one_way(sign: str, way: str) -> None:
    shown = explore(f"z = {sign}x**2 - y", of="z", x=(-2, 2, -0.5), y=(-1, 3, 2))  # type: ignore[operator]
    assert f"z bends {way} one way and not at all the other" in shown.words.caption.value
    assert "at x = −0.5, y = 2" in shown.words.caption.value
    shown.close()


def test_what_is_found_is_said_below_the_picture(panel: Panel) -> None:
    assert "× saddle 0 at x = 0, y = 0" in panel.words.found.value
    assert "∂z/∂x" in panel.words.caption.value
    assert "saddle" in panel.image.tooltip


def test_switches_draw_and_leave_the_numbers(panel: Panel) -> None:
    assert panel.controls.shown.over_a_map is not None
    seen = {panel.image.value}
    renders = panel.explorer.trace
    for switch in panel.controls.shown.over_a_map.switches.values():
        switch.value = False
        seen.add(panel.image.value)
    assert len(seen) == 5
    assert panel.state.look.plane == frozenset()
    assert panel.explorer.trace is renders
    panel.state = replace(panel.state, look=replace(panel.state.look, plane=frozenset({"arrows"})))
    assert [name for name, switch in panel.controls.shown.over_a_map.switches.items() if switch.value] == ["arrows"]


@pytest.mark.parametrize("tab", ["graph", "values", "code"])
def test_the_other_pages_show_two_inputs_too(panel: Panel, tab: str) -> None:
    panel.state = replace(panel.state, look=replace(panel.state.look, tab=tab))
    assert not panel.words.problem.value
    words = " ".join(str(widget.value) for widget in tree(panel.pages.box) if isinstance(widget, w.HTML | w.Textarea))
    assert {"graph": "MulBackward0", "values": "x to the right, y upwards", "code": "np.meshgrid(x, y)"}[tab] in words


def test_the_page_of_values_has_every_derivative_at_the_cursor_and_as_a_table(panel: Panel) -> None:
    panel.state = replace(panel.state, x0=1.5, look=replace(panel.state.look, tab="values"))
    page = panel.pages.page
    assert isinstance(page, ValuesPage)
    assert page.which.options == ("z", "∂z/∂x", "∂z/∂y", "∂²z/∂x²", "∂²z/∂x∂y", "∂²z/∂y²")
    for text in ("<td>1.5</td><td>2</td><td>−1.75</td><td>3</td><td>−4</td><td>2</td>", "∂²z/∂x∂y"):
        assert text in page.at_cursor.value
    page.which.value = "∂z/∂y"
    assert "∂z/∂y: x to the right, y upwards" in page.table.value
    assert "<b>−4</b>" in page.table.value


def test_both_ranges_are_zoomed_and_moved_and_come_back(panel: Panel) -> None:
    assert panel.curves.plane is not None
    assert isinstance(panel.controls.zoom, PlaneZoom)
    panel.controls.zoom.buttons["zoom in"].click()
    plane = panel.curves.plane
    assert [plane.x[0], plane.x[-1], plane.y[0], plane.y[-1]] == [-1, 1, 0.5, 2.5]
    assert (panel.controls.y0.lo, panel.controls.y0.hi) == (0.5, 2.5)
    panel.controls.zoom.buttons["up"].click()
    panel.controls.zoom.buttons["left"].click()
    assert panel.explorer.line == "%%grad x=-1.5:0.5@0 y=1:3@2 a=0:2@1 --of z"
    panel.controls.zoom.buttons["all"].click()
    assert panel.state.span is panel.state.span_y is None


def test_the_ends_of_either_input_can_be_typed_and_its_cursor_played(panel: Panel) -> None:
    assert panel.controls.motion is not None
    panel.controls.motion.which.value = "y"
    panel.controls.motion.lo.value = "0"
    assert (panel.state.span, panel.state.span_y) == (None, Range(0, 3))
    panel.controls.motion.play.value = 0
    panel.controls.motion.play.value = 40
    assert panel.state.y0 == 1.0
    panel.controls.motion.which.value = ""
    panel.controls.motion.hi.value = "4"
    assert (panel.state.span, panel.state.span_y) == (Range(-2, 4), Range(0, 3))


def test_a_run_anew_keeps_the_zoom(panel: Panel) -> None:
    state = replace(panel.state, span_y=Range(0, 1), y0=0.5)
    panel.state = state
    assert carried_over(panel, replace(state, span_y=None), panel.explorer.program).span_y == Range(0, 1)


def test_derivatives_are_compared_with_differences(panel: Panel) -> None:
    assert panel.controls.check is not None
    panel.controls.check.button.click()
    found = panel.controls.check.found.value
    assert found.count("agrees with central differences") == 5
    assert "✗" not in found


def test_what_has_no_use_over_a_plane_is_not_offered(panel: Panel) -> None:
    assert panel.controls.options.order.row.options == ("1", "2")
    assert panel.controls.weights.kind.description == "each z gets"


def tree(widget: w.Widget) -> list[w.Widget]:
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in tree(child))]


@pytest.mark.parametrize("kind", EXPORTS)
def test_everything_can_be_taken_away(panel: Panel, kind: str, tmp_path: Path) -> None:
    assert panel.save(tmp_path / f"map.{kind}").stat().st_size > 500


def test_the_csv_has_every_place(panel: Panel, tmp_path: Path) -> None:
    rows = list(csv.reader(panel.save(tmp_path / "map.csv").read_text().splitlines()))
    assert rows[0] == ["x", "y", "z", "∂z/∂x", "∂z/∂y", "∂²z/∂x²", "∂²z/∂x∂y", "∂²z/∂y²"]
    assert len(rows) == 1 + 121 * 121
    x, y, z, *rest = (float(cell) for cell in rows[-1])
    assert (x, y, z) == (2, 3, -5)
    assert rest == [4, -6, 2, 0, -2]


def test_a_run_anew_keeps_the_cursor(panel: Panel) -> None:
    panel.state = replace(panel.state, x0=0.5, y0=0.25)
    fresh = replace(panel.state, x0=0.0, y0=2.0)
    assert carried_over(panel, fresh, panel.explorer.program).y0 == 0.25


def test_without_a_hessian_the_panel_says_why(panel: Panel) -> None:
    panel.state = replace(panel.state, create_graph=False)
    assert "no Hessian of z" in panel.words.found.value
    assert any("create_graph" in button.description for button in panel.words.cures)


def test_closing_ends_every_widget(panel: Panel) -> None:
    widgets = tree(panel.widget)
    panel.close()
    assert all(widget.comm is None for widget in widgets)
    close_tree(panel.widget)
