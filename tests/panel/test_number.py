"""A number whose slider stands on a grid of steps, as a front end's does."""

from dataclasses import replace

import pytest

import gradmagic
from gradmagic.explore.request import Range
from gradmagic.panel.controls import Looks
from gradmagic.panel.number import Number
from gradmagic.panel.tree import close_tree


@pytest.fixture
def made():
    numbers = []

    def make(lo, hi, value, grows=False):
        told = []
        number = Number("x₀", Range(lo, hi), value, Looks(), told.append, grows=grows)
        numbers.append(number)
        return number, told

    yield make
    for number in numbers:
        close_tree(number.row)


def test_a_typed_number_stays_though_the_slider_stands_beside_it(made):
    number, told = made(-3, 3, 0.0)
    number.typed.value = "0.3333"
    number.show(number.value)
    assert (number.value, told) == (0.3333, [0.3333])
    assert number.slider.value == pytest.approx(0.325)
    number.slider.value = 0.325 + 1e-9  # what a front end sends back of what it was shown
    assert number.value == 0.3333
    number.slider.value = 0.35
    assert told == [0.3333, 0.35]


def test_a_start_between_two_steps_stays(made):
    number, told = made(0.01, 100, 1.0)
    assert number.value == 1.0
    number.slider.value = number.slider.value + 1e-12
    assert told == []


def test_from_an_odd_beginning_steps_lead_to_even_numbers(made):
    number, told = made(0.01, 100, 1.0)
    number.slider.value = 1.51
    number.slider.value = 0.01
    number.slider.value = 100
    assert told == [1.5, 0.01, 100.0]


def test_over_a_logarithm_each_step_is_a_factor(made):
    number, told = made(0.01, 100, 1.0)
    number.reach(Range(0.01, 100), log=True)
    assert (number.slider.min, number.slider.max, number.value) == (-2.0, 2.0, 1.0)
    number.slider.value = 1.0
    assert told == [10.0]
    number.slider.value = -2.0
    assert told[-1] == 0.01
    number.up.click()
    assert told[-1] == pytest.approx(0.01 * 10 ** (10 * number.step), rel=1e-3)
    assert "by a factor of" in number.up.tooltip
    number.typed.value = "3.333"
    assert told[-1] == 3.333
    number.reach(Range(0.01, 100))
    assert (number.slider.min, number.slider.max, number.value) == (0.01, 100.0, 3.333)


@pytest.mark.parametrize(("lo", "hi"), [(0.0, 1e-8), (1e6, 1e6 + 1e-3), (-1e200, 1e200)])
def test_any_range_has_its_steps(made, lo, hi):
    number, told = made(lo, hi, lo + (hi - lo) / 3)
    assert 100 < (hi - lo) / number.step < 300
    number.slider.value = number.slider.value + 5 * number.step
    assert len(told) == 1
    assert lo < told[0] < hi


def test_the_end_is_reached_though_the_last_step_is_short(made):
    number, told = made(0.0, 1.001, 0.5)
    number.slider.value = 1.0
    number.slider.value = 1.001
    assert told == [1.0, 1.001]


def test_another_range_is_one_message_for_the_slider(made, monkeypatch):
    """A front end that has half of it sends back a place on a grid of its own."""
    number, told = made(-6.0, 6.0, 2.13)
    sent = []
    monkeypatch.setattr(number.slider, "_send", lambda message, buffers=None: sent.append(set(message["state"])))
    number.reach(Range(-1.935, 4.065))
    assert sent == [{"min", "max", "step", "value"}]
    assert (number.value, told) == (2.13, [])


def test_a_slider_is_told_only_of_what_it_does_not_know(made, monkeypatch):
    number, told = made(-3.0, 3.0, 0.0)
    sent = []
    monkeypatch.setattr(number.slider, "_send", lambda message, buffers=None: sent.append(message["state"]))
    number.slider.set_state({"value": 1.25})
    assert (told, sent) == ([1.25], [])
    number.slider.set_state({"value": 7.0})  # beyond its end
    assert (told, sent) == ([1.25, 3.0], [{"value": 3.0}])
    number.slider.value = 2.0
    assert sent[1:] == [{"value": 2.0}]


def test_a_number_beside_the_end_stays_though_the_slider_stands_at_the_end(made):
    number, told = made(-6.0, 6.0, 0.0)
    number.typed.value = "5.99"
    number.show(number.value)
    assert number.slider.value == 6.0
    number.slider.value = 6.0 - 1e-12
    number.slider.value = 6.0  # what a front end sends back of what it was shown
    assert (number.value, told) == (5.99, [5.99])


