"""Gradient and Hessian over two inputs as central differences see them. Knows no pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from gradmagic.explore.critical import Jet
from gradmagic.explore.plane_calls import asking
from gradmagic.explore.planes import Plane
from gradmagic.explore.record import record
from gradmagic.explore.run import Attempt
from gradmagic.explore.trace import Array

if TYPE_CHECKING:
    from gradmagic.explore.explorer import Explorer

__all__ = ["Difference", "plane_differences"]

STRIDE = 2  # every so many samples of each input are compared: a map has many


@record
class Difference:
    """One derivative at some places, and differences there.

    Attributes
    ----------
    label : str
    at : ndarray of shape (2, n)
    exact, near, far : ndarray of shape (n,)
        The derivative; central differences over one step to either side, and over two.
    steepest : ndarray of shape (n,)
        The size of what is differentiated, divided by the step: what rounding is relative to.
    """

    label: str
    at: Array
    exact: Array
    near: Array
    far: Array
    steepest: Array


def plane_differences(explorer: Explorer, step: float) -> Iterator[Difference]:
    """Each derivative that is shown, unweighted; a step is this part of the range of its input."""
    plain = explorer.unweighted()
    plane = plain.trace.plane
    assert plane is not None
    attempt = Attempt(plain.program, plain.state, dict(plain.namespace), plain._backend, first=False)
    ask = asking(attempt.evaluated, plain._backend)
    at = np.stack([part.ravel() for part in np.meshgrid(plane.x[1:-1:STRIDE], plane.y[1:-1:STRIDE])])
    with plain.same_random(), np.errstate(all="ignore"):
        here = ask(*at)
        for axis, samples in enumerate((plane.x, plane.y)):
            h = step * float(np.ptp(samples))
            sides = {n: ask(*(at + n * h * np.eye(2)[:, [axis]])) for n in (-2, -1, 1, 2)}
            for label, exact, below in derivatives(plane, here, sides, axis, plain.state.order):
                near, far = ((below[n] - below[-n]) / (2 * n * h) for n in (1, 2))
                yield Difference(label, at, exact, near, far, np.abs(below[1]) / h)


def derivatives(
    plane: Plane, here: Jet, sides: Mapping[int, Jet], axis: int, order: int
) -> Iterator[tuple[str, Array, dict[int, Array]]]:
    """What is differentiated by this input, and what that is of: z, and from the second order on the gradient."""
    yield plane.partials[axis], here.gradient[axis], {n: jet.z for n, jet in sides.items()}
    if order < 2:
        return
    for part in range(axis + 1):  # that by both once
        label = plane.seconds[part + axis]
        yield label, here.hessian[part, axis], {n: jet.gradient[part] for n, jet in sides.items()}
