"""What the panel's controls say: one immutable State for each event. Knows no widgets and runs nothing."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from gradmagic.explore.record import record
from gradmagic.explore.request import SHOWN, Range, Request
from gradmagic.explore.trace import Call, Cure

if TYPE_CHECKING:
    from gradmagic.explore.program import Program

__all__ = ["Look", "State", "round_step", "stretch"]


def round_step(width: float) -> float:
    """The step h for a range of this width: 1, 2 or 5 times a power of ten, nearest to a twelfth of it.

    >>> round_step(6.0), round_step(1e-9), round_step(4000.0)
    (0.5, 1e-10, 500.0)
    """
    near = math.log10(width) - math.log10(12)
    power = math.floor(near)
    steps = [float(f"{digit}e{power + more}") for digit, more in ((1, 0), (2, 0), (5, 0), (1, 1))]
    return min((step for step in steps if step > 0), key=lambda step: abs(math.log10(step) - near), default=width)


@record
class Look:
    """What is shown of the numbers, and how. No number depends on it.

    Attributes
    ----------
    tab : str
        The page of the panel that is open.
    overlays : frozenset of str
        The names of the overlays that are switched on (`gradmagic.explore.overlays`).
    hidden : frozenset of int
        The orders whose curves are not shown.
    taylor : int
        The order of the Taylor polynomial at x0.
    step : float or None
        The step h of the secant and of the finite differences; None is what fits the range of x (`round_step`).
    ranges : mapping of str to Range
        The ends of sliders that were changed.
    log : frozenset of {"x", "y"}
        The axes that are to be logarithmic. The samples are then spread evenly over the logarithm of x.
    plane : frozenset of {"contours", "arrows", "critical", "directions", "stretch"}
        What is drawn over a map of two inputs, and whether its colours may be stretched.
    """

    tab: str = "curves"
    overlays: frozenset[str] = SHOWN
    hidden: frozenset[int] = frozenset()
    taylor: int = 2
    step: float | None = None
    ranges: Mapping[str, Range] = field(default_factory=lambda: MappingProxyType({}))
    log: frozenset[str] = frozenset()
    plane: frozenset[str] = frozenset({"contours", "arrows", "critical", "directions", "stretch"})

    @classmethod
    def initial(cls, request: Request) -> Look:
        """What is shown at first."""
        shown = SHOWN if request.show is None else request.show
        return cls(overlays=shown, hidden=request.hide, taylor=request.taylor, step=request.step, log=request.log)

    def by_logarithm(self, span: Range) -> bool:
        """Whether samples of this range are spread evenly over its logarithm."""
        return "x" in self.log and span.lo > 0

    def left_out(self, orders: Collection[int]) -> frozenset[int]:
        """Which of these orders are not shown: none if that were all of them, for an empty picture shows nothing."""
        hidden = self.hidden.intersection(orders)
        return hidden if len(hidden) < len(set(orders)) else frozenset()


@record
class State:
    """The values of all controls; a new one is made with `dataclasses.replace`.

    Attributes
    ----------
    params : mapping of str to float
        The value of every parameter.
    x0 : float
        Where the cursor stands.
    y0 : float or None
        Where it stands along a second input, if there is one.
    weights : str
        `grad_outputs` as text, in the words of `--weights`.
    create_graph, retain_graph
        The options of the panel's own `grad` calls.
    order : int
        How many derivatives are computed.
    overrides : mapping of int to mapping of str to object
        For a call of the ledger, by its index: the options to use in place of those that it asks for.
    span : Range or None
        The range of x, where it was zoomed or moved; None is the cell's own.
    span_y : Range or None
        The same of a second input.
    look : Look
        What is shown of the numbers.
    """

    params: Mapping[str, float]
    x0: float
    weights: str = "ones"
    create_graph: bool = True
    retain_graph: bool | None = None
    order: int = 2
    overrides: Mapping[int, Mapping[str, object]] = field(default_factory=lambda: MappingProxyType({}))
    span: Range | None = None
    y0: float | None = None
    span_y: Range | None = None
    look: Look = field(default_factory=Look)

    @classmethod
    def initial(cls, request: Request, program: Program) -> State:
        """The state in which a panel opens: every slider at its start, and the cursor inside the range of x."""
        params = {name: span.begin for name, span in program.parameters.items()}
        x0 = program.domain.begin if program.domain is not None else 0.0
        y0 = program.height.begin if program.height is not None else None
        return cls(
            params, x0, request.weights, request.create_graph, request.retain_graph, request.order, y0=y0,
            look=Look.initial(request),
        )  # fmt: skip

    def same_but(self, other: State, *names: str) -> bool:
        """Whether they agree in everything but the fields of these names."""
        return all(name in names or getattr(self, name) == getattr(other, name) for name in self.__match_args__)

    def cured(self, cure: Cure, ledger: Sequence[Call]) -> State:
        """The state in which the refused call gets the options that it needs; the same if only an edit helps."""
        if cure.index is None:
            return self
        if cure.index < len(ledger) and ledger[cure.index].by == "panel":
            known = {name: value for name, value in cure.options.items() if name in ("create_graph", "retain_graph")}
            return replace(self, **known)  # type: ignore[arg-type]
        options = {**self.overrides.get(cure.index, {}), **cure.options}
        return replace(self, overrides={**self.overrides, cure.index: options})


def stretch(state: State, domain: Range | None) -> float:
    """How much wider what is seen of x is than the range that x has at first.

    >>> stretch(State({}, 0.0, span=Range(0, 2)), Range(-4, 4)), stretch(State({}, 0.0), Range(-4, 4))
    (0.25, 1.0)
    """
    return 1.0 if state.span is None or domain is None else state.span.width / domain.width