@pytest.mark.parametrize(
    ("text", "value"),
    [("pi/2", 1.570796326795), ("1e-1", 0.1), ("−2", -2.0), (" 2*pi/4 ", 1.570796326795), ("+.5", 0.5)],
)
def test_an_expression_is_a_number_and_stays_as_it_was_typed(made, text, value):
    number, told = made(-3, 3, 0.0)
    number.typed.value = text
    number.show(number.value)
    assert (told, number.typed.value, number.remark) == ([value], text, None)
    number.slider.value = 1.0
    number.show(number.value)
    assert number.typed.value == "1"


@pytest.mark.parametrize(
    ("text", "words"),
    [("pi/", "cannot read"), ("", "missing"), ("foo", "foo"), ("1/0", "finite"), ("nan", "nan"), ("1,5", "a point")],
)
def test_what_is_no_number_is_said_and_the_old_one_comes_back(made, text, words):
    number, told = made(-3, 3, 0.25)
    number.typed.value = text
    assert (number.value, number.typed.value, told) == (0.25, "0.25", [])
    assert words in number.remark.value
    assert number.remark in number.row.children
    number.show(number.value)  # the same number is shown again by whatever else happens
    assert number.remark.value
    number.slider.value = 1.0
    number.show(number.value)
    assert number.remark.value == ""


def test_a_refusal_brings_the_text_back_that_was_there(made):
    number, _ = made(-3, 3, 0.0)
    number.typed.value = "pi/2"
    number.show(number.value)
    number.typed.value = "pi/"
    assert (number.typed.value, bool(number.remark.value)) == ("pi/2", True)


def test_a_number_beyond_the_end_is_said_to_be_outside(made):
    number, told = made(-3, 3, 0.0)
    number.typed.value = "99"
    number.show(number.value)
    assert (number.typed.value, told) == ("3", [3.0])
    assert "x₀ goes from −3 to 3: 99 lies outside." in number.remark.value
    number.typed.value = "2"
    number.show(number.value)
    assert number.remark.value == ""


def test_that_a_number_lies_outside_stays_said_at_an_end_of_many_digits(made):
    number, _ = made(0, 2**0.5, 0.5)
    number.typed.value = "99"
    number.show(number.value)
    assert "99 lies outside." in number.remark.value


def test_what_a_drag_types_is_not_written_over(made):
    number, told = made(-3, 3, 0.0)
    number.typed.value = "1.50"
    number.show(number.value)
    assert (number.typed.value, told) == ("1.50", [1.5])


UNREAD = "abc"


@pytest.fixture
def live():
    panel = gradmagic.explore("a * x + b", x=(-1, 1), a=(0, 3, 1), b=(0, 3, 1))
    number = panel.controls.params["a"]
    number.typed.value = UNREAD
    assert "abc" in number.remark.value
    yield panel, number
    panel.close()


@pytest.mark.parametrize(
    "act",
    [
        lambda panel, number: panel.controls.params["b"].up.click(),
        lambda panel, number: panel.controls.x0.up.click(),
        lambda panel, number: panel.controls.options.order.choose(3),
        lambda panel, number: panel.go(replace(panel.state, weights="ramp")),
        lambda panel, number: setattr(number.typed, "value", "2/2"),
        lambda panel, number: setattr(number.typed, "value", "2"),
    ],
    ids=["another slider", "the cursor", "an option", "a state", "the same number", "another number"],
)
def test_a_remark_goes_with_the_next_thing_that_happens(live, act):
    panel, number = live
    act(panel, number)
    assert number.remark.value == ""


def test_a_remark_goes_when_the_number_is_typed_that_is_there(live):
    _, number = live
    number.typed.value = "2/2"
    number.typed.value = UNREAD
    assert number.remark.value
    assert number.typed.value == "2/2"
    number.typed.value = "1"
    assert number.remark.value == ""


def test_a_remark_goes_with_undo_though_its_own_number_stays():
    panel = gradmagic.explore("a * x + b", x=(-1, 1), a=(0, 3, 1), b=(0, 3, 1))
    panel.controls.params["b"].up.click()
    number = panel.controls.params["a"]
    number.typed.value = UNREAD
    assert number.remark.value
    panel.undo.back.click()
    assert number.remark.value == ""
    panel.close()


def test_a_remark_that_a_number_lies_outside_stays_while_the_picture_follows():
    panel = gradmagic.explore("x", x=(-1, 1))
    panel.controls.x0.typed.value = "7"
    assert panel.state.x0 == 1.0
    assert "lies outside" in panel.controls.x0.remark.value
    panel.close()
