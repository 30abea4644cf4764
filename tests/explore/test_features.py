"""Zeros, extrema, inflections and breaks, beside what is known of the functions."""

import numpy as np
import pytest

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.features import breaks, features, piecewise, stretches


def curves_of(text, **given):
    return Explorer(*request_from(text, **given)).curves


def places(text, *kinds, **given):
    return [one.x for one in features(curves_of(text, **given)) if one.kind in kinds]


@pytest.mark.parametrize(
    ("text", "kind", "known", "near"),
    [
        ("sin(x)", "zero", np.arange(-1, 2) * np.pi, 1e-12),
        ("sin(x)", "maximum", [-1.5 * np.pi, 0.5 * np.pi], 1e-10),
        ("sin(x)", "minimum", [-0.5 * np.pi, 1.5 * np.pi], 1e-10),
        ("sin(x)", "inflection", np.arange(-1, 2) * np.pi, 1e-8),
        ("x**3 - 3*x", "zero", [-(3**0.5), 0, 3**0.5], 1e-12),
        ("(x - 0.3)**3", "inflection", [0.3], 1e-9),
        ("exp(x)", "zero", [], 0),
        ("exp(-x**2)", "inflection", [-(0.5**0.5), 0.5**0.5], 1e-8),
        ("abs(x) + abs(x - 1.003)", "minimum", [], 0),
        ("abs(x - 0.5)", "minimum", [0.5], 1e-9),
    ],
)
def test_features_are_where_they_are(text, kind, known, near):
    np.testing.assert_allclose(places(text, kind, x=(-5, 5)), known, atol=near)


def test_a_turn_is_told_apart_however_high_up_it_is():
    found = [one.kind for one in features(curves_of("1e8 + sin(x)", x=(-5, 5))) if one.kind in ("minimum", "maximum")]
    assert found == ["maximum", "minimum", "maximum", "minimum"]


def test_a_flat_curve_has_no_extrema():
    assert places("0 * x + 2", "minimum", "maximum", "inflection", "zero") == []


def test_poles_are_no_zeros():
    assert places("1 / x", "zero", "minimum", "maximum") == []


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("tan(x)", [("pole", -np.pi / 2), ("pole", np.pi / 2)]),
        ("1 / x**2", [("pole", 0.0)]),
        ("abs(x)", [("kink", 0.0)]),
        ("floor(x)", [("jump", -2), ("jump", -1), ("jump", 0), ("jump", 1), ("jump", 2)]),
        ("where(x > 1, x, 0 * x)", [("jump", 1.0)]),
        ("torch.relu(x - 1)", [("kink", 1.0)]),
        ("sin(x)", []),
    ],
)
def test_a_break_is_told_for_what_it_is(text, known):
    found = breaks(curves_of(text, x=(-2.9, 2.9)))
    assert [one.kind for one in found] == [kind for kind, _ in known]
    np.testing.assert_allclose([one.x for one in found], [x for _, x in known], atol=0.02)


@pytest.mark.parametrize(("order", "error"), [(1, 1e-8), (2, 1e-13)])
def test_between_the_samples_the_curve_is_known_to_a_high_order(order, error):
    curve = piecewise(curves_of("sin(x)", order=order))
    x = np.linspace(-3, 3, 4321)
    np.testing.assert_allclose(curve(x), np.sin(x), atol=error)
    np.testing.assert_allclose(curve.derivative()(x), np.cos(x), atol=1e3 * error)


@pytest.mark.parametrize(
    ("text", "x", "known"),
    [
        ("sqrt(x)", (-3, 3, 1), [0]),
        ("np.cbrt(x)", (-3, 3, 1), [0]),
        ("np.cbrt(x - 0.1234)", (-3, 3), [0.1234]),
        ("x * log(x)", (0, 1), [1]),
        ("sqrt(1 - x**2)", (-1, 1), [-1, 1]),
        ("x * (x - 3)", (0, 3), [0, 3]),
        ("torch.relu(x)", (-3, 3), []),
        ("floor(x)", (-3, 3), []),
        ("where(x > 0, 1, -1) * (1 + x * 0)", (-3, 3), []),
    ],
)
def test_a_zero_at_which_the_curve_ends_or_is_upright_is_a_zero(text, x, known):
    np.testing.assert_allclose(places(text, "zero", x=x), known, atol=1e-9)


