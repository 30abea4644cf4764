"""What follows the hand: the numbers of a run in full without its calls of grad, and the run in full when it rests."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradmagic.explore.explorer import Explorer
from gradmagic.explore.reading import parse_line
from gradmagic.panel import Panel

SMOOTH = "y = a * np.sin(b * x) * np.exp(-x**2 / 8)"


def explorer(cell: str, line: str = "a=0:3@1", names: dict[str, Any] | None = None) -> Explorer:
    return Explorer(parse_line(line, cell), names)


def counting(calls: list[str]) -> Any:
    """A backend's grad that says when it is called."""
    from gradmagic.explore.backends import Backend

    grad = Backend.grad

    def counted(self: Backend, *args: Any, **kwargs: Any) -> Any:
        calls.append("grad")
        return grad(self, *args, **kwargs)

    return counted


CELLS = [
    (SMOOTH, ""),
    (SMOOTH, "--order 6"),
    (SMOOTH, "--no-create-graph"),
    ("y = abs(x - a) * x", ""),
    ("y = 1 / (x - a)", ""),
    ("y = sqrt(x + a)", ""),
    ("print(a)\ny = a * x", ""),
    ("y = torch.relu(x.float() - a)", ""),
]


@pytest.mark.parametrize(("cell", "line"), CELLS)
@pytest.mark.parametrize("value", [0.25, 2.5])
def test_a_glimpse_shows_what_a_step_shows(cell: str, line: str, value: float) -> None:
    g = explorer(cell, f"a=0:3@1.5 {line}")
    state = replace(g.state, params={**g.state.params, "a": value}, x0=0.7)
    trace, seen = g.glimpse(state)
    assert not g.settled
    whole, there = explorer(cell, f"a=0:3@1.5 {line}").step(state)
    np.testing.assert_array_equal(seen.x, there.x)
    for one, other in zip(seen.curves, there.curves, strict=True):
        assert (one.label, one.note) == (other.label, other.note)
        if one.values is not None and other.values is not None:
            size = np.nanmax(np.abs(other.values))
            np.testing.assert_allclose(one.values, other.values, rtol=1e-9, atol=1e-9 * size)
            assert one.values.dtype == other.values.dtype
    assert trace.y.dtype == whole.y.dtype
    at, expected = (np.array(one.at_x0, dtype=float) for one in (seen, there))  # None becomes NaN
    np.testing.assert_allclose(at, expected, rtol=1e-9, atol=1e-12)
    assert seen.breaks == there.breaks


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        (SMOOTH, ""),
        ("x = x * 2\ny = a * x**3", ""),
        ("x = x.clone()\nx *= 2\ny = a * x**3", ""),
        (SMOOTH, "--log x"),
    ],
)
def test_glimpses_in_a_row_show_what_single_ones_show(cell: str, line: str) -> None:
    g = explorer(cell, f"x=1:4 a=0:3@1.5 {line}")
    state = g.state
    for a, x0 in ((2.0, 2.5), (2.5, 2.5), (2.5, 3.1), (1.0, 3.1), (1.5, 3.1)):
        state = replace(state, params={**state.params, "a": a}, x0=x0)
        trace, seen = g.glimpse(state)
        alone = explorer(cell, f"x=1:4 a=0:3@1.5 {line}")
        expected, there = alone.glimpse(state)
        assert g.settled == alone.settled
        np.testing.assert_array_equal(trace.x, expected.x)
        np.testing.assert_array_equal(seen.x, there.x)
        for one, other in zip(seen.curves, there.curves, strict=True):
            np.testing.assert_array_equal(one.values, other.values)
        assert seen.at_x0 == there.at_x0


@pytest.mark.parametrize(
    "cell",
    [
        "if a > 2:\n    x = x * 2\ny = a * x**3",  # another x for some parameters only
        "z = x.detach().mul_(2)\ny = a * x**3",  # x is written to, and bound to nothing
        "z = x.data.mul_(2 if a > 2 else 1)\ny = a * x**3",
    ],
)
def test_a_glimpse_of_a_cell_that_comes_to_make_another_x_is_a_step(cell: str) -> None:
    g = explorer(cell, "x=1:4 a=0:3@1.5")
    for a in (1.0, 2.5, 2.75, 1.25):
        state = replace(g.state, params={"a": a})
        _, seen = g.glimpse(state)
        _, there = explorer(cell, "x=1:4 a=0:3@1.5").step(state)
        np.testing.assert_array_equal(seen.x[[0, -1]], there.x[[0, -1]])
        np.testing.assert_allclose(seen.curves[0].values[[0, -1]], there.curves[0].values[[0, -1]])
        np.testing.assert_allclose(seen.at_x0, there.at_x0)


