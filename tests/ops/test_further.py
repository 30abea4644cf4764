"""Functions that stand on other rows, or are seldom called: finite differences at orders one and two, name by name."""

# ruff: noqa: E501  a function is a line
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check

F = torch.nn.functional
S = torch.special
L = torch.linalg

# 3 by 3, entries with gaps: no step of the differences crosses a kink or changes an order
A = np.array([[1.7, 0.3, -0.4], [0.55, -1.35, 0.85], [0.1, 0.7, 1.1]])
POSITIVE = np.abs(A) + 0.3
MASK = torch.tensor([[True, False, True], [False, True, True], [True, True, False]])
PIVOTS = torch.tensor([1, 3, 3], dtype=torch.int32)


def spd(x: Any) -> Any:
    """A symmetric matrix with distinct positive eigenvalues."""
    return x @ x.T + torch.diag(torch.tensor([1.0, 2.5, 5.0], dtype=torch.float64))


def stacked(x: Any) -> Any:
    return torch.stack([x, x**2])


def of_degree(f: Callable[[Any, int], Any]) -> Callable[[Any], Any]:
    return lambda x: f(x, 4)


POLYNOMIALS = [
    *(f"{shifted}chebyshev_polynomial_{k}" for shifted in ("", "shifted_") for k in "tuvw"),
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
]  # fmt: skip
MATRICES: dict[str, Callable[[Any], Any]] = {
    "addbmm": lambda x: torch.addbmm(x, stacked(x), stacked(x.T), beta=0.5, alpha=2),
    "baddbmm": lambda x: torch.baddbmm(stacked(x), stacked(x), stacked(x.T), beta=0.5),
    "addr": lambda x: torch.addr(x, x[0], x[1], beta=0.5),
    "aminmax": lambda x: torch.aminmax(x, dim=1).max ** 3 - torch.aminmax(x).min ** 2,
    "as_strided_copy": lambda x: torch.as_strided_copy(x * 1, (2, 2), (3, 2)) ** 3,
    "as_strided_scatter": lambda x: torch.as_strided_scatter(x * 1, x[:2, :2] ** 2, (2, 2), (3, 1)) ** 2,
    "broadcast_tensors": lambda x: torch.broadcast_tensors(x[0] ** 3, x)[0],
    "cartesian_prod": lambda x: torch.cartesian_prod(x[0] ** 3, x[1] ** 2),
    "combinations": lambda x: torch.combinations(x[0] ** 3),
    "cholesky_inverse": lambda x: torch.cholesky_inverse(L.cholesky(spd(x))),
    "cholesky_solve": lambda x: torch.cholesky_solve(x, L.cholesky(spd(x))),
    "conj_physical": lambda x: torch.conj_physical(torch.complex(x, x**2)).imag ** 2,
    "constant_pad_nd": lambda x: torch.constant_pad_nd(x**3, (1, 1), 2.0),
    "expand_copy": lambda x: torch.expand_copy(x[0], (2, 3)) ** 3,
    "fft.hfftn": lambda x: torch.fft.hfftn(torch.complex(x, x**2)),
    "fft.ihfft2": lambda x: torch.fft.ihfft2(x**2).real,
    "fill": lambda x: torch.fill(x, x[0, 0] ** 2) * x,
    "fill_": lambda x: (x * 1).fill_(x[0, 0] ** 2) * x,
    "zero_": lambda x: (x * 1).zero_() + x**2,
    "frexp": lambda x: torch.frexp(x).mantissa ** 3,
    "linalg.cholesky_ex": lambda x: L.cholesky_ex(spd(x)).L,
    "linalg.diagonal": lambda x: L.diagonal(x) ** 3,
    "linalg.householder_product": lambda x: L.householder_product(x.tril(-1) + 0.1, x[0] ** 2),
    "linalg.inv_ex": lambda x: L.inv_ex(spd(x)).inverse,
    "linalg.lu": lambda x: L.lu(spd(x)).U,
    "linalg.lu_factor": lambda x: L.lu_factor(spd(x)).LU,
    "linalg.lu_factor_ex": lambda x: L.lu_factor_ex(spd(x)).LU,
    "linalg.lu_solve": lambda x: L.lu_solve(*L.lu_factor(spd(x)), x),
    "lu": lambda x: torch.lu(spd(x))[0],
    "lu_solve": lambda x: torch.lu_solve(x, *torch.lu(spd(x))),
    "lu_unpack": lambda x: torch.lu_unpack(spd(x) / 3, PIVOTS)[1],
    "linalg.solve_ex": lambda x: L.solve_ex(spd(x), x).result,
    "linalg.tensorinv": lambda x: L.tensorinv(spd(x), 1),
    "linalg.tensorsolve": lambda x: L.tensorsolve(spd(x), x[0]),
    "linalg.vander": lambda x: L.vander(x[0], N=4),
    "masked_scatter": lambda x: torch.masked_scatter(x, MASK, x**3) * x,
    "mode": lambda x: torch.mode(x, 1).values ** 3,
    "msort": lambda x: torch.msort(x) ** 3,
    "positive": lambda x: torch.positive(x) ** 3,
    "resolve_conj": lambda x: torch.resolve_conj(torch.complex(x, x**2).conj()).imag,
    "split_with_sizes": lambda x: torch.split_with_sizes(x, (1, 2), 1)[1] ** 3,
    "split_with_sizes_copy": lambda x: torch.split_with_sizes_copy(x, (1, 2), 1)[1] ** 3,
    "unfold_copy": lambda x: torch.unfold_copy(x, 1, 2, 1) ** 3,
    "unique_consecutive": lambda x: torch.unique_consecutive(x) ** 3,
    "unsafe_chunk": lambda x: torch.unsafe_chunk(x, 2)[1] ** 3,
    "unsafe_split": lambda x: torch.unsafe_split(x, 2)[1] ** 3,
    "unsafe_split_with_sizes": lambda x: torch.unsafe_split_with_sizes(x, (1, 2))[1] ** 3,
    "view_as": lambda x: x.view_as(torch.ones(9)) ** 3,
    "celu_": lambda x: torch.celu_(x * 1) ** 2,
    "nn.functional.elu_": lambda x: F.elu_(x * 1) ** 2,
    "nn.functional.hardtanh_": lambda x: F.hardtanh_(x * 1) ** 2,
    "nn.functional.leaky_relu_": lambda x: F.leaky_relu_(x * 1) ** 2,
    "relu_": lambda x: torch.relu_(x * 1) ** 2,
    "selu_": lambda x: torch.selu_(x * 1) ** 2,
    "threshold_": lambda x: torch.threshold_(x * 1, 0.2, 0.1) ** 2,
    "nn.functional.sigmoid": lambda x: F.sigmoid(x),
    "nn.functional.tanh": lambda x: F.tanh(x),
    "nn.functional.triplet_margin_with_distance_loss": lambda x: F.triplet_margin_with_distance_loss(x, x**2, x[[1, 2, 0]], reduction="none"),
    "special.dawsn": S.dawsn, "special.erfi": S.erfi, "special.expi": S.expi, "special.gamma": S.gamma,
    "special.sici": lambda x: S.sici(x)[0] ** 2,
    **{f"special.{name}": of_degree(getattr(S, name)) for name in POLYNOMIALS},
    "np.linalg.matrix_transpose": lambda x: np.linalg.matrix_transpose(x) ** 3,
    "np.linalg.outer": lambda x: np.linalg.outer(x[0], x[1]),
    "np.linalg.tensordot": lambda x: np.linalg.tensordot(x, x, axes=1),
    "np.linalg.trace": lambda x: np.linalg.trace(x @ x),
    "np.around": lambda x: np.around(x) * x,
    "np.astype": lambda x: np.astype(x, np.float64) ** 3,
    "np.apply_along_axis": lambda x: np.apply_along_axis(lambda row: row @ row, 1, x),
    "np.extract": lambda x: np.extract(np.array(MASK), x) ** 3,
    "np.nancumprod": lambda x: np.nancumprod(x, 1),
    "np.nancumsum": lambda x: np.nancumsum(x, 1) ** 2,
    "np.nanmin": lambda x: np.nanmin(x, 1) ** 3,
    "np.nanpercentile": lambda x: np.nanpercentile(x, 40) ** 3,
    "np.nanvar": lambda x: np.nanvar(x, 1),
    "np.polyadd": lambda x: np.polyadd(x[0], x[1, 1:]) ** 3,
    "np.polysub": lambda x: np.polysub(x[0], x[1, 1:]) ** 3,
    "np.polymul": lambda x: np.polymul(x[0], x[1]),
    "np.polyder": lambda x: np.polyder(x[0]) ** 3,
    "np.polyint": lambda x: np.polyint(x[0]) ** 3,
    "np.polyfit": lambda x: np.polyfit(np.arange(3.0), x[:, 0] ** 2, 1),
    "np.poly": lambda x: np.poly(x[0]),
    "np.real_if_close": lambda x: np.real_if_close(x) ** 3,
    "np.sliding_window_view": lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 2)) ** 3,
    "np.unstack": lambda x: np.unstack(x)[1] ** 3,
    "np.vecmat": lambda x: np.vecmat(x[0], x),
    "np.linspace": lambda x: np.linspace(x[0], x[1], 4) ** 3,
    "np.logspace": lambda x: np.logspace(x[0], x[1], 4),
    "np.geomspace": lambda x: np.geomspace(x[0] ** 2, x[1] ** 2 + 1, 4),
}  # fmt: skip
POSITIVES: dict[str, Callable[[Any], Any]] = {
    "special.beta": lambda x: S.beta(x, x**2),
    "special.betaln": lambda x: S.betaln(x, x**2),
    "special.exp1": S.exp1,
    "igamma": lambda x: torch.igamma(torch.full((3, 3), 1.5, dtype=torch.float64), x),
    "igammac": lambda x: torch.igammac(torch.full((3, 3), 1.5, dtype=torch.float64), x),
}


@pytest.mark.parametrize("name", MATRICES)
def test_a_further_function_agrees_with_finite_differences(name: str) -> None:
    _check(MATRICES[name], [A], np.random.default_rng(SEED))


@pytest.mark.parametrize("name", POSITIVES)
def test_a_further_function_of_positive_numbers_agrees_with_finite_differences(name: str) -> None:
    _check(POSITIVES[name], [POSITIVE], np.random.default_rng(SEED))
