"""Overlays: what is drawn over the curves, as numbers."""

from dataclasses import replace

import numpy as np
import pytest

from gradmagic.explore.explorer import Explorer, request_from
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
