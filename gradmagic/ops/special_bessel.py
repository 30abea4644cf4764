"""Bessel functions and Airy's, one row each. Knows the kinds; no graph.

Derivatives go to the orders beside (DLMF 10.6.1, 10.29.1, 10.51.1), never through a division by x: they are right at 0,
to every order. torch computes most of these and has no derivatives for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine.kinds import elementwise, name_rows
from gradmagic.ops.operands import unary
from gradmagic.ops.rules import called
from gradmagic.ops.special_values import airy, bessel

# -- of any integer order, for the derivatives of the others ------------------------------------------------------

bessel_j: Any = elementwise(
    bessel.bessel_j, lambda x, n: (called(bessel_j)(x, n=n - 1) - called(bessel_j)(x, n=n + 1)) / 2, floats=True
)
bessel_i: Any = elementwise(
    bessel.bessel_i, lambda x, n: (called(bessel_i)(x, n=n - 1) + called(bessel_i)(x, n=n + 1)) / 2, floats=True
)
bessel_ie: Any = elementwise(
    bessel.bessel_ie,
    lambda x, y, n: (called(bessel_ie)(x, n=n - 1) + called(bessel_ie)(x, n=n + 1)) / 2 - np.sign(x) * y,
    floats=True,
)
spherical_j: Any = elementwise(
    bessel.spherical_j,
    lambda x, n: (
        (n * called(spherical_j)(x, n=max(n - 1, 0)) - (n + 1) * called(spherical_j)(x, n=n + 1)) / (2 * n + 1)
    ),
    floats=True,
)

# -- of the orders that have names --------------------------------------------------------------------------------

bessel_j0: Any = elementwise(
    bessel.bessel_j0, lambda x: -called(bessel_j1)(x), floats=True, node="SpecialBesselJ0Backward0"
)
bessel_j1: Any = elementwise(
    bessel.bessel_j1, lambda x: (called(bessel_j0)(x) - called(bessel_j)(x, n=2)) / 2, floats=True
)
bessel_y0: Any = elementwise(bessel.bessel_y0, lambda x: -called(bessel_y1)(x), floats=True)
bessel_y1: Any = elementwise(bessel.bessel_y1, lambda x, y: called(bessel_y0)(x) - y / x, floats=True)
i0: Any = elementwise(bessel.i0, lambda x: called(i1)(x), floats=True)
i1: Any = elementwise(
    bessel.i1, lambda x: (called(i0)(x) + called(bessel_i)(x, n=2)) / 2, floats=True, node="SpecialI1Backward0"
)
i0e: Any = elementwise(
    bessel.i0e, lambda x, y: called(i1e)(x) - np.sign(x) * y, floats=True, node="SpecialI0EBackward0"
)
i1e: Any = elementwise(
    bessel.i1e,
    lambda x, y: (called(i0e)(x) + called(bessel_ie)(x, n=2)) / 2 - np.sign(x) * y,
    floats=True,
    node="SpecialI1EBackward0",
)
modified_bessel_k0: Any = elementwise(bessel.k0, lambda x: -called(modified_bessel_k1)(x), floats=True)
modified_bessel_k1: Any = elementwise(bessel.k1, lambda x, y: -called(modified_bessel_k0)(x) - y / x, floats=True)
scaled_modified_bessel_k0: Any = elementwise(
    bessel.k0e, lambda x, y: y - called(scaled_modified_bessel_k1)(x), floats=True
)
scaled_modified_bessel_k1: Any = elementwise(
    bessel.k1e, lambda x, y: y - called(scaled_modified_bessel_k0)(x) - y / x, floats=True
)
spherical_bessel_j0: Any = elementwise(bessel.spherical_j, lambda x: -called(spherical_j)(x, n=1), floats=True)
airy_ai: Any = elementwise(airy.airy, lambda x: called(airy_ai_prime)(x), floats=True)
airy_ai_prime: Any = elementwise(airy.airy_prime, lambda x: x * called(airy_ai)(x), floats=True)

name_rows(globals())

_ROWS: tuple[Any, ...] = (
    bessel_j0, bessel_j1, bessel_y0, bessel_y1, i0, i1, i0e, i1e, modified_bessel_k0, modified_bessel_k1,
    scaled_modified_bessel_k0, scaled_modified_bessel_k1, spherical_bessel_j0, airy_ai,
)  # fmt: skip
SPECIAL: dict[str, Any] = {row.name: unary(row) for row in _ROWS} | {
    "modified_bessel_i0": unary(i0), "modified_bessel_i1": unary(i1),
}  # fmt: skip
