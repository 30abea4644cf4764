"""What one run of a cell gave: numbers, derivatives and the ledger of its grad calls. Does not know how they came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gradmagic.explore.record import record
from gradmagic.explore.request import no_values

if TYPE_CHECKING:
    from gradmagic.explore.planes import Plane

__all__ = ["Array", "By", "Call", "Cure", "Derivative", "Failure", "Kind", "Trace"]

Array = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["curve", "elements", "scalar", "other", "plane"]
By = Literal["cell", "panel"]


@record
class Cure:
    """What would make a refused call work: words for a button, and the options of a call that it changes.

    `index` is the call of the ledger that is to be changed; None where only an edit of the cell helps.
    `State.cured` applies it.
    """

    text: str
    index: int | None = None
    options: Mapping[str, object] = field(default_factory=no_values)


@record
class Call:
    """One row of the ledger: one call of `grad` or `backward`, the cell's own or the panel's.

    Attributes
    ----------
    index : int
        Its place in the ledger, from 0; the cell's calls come first, in the order in which they ran.
    source, line
        The call as written, and its line in the cell (None for the panel's calls).
    by : {"cell", "panel"}
        Who called.
    asked, effective : mapping of str to object
        The options as asked for (only those that are given), and all of them as they took effect.
    ok : bool
        Whether the call returned.
    outcome : str
        What the result is: `grad_fn=<MulBackward0>`, `no grad_fn: a plain value`, or the error's first line.
    error : str or None
        The exception in full, as Python prints it.
    nodes_kept, nodes_freed, bytes_kept, bytes_freed : int
        The graph of the outputs: what this call left of it, and what it freed.
    seconds : float
        How long it took.
    cause, cure
        For a refused call: why, in plain words, and what to change.
    """

    index: int
    source: str
    line: int | None
    by: By
    asked: Mapping[str, object]
    effective: Mapping[str, object]
    ok: bool
    outcome: str
    error: str | None
    nodes_kept: int
    nodes_freed: int
    bytes_kept: int
    bytes_freed: int
    seconds: float
    cause: str | None = None
    cure: Cure | None = None


@record
class Derivative:
    """The derivative of one order; without values, `note` says why in plain words and `detail` in torch's words.

    With values, a note says what is special about them (`dy/dx does not depend on x`, …).
    """

    order: int
    values: Array | None
    note: str | None = None
    detail: str | None = None


@record
class Failure:
    """An error that a re-run met: its text as Python prints it, the cell's line that raised it, and what to do."""

    message: str
    line: int | None = None
    cure: str | None = None


@record
class Trace:
    """What one run gave.

    Attributes
    ----------
    x, y : ndarray
        The values; y is None if the run stopped before there was one.
    derivatives : tuple of Derivative
        One for each order asked for, from 1.
    ledger : tuple of Call
        Every `grad` and `backward` call, the cell's own first.
    printed : str
        What the cell printed.
    names : mapping of str to object
        The names that the cell bound.
    kind : {"curve", "elements", "scalar", "other", "plane"}
        y over a range of x; y of a tensor x, element by element; a scalar y; a y of any other shape; a number over two
        inputs, on a grid.
    weights : ndarray or None
        `grad_outputs` as numbers, in the shape of y.
    notes : tuple of str
        What else there is to say about this run, one sentence each.
    x_label, y_label : str
        What x and y are called.
    failure : Failure or None
        For a re-run that failed: the error, as data.
    pointwise : bool
        Whether each element of y depends on the element of x at its place only, so that dy/dx is a slope.
    plane : Plane or None
        For two inputs: everything over both. `x` and `y` are then the grid of the first input and the values on it, and
        the derivatives are the gradient, of shape (2, …), and the Hessian, of shape (2, 2, …).
    others : tuple of Trace
        What the same run gave for further outputs over the same x; their calls are in this ledger.
    ranged : bool
        Whether x runs over a range; not if the cell made a tensor of it.
    """

    x: Array
    y: Array | None
    derivatives: tuple[Derivative, ...]
    ledger: tuple[Call, ...]
    printed: str = ""
    names: Mapping[str, Any] = field(default_factory=no_values)
    kind: Kind = "curve"
    weights: Array | None = None
    notes: tuple[str, ...] = ()
    x_label: str = "x"
    y_label: str = "y"
    failure: Failure | None = None
    pointwise: bool = True
    plane: Plane | None = None
    others: tuple[Trace, ...] = ()
    ranged: bool = True

    @property
    def outputs(self) -> tuple[Trace, ...]:
        """All outputs, this one first."""
        return (self, *self.others)
