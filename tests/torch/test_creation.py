"""torch.tensor on what is nested: the element type that torch infers, and its words where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradmagic import torch


def test_tensors_and_numpy_numbers_in_a_list_keep_their_precision() -> None:
    x = torch.tensor(0.1, dtype=torch.float64)
    for data in ([x, 1.0], [[x], [1.0]], [np.float64(0.1), 1.0], [np.array([0.1])]):
        t = torch.tensor(data)
        assert t.dtype is torch.float64
        assert t.reshape(-1)[0].item() == 0.1


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        ([1, 2.0], torch.float32), ([True, 2], torch.int64), ([torch.tensor(1), 2.5], torch.float32),
        ([torch.tensor(1.0, dtype=torch.float16), 1], torch.float16), ([np.int32(3)], torch.int32), ([], torch.float32),
        (range(3), torch.int64), ([torch.tensor(1, dtype=torch.uint8)], torch.uint8), ([1j, 1.0], torch.complex64),
    ],
)  # fmt: skip
def test_the_dtype_of_nested_data_is_torchs(data: Any, dtype: Any) -> None:
    assert torch.tensor(data).dtype is dtype


def test_a_tensor_of_one_element_in_a_list_is_a_number() -> None:
    assert torch.tensor([torch.ones(1, 1), torch.ones(1)]).shape == (2,)


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        ([torch.ones(2)], ValueError, "only one element tensors can be converted to Python scalars"),
        ([1, [2]], TypeError, "'list' object cannot be interpreted as an integer"),
        ([1.0, [2]], TypeError, "must be real number, not list"),
        ([[1], 2], TypeError, "not a sequence"),
        (["a"], ValueError, "too many dimensions 'str'"),
        ("a", TypeError, "invalid data type 'str'"),
        ([None], RuntimeError, "Could not infer dtype of NoneType"),
        ({}, RuntimeError, "Could not infer dtype of dict"),
    ],
)
def test_what_is_no_tensor_is_refused_in_torchs_words(data: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        torch.tensor(data)


def test_a_copy_of_a_tensor_warns_that_it_loses_the_graph() -> None:
    with pytest.warns(UserWarning, match="To copy construct from a tensor"):
        assert not torch.tensor(torch.ones(2, requires_grad=True)).requires_grad


def test_whole_numbers_between_two_ends_are_cut_off_and_no_steps() -> None:
    assert torch.linspace(0, 10, 5, dtype=torch.int64).tolist() == [0, 2, 5, 7, 10]
    assert torch.linspace(0, 1, 7, dtype=torch.int64).tolist() == [0, 0, 0, 0, 0, 0, 1]
    assert torch.linspace(-1, 1, 5, dtype=torch.int32).tolist() == [-1, 0, 0, 0, 1]
