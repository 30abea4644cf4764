"""Positions and counts: torch's answers, and the graph kept where there is something to differentiate."""

from __future__ import annotations

import numpy as np
import pytest

from gradmagic import torch

X = torch.tensor([[3.0, 0.0, 1.0], [3.0, 2.0, 0.0]], dtype=torch.float64)


def test_where_a_tensor_is_not_zero() -> None:
    assert X.nonzero().tolist() == torch.argwhere(X).tolist() == [[0, 0], [0, 2], [1, 0], [1, 1]]
    assert [i.tolist() for i in torch.nonzero(X, as_tuple=True)] == [[0, 0, 1, 1], [0, 2, 0, 1]]
    assert torch.tensor(1.0).nonzero().shape == (1, 0)
    assert torch.count_nonzero(X).item() == 4
    assert X.count_nonzero(1).tolist() == [2, 2]


def test_the_distinct_elements_where_they_stand_and_how_often() -> None:
    values, inverse, counts = X.unique(return_inverse=True, return_counts=True)
    assert values.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert values[inverse].tolist() == X.tolist()
    assert counts.tolist() == [2, 1, 1, 2]
    assert torch.unique(torch.ones(3, 2), dim=0).tolist() == [[1.0, 1.0]]


def test_distinct_elements_and_sums_of_weights_keep_the_graph() -> None:
    x = torch.tensor([3.0, 1.0, 3.0], requires_grad=True)
    assert torch.autograd.grad((x.unique() ** 2).sum(), x)[0].tolist() == [6.0, 2.0, 0.0]
    sums = torch.bincount(torch.tensor([1, 1, 3]), x)
    assert sums.dtype is torch.float32
    assert sums.tolist() == [0.0, 4.0, 0.0, 3.0]
    assert torch.autograd.grad((sums**2).sum(), x)[0].tolist() == [8.0, 8.0, 6.0]


def test_membership_and_bins() -> None:
    assert torch.isin(torch.tensor([1, 2, 3]), torch.tensor([2, 3])).tolist() == [False, True, True]
    bounds = torch.tensor([1.0, 2.0, 3.0])
    assert torch.bucketize(torch.tensor([1.0, 2.5]), bounds).tolist() == [0, 2]
    assert torch.bucketize(torch.tensor([1.0, 2.5]), bounds, right=True, out_int32=True).dtype is torch.int32


def test_numbers_that_cannot_be_counted_are_refused_in_torchs_words() -> None:
    with pytest.raises(NotImplementedError, match="\"bincount_cpu\" not implemented for 'Float'"):
        torch.bincount(torch.ones(2))
    for odd in ([-1], [[1]]):
        with pytest.raises(RuntimeError, match="bincount only supports 1-d non-negative integral inputs"):
            torch.bincount(torch.tensor(odd))


@pytest.mark.parametrize("increasing", [False, True])
def test_vander_is_numpys_and_has_the_derivative_that_torchs_lacks(increasing: bool) -> None:
    x = torch.tensor([1.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    v = torch.vander(x, 4, increasing)
    assert np.array_equal(v.detach().numpy(), np.vander([1.0, 0.0, 3.0], 4, increasing))
    assert torch.autograd.grad(v.sum(), x)[0].tolist() == [6.0, 1.0, 34.0]
    assert torch.autograd.gradgradcheck(lambda t: torch.vander(t, 4, increasing), x)
    with pytest.raises(RuntimeError, match="x must be a one-dimensional tensor"):
        torch.vander(torch.ones(2, 2))
