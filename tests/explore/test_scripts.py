"""The scripts of the Code page compute what the panel shows: each is run."""

import contextlib
import io

import numpy as np
import pytest

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.scripts import ENGINES, script

DOCUMENT = """
import torch
x = torch.rand(3, 4, requires_grad=True)
for i in range(3):
    for j in range(4):
        x[i][j] = i + j
y = x**2
"""
SHOWN = [
    ("y = a * np.sin(b * x) * np.exp(-x**2 / 8)  # a wave", {"x": (-6, 6, 1.8), "a": (0, 3, 1.5), "b": (0.2, 4, 1.2)}),
    ("a * sin(x) + sqrt(pi) * cbrt(x) + ln(2)", {"x": (1, 2), "a": (0, 3)}),
    ("2 * x", {"order": 3}),
    ("where(x > 0, x * sigmoid(x), 0 * x)", {"weights": "onehot:300"}),
    ("y = exp(x)", {"weights": "cos(x)", "order": 1}),
    ("y = exp(x)", {"weights": "random:3", "create_graph": False}),
    ("y = x.exp()", {"weights": "ramp", "retain_graph": True}),
    (DOCUMENT, {"leaf_writes": "allow"}),
    ("import torch.nn.functional as F\nz = F.softplus(x)\ny = z + torch.special.erf(x)", {}),
]


def numbers_of(trace):
    return [trace.y, *(d.values for d in trace.derivatives if d.values is not None)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("text", "given"), SHOWN)
def test_a_script_computes_what_is_shown(text, given, engine):
    if engine == "torch":
        pytest.importorskip("torch")
    explorer = Explorer(*request_from(text, **given))
    written = script(explorer.program, explorer.state, explorer.trace, explorer.namespace, engine)
    names = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(written, "<script>", "exec"), names)
    y, x = explorer.program.y_label, explorer.program.wrt
    called = [y, *(f"d{n if n > 1 else ''}{y}d{x}{n if n > 1 else ''}" for n in range(1, explorer.state.order + 1))]
    for name, shown in zip(called, numbers_of(explorer.trace), strict=False):
        np.testing.assert_allclose(names[name].detach().numpy(), shown, rtol=1e-9, atol=1e-12, err_msg=written)
    assert printed.getvalue().strip()


def test_a_refused_derivative_is_a_comment_with_its_reason():
    explorer = Explorer(*request_from("exp(x)", create_graph=False))
    written = script(explorer.program, explorer.state, explorer.trace, explorer.namespace, "torch")
    assert "# d2ydx2, = torch.autograd.grad(dydx, x, torch.ones_like(dydx))  # refused: dy/dx was computed" in written


def test_names_of_the_notebook_are_written_down_where_they_can_be():
    names = {"k": 3, "table": np.array([1.0, 2.0]), "helper": len}
    explorer = Explorer(*request_from("k * x + table.sum() + helper(table)", names))
    written = script(explorer.program, explorer.state, explorer.trace, explorer.namespace, "gradmagic")
    assert "k = 3\n" in written
    assert "table = np.array([1.0, 2.0], dtype=np.float64)" in written
    assert "# helper: the notebook's own" in written


K = 2.5
bump = lambda u: np.exp(-(u**2))  # noqa: E731  as people write it in a notebook


def steep(u):
    return np.tanh(K * u)


def wave(x, a=2.0):
    """A helper that calls another, and reads a number."""
    return np.sin(a * x) + steep(x)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("what", "names"),
    [("wave(x) + bump(x) * b", {"wave": wave, "bump": bump}), (wave, None), (lambda x, a: a * x**3, None)],
)
def test_a_script_brings_the_functions_of_the_notebook_along(what, names, engine):
    if engine == "torch":
        pytest.importorskip("torch")
    explorer = Explorer(*request_from(what, names) if names else request_from(what))
    written = script(explorer.program, explorer.state, explorer.trace, explorer.namespace, engine)
    found = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(written, "<script>", "exec"), found)
    for name, shown in zip(("y", "dydx", "d2ydx2"), numbers_of(explorer.trace), strict=True):
        np.testing.assert_allclose(found[name].detach().numpy(), shown, rtol=1e-9, atol=1e-12, err_msg=written)


def test_a_function_that_closes_over_something_is_only_named():
    def maker(c):
        return lambda x: c * x

    explorer = Explorer(*request_from("f(x)", {"f": maker(2.0)}))
    written = script(explorer.program, explorer.state, explorer.trace, explorer.namespace, "gradmagic")
    assert "# f: the notebook's own, function" in written
