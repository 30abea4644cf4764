"""Whether the samples on both sides of a cell tell what lies between: the tests that refinement goes by. Runs nothing.

The change of each order across a cell must be the integral of the next order, as far as a pixel of a picture shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradmagic.explore.trace import Array

__all__ = ["Scales"]

WIDE, HIGH = 540, 200  # pixels of a pane, about
RELATIVE = 0.02  # of how far beyond the picture a curve is, that it may be off there


@dataclass(frozen=True, slots=True)
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
        spans = np.array([span(row, eps) for row in rows])
        size = spans[:, 1] - spans[:, 0]
        return cls(float(x[-1] - x[0]) / WIDE, size / HIGH, size, (spans[:, 0] + spans[:, 1]) / 2, eps)

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
        slack = self.slack(x, rows)
        found = self.torn(x, rows, slack)
        found |= self.curved(x, rows, slack)
        return found

    def torn(self, x: Array, rows: Array, slack: Array | None = None) -> Array:
        """The cells across which some order changes by what the next does not account for.

        `x` has the shape (batches, samples), and the cells of a batch lie side by side.
        """
        h, change = np.diff(x), np.diff(rows)
        slack, top = (self.slack(x, rows) if slack is None else slack), len(rows) - 1
        left, right = rows[..., :-1], rows[..., 1:]
        found = borders(np.isfinite(rows))
        for k in range(top):
            integral = h * (left[k + 1] + right[k + 1]) / 2
            if k + 2 <= top:
                integral = integral + h * h * (left[k + 2] - right[k + 2]) / 12
            error = np.abs(change[k] - integral)
            found |= error > self.pixel[k] + slack[k]
            found |= 1.5 * error / h > self.pixel[k + 1] + slack[k + 1] + slack[k] / h
        found |= self.alone(np.abs(change[top]), slack[top] + 8 * self.pixel[top])
        return found

    def alone(self, change: Array, least: Array) -> Array:
        """The cells across which an order changes by more than that, and far more than across the cells beside them."""
        beside = np.zeros_like(change)  # what is no number beside a cell counts as none
        beside[:, 1:] = np.fmax(change[:, :-1], 0)
        np.fmax(beside[:, :-1], change[:, 1:], out=beside[:, :-1])
        found: Array = (change > least) & (change > 4 * beside)
        return found

    def curved(self, x: Array, rows: Array, slack: Array) -> Array:
        """The cells in which a straight line would be seen to leave the curve."""
        h, change = np.diff(x), np.abs(np.diff(rows))
        found = np.zeros(h.shape, dtype=bool)
        for k in range(len(rows) - 1):
            steep = (change[k] / self.pixel[k]) / (h / self.wide)
            found |= h * change[k + 1] / 8 > 0.75 * self.pixel[k] * np.hypot(1, steep) + slack[k]
        return found


def borders(known: Array) -> Array:
    """The cells with a number at one end only: of y, or of a higher order where y has both."""
    found: Array = known[0, ..., :-1] != known[0, ..., 1:]
    if known.all():
        return found
    both = known[0, ..., :-1] & known[0, ..., 1:]
    for row in known[1:]:
        found |= both & (row[..., :-1] != row[..., 1:])
    return found


def span(row: Array, eps: float) -> tuple[float, float]:
    """From where to where the body of a curve goes."""
    known = row[np.isfinite(row)]
    if not known.size:
        return 0.0, 1.0
    least, most = float(known.min()), float(known.max())
    cut = known.size // 20
    low, high = (float(v) for v in np.partition(known, [cut, -1 - cut])[[cut, -1 - cut]])
    body, size = high - low, max(abs(least), abs(most))
    if body > 0 and most - least > 8 * body:
        return low - body / 2, high + body / 2
    if most - least > max(256 * eps * size, 1e-290):
        return least, most
    size = size if size > 1e-290 else 1.0
    return (least + most) / 2 - size / 2, (least + most) / 2 + size / 2
