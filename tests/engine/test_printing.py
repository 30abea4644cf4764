"""The text of a tensor is torch's, character for character."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradmagic.engine import printing
from gradmagic.engine.printing import format_tensor, get_printoptions, printoptions, set_printoptions
from tests.engine.agreement import Entry, entries

FLOAT32 = np.dtype("float32")


@pytest.fixture(autouse=True)
def _default_options() -> Iterator[None]:
    yield
    set_printoptions(profile="default")


@pytest.mark.parametrize("entry", entries("printing"), ids=lambda entry: entry["id"])
def test_the_text_is_the_one_recorded_from_torch(entry: Entry) -> None:
    array = np.array(eval(entry["expr"], {"np": np}))
    with printoptions(**entry["options"]):
        text = format_tensor(array, default_dtype=np.dtype(entry["default"]), requires_grad=entry["requires_grad"])
    assert text == entry["prints"]


def test_a_grad_fn_takes_precedence_over_requires_grad() -> None:
    text = format_tensor(np.ones(2, "f4"), default_dtype=FLOAT32, grad_fn="CopySlices", requires_grad=True)
    assert text == "tensor([1., 1.], grad_fn=<CopySlices>)"


def test_the_tangent_comes_last() -> None:
    text = format_tensor(np.ones(1, "f4"), default_dtype=FLOAT32, grad_fn="PowBackward0", tangent="tensor([2.])")
    assert text == "tensor([1.], grad_fn=<PowBackward0>, tangent=tensor([2.]))"


def test_a_longer_prefix_indents_further() -> None:
    text = format_tensor(np.eye(2, dtype="f4"), default_dtype=FLOAT32, prefix="Parameter(")
    assert text == "Parameter([[1., 0.],\n           [0., 1.]])"


def test_a_transposed_array_prints_as_its_copy_does() -> None:
    array = np.arange(6.0).reshape(2, 3).T
    assert format_tensor(array, default_dtype=FLOAT32) == format_tensor(array.copy(), default_dtype=FLOAT32)


def test_options_return_to_what_they_were_also_after_an_error() -> None:
    before = get_printoptions()
    with pytest.raises(ZeroDivisionError), printoptions(precision=1, sci_mode=True):
        1 / 0
    assert get_printoptions() == before == vars_of(printing.PrintOptions())


def test_sci_mode_is_set_by_every_call_as_in_torch() -> None:
    set_printoptions(sci_mode=True)
    set_printoptions(precision=3)
    assert get_printoptions()["sci_mode"] is None


def vars_of(options: printing.PrintOptions) -> dict[str, Any]:
    return {name: getattr(options, name) for name in get_printoptions()}


def test_random_arrays_print_as_real_torch_prints_them() -> None:
    torch = pytest.importorskip("torch", reason="compares with real torch, which is not installed")
    random = np.random.default_rng(20)
    for _ in range(400):
        array, options = _array(random), _options(random)
        tensor = torch.from_numpy(array)
        torch.set_printoptions(profile="default")
        torch.set_printoptions(**options)
        try:
            expected = repr(tensor)
        finally:
            torch.set_printoptions(profile="default")
        with printoptions(**options):
            assert format_tensor(array, default_dtype=FLOAT32) == expected, (options, array)


def _array(random: np.random.Generator) -> np.ndarray[Any, Any]:
    shape = tuple(random.integers(0, 5, random.integers(0, 4)))
    dtype = random.choice(["f2", "f4", "f8", "c8", "c16", "i1", "i4", "i8", "u1", "?"])
    values = random.normal(size=shape) * 10.0 ** random.integers(-6, 9) * 10.0 ** random.integers(-2, 3, shape)
    values = np.where(random.random(shape) < 0.3, np.rint(values), values)
    if dtype[0] in "fc":
        special = random.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], shape)
        values = np.where(random.random(shape) < 0.2, special, values)
    else:
        values = np.clip(values, 0, 100)
    with np.errstate(over="ignore", invalid="ignore"):
        if dtype[0] == "c":
            values = values + 1j * values[::-1] if shape else values * (1 + 2j)
        return np.array(values, dtype)


def _options(random: np.random.Generator) -> dict[str, Any]:
    choices: dict[str, list[Any]] = {
        "precision": [0, 2, 4, 7],
        "threshold": [0, 5, 1000],
        "edgeitems": [0, 1, 2, 3],
        "linewidth": [10, 40, 80],
        "sci_mode": [None, None, True, False],
    }
    return {name: values[random.integers(len(values))] for name, values in choices.items()}
