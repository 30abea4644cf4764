"""Logarithmic axes: where numbers lie, what ticks say, and that nothing false is drawn."""

from dataclasses import replace

import numpy as np
import pytest

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.scales import LINEAR, Scale, scale_of
from gradmagic.plot import Frame, figure
from gradmagic.plot.limits import Limits
from gradmagic.plot.scales import drawn
from gradmagic.plot.ticks import ticks_on


def curves(text, **given):
    return Explorer(*request_from(text, **given)).curves


def lines_of(axes, colour="#0072b2"):
    return [one for one in axes.lines if one.get_color() == colour and len(one.get_xdata()) > 100]


@pytest.mark.parametrize("scale", [LINEAR, Scale("log"), Scale("both", 1e-3), Scale("both", 1e200)])
def test_a_number_comes_back_from_its_place(scale):
    numbers = np.array([1e-200, 3e-5, 1.0, 7e12, 1e300])
    if scale.kind != "log":
        numbers = np.concatenate([-numbers, [0.0], numbers])
    places = scale.to(numbers)
    np.testing.assert_allclose(scale.back(places), numbers, rtol=1e-10, atol=1e-12 * scale.inner)
    assert np.all(np.diff(scale.to(np.sort(numbers))) >= 0)


def test_what_is_not_above_zero_has_no_place_on_a_logarithmic_axis():
    assert np.isnan(Scale("log").to(np.array([0.0, -1.0, np.nan]))).all()


def test_an_axis_of_both_signs_bends_nothing():
    """Its slope changes smoothly: no corner at the end of the linear part."""
    places = Scale("both", 1.0).to(np.linspace(-50, 50, 10_001))
    slopes = np.diff(places)
    assert np.max(np.abs(np.diff(slopes))) < 0.02 * slopes.max()


def test_the_scale_follows_the_numbers_not_a_pole():
    assert scale_of(np.array([1e-3, 5.0])).kind == "log"
    body = np.linspace(-9, 9, 1001)
    assert scale_of(body) == scale_of(np.append(body, 1e12)) == Scale("both", 1e-3)
    assert scale_of(np.zeros(3)) == LINEAR


@pytest.mark.parametrize(
    ("scale", "limits", "most", "labels"),
    [
        (Scale("log"), Limits(0.0, 1.0), 6, ["1", "2", "5", "10"]),
        (Scale("log"), Limits(-8.0, 8.0), 5, ["10⁻⁶", "0.001", "1", "1000", "10⁶"]),
        (Scale("log"), Limits(0.0, 0.05), 4, ["1.00", "1.05", "1.10"]),
        (Scale("both", 1.0), Limits(-3.0, 3.0), 6, ["−1000", "−100", "−10", "0", "10", "100", "1000"]),
        (Scale("both", 1e-3), Limits(-0.1, 2.1), 3, ["0", "0.01", "0.1"]),
    ],
)
def test_ticks_stand_on_round_numbers(scale, limits, most, labels):
    found = ticks_on(scale, limits, most)
    assert list(found.labels) == labels
    assert all(limits.lo - 1e-5 <= place <= limits.hi + 1e-5 for place in found.positions)


@pytest.mark.parametrize("scale", [Scale("log"), Scale("both", 1e-3), Scale("both", 1e-200)])
@pytest.mark.parametrize("width", [1e-3, 0.1, 1.0, 3.0, 30.0, 500.0])
@pytest.mark.parametrize("lo", [-280.0, -2.0, 0.0, 1.7])
def test_there_are_some_ticks_and_not_too_many(scale, width, lo):
    if scale.kind == "both" and lo < -3:
        lo = -width / 2
    hi = min(lo + width, 290.0)
    found = ticks_on(scale, Limits(lo, hi), 5)
    assert 1 <= len(found.positions) <= 8
    assert len(set(found.labels)) == len(found.labels)


def test_a_power_law_is_a_straight_line():
    axes = figure(curves("x**3", x=(0.01, 100), log="x,y")).axes
    (line,) = lines_of(axes[0])
    x, y = line.get_data()
    np.testing.assert_allclose(np.diff(y), 3 * np.diff(x))
    np.testing.assert_allclose((x[0], x[-1], y[-1]), (-2, 2, 6))
    assert [text.get_text() for text in axes[-1].get_xticklabels()] == ["0.01", "0.1", "1", "10", "100"]


