"""From a trace to what is drawn: breaks, labels, the values at x0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradmagic.explore.curves import Curves, curves
from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.reading import parse_line
from gradmagic.explore.report import alt_text
from gradmagic.explore.state import State
from gradmagic.explore.trace import Derivative, Trace


def shown(text: str, line: str = "") -> Curves:
    return Explorer(parse_line(line, text)).curves


def at_x0(found: Curves) -> list[Any]:
    return [None if value is None else pytest.approx(value) for value in found.at_x0]


def test_labels_are_those_of_mathematics() -> None:
    assert [c.label for c in shown("y = x ** 4", "--order 3").curves] == ["y", "dy/dx", "d²y/dx²", "d³y/dx³"]
    assert [c.label for c in shown("z = t ** 2", "--of z --wrt t").curves] == ["z", "dz/dt", "d²z/dt²"]


def test_with_other_weights_no_label_promises_the_bare_derivative() -> None:
    found = shown("y = x ** 2", "--weights ramp")
    assert [c.label for c in found.curves] == ["y", "w·dy/dx", "w²·d²y/dx²"]
    assert not found.slopes


def test_the_values_at_x0_are_computed_there() -> None:
    assert at_x0(shown("y = x ** 3", "x=-2:2@0.1234567")) == [0.1234567**3, 3 * 0.1234567**2, 6 * 0.1234567]


@pytest.mark.parametrize(
    ("text", "line", "breaks"),
    [
        ("y = tan(x)", "x=-3:3", [-np.pi / 2, np.pi / 2]),
        ("y = 1 / x", "x=-3:3 --points 400", [0]),
        ("y = 1 / (x - 1) ** 2", "x=-3:3", [1]),
        ("y = exp(-100 * x ** 2)", "", []),
        ("y = relu(x - 0.001) ** 2", "", []),
        ("y = floor(x)", "x=0.5:2.5", [1, 2]),
        ("y = sign(x - 0.001)", "x=-1:1", [0.001]),
        ("y = abs(x)", "", []),
        ("y = abs(x - 0.001)", "", []),
        ("y = cbrt(x)", "x=-3:3 --points 400", []),
        ("y = sqrt(abs(x))", "", []),
        ("y = exp(5 * x)", "", []),
        ("y = tanh(20 * x)", "", []),
        ("y = x ** 9", "", []),
        ("y = sin(20 * x)", "", []),
        ("y = 0 * x + 5", "", []),
        ("y = tan(x)", "--weights 2", [-np.pi / 2, np.pi / 2]),
    ],
)
def test_a_line_breaks_where_y_jumps_and_nowhere_else(text: str, line: str, breaks: list[float]) -> None:
    found = shown(text, line)
    y = found.curves[0].values
    gaps = [i for i in range(1, len(y) - 1) if np.isnan(y[i]) and np.isfinite(y[i - 1]) and np.isfinite(y[i + 1])]
    # at x = 0 itself 1/x is inf, which is a gap too
    np.testing.assert_allclose([found.x[i] for i in gaps], breaks, atol=0.02)
    assert all(np.isnan(c.values[i]) for c in found.curves for i in gaps)
    assert np.all(np.diff(found.x) > 0)


def test_a_break_is_said_with_no_more_digits_than_are_known() -> None:
    assert "at x = -1.570796, 1.570796:" in shown("y = tan(x)").notes[0]
    assert "at x = -1.570796, 1.570796:" in shown("y = tan(x)", "x=-3:4").notes[0]
    assert any("near x = -1.57, 1.57:" in note for note in shown("y = tan(x)", "--weights 2").notes)


def test_what_the_samples_cannot_show_is_said() -> None:
    assert any("faster than can be drawn for x from -3 to 3" in note for note in shown("y = sin(1000 * x)").notes)
    assert any("faster than 401 samples" in note for note in shown("y = sin(1000 * x)", "--weights 2").notes)


def test_where_y_is_not_defined_no_derivative_is() -> None:
    found = shown("y = log(x)")
    for curve in found.curves:
        assert np.isnan(curve.values[found.x < 0]).all()
        assert np.isfinite(curve.values[found.x > 0]).all()


def test_infinite_values_are_gaps() -> None:
    found = shown("y = sqrt(x)", "x=0:1@0")
    assert found.curves[0].values[0] == 0
    assert np.isnan(found.curves[1].values[0])


def test_a_missing_derivative_has_no_values_and_says_why() -> None:
    found = shown("y = exp(x)", "--no-create-graph")
    assert found.curves[2].values is None
    assert found.at_x0[2] is None
    assert "create_graph=False" in found.curves[2].note


def test_a_tensor_is_points_and_tables() -> None:
    found = shown("x = torch.tensor([[3., 1.], [2., 0.]], requires_grad=True)\ny = x ** 2")
    assert found.style == "points"
    assert found.x.tolist() == [3, 1, 2, 0]
    assert [label for label, _ in found.tables] == ["x", "y", "dy/dx", "d²y/dx²"]
    assert found.tables[2][1].tolist() == [[6, 2], [4, 0]]


def test_a_y_of_another_shape_says_so_and_the_tensor_is_points_and_tables() -> None:
    cell = (
        "x = torch.tensor([[1., 2., 3.], [4., 5., 6.]], requires_grad=True)\ny = torch.softmax(x, 1) @ torch.ones(3, 2)"
    )
    found = shown(cell)
    assert found.style == "points"
    assert [values.shape for _, values in found.tables][:3] == [(2, 3), (2, 2), (2, 3)]
    assert found.curves[0].calm
    assert found.curves[0].note == "y has the shape 2×2 and x 2×3: y is not drawn over x; see Jacobian and Values"


def test_one_number_is_no_curve() -> None:
    found = shown("y = (x ** 2).sum()", "x=0:1 --points 3")
    assert found.curves[0].values is None
    assert found.curves[0].note == "y is one number: 1.25"
    assert found.curves[0].calm
    assert found.curves[1].values.tolist() == [0, 1, 2]
    assert not found.slopes


def test_curves_can_be_made_of_hand_written_numbers() -> None:
    trace = Trace(np.array([0.0, 1.0]), np.array([1.0, 3.0]), (Derivative(1, np.array([2.0, 2.0])),), ())
    assert curves(trace, State({}, x0=0.9)).at_x0 == (3.0, 2.0)


def test_an_x_with_infinities_warns_nobody() -> None:
    cell = "x = torch.tensor([0., 1., float('inf'), float('nan')], requires_grad=True)\ny = x ** 2"
    g = Explorer(parse_line("", cell))
    assert g.curves.at_x0[0] is not None
    assert repr(g)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("sign(x)", "", "y jumps at x = 0: the curve is not joined there"),
        ("1 / (x - 0.3) ** 2", "", "y has a pole at x = 0.3: the curve is not joined there"),
        ("abs(x)", "", "dy/dx jumps at x = 0: y is not differentiable there"),
        ("relu(x - 1)", "x=-3:5", "dy/dx jumps at x = 1: y is not differentiable there"),
        ("x * abs(x)", "--order 3", "d²y/dx² jumps at x = 0: dy/dx is not differentiable there"),
        (
            "sqrt(abs(x))",
            "x=-3:3@2 --points 400",
            "dy/dx jumps at x = 0: y is not differentiable there",
        ),
    ],
)
def test_each_jump_is_told_once_and_where_it_is(text: str, line: str, said: str) -> None:
    assert shown(text, line).notes == (said,)


@pytest.mark.parametrize("points", [401, 400])
@pytest.mark.parametrize(
    "text", ["tanh(20 * x)", "tanh(200 * x)", "exp(-100 * x ** 2)", "sin(20 * x)", "x ** 9", "1 / (1 + 100 * x ** 2)"]
)
def test_smooth_curves_have_no_kinks(text: str, points: int) -> None:
    assert shown(text, f"--order 4 --points {points}").notes == ()


def test_a_kink_breaks_the_derivative_and_not_the_curve() -> None:
    found = shown("abs(x)", "x=-1:1@-1 --points 20")
    y, slope, _ = (curve.values for curve in found.curves)
    (gap,) = found.breaks
    assert found.x[gap] == pytest.approx(0, abs=1e-7)
    np.testing.assert_allclose(y[gap - 1 : gap + 2], 0, atol=1e-7)
    np.testing.assert_array_equal(slope[gap - 1 : gap + 2], [-1, np.nan, 1])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(x**2 - 1) / (x - 1)", "y is not defined at x = 1 itself"),
        ("(x**3 - 1) / (x - 1)", "y is not defined at x = 1 itself, though it has a limit there"),
        ("x / abs(x)", "y is not defined at x = 0 itself"),
        ("sin(x) / x", "y is not defined at x = 0 itself, though it has a limit there"),
    ],
)
def test_a_gap_of_one_sample_is_said(text, said):
    notes = Explorer(*request_from(text, x=(-5, 5, 0.5))).curves.notes
    assert [note for note in notes if "not defined" in note] == [said]


@pytest.mark.parametrize("text", ["1 / x", "log(x)", "sqrt(x)", "tan(x)", "x**2"])
def test_poles_and_empty_sides_are_no_gaps_of_one_sample(text):
    assert "not defined" not in " ".join(Explorer(*request_from(text, x=(-5, 5, 0.5))).curves.notes)


OVERFLOWS = [
    ("x ** 2", "x=-1e300:1e300", "y is inf for x from -1e+300 to -4.47075e+290, 1.13471e+291 to 1e+300"),
    ("-(x ** 2)", "x=-1e300:1e300", "y is -inf for x from -1e+300 to -4.47075e+290, 1.13471e+291 to 1e+300"),
    ("exp(x)", "x=-1000:1000", "y is inf for x from 709.832 to 1000"),
    ("x ** 2", "x=1:1e300 --log x", "y is inf for x from 1.37343e+154 to 1e+300"),
]


@pytest.mark.parametrize(("text", "line", "said"), OVERFLOWS)
def test_where_y_is_more_than_its_numbers_hold_it_is_infinite_and_has_no_pole(text: str, line: str, said: str) -> None:
    found = shown(text, line)
    assert f"{said}: beyond what float64 holds, 1.8e+308" in found.notes
    assert not [note for note in found.notes if "pole" in note]
    assert "Poles" not in alt_text(found)


@pytest.mark.parametrize(("text", "line"), [("1 / x", ""), ("1 / x ** 30", "x=-1e-3:1e-3"), ("log(x)", "x=-1:1")])
def test_a_pole_stays_one_though_y_is_infinite_at_a_sample(text: str, line: str) -> None:
    notes = shown(text, line).notes
    assert any("has a pole" in note for note in notes)
    assert not any("beyond" in note for note in notes)


@pytest.mark.parametrize("x", [(-3, 3), (-1, 2)])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("log(abs(x))", "y has a pole at x = 0: the curve is not joined there"),
        ("3 - 0.1 * log(abs(x))", "y has a pole at x = 0: the curve is not joined there"),
        ("abs(x)**0.25", "dy/dx jumps at x = 0: y is not differentiable there"),
        ("sqrt(abs(x))", "dy/dx jumps at x = 0: y is not differentiable there"),
    ],
)
def test_a_logarithm_has_a_pole_and_a_root_has_a_cusp(text, said, x):
    assert said in Explorer(*request_from(text, x=x)).curves.notes


def test_a_slope_that_is_no_number_at_a_single_place_does_not_jump():
    notes = Explorer(*request_from("exp(-1 / x**2)", x=(-3, 3))).curves.notes
    assert "dy/dx is not defined at x = 0 itself, though it has a limit there" in notes
    assert not any("jumps" in note for note in notes)


def test_a_slope_that_goes_as_a_logarithm_is_upright():
    notes = Explorer(*request_from("x * log(abs(x))", x=(-1, 2))).curves.notes
    assert "dy/dx is infinite at x = 0: the tangent of y is upright there" in notes
