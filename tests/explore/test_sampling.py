"""What is drawn between the samples is the curve: beside the truth, over functions of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradmagic.explore.blocks import Block
from gradmagic.explore.curves import Curves
from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.features import breaks
from gradmagic.explore.sampling import Unlike, refined
from gradmagic.plot.limits import reach

WIDE, HIGH = 540, 130  # pixels of a pane, of three in a picture of 640×480
SEEN = 1.5
Truth = Callable[[np.ndarray], np.ndarray]

CURVES: dict[str, tuple[Truth, tuple[float, float], list[float]]] = {
    "x**2": (lambda x: x**2, (-3, 3), []),
    "x**9": (lambda x: x**9, (-3, 3), []),
    "sin(20*x)": (lambda x: np.sin(20 * x), (-3, 3), []),
    "exp(-100*x**2)": (lambda x: np.exp(-100 * x**2), (-3, 3), []),
    "exp(-10000*(x-0.4)**2)": (lambda x: np.exp(-10000 * (x - 0.4) ** 2), (-3, 3), []),
    "exp(-((x-0.3071)*300)**2)": (lambda x: np.exp(-(((x - 0.3071) * 300) ** 2)), (-3, 3), []),
    "tanh(200*x)": (lambda x: np.tanh(200 * x), (-3, 3), []),
    "1/(1+100*x**2)": (lambda x: 1 / (1 + 100 * x**2), (-3, 3), []),
    "sqrt(x)": (np.sqrt, (0, 4), []),
    "cbrt(x)": (np.cbrt, (-2, 3), []),
    "sqrt(abs(x-0.1))": (lambda x: np.sqrt(np.abs(x - 0.1)), (-2, 3), [0.1]),
    "log(x)": (np.log, (0.001, 4), []),
    "abs(x-0.3)": (lambda x: np.abs(x - 0.3), (-1, 2), [0.3]),
    "relu(x-np.sqrt(2))": (lambda x: np.maximum(x - np.sqrt(2), 0), (-3, 3), [2**0.5]),
    "abs(sin(3*x))": (lambda x: np.abs(np.sin(3 * x)), (-1.9, 2), [-np.pi / 3, 0, np.pi / 3]),
    "x*abs(x-1)": (lambda x: x * np.abs(x - 1), (-2, 2), [1]),
    "sign(x-0.2)": (lambda x: np.sign(x - 0.2), (-1, 1), [0.2]),
    "floor(2*x)": (lambda x: np.floor(2 * x), (-0.9, 0.9), [-0.5, 0, 0.5]),
    "x+sign(x-0.7)/1000": (lambda x: x + np.sign(x - 0.7) / 1000, (-1, 1), []),
    "tan(x)": (np.tan, (-3, 3), [-np.pi / 2, np.pi / 2]),
    "1/x": (lambda x: 1 / x, (-3, 3), [0]),
    "1/(x-0.3)**2": (lambda x: 1 / (x - 0.3) ** 2, (-3, 3), [0.3]),
    "1/sin(3*x)": (lambda x: 1 / np.sin(3 * x), (0.5, 2.5), [np.pi / 3, 2 * np.pi / 3]),
    "log(abs(x-1))": (lambda x: np.log(np.abs(x - 1)), (-2, 3), [1]),
    "exp(1/x)": (lambda x: np.exp(1 / x), (-2, 2), [0]),
    "atan(1/(x-0.5))": (lambda x: np.arctan(1 / (x - 0.5)), (-2, 2), [0.5]),
    "sin(1/x)": (lambda x: np.sin(1 / x), (-1, 1), []),
    "sin(1000*x)": (lambda x: np.sin(1000 * x), (-3, 3), []),
    "tan(30*x)": (lambda x: np.tan(30 * x), (-3, 3), []),
}


def explorer(text: str, **given: Any) -> Explorer:
    return Explorer(*request_from(text, **given))


def given_up(found: Explorer) -> list[tuple[float, float]]:
    sampling = found._samplings[0]
    assert sampling is not None
    return [(lo, hi) for lo, hi, _ in sampling.lost]


def farthest(curves: Curves, values: np.ndarray, truth: Truth, apart: list[tuple[float, float]]) -> float:
    """How far in pixels the truth is from the segment drawn in its place, where both are in the picture."""
    known = reach(*[values], even=curves.even)
    assert known is not None
    a, b = np.stack([curves.x[:-1], values[:-1]]), np.stack([curves.x[1:], values[1:]])
    use = np.isfinite(a[1]) & np.isfinite(b[1])
    for lo, hi in apart:
        use &= (b[0] <= lo) | (a[0] >= hi)
    a, b = a[:, use], b[:, use]
    x = a[0] + np.linspace(0.03, 0.97, 33)[:, None] * (b[0] - a[0])
    pixel = np.array([np.ptp(curves.x) / WIDE, (known.hi - known.lo) / HIGH])[:, None]
    with np.errstate(all="ignore"):
        y = truth(x)
        run = (b - a) / pixel
        to = np.stack([(x - a[0]) / pixel[0], (y - a[1]) / pixel[1]])
        across = np.abs(to[0] * run[1] - to[1] * run[0]) / np.hypot(*run)
    shown = (y >= known.lo) & (y <= known.hi)
    assert not np.isnan(y).any(), "a line is drawn where there is nothing"
    return float(np.max(across, where=shown, initial=0.0))


@pytest.mark.parametrize("text", CURVES)
def test_no_line_is_drawn_beside_the_curve_unless_a_note_says_so(text: str) -> None:
    truth, span, _ = CURVES[text]
    found = explorer(text, x=span)
    curves, lost = found.curves, given_up(found)
    assert bool(lost) == any("faster than can be drawn" in note for note in curves.notes)
    y = curves.curves[0].values
    assert y is not None
    assert farthest(curves, y, truth, lost) < SEEN
    assert np.all(np.diff(curves.x) > 0)


@pytest.mark.parametrize("text", [text for text, (_, _, places) in CURVES.items() if places])
def test_breaks_are_where_they_are(text: str) -> None:
    _, (lo, hi), places = CURVES[text]
    curves = explorer(text, x=(lo, hi)).curves
    assert curves.torn is not None
    np.testing.assert_allclose([one.x for one in curves.torn], places, atol=1e-6 * (hi - lo), rtol=0)
    for one in curves.torn:
        broken = curves.curves[one.order].values
        assert broken is not None
        assert np.isnan(broken[(curves.x >= one.lo) & (curves.x <= one.hi)]).any()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many points each further run of a cell had."""
    counted: list[int] = []
    call = Block.__call__

    def counting(self: Block, points: np.ndarray) -> np.ndarray:
        counted.append(points.size)
        return call(self, points)

    monkeypatch.setattr(Block, "__call__", counting)
    return counted


