"""The explorer: steps, errors as data, threads; and the arguments of `explore`."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.reading import parse_line
from gradmagic.explore.request import GradUsageError, Range


def explorer(cell: str, line: str = "", names: dict[str, Any] | None = None) -> Explorer:
    return Explorer(parse_line(line, cell), names)


def moved(g: Explorer, **params: float) -> Explorer:
    g.step(replace(g.state, params={**g.state.params, **params}))
    return g


def test_a_step_moves_the_numbers() -> None:
    g = explorer("y = a * x ** 2", "a=0:3@1")
    trace, curves = g.step(replace(g.state, params={"a": 2.0}))
    assert trace is g.trace
    assert curves is g.curves
    np.testing.assert_array_equal(g.y, 2 * g.x**2)
    np.testing.assert_array_equal(g.derivatives[0].values, 4 * g.x)
    assert len(g.ledger) == 2


def test_after_an_error_the_last_good_picture_stays_and_the_next_step_works() -> None:
    g = explorer("y = x * [1, 2][int(a)]", "a=0:3@0")
    good = g.curves
    assert moved(g, a=3.0).trace.failure.message == "IndexError: list index out of range"
    assert g.curves is good
    assert moved(g, a=1.0).trace.failure is None
    assert g.curves is not good


def test_a_mistake_in_typed_weights_is_data_too() -> None:
    g = explorer("y = x ** 2")
    trace, _ = g.step(replace(g.state, weights="__import__('os')"))
    assert "not allowed" in trace.failure.message


def test_moving_x0_over_a_tensor_does_not_run_the_cell() -> None:
    names: dict[str, Any] = {"runs": []}
    g = explorer("runs.append(1)\nx = torch.tensor([1., 2., 3.], requires_grad=True)\ny = x ** 2", names=names)
    g.step(replace(g.state, x0=2.9))
    assert g.curves.x0 == 3.0
    assert len(names["runs"]) == 1


@pytest.mark.parametrize("draw", ["torch.rand(401)", "np.random.normal(size=401)", "torch.randn(401)"])
def test_random_numbers_of_the_cell_stay_and_the_users_stream_goes_on(draw: str) -> None:
    def seeded() -> Explorer:
        return explorer(f"torch.manual_seed(1)\nnp.random.seed(1)\ny = x\nnoise = {draw}")

    def drawn(g: Explorer) -> list[float]:
        return np.asarray(g.trace.names["noise"]).tolist()

    cell = f"noise = {draw}\ny = a * x + 0 * noise"
    seeded()
    g = explorer(cell, "a=0:3@1")
    expected = drawn(g), drawn(explorer(f"y = x\nnoise = {draw}"))
    seeded()
    g = moved(explorer(cell, "a=0:3@1"), a=2.0)
    assert (drawn(g), drawn(explorer(f"y = x\nnoise = {draw}"))) == expected


def test_the_line_opens_the_present_state() -> None:
    g = explorer("y = a * x", "x=-1:1 a=0:3")
    g.step(replace(g.state, params={"a": 2.5}, x0=0.25, order=3))
    assert g.line == "%%grad x=-1:1@0.25 a=0:3@2.5 --order 3"


def test_steps_from_many_threads_are_each_whole() -> None:
    g = explorer("y = a * x", "a=0:9@1")
    wrong: list[float] = []

    def steps(first: int) -> None:
        for k in range(first, first + 30):
            trace, curves = g.step(replace(g.state, params={"a": float(k % 9)}))
            if trace.y[-1] != 3.0 * (k % 9) or curves.curves[0].values[-1] != trace.y[-1]:
                wrong.append(k)

    threads = [threading.Thread(target=steps, args=(10 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_explorer_works_on_a_text() -> None:
    g = Explorer(*request_from("a*sin(b*x)", x=(-6, 6), a=(0, 3, 1), b=2.0))
    assert g.program.parameters == {"a": Range(0, 3, 1)}
    np.testing.assert_allclose(g.derivatives[0].values, 2 * np.cos(2 * g.x), atol=1e-12)


def wave(x: Any, a: float = 2.0, *, b: float, name: str = "n") -> Any:
    return a * np.sin(b * x)


def test_a_functions_parameters_become_sliders() -> None:
    g = Explorer(*request_from(wave, x=(-1, 1), b=(0, 4)))
    assert g.program.parameters == {"a": Range(-5, 5, 2), "b": Range(0, 4)}
    np.testing.assert_allclose(g.derivatives[0].values, 4 * np.cos(2 * g.x))


def test_the_first_parameter_is_x_if_none_is_called_so() -> None:
    assert Explorer(*request_from(lambda t: t**2, t=(0, 1))).curves.curves[1].label == "dy/dt"


def test_a_module_takes_what_its_forward_takes() -> None:
    class Square(torch.nn.Module):
        def forward(self, x: Any, a: float = 2.0) -> Any:
            return a * x**2

    g = Explorer(*request_from(Square(), x=(-1, 1)))
    assert g.program.parameters == {"a": Range(-5, 5, 2)}
    np.testing.assert_allclose(g.derivatives[0].values, 4 * g.x)


def test_weights_may_be_an_array() -> None:
    g = Explorer(*request_from("x**2", x=(0, 1), points=3, weights=np.array([1.0, 2.0, 3.0])))
    assert g.derivatives[0].values.tolist() == [0, 2, 6]


MISTAKES: list[tuple[Any, dict[str, Any], str]] = [
    (3, {}, "a text or a function"),
    ("x", {"a": "0:"}, "lacks its end"),
    ("x", {"a": (3, 0)}, "backwards"),
    ("x", {"a": (1, 2, 3, 4)}, "give a range"),
    ("x", {"order": 0}, "from 1 to 10"),
    ("x", {"order": 2.0}, "from 1 to 10"),
    ("x", {"backend": "jax"}, "'gradmagic' or 'torch'"),
    ("x", {"weights": "x["}, "cannot read"),
    (lambda: 1, {}, "no argument"),
    (lambda *things: things[0], {}, "does not say what it takes"),
    ("y = x", {"of": "x"}, "--of and --wrt"),
]


@pytest.mark.parametrize(("what", "given", "words"), MISTAKES)
def test_a_mistake_in_the_arguments_is_said(what: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(GradUsageError, match=words):
        request_from(what, **given)
