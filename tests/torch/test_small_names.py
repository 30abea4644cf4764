"""Small functions and methods that a torch program expects: they print and refuse as torch's do."""

from __future__ import annotations

import itertools
import re
import warnings
from typing import Any

import numpy as np
import pytest

from gradmagic import torch as ours

EXPRESSIONS = """
torch.asarray([1., 2.])
torch.asarray(3)
torch.asarray(i, copy=True)
torch.asarray(i, dtype=torch.float64, requires_grad=True)
torch.asarray([1], copy=False)
torch.searchsorted(torch.tensor([1., 2., 3.]), torch.tensor([2.]))
torch.searchsorted(torch.tensor([1., 2., 3.]), 2., right=True)
torch.searchsorted(torch.tensor([[1., 2., 3.], [2., 3., 4.]]), torch.tensor([[2.], [3.]]), side='right')
torch.searchsorted(torch.tensor([3., 1., 2.]), torch.tensor([2.5]), sorter=torch.tensor([1, 2, 0]), out_int32=True)
torch.searchsorted(torch.ones(2, 3), torch.ones(3))
torch.unique_consecutive(i)
torch.unique_consecutive(torch.tensor([1, 1, 2, 2, 1]), return_inverse=True, return_counts=True)
torch.unique_consecutive(torch.tensor([[1, 1, 2], [1, 1, 2], [0, 0, 2]]), dim=0)
torch.unique_consecutive(torch.tensor([[1, 1, 2], [1, 1, 2], [0, 0, 2]]), dim=1, return_counts=True)
torch.result_type(x, 1)
torch.result_type(i, 1.)
torch.result_type(x, torch.tensor(1., dtype=torch.float64))
torch.promote_types(torch.int64, torch.float32)
torch.promote_types(torch.uint8, torch.int8)
torch.broadcast_shapes((2, 1), (3,), 1)
torch.broadcast_shapes((2,), (3,))
torch.tril_indices(3, 3)
torch.triu_indices(3, 4, 1, dtype=torch.int32)
torch.signbit(torch.tensor([-0., 0., -1.]))
torch.signbit(b)
torch.signbit(torch.tensor(1j))
torch.isreal(torch.tensor([1j, 1+0j]))
torch.ger(x.detach(), x.detach())
torch.bitwise_and(i, 3)
torch.bitwise_and(x, 3)
torch.bitwise_and(b, i)
torch.bitwise_or(b, True)
torch.bitwise_xor(x, x)
torch.bitwise_not(x)
torch.bitwise_not(i)
torch.bitwise_not(b)
torch.bitwise_left_shift(i, 1)
torch.bitwise_left_shift(x, 1)
torch.bitwise_right_shift(x, 1)
(i << 1, i >> 1, 1 << i, i & 3, 3 | i)
torch.fft.fftfreq(5)
torch.fft.fftfreq(4, dtype=torch.float64)
torch.fft.rfftfreq(7, d=.5)
(x.nbytes, x.itemsize, x.ndimension(), x.is_signed(), b.is_signed())
x[0].is_nonzero()
torch.is_nonzero(x)
torch.is_nonzero(torch.tensor([]))
torch.tensor([[1j, 2.], [3., 4.]]).adjoint()
x.adjoint()
x.new_full((2,), 3)
x.new_full((2, 1), 3, dtype=torch.int64)
x.new_tensor([1, 2], requires_grad=True)
i.new_tensor([1.5])
x.new_tensor(x)
torch.ones(3, 3).fill_diagonal_(5)
torch.ones(5, 2).fill_diagonal_(5, True)
torch.ones(5, 2).fill_diagonal_(5)
torch.ones(2, 2, 2).fill_diagonal_(5)
torch.ones(2, 2, 3).fill_diagonal_(5)
x.clone().fill_diagonal_(3)
torch.autograd.grad((x.reshape(1, 2) * 1).fill_diagonal_(3.).sum(), x)
x.hardshrink(.5)
x.prelu(torch.tensor([.5]))
x.__reversed__()
torch.Tensor.backward.__name__
torch.sin([1.])
torch.sin((1, 2))
torch.exp(None)
torch.abs('a')
torch.sin(x, 3)
torch.atan2(x, x, x)
torch.sin(x, bla=3)
torch.tensor(2**70)
torch.tensor([2**63])
torch.tensor(-2**63)
torch.tensor([2**70, 1.])
torch.tensor(1j) > 1
1j >= torch.tensor([1.])
x * 1j < x
torch.tensor([1j]) <= torch.tensor([1j])
torch.autograd.grad(x.sum(), x, retain_graph='a')
torch.autograd.grad(x.sum(), x, retain_graph=1)
torch.autograd.grad(x.sum(), x, create_graph='a', allow_unused=True)
x.sum().backward(retain_graph='a')
((x * x).sum().backward(inputs={'a': x}), x.grad)
torch.no_grad()(type('C', (), {}))()
torch.vmap(double.apply)(x)
torch.func.vmap(lambda v: double.apply(v) + 1)(x)
torch.linalg.svd(torch.eye(2))
torch.linalg.eigh(torch.eye(2))
torch.linalg.lu_factor(torch.eye(2))
torch.aminmax(x.detach())
torch.frexp(x.detach())
(x * x).grad_fn.next_functions[0][0]
(x * x).grad_fn.next_functions[0][0]._sequence_nr()
(x * x).grad_fn._sequence_nr() < (x * x).grad_fn._sequence_nr()
""".strip().splitlines()