@pytest.mark.parametrize("text", ["a*x**3 - x", "sin(a*x) * exp(-x**2/8)", "exp(a*x)", "tanh(a*x)", "a + 0*x"])
def test_a_step_of_a_smooth_curve_costs_no_further_run(text: str, runs: list[int]) -> None:
    found = explorer(text, x=(-3, 3), a=(0.5, 2.0))
    assert len(runs) == 1  # one look between the samples when a panel opens
    for a in (0.5, 1.0, 2.0):
        found.step(replace(found.state, params={"a": a}))
    assert len(runs) == 1
    found.step(replace(found.state, params={"a": 1.0}, x0=0.123))
    assert len(runs) == 1


def test_a_break_costs_a_few_short_runs(runs: list[int]) -> None:
    found = explorer("abs(x - a)", x=(-3, 3), a=(0.0, 1.0))
    runs.clear()
    found.step(replace(found.state, params={"a": 0.3}))
    assert 0 < len(runs) < 10
    assert sum(runs) < 500


def test_a_peak_between_two_samples_is_found_when_the_panel_opens() -> None:
    curves = explorer("exp(-((x - 0.3071) * 300)**2)", x=(-3, 3)).curves
    y = curves.curves[0].values
    assert y is not None
    assert np.nanmax(y) > 0.9


@pytest.mark.parametrize(
    "text",
    [
        "data.append(1)\ny = abs(x)",
        "data[0] = 2.0\ny = abs(x)",
        "y = abs(x + torch.rand(1))",
        "y = abs(x)\ngrad = torch.autograd.grad(y.sum(), x, create_graph=True)",
    ],
)
def test_a_cell_with_effects_or_random_numbers_is_not_run_again(text: str, runs: list[int]) -> None:
    found = Explorer(*request_from(text, {"data": [1.0]}, x=(-1, 1)))
    assert runs == []
    assert found.curves.torn is None


def test_a_function_of_the_users_is_heard_no_more_often_than_its_slider_moves_would_tell() -> None:
    heard = []

    def smooth(x: Any, a: float) -> Any:
        heard.append(a)
        return a * x**2

    found = Explorer(*request_from(smooth, x=(-1, 1), a=(0, 2)))
    at_open = len(heard)
    found.step(replace(found.state, params={"a": 2.0}))
    assert len(heard) == at_open + 1


def test_a_cell_that_prints_prints_once(capsys: pytest.CaptureFixture[str]) -> None:
    found = Explorer(*request_from("print('here')\ny = abs(x)", x=(-1, 1)))
    assert found.curves.torn
    assert capsys.readouterr().out.count("here") <= 1


def test_an_interrupt_while_it_is_sampled_is_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = explorer("a*abs(x)", x=(-1, 1), a=(0.0, 3.0))
    wanted = replace(found.state, params={"a": 3.0})

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Block, "__call__", interrupt)
        with pytest.raises(KeyboardInterrupt):
            found.step(wanted)
    _, curves = found.step(wanted)
    y = curves.curves[0].values
    assert y is not None
    assert y[0] == 3


