"""Runs: numbers, the ledger, printing, the user's names, and what is said when there is nothing to differentiate."""

from __future__ import annotations

import io
import traceback
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradmagic.explore.explorer import Explorer
from gradmagic.explore.program import Program
from gradmagic.explore.reading import parse_line
from gradmagic.explore.request import GradUsageError, Request
from gradmagic.explore.run import apart, run
from gradmagic.explore.state import State
from gradmagic.explore.trace import Trace


def traced(
    text: str, line: str = "", names: dict[str, Any] | None = None, *, first: bool = True, **state: Any
) -> Trace:
    names = {} if names is None else names
    program = Program.of(parse_line(line, text), names)
    return run(program, replace(State.initial(program.request, program), **state), names, first=first)


CURVES = {
    "x ** 2": (lambda x: x**2, lambda x: 2 * x, lambda x: 2 + 0 * x),
    "y = np.sin(x)": (np.sin, np.cos, lambda x: -np.sin(x)),
    "y = sin(2 * x)": (lambda x: np.sin(2 * x), lambda x: 2 * np.cos(2 * x), lambda x: -4 * np.sin(2 * x)),
    "y = torch.exp(x) * pi": (lambda x: np.pi * np.exp(x),) * 3,
    "import torch as t\ny = t.tanh(x)": (
        np.tanh,
        lambda x: 1 - np.tanh(x) ** 2,
        lambda x: -2 * np.tanh(x) * (1 - np.tanh(x) ** 2),
    ),
    "from torch import cos\ny = cos(x)": (np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x)),
    "def f(t):\n    return k * t\nk = 3.0\ny = f(x)": (lambda x: 3 * x, lambda x: 3 + 0 * x, lambda x: 0 * x),
    "y = a * x": (lambda x: x, lambda x: 1 + 0 * x, lambda x: 0 * x),
    "y = x": (lambda x: x, lambda x: 1 + 0 * x, lambda x: 0 * x),
}


@pytest.mark.parametrize("text", CURVES)
def test_a_curve_and_its_derivatives_are_exact_in_float64(text: str) -> None:
    trace = traced(text, "x=-2:3")
    assert trace.kind == "curve"
    assert trace.x.dtype == np.float64
    assert len(trace.x) == 401
    for found, exact in zip((trace.y, *(d.values for d in trace.derivatives)), CURVES[text], strict=True):
        np.testing.assert_allclose(found, exact(trace.x), rtol=1e-12, atol=1e-13)


def test_derivatives_of_any_order_are_there() -> None:
    trace = traced("y = exp(2 * x)", "--order 5 --points 11 x=0:1")
    for n, derivative in enumerate(trace.derivatives, start=1):
        np.testing.assert_allclose(derivative.values, 2**n * np.exp(2 * trace.x), rtol=1e-12)


def test_x0_is_one_of_the_samples() -> None:
    trace = traced("y = x ** 2", "x=-1:1@0.123456789")
    assert 0.123456789 in trace.x
    assert len(trace.x) == 401
    assert np.all(np.diff(trace.x) > 0)


@pytest.mark.parametrize("line", ["--points 3", "x=-3:3@-2.999", "x=-3:3@3", "x=1:5@1.001 --log x"])
def test_the_cursor_takes_no_end_of_the_range_away(line: str) -> None:
    x = traced("y = sin(x)", line).x
    assert list(x[[0, -1]]) == ([1, 5] if "log" in line else [-3, 3])
    assert np.all(np.diff(x) > 0)


def test_a_constant_slope_has_the_derivative_zero_and_the_ledger_keeps_torchs_words() -> None:
    trace = traced("y = 2 * x", "--order 3")
    second, third = trace.derivatives[1:]
    assert not second.values.any()
    assert not third.values.any()
    assert second.note == "dy/dx does not depend on x"
    assert "does not require grad and does not have a grad_fn" in second.detail
    assert [call.ok for call in trace.ledger] == [True, False]
    assert trace.ledger[1].error == (
        "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn"
    )
    assert trace.ledger[1].cause == (
        "dy/dx does not depend on x: torch refuses what is constant. Its derivative is 0, and drawn all the same"
    )


