"""A number in a cell of a table: as text, and the colour behind it. Knows no table."""

from __future__ import annotations

import numpy as np

__all__ = ["coloured", "plain"]


def plain(value: float, digits: int = 9) -> str:
    """A number as it is, NaN and infinities in words.

    >>> plain(0.1), plain(float("nan")), plain(-float("inf"))
    ('0.1', 'NaN', '−∞')
    """
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


def coloured(share: float) -> str:
    """A wash of red or blue, by the size of a value beside the largest."""
    if not np.isfinite(share):
        return '"font-weight:600"'
    hue = "213,94,0" if share > 0 else "0,114,178"
    return f'"background:rgba({hue},{0.45 * abs(share):.3f})"'
