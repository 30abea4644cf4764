"""The panel on the real engine: the user's document, refusals and their cures, an offer beside an error."""

from __future__ import annotations

from typing import Any

import ipywidgets as w
import numpy as np
import pytest

from gradmagic.explore.reading import parse_line
from gradmagic.panel import Panel, show
from gradmagic.panel.tree import close_tree, widgets_of

FILLED = "import torch\nx = torch.rand(3, 4, requires_grad=True)\nx[0][0] = 5.0\ny = x ** 2\n"
OWN_CALLS = """
import torch
x = torch.arange(6.0).reshape(2, 3).requires_grad_()
y = x ** 3
(dydx,) = torch.autograd.grad(y, x, torch.ones(y.size()), create_graph=True)
(d2ydx2,) = torch.autograd.grad(dydx, x, torch.ones(y.size()), retain_graph=True)
"""


def opened(text: str, line: str = "", names: dict[str, Any] | None = None) -> Panel:
    return show(parse_line(line, text), {} if names is None else names)


def test_a_curve_and_its_derivatives() -> None:
    panel = opened("y = a * np.sin(x)", "x=-2:2 a=0:4@3")
    panel.controls.params["a"].slider.value = 2.0
    assert panel.y is not None
    np.testing.assert_allclose(panel.y, 2 * np.sin(panel.x))
    np.testing.assert_allclose(panel.derivatives[0].values, 2 * np.cos(panel.x))
    np.testing.assert_allclose(panel.derivatives[1].values, -2 * np.sin(panel.x))
    panel.close()


def test_without_create_graph_the_third_plot_says_why_and_a_button_cures_it() -> None:
    panel = opened("y = x * exp(x)", "--no-create-graph")
    assert panel.derivatives[1].values is None
    words = " ".join(text.get_text().replace("\n", " ") for text in panel.figure.axes[2].texts)
    assert "no second derivative" in words
    assert "create_graph=False" in words
    assert "does not require grad and does not have a grad_fn" in words
    panel.words.cures[0].click()
    assert panel.state.create_graph
    assert panel.derivatives[1].values is not None
    panel.close()


def test_a_tensor_is_shown_by_element_and_as_tables() -> None:
    panel = opened(OWN_CALLS)
    assert panel.controls.x0 is None
    tables = str(panel.words.tables.value)
    assert tables.count("<table") == 4
    assert "2×3" in tables
    assert ">125</td>" in tables
    panel.close()


def test_the_cells_own_call_is_run_with_other_options() -> None:
    panel = opened(OWN_CALLS)
    panel.controls.options.calls.value = 0
    panel.controls.options.switches["create_graph"].choose(False)
    assert "does not require grad" in str(panel.words.problem.value)
    assert "line 6 of the cell" in str(panel.words.problem.value)
    assert panel.words.cures[0].description == "use create_graph=True in call 1"
    panel.words.cures[0].click()
    assert str(panel.words.problem.value) == ""
    panel.close()


def test_a_refused_write_into_a_leaf_offers_the_forms_that_work_and_the_switch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    names: dict[str, Any] = {}
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        opened(FILLED, "--into g", names)
    (offer,) = shown
    words = " ".join(str(widget.value) for widget in widgets_of(offer) if isinstance(widget, w.HTML))
    assert words.count("<li>") == 3
    plain = offer._repr_mimebundle_()["text/plain"]
    assert "VBox" not in plain
    for form in ("x.requires_grad_()", "with torch.no_grad():", "x = leaf.clone()", "--leaf-writes=allow"):
        assert form in plain
    (button,) = (widget for widget in widgets_of(offer) if isinstance(widget, w.Button))
    button.click()
    panel = names["g"]
    said, shown = offer.children
    assert "refusal that stands below" in said.value
    assert shown is panel.widget
    assert panel.y is not None
    assert panel.y[0, 0] == 25
    panel.close()
    close_tree(offer)


def test_a_write_into_all_of_a_leaf_is_offered_no_switch_that_would_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    with pytest.raises(RuntimeError, match=r"^a leaf Variable that requires grad") as refused:
        opened("import torch\nx = torch.rand(3, 4, requires_grad=True)\nx *= 2\ny = x ** 2\n", "--leaf-writes=allow")
    (note,) = refused.value.__notes__
    assert "torch.no_grad()" in note
    assert "--leaf-writes" not in note
    (offer,) = shown
    plain = offer._repr_mimebundle_()["text/plain"]
    assert "x = leaf * 2" in plain
    assert "x[i]" not in plain, "it writes into no part"
    assert "1.7.1" not in plain
    assert not [widget for widget in widgets_of(offer) if isinstance(widget, w.Button)]
    close_tree(offer)


