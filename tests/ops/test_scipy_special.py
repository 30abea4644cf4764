"""Where scipy is installed, its ufuncs on Tensors: the same values, and derivatives of both orders."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check

special = pytest.importorskip("scipy.special")
ONE = [
    "erf", "erfc", "erfinv", "erfcinv", "erfcx", "gamma", "gammaln", "loggamma", "psi", "rgamma", "expit", "logit",
    "log_expit", "entr", "ndtr", "ndtri", "log_ndtr", "j0", "j1", "i0", "i0e", "i1", "i1e", "exp10", "sindg", "cosdg",
    "tandg", "cosm1",
]  # fmt: skip
TWO = ["beta", "betaln", "binom", "xlogy", "xlog1py", "rel_entr", "kl_div", "boxcox", "pseudo_huber"]
X = np.array([0.15, 0.3, 0.55, 0.8])


def _calls(name: str, arrays: list[Any]) -> tuple[Callable[..., Any], Any, Any]:
    f = getattr(special, name)
    return f, f(*(torch.tensor(a) for a in arrays)).numpy(), f(*arrays)


@pytest.mark.parametrize("name", ONE)
def test_a_scipy_function_of_a_tensor_is_differentiable(name: str) -> None:
    f, got, expected = _calls(name, [X])
    assert np.allclose(got, expected, rtol=1e-13, atol=1e-15)
    _check(f, [X], np.random.default_rng(SEED))


@pytest.mark.parametrize("name", TWO)
def test_a_scipy_function_of_two_tensors_is_differentiable(name: str) -> None:
    f, got, expected = _calls(name, [X + 1, X[::-1] / 2])
    assert np.allclose(got, expected, rtol=1e-12, atol=1e-15)
    _check(f, [X + 1, X[::-1] / 2], np.random.default_rng(SEED))