def test_another_precision_of_x_is_no_other_x() -> None:
    g = explorer("x = x.float()\ny = abs(x - a)", "x=-1:2 a=0:1@0.3")
    assert [one.kind for one in g.curves.torn or ()] == ["kink"]
    state = replace(g.state, params={"a": 0.4}, x0=0.7)
    _, seen = g.glimpse(state)
    assert not g.settled
    _, there = explorer("x = x.float()\ny = abs(x - a)", "x=-1:2 a=0:1@0.3").step(state)
    assert [one.kind for one in seen.torn or ()] == ["kink"]
    assert (seen.x0, seen.notes) == (there.x0, there.notes)
    np.testing.assert_array_equal(seen.x, there.x)


def test_a_glimpse_calls_no_grad_and_leaves_the_ledger_to_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    g = explorer(SMOOTH)
    calls: list[str] = []
    monkeypatch.setattr("gradmagic.explore.backends.Backend.grad", counting(calls))
    before = g.ledger
    state = replace(g.state, params={**g.state.params, "a": 2.0})
    g.glimpse(state)
    assert (calls, g.settled, g.ledger) == ([], False, before)
    g.step(state)
    assert (calls, g.settled) == (["grad", "grad"], True)
    assert g.ledger is not before


def test_back_at_the_last_run_a_step_shows_that_run() -> None:
    g = explorer(SMOOTH)
    here = g.state
    exact = g.trace.derivatives[1].values
    g.glimpse(replace(here, params={**here.params, "a": 2.0}))
    g.step(here)
    np.testing.assert_array_equal(g.trace.derivatives[1].values, exact)


@pytest.mark.parametrize(
    ("cell", "line", "names"),
    [
        ("y = a * x", "--weights ramp", None),
        ("y = a * x + 0 * torch.rand(401)", "", None),
        ("runs.append(1)\ny = a * x", "", {"runs": []}),
        ("y = a * x\n(g,) = grad(y, x, torch.ones(401), retain_graph=True)", "", None),
        ("y = (a * x).sum()", "", None),
        ("y = x * a / torch.max(x)", "", None),
    ],
)
def test_where_the_numbers_might_be_others_a_glimpse_is_a_step(cell: str, line: str, names: Any) -> None:
    g = explorer(cell, f"a=0:3@1 {line}", names)
    g.glimpse(replace(g.state, params={**g.state.params, "a": 2.0}))
    assert g.settled


def test_an_error_in_a_glimpse_is_told_as_in_a_step() -> None:
    g = explorer("y = x * [1, 2][int(a)]", "a=0:3@0")
    good = g.curves
    trace, _ = g.glimpse(replace(g.state, params={"a": 3.0}))
    assert trace.failure is not None
    assert trace.failure.message == "IndexError: list index out of range"
    assert g.curves is good
    g.glimpse(replace(g.state, params={"a": 1.0}))
    assert g.curves is not good


def test_when_the_hand_rests_the_ledger_is_that_of_the_state_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr("gradmagic.explore.backends.Backend.grad", counting(calls))
    panel = Panel(explorer(SMOOTH))
    calls.clear()

    async def dragged() -> tuple[int, int]:
        for value in (0.5, 0.6, 0.7):
            panel.controls.params["a"].slider.value = value
            await asyncio.sleep(0.02)
        during, renders = len(calls), panel.renders
        await asyncio.sleep(0.3)
        assert panel.renders == renders
        return during, len(calls)

    assert asyncio.run(dragged()) == (0, 2)
    assert panel.explorer.settled
    assert panel.y is not None
    np.testing.assert_array_equal(panel.y, explorer(SMOOTH, "a=0:3@0.7").y)
    panel.close()
