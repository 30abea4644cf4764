"""The page that shows what grad_outputs is."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest

import gradmagic
from gradmagic import explore
from gradmagic.panel import Panel
from gradmagic.panel.jacobian_page import JacobianPage
from gradmagic.plot.matrix import matrix_png

CUMSUM = "x = torch.linspace(2., 9., 8, requires_grad=True)\ny = torch.cumsum(torch.sin(x), 0)"


def opened(text: str, **given: Any) -> tuple[Panel, JacobianPage]:
    panel: Panel = explore(text, **given)  # type: ignore[operator]
    panel.state = replace(panel.state, look=replace(panel.state.look, tab="jacobian"))
    page = panel.pages._made["jacobian"]
    assert isinstance(page, JacobianPage)
    return panel, page


def test_the_page_is_there_only_where_it_means_something() -> None:
    curve: Panel = explore("sin(x)")  # type: ignore[operator]
    assert "jacobian" not in [value for _, value in curve.pages.bar.options]
    curve.state = replace(curve.state, look=replace(curve.state.look, tab="jacobian"))
    assert curve.pages.opened == "curves"
    assert "jacobian" in [value for _, value in opened(CUMSUM)[0].pages.bar.options]


def test_weights_to_the_left_and_the_product_below() -> None:
    _, page = opened(CUMSUM, weights="onehot:5")
    table = page.table.value
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in re.findall(r"<tr.*?</tr>", table)]
    assert len(rows) == 1 + 8 + 1
    cosines = [f"{float(f'{c:.3g}'):.5g}".replace("-", "−") for c in np.cos(np.linspace(2, 9, 8))]
    assert rows[6] == ["1", "×", *cosines[:6], "0", "0"]
    assert rows[-1] == ["=", *cosines[:6], "0", "0"]
    assert table.count('class="gm-picked"') == 1
    assert "pick the row of y[5]" in page.said.value
    assert "y with 8 elements? torch refuses" in page.said.value
    assert "one-hot</th><td>picks one row: the derivative of one element of y ◀ chosen" in page.said.value


def test_the_chooser_acts_at_once_on_page_panel_and_ledger() -> None:
    panel, page = opened(CUMSUM)
    known = page._known
    page.weights.kind.value = "onehot"
    assert panel.state.weights == "onehot:0"
    assert panel.controls.weights.spec == "onehot:0"
    assert "onehot(0)" in panel.ledger[0].source
    page.weights.field.value = "7"
    assert panel.state.weights == "onehot:7"
    assert "pick the row of y[7]" in page.said.value
    assert page._known is known  # the table itself is not made again


def test_many_elements_are_a_picture_with_words() -> None:
    _, page = opened("torch.cumsum(x, 0)", weights="onehot:3", points=101)
    pictures = re.findall(r'<img alt="([^"]*)" src="data:image/png;base64,([^"]*)"', page.table.value)
    assert [alt.partition(":")[0] for alt, _ in pictures[::2]] == ["weights", "the product"]
    assert "101 rows and 101 columns" in pictures[1][0]
    image = pytest.importorskip("PIL.Image")
    sizes = [image.open(BytesIO(base64.b64decode(data))).size for _, data in pictures]
    assert sizes == [(1, 101), (101, 101), (101, 1)]
    assert "<span>y[0]</span><span>y[100]</span>" in page.table.value


def test_flattened_axes_have_indices_and_names_are_escaped() -> None:
    _, page = opened("x = torch.rand(2, 3, requires_grad=True)\ny = x.sum(0)")
    assert "x[1,2]" in page.table.value
    assert "y[2]" in page.table.value


def test_one_number_needs_no_weights() -> None:
    _, page = opened("x = torch.rand(3, requires_grad=True)\ny = (x**2).sum()")
    assert "may leave the weight out" in page.said.value
    assert "gm-picked" not in page.table.value.partition("</style>")[2]


def test_why_there_is_no_table_is_said() -> None:
    _, page = opened("torch.cumsum(x, 0)", points=1001)
    assert "too many to be looked at" in page.table.value


def test_a_picture_has_the_colours_of_its_numbers() -> None:
    image = pytest.importorskip("PIL.Image")
    values = np.array([[-1.0, 0.0], [1.0, np.nan]])
    found = np.asarray(image.open(BytesIO(matrix_png(values, 1.0))).convert("RGB"))
    assert found.tolist() == [[[0, 114, 178], [250, 250, 250]], [[213, 94, 0], [150, 150, 150]]]


def test_tables_of_tensors_are_coloured_by_value() -> None:
    panel: Panel = explore("x = torch.tensor([-2., 1.], requires_grad=True)\ny = x**3")  # type: ignore[operator]
    assert '<td style="background:rgba(0,114,178,0.450)">−2</td>' in panel.words.tables.value


def test_the_range_of_a_table_is_said_with_the_minus_of_its_numbers() -> None:
    panel, page = opened("x = torch.ones(3, requires_grad=True)\ny = -torch.cumsum(x, 0)")
    assert "values from −1 to 0" in page.said.value
    panel.close()


def test_closing_reaches_the_page() -> None:
    panel, page = opened(CUMSUM)
    panel.close()
    assert page.weights.kind.comm is None


def test_of_several_outputs_the_first_that_is_worth_it_is_shown_and_another_can_be_chosen() -> None:
    panel, page = opened("x**2, torch.cumsum(x, 0), 3 * x", points=5)
    assert [name for name, _ in page.output.list.options] == ["y1", "y2", "y3"]
    assert page.output.list.layout.display is None
    assert "∂y2/∂x" in page.table.value
    page.output.list.value = 2
    assert "∂y3/∂x" in page.table.value
    assert "a diagonal" in page.said.value
    panel.close()


def test_a_single_output_is_no_choice() -> None:
    assert opened(CUMSUM)[1].output.list.layout.display == "none"


def test_the_weights_name_what_they_weigh():
    panel = gradmagic.explore("z = torch.cumsum(x, 0)", of="z", points=4)
    panel.pages.bar.value = "jacobian"
    page = panel.pages._made["jacobian"]
    assert page.weights.kind.description == "each z gets"
    assert ("one-hot: picks one z", "onehot") in page.weights.kind.options
    page.weights.kind.value = "onehot"
    assert panel.state.weights == "onehot:0"
    assert page.weights.kind.value == "onehot"
    panel.close()
