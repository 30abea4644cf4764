"""Our own special functions, without scipy: values beside recorded true ones, and derivatives."""

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check

X = torch.special
ACCURACY = runpy.run_path(str(Path(__file__).with_name("accuracy.py")))
RECORDED = json.loads(ACCURACY["RECORD"].read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("function", "points"),
    list(zip(ACCURACY["FUNCTIONS"], RECORDED, strict=True)),
    ids=[f"{f.name} {f.grid[0]}" for f in ACCURACY["FUNCTIONS"]],
)
def test_values_are_right_to_a_few_units_in_the_last_place(function: Any, points: list[list[str]]) -> None:
    x, true = (np.array([float.fromhex(pair[k]) for pair in points]) for k in (0, 1))
    got = ACCURACY["values"](torch, function, x)
    size = ACCURACY["SIZES"].get(function.size, lambda _: 0.0)
    errors = [ACCURACY["units"](g, t, size(v)) for g, t, v in zip(got, true, x, strict=True)]
    assert max(errors) <= function.allowed + 0.5  # the recorded value is rounded itself


# what torch computes, where it is far off: the units in the last place by which torch 2.13 errs, and we
TORCH_ERRS: list[tuple[str, float, float]] = [
    ("bessel_j0", 5.07311, 6e9), ("bessel_j1", 6.0182, 1e9), ("bessel_y0", 6.0182, 5e8), ("bessel_y1", 5.38218, 8e9),
    ("airy_ai", -2.13404, 4e10),
]  # fmt: skip


@pytest.mark.parametrize(("name", "at", "units"), TORCH_ERRS, ids=[row[0] for row in TORCH_ERRS])
def test_where_torch_is_far_off_the_truth_wins(name: str, at: float, units: float) -> None:
    mpmath, theirs = pytest.importorskip("mpmath"), pytest.importorskip("torch")
    true = next(f.truth for f in ACCURACY["FUNCTIONS"] if f.name == name)(mpmath, mpmath.mpf(at))
    ulp = np.spacing(abs(float(true)))
    assert abs(getattr(X, name)(torch.tensor(at, dtype=torch.float64)).item() - true) <= 8 * ulp
    off = abs(getattr(theirs.special, name)(theirs.tensor(at, dtype=theirs.float64)).item() - true)
    assert off > units / 10 * ulp, "torch has mended it"


def test_the_tables_are_what_mpmath_says() -> None:
    mp = pytest.importorskip("mpmath")
    from gradmagic.ops.special_values import airy, bessel_tables

    with mp.workdps(30):
        for name, f in (("J", mp.besselj), ("Y", mp.bessely)):
            for order in (0, 1):
                table = getattr(bessel_tables, f"{name}{order}")
                assert list(table) == [float(f(order, k)) for k in range(2, 26)]
        assert list(airy._VALUES) == [float(mp.airyai(k)) for k in range(-10, 3)]
        assert list(airy._SLOPES) == [float(mp.airyai(k, derivative=1)) for k in range(-10, 3)]


ONE = [
    "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "modified_bessel_k0", "modified_bessel_k1", "airy_ai",
    "dawsn", "erfi", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "spherical_bessel_j0", "gamma", "exp1",
    "expi",
]  # fmt: skip
POLYNOMIALS = [name for name in vars(X) if "_polynomial_" in name]
AT = np.array([[0.3, 0.7, 1.6], [2.4, 3.1, 7.7]])


@pytest.mark.parametrize("name", ONE)
def test_a_function_of_ours_agrees_with_finite_differences_to_order_two(name: str) -> None:
    _check(getattr(X, name), [AT / (4 if name in ("erfi", "expi", "gamma") else 1)], np.random.default_rng(SEED))


@pytest.mark.parametrize("degree", [0, 1, 4])
@pytest.mark.parametrize("name", POLYNOMIALS)
def test_a_polynomial_agrees_with_finite_differences_to_order_two(name: str, degree: int) -> None:
    _check(lambda x: getattr(X, name)(x, degree), [AT / 8 - 0.5], np.random.default_rng(SEED))


