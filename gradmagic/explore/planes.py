"""A number over two inputs: values, gradient and Hessian on a grid, at the cursor, and where it is level.

Knows neither cells nor engines nor pictures: `plane_calls` differentiates, `critical` searches.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from gradmagic.explore.record import record
from gradmagic.explore.request import Range
from gradmagic.explore.trace import Array

__all__ = ["SIDE", "Critical", "Cursor", "Extreme", "Plane", "abscissae", "cursor_of", "extremes", "side_of"]

SIDE = 121  # samples of each input, where --points is not given
MOST_SIDE = 1000
UNSAID = 401  # what a request has where --points is not given

CriticalKind = Literal["minimum", "maximum", "saddle", "degenerate"]


@record
class Critical:
    """A place where the gradient is zero, and what it is; `remark` says how a degenerate one looks from around it."""

    x: float
    y: float
    value: float
    kind: CriticalKind
    eigenvalues: tuple[float, float]
    remark: str = ""


@record
class Extreme:
    """The lowest or the highest value of the grid, and the first place that has it."""

    value: float
    x: float
    y: float


@record
class Cursor:
    """Everything at (x, y), which is a sample of the grid.

    Attributes
    ----------
    x, y : float
    value : float
    gradient : tuple of float or None
    hessian : ndarray of shape (2, 2) or None
    eigenvalues : tuple of float or None
        Ascending: the curvatures along the two directions.
    directions : ndarray of shape (2, 2) or None
        One unit vector in each row, in the order of the eigenvalues.
    """

    x: float
    y: float
    value: float
    gradient: tuple[float, float] | None = None
    hessian: Array | None = None
    eigenvalues: tuple[float, float] | None = None
    directions: Array | None = None


@record
class Plane:
    """z over x and y.

    Attributes
    ----------
    x, y : ndarray
        The samples of the inputs, ascending; those of the cursor are among them.
    z : ndarray of shape (len(y), len(x))
    gradient : ndarray of shape (2, len(y), len(x)) or None
        By x and by y; multiplied by the weights, if they are not ones.
    hessian : ndarray of shape (2, 2, len(y), len(x)) or None
    labels : tuple of str
        What x, y and z are called.
    cursor : Cursor
    lowest, highest : Extreme or None
    critical : tuple of Critical
        Ordered from left to right.
    level : str
        Why there are none, where they cannot be counted.
    weighted : bool
        Whether weights other than ones multiply the gradient: then it is no slope, and nothing is read off it.
    missing : tuple of (str, str, str)
        What there is not, why in plain words, and in torch's.
    """

    x: Array
    y: Array
    z: Array
    gradient: Array | None
    hessian: Array | None
    labels: tuple[str, str, str]
    cursor: Cursor
    lowest: Extreme | None = None
    highest: Extreme | None = None
    critical: tuple[Critical, ...] = ()
    level: str = ""
    weighted: bool = False
    missing: tuple[tuple[str, str, str], ...] = ()

    @property
    def partials(self) -> tuple[str, str]:
        """The labels of the gradient's parts."""
        x, y, z = self.labels
        weight = "w·" if self.weighted else ""
        return f"{weight}∂{z}/∂{x}", f"{weight}∂{z}/∂{y}"

    @property
    def seconds(self) -> tuple[str, str, str]:
        """The labels of the Hessian's parts: twice by x, by x and y, twice by y."""
        x, y, z = self.labels
        weight = "w²·" if self.weighted else ""
        return f"{weight}∂²{z}/∂{x}²", f"{weight}∂²{z}/∂{x}∂{y}", f"{weight}∂²{z}/∂{y}²"

    def columns(self) -> Iterator[tuple[str, Array]]:
        """Everything as columns of one length, a row for each place of the grid, x running fastest."""
        x, y = np.meshgrid(self.x, self.y)
        yield from zip(self.labels, (x.ravel(), y.ravel(), self.z.ravel()), strict=True)
        if self.gradient is not None:
            yield from zip(self.partials, self.gradient.reshape(2, -1), strict=True)
        if self.hessian is not None:
            (xx, xy), (_, yy) = self.hessian
            yield from zip(self.seconds, (xx.ravel(), xy.ravel(), yy.ravel()), strict=True)


def side_of(points: int) -> int:
    """How many samples each input has."""
    return SIDE if points == UNSAID else points


def abscissae(span: Range, at: float, count: int, *, log: bool = False) -> Array:
    """Samples of a range, 3 or more: both ends, and `at` if it lies inside, so that what is shown was computed there.

    With `log` they are spread evenly over its logarithm.

    >>> abscissae(Range(-3.0, 3.0), -2.9, 3)
    array([-3. , -2.9,  3. ])
    """
    found = np.geomspace(span.lo, span.hi, count) if log else np.linspace(span.lo, span.hi, count)
    if span.lo < at < span.hi:
        share = np.log(at / span.lo) / np.log(span.hi / span.lo) if log else (at - span.lo) / span.width
        found[min(max(round(share * (count - 1)), 1), count - 2)] = at
    return found


def cursor_of(
    x: Array, y: Array, z: Array, gradient: Array | None, hessian: Array | None, *, at: tuple[float, float]
) -> Cursor:
    """The numbers at the sample nearest to a place.

    Examples
    --------
    >>> x = y = np.array([-1.0, 0.0, 1.0])
    >>> hessian = np.multiply.outer(np.diag([2.0, -2.0]), np.ones((3, 3)))
    >>> found = cursor_of(x, y, x**2 - y[:, None] ** 2, None, hessian, at=(1.0, 0.0))
    >>> found.value, found.eigenvalues
    (1.0, (-2.0, 2.0))
    """
    column, row = int(np.argmin(np.abs(x - at[0]))), int(np.argmin(np.abs(y - at[1])))
    place = float(x[column]), float(y[row]), float(z[row, column])
    slopes = None if gradient is None else (float(gradient[0, row, column]), float(gradient[1, row, column]))
    second = None if hessian is None else hessian[:, :, row, column].astype(np.float64)
    if second is None or not np.isfinite(second).all():
        return Cursor(*place, slopes, second)
    values, vectors = np.linalg.eigh((second + second.T) / 2)
    rows = vectors.T
    # A direction has no sense of its own: the one that points to the right, or else up.
    turned = (rows[:, 0] < -1e-12) | ((np.abs(rows[:, 0]) <= 1e-12) & (rows[:, 1] < 0))
    rows = np.where(turned[:, None], -rows, rows)
    return Cursor(*place, slopes, second, (float(values[0]), float(values[1])), rows)


def extremes(x: Array, y: Array, z: Array) -> tuple[Extreme | None, Extreme | None]:
    """The lowest and the highest finite value of the grid."""
    known = np.isfinite(z)
    if not known.any():
        return None, None
    low = np.unravel_index(np.argmin(np.where(known, z, np.inf)), z.shape)
    high = np.unravel_index(np.argmax(np.where(known, z, -np.inf)), z.shape)
    return tuple(Extreme(float(z[i, j]), float(x[j]), float(y[i])) for i, j in (low, high))  # type: ignore[return-value]
