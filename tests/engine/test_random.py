"""A seed gives torch's own numbers."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import pytest

from gradmagic.engine.random import DEFAULT_SEED, Generator, default_generator
from tests.engine.agreement import Entry, entries
from tests.oracle.record import bits

# Another C library than the one of the record may round a logarithm or a cosine otherwise, in the last place.
UNITS = 0 if platform.libc_ver()[0] == "glibc" else 1


def draw(generator: Generator, call: Entry) -> np.ndarray[Any, Any]:
    """Make one recorded call."""
    name, arguments, dtype = call["call"], call["arguments"], np.dtype(call["dtype"])
    if name in ("rand", "randn"):
        return getattr(generator, name)(arguments, dtype)  # type: ignore[no-any-return]
    if name == "randperm":
        return generator.randperm(arguments[0], dtype)
    if name == "randint":
        low, high, *shape = arguments
        return generator.randint(low, high, shape, dtype)
    *parameters, size = arguments
    return getattr(generator, name)(*parameters, (size,), dtype)  # type: ignore[no-any-return]


@pytest.mark.parametrize("entry", entries("random"), ids=lambda entry: f"seed {entry['seed']}")
def test_the_numbers_are_those_recorded_from_torch_bit_for_bit(entry: Entry) -> None:
    generator = Generator(entry["seed"])
    for call in entry["calls"]:
        drawn = bits(draw(generator, call))
        assert len(drawn) == len(call["values"])
        assert all(abs(a - b) <= UNITS for a, b in zip(drawn, call["values"], strict=True)), call["call"]


@pytest.mark.parametrize("size", [1, 15, 16, 17, 40])
def test_a_state_continues_the_same_numbers(size: int) -> None:
    generator = Generator(3)
    generator.randn(5)
    state = generator.get_state()
    first = generator.randn(size)
    assert np.array_equal(first, Generator(9).set_state(state).randn(size))
    assert np.array_equal(first, generator.set_state(state).randn(size))


def test_seeding_forgets_the_second_number_of_a_pair() -> None:
    generator = Generator(1)
    first = generator.randn(1)
    assert np.array_equal(generator.manual_seed(1).randn(1), first)
    assert generator.initial_seed() == 1


def test_a_negative_seed_counts_from_the_top() -> None:
    assert Generator(-1).initial_seed() == 2**64 - 1


def test_seed_chooses_another_seed_each_time() -> None:
    generator = Generator()
    assert generator.initial_seed() == DEFAULT_SEED
    assert generator.seed() == generator.initial_seed() != generator.seed()


def test_the_default_generator_is_there() -> None:
    assert isinstance(default_generator, Generator)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda g: g.manual_seed(2**64), ValueError, "Overflow when unpacking long long"),
        (lambda g: g.rand(-1), RuntimeError, "Trying to create tensor with negative dimension -1: [-1]"),
        (lambda g: g.randperm(-2), RuntimeError, "Trying to create tensor with negative dimension -2: [-2]"),
        (lambda g: g.rand(2, "i8"), NotImplementedError, "\"check_uniform_bounds\" not implemented for 'Long'"),
        (lambda g: g.randn(2, "i4"), NotImplementedError, "\"normal_kernel_cpu\" not implemented for 'Int'"),
        (
            lambda g: g.randint(5, 5),
            RuntimeError,
            "random_ expects 'from' to be less than 'to', but got from=5 >= to=5",
        ),
        (lambda g: g.normal(3, -2), RuntimeError, "normal expects std >= 0.0, but found std -2"),
        (
            lambda g: g.uniform(3, 2),
            RuntimeError,
            "uniform_ expects to return a [from, to) range, but found from=3 > to=2",
        ),
        (lambda g: g.bernoulli(2), RuntimeError, "bernoulli_ expects p to be in [0, 1], but got p=2"),
        (
            lambda g: g.set_state(np.zeros(7, "u1")),
            RuntimeError,
            "Expected a CPUGeneratorImplState of size 5056, but found 7",
        ),
        (lambda g: g.set_state(np.zeros(5056)), TypeError, "RNG state must be a torch.ByteTensor"),
    ],
)
def test_refusals_are_in_torchs_words(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call(Generator(0))
    assert str(caught.value) == words


def test_one_probability_for_each_element() -> None:
    drawn = Generator(0).bernoulli(np.array([0.0, 1.0, 0.0, 1.0]))
    assert drawn.tolist() == [0.0, 1.0, 0.0, 1.0]
    assert drawn.dtype == np.float64


def test_long_normal_rows_are_those_of_real_torch() -> None:
    torch = pytest.importorskip("torch", reason="compares with real torch, which is not installed")
    if not torch.backends.cpu.get_cpu_capability().startswith("AVX"):
        pytest.skip("torch rounds float32 normals otherwise on this processor")
    theirs = torch.Generator().manual_seed(77)
    ours = Generator(77)
    for dtype in ("float64", "float32"):
        expected = torch.randn(50_001, dtype=getattr(torch, dtype), generator=theirs).numpy()
        assert np.array_equal(ours.randn(50_001, dtype), expected), dtype


def test_a_state_travels_to_real_torch_and_back() -> None:
    torch = pytest.importorskip("torch", reason="compares with real torch, which is not installed")
    ours = Generator(5)
    ours.randn(3)
    theirs = torch.Generator()
    theirs.set_state(torch.from_numpy(ours.get_state()))
    assert np.array_equal(ours.randn(4), torch.randn(4, generator=theirs).numpy())
    ours = Generator().set_state(theirs.get_state().numpy())
    assert np.array_equal(ours.rand(700), torch.rand(700, generator=theirs).numpy())
