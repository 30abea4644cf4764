"""What a click in the picture needs to know, and the choice of the derivatives that are drawn, without a front end."""

import re
from types import SimpleNamespace

import pytest

import gradmagic
from gradmagic.panel.controls import Looks
from gradmagic.panel.pointing import Pointing
from gradmagic.plot.limits import Limits, Placed


@pytest.fixture
def panel():
    panel = gradmagic.explore("a * sin(x)", x=(-4, 4, 1), a=(0, 2, 1))
    yield panel
    panel.close()


def axes_of(panel):
    """For each axis that a click is read on: from where to where it goes, in shares of the picture and in numbers."""
    wanted = r'data-start="(.*?)" data-end="(.*?)" data-lo="(.*?)" data-hi="(.*?)"'
    found = re.findall(wanted, panel.pointing.widget.value)
    return [tuple(map(float, one)) for one in found]


def test_the_axis_follows_the_range_of_x(panel):
    ((start, end, lo, hi),) = axes_of(panel)
    assert (lo, hi) == (-4, 4)
    left, right = panel.figure.axes[0].get_position().x0, panel.figure.axes[0].get_position().x1
    assert (start, end) == pytest.approx((left, right))
    panel.controls.zoom.buttons["zoom in"].click()
    assert axes_of(panel)[0][2:] == (-1.5, 2.5)
    assert "gm-input0" in panel.controls.x0.typed._dom_classes


def test_a_map_has_two_axes_and_y_counts_from_the_top():
    panel = gradmagic.explore("x * y", x=(-1, 1), y=(0, 5))
    try:
        (*_, lo, hi), (top, bottom, below, above) = axes_of(panel)
        assert (lo, hi, below, above) == (-1, 1, 0, 5)
        box = panel.figure.axes[0].get_position()
        assert (top, bottom) == pytest.approx((1 - box.y0, 1 - box.y1))
        assert "gm-input1" in panel.controls.y0.typed._dom_classes
    finally:
        panel.close()


def test_a_tensor_has_nothing_to_click_at():
    panel = gradmagic.explore("x = torch.ones(3, requires_grad=True)\ny = x * x")
    assert panel.pointing.widget.value == ""
    panel.close()


def test_a_name_is_shown_as_text(panel):
    pointing = Pointing([SimpleNamespace(name="<b>x</b>", typed=panel.controls.x0.typed)], Looks())
    pointing.show([Placed(Limits(0.0, 1.0), 0.1, 0.9)])
    assert "move &lt;b&gt;x&lt;/b&gt;." in pointing.widget.value
    pointing.widget.close()


def test_an_order_is_left_out_and_comes_back(panel):
    first, second, third = panel.controls.shown.orders.row.children
    assert [one.description for one in (first, second, third)] == ["y", "dy/dx", "d²y/dx²"]
    second.value = False
    assert [curve.order for curve in panel.curves.curves] == [0, 2]
    assert panel.explorer.line == "%%grad x=-4:4@1 a=0:2@1 --hide 1"
    panel.controls.shown.overlays.switches["tangent"].value = False
    assert [curve.order for curve in panel.curves.curves] == [0, 2], "another switch leaves it as it is"
    panel.undo.back.click()
    panel.undo.back.click()
    assert second.value is True
    assert len(panel.curves.curves) == 3


def test_the_last_curve_stays(panel):
    for switch in panel.controls.shown.orders.row.children:
        switch.value = False
    assert [switch.value for switch in panel.controls.shown.orders.row.children] == [False, False, True]
    assert [curve.order for curve in panel.curves.curves] == [2]


def test_there_are_as_many_switches_as_orders(panel):
    panel.controls.options.order.choose(10)
    assert len(panel.controls.shown.orders.row.children) == 11
    assert panel.controls.shown.orders.row.children[-1].description == "d¹⁰y/dx¹⁰"
    panel.controls.options.order.choose(1)
    assert len(panel.controls.shown.orders.row.children) == 2
