"""Sums along short rows, which go another way than numpy's, are numpy's."""

import itertools

import numpy as np
import pytest

from gradmagic.engine import adding


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
