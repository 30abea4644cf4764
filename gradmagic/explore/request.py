"""What is asked for: one `%%grad` cell or one call of `explore`, as plain data.

Knows no syntax of the line and runs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, Literal

from gradmagic.explore.record import record

__all__ = ["SHOWN", "Backend", "GradUsageError", "LeafWrites", "Range", "Request", "quoted"]

SHOWN = frozenset({"tangent", "asymptotes", "kinks"})  # the overlays that are switched on unless others are asked for
LeafWrites = Literal["refuse", "allow"]
Backend = Literal["gradmagic", "torch"]


class GradUsageError(Exception):
    """A mistake of the user's; its text is one line that says what is wrong and what to do.

    In a notebook it is shown as that line alone, and still fails the cell.
    """

    def _render_traceback_(self) -> list[str]:
        """IPython asks for this: the message without a traceback through gradmagic."""
        return [f"{type(self).__name__}: {self}"]


def quoted(text: object, limit: int = 60) -> str:
    """The text as one line in quotes, cut if it is long: what an error message may repeat."""
    line = "".join(c if c.isprintable() else " " for c in str(text)).strip()
    return f"'{line}'" if len(line) <= limit else f"'{line[: limit - 1]}…'"


def no_values() -> Mapping[str, Any]:
    """An empty mapping that cannot be written to, as the default of a frozen field."""
    return MappingProxyType({})


@record
class Range:
    """An interval from `lo` to `hi`, and the value that a slider over it starts from.

    Examples
    --------
    >>> Range(0, 4).begin
    2.0
    >>> Range(0, 4, start=1).begin
    1.0
    """

    lo: float
    hi: float
    start: float | None = None

    @property
    def begin(self) -> float:
        """Where a slider starts: `start`, or else the middle."""
        return float(self.start) if self.start is not None else 0.5 * float(self.lo) + 0.5 * float(self.hi)

    @property
    def width(self) -> float:
        """The length of the interval."""
        return float(self.hi) - float(self.lo)

    def clip(self, value: float) -> float:
        """The number of the interval that is nearest to `value`; where `begin` is if value is not a number."""
        return self.begin if math.isnan(value) else min(max(float(value), float(self.lo)), float(self.hi))


@record
class Request:
    """Everything that a `%%grad` cell says: its text, the names given on its line, and its options.

    Attributes
    ----------
    text : str
        The cell's source, without the `%%grad` line.
    ranges : mapping of str to Range
        `NAME=LO:HI` and `NAME=LO:HI@START`: sliders, and the range of x.
    values : mapping of str to float
        `NAME=VALUE`: fixed numbers.
    of : str or None
        The name of what is differentiated; None means `y`, or else the cell's last expression;
        or what the cell sets last, where `y` is an input, a slider or a number.
    also : tuple of str
        The names of further outputs over the same x.
    wrt : str
        The name of what it is differentiated by.
    second : str or None
        The name of a second input; empty if there is to be none, None if the cell and its ranges are to say.
    weights : str
        `grad_outputs` as text: `ones`, `onehot:K`, `ramp`, `random:SEED`, a name, or an expression in x.
    order, points : int
        How many derivatives, and how many samples of a range.
    create_graph, retain_graph
        The options of the panel's own `grad` calls, as in torch.
    leaf_writes : {"refuse", "allow"}
        What a write into a leaf that requires grad does: torch's refusal, or what torch did up to 1.7.1.
    backend : {"gradmagic", "torch"}
        The engine that the cell runs on.
    into : str or None
        The name that the explorer is bound to.
    panel : bool
        Whether a panel is shown.
    show : frozenset of str or None
        The overlays that are switched on at first; None means those that always are.
    taylor, step : int, float or None
        The order of the Taylor polynomial, and the step h of the secant and of the differences; None: as x ranges.
    hide : frozenset of int
        The orders whose curves are not shown at first.
    log : frozenset of {"x", "y"}
        The axes that are logarithmic at first.
    check : bool
        Whether every derivative is compared with central differences, and with PyTorch's where it is installed.
    deadline : float
        The seconds after which a step of the panel is stopped.
    filename : str
        What the cell is called in a traceback: in a notebook, the name under which IPython keeps its source.
    """

    text: str
    ranges: Mapping[str, Range] = field(default_factory=no_values)
    values: Mapping[str, float] = field(default_factory=no_values)
    of: str | None = None
    wrt: str = "x"
    weights: str = "ones"
    order: int = 2
    points: int = 401
    create_graph: bool = True
    retain_graph: bool | None = None
    leaf_writes: LeafWrites = "refuse"
    backend: Backend = "gradmagic"
    into: str | None = None
    panel: bool = True
    show: frozenset[str] | None = None
    taylor: int = 2
    step: float | None = None
    hide: frozenset[int] = frozenset()
    check: bool = False
    deadline: float = 30.0
    filename: str = "<cell>"
    second: str | None = None
    also: tuple[str, ...] = ()
    log: frozenset[str] = frozenset()
