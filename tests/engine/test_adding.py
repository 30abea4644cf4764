"""Sums that go another way than numpy's are numpy's."""

import itertools
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.engine import adding, fitting


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.int64])
@pytest.mark.parametrize("shape", [(300, 3, 5), (3, 300, 5), (7, 5, 90), (2048,), (2, 3)])
def test_a_sum_over_any_axes_is_numpys(shape: tuple[int, ...], dtype: type) -> None:
    x = (np.random.default_rng(1).normal(size=shape) * 9).astype(dtype)
    for layout in (x, np.asfortranarray(x), np.broadcast_to(x[..., :1], shape)):
        for n in range(x.ndim + 1):
            for axis in (None, -1, *itertools.combinations(range(x.ndim), n)):
                for keepdims in (False, True):
                    found, expected = adding.added(layout, axis, keepdims), np.sum(layout, axis=axis, keepdims=keepdims)
                    assert found.dtype == expected.dtype
                    assert found.shape == expected.shape
                    np.testing.assert_allclose(
                        found,
                        expected,
                        rtol=1e-5 if dtype is np.float32 else 1e-12,
                        atol=1e-3 if dtype is np.float32 else 1e-11,
                    )


def test_what_is_not_finite_stays_so() -> None:
    x = np.ones((1000, 3))
    x[1, 1], x[2] = np.inf, [np.inf, 1, -np.inf]
    with np.errstate(invalid="ignore"):
        assert np.array_equal(adding.added(x, 1)[:4], [3, np.inf, np.nan, 3], equal_nan=True)


SHAPES = [((2000, 3, 5), (3, 5)), ((2000, 3, 5), (1, 5)), ((2000, 3, 5), (2000, 3, 1)), ((400, 90), (90,))]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("shape", "of"), SHAPES)
def test_a_product_summed_to_a_shape_is_what_numpy_gives_in_two_steps(
    shape: tuple[int, ...], of: tuple[int, ...], dtype: type
) -> None:
    a, b = np.random.default_rng(2).normal(size=(2, *shape)).astype(dtype)
    expected = fitting.unbroadcast(a.astype(np.float64) * b, shape, of)
    found = adding.added_products(a, b, of)
    assert (found.dtype, found.shape) == (dtype, of)
    np.testing.assert_allclose(
        found, expected, rtol=1e-11 if dtype is np.float64 else 1e-4, atol=1e-12 if dtype is np.float64 else 1e-4
    )


@pytest.mark.parametrize(("shape", "of"), [*SHAPES, ((30, 900), (30, 1)), ((500, 60), ())])
def test_the_gradient_of_what_was_broadcast_is_that_of_what_was_spelt_out(
    shape: tuple[int, ...], of: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(3)
    a, w = (torch.tensor(rng.normal(size=shape)) for _ in range(2))
    b = torch.tensor(rng.normal(size=of), requires_grad=True)
    wide = b.detach().expand(shape).clone().requires_grad_()

    def f(b: Any) -> Any:
        return (a * b - b) * w

    (found,), (whole,) = torch.autograd.grad(f(b).sum(), b), torch.autograd.grad(f(wide).sum(), wide)
    np.testing.assert_allclose(found.numpy(), fitting.unbroadcast(whole.numpy(), shape, of), rtol=1e-10, atol=1e-12)


def large(fill: float) -> Any:
    return np.full(adding.LARGE, fill)


def test_a_sum_takes_the_memory_that_nobody_else_holds_and_no_other() -> None:
    a, b = large(1.0), large(2.0)
    place = a.ctypes.data
    found = adding.plus(a, b)
    assert (found.ctypes.data, found[0]) == (place, 3.0)
    b, other = large(2.0), large(1.0)
    held, view = other, b[1:]
    found = adding.plus(other, b)
    assert (found[0], held[0], view[0]) == (3.0, 1.0, 2.0)


def test_nothing_that_anybody_holds_is_written_to_by_a_pass() -> None:
    w, x = torch.tensor(large(1.0)), torch.tensor(large(2.0), requires_grad=True)
    seen: list[Any] = []
    inner = x * 3
    inner.register_hook(lambda g: seen.append((g, g.clone())))
    y = inner + inner.reshape(2, -1).reshape(-1) + inner * inner + x
    for _ in range(2):
        (found,) = torch.autograd.grad(y, x, w, retain_graph=True)
        assert found.tolist() == [3 * (2 + 12) + 1] * adding.LARGE
    assert all(torch.equal(g, copy) for g, copy in seen)
    plain = x + x.reshape(2, -1).reshape(-1) + x * x + x
    (first,) = torch.autograd.grad(plain, x, w, retain_graph=True)
    (second,) = torch.autograd.grad(plain, x, w)
    assert first.tolist() == second.tolist() == [7.0] * adding.LARGE
    assert w.tolist() == [1.0] * adding.LARGE


def test_a_long_row_is_added_with_numpys_care() -> None:
    x = torch.tensor(np.random.default_rng(4).random((10, 3000, 64), np.float32))
    b = torch.ones(10, 1, 1).requires_grad_()
    (found,) = torch.autograd.grad((b * x).sum(), b)
    exact = x.numpy().astype(np.float64).sum(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(found.numpy(), exact, rtol=4e-7)


def test_more_dimensions_than_there_are_letters() -> None:
    x = torch.tensor(np.ones((2, adding.LARGE) + (1,) * 51, np.float32))
    b = torch.ones((2,) + (1,) * 52).requires_grad_()
    (found,) = torch.autograd.grad(b * x, b, torch.ones(*x.shape))
    assert found.reshape(-1).tolist() == [adding.LARGE] * 2


def test_nothing_is_written_to_by_a_python_that_was_watched_when_it_began() -> None:
    """A tracer that reads the local names of each frame holds what they name."""
    code = f"""
import sys
def watch(frame, event, argument):
    frame.f_locals
    return watch
sys.settrace(watch)
import gradmagic.engine.adding
sys.settrace(None)
from gradmagic import torch
a, b = (torch.linspace(p, p + 1, {adding.LARGE}, dtype=torch.float64).requires_grad_() for p in (1, 3))
w = torch.linspace(1, 3, {adding.LARGE}, dtype=torch.float64)
kept = w.clone()
found, = torch.autograd.grad(a + b + a.sin() * b + a, a, w)
assert torch.equal(w, kept)
assert torch.allclose(found, w * (2 + torch.cos(a) * b))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
