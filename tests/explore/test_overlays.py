"""Overlays: what is drawn over the curves, as numbers."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gradmagic.explore import report
from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.overlays import OVERLAYS
from gradmagic.explore.state import Look


def shown(text, look, **given):
    explorer = Explorer(*request_from(text, **given))
    return explorer.step(replace(explorer.state, look=look))[1]


@pytest.mark.parametrize("order", [1, 2])
def test_a_taylor_polynomial_of_a_polynomial_of_its_order_is_the_curve_itself(order):
    curves = shown("3 * x**2 - x" if order == 2 else "2 * x + 1", Look(overlays=frozenset({"taylor"}), taylor=order))
    (mark,) = curves.marks
    np.testing.assert_allclose(mark.y, curves.curves[0].values, atol=1e-12)
    assert f"order {order}" in mark.words


def test_an_overlay_that_is_off_draws_nothing_and_no_number_depends_on_it():
    on, off = (shown("sin(x)", Look(overlays=frozenset(names))) for names in (("taylor", "tangent"), ()))
    assert [mark.overlay for mark in on.marks] == ["taylor"]
    assert off.marks == ()
    assert on.slopes
    assert not off.slopes
    np.testing.assert_array_equal(on.curves[1].values, off.curves[1].values)


def test_a_hidden_order_is_left_out_with_its_value_at_x0():
    curves = shown("x**3", Look(hidden=frozenset({1})), x=(0, 2))
    assert [curve.order for curve in curves.curves] == [0, 2]
    assert curves.at_x0 == (1.0, 6.0)


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_overlay_says_in_words_what_it_draws(name):
    text = "abs(x)" if name == "kinks" else "sin(x)**2 + 1/(x - 4)"
    curves = shown(text, Look(overlays=frozenset({name})), x=(-6, 6, 1.8))
    assert [mark.overlay for mark in curves.marks] == [name] * len(curves.marks)
    if name != "tangent":
        words = report.minus(" ".join(mark.words for mark in curves.marks))
        assert words
        said, first = report.alt_text(curves), report.minus(curves.marks[0].words)
        assert words in said.replace(". ", " ") or first[1:] in said


def test_the_osculating_circle_of_a_circle_is_the_circle():
    curves = shown("sqrt(4 - x**2)", Look(overlays=frozenset({"circle"})), x=(-1.5, 1.5, 0.7))
    (mark,) = curves.marks
    np.testing.assert_allclose(np.hypot(mark.x, mark.y), 2.0, atol=1e-9)


def test_the_secant_becomes_the_tangent():
    for step, near in ((0.1, 0.1), (1e-3, 1e-3)):
        line = shown("exp(x)", Look(overlays=frozenset({"secant"}), step=step), x=(-1, 2, 0)).marks[0]
        slope = np.diff(line.y) / np.diff(line.x)
        assert abs(slope[0] - 1) < near


def test_central_differences_are_off_by_the_square_of_their_step():
    errors = []
    for step in (0.2, 0.1):
        curves = shown("sin(x)", Look(overlays=frozenset({"differences"}), step=step), x=(-3, 3, 0.5))
        errors.append(np.nanmax(np.abs(curves.marks[0].y - np.cos(curves.x))))
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.02)


def test_the_stretches_on_which_y_rises_end_at_its_extrema():
    (mark,) = shown("x**3 - 3*x", Look(overlays=frozenset({"rises"})), x=(-3, 3)).marks
    np.testing.assert_allclose(mark.x, [-3, -1, 1, 3], atol=1e-9)


def words_of(text, names, **given):
    look = Look(overlays=frozenset(names), taylor=given.pop("taylor", 2))
    return [mark.words for mark in shown(text, look, **given).marks if mark.words]


@pytest.mark.parametrize("order", [3, 5, 10])
def test_a_taylor_polynomial_of_more_orders_than_are_shown_is_computed_at_once(order):
    curves = shown("cos(x)", Look(overlays=frozenset({"taylor"}), taylor=order), x=(-3, 3, 0.7))
    (mark,) = curves.marks
    exact = sum(
        np.cos(curves.x0 + k * np.pi / 2) * (curves.x - curves.x0) ** k / math.factorial(k) for k in range(order + 1)
    )
    np.testing.assert_allclose(mark.y, exact, atol=1e-9)
    assert mark.words == f"the Taylor polynomial of order {order} at x = {curves.x0:.6g}"
    assert len(curves.curves) == 3


def test_it_follows_a_parameter_and_each_of_several_outputs():
    explorer = Explorer(*request_from("sin(a*x), exp(x)", x=(-1, 1, 0), a=(1, 3)))
    look = Look(overlays=frozenset({"taylor"}), taylor=5)
    for move in (explorer.step, explorer.glimpse):
        for a in (2.0, 1.5):
            _, curves = move(replace(explorer.state, params={"a": a}, look=look))
            sine, exponential = (mark for mark in curves.marks if mark.overlay == "taylor")
            t = a * (sine.x - curves.x0)
            np.testing.assert_allclose(sine.y, t - t**3 / 6 + t**5 / 120, atol=1e-9)
            np.testing.assert_allclose(exponential.y[-1], sum(1 / math.factorial(k) for k in range(6)), atol=1e-9)


def test_a_polynomial_that_lacks_derivatives_says_so():
    # at one sample alone it would be another function
    assert words_of("sin(x) + 0 * x[200]", ["taylor"], taylor=4) == [
        "the Taylor polynomial of order 4 needs 4 derivatives, and 2 are computed: raise the order"
    ]


def test_a_level_tangent_has_an_upright_normal_and_a_straight_curve_no_circle():
    look = Look(overlays=frozenset({"normal"}))
    (mark,) = shown("x**2", look, x=(-1, 1, 0)).marks
    assert mark.x.tolist() == [0, 0]
    assert mark.words == "the normal is upright: the tangent is level"
    assert words_of("3 * x", ["circle"], x=(0, 1, 0.5)) == [
        "the curvature at x = 0.5 is 0: the circle is the tangent"
    ]  # fmt: skip


def test_where_the_slope_jumps_over_zero_it_is_not_marked_as_zero():
    marks = shown("abs(x - 0.2) + 0 * x**2", Look(overlays=frozenset({"extrema"})), x=(-1, 1)).marks
    assert [(mark.pane, mark.words) for mark in marks] == [(0, "minimum 0 at x = 0.2")]


@pytest.mark.parametrize(("text", "at"), [("(x - 0.3)**2", 0.3), ("-abs(x - 0.25)", 0.25)])
def test_a_zero_that_is_only_touched_is_one(text, at):
    assert words_of(text, ["zeros"], x=(-1, 1)) == [f"zero at x = {at}"]


def test_what_does_not_touch_is_no_zero():
    assert words_of("(x - 0.3)**2 + 1e-9", ["zeros"], x=(-1, 1)) == []


def test_two_areas_hide_nothing_of_each_other():
    marks = shown("x**3", Look(overlays=frozenset({"rises", "bends"})), x=(-1, 1)).marks
    assert [(mark.overlay, mark.height) for mark in marks] == [("rises", (0.5, 1.0)), ("bends", (0.0, 0.5))]


def test_features_are_looked_for_once_for_all_overlays_and_not_at_all_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradmagic.explore import overlays

    asked: list[object] = []
    find = overlays.features
    monkeypatch.setattr(overlays, "features", lambda curves: (asked.append(curves), find(curves))[1])
    g = Explorer(*request_from("sin(x)", x=(-6, 6)))
    assert asked == []
    look = replace(g.state.look, overlays=frozenset({"zeros", "extrema", "inflections"}))
    _, curves = g.step(replace(g.state, look=look))
    assert {mark.overlay for mark in curves.marks} == {"zeros", "extrema", "inflections"}
    assert len(asked) == 1


@pytest.mark.parametrize("text", ["abs(x)", "relu(x)", "maximum(x, -2*x)", "floor(x)"])
def test_at_a_kink_or_a_jump_nothing_is_drawn_with_the_slope_that_is_there_by_convention(text):
    shown = {"show": "tangent,normal,circle,taylor", "taylor": 1}
    at = Explorer(*request_from(text, x=(-3, 3, 0), **shown)).curves
    assert not at.slopes
    assert [mark.overlay for mark in at.marks if mark.x.size] == []
    assert any("no Taylor polynomial of order 1 at x = 0" in mark.words for mark in at.marks)
    beside = Explorer(*request_from(text, x=(-3, 3, 0.5), **shown)).curves
    assert beside.slopes


def test_where_the_second_derivative_jumps_there_is_a_tangent_and_no_circle():
    at = Explorer(*request_from("x * abs(x)", x=(-3, 3, 0), show="tangent,circle")).curves
    assert at.slopes
    assert not [mark for mark in at.marks if mark.overlay == "circle"]


@pytest.mark.parametrize(
    ("text", "overlay", "known"),
    [
        ("x**3", "rises", [-3, 3]),
        ("x**4", "bends", [-3, 3]),
        ("-x**3", "rises", []),
        ("sin(x)**2 * 0 + x**3 * abs(x)", "rises", [-3, 3]),
        ("torch.relu(x)**5", "rises", [0, 3]),
        ("torch.relu(x - 1)**5 - torch.relu(-1 - x)**5", "rises", [-3, -1, 1, 3]),
        ("np.clip(x, -1, 1)**3", "rises", [-1, 1]),
        ("0 * x + 1", "rises", []),
        ("x / abs(x)", "rises", []),
        ("tanh(1000 * x)", "rises", [-0.02, 0.02]),
        ("1 / (1 + exp(-20 * (x + 3)))", "rises", [-3, 3]),
        *((text, "bends", []) for text in ("x / abs(x)", "ceil(x) + x", "3 * x % 1", "1e-12 * x", "1e12 * x")),
        *((text, "bends", []) for text in ("sqrt(x**2)", "abs(x - 1) + abs(x + 1)", "(x**2 - 1) / (x - 1)")),
        ("exp(1 / (x + 4))", "bends", [-3, 3]),
        ("exp(10 * x)", "bends", [-3, 3]),
        ("(1 - cos(x)) / x**2", "rises", [-3, 0]),
        ("sqrt(x)", "rises", [0, 3]),
    ],
)
def test_where_a_derivative_only_touches_zero_or_rests_there_the_stretches_are_told_right(text, overlay, known):
    marks = shown(text, Look(overlays=frozenset({overlay})), x=(-3, 3)).marks
    spans = np.concatenate([mark.x for mark in marks])
    np.testing.assert_allclose(spans, known, atol=0.02)
    assert ("nowhere" in marks[0].words) == (not known)


def test_what_is_nowhere_a_number_is_not_said_to_rise_nowhere():
    curves = shown("sqrt(-1 - x**2)", Look(overlays=frozenset({"rises", "bends", "differences"})), x=(-3, 3))
    assert not [mark.words for mark in curves.marks]


@pytest.mark.parametrize(
    ("text", "x", "step", "said"),
    [
        ("x**3", (-3, 3, 2.9), 0.5, "none at x = 2.9: y is not known at x = 3.4"),
        ("x**3", (-3, 3, 0), 5.0, "none at x = 0: y is not known at x = -5 and 5"),
        ("log(1 - x)", (-3, 3, 0.5), 0.5, "none at x = 0.5: y is not known at x = 1"),
        ("sqrt(x)", (0, 3, 0.5), 0.5, "give 1 at x = 0.5, off by 0.29"),
        ("abs(x)", (-3, 3, 0), 0.5, "give 0 at x = 0, where there is no derivative"),
    ],
)
def test_central_differences_say_what_they_lack_and_where_they_deceive(text, x, step, said):
    curves = shown(text, Look(overlays=frozenset({"differences"}), step=step), x=x)
    assert curves.marks[0].words.endswith(said)
    assert "nan" not in report.alt_text(curves)


@pytest.mark.parametrize(
    ("text", "x", "step", "said"),
    [
        ("x**3", (-3, 3, 2.9), 0.5, "there is no secant over h = 0.5: y is not known at x = 3.4"),
        ("abs(x)", (-3, 3, 0), 0.5, "the secant over h = 0.5 has the slope 1, and there is no tangent"),
        ("abs(x)", (-3, 3, 0), -0.5, "the secant over h = -0.5 has the slope -1, and there is no tangent"),
        ("sqrt(x)", (0, 3, 0), 0.25, "the secant over h = 0.25 has the slope 2, and there is no tangent"),
    ],
)
def test_a_secant_needs_no_tangent_but_two_points(text, x, step, said):
    marks = shown(text, Look(overlays=frozenset({"secant"}), step=step), x=x).marks
    assert marks[0].words == said