def test_samples_are_even_in_the_logarithm_with_the_cursor_among_them():
    found = Explorer(*request_from("1 / (1 + x)", x=(0.001, 1000, 0.5), log="x"))
    grid = found.curves.x[found.curves.asked]
    assert len(grid) == 401
    assert 0.5 in grid
    steps = np.diff(np.log(grid))
    np.testing.assert_allclose(steps[:100], np.log(1e6) / 400)
    assert figure(found.curves).axes[0].get_xlim() == pytest.approx((-3, 3))


def test_signs_of_both_kinds_are_kept_and_told_of():
    frame, shown = Frame(), curves("x**3 - x", x=(-30, 30), log="y")
    frame.draw(shown)
    assert any("logarithmic on both sides of 0, and linear within ±1" in note for note in frame.notes)
    (line,) = lines_of(figure(shown).axes[0])
    assert np.array_equal(np.sign(np.round(line.get_ydata(), 12)), np.sign(np.round(shown.curves[0].values, 9)))


def test_an_axis_of_x_below_zero_stays_linear_and_says_so():
    shown = curves("x**2", x=(-3, 3), log="x")
    assert drawn(shown).x == LINEAR
    assert "x goes down to -3, and a logarithmic axis has no place for that: it stays linear" in shown.notes[-1]
    assert np.ptp(np.diff(shown.x[shown.asked])) < 1e-12
    assert figure(shown).axes[0].get_xlim() == pytest.approx((-3, 3))


def test_a_tangent_bends_and_touches():
    shown = curves("exp(-x)", x=(0.1, 10, 2), log="x,y")
    placed = drawn(shown).curves
    (tangent,) = [mark for mark in placed.marks if mark.overlay == "tangent"]
    beside = np.interp(tangent.x, placed.x, placed.curves[0].values)
    known = np.isfinite(tangent.y)
    assert np.all(tangent.y[known] <= beside[known] + 1e-4), "it lies below a convex curve"
    assert np.nanmin(np.abs(tangent.y - beside)) < 1e-3
    assert not placed.slopes


def test_a_pole_of_a_logarithmic_x_is_told_in_its_own_digits():
    shown = curves("1 / (x - 2e-5)", x=(1e-6, 1), log="x")
    assert any(note.startswith("y has a pole at x = 0.0000200") or "x = 0.00002:" in note for note in shown.notes)


def test_limits_are_chosen_anew_when_the_scale_changes():
    frame = Frame()
    found = Explorer(*request_from("exp(x)", x=(0, 5)))
    before = frame.draw(found.curves)
    look = replace(found.state.look, log=frozenset({"y"}))
    _, shown = found.step(replace(found.state, look=look))
    assert frame.draw(shown) != before
    assert frame._limits[0].hi < 4
    _, shown = found.step(replace(found.state, look=replace(look, log=frozenset())))
    assert frame.draw(shown) == before


@pytest.mark.parametrize("most", [2, 4, 8])
@pytest.mark.parametrize(("lo", "hi"), [(-18.0, 18.0), (-5.0, 26.0), (-3.0, 3.0), (0.0, 40.0)])
def test_ticks_around_zero_do_not_lie_over_each_other(lo, hi, most):
    places = ticks_on(Scale("both", 1e-4), Limits(lo, hi), most).positions
    assert 0.0 in np.round(places, 9)
    assert np.min(np.diff(places), initial=np.inf) >= 0.5 * (hi - lo) / (most + 1)


def test_a_pole_does_not_take_the_whole_of_a_logarithmic_axis():
    frame = Frame()
    frame.draw(curves("x / (1 + x**3) + 1e-3 / (x - 20)**2", x=(0.01, 100), log="x,y"))
    assert frame._limits[0].hi < 3, "a thousand, and not ten to the twelfth"
    assert any(note.startswith("y goes beyond its axis: its samples reach from") for note in frame.notes)


def test_what_goes_beyond_an_axis_together_is_said_of_all_of_it() -> None:
    frame = Frame()
    frame.draw(Explorer(*request_from("1/x, tan(x)", x=(-3, 3, 1))).curves)
    assert any(note.startswith("y1, y2 go beyond their axis: their samples reach from") for note in frame.notes)
