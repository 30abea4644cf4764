"""The Jacobian of y by x, which `grad` never builds: it multiplies it from the left by the weights. Draws nothing.

The table is made for the eye, on a run of its own, and its calls are no rows of the ledger: there stand the calls that
the cell and the panel make with the weights that are chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradmagic.explore.outputs import array_of
from gradmagic.explore.record import record
from gradmagic.explore.request import GradUsageError
from gradmagic.explore.trace import Array, Trace

if TYPE_CHECKING:
    from gradmagic.explore.run import Attempt

__all__ = ["Jacobian", "is_worth_seeing", "jacobian", "place_label"]

LARGEST = 1_000_000  # numbers in the table


@record
class Jacobian:
    """∂y/∂x as a table: a row for each element of y, a column for each element of x, both in the order of memory.

    Attributes
    ----------
    matrix : ndarray of shape (m, n)
    y_shape, x_shape : tuple of int
    y_label, x_label : str
    """

    matrix: Array
    y_shape: tuple[int, ...]
    x_shape: tuple[int, ...]
    y_label: str
    x_label: str

    def product(self, weights: Array) -> Array:
        """What `grad` gives for these weights, as a row."""
        # An element that is not asked for adds nothing, also where its own derivative is no number.
        with np.errstate(all="ignore"):
            parts = np.where(weights.reshape(-1, 1) == 0, 0.0, weights.reshape(-1, 1) * self.matrix)
        return np.asarray(parts.sum(axis=0))

    @property
    def pattern(self) -> str:
        """Which elements of y depend on which of x, in words."""
        y, x, filled = self.y_label, self.x_label, self.matrix != 0
        m, n = self.matrix.shape
        if not filled.any():
            return f"all of it is 0: no element of {y} depends on {x}"
        if m == n and m > 1 and not (filled & ~np.eye(m, dtype=bool)).any():
            return f"a diagonal: each element of {y} depends on one of {x} alone, the one at its place"
        if m == n and m > 1 and not np.triu(filled, 1).any():
            return f"zero above the diagonal: an element of {y} depends on those of {x} up to its place"
        if m == n and m > 1 and not np.tril(filled, -1).any():
            return f"zero below the diagonal: an element of {y} depends on those of {x} from its place on"
        share = float(filled.mean())
        every = f"no 0: every element of {y} depends on all of {x}"
        return f"{100 * share:.3g} % of it is not 0" if share < 1 else every

    @property
    def words(self) -> str:
        """The table in one sentence."""
        m, n = self.matrix.shape
        known = self.matrix[np.isfinite(self.matrix)]
        ends = (
            f", values from {known.min() + 0.0:.6g} to {known.max() + 0.0:.6g}" if known.size else ", no finite value"
        )
        missing = self.matrix.size - known.size
        gaps = f", {missing} of them no number" if missing else ""
        rows, columns = (f"{count} {word}{'s' * (count != 1)}" for count, word in ((m, "row"), (n, "column")))
        return f"∂{self.y_label}/∂{self.x_label} has {rows} and {columns}{ends}{gaps}; {self.pattern}"


def is_worth_seeing(trace: Trace) -> bool:
    """For tensors, and where an element of y hears from several of x; that of a curve has its slopes on a diagonal."""
    return trace.y is not None and trace.kind != "plane" and not (trace.kind == "curve" and trace.pointwise)


def place_label(name: str, shape: tuple[int, ...], place: int) -> str:
    """An element as it is written in Python.

    >>> place_label("y", (3, 4), 6), place_label("x", (8,), 2), place_label("y", (), 0)
    ('y[1,2]', 'x[2]', 'y')
    """
    return f"{name}[{','.join(str(int(i)) for i in np.unravel_index(place, shape))}]" if shape else name


def jacobian(attempt: Attempt) -> Jacobian:
    """Run the cell once more and differentiate each element of its y.

    Raises
    ------
    GradUsageError
        If the table would be too large to be looked at.
    """
    scope = attempt.new_scope(echo=False)
    scope["print"] = lambda *_, **__: None
    with np.errstate(all="ignore"), attempt.backend.leaf_writes(attempt.program.request.leaf_writes):
        value = attempt.cell_run(scope, lambda _, run: run(retain_graph=True))
        x, (y, *_) = attempt.read(scope, value)
        m, n = y.numel(), x.numel()
        y_label, x_label = attempt.program.y_label, attempt.program.wrt
        if m * n > LARGEST:
            raise GradUsageError(
                f"∂{y_label}/∂{x_label} would have {m} × {n} = {m * n:,} numbers, too many to be looked at: "
                f"{LARGEST:,} at most"
            )
        return Jacobian(rows(y, x, attempt.backend), tuple(y.shape), tuple(x.shape), y_label, x_label)


def rows(y: Any, x: Any, backend: Any) -> Array:
    """One row for each element of y, all of them in one call where every op on the way can do so."""
    m, n = y.numel(), x.numel()
    units = np.eye(m).reshape(m, *y.shape)
    try:
        (found,) = backend.grad(y, x, backend.constant(units, y), retain_graph=True, is_grads_batched=True)
        return array_of(found).reshape(m, n)
    except RuntimeError:
        one = [backend.grad(y, x, backend.constant(unit, y), retain_graph=True)[0] for unit in units]
        return np.stack([array_of(row).reshape(n) for row in one])
