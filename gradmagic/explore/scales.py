"""Logarithmic axes: numbers as places on an axis and back, with their derivatives. Knows no curves."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from gradmagic.explore.record import record

__all__ = ["LINEAR", "Scale", "scale_of"]

Array = np.ndarray[Any, np.dtype[Any]]

DECADES = 3  # of the numbers below the largest that an axis of both signs tells apart
LN10 = math.log(10)


@record
class Scale:
    """How numbers lie on an axis.

    A logarithmic axis of both signs is that of the inverse hyperbolic sine: within ±`inner` as good as linear, beyond
    as good as logarithmic, and smooth between, so that it puts no corner into a curve.

    Examples
    --------
    >>> Scale("log").to(np.array([0.01, 100.0])).tolist()
    [-2.0, 2.0]
    >>> both = Scale("both", 0.1)
    >>> np.round(both.back(both.to(np.array([-5.0, 0.0, 1e6]))), 6).tolist()
    [-5.0, 0.0, 1000000.0]
    """

    kind: Literal["linear", "log", "both"]
    inner: float = 1.0

    def to(self, numbers: Array) -> Array:
        """Their places; NaN where there is none."""
        with np.errstate(all="ignore"):
            if self.kind == "log":
                return np.asarray(np.log10(np.where(numbers > 0, numbers, np.nan)))
            if self.kind == "both":
                return np.asarray(np.arcsinh(numbers / (2 * self.inner)) / LN10)
        return numbers

    def back(self, places: Array) -> Array:
        """The numbers at these places."""
        with np.errstate(all="ignore"):
            if self.kind == "log":
                return np.asarray(10.0**places)
            if self.kind == "both":
                return np.asarray(2 * self.inner * np.sinh(places * LN10))
        return places

    def slope(self, numbers: Array) -> Array:
        """The derivative of the place by the number."""
        with np.errstate(all="ignore"):
            if self.kind == "log":
                return np.asarray(1 / (numbers * LN10))
            if self.kind == "both":
                return np.asarray(1 / (np.hypot(numbers, 2 * self.inner) * LN10))
        return np.ones_like(numbers)

    def place(self, number: float) -> float:
        """The place of one number."""
        return float(self.to(np.array(number)))

    def number(self, place: float) -> float:
        """The number at one place."""
        return float(self.back(np.array(place)))


LINEAR = Scale("linear")


def scale_of(*rows: Array) -> Scale:
    """The logarithmic scale for these numbers: of both signs, unless all are above zero.

    >>> scale_of(np.array([1.0, 10.0])).kind, scale_of(np.array([-20.0, 0.0, 30.0]))
    ('log', Scale(kind='both', inner=0.01))
    """
    numbers = np.concatenate([row[np.isfinite(row)] for row in rows])
    if numbers.size and numbers.min() > 0:
        return Scale("log")
    sizes = np.abs(numbers[numbers != 0])
    if not sizes.size:
        return LINEAR
    # not the largest: beside a pole a number is as large as it happens to be near it
    large = float(np.percentile(sizes, 90))
    return Scale("both", 10.0 ** max(math.floor(math.log10(large)) - DECADES, -290))