def test_a_constant_slope_that_is_no_number_has_no_derivative_and_nothing_says_it_were_drawn() -> None:
    trace = traced("y = np.sqrt(a) * x", "a=-1 --order 3")
    second, third = trace.derivatives[1:]
    assert np.isnan(second.values).all()
    assert np.isnan(third.values).all()
    assert second.note == "dy/dx is NaN throughout, and what is no number has no derivative"
    assert trace.ledger[1].cause == (
        "dy/dx does not depend on x: torch refuses what is constant. It is NaN throughout, and has no derivative"
    )


def test_a_slope_that_is_constant_where_it_is_a_number_has_the_derivative_zero_there() -> None:
    trace = traced("y = torch.tensor([1.0, np.nan, 2.0]) * x", "--points 3")
    assert np.array_equal(trace.derivatives[1].values, [0.0, np.nan, 0.0], equal_nan=True)
    assert "Its derivative is 0, and drawn all the same" in trace.ledger[1].cause


def test_an_order_to_hide_that_is_not_shown_is_said_and_not_refused() -> None:
    """The line of a state may hold it, after its order was lowered."""
    (note,) = traced("y = sin(x)", "--hide 1,3,7").notes
    assert note == "--hide 3,7 hides nothing: --order 2 is the highest that is shown"
    assert not traced("y = sin(x)", "--hide 1,2").notes


def test_without_create_graph_the_second_derivative_says_why_it_is_missing() -> None:
    trace = traced("y = exp(x)", "--no-create-graph --order 3")
    first, second, third = trace.derivatives
    assert first.values is not None
    assert second.values is None
    assert second.note == "dy/dx was computed with create_graph=False, so nothing remembers how it came from x."
    assert second.detail == "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn"
    assert third.values is None
    assert third.note == "there is no d²y/dx² to differentiate"
    assert trace.ledger[1].cure.text == "use create_graph=True in call 1"


def test_a_graph_that_is_not_retained_is_gone_for_the_second_call() -> None:
    trace = traced("y = exp(x)", "--no-retain-graph")
    second = trace.derivatives[1]
    assert second.values is None
    assert second.note == "call 1 freed the graph: it ran without retain_graph=True"
    assert "backward through the graph a second time" in second.detail
    assert trace.ledger[0].nodes_freed > 0


def test_the_panels_calls_are_in_the_ledger_as_one_would_write_them() -> None:
    trace = traced("z = x ** 3", "--of z")
    assert [call.source for call in trace.ledger] == [
        "dzdx = grad(z, x, ones, create_graph=True)",
        "d2zdx2 = grad(dzdx, x, ones, create_graph=True)",
    ]
    first = trace.ledger[0]
    assert (first.by, first.line, first.ok, first.outcome) == ("panel", None, True, "grad_fn=<MulBackward0>")
    assert first.asked == {"create_graph": True}
    assert first.effective["retain_graph"] is True
    assert first.nodes_kept > 0
    assert first.bytes_kept > 0
    assert first.nodes_freed == 0


DOCUMENT_LIKE = """\
y = x ** 2
dydx = grad(y, x,
    torch.ones_like(y), create_graph=True)
d2 = grad(dydx[0], x, torch.ones_like(y))[0]"""


def test_the_cells_own_calls_are_in_the_ledger_with_their_text_and_line() -> None:
    ledger = traced("\n" + DOCUMENT_LIKE).ledger
    assert [(call.by, call.line) for call in ledger] == [("cell", 3), ("cell", 5), ("panel", None), ("panel", None)]
    assert ledger[0].source == "dydx = grad(y, x, torch.ones_like(y), create_graph=True)"
    assert ledger[1].source == "d2 = grad(dydx[0], x, torch.ones_like(y))[0]"
    assert ledger[0].asked == {"create_graph": True}
    assert ledger[1].asked == {}
    assert ledger[1].effective["retain_graph"] is False
    assert [call.index for call in ledger] == [0, 1, 2, 3]


def test_a_cell_that_frees_its_graph_still_has_its_curves() -> None:
    trace = traced("y = x ** 2\ndydx = grad(y, x, torch.ones_like(y))")
    np.testing.assert_array_equal(trace.derivatives[1].values, 2 + 0 * trace.x)
    assert trace.ledger[0].nodes_freed == 1
    assert any("freed its graph" in note for note in trace.notes)


ONCE = "k = Q.pop()\ny = k * x ** 3\ng1 = grad(y, x, torch.ones_like(y))[0]"


