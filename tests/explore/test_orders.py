"""The third and higher derivatives: in one pass of Taylor arithmetic where y is elementwise in x, else call by call."""

import numpy as np
import pytest

from gradmagic.explore.backends import Backend
from gradmagic.explore.trace import Trace
from tests.explore.test_run import traced


def call_by_call(monkeypatch: pytest.MonkeyPatch, cell: str, line: str) -> Trace:
    with monkeypatch.context() as patch:
        patch.setattr(Backend, "taylor", lambda *_: None)
        return traced(cell, line)


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("y = sin(x) * exp(-x**2 / 8)", ""), ("y = tan(sin(x))", "--weights cos(x)"), ("y = x**2.5", "x=0:3"),
        ("y = np.where(x > 0, x**3, -x)", "x=-1:1"), ("y = abs(sin(3 * x))", "--weights random:1"),
        ("y = log(x)", "x=-1:1"), ("y = x**4", "--weights onehot:7"), ("y = x.reshape(-1, 1).squeeze(1) ** 3", ""),
    ],
)  # fmt: skip
def test_the_numbers_are_those_of_repeated_calls(monkeypatch: pytest.MonkeyPatch, cell: str, line: str) -> None:
    ours, theirs = (
        f(cell, f"--order 5 --points 41 {line}") for f in (traced, lambda *a: call_by_call(monkeypatch, *a))
    )
    assert [call.source for call in ours.ledger[2:]] == ["d3ydx3 … d5ydx5 = taylor(y, x)"]
    assert len(theirs.ledger) >= 4
    for a, b in zip(ours.derivatives, theirs.derivatives, strict=True):
        size = float(np.max(np.abs(b.values), where=np.isfinite(b.values), initial=0.0))
        assert np.allclose(a.values, b.values, rtol=1e-9, atol=1e-9 * size, equal_nan=True)


def test_the_first_two_are_calls_of_grad_as_ever() -> None:
    trace = traced("y = sin(x)", "--order 2")
    assert [call.source.partition("(")[0] for call in trace.ledger] == ["dydx = grad", "d2ydx2 = grad"]
    assert len(traced("y = sin(x)", "--order 3").ledger) == 3


def test_order_ten_is_exact() -> None:
    trace = traced("y = exp(2 * x)", "--order 10 x=0:1")
    assert np.allclose(trace.derivatives[9].values, 2**10 * np.exp(2 * trace.x), rtol=1e-12)


def test_what_is_zero_says_why() -> None:
    notes = [derivative.note for derivative in traced("y = x**3", "--order 5").derivatives]
    assert notes == [None, None, None, "d³y/dx³ does not depend on x", "d⁴y/dx⁴ does not depend on x"]


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("y = exp(x) * x.sum()", ""), ("y = exp(x)", "--no-create-graph"), ("y = exp(x)", "--no-retain-graph"),
        ("t = x * x\nt.register_hook(lambda g: g * 2)\ny = t * x", ""), ("y = (x**2).cumsum(0)", ""),
    ],
)  # fmt: skip
def test_elsewhere_the_calls_stand_as_they_stood(monkeypatch: pytest.MonkeyPatch, cell: str, line: str) -> None:
    line = f"--order 4 --points 11 x=0.5:1 {line}"
    ours, theirs = traced(cell, line), call_by_call(monkeypatch, cell, line)
    assert [call.source for call in ours.ledger] == [call.source for call in theirs.ledger]
    assert [d.note for d in ours.derivatives] == [d.note for d in theirs.derivatives]
    for a, b in zip(ours.derivatives, theirs.derivatives, strict=True):
        assert (a.values is None) == (b.values is None)
        assert a.values is None or np.array_equal(a.values, b.values, equal_nan=True)
