"""The same cells on PyTorch, where it is installed: the same calls, the same numbers, and the largest difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradmagic import torch as ours
from gradmagic.explore.backends import backend_of
from gradmagic.explore.explorer import Explorer
from gradmagic.explore.reading import parse_line
from gradmagic.explore.request import GradUsageError

theirs: Any = pytest.importorskip("torch")


def explorer(cell: str, line: str = "", names: dict[str, Any] | None = None) -> Explorer:
    return Explorer(parse_line(line, cell), names)


CELLS = [
    "y = np.sin(x) * exp(-x ** 2 / 8)",
    "import torch\nfrom torch.autograd import grad as g\ny = torch.tanh(x)\nd = g(y, x, torch.ones_like(y))",
    "from gradmagic import torch as t\ny = t.sigmoid(x) + sigmoid(x) + np.where(x > 0, x, 0 * x)",
    "y = abs(x) + np.maximum(x, 1) + cbrt(x + 4)",
    "y = 2 * x",
    "torch.manual_seed(1)\nx = torch.rand(3, 2, dtype=torch.float64, requires_grad=True)\ny = x ** 3",
]


@pytest.mark.parametrize("cell", CELLS)
def test_pytorch_and_gradmagic_agree(cell: str) -> None:
    there, here = explorer(cell, "--backend torch"), explorer(cell)
    assert isinstance(there.trace.names["y"], theirs.Tensor)
    assert isinstance(here.trace.names["y"], ours.Tensor)
    np.testing.assert_allclose(there.y, here.y, rtol=1e-12, atol=1e-14)
    for a, b in zip(there.derivatives, here.derivatives, strict=True):
        np.testing.assert_allclose(a.values, b.values, rtol=1e-9, atol=1e-12)
    assert [(c.source, c.ok, c.asked) for c in there.ledger] == [(c.source, c.ok, c.asked) for c in here.ledger]
    assert there.trace.notes[-1].startswith("PyTorch and gradmagic differ by at most ")


def test_a_default_device_of_pytorch_doubles_no_call() -> None:
    plain = explorer("y = x**3", "--backend torch").ledger
    theirs.set_default_device("cpu")  # from then on PyTorch's grad calls itself by its name
    try:
        assert len(explorer("y = x**3", "--backend torch").ledger) == len(plain)
    finally:
        theirs.set_default_device(None)


@pytest.mark.parametrize("switches", ["--no-create-graph", "--no-retain-graph", "--retain-graph", "--order 1"])
def test_the_ledgers_are_the_same_with_every_switch(switches: str) -> None:
    there, here = explorer("y = exp(x)", f"{switches} --backend torch"), explorer("y = exp(x)", switches)
    for a, b in zip(there.ledger, here.ledger, strict=True):
        assert (a.source, a.ok, a.outcome, a.effective, a.error) == (b.source, b.ok, b.outcome, b.effective, b.error)
        assert (a.nodes_kept, a.nodes_freed) == (b.nodes_kept, b.nodes_freed)


def test_a_name_that_holds_pytorch_means_ours_in_the_cell() -> None:
    names: dict[str, Any] = {
        "torch": theirs,
        "F": theirs.nn.functional,
        "g": theirs.autograd.grad,
        "sine": theirs.sin,
        "w": theirs.tensor([1.0, 2.0]),
        "kind": theirs.float64,
    }
    cell = "x = torch.ones(2, dtype=kind, requires_grad=True)\ny = sine(F.softplus(x)) * w\nd = g(y, x, w)"
    found = explorer(cell, "", names)
    assert isinstance(names["y"], ours.Tensor)
    assert names["torch"] is theirs
    assert len(found.ledger) == 3


def test_pytorchs_functions_are_its_own_again_after_a_run() -> None:
    before = theirs.autograd.grad, theirs.autograd.backward
    explorer("y = x ** 2", "--backend torch")
    with pytest.raises(RuntimeError):
        explorer("y = x ** 2\ngrad(y, x)", "--backend torch")
    assert (theirs.autograd.grad, theirs.autograd.backward) == before


def test_leaf_writes_are_not_pytorchs_to_allow() -> None:
    with pytest.raises(GradUsageError, match="PyTorch refuses it"):
        explorer("y = x ** 2", "--backend torch --leaf-writes=allow")


def test_numbers_that_cannot_be_compared_are_not() -> None:
    cell = "x = torch.rand(3, requires_grad=True)\ny = x ** 2"
    backend_of("gradmagic").torch.manual_seed(1)
    theirs.manual_seed(2)
    assert any("manual_seed" in note for note in explorer(cell, "--backend torch").trace.notes)