@pytest.mark.parametrize("text", ["(x**2 - 1) / (x - 1)", "sin(x)**2 + cos(x)**2 + x", "(x - 1e8) + 1e8 * (1 + 0 * x)"])
def test_rounding_is_no_inflection(text):
    assert places(text, "inflection", x=(-5, 5, 1)) == []


@pytest.mark.parametrize("text", ["1 + 1e-7 * sin(x)", "1e-9 * sin(x)", "1e9 * sin(x) + x"])
def test_what_is_small_is_not_taken_for_rounding(text):
    np.testing.assert_allclose(places(text, "inflection", x=(-5, 5)), [-np.pi, 0, np.pi], atol=1e-4)


@pytest.mark.parametrize(
    ("text", "kind", "known"),
    [
        ("x**4", "minimum", [0]),
        ("x**10", "minimum", [0]),
        ("x**5", "inflection", [0]),
        ("cos(x)", "maximum", [0]),
        ("x**3 - x", "zero", [-1, 0, 1]),
        ("where(x > 0, sqrt(x), x)", "zero", [0]),
        ("(x - 1)**3", "zero", [1]),
        ("1 / cos(3 * x)", "minimum", [0]),
        ("x**3 - 0.02 * x**2", "minimum", [0.04 / 3]),  # beside 0, and not at it
        ("(x - 1e-8)**2", "minimum", [1e-8]),
    ],
)
def test_a_place_at_zero_is_zero_where_zero_is_no_sample(text, kind, known):
    np.testing.assert_allclose(places(text, kind, x=(-1, 2)), known, rtol=1e-6, atol=1e-15)


@pytest.mark.parametrize("text", ["log(sin(x))", "cos(x) - 1", "(x**2 - 1)**2", "sin(x)**2"])
def test_a_turn_at_which_y_is_zero_but_for_rounding_says_zero(text):
    curves = curves_of(text, x=(-1, 2))
    assert [one.y for one in features(curves) if one.kind in ("minimum", "maximum") and abs(one.y) < 1e-9] == [0.0]


def test_a_polynomial_rises_where_it_does():
    seed = 20261129
    rng = np.random.default_rng(seed)
    for _ in range(30):
        roots = np.sort(rng.uniform(-2.5, 2.5, 4))
        if np.diff(roots).min() < 0.05:
            continue
        slope = np.polynomial.Polynomial.fromroots(roots)
        text = " + ".join(f"({c!r}) * x**{k}" for k, c in enumerate(slope.integ().coef.tolist()) if k)
        found = stretches(curves_of(text, x=(-3, 3)), 1)
        assert found is not None, f"seed {seed}"
        np.testing.assert_allclose(found.edges[1:-1], roots, atol=1e-6, err_msg=f"seed {seed}: {text}")
        np.testing.assert_array_equal(found.signs, [1, -1, 1, -1, 1], err_msg=f"seed {seed}: {text}")


@pytest.mark.parametrize("text", ["cos(x)", "1 / tan(x)", "tan(3 * x)", "sin(x) * exp(0 * x)"])
def test_an_inflection_on_a_zero_says_zero(text):
    found = [one for one in features(curves_of(text, x=(-3, 3, 1))) if one.kind == "inflection"]
    assert found
    assert {one.y for one in found} == {0.0}


@pytest.mark.parametrize("text", ["sqrt(abs(x))", "abs(x)**(1 / 3)", "abs(x)**0.25"])
@pytest.mark.parametrize("x", [(-3, 3, 1), (-1, 2, 1)])
def test_the_tip_of_a_cusp_is_where_it_is(text, x):
    assert [(one.x, one.y) for one in features(curves_of(text, x=x)) if one.kind == "minimum"] == [(0.0, 0.0)]


@pytest.mark.parametrize(
    ("text", "x", "known"),
    [
        ("1 / sin(x)", (-7, 7), []),
        ("exp(x) * sin(x)", (0, 40, 1), [k * np.pi for k in range(13)]),
        ("1 / x**2 + x**2", (-3, 3, 1), []),
    ],
)
def test_what_is_small_beside_a_pole_or_far_up_is_no_zero(text, x, known):
    np.testing.assert_allclose(places(text, "zero", x=x), known, atol=1e-8)