def test_a_cell_that_frees_its_graph_runs_only_once() -> None:
    trace = traced(ONCE, names={"Q": [1]})
    np.testing.assert_allclose(trace.derivatives[1].values, 6 * trace.x)
    assert trace.failure is None
    rows: list[int] = []
    traced("L.append(1)\ny = x ** 3\ny.sum().backward()", names={"L": rows})
    assert rows == [1]


def test_what_the_cell_freed_stays_freed_for_the_user() -> None:
    names: dict[str, Any] = {}
    traced("y = x.clone()\ny[0] = 3 * x[1] ** 2\ny = y ** 2\ng1 = grad(y, x, torch.ones_like(y))[0]", names=names)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        names["y"].sum().backward()


def test_a_second_call_in_the_cell_on_a_freed_graph_is_refused() -> None:
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        traced("y = x ** 3\nw = torch.ones_like(y)\ngrad(y, x, w)\ngrad(y, x, w)")


def test_with_pytorch_a_cell_that_cannot_be_run_twice_keeps_its_first_run() -> None:
    pytest.importorskip("torch")
    trace = traced(ONCE, "--backend torch", {"Q": [1, 1]}, first=True)
    assert trace.derivatives[1].values is not None
    trace = traced("Q.pop()\n" + ONCE.partition("\n")[2].replace("k *", ""), "--backend torch", {"Q": [1]})
    assert trace.failure is None
    assert trace.y is not None
    assert any("cannot be run twice" in note for note in trace.notes)


def test_a_cell_that_frees_its_graph_sees_the_same_random_numbers_again() -> None:
    text = "x = torch.rand(3, requires_grad=True)\ny = x ** 2\ngrad(y, x, torch.ones_like(y))"
    trace = traced(text)
    np.testing.assert_allclose(trace.y, trace.x**2)
    np.testing.assert_allclose(trace.x, trace.names["x"].detach().numpy())


def test_backward_is_in_the_ledger_too() -> None:
    trace = traced("x = torch.ones(3, requires_grad=True)\ny = x ** 2\ny.sum().backward()")
    assert trace.ledger[0].source == "y.sum().backward()"
    assert trace.ledger[0].outcome == "added to .grad"


@pytest.mark.parametrize("line", ["", "--backend torch"])
def test_the_ledger_tells_a_gradient_that_is_added_to_that_of_an_earlier_call(line: str) -> None:
    if line:
        pytest.importorskip("torch")
    text = "x = torch.ones(3, requires_grad=True)\n(x ** 2).sum().backward()\n(x ** 3).sum().backward()\ny = x ** 2"
    trace = traced(text, line)
    assert trace.ledger[0].outcome == "added to .grad"
    assert trace.ledger[1].outcome.startswith("added to the .grad of an earlier call")


@pytest.mark.filterwarnings("ignore:Using backward")
def test_the_ledger_tells_of_the_cycle_that_backward_makes() -> None:
    trace = traced("x = torch.ones(3, requires_grad=True)\n(x ** 2).sum().backward(create_graph=True)\ny = x ** 2")
    assert trace.ledger[0].outcome.endswith("x and x.grad keep each other alive, autograd.grad would not")


@pytest.mark.parametrize("line", ["x=-1:1", "x=-1:1 --backend torch"])
def test_a_derivative_that_is_nan_where_y_is_not_is_told_with_its_node_and_the_way_out(line: str) -> None:
    if "torch" in line:
        pytest.importorskip("torch")
    notes = " ".join(traced("y = torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))", line).notes)
    assert "dy/dx is NaN at " in notes
    assert "SqrtBackward0" in notes
    assert "guard its operand" in notes
    guarded = "y = torch.where(x > 0, torch.sqrt(torch.where(x > 0, x, torch.ones_like(x))), torch.zeros_like(x))"
    assert "NaN" not in " ".join(traced(guarded, line).notes)
    assert "NaN" not in " ".join(traced("y = torch.sqrt(x)", line).notes), "where there is no y there is no dy/dx"