def double(torch: Any) -> Any:
    class F(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(x: Any) -> Any:
            return x * 2

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            pass

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:  # noqa: ARG004
            return g * 2

    return F


def answer(torch: Any, expression: str) -> str:
    scope = {
        "torch": torch, "x": torch.tensor([1.0, -2.0], requires_grad=True), "i": torch.tensor([5, 3]),
        "b": torch.tensor([True, False]), "double": double(torch),
    }  # fmt: skip
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            got = re.sub("0x[0-9a-f]+", "…", repr(eval(expression, scope)))
        except Exception as error:  # noqa: BLE001  whatever it is, it is compared
            got = f"{type(error).__name__}: {error}"
    return "\n".join([got, *(f"{w.category.__name__}: {w.message}".partition(" (Triggered")[0] for w in told)])


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_small_names_answer_as_torchs_do(expression: str) -> None:
    theirs = pytest.importorskip("torch")
    assert answer(ours, expression) == answer(theirs, expression)


def test_the_derivatives_of_what_is_picked_and_filled() -> None:
    x = ours.tensor([2.0, 2.0, 3.0], requires_grad=True)
    assert ours.autograd.grad(ours.unique_consecutive(x).sum(), x)[0].tolist() == [1, 0, 1]
    m = ours.ones(2, 2, requires_grad=True)
    assert ours.autograd.grad((m * 2).fill_diagonal_(0).sum(), m)[0].tolist() == [[0, 2], [2, 0]]


def test_there_is_one_thread_to_switch() -> None:
    with ours.autograd.set_multithreading_enabled(False):
        x = ours.tensor(3.0, requires_grad=True)
        (x * x).backward()
    assert x.grad.item() == 6
    assert np.shares_memory(ours.asarray(a := np.ones(2)).numpy(), a)
    assert list(itertools.chain(reversed(ours.tensor([1, 2])))) == [2, 1]


def test_the_imaginary_part_is_not_lost_in_silence() -> None:
    z = ours.tensor([1 + 2j], requires_grad=True)  # torch says it once in a process, and so it is not compared
    with pytest.warns(UserWarning, match="^Casting complex values to real discards the imaginary part$"):
        assert z.double().tolist() == [1]
    assert z.detach().bool().tolist() == [True]
