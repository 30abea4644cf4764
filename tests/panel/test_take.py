"""What can be taken away, going back and forth, and the state as traits."""

import base64
import re
import struct
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from traitlets import Float, HasTraits, TraitError, link

import gradmagic
from gradmagic.explore.request import GradUsageError
from gradmagic.explore.state import State
from gradmagic.panel.exports import EXPORTS
from gradmagic.panel.take import History


@pytest.fixture
def panel():
    panel = gradmagic.explore("a * sin(x)", x=(-6, 6, 1.5), a=(0, 3, 2))
    yield panel
    panel.close()


def test_each_kind_of_file_is_what_its_suffix_says(panel, tmp_path):
    files = {kind: panel.save(tmp_path / f"curve.{kind}").read_bytes() for kind in EXPORTS}
    assert ET.fromstring(files["svg"]).tag.endswith("svg")
    assert struct.unpack(">II", files["png"][16:24]) == tuple(2 * n for n in panel._frame.size)
    read = np.genfromtxt(files["csv"].decode().splitlines(), delimiter=",", skip_header=1)
    np.testing.assert_array_equal(read[:, 1], panel.y)
    names = {}
    exec(files["py"].decode().replace("print(", "(lambda *_: None)("), names)
    np.testing.assert_allclose(names["d2ydx2"].detach().numpy(), panel.derivatives[1].values)


def test_equal_states_give_equal_files(panel, tmp_path):
    for kind in EXPORTS:
        one, other = (panel.save(tmp_path / f"{n}.{kind}").read_bytes() for n in (1, 2))
        assert one == other, kind


def test_a_drawing_says_what_is_drawn_for_those_who_do_not_see_it(panel, tmp_path):
    root = ET.fromstring(panel.save(tmp_path / "curve.svg").read_bytes())
    said = {child.get("id"): child.text for child in root if child.get("id", "").startswith("gm-")}
    assert said["gm-title"] == "y, dy/dx, d²y/dx² for x from −6 to 6"
    assert "At x = 1.5: y = 1.99499" in said["gm-desc"]
    assert (root.get("aria-labelledby"), root.get("aria-describedby")) == ("gm-title", "gm-desc")


def test_the_page_asks_nothing_of_a_network_or_a_kernel(panel, tmp_path):
    text = panel.save(tmp_path / "page.html").read_text()
    assert not re.search(r"<(script|link|img)\b", text)
    assert "%%grad x=-6:6@1.5 a=0:3@2" in text
    assert "y, dy/dx, d²y/dx² for x from −6 to 6" in text
    assert "grad_fn=&lt;MulBackward0&gt;" in text


def test_another_suffix_is_refused_in_words(panel, tmp_path):
    with pytest.raises(GradUsageError, match=r"cannot save 'a.gif': its name must end in one of .svg, .png"):
        panel.save(tmp_path / "a.gif")


def test_a_button_makes_the_link_and_the_next_state_takes_it_away(panel):
    panel.controls.take_away.buttons["csv"].click()
    (data,) = re.findall(r'download="y.csv" href="data:text/csv;base64,([^"]*)"', panel.controls.take_away.link.value)
    assert base64.b64decode(data).startswith(b"x,y,dy/dx")
    panel.state = replace(panel.state, x0=2.0)
    assert panel.controls.take_away.link.value == ""


def test_a_second_press_is_a_file_again(panel):
    take, said = panel.controls.take_away, []
    take.link.observe(lambda change: said.append(bool(change["new"])), "value")
    take.buttons["csv"].click()
    take.buttons["csv"].click()
    assert said == [True, False, True]


def test_undo_goes_back_over_each_state_that_the_panel_rested_in(panel):
    for a in (1.0, 2.5):
        panel.state = replace(panel.state, params={"a": a})
    panel.undo.back.click()
    assert panel.state.params["a"] == 1.0
    assert panel.controls.params["a"].slider.value == pytest.approx(1.0)
    panel.undo.back.click()
    assert panel.state.params["a"] == 2.0
    assert panel.undo.back.disabled
    panel.undo.forth.click()
    assert panel.state.params["a"] == 1.0
    panel.state = replace(panel.state, x0=0.0)
    assert panel.undo.forth.disabled


def test_opening_a_page_is_no_step_to_undo():
    history = History(State({}, 0.0))
    state = State({}, 0.0)
    history.note(replace(state, look=replace(state.look, tab="graph")))
    assert history.back is None