@pytest.mark.parametrize(
    ("text", "kind", "x", "known"),
    [
        ("x**6", "minimum", (-1, 2.3), 0),
        ("x**20", "minimum", (-1, 2.3), 0),
        ("(x - 0.31)**6", "minimum", (-3, 3), 0.31),
        ("1 - (x - 0.31)**8", "maximum", (-3, 3), 0.31),
        ("x**7", "inflection", (-3, 3), 0),
        ("(x - 0.3)**7", "inflection", (-3, 3), 0.3),
        ("x**9", "inflection", (-3, 3), 0),
        ("sin(x)**5", "inflection", (3, 3.8), np.pi),
    ],
)
def test_a_flat_place_is_where_it_is(text, kind, x, known):
    np.testing.assert_allclose(places(text, kind, x=x), [known], atol=1e-9)
    found = stretches(curves_of(text, x=x), 2 if kind == "inflection" else 1)
    assert found is not None
    assert len(found.signs[found.signs != 0]) == 2


@pytest.mark.parametrize("x", [(-3, 3, 1), (-1, 2.3, 1)])
@pytest.mark.parametrize(("text", "kind"), [("abs(x)**1.5", "minimum"), ("x * abs(x)", "inflection")])
def test_a_curve_turns_also_where_its_bend_jumps(text, kind, x):
    found = [(one.kind, one.x, one.y) for one in features(curves_of(text, x=x))]
    assert (kind, 0.0, 0.0) in found
    assert ("zero", 0.0, 0.0) in found


@pytest.mark.parametrize(
    ("text", "known"), [("abs(sin(x))", np.arange(-2, 3) * np.pi), ("abs(x**2 - 2)", [-(2**0.5), 2**0.5])]
)
def test_the_corner_of_a_magnitude_is_a_zero(text, known):
    curves = curves_of(text, x=(-7, 7, 1))
    corners = [one for one in features(curves) if one.kind == "minimum"]
    np.testing.assert_allclose([one.x for one in corners], known, atol=1e-12)
    assert {one.y for one in corners} == {0.0}
    assert [one.x for one in features(curves) if one.kind == "zero"] == [one.x for one in corners]


def test_numbers_whose_product_is_no_number_are_compared_without_it():
    found = features(curves_of("1e200 * sin(x)", x=(-3, 3)))
    assert [one.kind for one in found] == ["minimum", "zero", "inflection", "maximum"]
    assert places("1e200 * abs(sin(x))", "minimum", x=(-1, 2, 1)) == [0.0]


@pytest.mark.parametrize(
    ("text", "x", "known"),
    [
        ("(x + 2)**3 * x**2 * (x - 3)**2", (-3, 4, 1), [-2, 0, 3]),
        ("(exp(x) - 1)**5", (-3, 3.3), [0]),
        ("sin(x)**5", (-4, 5), [-np.pi, 0, np.pi]),
        ("sin(x)**4", (-5, 6), [-np.pi, 0, np.pi]),
    ],
)
def test_a_zero_of_high_order_is_no_rounder_than_it_is(text, x, known):
    np.testing.assert_allclose(places(text, "zero", x=x), known, atol=3e-6)


@pytest.mark.parametrize(
    ("text", "kind"), [("cos(x.float()) - 1", "maximum"), ("exp(x.float()) - 1 - x.float()", "minimum")]
)
def test_the_rounding_of_single_precision_is_its_own(text, kind):
    found = [one for one in features(curves_of(text, x=(-1, 2))) if one.kind in (kind, "zero")]
    assert {one.kind for one in found} == {kind, "zero"}
    np.testing.assert_allclose([one.x for one in found], 0, atol=1e-4)
    assert {one.y for one in found} == {0.0}


@pytest.mark.parametrize(("text", "order"), [("sin(x)**4", 1), ("(exp(x) - 1)**5", 2)])
def test_a_stretch_begins_at_the_place_that_is_told(text, order):
    curves = curves_of(text, x=(-3, 3.3))
    found = stretches(curves, order)
    assert found is not None
    assert 0.0 in found.edges
