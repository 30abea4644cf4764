"""From a Trace to arrays that can be drawn: a label, numbers and breaks for each curve. Knows no pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gradmagic.explore.trace import Array

__all__ = ["Curve", "Curves"]


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve: `y`, `dy/dx`, `d²y/dx²`, …; its values are NaN where it is not defined, and the line breaks there.

    Where `values` is None, `note` says why in plain words and `detail` in torch's words.
    """

    order: int
    label: str
    values: Array | None
    note: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves over one x.

    Attributes
    ----------
    x : ndarray
        The abscissae, one-dimensional, ascending for a line. They change from step to step, in number too: x0 is
        always one of them, and an abscissa whose values are NaN is put in where a line must break (a pole, a jump).
    curves : tuple of Curve
        y first, then its derivatives by order.
    x_label : str
        What x is called.
    style : {"line", "points"}
        A curve over a range, or the elements of a tensor.
    x0 : float
        Where the cursor stands.
    at_x0 : tuple of float or None
        The value of each curve at x0, None where it has none.
    notes : tuple of str
        Sentences about the whole.
    tables : tuple of (str, ndarray)
        For tensors: a label and the values in the shape of x.
    """

    x: Array
    curves: tuple[Curve, ...]
    x_label: str
    style: Literal["line", "points"]
    x0: float
    at_x0: tuple[float | None, ...]
    notes: tuple[str, ...] = ()
    tables: tuple[tuple[str, Array], ...] = ()
