"""The Graph page, without a front end."""

import re
from dataclasses import replace

import gradmagic
from gradmagic import torch


def opened(text, **given):
    panel = gradmagic.explore(text, **given)
    panel.state = replace(panel.state, look=replace(panel.state.look, tab="graph"))
    return panel, panel.pages._made["graph"]


def test_the_page_is_made_when_it_is_first_opened():
    panel = gradmagic.explore("x ** 2")
    assert not panel.pages._made
    panel.pages.bar.value = "graph"
    assert "PowBackward0" in panel.pages._made["graph"].picture.value
    panel.close()


def test_stepping_follows_the_walk_into_the_graph_that_it_goes_through():
    panel, page = opened("x * exp(x)")
    assert page.moment.value == 2
    page.which.value = 0
    page.moment.value = 2
    page.step.value = 1
    assert page._story.graphs[page.which.value].label == "dy/dx"
    assert "receives 1" in page.said.value
    panel.close()


def test_a_choice_in_the_matrix_is_carried_out():
    panel, page = opened("x * exp(x)")
    text, button = page.matrix.cells[None, False]
    assert "no 2nd derivative" in text.value
    button.click()
    assert panel.state.create_graph is False
    assert panel.derivatives[1].values is None
    assert "gm-now" in page.matrix.cells[None, False][0].value
    assert button.disabled
    panel.close()


def test_the_rule_of_a_node_is_shown_as_mathematics_and_after_it_as_code():
    panel, page = opened("sin(x)")
    formula, code = page.rule.value.split("<details>")
    assert "dy/dx = cos(x). It passes on g · cos(x)." in formula
    assert "saved x" in formula
    assert "sin = elementwise(np.sin" in code
    panel.close()


def test_the_rule_is_that_of_the_node_whose_turn_it_is():
    panel, page = opened("exp(sin(x))", order=1)
    page.which.value = 0
    page.step.value = 2
    assert "SinBackward0" in page.said.value
    assert "y = sin(x)" in page.rule.value
    panel.close()


def test_a_node_whose_saved_value_was_overwritten_is_marked_with_the_line():
    panel, page = opened("u = x.exp()\ny = u * u\nu.add_(1.)", of="y")
    assert page.picture.value.count("✗ ") == 2
    assert "✗ result overwritten by line 3" in page.picture.value
    assert "Refused at MulBackward0: self overwritten by line 3" in page.picture.value
    assert "a was overwritten by line 3" in page.rule.value
    panel.close()


def test_the_switches_are_tried_on_the_output_that_is_chosen():
    panel, page = opened("x**2, 3 * x", points=5)
    assert [name for name, _ in page.output.list.options] == ["y1", "y2"]
    assert "dy1/dx" in page.matrix.cells[None, True][0].value
    page.output.list.value = 1
    assert "dy2/dx" in page.matrix.cells[None, True][0].value
    assert "dy2/dx is constant" in page.matrix.cells[True, True][0].value
    panel.close()


def test_a_large_graph_has_the_width_of_the_page_and_is_not_made_too_small():
    panel, page = opened("exp(sin(x) * x) / (1 + x**2)")
    page.which.value = len(page.which.options) - 1
    assert page.box.layout.flex == "1 1 100%"
    width, least = (float(re.search(f"{word}(\\d+)", page.picture.value)[1]) for word in ('width="', "min-width:"))
    assert least >= 0.7 * width
    page.which.value = 0
    assert page.box.layout.flex != "1 1 100%"
    panel.close()


def test_the_drawing_of_a_long_recurrence_goes_where_a_node_is_chosen_and_says_what_it_leaves_out():
    panel, page = opened("h = x * 0\nfor i in range(100):\n    h = tanh(0.9 * h + 0.5 * x * cos(h))\ny = h", order=1)
    page.which.value = 0
    assert "of 601 nodes are drawn one by one" in page.picture.value
    assert "nodes of line 3" in page.picture.value
    page.node.value = page.node.options[300][1]
    marked = re.search(r'data-node="(\d+)" class="gm-marked"', page.picture.value)
    assert marked[1] == "300"
    page.step.value = 200
    assert "Step 200 of 601" in page.said.value
    assert "#d55e00" in page.picture.value
    page.node.value = page.node.options[-1][1]
    assert "#d55e00" not in page.picture.value, "it is far from the node whose turn it is"
    panel.close()


def test_a_narrow_drawing_stands_beside_what_chooses_it_however_long_it_is():
    panel, page = opened("y = x\nfor i in range(29):\n    y = sin(y) * 1.01", order=1)
    assert page.box.layout.flex != "1 1 100%"
    panel.close()


def test_a_saved_number_is_told_without_a_shape():
    panel, page = opened("3 * x", order=1)
    assert "It saved b (torch’s other)." in page.rule.value
    panel.close()


def test_what_a_node_saved_has_the_letter_that_its_formula_calls_it_by():
    panel, page = opened("x = torch.ones(2, 2, requires_grad=True)\ny = torch.exp(x) @ torch.sin(x)")
    page.node.value = next(key for name, key in page.node.options if name.startswith("Mm"))
    assert "y = a · b" in page.rule.value
    assert "a (torch’s self) (2, 2), b (torch’s mat2) (2, 2)" in page.rule.value
    panel.close()


def test_a_cell_that_draws_random_numbers_is_told_with_those_that_are_drawn_and_the_users_stream_goes_on():
    panel = gradmagic.explore("y = x * torch.rand(1)", of="y", order=1)
    torch.manual_seed(5)
    expected = torch.rand(2).tolist()
    torch.manual_seed(5)
    panel.pages.bar.value = "graph"
    assert torch.rand(2).tolist() == expected
    ((_, passed),) = panel.pages._made["graph"]._story.moments[1].steps[0].passed
    assert passed[0] == panel.derivatives[0].values[0]
    panel.close()


def test_closing_the_panel_leaves_none_of_the_pages_widgets():
    from ipywidgets.widgets.widget import _instances

    before = set(_instances)
    panel, _ = opened("sin(x)")
    panel.pages.bar.value = "curves"
    panel.close()
    assert set(_instances) <= before
