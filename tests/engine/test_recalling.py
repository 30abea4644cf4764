"""A sine or a cosine that is there already is not found again, and what was written to is never taken for it."""

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.engine.recalling import ENOUGH, known_identity


class Counted(np.ndarray):
    """An array that counts by name the ufuncs that it goes through."""

    calls: ClassVar[Counter[str]] = Counter()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        Counted.calls[ufunc.__name__] += 1
        out = getattr(ufunc, method)(*[np.asarray(v) if isinstance(v, Counted) else v for v in inputs], **kwargs)
        return np.asarray(out).view(Counted)


def leaf(size: int = ENOUGH) -> Any:
    return torch.linspace(-2.0, 2.0, size, dtype=torch.float64).requires_grad_()


def slopes(f: Callable[[Any], Any], x: Any, between: Callable[[Any], None] = lambda first: None) -> list[Any]:
    """Two derivatives, the second of them of a graph that is freed; ``between`` may do anything to the first."""
    ones = torch.ones_like(x.detach())
    y = f(x)
    (first,) = torch.autograd.grad(y, x, ones, create_graph=True)
    between(first)
    (second,) = torch.autograd.grad(first, x, ones)
    return [y, first, second]


@pytest.mark.parametrize(
    ("f", "cofunction", "names"),
    [(torch.sin, np.cos, ("sin", "cos")), (torch.sinh, np.cosh, ("sinh", "cosh"))],
)
def test_two_derivatives_take_each_function_once(f: Any, cofunction: Any, names: tuple[str, str]) -> None:
    x = leaf()
    x._array = x._array.view(Counted)
    Counted.calls.clear()
    _, first, second = (np.asarray(found._array) for found in slopes(lambda x: f(x) * f(x), x))
    assert [Counted.calls[name] for name in names] == [2, 2]  # two nodes of each: y's own, and those of its slope
    values = np.asarray(x._array)
    s, c = f(torch.tensor(values)).numpy(), cofunction(values)
    sign = -1 if f is torch.sin else 1
    assert np.array_equal(first, s * c + s * c)
    np.testing.assert_allclose(second, 2 * (c * c + sign * s * s), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("name", ["sin", "cos", "sinh", "cosh"])
def test_what_is_recalled_is_what_would_be_found_to_the_last_bit(name: str) -> None:
    f = getattr(torch, name)
    x = leaf()
    whole = slopes(lambda x: x * f(x), x)
    parts = [slopes(lambda x: x * f(x), piece.detach().clone().requires_grad_()) for piece in x.split(ENOUGH // 4)]
    for k, found in enumerate(whole):
        assert np.array_equal(found._array, np.concatenate([p[k]._array for p in parts]))


def test_nothing_lives_longer_for_it() -> None:
    x = leaf()
    s = torch.sin(x)
    known = x._known[np.sin][1]
    assert known() is s
    del s
    assert known() is None


def test_a_freed_graph_keeps_no_cosine() -> None:
    x = leaf()
    y = torch.sin(x)
    (first,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    assert y.grad_fn.found is not None
    torch.autograd.grad(first.sum() + y.sum(), x)
    assert y.grad_fn.found is None


def by_another_name(x: Any) -> Any:
    return x.data


def by_its_array(x: Any) -> Any:
    return x.numpy(force=True)


@pytest.mark.parametrize("alias", [by_another_name, by_its_array])
def test_a_write_that_no_version_counts_is_heard_all_the_same(alias: Any) -> None:
    """As in torch, which finds the cosine anew: the slope is that of what stands there now."""
    x = leaf()

    def write(first: Any) -> None:
        alias(x)[:] = 0.5

    *_, second = slopes(torch.sin, x, write)
    assert np.array_equal(second._array, np.full(ENOUGH, -np.sin(0.5)))


def test_an_array_that_is_the_users_own_may_change() -> None:
    array = np.linspace(-2.0, 2.0, ENOUGH)
    x = torch.from_numpy(array).requires_grad_()

    def write(first: Any) -> None:
        array[:] = 0.5

    *_, second = slopes(torch.sin, x, write)
    assert np.array_equal(second._array, np.full(ENOUGH, -np.sin(0.5)))


def test_a_sine_that_was_written_to_is_no_sine() -> None:
    x = leaf()
    y = torch.sin(x)
    ones = torch.ones_like(x.detach())
    (first,) = torch.autograd.grad(y, x, ones, create_graph=True)
    with torch.no_grad():
        y.zero_()
    (second,) = torch.autograd.grad(first, x, ones)
    assert np.array_equal(second._array, -np.sin(x._array))


def test_a_tensor_that_was_given_other_data_has_other_sines() -> None:
    x = leaf()
    y = torch.sin(x)
    x.data = torch.full((ENOUGH,), 0.5, dtype=torch.float64)
    assert np.array_equal(torch.autograd.grad(torch.cos(x).sum(), x)[0]._array, np.full(ENOUGH, -np.sin(0.5)))
    assert y.shape == x.shape


@pytest.mark.parametrize("spoil", [lambda t: t.fill_(2.0), by_another_name, by_its_array, lambda t: t.detach().mul_(3)])
def test_an_identity_that_may_have_been_written_to_is_looked_at(spoil: Any) -> None:
    basis = torch.eye(40, dtype=torch.float64)
    assert known_identity(basis)
    alias = spoil(basis)
    assert not known_identity(basis)
    alias[0, 1] = 7.0
    x = torch.ones(40, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(x * 2, x, basis, is_grads_batched=True)
    assert np.array_equal(found.numpy(), 2 * basis.numpy())


def test_a_piece_that_does_not_say_whose_memory_it_lies_in() -> None:
    x = leaf(2 * ENOUGH)
    s, c = torch.sin(x), torch.cos(x)
    with torch.no_grad():
        torch.unsafe_split(s, ENOUGH)[0].mul_(0)
    (slope,) = torch.autograd.grad(c.sum(), x)
    np.testing.assert_array_equal(slope.numpy(), -np.sin(x.detach().numpy()))
    identity = torch.eye(512)
    torch.unsafe_split(identity, 256)[0][0, 1] = 5.0
    assert not known_identity(identity)


def test_an_address_is_a_door_to_the_memory() -> None:
    identity = torch.eye(512)
    identity.data_ptr()
    assert not known_identity(identity)
