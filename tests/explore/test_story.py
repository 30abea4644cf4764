"""The story of a run: graphs, freed nodes, gradients on their way, in-place writes, and the six settings."""

from dataclasses import replace

import numpy as np
import pytest

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.program import Program
from gradmagic.explore.request import Request
from gradmagic.explore.rows import row_named, row_of
from gradmagic.explore.state import State
from gradmagic.explore.story import story
from gradmagic.explore.switches import outcomes

DOUBLE_WRITE = """
x = torch.tensor([1.0, 2.0], requires_grad=True)
z = x * 1
a = z.exp()
z[0] = 3.0
y = a * z
"""


def told(text, **given):
    explorer = Explorer(*request_from(text, **given))
    return story(explorer.program, explorer.state, explorer.namespace)


def test_the_graph_of_y_has_its_nodes_its_leaf_and_what_they_save():
    (graph, *_) = told("x * exp(x)").graphs
    assert [(box.kind, box.name) for box in graph.boxes] == [
        ("output", "y"), ("node", "MulBackward0"), ("node", "ExpBackward0"), ("leaf", "x"),
    ]  # fmt: skip
    assert [[saved.name for saved in box.saved] for box in graph.boxes[1:3]] == [["self", "other"], ["result"]]
    assert graph.boxes[2].saved[0].nbytes == 401 * 8


def test_every_arrow_leads_to_a_later_box():
    for graph in told("sin(x) * exp(-x**2 / 8)", order=3).graphs:
        place = {box.key: i for i, box in enumerate(graph.boxes)}
        assert all(place[head] > place[box.key] for box in graph.boxes for head in box.heads)


def test_a_call_frees_what_it_walked_through_and_saved_something():
    moments = told("x * exp(x)", create_graph=False).moments
    names = {step.key: step.name for step in moments[1].steps}
    assert moments[0].freed == {}
    assert sorted(names[key] for key in moments[1].freed) == ["ExpBackward0", "MulBackward0"]


def test_the_gradients_of_the_walk_add_up_to_the_derivative():
    moment = told("x * exp(x)", x=(0, 1)).moments[1]
    arrived = sum(g for step in moment.steps for head, g in step.passed if head not in {s.key for s in moment.steps})
    x = np.linspace(0, 1, 401)
    np.testing.assert_allclose(arrived, (1 + x) * np.exp(x))


def test_nodes_know_the_line_that_made_them():
    (graph, *_) = told(DOUBLE_WRITE).graphs
    assert {box.name: box.line for box in graph.boxes if box.kind == "node"} == {
        "MulBackward0": 3, "ExpBackward0": 4, "CopySlices": 5,
    } | {"MulBackward0": graph.boxes[-2].line}  # fmt: skip
    assert [box.line for box in graph.boxes if box.name == "MulBackward0"] == [6, 3]


def test_a_write_after_a_save_is_told_with_its_versions_and_lines():
    text = DOUBLE_WRITE + "a[0] = 1.0\ny = y * 1\n"
    explorer = Explorer(*request_from("x ** 2"))
    program = replace(explorer.program)
    request, names = request_from(text)
    program = type(program).of(request, names)
    found = story(program, explorer.state, names)
    stale = {line.name: line for line in found.timelines}["a"]
    assert stale.stale
    assert [(event.kind, event.line, event.version) for event in stale.events] == [
        ("saved", 4, 0), ("saved", 6, 0), ("written", 7, 1),
    ]  # fmt: skip


def test_the_cells_own_results_have_their_own_names():
    found = told("y = x ** 3\nslope, = grad(y, x, torch.ones_like(y), create_graph=True)")
    assert "slope" in [graph.label for graph in found.graphs]


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("x * exp(x)", [False, True, False, False, False, True]),
        ("x ** 3", [False, True, False, True, False, True]),
        ("2 * x", [False, True, False, True, False, True]),
    ],
)
def test_the_six_settings_are_tried_on_the_users_own_y(text, possible):
    explorer = Explorer(*request_from(text))
    found = outcomes(explorer.program, explorer.state, explorer.namespace)
    assert [outcome.second for outcome in found] == possible
    assert all(outcome.why for outcome in found if not outcome.second)


def test_every_node_of_a_graph_finds_its_row():
    assert row_named("sin")
    nodes = [box for graph in told("sin(x) * exp(-x**2 / 8)").graphs for box in graph.boxes if box.kind == "node"]
    known = ("add =", "mul =", "sin =", "cos =", "neg =", "exp =", "div =", "pow_scalar =")
    assert all(box.rule.startswith(known) for box in nodes)


def test_a_custom_function_says_that_its_rule_is_its_own():
    from gradmagic import torch

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(_, x):
            return x * 2

        @staticmethod
        def backward(_, g):
            return g * 2

    assert "custom" in row_of(Double.apply(torch.ones(1, requires_grad=True)).grad_fn)


def test_of_two_inputs_each_has_its_name_in_the_graph_and_in_the_switches():
    explorer = Explorer(*request_from("x**2 * y", x=(-1, 1), y=(-1, 1)))
    graphs = story(explorer.program, explorer.state, explorer.namespace).graphs
    leaves = {box.name for graph in graphs for box in graph.boxes if box.kind == "leaf"}
    assert {"x", "y"} <= leaves
    assert "a leaf" not in leaves
    found = outcomes(explorer.program, explorer.state, explorer.namespace)
    assert {outcome.label for outcome in found} == {f"∂{explorer.program.y_label}/∂x"}


def test_a_call_that_was_refused_freed_nothing():
    explorer = Explorer(*request_from("h = exp(x)\ny = h * x\nh += 1"))
    found = outcomes(explorer.program, explorer.state, explorer.namespace)
    assert not any(outcome.ran for outcome in found)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("w = x.exp()\nz = w * w\nw.add_(1)\ng, = torch.autograd.grad(z, x, torch.ones_like(z))", "z"),
        ("w = x.exp()\nw2 = w * w\nw.add_(1)\ng, = torch.autograd.grad(w2.sum() + 1, x)\nz = w", "w2.sum() + 1"),
        ("s = (x ** 2).sum()\ns.backward()\n(2 * s).backward()\nz = s", "s"),
    ],
)
def test_a_refused_cells_graph_has_the_names_that_the_cell_gives(text, label):
    program = Program.of(Request(text, of="z"), {})
    graph = story(program, State.initial(program.request, program), {}).graphs[0]
    assert graph.label == label
    assert [box.name for box in graph.boxes if box.kind == "leaf"] == ["x"]
