"""What rounding takes from a product: twice the precision where an exponential or a sine would magnify an error. Knows NumPy.

T. J. Dekker, A floating-point technique for extending the available precision (1971).
"""

from __future__ import annotations

from typing import Any


def _halves(a: Any) -> tuple[Any, Any]:
    shifted = a * 134217729.0  # 2**27 + 1
    high = shifted - (shifted - a)
    return high, a - high


def product(a: Any, b: Any) -> tuple[Any, Any]:
    """A b as the rounded product and what is missing from it, for moderate a and b."""
    p = a * b
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    return p, a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2)
