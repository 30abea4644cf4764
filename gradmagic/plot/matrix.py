"""A matrix as pixels, blue below zero and vermillion above. Knows no axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.plot.png import Encoder

__all__ = ["matrix_png"]

Array = np.ndarray[Any, np.dtype[Any]]

BELOW, ZERO, ABOVE, NONE = (0, 114, 178), (250, 250, 250), (213, 94, 0), (150, 150, 150)
STEPS = 127  # of colour on either side of zero


def colours() -> Array:
    """From the lowest to the highest, and at last that of what is no number."""
    share = np.linspace(0, 1, STEPS + 1)[:, None]
    low, high = (np.round(share * np.array(end) + (1 - share) * np.array(ZERO)) for end in (BELOW, ABOVE))
    return np.vstack([low[:0:-1], high, np.array([NONE])]).astype(np.uint8)


def matrix_png(values: Array, largest: float) -> bytes:
    """One pixel for each element; the full colour stands for `largest`.

    Examples
    --------
    >>> matrix_png(np.eye(2), 1.0)[1:4]
    b'PNG'
    """
    with np.errstate(all="ignore"):
        step = np.round(np.clip(values / (largest or 1.0), -1.0, 1.0) * STEPS) + STEPS
        encoder = Encoder(values.shape[1], values.shape[0], colours())
        encoder.rows[:, 1:] = np.where(np.isnan(step), 2 * STEPS + 1, step).astype(np.uint8)
    return encoder.encoded()