def test_values_that_differ_from_run_to_run_are_refused() -> None:
    calls = []

    def drifting(x: np.ndarray) -> np.ndarray:
        calls.append(1)
        return np.array([np.abs(x) + len(calls), np.sign(x)])

    x = np.linspace(-1, 1, 20)
    with pytest.raises(Unlike):
        refined(x, np.array([np.abs(x), np.sign(x)]), drifting)


def test_what_hears_from_other_samples_is_left_as_it_came() -> None:
    assert explorer("abs(x) / abs(x).max()", x=(-1, 1)).curves.torn is None


def test_a_cell_that_fails_among_other_samples_is_drawn_as_it_came() -> None:
    text = "assert len(x) == 401\ny = abs(x)"
    assert explorer(text, x=(-1, 1)).curves.torn is None


def test_tables_show_the_samples_that_were_asked_for() -> None:
    found = explorer("tan(x)", x=(-3, 3), points=50)
    assert found.curves.asked.sum() == len(found.x)
    np.testing.assert_array_equal(found.curves.x[found.curves.asked], found.x)


def test_a_jump_of_a_second_derivative_is_no_kink_of_y() -> None:
    assert breaks(explorer("x*abs(x)", x=(-1, 1)).curves) == ()


def test_where_a_curve_bends_up_is_told_on_each_side_of_its_pole() -> None:
    (mark,) = explorer("1/x", x=(-3, 3), show="bends").curves.marks
    assert mark.words == "y bends upwards for x from 0 to 3"


@pytest.mark.parametrize(
    ("text", "span", "known"),
    [
        ("1 / (x + 9) * 1e-6 + exp(x)", (-10, 10, 1), [("pole", -9)]),
        ("1e-9 / x + x", (-5, 5, 1), [("pole", 0)]),
        ("floor(x) + 1e-3 * x", (-0.5, 0.5, 0.1), [("jump", 0)]),
        ("where(x > 0, sqrt(x) + 1, 0 * x)", (-3, 3, 1), [("jump", 0)]),
        ("where(x > 0, 1e-6 / x, 0 * x)", (-3, 3, 1), [("pole", 0)]),
        ("sin(x) / x", (-3, 3, 1), [("hole", 0)]),
    ],
)
def test_a_break_of_y_is_what_it_is_however_small_and_whatever_is_known_beside_it(text, span, known) -> None:
    torn = explorer(text, x=span).curves.torn
    assert torn is not None
    assert [one.kind for one in torn] == [kind for kind, _ in known]
    np.testing.assert_allclose([one.x for one in torn], [x for _, x in known], atol=1e-6)


def test_where_the_branch_not_taken_leaves_no_slope_no_kink_is_claimed() -> None:
    notes = " ".join(explorer("where(x < 0, 0, x**1.5)", x=(-3, 3, 1)).curves.notes)
    assert "where() differentiates the branch that is not taken, too" in notes
    assert "not differentiable" not in notes


@pytest.mark.parametrize(
    ("text", "span", "said"),
    [
        ("0 * x", (0, 1e-300), "distance, 2.5e-303, nothing"),
        ("abs(x - 1e-200)", (0, 3e-200), "x = 1e-200:"),
        ("abs(x - 1e200)", (0, 3e200), "x = 1e+200:"),
        ("floor(x)", (0, 3e15), "from 0 to 3e+15:"),
    ],
)
def test_places_far_from_one_are_not_written_out_in_zeros(text: str, span: tuple[float, float], said: str) -> None:
    assert said in " ".join(explorer(text, x=span).curves.notes)


@pytest.mark.parametrize("text", ["(1 - cos(x)) / x**2", "(sqrt(x + 9) - 3) / x", "(x - sin(x)) / x**3"])
def test_what_rounding_makes_of_a_slope_is_called_so_and_not_drawn(text):
    found = explorer(text, x=(-5, 5))
    assert given_up(found) == []
    assert any(note.startswith("dy/dx is lost to rounding somewhere for x from -0.02") for note in found.curves.notes)
    (slope,) = (curve.values for curve in found.curves.curves if curve.order == 1)
    assert np.nanmax(np.abs(slope)) < 0.2


@pytest.mark.parametrize(
    "text",
    [
        "x**2 * sin(1 / x)", "x**3 * sin(1 / x)", "x**4 * sin(1 / x**2)", "x + 1e-6 * sin(1e6 * x)",
        "x + 1e-6 * abs(sin(1e6 * x))", "x + 1e-9 * tan(1e5 * x)",
    ],
)  # fmt: skip
def test_what_changes_fast_is_no_rounding(text):
    found = explorer(text, x=(-5, 5))
    assert given_up(found)
    assert not any("rounding" in note for note in found.curves.notes)


@pytest.mark.parametrize("text", ["(x**3 - 1) / (x - 1)", "(x**4 - 1) / (x**2 - 1)", "(x**2 - 4) / (x - 2)"])
def test_a_removable_place_is_told_and_no_fault_is_found_beside_it(text):
    notes = explorer(text, x=(-5, 5)).curves.notes
    assert len(notes) == 1, notes
    assert "is not defined at x = " in notes[0]