def test_another_widget_can_be_linked_to_a_parameter(panel):
    class Other(HasTraits):
        value = Float(2.0)

    other = Other()
    link((panel.linked, "a"), (other, "value"))
    other.value = 3.0
    assert panel.state.params["a"] == 3.0
    panel.state = replace(panel.state, params={"a": 1.25})
    assert other.value == 1.25
    assert panel.linked.at_x0[0] == pytest.approx(1.25 * np.sin(1.5))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weights", "import os"), ("retain_graph", "banana"), ("order", 40), ("order", 0), ("a", float("nan")),
        ("x0", float("inf")), ("create_graph", "no"),
    ],
)  # fmt: skip
def test_a_trait_that_no_control_can_say_is_refused_and_nothing_has_moved(panel, name, value):
    before, linked = panel.state, panel.linked
    kept = getattr(linked, name)
    with pytest.raises((TraitError, GradUsageError)):
        setattr(linked, name, value)
    assert panel.state == before
    assert getattr(linked, name) == kept
    linked.a = 2.5
    assert panel.state.params["a"] == 2.5
    assert linked.at_x0[0] == pytest.approx(panel.curves.at_x0[0])
    assert panel.words.problem.value == ""


def test_an_order_that_a_map_has_not_is_refused_too():
    panel = gradmagic.explore("x * y", wrt="x,y")
    with pytest.raises(TraitError):
        panel.linked.order = 5
    assert panel.state.order == panel.linked.order == 2
    panel.linked.x0 = 1.0
    assert panel.state.x0 == 1.0
    panel.close()


def test_what_links_move_is_drawn_once(panel):
    _ = panel.linked
    before = panel.renders
    panel.linked.x0 = 2.0
    assert panel.renders == before + 1


def test_the_check_stands_in_the_panel_until_the_next_state(panel):
    panel.controls.check.button.click()
    assert "dy/dx agrees with central differences" in panel.controls.check.found.value
    panel.state = replace(panel.state, x0=0.5)
    assert panel.controls.check.found.value == ""


def test_check_as_an_option_checks_every_state():
    panel = gradmagic.explore("x.detach() * x", check=True)
    assert "✗" in panel.controls.check.found.value
    panel.state = replace(panel.state, x0=0.5)
    assert "✗" in panel.controls.check.found.value
    panel.close()


def test_the_verdict_of_a_check_that_the_cell_asks_for_stands_in_its_stored_output_too():
    """A notebook's text is compared strictly: no figure that differs from machine to machine, and no PyTorch."""
    panel = gradmagic.explore("sin(x) * x", check=True)
    forms = panel._repr_mimebundle_()
    for form in (repr(panel), forms["text/plain"], forms["text/html"]):
        assert "✓ dy/dx agrees with central differences" in form
        assert "✓ d²y/dx² agrees with central differences" in form
        assert "of its size" not in form
        assert "PyTorch" not in form
    panel.state = replace(panel.state, x0=0.5)
    assert "✓ dy/dx agrees" in repr(panel)
    panel.close()


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        ("x.detach() * x", {}, "✗ dy/dx is not what central differences say"),
        ("x * y", {"wrt": "x,y", "x": (-2, 2), "y": (-2, 2)}, "✓ ∂z/∂x agrees with central differences"),
    ],
)
def test_a_verdict_says_what_is_wrong_and_is_there_for_maps(text, given, said):
    panel = gradmagic.explore(text, check=True, **given)
    assert said in repr(panel)
    assert said in panel._repr_mimebundle_()["text/html"]
    panel.close()


def test_without_the_option_no_verdict_is_stored(panel):
    panel.controls.check.button.click()
    assert "agrees" not in repr(panel)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("-abs(x)", {"x": (-2, 2)}),
        ("-x * y", {"wrt": "x,y", "x": (-2, 2), "y": (-2, 2)}),
        ("x = torch.tensor([-1.0, 2.0], requires_grad=True)\ny = 3 * x", {}),
    ],
)
def test_a_negative_number_has_a_minus_in_every_text_alternative(text, given):
    panel = gradmagic.explore(text, **given)
    live = panel.image.tooltip
    assert "−" in live
    assert f'alt="{live}"' in panel._repr_mimebundle_()["text/html"]
    for kind in ("svg", "html"):
        assert f'<desc id="gm-desc">{live}</desc>' in panel.file(kind).data.decode()
    assert f"<p>{live}</p>" in panel.file("html").data.decode()
    for data in (panel._repr_mimebundle_()["text/html"], panel.file("html").data.decode()):
        assert not re.search(r"<t[dh][^>]*>-\d", data)
    panel.close()