def test_pytorch_itself_is_offered_no_switch_that_is_gradmagics_own(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    with pytest.raises(RuntimeError, match="view of a leaf Variable that requires grad"):
        opened(FILLED, "--backend torch")
    (offer,) = shown
    assert "--leaf-writes" not in offer._repr_mimebundle_()["text/plain"]
    assert not [widget for widget in widgets_of(offer) if isinstance(widget, w.Button)]
    close_tree(offer)


FREES = "x = torch.tensor([1.0, 2.0], requires_grad=True)\ny = torch.exp(x)\ntotal = y.sum()\n"
TWICE = f"{FREES}(g,) = torch.autograd.grad(total, x)\n(h,) = torch.autograd.grad(total, x)"
REFUSALS = {
    TWICE: ("call 1 freed the graph", "use retain_graph=True in call 1"),
    f"{FREES}(g,) = torch.autograd.grad(total, x)\ntorch.autograd.grad(g.sum(), x)": (
        "create_graph=False, so nothing remembers", "use create_graph=True in call 1",
    ),
    f"{FREES}(g,) = torch.autograd.grad(total, x)\nh = g.sum()\ntorch.autograd.grad(outputs=h * 2, inputs=x)": (
        "create_graph=False, so nothing remembers", "use create_graph=True in call 1",
    ),
    f"{FREES}(g,) = torch.autograd.grad((2 * x).sum(), x, create_graph=True)\ntorch.autograd.grad(g.sum(), x)": (
        "refuses what is constant", "its derivative is 0",
    ),
    "x = torch.ones(2, requires_grad=True)\nwith torch.no_grad():\n    y = x.sum()\ntorch.autograd.grad(y, x)": (
        "line 4 was computed under torch.no_grad()", "outside of torch.no_grad()",
    ),
    f"{FREES}d = lambda u: torch.autograd.grad(u, x)[0]\nd(d(total).sum())": (
        "from a derivative that was made without create_graph=True", "its derivatives with create_graph=True",
    ),
    f"{FREES}(g,) = torch.autograd.grad(total, x)\ntorch.autograd.grad(  # again\n    g.sum(), x)": (
        "create_graph=False, so nothing remembers", "use create_graph=True in call 1",
    ),
    "x = torch.ones(2)\ny = x.sum()\ntorch.autograd.grad(y, x)": (
        "none of what it was made from", "requires_grad=True",
    ),
    f"{FREES}(g,) = torch.autograd.grad(y, x, torch.ones(3))": ("of the output's shape", "torch.ones_like(y)"),
    f"{FREES}(g,) = torch.autograd.grad(y, x)": ("must be told how to weigh them", "grad_outputs=torch.ones_like(y)"),
    f"{FREES}u = 2 * y\nu.backward()": ("must be told how to weigh them", "grad_outputs=torch.ones_like(u)"),
    f"{FREES}w = torch.ones(2, requires_grad=True)\n(g,) = torch.autograd.grad((w * 2).sum(), x)": (
        "does not depend on x: it was computed from other", "allow_unused=True",
    ),
    f"{FREES}x = x.detach().requires_grad_()\ntorch.autograd.grad(total, inputs=[x])": (
        "does not depend on x: line 5 bound that name anew", "allow_unused=True",
    ),
    f"{FREES}y.add_(1)\ntorch.autograd.grad(total + y.sum(), x)": ("was overwritten after", "clone()"),
    "x = torch.zeros(2, requires_grad=True)\nx += 1\ny = x * 2": ("is a leaf that requires grad", "x.clone()"),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSALS)
def test_the_error_of_a_first_run_says_in_plain_words_what_it_means(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("IPython.display.display", lambda _: None)
    with pytest.raises(RuntimeError) as caught:
        opened(f"import torch\n{text}")
    (note,) = caught.value.__notes__
    for words in REFUSALS[text]:
        assert words.lower() in note.lower()


def test_a_call_of_the_cells_own_that_is_refused_at_once_is_offered_with_other_options(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    names: dict[str, Any] = {}
    with pytest.raises(RuntimeError, match="a second time"):
        opened(f"import torch\n{TWICE}", "--into g", names)
    (offer,) = shown
    assert "call 1 freed the graph" in offer._repr_mimebundle_()["text/plain"]
    (button,) = (widget for widget in widgets_of(offer) if isinstance(widget, w.Button))
    assert button.description == "run it, but use retain_graph=True in call 1"
    button.click()
    panel = names["g"]
    said, shown = offer.children
    assert "refusal that stands below" in said.value
    assert shown is panel.widget
    assert [call.ok for call in panel.ledger[:2]] == [True, True]
    assert panel.state.overrides == {0: {"retain_graph": True}}
    panel.close()
    close_tree(offer)


@pytest.mark.parametrize(
    "call", ["(g,) = torch.autograd.grad(y, x)", "(g,) = torch.autograd.grad(y, x, 1.0)", "y.backward()"]
)
@pytest.mark.parametrize("backend", ["gradmagic", "torch"])
def test_weights_that_lack_or_do_not_fit_are_offered_as_ones(
    call: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(backend)
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    names: dict[str, Any] = {}
    with pytest.raises((RuntimeError, TypeError)):
        opened(f"import torch\n{FREES}{call}", f"--into panel --backend {backend}", names)
    (offer,) = shown
    (button,) = (widget for widget in widgets_of(offer) if isinstance(widget, w.Button))
    assert button.description == "run it, but use grad_outputs=torch.ones_like(y)"
    button.click()
    panel = names["panel"]
    assert panel.ledger[0].ok
    found = names["x"].grad if "backward" in call else names["g"]
    assert [round(float(part), 3) for part in found] == [2.718, 7.389]
    assert "ran with grad_outputs=ones" in panel.words.ledger.value
    panel.close()
    close_tree(offer)


def test_what_was_overwritten_is_drawn_and_told_beside_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    with pytest.raises(RuntimeError, match="inplace operation"):
        opened(f"import torch\n{FREES}y.add_(1)\ntorch.autograd.grad(total + y.sum(), x)")
    (offer,) = shown
    words = " ".join(str(widget.value) for widget in widgets_of(offer) if isinstance(widget, w.HTML))
    assert "✗ result overwritten by line" in words
    assert "IN-PLACE WRITES" in words
    assert not [widget for widget in widgets_of(offer) if isinstance(widget, w.Button)]
    close_tree(offer)


def test_an_error_that_is_no_call_of_grad_is_shown_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    with pytest.raises(TypeError):
        opened(f"import torch\n{FREES}torch.autograd.grad(total, x)\n1 + 'a'")
    assert not shown


def test_what_a_cell_names_is_escaped_wherever_it_is_shown() -> None:
    panel = opened("y = x ** 2\nnote = '<img src=q onerror=alert(1)>'\nprint(note)")
    panel.words.show_printed(panel.printed_text)
    assert "&lt;img src=q" in str(panel.words.printed.value)
    assert "<img src=q" not in str(panel.words.printed.value)
    panel.close()


def test_without_a_panel_no_widget_is_shown() -> None:
    panel = opened("y = x ** 2", "--no-panel")
    assert set(panel._repr_mimebundle_()) == {"text/plain", "text/html", "image/png"}
    panel.close()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("y = 1 / x", ""), ("y = torch.sqrt(x)", ""), ("y = torch.tan(x)", "x=-6:6"), ("y = abs(x)", ""),
        ("y = 2 * x", ""), ("y = x * 1e-200", ""), ("y = torch.exp(300 * x)", ""), ("y = (x ** 2).sum()", ""),
        ("y = x ** 10", "--order 10"), ("y = x * x", "--weights cos(x)"), ("y = x * x", "--weights onehot:7"),
        ("import torch\nx = torch.tensor([2.0], requires_grad=True)\ny = x ** 2", ""),
        ("import torch\nx = torch.tensor(2.0, requires_grad=True)\ny = x ** 2", ""),
    ],
)  # fmt: skip
def test_all_sorts_of_cells_have_a_panel(text: str, line: str) -> None:
    panel = opened(text, line)
    assert bytes(panel.image.value).startswith(b"\x89PNG")
    assert str(panel.words.problem.value) == ""
    panel.close()


def test_a_kink_is_told_once_and_a_negative_number_has_a_minus() -> None:
    panel = opened("y = abs(x + 1) - 2")
    said = str(panel.words.found.value) + str(panel.words.notes.value)
    assert said.count("not differentiable") == 1
    assert "x = −1" in said
    assert "y runs from −" in panel.image.tooltip
    panel.close()


def test_a_tangent_that_is_missing_is_told_why() -> None:
    panel = opened("y = x ** 2")
    assert "No tangent" not in str(panel.words.notes.value)
    panel.controls.weights.kind.value = "expression"
    assert "No tangent is drawn: by the weights cos(x), dy/dx is not the slope of y." in str(panel.words.notes.value)
    for name in ("zeros", "circle"):
        panel.controls.shown.overlays.switches[name].value = True
    said = "Not drawn are tangent, osculating circle, zeros: by the weights cos(x), dy/dx is not the slope of y."
    assert said in str(panel.words.notes.value)
    for name in ("zeros", "circle"):
        panel.controls.shown.overlays.switches[name].value = False
    panel.controls.shown.overlays.switches["tangent"].value = False
    assert "No tangent" not in str(panel.words.notes.value)
    panel.close()
