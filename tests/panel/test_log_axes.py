"""Logarithmic axes in the panel: switches, zoom, the line, undo, what a click needs; without a front end."""

import numpy as np
import pytest

import gradmagic
from gradmagic.explore.reading import parse_line
from gradmagic.explore.request import GradUsageError, Range
from gradmagic.panel.motion import zoomed


@pytest.fixture
def panel():
    panel = gradmagic.explore("1 / (1 + x)", x=(0.01, 100, 1))
    yield panel
    panel.close()


def test_the_switch_spreads_the_samples_and_the_line_says_it(panel):
    png = panel._png
    panel.controls.shown.log.switches["x"].value = True
    np.testing.assert_allclose(np.diff(np.log(panel.x))[:150], np.log(1e4) / 400)
    assert panel._png != png
    assert panel.explorer.line == "%%grad x=0.01:100@1 --log x"
    panel.controls.shown.log.switches["y"].value = True
    assert panel.explorer.line == "%%grad x=0.01:100@1 --log x,y"
    assert parse_line("x=0.01:100@1 --log x,y", "").log == {"x", "y"}
    panel.undo.back.click()
    panel.undo.back.click()
    assert [one.value for one in panel.controls.shown.log.switches.values()] == [False, False]
    assert panel._png == png


def test_zooming_stays_above_zero(panel):
    panel.controls.shown.log.switches["x"].value = True
    panel.controls.zoom.buttons["zoom in"].click()
    np.testing.assert_allclose((panel.x[0], panel.x[-1]), (0.1, 10))
    for name in ("zoom out", "zoom out", "left", "left"):
        panel.controls.zoom.buttons[name].click()
    assert panel.x[0] > 0


def test_a_range_is_zoomed_in_its_logarithm():
    span = zoomed(Range(0.01, 100), 1.0, 0.5, 0.0, log=True)
    assert (span.lo, span.hi) == pytest.approx((0.1, 10))
    span = zoomed(Range(1, 100), 1.0, 1.0, 0.25, log=True)
    assert (span.lo, span.hi) == pytest.approx((10**0.5, 10**2.5))
    for _ in range(20):
        span = zoomed(span, 1.0, 2.0, 0.0, log=True)
    assert 0 < span.lo < span.hi < np.inf


def test_a_range_that_is_typed_below_zero_is_told_of(panel):
    panel.controls.shown.log.switches["x"].value = True
    panel.controls.motion.lo.value = "-1"
    assert "x goes down to −1, and a logarithmic axis has no place for that" in panel.words.notes.value
    panel.controls.motion.lo.value = "0.5"
    assert "no place" not in panel.words.notes.value
    assert panel.x[0] == 0.5


def test_a_click_is_read_on_the_axis_that_is_seen(panel):
    panel.controls.shown.log.switches["x"].value = True
    assert 'data-lo="-2.0" data-hi="2.0" data-log="1"' in panel.pointing.widget.value


def test_a_map_has_linear_axes():
    with pytest.raises(GradUsageError, match="--log is for curves over one x"):
        gradmagic.explore("x * y", y=(1, 2), log="x")


def test_the_alternative_text_says_it(panel):
    panel.controls.shown.log.switches["y"].value = True
    assert "Logarithmic, as far as the numbers allow: y-axis." in panel.image.tooltip