@pytest.mark.parametrize("name", ["beta", "betaln"])
def test_a_function_of_two_agrees_with_finite_differences_to_order_two(name: str) -> None:
    _check(getattr(X, name), [AT, AT[::-1] + 0.2], np.random.default_rng(SEED))


def test_polynomials_are_all_of_torchs() -> None:
    assert len(POLYNOMIALS) == 12


def test_incomplete_gamma_functions_have_a_derivative_in_their_second_argument_only() -> None:
    a = torch.tensor(2.5, dtype=torch.float64, requires_grad=True)
    for f in (X.gammainc, X.gammaincc):
        _check(lambda x, f=f: f(a.detach(), x), [AT], np.random.default_rng(SEED))
    with pytest.raises(NotImplementedError, match=r"^the derivative for 'igamma: input' is not implemented\.$"):
        torch.autograd.grad(torch.igamma(a, a.detach()), a)


ZERO: list[tuple[str, list[float]]] = [
    ("bessel_j0", [0, -1 / 2, 0, 3 / 8]), ("bessel_j1", [1 / 2, 0, -3 / 8, 0]), ("i0", [0, 1 / 2, 0, 3 / 8]),
    ("i1", [1 / 2, 0, 3 / 8, 0]), ("spherical_bessel_j0", [0, -1 / 3, 0, 1 / 5]), ("dawsn", [1, 0, -4, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), ZERO, ids=[name for name, _ in ZERO])
def test_derivatives_at_zero_are_right_to_order_four(name: str, expected: list[float]) -> None:
    x = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    y, got = getattr(X, name)(x), []
    for _ in expected:
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        got.append(y.item())
    assert got == pytest.approx(expected, rel=1e-13, abs=1e-15)


EXTREMES: list[tuple[str, list[float], list[float]]] = [
    ("bessel_j0", [np.inf, 5e-324, np.nan], [0.0, 1.0, np.nan]), ("bessel_j1", [-np.inf, 5e-324], [0.0, 0.0]),
    ("bessel_y0", [0.0, -1.0, np.inf], [-np.inf, np.nan, 0.0]),
    ("modified_bessel_k0", [0.0, np.inf, -1.0], [np.inf, 0, np.nan]),
    ("i0", [np.inf, 0.0], [np.inf, 1.0]), ("i1e", [-np.inf, 0.0], [-0.0, 0.0]),
    ("airy_ai", [300.0, np.nan], [0.0, np.nan]),
    ("digamma", [0.0, -0.0, -3.0, np.inf, -np.inf], [-np.inf, np.inf, np.nan, np.inf, np.nan]),
    ("gammaln", [0.0, -3.0, np.inf, -np.inf, 1.0, 2.0], [np.inf, np.inf, np.inf, np.inf, 0.0, 0.0]),
    ("expi", [0.0, 800.0, -800.0], [-np.inf, np.inf, 0.0]), ("erfi", [30.0, -30.0], [np.inf, -np.inf]),
    ("dawsn", [np.inf, 1e200], [0.0, 5e-201]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "at", "expected"), EXTREMES, ids=[row[0] for row in EXTREMES])
def test_extremes(name: str, at: list[float], expected: list[float]) -> None:
    got = getattr(X, name)(torch.tensor(at, dtype=torch.float64)).numpy()
    assert np.array_equal(got, np.array(expected), equal_nan=True)


@pytest.mark.parametrize("name", ["digamma", "erf", "bessel_j0", "airy_ai", "ndtri"])
def test_complex_numbers_are_refused_and_lose_no_part_in_silence(name: str) -> None:
    with pytest.raises(NotImplementedError, match="not implemented for 'ComplexFloat'"):
        getattr(X, name)(torch.tensor([1 + 2j]))
