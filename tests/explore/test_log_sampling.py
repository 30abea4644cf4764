"""Sampling for logarithmic axes: what such a picture shows is looked at as closely as on linear ones."""

from dataclasses import replace

import numpy as np
import pytest

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.scales import Scale
from gradmagic.explore.scripts import script


def explorer(text, **given):
    return Explorer(*request_from(text, **given))


@pytest.mark.parametrize("scale", [Scale("log"), Scale("both", 0.01), Scale("linear")])
def test_the_slope_of_a_place_is_that_of_its_differences(scale):
    at, h = np.array([0.003, 0.2, 7.0]), 1e-5
    around = [scale.to(at + k * h * at) for k in (-1, 1)]
    np.testing.assert_allclose(scale.slope(at), (around[1] - around[0]) / (2 * h * at), rtol=1e-6)


def test_a_jump_that_only_a_logarithmic_axis_shows_is_not_joined():
    text = "exp(5 * x) * where(x < -1.003, 1, 3)"
    linear = explorer(text, x=(-3, 3)).curves
    assert not [one for one in linear.torn if one.kind == "jump"], "it is a thousandth of a pixel high"
    found = explorer(text, x=(-3, 3), log="y").curves
    assert [(one.kind, round(one.x, 6)) for one in found.torn] == [("jump", -1.003)]
    gap = np.flatnonzero(np.isnan(found.curves[0].values))
    assert len(gap) == 1
    assert abs(found.x[gap[0]] + 1.003) < 1e-6


def test_a_break_near_zero_is_told_as_closely_as_one_far_from_it():
    found = explorer("where(x < 3.3e-5, 1, 2) + 1 / (x - 700.25)**2", x=(1e-6, 1e3), log="x").curves
    places = sorted((one.kind, one.x) for one in found.torn)
    assert [kind for kind, _ in places] == ["jump", "pole"]
    np.testing.assert_allclose([x for _, x in places], [3.3e-5, 700.25], rtol=1e-3)


def test_an_axis_that_becomes_logarithmic_is_sampled_as_one_that_was_from_the_start():
    text = "exp(5 * x) * where(x < -1.003, 1, 3)"
    opened, turned = explorer(text, x=(-3, 3), log="y"), explorer(text, x=(-3, 3))
    plain = turned.curves
    for look, expected in ((opened.state.look, opened.curves), (turned.state.look, plain)):
        _, seen = turned.step(replace(turned.state, look=look))
        np.testing.assert_array_equal(seen.x, expected.x)
        assert seen.notes == expected.notes


def test_a_zero_is_no_pole_though_its_logarithm_is():
    found = explorer("sqrt(x)", x=(0, 1), log="y").curves
    assert not [one for one in found.torn if one.kind == "pole"]
    assert not any("pole" in note for note in found.notes)


def test_a_smooth_curve_costs_nothing_more():
    found = explorer("x**2.5", x=(0.01, 100), log="x,y")
    assert found.curves.asked.all()


@pytest.mark.parametrize("text", ["exp(5 * x) * where(x < 1.003, 1, 3)", "1 / x"])
def test_all_samples_are_true(text):
    found = explorer(text, x=(0.1, 3), log="x,y")
    curve = found.curves.curves[0].values
    known = np.isfinite(curve)
    exact = found.sampled(found.curves.x, order=1)[0]
    np.testing.assert_allclose(curve[known], exact[known], rtol=1e-12)
    assert np.all(np.diff(found.curves.x) > 0)


def test_the_script_has_the_same_samples():
    found = explorer("1 / (1 + x)", x=(0.01, 100, 1), log="x")
    assert "x = np.geomspace(0.01, 100.0, 401)" in script(found.program, found.state, found.trace, {}, "torch")
    np.testing.assert_array_equal(np.geomspace(0.01, 100.0, 401)[:100], found.x[:100])
