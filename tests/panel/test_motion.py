"""Zooming, playing and setting the ends of a slider, without a front end."""

from dataclasses import replace

import numpy as np
import pytest

import gradmagic
from gradmagic.explore.request import Range
from gradmagic.panel.coalesce import Extent
from gradmagic.panel.motion import ACTIONS, FRAMES, zoomed
from gradmagic.panel.panel import here


@pytest.fixture
def panel():
    panel = gradmagic.explore("a * sin(x)", x=(-4, 4, 1), a=(0, 2, 1))
    yield panel
    panel.close()


def ends(panel):
    return panel.x[0], panel.x[-1]


def test_zooming_in_keeps_the_cursor_where_it_is_in_the_picture(panel):
    panel.controls.zoom.buttons["zoom in"].click()
    assert ends(panel) == (-1.5, 2.5)
    assert panel.state.x0 == 1
    assert (panel.controls.x0.slider.min, panel.controls.x0.slider.max) == (-1.5, 2.5)
    assert panel.explorer.line == "%%grad x=-1.5:2.5@1 a=0:2@1"


def test_moving_takes_the_cursor_along_at_the_edge(panel):
    for _ in range(3):
        panel.controls.zoom.buttons["right"].click()
    assert ends(panel) == (2, 10)
    assert panel.state.x0 == 2
    panel.controls.zoom.buttons["all"].click()
    assert ends(panel) == (-4, 4)
    assert panel.state.span is None


def test_zooming_out_undoes_zooming_in_and_undo_goes_back(panel):
    panel.controls.zoom.buttons["zoom in"].click()
    panel.controls.zoom.buttons["zoom out"].click()
    np.testing.assert_allclose(ends(panel), (-4, 4))
    panel.undo.back.click()
    assert ends(panel) == (-1.5, 2.5)


def test_a_range_never_gets_narrower_than_its_numbers_can_tell_apart():
    span = Range(-1.0, 1.0)
    for _ in range(200):
        span = zoomed(span, 0.3, *ACTIONS["zoom in"][1:])
    assert 0 < span.width < 1e-6
    assert len(np.unique(np.linspace(span.lo, span.hi, 101))) == 101


def test_the_clock_moves_the_chosen_slider_from_end_to_end(panel):
    assert panel.controls.motion.which.value == "a"
    panel.controls.motion.play.value = FRAMES
    assert panel.state.params["a"] == 2
    panel.controls.motion.play.value = FRAMES // 4
    assert panel.state.params["a"] == 0.5
    panel.controls.motion.which.value = ""
    panel.controls.motion.play.value = FRAMES // 2
    assert panel.state.x0 == 0
    assert panel.state.params["a"] == 0.5


@pytest.mark.parametrize("name", ["a", ""])
def test_slider_and_field_are_where_the_clock_left_them_and_the_buttons_go_on_from_there(panel, name):
    number = panel.controls.params[name] if name else panel.controls.x0
    panel.controls.motion.which.value = name
    panel.controls.motion.play.value = FRAMES
    assert number.slider.value == float(number.typed.value) == number.value == number.hi
    number.down.click()
    assert number.value == pytest.approx(number.hi - 10 * number.step)


def test_the_words_below_the_picture_go_with_the_numbers_beside_it(panel):
    panel._wanted = replace(panel.state, x0=-1.0)
    panel._render(Extent.NUMBERS, lambda: None, here)
    assert "at x = −1, " in panel.words.caption.value


def test_speed_is_the_time_between_two_frames(panel):
    panel.controls.motion.speed.value = 20
    assert panel.controls.motion.play.interval == 20


def test_ends_can_be_typed_as_on_the_line(panel):
    panel.controls.motion.hi.value = "2*pi"
    assert panel.controls.params["a"].slider.max == pytest.approx(2 * np.pi)
    assert "a=0:6.283185307179586@1" in panel.explorer.line
    panel.controls.motion.which.value = ""
    panel.controls.motion.lo.value = "-1"
    assert ends(panel) == (-1, 4)


@pytest.mark.parametrize("text", ["5", "three", "", "1e999"])
def test_ends_that_make_no_range_are_said_and_change_nothing(panel, text):
    before = panel.state
    panel.controls.motion.lo.value = text
    assert "range" in panel.controls.motion.problem.value or "number" in panel.controls.motion.problem.value
    assert panel.state == before


def test_a_value_outside_of_the_new_ends_comes_inside(panel):
    panel.controls.motion.hi.value = "0.5"
    assert panel.state.params["a"] == 0.5
    assert panel.controls.params["a"].slider.value == 0.5


def test_ten_derivatives_can_be_asked_for(panel):
    panel.state = replace(panel.state, order=10)
    assert len(panel.derivatives) == 10
    assert panel.controls.options.order.value == 10
