"""Two inputs: which they are, what there is over them, and where the gradient is zero."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradmagic.explore import plane_report, report
from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.planes import Critical, Plane
from gradmagic.explore.program import Program
from gradmagic.explore.reading import parse_line
from gradmagic.explore.request import GradUsageError
from gradmagic.explore.scripts import ENGINES, script

ROSENBROCK = "z = (a - x)**2 + 100 * (y - x**2)**2"


def over(text: str, **given: Any) -> Explorer:
    return Explorer(*request_from(text, **({"x": (-2, 2), "y": (-2, 2)} | given)))


def plane_of(text: str, **given: Any) -> Plane:
    plane = over(text, **given).curves.plane
    assert plane is not None
    return plane


@pytest.mark.parametrize(
    ("line", "text", "inputs", "sliders"),
    [
        ("x=-3:3 y=-3:3 --of z", "z = x * y", ("x", "y"), []),
        ("x=-3:3 y=-3:3", "sin(x) * cos(y)", ("x", "y"), []),
        ("y=-3:3 --of z", "z = x * y * a", ("x", "y"), ["a"]),
        ("x=-3:3 y=-3:3 --wrt x", "sin(x) * cos(y)", ("x", None), ["y"]),
        ("x=-3:3 --of z", "z = x * y", ("x", None), ["y"]),  # no range for y
        ("x=-3:3 a=-3:3", "y = a * x", ("x", None), ["a"]),  # a second name with a range is a slider
        ("--wrt u,v", "u * v * y", ("u", "v"), ["y"]),
        ("--wrt v,u v=0:1 y=0:1", "u * v * y", ("v", "u"), ["y"]),
        ("y=0:1 --of z", "x = torch.ones(3, requires_grad=True)\nz = x * y", ("x", None), ["y"]),
    ],
)
def test_what_the_inputs_are(line: str, text: str, inputs: tuple[str, str | None], sliders: list[str]) -> None:
    program = Program.of(parse_line(line, text), {})
    assert (program.wrt, program.second) == inputs
    assert list(program.parameters) == sliders


@pytest.mark.parametrize(
    ("line", "text", "said"),
    [
        ("--wrt x,y,z", "x * y * z", "name one or two"),
        ("--wrt x,x", "x * x", "need three names"),
        ("--wrt x,y --of y", "y = x", "need three names"),
        ("--wrt x,y y=2", "x * y", "an input needs a range"),
        ("--wrt x,w", "x * x", "never reads it"),
        ("--wrt x,w", "w = 1\nx * w", "makes 'w' itself"),
        ("--wrt x,2", "x * y", "is not a name"),
    ],
)
def test_mistakes_say_the_way_out(line: str, text: str, said: str) -> None:
    with pytest.raises(GradUsageError, match=said):
        Program.of(parse_line(line, text), {})


@pytest.mark.parametrize(
    "text", ["z = x.sum() * y", "z = (x * y).sum()", "z = torch.cumsum(x * y, 1)", "z = x * y.mean()"]
)
def test_z_must_belong_to_one_place(text: str) -> None:
    with pytest.raises(GradUsageError, match="--wrt x"):
        over(text, of="z")


def test_gradient_and_hessian_are_those_of_calculus() -> None:
    plane = plane_of("exp(x) * sin(y) + x * y**3")
    x, y = np.meshgrid(plane.x, plane.y)
    assert plane.gradient is not None
    assert plane.hessian is not None
    np.testing.assert_allclose(plane.gradient, [np.exp(x) * np.sin(y) + y**3, np.exp(x) * np.cos(y) + 3 * x * y**2])
    mixed = np.exp(x) * np.cos(y) + 3 * y**2
    expected = [[np.exp(x) * np.sin(y), mixed], [mixed, -np.exp(x) * np.sin(y) + 6 * x * y]]
    np.testing.assert_allclose(plane.hessian, expected, atol=1e-12)


def test_the_cursor_is_a_sample_and_its_eigenvectors_are_those_of_the_hessian() -> None:
    plane = plane_of("x**2 + 4*x*y - y**3", x=(-2, 2, 0.123), y=(-1, 2, 1.117))
    at = plane.cursor
    assert (at.x, at.y) == (0.123, 1.117)
    assert at.value == pytest.approx(0.123**2 + 4 * 0.123 * 1.117 - 1.117**3)
    assert at.gradient == pytest.approx((2 * 0.123 + 4 * 1.117, 4 * 0.123 - 3 * 1.117**2))
    hessian = np.array([[2, 4], [4, -6 * 1.117]])
    np.testing.assert_allclose(at.hessian, hessian)
    assert at.eigenvalues is not None
    assert at.directions is not None
    for value, way in zip(at.eigenvalues, at.directions, strict=True):
        np.testing.assert_allclose(hessian @ way, value * way)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x**2 - y**2", [("saddle", 0, 0, 0)]),
        ("3 - x**2 - y**4 - y**2", [("maximum", 0, 0, 3)]),
        ("(1 - x)**2 + 100 * (y - x**2)**2", [("minimum", 1, 1, 0)]),
        ("x**3 - 3*x*y**2", [("degenerate", 0, 0, 0)]),
        ("x**4 + y**4", [("degenerate", 0, 0, 0)]),
        ("x**3/3 - x + y**2", [("saddle", -1, 0, 2 / 3), ("minimum", 1, 0, -2 / 3)]),
        ("sin(x) * cos(y)", [("minimum", -np.pi / 2, 0, -1), ("saddle", 0, -np.pi / 2, 0), ("saddle", 0, np.pi / 2, 0),
                             ("maximum", np.pi / 2, 0, 1)]),
        ("x + y", []),
        ("1/x + 1/y", []),
        ("log(x * y)", []),
        ("abs(x) + abs(y)", []),
        ("floor(x) * y", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("shift", [0.0, 0.0137])
def test_critical_points(text: str, expected: list[tuple[str, float, float, float]], shift: float) -> None:
    """Whether or not they are samples of the grid."""
    plane = plane_of(text, x=(-2 - shift, 2 + 2 * shift), y=(-2 - 3 * shift, 2 + shift))
    assert [point.kind for point in plane.critical] == [kind for kind, *_ in expected]
    for point, (_, x, y, value) in zip(plane.critical, expected, strict=True):
        assert (point.x, point.y, point.value) == pytest.approx((x, y, value), abs=1e-7)


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("x**3 - 3*x*y**2", "3 valleys"),
        ("x**4 + y**4", "a minimum"),
        ("-x**4 - y**6", "a maximum"),
        ("x**4 - y**4", "a saddle"),
        ("x**3 + y**2", "neither"),
    ],
)
def test_what_a_degenerate_point_looks_like_from_around(text: str, remark: str) -> None:
    (point,) = plane_of(text).critical
    assert point.kind == "degenerate"
    assert remark in point.remark


@pytest.mark.parametrize("text", ["sin(x) + 0*y", "(x**2 + y**2 - 1)**2", "x*0 + y*0"])
def test_lines_of_critical_points_are_said_and_not_counted(text: str) -> None:
    plane = plane_of(text)
    isolated = [(p.kind, round(p.x, 6), round(p.y, 6)) for p in plane.critical]
    assert isolated in ([], [("maximum", 0.0, 0.0)])
    assert "along whole lines" in plane.level


def test_many_single_critical_points_are_all_found() -> None:
    plane = plane_of("sin(3*x) * sin(3*y)", x=(-np.pi - 0.1, np.pi + 0.1), y=(-np.pi - 0.1, np.pi + 0.1))
    kinds = [point.kind for point in plane.critical]
    assert (kinds.count("saddle"), kinds.count("minimum"), kinds.count("maximum")) == (49, 18, 18)
    assert any("more" in line for line in plane_report.found(plane))


def test_the_ledger_has_the_calls_as_they_ran() -> None:
    explorer = over("z = x**2 * y", of="z")
    assert [call.source for call in explorer.ledger] == [
        "dzdx, dzdy = grad(z, (x, y), ones, create_graph=True, allow_unused=True)",
        "d2zdxdx, d2zdxdy = grad(dzdx, (x, y), ones, create_graph=True, allow_unused=True)",
        "d2zdydx, d2zdydy = grad(dzdy, (x, y), ones, create_graph=True, allow_unused=True)",
    ]
    trace, curves = explorer.step(replace(explorer.state, create_graph=False))
    assert [call.ok for call in trace.ledger] == [True, False]
    assert curves.plane is not None
    assert curves.plane.hessian is None
    assert not curves.plane.critical
    assert "create_graph=False" in report.text(curves, trace)


def test_what_is_constant_is_refused_by_torch_and_zero_to_us() -> None:
    explorer = over("x + y")
    plane = explorer.curves.plane
    assert plane is not None
    assert plane.hessian is not None
    assert not plane.hessian.any()
    assert [call.ok for call in explorer.ledger] == [True, False, False]
    assert "∂z/∂x depends on neither x nor y" in explorer.curves.notes


def test_what_z_does_not_depend_on() -> None:
    explorer = over("z = x**2\nw = y", of="z")
    assert "z does not depend on y" in explorer.curves.notes
    assert explorer.curves.plane is not None
    assert explorer.curves.plane.gradient is not None
    assert not explorer.curves.plane.gradient[1].any()


def test_other_weights_than_ones_are_no_slopes() -> None:
    plane = plane_of("x**2 + y**2", weights="onehot:3")
    assert plane.weighted
    assert not plane.critical
    assert plane.partials == ("w·∂z/∂x", "w·∂z/∂y")
    assert plane.gradient is not None
    assert np.count_nonzero(plane.gradient[0]) == 1


def test_sliders_and_both_parts_of_the_cursor_make_new_numbers() -> None:
    explorer = over(ROSENBROCK, of="z", a=(0, 2, 1), y=(-2, 3))
    _, curves = explorer.step(replace(explorer.state, params={"a": 1.5}, x0=0.3, y0=-0.7))
    assert curves.plane is not None
    assert curves.plane.cursor.value == pytest.approx((1.5 - 0.3) ** 2 + 100 * (-0.7 - 0.09) ** 2)
    (point,) = curves.plane.critical
    assert (point.kind, point.x, point.y) == ("minimum", pytest.approx(1.5), pytest.approx(2.25))
    assert explorer.line == "%%grad x=-2:2@0.3 y=-2:3@-0.7 a=0:2@1.5 --of z"


def test_a_line_opens_the_same_state_again() -> None:
    text = "u * v * y"
    first = Explorer(parse_line("u=-1:1@0.5 v=0:4@3 y=0:9@2 --wrt u,v", text))
    again = Explorer(parse_line(first.line.removeprefix("%%grad "), text))
    assert again.state == first.state
    assert again.program.second == "v"
    slider = Explorer(parse_line("x=-1:1 y=0:4@3 --wrt x", "x * y"))
    assert Explorer(parse_line(slider.line.removeprefix("%%grad "), "x * y")).program.second is None


def test_where_there_is_no_z_there_is_no_gradient() -> None:
    plane = plane_of("log(x) + y")
    assert plane.gradient is not None
    assert np.isnan(plane.gradient[:, np.isnan(plane.z)]).all()
    assert "with gaps" in plane_report.alt(plane)


def test_the_words_have_the_numbers() -> None:
    explorer = over(ROSENBROCK, of="z", a=(0, 2, 1), x=(-2, 2, 1), y=(-1, 3, 1))
    alt = report.alt_text(explorer.curves)
    for part in (
        "At x = 1, y = 1: z = 0, ∂z/∂x = 0, ∂z/∂y = 0.",
        "∂²z/∂x² = 802, ∂²z/∂x∂y = −400, ∂²z/∂y² = 200",
        "0.399361 along (0.446499, 0.894784) and 1001.6 along (0.894784, −0.446499)",
        "from 0 at x = 1, y = 1 to 2509 at x = −2, y = −1",
        "▽ minimum 0 at x = 1, y = 1",
    ):
        assert part in alt
    assert alt.startswith("Map of z over x from −2 to 2 and y from −1 to 3")
    text = report.text(explorer.curves, explorer.trace)
    assert "2509" in text
    assert "[1] dzdx, dzdy = grad(z, (x, y), ones" in text
    assert "<caption>z</caption>" in report.table_html(explorer.curves)


def test_user_text_is_escaped() -> None:
    point = Critical(0.0, 0.0, 0.0, "minimum", (1.0, 1.0), "<b>")
    plane = replace(plane_of("x**2 + y**2"), critical=(point,))
    assert "<b>" not in plane_report.table_html(plane)


def test_too_many_points_are_refused() -> None:
    with pytest.raises(GradUsageError, match="at most 1000"):
        over("x * y", points=1001)
    assert plane_of("x * y", points=7).z.shape == (7, 7)


def test_a_function_of_two_numbers() -> None:
    explorer = Explorer(*request_from(lambda x, y, a=2.0: a * x * y, x=(-1, 1), y=(0, 1)))
    assert explorer.program.second == "y"
    assert list(explorer.program.parameters) == ["a"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", ["z = a * sin(x) * cos(y)", "z = x + a * y", "z = a * x**2\nw = y"])
def test_the_script_computes_what_is_shown(text: str, engine: Any) -> None:
    if engine == "torch":
        pytest.importorskip("torch")
    explorer = over(text, of="z", a=(0, 2, 1), points=9)
    written = script(explorer.program, explorer.state, explorer.trace, {}, engine)
    run = subprocess.run([sys.executable, "-c", written], capture_output=True, text=True, check=True)
    at = explorer.curves.plane.cursor if explorer.curves.plane is not None else None
    assert at is not None
    assert at.gradient is not None
    assert at.hessian is not None
    shown = [at.x, at.y, at.value, *at.gradient, at.hessian[0, 0], at.hessian[0, 1], at.hessian[1, 1]]
    assert [float(part) for part in run.stdout.split()] == pytest.approx(shown, abs=1e-15)


def test_what_is_no_number_is_written_alike_in_maps_and_curves() -> None:
    names = {"np": np}
    over_two = Explorer(parse_line("x=-3:3 y=-3:3", "z = np.log(x * y)"), names)
    over_one = Explorer(parse_line("x=-3:3@-1", "y = np.log(x)"), names)
    for g in (over_two, over_one):
        said = f"{g}\n{report.alt_text(g.curves)}\n{report.table_html(g.curves)}"
        assert "NaN" in said
        assert "nan" not in said
