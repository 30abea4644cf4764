"""How many digits of a number are said: as many as tell it from its neighbours. Knows no curves."""

from __future__ import annotations

import numpy as np

from gradmagic.explore.trace import Array

__all__ = ["DIGITS", "digits_of", "place_in"]

DIGITS = 6
ALL = 16  # digits that a number has, and what is known of a place


def digits_of(values: Array, least: int = DIGITS, narrowest: float = 1e-9) -> int:
    """How many digits tell the values apart: six, and more on a range that is narrow beside its numbers.

    On one that is narrower than a share `narrowest` they are not told apart: it may be rounding, which is another on
    each machine.
    """
    finite = values[np.isfinite(values)]
    spread = float(np.ptp(finite)) if finite.size else 0.0
    share = spread / float(np.max(np.abs(finite))) if 0 < spread < np.inf else 1.0
    return max(least, min(DIGITS - int(np.floor(np.log10(share))), ALL)) if narrowest < share < 1e-3 else least


def place_in(x: Array, at: float) -> str:
    """A place on a range, in as many digits as the range asks for: places are exact, however narrow it is.

    Examples
    --------
    >>> place_in(np.array([-1.0, 2.0]), 2 / 3), place_in(np.array([1e6, 1e6 + 1]), 1e6 + 2 / 3)
    ('0.666667', '1000000.666667')
    >>> place_in(np.array([1.0, 1.0 + 1e-12]), 1 + 5e-13), place_in(np.array([-1.0, 1.0]), -0.0)
    ('1.0000000000005', '0')
    """
    return f"{at + 0.0:.{digits_of(x, narrowest=0.0)}g}"
