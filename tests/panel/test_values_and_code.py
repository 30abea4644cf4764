"""The pages of values and of code, without a front end."""

from dataclasses import replace

import numpy as np

import gradmagic
from gradmagic.panel.values_page import coloured, columns_of, csv


def opened(name, text, **given):
    panel = gradmagic.explore(text, **given)
    panel.state = replace(panel.state, look=replace(panel.state.look, tab=name))
    return panel, panel.pages._made[name]


def test_the_values_have_a_row_for_each_sample_and_the_cursors_on_top():
    panel, page = opened("values", "x ** 2", x=(0, 4, 1), points=5)
    assert page.table.value.count("<tr") == 1 + 1 + 5
    assert '<th scope="row">1 (x₀)</th><td>1</td><td>2</td><td>2</td>' in page.table.value
    panel.state = replace(panel.state, x0=3.0)
    assert '<th scope="row">3 (x₀)</th><td>9</td><td>6</td><td>2</td>' in page.table.value
    panel.close()


def test_the_csv_reads_back_as_the_numbers_that_are_shown():
    panel, page = opened("values", "sin(x)", x=(0, 1), points=7)
    read = np.genfromtxt(page.csv.value.splitlines(), delimiter=",", skip_header=1)
    np.testing.assert_array_equal(read, np.transpose(columns_of(panel.curves)[1]))
    assert page.csv.value.startswith("x,y,dy/dx,d²y/dx²\n")
    panel.close()


def test_what_is_no_number_is_said_plainly():
    panel, page = opened("values", "log(x)", x=(-1, 1), points=5)
    assert "<td>NaN</td>" in page.table.value
    assert "nan" in page.csv.value
    panel.close()


def test_tensors_stand_side_by_side_in_their_own_shapes():
    panel, page = opened("values", "x = torch.arange(6.0).reshape(2, 3).requires_grad_()\ny = x ** 2")
    assert page.table.value.count("<table") == 4
    assert "2×3" in page.table.value
    assert len(page.csv.value.splitlines()) == 7
    panel.close()


def test_the_colour_of_a_value_follows_its_sign_and_size():
    assert "213,94,0,0.450" in coloured(1.0)
    assert "0,114,178,0.225" in coloured(-0.5)


def test_a_label_with_a_comma_is_quoted():
    assert csv(["f(a,b)"], [np.array([1.0])]) == '"f(a,b)"\n1.0\n'


def test_the_code_page_follows_the_state():
    panel, page = opened("code", "a * x", a=(0, 3))
    panel.state = replace(panel.state, params={"a": 2.5}, order=1)
    assert page.line.value == "%%grad a=0:3@2.5 --order 1\na * x"
    assert "a = 2.5\n" in page.ours.value
    assert "import torch\n" in page.torch.value
    assert "d2ydx2" not in page.torch.value
    panel.close()
