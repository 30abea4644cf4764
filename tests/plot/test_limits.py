"""Limits: nothing is cut that is no pole, and axes do not tremble under a slider."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gradmagic.plot.limits import Limits, follow, ladder, nice_step, reach

X = np.linspace(-3, 3, 401)
NEAR_ZERO = np.abs(X) < 1e-9


@pytest.mark.parametrize(
    "values",
    [
        X**2, np.exp(4 * X), np.exp(-((X / 0.02) ** 2)), np.full(5, 7.0), np.zeros(3), X * 1e-200, X * 1e250,
        np.array([4.0]), np.where(X < 0, np.nan, np.sqrt(np.abs(X))), (X * 1e-3).astype(np.float32) + np.float32(5),
    ],
)  # fmt: skip
def test_every_finite_value_of_a_curve_without_a_pole_is_inside(values: np.ndarray) -> None:
    found = reach(values)
    assert found is not None
    assert not found.cut
    limits = follow(None, found)
    assert limits.width > 0
    assert limits.holds(np.nanmin(values), np.nanmax(values))


def test_samples_beside_a_pole_do_not_set_the_scale() -> None:
    found = reach(1 / np.where(NEAR_ZERO, np.nan, X))
    assert found is not None
    assert found.cut
    assert found.most > 60
    assert found.hi < 20


@pytest.mark.parametrize("values", [np.full(4, np.nan), np.array([np.inf, -np.inf]), np.zeros(0)])
def test_a_curve_without_a_finite_value_reaches_nowhere(values: np.ndarray) -> None:
    assert reach(values) is None


def test_rounding_noise_around_a_constant_is_not_blown_up() -> None:
    found = reach(2 + 1e-15 * np.sin(50 * X))
    assert found is not None
    assert found.hi - found.lo == pytest.approx(2)


@pytest.mark.parametrize(("least", "step"), [(0.11, 0.2), (0.2, 0.2), (0.21, 0.25), (3, 5), (7, 10), (1e-12, 1e-12)])
def test_steps_are_round(least: float, step: float) -> None:
    assert nice_step(least) == pytest.approx(step)


def test_a_slider_that_goes_to_and_fro_changes_the_limits_rarely() -> None:
    current, seen = None, []
    for size in np.concatenate([np.linspace(0.5, 3, 250), np.linspace(3, 0.5, 250)]):
        found = reach(size * np.sin(X))
        assert found is not None
        current = follow(current, found)
        assert current.holds(-size * 0.99, size * 0.99)
        seen.append(current)
    changes = sum(a != b for a, b in pairwise(seen))
    assert 3 < changes < 30


def test_the_ladder_leaves_air_on_both_sides() -> None:
    limits = ladder(-1.0, 1.0)
    assert limits.lo < -1.05
    assert limits.hi > 1.05
    assert limits == Limits(-limits.hi, limits.hi)


def test_noise_of_single_precision_in_a_tensor_is_not_blown_up() -> None:
    found = reach(np.array([2.0, 2.0000002]), single=True)
    assert found is not None
    assert found.hi - found.lo == pytest.approx(2, rel=1e-3)