def test_an_override_makes_the_cells_call_run_with_other_options() -> None:
    trace = traced(DOCUMENT_LIKE, first=False, overrides={0: {"create_graph": False}})
    first, second = trace.ledger[:2]
    assert first.asked == {"create_graph": True}
    assert first.effective["create_graph"] is False
    assert not second.ok
    assert second.cure.text == "use create_graph=True in call 1"
    assert trace.failure.line == 4
    assert "does not require grad" in trace.failure.message
    # what was computed before the refusal is still there to be shown
    np.testing.assert_array_equal(trace.derivatives[0].values, 2 * trace.x)


def test_a_cure_applied_to_the_state_cures() -> None:
    names: dict[str, Any] = {}
    program = Program.of(parse_line("", DOCUMENT_LIKE), names)
    state = replace(State.initial(program.request, program), overrides={0: {"create_graph": False}})
    refused = run(program, state, names, first=False).ledger
    cured = run(program, state.cured(refused[1].cure, refused), names, first=False)
    assert cured.failure is None
    state = replace(State.initial(program.request, program), create_graph=False)
    refused = run(program, state, names, first=False).ledger
    assert state.cured(refused[-1].cure, refused).create_graph is True


def test_the_cells_own_refused_call_is_raised_on_a_first_run() -> None:
    with pytest.raises(RuntimeError, match="can be implicitly created only for scalar outputs"):
        traced("y = x ** 2\ngrad(y, x)")


