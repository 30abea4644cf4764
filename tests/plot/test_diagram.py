"""Graphs as SVG, and the layout that places their boxes."""

import itertools
import random
from xml.etree import ElementTree as ET

import pytest

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.story import Box, Graph, story
from gradmagic.plot.diagram import MOST, diagram, summarised
from gradmagic.plot.layers import laid_out

SVG = "{http://www.w3.org/2000/svg}"


def told(text, **given):
    explorer = Explorer(*request_from(text, **given))
    return story(explorer.program, explorer.state, explorer.namespace)


@pytest.mark.parametrize("seed", range(20))
def test_no_two_boxes_overlap_and_arrows_lead_upwards(seed):
    chance = random.Random(seed)
    count = chance.randrange(2, 40)
    widths = {i: chance.uniform(20, 120) for i in range(count)}
    heads = {i: sorted({chance.randrange(i + 1, count) for _ in range(2)}) for i in range(count - 1)}
    laid = laid_out(widths, heads)
    assert all(laid.places[a].layer < laid.places[b].layer for a in heads for b in heads[a]), f"seed {seed}"
    rows = {}
    for box, place in laid.places.items():
        rows.setdefault(place.layer, []).append((place.x, widths[box]))
    for row in rows.values():
        row.sort()
        assert all(b - a >= (wa + wb) / 2 - 1e-6 for (a, wa), (b, wb) in itertools.pairwise(row)), f"seed {seed}"
    assert all(place.x - widths[box] / 2 >= -1e-6 for box, place in laid.places.items())
    assert all(place.x + widths[box] / 2 <= laid.width + 1e-6 for box, place in laid.places.items())


def test_a_freed_node_is_dashed_and_says_who_freed_it():
    found = told("x * exp(x)", create_graph=False)
    before, after = (diagram(found.graphs[0], moment.freed) for moment in (found.moments[0], found.moments[-1]))
    assert "dasharray" not in before
    assert after.count("freed by call 1</text>") == 2
    assert "saves self, other · 6.4 kB" in before


def test_a_step_says_the_gradient_on_each_of_its_arrows():
    found = told("x * exp(x)", x=(0, 2))
    step = found.moments[1].steps[0]
    svg = diagram(found.graphs[0], {}, step, place=400)
    assert f">{7.389:.4g}</text>" in svg
    assert ">2</text>" in svg


def test_the_drawing_is_valid_xml_and_says_in_words_what_it_shows():
    root = ET.fromstring(diagram(told("a * sin(x)", a=(0, 2)).graphs[0], {}))
    assert root.find(f"{SVG}title").text == "The backward graph of y"
    assert "leaves: x" in root.find(f"{SVG}desc").text


def test_what_the_user_wrote_is_escaped():
    graph = Graph("<y>", (Box(1, "output", "<y>", (), heads=(2,)), Box(2, "leaf", "&x", ())))
    assert "<y>" not in diagram(graph, {})
    ET.fromstring(diagram(graph, {}))


@pytest.mark.parametrize("length", [10, 200])
def test_a_graph_that_is_too_large_is_summarised_and_says_so(length):
    text = f"y = x\nfor i in range({length}):\n    y = sin(y) + cos(y) if i % 2 else exp(-y)"
    graph = told(text, order=1).graphs[0]
    drawn, hidden = summarised(graph)
    assert len(drawn.boxes) <= MOST
    assert (hidden > 0) == (len(graph.boxes) > MOST)
    root = ET.fromstring(diagram(graph, {}))
    assert ("not drawn one by one" in root.find(f"{SVG}desc").text) == (hidden > 0)
