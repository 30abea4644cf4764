"""Whether the samples on both sides of a cell tell what lies between: the tests that refinement goes by. Runs nothing.

The change of each order across a cell must be the integral of the next order, as far as a pixel of a picture shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gradmagic.explore.record import record
from gradmagic.explore.trace import Array

__all__ = ["Scales"]

WIDE, HIGH = 540, 200  # pixels of a pane, about
RELATIVE = 0.02  # of how far beyond the picture a curve is, that it may be off there

# From the widths of the cells, the changes across them, the rows and what is forgiven, to the cells that it finds, by
# orders.
Test = Callable[[Array, Array, Array, Array], Iterator[Array]]


@record
class Scales:
    """What a pixel is worth in each order, and which numbers are rounding.

    Attributes
    ----------
    wide : float
        A pixel of x.
    pixel, size, centre : ndarray of shape (order + 1,)
        A pixel of each order, how far its body reaches, and the middle of that.
    eps : float
        Of the numbers that were computed.
    """

    wide: float
    pixel: Array
    size: Array
    centre: Array
    eps: float

    @classmethod
    def of(cls, x: Array, rows: Array, eps: float) -> Scales:
        """As a picture of these samples would choose them: poles do not set the scale."""
        low, high = spans(rows, eps).T
        size = high - low
        return cls(float(x[-1] - x[0]) / WIDE, size / HIGH, size, (low + high) / 2, eps)

    def slack(self, x: Array, rows: Array) -> Array:
        """For each order and cell, what is beyond the picture or rounding; shape (order + 1, ..., cells)."""
        orders = len(rows)
        far = np.abs(rows - self.centre[:orders, None, None])
        beyond = np.minimum(far[..., :-1], far[..., 1:]) - self.size[:orders, None, None]
        size = np.maximum(np.abs(rows[..., :-1]), np.abs(rows[..., 1:]))
        at = np.maximum(np.abs(x[..., :-1]), np.abs(x[..., 1:]))
        noise = 8 * self.eps * size
        noise[:-1] += 4 * self.eps * at * size[1:]  # x itself is rounded on its way
        slack: Array = RELATIVE * np.maximum(beyond, 0) + noise
        return slack

    def unlike_its_line(self, x: Array, rows: Array) -> Array:
        """The cells that are torn or curved."""
        return self._told(x, rows, self._torn, self._curved)

    def torn(self, x: Array, rows: Array) -> Array:
        """The cells across which some order changes by what the next does not account for.

        `x` has the shape (batches, samples), and the cells of a batch lie side by side.
        """
        return self._told(x, rows, self._torn)

    def _told(self, x: Array, rows: Array, *tests: Test) -> Array:
        """The cells that any of these tests finds; where all is well, as it is mostly, there is nothing to forgive."""
        h, change = x[..., 1:] - x[..., :-1], rows[..., 1:] - rows[..., :-1]

        def found(slack: Array) -> Iterator[Array]:
            return (part for test in tests for part in test(h, change, rows, slack))

        every = np.zeros(h.shape, dtype=bool)
        if any(part.any() for part in found(np.zeros((len(rows), 1, 1)))):
            for part in found(self.slack(x, rows)):
                every |= part.any(axis=0)
        return every

    def _torn(self, h: Array, change: Array, rows: Array, slack: Array) -> Iterator[Array]:
        pixel = self.pixel[: len(rows), None, None]
        left, right = rows[1:, ..., :-1], rows[1:, ..., 1:]
        yield borders(np.isfinite(rows))
        integral = h * (left + right) / 2
        integral[:-1] += h * h * (left[1:] - right[1:]) / 12
        error = np.abs(change[:-1] - integral)
        yield error > pixel[:-1] + slack[:-1]
        yield 1.5 * error / h > pixel[1:] + slack[1:] + slack[:-1] / h
        yield alone(np.abs(change[-1:]), slack[-1:] + 8 * pixel[-1])

    def _curved(self, h: Array, change: Array, rows: Array, slack: Array) -> Iterator[Array]:
        """The cells in which a straight line would be seen to leave the curve."""
        size, pixel = np.abs(change), self.pixel[: len(rows) - 1, None, None]
        steep = (size[:-1] / pixel) / (h / self.wide)
        yield h * size[1:] / 8 > 0.75 * pixel * np.sqrt(1 + steep * steep) + slack[:-1]


def alone(change: Array, least: Array) -> Array:
    """The cells across which an order changes by more than that, and far more than across the cells beside them."""
    found: Array = change > least
    if found.any():
        beside = np.zeros_like(change)  # what is no number beside a cell counts as none
        beside[..., 1:] = np.fmax(change[..., :-1], 0)
        np.fmax(beside[..., :-1], change[..., 1:], out=beside[..., :-1])
        found &= change > 4 * beside
    return found


def borders(known: Array) -> Array:
    """The cells with a number at one end only: for y, and for each higher order where y has both."""
    if known.all():
        return ~known[..., 1:]
    found: Array = known[..., :-1] != known[..., 1:]
    found[1:] &= known[0, ..., :-1] & known[0, ..., 1:]
    return found


def spans(rows: Array, eps: float) -> Array:
    """From where to where the body of each curve goes; shape (orders, 2)."""
    if not np.isfinite(rows).all() and len(rows) > 1:
        return np.concatenate([spans(row[None, np.isfinite(row)], eps) for row in rows])
    if not rows.size:
        return np.array([[0.0, 1.0]])
    cut = rows.shape[1] // 20
    ranked = rows.copy()
    ranked.partition((0, cut, -1 - cut, -1))
    ranked = ranked[:, [0, cut, -1 - cut, -1]]
    return np.array([body(least, low, high, most, eps) for least, low, high, most in ranked.tolist()])


def body(least: float, low: float, high: float, most: float, eps: float) -> tuple[float, float]:
    """The same of one curve, from its least to its most number, of which nine tenths lie between low and high."""
    half, size = (high - low) / 2, max(abs(least), abs(most))
    if half > 0 and most - least > 16 * half:
        usual = max(abs(low), abs(high))
        if 2 * half > 256 * eps * usual:
            return low - half, high + half
        least, most, size = low, high, usual  # a constant, and rounding that grew at some place
    if most - least > max(256 * eps * size, 1e-290):
        return least, most
    size = size if size > 1e-290 else 1.0
    return (least + most) / 2 - size / 2, (least + most) / 2 + size / 2
