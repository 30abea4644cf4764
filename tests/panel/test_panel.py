"""The panel: controls lead to states, states to pictures, errors to words; and nothing is left behind."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import ipywidgets as w
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from gradmagic.explore.request import Request
from gradmagic.panel import Panel, show
from gradmagic.panel.coalesce import Extent
from gradmagic.panel.registry import Place
from gradmagic.panel.tree import widgets_of
from gradmagic.plot import Frame


@pytest.fixture
def other(panel: Panel) -> Iterator[Panel]:
    """A second panel, in the state of the first."""
    made: Any = type(panel.explorer)()
    second = Panel(made)
    second.state = panel.state
    yield second
    second.close()


def text_of(widget: Any) -> str:
    return str(widget.value)


def test_a_slider_leads_to_a_state_and_a_picture(panel: Panel) -> None:
    before = panel.image.value
    panel.controls.params["a"].slider.value = 2.0
    assert panel.state.params == {"a": 2.0, "b": 1.2}
    assert float(panel.controls.params["a"].typed.value) == 2.0
    assert panel.image.value != before
    assert bytes(panel.image.value).startswith(b"\x89PNG")
    assert panel.y is not None
    assert np.max(panel.y) == pytest.approx(2.0, rel=1e-2)


def test_a_typed_number_moves_the_slider_and_widens_it(panel: Panel) -> None:
    panel.controls.params["a"].typed.value = "7.25"
    assert panel.state.params["a"] == panel.controls.params["a"].slider.value == 7.25
    assert panel.controls.params["a"].slider.max == 7.25


def test_the_point_stays_in_the_range_of_x(panel: Panel) -> None:
    assert panel.controls.x0 is not None
    panel.controls.x0.typed.value = "99"
    assert panel.state.x0 == panel.controls.x0.slider.value == float(panel.controls.x0.typed.value) == 6.0


def test_buttons_step_on_a_round_grid(panel: Panel) -> None:
    number = panel.controls.params["a"]
    start = number.value
    for _ in range(3):
        number.up.click()
    assert number.value == pytest.approx(start + 30 * number.step)
    number.down.click()
    assert panel.state.params["a"] == number.slider.value == pytest.approx(start + 20 * number.step)


def test_every_control_has_a_name(panel: Panel) -> None:
    for widget in widgets_of(panel.controls.box):
        if isinstance(widget, w.FloatSlider | w.Button | w.Dropdown | w.Text | w.ToggleButtons):
            assert widget.description


def test_create_graph_off_says_why_and_offers_the_cure(panel: Panel) -> None:
    panel.controls.options.switches["create_graph"].choose(False)
    assert panel.state.create_graph is False
    assert panel.derivatives[1].values is None
    assert "gm-failed" in text_of(panel.words.ledger)
    button = panel.words.cures[0]
    assert button.description == "use create_graph=True in call 2"
    assert button.layout.display is None
    button.click()
    assert panel.state.create_graph is True
    assert panel.controls.options.switches["create_graph"].row.value == "True"
    assert button.layout.display == "none"


def test_retain_graph_and_order_are_switched(panel: Panel) -> None:
    retain = panel.controls.options.switches["retain_graph"]
    assert retain.row.value == "None"
    retain.choose(False)
    assert panel.state.retain_graph is False
    retain.choose(None)
    assert panel.state.retain_graph is None
    height = int(panel.image.height)
    panel.controls.options.order.choose(4)
    assert panel.state.order == len(panel.derivatives) == 4
    assert int(panel.image.height) > height


def test_the_switches_act_on_the_chosen_call_of_the_cell(panel: Panel) -> None:
    options = panel.controls.options
    assert [index for _, index in options.calls.options] == [-1, 0]
    options.calls.value = 0
    assert options.switches["create_graph"].row.value == "as written"
    assert "gm-chosen" in text_of(panel.words.ledger)
    options.switches["create_graph"].choose(True)
    options.switches["retain_graph"].choose(None)
    assert panel.state.overrides == {0: {"create_graph": True, "retain_graph": None}}
    assert panel.state.create_graph is True
    options.switches["create_graph"].choose("as written")
    options.switches["retain_graph"].choose("as written")
    assert panel.state.overrides == {}


@pytest.mark.parametrize(
    ("kind", "text", "spec"),
    [("onehot", "3", "onehot:3"), ("random", "7", "random:7"), ("expression", "2*x", "2*x"), ("ramp", "", "ramp")],
)
def test_weights_are_chosen_and_typed(panel: Panel, kind: str, text: str, spec: str) -> None:
    panel.controls.weights.kind.value = kind
    if text:
        panel.controls.weights.field.value = text
    assert panel.state.weights == spec


@pytest.mark.parametrize("text", ["__import__('os').system('x')", "panel", "x.__class__", "9" * 300, "", "<b>"])
def test_typed_text_is_data(panel: Panel, text: str) -> None:
    panel.controls.weights.kind.value = "expression"
    panel.controls.weights.field.value = text
    assert panel.state.weights == "cos(x)"
    assert "gm-error" in text_of(panel.controls.weights.problem)
    assert "<b>" not in text_of(panel.controls.weights.problem)
    panel.controls.weights.field.value = "sin(x)"
    assert panel.state.weights == "sin(x)"
    assert text_of(panel.controls.weights.problem) == ""


def test_no_tangent_with_other_weights_than_ones(panel: Panel) -> None:
    assert panel._frame.marks[0].tangent is not None
    panel.controls.weights.kind.value = "ramp"
    assert panel._frame.marks[0].tangent is None


def test_an_error_of_the_cell_is_said_and_the_last_good_picture_stays(panel: Panel) -> None:
    good, y = panel.image.value, panel.y
    panel.controls.params["a"].typed.value = "13"
    assert "ZeroDivisionError: &lt;b&gt;13&lt;/b&gt; (line 2 of the cell)" in text_of(panel.words.problem)
    assert panel.image.value == good
    assert panel.y is y
    panel.controls.params["a"].typed.value = "2"
    assert text_of(panel.words.problem) == ""
    assert panel.image.value != good


def test_an_error_of_ours_is_said_too(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise ValueError("<script>")

    good = panel.image.value
    with monkeypatch.context() as patch:
        patch.setattr(Frame, "draw", fails)
        panel.controls.params["a"].slider.value = 2.5
    assert "ValueError: &lt;script&gt;" in text_of(panel.words.problem)
    assert panel.image.value == good
    panel.controls.params["a"].slider.value = 2.4
    assert text_of(panel.words.problem) == ""
    assert panel.controls.params["a"].slider.value == panel.state.params["a"] == 2.4


def test_an_interrupt_leaves_the_panel_usable(panel: Panel) -> None:
    explorer: Any = panel.explorer
    state = panel._state

    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    explorer.on_step = interrupted
    with pytest.raises(KeyboardInterrupt):
        panel.controls.params["a"].slider.value = 2.5
    assert panel._state is state
    explorer.on_step = lambda _: None
    panel.controls.params["a"].slider.value = 2.6
    assert panel._state.params["a"] == 2.6


def test_setting_the_state_moves_the_controls(panel: Panel) -> None:
    panel.state = replace(panel.state, params={"a": 0.5, "b": 3.0}, x0=-2.0, weights="onehot:4", create_graph=False)
    assert panel.controls.params["b"].slider.value == pytest.approx(3.0)
    assert panel.controls.x0 is not None
    assert panel.controls.x0.typed.value == "-2"
    assert panel.controls.weights.kind.value == "onehot"
    assert panel.controls.weights.field.value == "4"
    assert panel.controls.options.switches["create_graph"].row.value == "False"


def test_the_same_state_gives_the_same_bundle(panel: Panel, other: Panel) -> None:
    first, second = panel._repr_mimebundle_(), other._repr_mimebundle_()
    kind = "application/vnd.jupyter.widget-view+json"
    assert first.pop(kind)["model_id"] != second.pop(kind)["model_id"]
    assert first == second
    assert set(first) == {"text/plain", "text/html", "image/png"}
    assert base64.b64decode(first["image/png"]) == panel.image.value
    assert 'alt="' in first["text/html"]
    assert "dy/dx" in first["text/plain"]


def test_a_bundle_holds_what_is_asked_for(panel: Panel) -> None:
    assert set(panel._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert "image/png" not in panel._repr_mimebundle_(exclude={"image/png"})


def test_the_picture_says_in_words_what_it_shows(panel: Panel) -> None:
    words = panel.image.tooltip
    assert "dy/dx" in words
    panel.controls.params["a"].slider.value = 2.9
    assert panel.image.tooltip != words
    # Without an empty description JupyterLab's view of an image fails over its tooltip.
    assert panel.image.description == ""


def test_closing_ends_every_widget_and_leaves_the_numbers(panel: Panel) -> None:
    mine = widgets_of(panel.widget)
    assert len(mine) > 30
    panel.close()
    assert not [widget for widget in mine if widget.comm is not None]
    assert panel.y is not None
    assert "application/vnd.jupyter.widget-view+json" not in panel._repr_mimebundle_()
    panel._render(Extent.ALL, lambda: None)


def test_no_widget_is_an_output(panel: Panel) -> None:
    assert not [widget for widget in widgets_of(panel.widget) if isinstance(widget, w.Output)]


def test_many_runs_of_a_cell_leave_as_many_widgets_as_one(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    fake: Any = type(panel.explorer)
    monkeypatch.setattr("gradmagic.panel.explorer_of", lambda *_: fake())
    counts = []
    for run in range(25):
        last = show(Request("y = a * sin(b * x)"), {}, Place("one cell", str(run)))
        counts.append((len(_instances), threading.active_count()))
    assert len(set(counts)) == 1
    last.close()


def test_events_on_two_threads_do_not_mix(panel: Panel) -> None:
    def drag(name: str, values: np.ndarray) -> None:
        async def events() -> None:
            for value in values:
                panel.controls.params[name].slider.value = float(value)
                await asyncio.sleep(0.002)
            await asyncio.sleep(0.4)

        asyncio.run(events())

    threads = [
        threading.Thread(target=drag, args=("a", np.linspace(0.1, 2.9, 30))),
        threading.Thread(target=drag, args=("b", np.linspace(0.3, 3.9, 30))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert text_of(panel.words.problem) == ""
    assert panel._curves.curves[0].values is not None
    assert panel._state == panel.state


def test_a_storm_of_slider_events_renders_few_times_and_ends_exactly(panel: Panel) -> None:
    async def storm() -> None:
        loop = asyncio.get_running_loop()
        for value in np.linspace(0.1, 2.9, 30):
            loop.call_soon(setattr, panel.controls.params["a"].slider, "value", float(value))
        await asyncio.sleep(0.5)

    before = panel.renders
    asyncio.run(storm())
    assert panel.renders - before <= 6
    assert panel._state.params["a"] == pytest.approx(2.9)
    assert panel.controls.x0 is not None
    panel.controls.params["b"].slider.value = 1.3
    assert panel.image.value == panel._png


def test_instances_are_counted_at_all() -> None:
    before = len(_instances)
    widget = w.IntSlider()
    assert len(_instances) == before + 3
    widget.close()


def test_a_dragged_slider_sends_the_picture_alone_and_what_goes_with_it_when_the_hand_rests(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[w.Widget, str, list[str]]] = []

    def send(widget: w.Widget, message: Any, buffers: Any = None) -> None:
        names = [*message["state"], *(path[0] for path in message["buffer_paths"])]
        sent.append((widget, message["method"], names))

    monkeypatch.setattr(w.Widget, "_send", send)
    slider = panel.controls.params["a"].slider

    async def dragged() -> None:
        slider.set_state({"value": 2.2})  # as it arrives from a browser
        assert sent == [(panel.image, "update", ["value"])]
        await asyncio.sleep(0.05)
        assert (slider, "update", ["value"]) not in sent
        await asyncio.sleep(0.3)

    asyncio.run(dragged())
    assert (slider, "update", ["value"]) in sent
    assert "echo_update" not in [method for _, method, _ in sent]


def test_widgets_that_look_alike_share_their_looks(panel: Panel) -> None:
    """Each layout and style is a widget with a message of its own, and opening a panel is mostly messages."""
    found = widgets_of(panel.widget)
    looks = [widget for widget in found if isinstance(widget, w.Layout | w.Style)]
    assert len(looks) < len(found) / 3
    for kind in (w.HTML, w.Button, w.Checkbox):
        assert len({id(widget.style) for widget in found if isinstance(widget, kind)}) == 1
    changing = [panel.progress.row, panel.controls.options.calls, *panel.words.cures]
    for widget in changing:
        assert sum(getattr(other, "layout", None) is widget.layout for other in found) == 1
