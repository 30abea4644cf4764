"""What stands beside the picture is no longer than its place, and no rounding is told as a number."""

import re

import pytest

import gradmagic


def test_rounding_at_the_cursor_is_zero():
    panel = gradmagic.explore("exp(x) * sin(x)", x=(-2, 2), order=8)
    assert abs(panel.curves.at_x0[8]) > 0, "the Taylor coefficient is not exactly zero"
    assert "d⁸y/dx⁸ = 0<" in panel.words.caption.value
    panel.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1.23456e-9 * x", "+6.17e−10"),
        ("-1.23456e-9 * x", "−6.17e−10"),
        ("0.0022412 * x", "+0.001121"),
        ("1.234e100 * x", "+6.17e+99"),
        ("1.575e10 * x**8", "+6.15e+07"),
        ("-1.234e120 * x", "−6.2e+119"),
    ],
)
def test_a_read_out_fits(text, said):
    panel = gradmagic.explore(text, x=(-1, 1, 0.5), order=10)
    words = re.findall(r">([^<]+)</span>", panel.words.readouts.value)
    assert max(map(len, words)) <= 9, "its sign takes room, too"
    assert said in words
    panel.close()


def test_infinities_are_said_where_they_were_computed():
    panel = gradmagic.explore("1 / x", x=(-1, 1, 0), points=5)
    assert "y = ∞" in panel.words.caption.value
    assert "dy/dx = −∞" in panel.words.caption.value
    assert re.search(r"\*\s+0\s+inf\s+-inf\s+inf\n", repr(panel))
    panel.pages.bar.value = "values"
    page = panel.pages._made["values"]
    assert "\n0.0,inf,-inf,inf\n" in page.csv.value
    assert "<td>∞</td><td>−∞</td><td>∞</td>" in page.table.value
    panel.close()


def test_what_is_no_number_is_said_too():
    panel = gradmagic.explore("log(x)", x=(-1, 1, -0.5), points=5)
    assert "y = NaN, " in panel.words.caption.value.replace("</span>", "")
    panel.close()


def test_a_range_far_from_zero_is_said_in_its_digits():
    panel = gradmagic.explore("(x - 1e6)**2", x=(1e6, 1e6 + 1, 1e6 + 0.3))
    assert "at x = 1000000.3, " in panel.words.caption.value
    assert panel.controls.x0.typed.value == "1000000.3"
    assert (panel.controls.motion.lo.value, panel.controls.motion.hi.value) == ("1000000", "1000001")
    assert int(panel.controls.x0.typed.layout.width.removesuffix("px")) >= 8 * len("1000000.3")
    panel.controls.motion.hi.value = "1000000.5"
    assert (panel.x[0], panel.x[-1]) == (1e6, 1e6 + 0.5)
    panel.close()


def test_a_y_that_is_one_number_is_told_in_place_of_none():
    panel = gradmagic.explore("(x ** 2).sum()", x=(0, 1, 0.5), points=3)
    assert "y is one number: 1.25<" in panel.words.caption.value
    assert "none" not in panel.words.caption.value
    panel.close()


def test_y_is_in_the_csv_whatever_its_shape():
    panel = gradmagic.explore("x = torch.tensor([[1., 2.], [3., -4.]], requires_grad=True)\ny = x.sum(1)")
    panel.pages.bar.value = "values"
    assert panel.pages._made["values"].csv.value.splitlines()[:4] == [
        "x,y,dy/dx,d²y/dx²", "1.0,3.0,1.0,0.0", "2.0,-1.0,1.0,0.0", "3.0,,1.0,0.0"
    ]  # fmt: skip
    panel.close()


def test_poles_are_said_once():
    panel = gradmagic.explore("tan(x)", x=(-6, 6, 1))
    assert any(mark.overlay == "asymptotes" for mark in panel.curves.marks)
    said = panel.words.found.value + panel.words.notes.value
    assert said.count("pole") == 1
    assert "y has a pole at x = −4.71238" in said
    panel.close()


@pytest.mark.parametrize(
    ("text", "x0", "said"),
    [
        ("abs(x)", 0.0, "not differentiable here: dy/dx and d²y/dx² are torch’s convention"),
        ("x * abs(x)", 0.0, "not differentiable here: d²y/dx² is torch’s convention"),
        ("floor(x)", 1.0, "not differentiable here: dy/dx and d²y/dx² are torch’s convention"),
        ("abs(x), relu(x - 0.5)", 0.5, "not differentiable here: dy2/dx and d²y2/dx² are torch’s convention"),
        ("abs(x)", 0.5, ""),
        ("1 / x", 0.0, ""),
        ("sqrt(x)", 0.0, ""),
    ],
)
def test_a_derivative_that_is_there_by_convention_is_called_one(text, x0, said):
    panel = gradmagic.explore(text, x=(-1, 1, x0))
    found = re.findall(r"; (not differentiable here[^<.]*)", panel.words.caption.value)
    assert found == ([said] if said else [])
    assert said in panel.image.tooltip
    assert ("convention" in panel.image.tooltip) == bool(said)
    panel.close()