def test_the_users_own_error_carries_the_cells_line() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        traced("\n\ndef f():\n    return 1 / 0\ny = x * f()")
    shown = [(frame.lineno, frame.line) for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert (5, "y = x * f()") in shown
    assert (4, "return 1 / 0") in shown


def test_a_function_of_math_is_refused_with_the_way_out() -> None:
    with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
        traced("import math\ny = math.sin(x)")
    assert "np.sin" in caught.value.__notes__[0]


def test_an_element_of_an_array_that_should_be_a_tensor_is_refused_with_the_way_out() -> None:
    with pytest.raises((ValueError, RuntimeError)) as caught:
        traced("a = np.zeros(3)\na[0] = x[0] * 2\ny = x * a[0]")
    assert "np.zeros_like" in caught.value.__notes__[0]


def test_on_a_later_run_an_error_is_data() -> None:
    trace = traced("y = x * [1, 2][int(a)]", "a=0:3@3", first=False)
    assert trace.failure.message == "IndexError: list index out of range"
    assert trace.failure.line == 1
    assert trace.y is None
    assert all(derivative.values is None for derivative in trace.derivatives)


def test_what_the_cell_prints_is_kept_and_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert traced("print('a', 1, sep='-')\ny = x").printed == "a-1\n"
    assert capsys.readouterr().out == "a-1\n"
    assert traced("print('a')\ny = x", first=False).printed == "a\n"
    assert capsys.readouterr().out == ""


def test_a_print_into_a_file_goes_there() -> None:
    file = io.StringIO()
    assert traced("print('a', file=file)\ny = x", names={"file": file}).printed == ""
    assert file.getvalue() == "a\n"


def test_the_first_runs_names_are_the_users_and_later_runs_leave_them_alone() -> None:
    names: dict[str, Any] = {"scale": 2.0}
    traced("k = scale * 3\ny = k * x", names=names)
    assert names["k"] == 6.0
    assert set(names) == {"scale", "k", "y"}
    names["k"] = "mine"
    traced("k = scale * 3\ny = k * x", names=names, first=False)
    assert names["k"] == "mine"


def test_names_bound_before_an_error_are_the_users_as_after_any_cell() -> None:
    names: dict[str, Any] = {}
    with pytest.raises(ZeroDivisionError):
        traced("k = 3\ny = x / (1 / 0)", names=names)
    assert names == {"k": 3}


def test_a_function_of_the_cell_sees_names_that_the_user_sets_later() -> None:
    names: dict[str, Any] = {}
    traced("def f(t):\n    return t * later if 0 else t\nlater = 1\ny = f(x)", names=names)
    assert names["f"](3) == 3


def test_x_is_never_taken_from_the_users_names() -> None:
    assert traced("y = x ** 2", names={"x": "a string"}).kind == "curve"


def test_a_tensor_of_the_cells_own_is_shown_element_by_element() -> None:
    trace = traced("x = torch.tensor([[1., 2.], [3., 4.]], requires_grad=True)\ny = x ** 3")
    assert trace.kind == "elements"
    np.testing.assert_allclose(trace.derivatives[1].values, [[6, 12], [18, 24]])


def test_x_need_not_be_a_leaf() -> None:
    trace = traced("leaf = torch.zeros(2, 2, requires_grad=True)\nx = leaf.clone()\nx[0][1] = 5.0\ny = x ** 2")
    np.testing.assert_allclose(trace.derivatives[0].values, [[0, 10], [0, 0]])


def test_a_scalar_y_is_said_to_be_one_number() -> None:
    trace = traced("y = (x ** 2).sum()")
    assert trace.kind == "scalar"
    np.testing.assert_allclose(trace.derivatives[0].values, 2 * trace.x)
    np.testing.assert_allclose(trace.derivatives[1].values, 2)
    assert any("y is one number" in note for note in trace.notes)


def test_a_y_of_another_shape_is_said_to_have_it() -> None:
    trace = traced("x = torch.ones(2, requires_grad=True)\ny = torch.stack([x.sum(), x.sum(), x.sum()])")
    assert trace.kind == "other"
    np.testing.assert_allclose(trace.derivatives[0].values, [3, 3])
    assert any("(3,)" in note and "(2,)" in note for note in trace.notes)


def test_a_y_that_mixes_elements_of_x_is_said_to_do_so() -> None:
    trace = traced("y = x * x.sum()")
    assert trace.kind == "curve"
    assert not trace.pointwise
    assert any("several elements of x" in note for note in trace.notes)
    assert traced("y = x * 2").pointwise


def test_weights_multiply_each_derivative_once_more() -> None:
    trace = traced("y = x ** 3", "--weights cos(x)")
    np.testing.assert_allclose(trace.derivatives[0].values, np.cos(trace.x) * 3 * trace.x**2, atol=1e-12)
    np.testing.assert_allclose(trace.derivatives[1].values, np.cos(trace.x) ** 2 * 6 * trace.x, atol=1e-12)
    np.testing.assert_array_equal(trace.weights, np.cos(trace.x))


def test_weights_may_be_a_variable_of_the_cell_or_of_the_user() -> None:
    assert traced("w = torch.ones_like(x) * 3\ny = x * 2", "--weights w").derivatives[0].values[0] == 6
    assert traced("y = x * 2", "--weights w", {"w": 5.0}).derivatives[0].values[0] == 10


NOTHING_TO_DIFFERENTIATE = {
    "x = torch.ones(3)\ny = x * 2": ["'x' does not require grad", "requires_grad=True"],
    "x = torch.tensor([1, 2])\ny = x * 2": ["'x' holds int64", "floating point"],
    "x = np.linspace(0, 1, 5)\ny = x ** 2": ["NumPy array", "torch.tensor"],
    "x = 3.0\ny = x ** 2": ["a float", "torch.tensor"],
    "y = 3 if x.numel() else x": ["'y' does not depend on 'x'", "plain number"],
    "y = x.detach().numpy() ** 2": ["does not depend on 'x'", "plain array"],
    "y = x.detach() ** 2": ["does not depend on 'x'", "detach()"],
    "y = torch.ones(3, requires_grad=True) * 2\nx": ["'y' does not depend on 'x'", "other tensors"],
    "y = [x, x]": ["list of 2 tensors", "torch.stack"],
    "y = 'text' + str(x.numel())": ["is a str"],
    "print(x.numel())": ["last expression is None"],
}


@pytest.mark.parametrize("text", NOTHING_TO_DIFFERENTIATE)
def test_what_cannot_be_differentiated_is_said_in_one_line(text: str) -> None:
    with pytest.raises(GradUsageError) as caught:
        traced(text)
    assert len(str(caught.value).splitlines()) == 1
    assert [words for words in NOTHING_TO_DIFFERENTIATE[text] if words not in str(caught.value)] == []


def test_a_domain_that_y_lacks_stays_empty_without_a_warning() -> None:
    trace = traced("y = log(x)")
    assert np.isnan(trace.y[0])
    assert np.isfinite(trace.y[-1])


@pytest.mark.parametrize("text", ["sin(x) ** 2 + cos(x) ** 2", "exp(1000 * x)", "1 / (x - x)", "sqrt(x) * 0"])
def test_what_cancels_or_overflows_is_still_element_by_element(text: str) -> None:
    trace = traced(text)
    assert trace.pointwise
    assert not any("several elements" in note for note in trace.notes)


@pytest.mark.parametrize("text", ["x - x.mean()", "x.flip(0)", "x.cumsum(0)", "exp(x) / exp(x).sum()"])
def test_elements_that_depend_on_others_are_told(text: str) -> None:
    assert any("several elements" in note for note in traced(text).notes)


def test_where_only_one_engine_has_a_number_is_counted() -> None:
    one, other = np.array([1.0, np.nan, np.nan, np.inf]), np.array([1.5, 2.0, np.nan, np.inf])
    assert apart([(one, other)]) == "5.0e-01; at 1 place only one of them is NaN"
    assert apart([(one, one)]) == "0.0e+00"


def test_weights_that_do_not_fit_are_not_blamed_on_the_cell() -> None:
    trace = traced("y = x ** 2", first=False, weights="nowhere")
    assert trace.failure is not None
    assert "'nowhere' name no variable" in trace.failure.message
    assert all("the cell ran" in (d.note or "") for d in trace.derivatives)


TOTAL = "import torch\nx = torch.ones(2, requires_grad=True)\ny = (x ** 2).sum()\n"


@pytest.mark.parametrize("backend", ["gradmagic", "torch"])
@pytest.mark.parametrize(
    "text",
    ["for k in 5:\n    pass", "torch.autograd.grad(y.item(), x)", "torch.autograd.grad(y, 1.0)"],
)
def test_an_error_that_is_not_about_weights_is_not_laid_at_them(text: str, backend: str) -> None:
    pytest.importorskip(backend)
    with pytest.raises(TypeError, match="is not iterable") as caught:
        Explorer(Request(TOTAL + text, backend=backend))
    assert getattr(caught.value, "__notes__", []) == []


def test_an_error_after_a_refusal_that_the_cell_caught_is_not_taken_for_it() -> None:
    with pytest.raises(TypeError, match="none of grad's") as caught:
        Explorer(
            Request(
                f"{TOTAL}torch.autograd.grad(y, x)\ntry:\n    torch.autograd.grad(y, x)\n"
                'except RuntimeError:\n    pass\nraise TypeError("none of grad\'s")'
            )
        )
    assert getattr(caught.value, "__notes__", []) == []
    assert caught.value.ledger == ()  # type: ignore[attr-defined]


def test_an_if_over_all_of_x_is_told_what_to_write_instead() -> None:
    with pytest.raises(RuntimeError, match="Boolean value of Tensor with more than one value is ambiguous") as caught:
        Explorer(Request("if x > 0:\n    y = x\nelse:\n    y = -x"))
    assert any("np.where(x > 0, this, that)" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("net = torch.nn.Linear(1, 1)\ny = net(x[:, None])[:, 0]", "x is float64: net.double()"),
        ("y = (x[:, None] @ torch.ones(1, 3)).sum(1)", "x is float64: net.double()"),
        ("y = torch.dot(torch.ones(401), x) * x", "x is float64: net.double()"),
        ("y = torch.nn.Conv9d(1, 1, 3)(x)", "--backend torch"),
        ("y = round(x)", "np.round(x) or torch.round(x)"),
        (
            "raise TypeError(\"linear(): argument 'input' (position 1) must be Tensor, not Tensor\")\ny = x",
            "--backend torch",
        ),
    ],
)
def test_an_error_that_says_nothing_to_a_beginner_is_told_the_way_out(text: str, said: str) -> None:
    with pytest.raises((RuntimeError, AttributeError, TypeError)) as caught:
        Explorer(Request(text))
    assert any(said in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("y = x > 0", "it holds bool, which has no derivative"),
        ("y = x.long()", "it holds int64, which has no derivative"),
        ("y = x.int() * 2", "it holds int32, which has no derivative"),
        ("y = x.argmax()", "it holds int64, which has no derivative"),
    ],
)
def test_an_output_of_whole_numbers_is_told_that_they_have_no_derivative(text: str, said: str) -> None:
    with pytest.raises(GradUsageError) as caught:
        Explorer(Request(text))
    assert said in str(caught.value)
    assert "detach" not in str(caught.value)


def test_a_column_beside_a_row_is_told_how_to_become_one() -> None:
    curve = Explorer(Request("y = (x ** 2)[:, None]")).curves.curves[0]
    assert curve.note is not None
    assert curve.note.endswith("y.squeeze() would be")
