"""The Graph page, without a front end."""

from dataclasses import replace

import gradmagic


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


def test_the_rule_of_a_node_is_shown_as_it_is_written():
    panel, page = opened("sin(x)")
    assert "sin = elementwise(np.sin" in page.rule.value
    panel.close()


def test_closing_the_panel_leaves_none_of_the_pages_widgets():
    from ipywidgets.widgets.widget import _instances

    before = set(_instances)
    panel, _ = opened("sin(x)")
    panel.pages.bar.value = "curves"
    panel.close()
    assert set(_instances) <= before
