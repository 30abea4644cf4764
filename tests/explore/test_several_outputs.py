"""Several outputs over one x: named on the line, or the parts of the tuple that a cell or a function ends with."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest

from gradmagic.explore import report
from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.program import Program
from gradmagic.explore.reading import parse_line
from gradmagic.explore.request import GradUsageError, Request
from gradmagic.explore.scripts import script
from gradmagic.explore.state import Look
from gradmagic.explore.story import story

PAIR = "y1 = a * sin(x)\ny2 = x**3"


def explorer(text, **given):
    return Explorer(*request_from(text, **given))


def labels(found):
    return [curve.label for curve in found.curves.curves]


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (PAIR, {"of": "y1,y2"}),
        (PAIR, {"of": ["y1", "y2"]}),
        (f"{PAIR}\ny1, y2", {}),
        ("a * sin(x), x**3", {}),
    ],
)
def test_each_has_its_derivatives_over_one_x(text, given):
    found = explorer(text, x=(-2, 2, 1), a=(0, 2, 1), **given)
    assert labels(found) == ["y1", "y2", "dy1/dx", "dy2/dx", "d²y1/dx²", "d²y2/dx²"]
    assert [curve.hue for curve in found.curves.curves] == [0, 1] * 3
    x = found.x
    np.testing.assert_allclose(found.outputs["y1"].derivatives[1].values, -np.sin(x), atol=1e-15)
    np.testing.assert_allclose(found.outputs["y2"].derivatives[1].values, 6 * x)
    expected = [np.sin(1), 1, np.cos(1), 3, -np.sin(1), 6]
    np.testing.assert_allclose(found.curves.at_x0, expected)
    assert [call.source.partition(" = ")[0] for call in found.ledger] == ["dy1dx", "d2y1dx2", "dy2dx", "d2y2dx2"]


def test_a_step_moves_all_of_them():
    found = explorer("a * x, a * x**2", x=(-1, 1), a=(0, 2, 1))
    found.step(replace(found.state, params={"a": 2.0}))
    assert found.outputs["y1"].y[-1] == found.outputs["y2"].y[-1] == 2.0


def test_a_glimpse_is_of_all_of_them():
    found = explorer("a * x, a * x**2", x=(-1, 1), a=(0, 2, 1))
    found.glimpse(replace(found.state, params={"a": 2.0}))
    assert not found.settled
    assert [one.y[-1] for one in found.outputs.values()] == [2.0, 2.0]
    assert [curve.values[-1] for curve in found.curves.curves[:2]] == [2.0, 2.0]


def test_a_function_may_return_several():
    found = explorer(lambda x, a=2.0: (np.sin(x), a * x), x=(-1, 1))
    assert list(found.outputs) == ["y1", "y2"]
    assert found.curves.outputs == ("y1", "y2")
    assert found.sampled(3, order=1, of="y2").tolist() == [[-2.0, 0.0, 2.0], [2.0, 2.0, 2.0]]
    with pytest.raises(GradUsageError, match="there is no output 'z': give 'y1' or 'y2'"):
        found.sampled(3, of="z")


def test_y_beside_the_tuple_is_what_is_meant():
    assert Program.of(Request("y = x**2\nz = x\ny, z"), {}).outputs == ("y", "z")
    assert Program.of(Request("y = x**2\nz = x\nz, x"), {}).outputs == ()


def test_each_line_breaks_where_its_own_curve_does():
    found = explorer("1 / (x - 0.5), abs(x + 0.3)", x=(-1, 1)).curves
    rows = {curve.label: curve.values for curve in found.curves}
    at = found.x[np.isnan(rows["y1"])]
    np.testing.assert_allclose(at, 0.5, atol=1e-6)
    assert not np.isnan(rows["y2"]).any()
    np.testing.assert_allclose(rows["y2"], abs(found.x + 0.3), atol=1e-6)
    np.testing.assert_allclose(found.x[np.isnan(rows["dy2/dx"])], -0.3, atol=1e-6)
    assert not np.isnan(rows["dy1/dx"][np.isclose(found.x, -0.3, atol=1e-4)]).any()
    assert len(found.asked.nonzero()[0]) == 401
    said = report.alt_text(found)
    assert "y1 has a pole at x = 0.5" in said
    assert "dy2/dx jumps at x = −0.3: y2 is not differentiable there" in said.replace("Dy2", "dy2")


def test_overlays_say_whose_they_are():
    found = explorer("x**2 - 1, 4 - x**2", x=(-3, 3))
    found.step(replace(found.state, look=Look(overlays=frozenset({"extrema", "rises"}))))
    words = [mark.words for mark in found.curves.marks if mark.words]
    assert words == [
        "y1: minimum -1 at x = 0",
        "y1 rises for x from 0 to 3",
        "y2: maximum 4 at x = 0",
        "y2 rises for x from -3 to 0",
    ]
    stripes = [mark.height for mark in found.curves.marks if mark.kind == "area"]
    assert stripes == [(0.5, 1.0), (0.0, 0.5)]


def test_the_report_tells_of_both():
    text = report.text(explorer("x, x**2", x=(0, 1)).curves)
    assert text.startswith("y1, y2, dy1/dx, dy2/dx, d²y1/dx², d²y2/dx² for x from 0 to 1")
    assert "y1 runs from 0 at x = 0 to 1 at x = 1" in report.alt_text(explorer("x, x**2", x=(0, 1)).curves)


def test_a_graph_that_the_first_has_freed_is_gone_for_the_second():
    """Real torch refuses it too, and says so."""
    found = explorer("s = sin(x)\ns * 2, s * s", create_graph=False)
    first, second = found.outputs.values()
    assert first.derivatives[0].values is not None
    assert second.derivatives[0].values is None
    refused = next(call for call in found.ledger if not call.ok and "dy2dx" in call.source)
    assert "call 1 freed the graph" in refused.cause
    found.step(found.state.cured(refused.cure, found.ledger))
    assert found.outputs["y2"].derivatives[0].values is not None


def test_tensors_stand_side_by_side():
    found = explorer("x = torch.tensor([[1., 2.], [3., 4.]], requires_grad=True)\nx**2, x**3")
    assert [label for label, _ in found.curves.tables] == [
        "x", "y1", "dy1/dx", "d²y1/dx²", "y2", "dy2/dx", "d²y2/dx²",
    ]  # fmt: skip


@pytest.mark.parametrize("engine", ["gradmagic", "torch"])
@pytest.mark.parametrize("text", [PAIR, f"{PAIR}\ny1, y2", "a * sin(x), x**3"])
def test_the_script_computes_both(engine, text):
    if engine == "torch":
        pytest.importorskip("torch")
    of = {"of": "y1,y2"} if text == PAIR else {}
    found = explorer(text, x=(-2, 2, 1), a=(0, 2, 1), **of)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(script(found.program, found.state, found.trace, found.namespace, engine), {})
    printed = [list(map(float, line.split())) for line in out.getvalue().splitlines()]
    np.testing.assert_allclose(printed, [[1, np.sin(1), np.cos(1), -np.sin(1)], [1, 1, 3, 6]])


def test_the_line_says_them_again():
    found = explorer(PAIR, of="y1,y2", a=(0, 2, 1))
    assert found.line == "%%grad a=0:2@1 --of y1,y2"
    assert parse_line(found.line.removeprefix("%%grad "), PAIR) == found.request


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        (PAIR, {"of": "y1,z"}, "never sets 'z'"),
        (PAIR, {"of": "y1,y1"}, "names 'y1' twice"),
        (PAIR, {"of": "y1,x"}, "--of and --wrt are both 'x'"),
        (PAIR, {"of": "y1,y2", "into": "y2"}, "would take the place of the cell's own 'y2'"),
        ("x, sum(x)", {}, r"'y2' has the shape \(\)"),
        ("x, 3.0", {}, "'y2' does not depend on 'x'"),
        ("x, x, x, x, x, x, x", {}, "7 outputs, and 6 can be told apart"),
        ("x * y, x + y", {"y": (0, 1)}, "two inputs make a map of one number"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(text, given, words):
    with pytest.raises(GradUsageError, match=words):
        explorer(text, **given)


def test_pytorch_gives_the_same():
    pytest.importorskip("torch")
    found = explorer("x * sin(x), exp(-x)", backend="torch")
    assert any(note.startswith("PyTorch and gradmagic differ by at most") for note in found.curves.notes)


def test_the_graphs_of_all_are_told_by_name():
    found = explorer("x * sin(x), x**3")
    told = story(found.program, found.state, {})
    assert [graph.label for graph in told.graphs] == ["y1", "dy1/dx", "d²y1/dx²", "y2", "dy2/dx", "d²y2/dx²"]


def test_the_check_looks_at_each():
    found = explorer("sin(x), x**3", order=1).check()
    assert all(one.ok for one in found)
    assert [one.what for one in found if one.against == "central differences"] == ["dy1/dx", "dy2/dx"]
