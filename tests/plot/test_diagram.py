"""Graphs as SVG, and the layout that places their boxes."""

import itertools
import random
from xml.etree import ElementTree as ET

import pytest

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.story import Box, Graph, story
from gradmagic.plot.diagram import diagram
from gradmagic.plot.folding import MOST, NEAR, folded
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
    before, after = (diagram(found.graphs[0], moment.freed).svg for moment in (found.moments[0], found.moments[-1]))
    assert "dasharray" not in before
    assert after.count("freed by call 1</text>") == 2
    assert "saves self, other · 6.4\N{NO-BREAK SPACE}kB" in before


def test_a_step_says_the_gradient_on_each_of_its_arrows():
    found = told("x * exp(x)", x=(0, 2))
    step = found.moments[1].steps[0]
    svg = diagram(found.graphs[0], {}, step, place=400).svg
    assert f">{7.389:.4g}</text>" in svg
    assert ">2</text>" in svg
    heads = {marker.get("id"): marker[0].get("style") for marker in ET.fromstring(svg).iter(f"{SVG}marker")}
    for line in ET.fromstring(svg).iter(f"{SVG}path"):
        if "marker-end" in line.attrib:
            colour = dict(part.split(":", 1) for part in line.get("style").split(";"))["stroke"]
            assert heads[line.get("marker-end")[5:-1]] == f"fill:{colour}"


def test_the_drawing_is_valid_xml_and_says_in_words_what_it_shows():
    root = ET.fromstring(diagram(told("a * sin(x)", a=(0, 2)).graphs[0], {}).svg)
    assert root.find(f"{SVG}title").text == "The backward graph of y"
    assert "leaves: x" in root.find(f"{SVG}desc").text


def test_what_the_user_wrote_is_escaped():
    graph = Graph("<y>", (Box(1, "output", "<y>", (), heads=(2,)), Box(2, "leaf", "&x", ())))
    assert "<y>" not in diagram(graph, {}).svg
    ET.fromstring(diagram(graph, {}).svg)


LARGE = {
    "a chain": "y = x\nfor i in range(300):\n    y = sin(y) * 1.01",
    "a fork": "parts = [sin(k * x) for k in range(1, 200)]\ny = sum(parts)",
    "a recurrence": "h = x * 0\nfor i in range(30):\n    u = 0.5 * x * cos(h)\n    h = tanh(0.9 * h + u)\ny = h",
    "many lines": "y = x\n" + "\n".join(f"y = sin(y) + {i}.0 * x" for i in range(1, 80)),
    "many leaves": "w = [torch.ones(1, requires_grad=True) for _ in range(90)]\ny = x * sum(w)",
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_graph_that_is_too_large_is_drawn_around_a_node_and_the_rest_in_groups(text, share):
    for graph in told(text, of="y", order=1).graphs:
        nodes = [box for box in graph.boxes if box.kind == "node"]
        focus = nodes[round(share * (len(nodes) - 1))]
        found = folded(graph, focus.key)
        boxes = found.graph.boxes
        assert len(boxes) < MOST < len(graph.boxes)
        assert sum(box.kind == "node" for box in boxes) >= NEAR
        assert any(box.key == focus.key for box in boxes)
        shown = [one.key for box in boxes for one in found.members.get(box.key, (box,))]
        assert sorted(shown) == sorted(box.key for box in graph.boxes), "every box is somewhere, and in one place"
        place = {box.key: i for i, box in enumerate(boxes)}
        assert all(place[box.key] < place[head] for box in boxes for head in box.heads), "no way leads back"
        root = ET.fromstring(diagram(graph, {}, chosen=focus.key).svg)
        assert "of them are drawn one by one" in root.find(f"{SVG}desc").text
        assert len(root.findall(f".//{SVG}g[@class='gm-marked']")) == 1


def test_a_graph_of_up_to_sixty_boxes_is_drawn_as_it_is():
    graph = told("y = x\nfor i in range(29):\n    y = sin(y) * 1.01").graphs[0]
    assert len(graph.boxes) == MOST
    assert folded(graph).graph is graph
    assert "one by one" not in diagram(graph, {}).svg


def test_a_group_says_what_it_is_of_and_a_click_on_it_goes_to_its_nearest_node():
    graph = told(LARGE["a chain"], order=1).graphs[0]
    nodes = [box for box in graph.boxes if box.kind == "node"]
    svg = diagram(graph, dict.fromkeys((box.key for box in nodes[:100]), 0), chosen=nodes[300].key).svg
    assert "293 nodes of line 3, 100 freed</text>" in svg
    assert "147 Mul, 146 Sin" in svg
    assert 'data-node="292"' in svg  # the last of those before
    assert 'data-node="307"' in svg  # the first of those after


def test_the_gradient_that_goes_into_a_group_stands_on_its_arrow():
    found = told(LARGE["a chain"], order=1, x=(0.5, 0.6))
    step = next(one for one in found.moments[1].steps if one.key == found.graphs[0].boxes[1].key)
    last_drawn = found.moments[1].steps[NEAR // 2]
    for one in (step, last_drawn):
        assert diagram(found.graphs[0], {}, one, place=0).svg.count("stroke:#d55e00;stroke-width:2.2") == 1
