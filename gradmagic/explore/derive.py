"""The panel's own chain of grad calls: dy/dx, d²y/dx², … for the weights and switches of a State. Draws nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from gradmagic.explore.backends import Backend
from gradmagic.explore.explain import NO_GRAPH, UNUSED, ordinal_label, undefined
from gradmagic.explore.ledger import Ledger
from gradmagic.explore.outputs import array_of
from gradmagic.explore.program import Program
from gradmagic.explore.record import record
from gradmagic.explore.request import GradUsageError
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Derivative
from gradmagic.explore.weights import Weights

__all__ = ["Derived", "derived"]

# the first two calls show what the switches do; from the third on each would cost a multiple of the last
FROM_HERE_AT_ONCE = 3


@record
class Derived:
    """Numbers of y and of its derivatives."""

    x: Array
    y: Array
    derivatives: tuple[Derivative, ...]
    weights: Array
    notes: tuple[str, ...]
    pointwise: bool


def derived(
    y: Any,
    x: Any,
    state: State,
    names: Mapping[str, Any],
    ledger: Ledger,
    *,
    pointwise: bool | None = None,
) -> Derived:
    """Differentiate y by x as often as the state asks; `pointwise` is known from an earlier run, or found out."""
    program, backend = ledger.program, ledger.backend
    chain = Chain(x, program, state, names, backend, ledger, array_of(x))
    weights = chain.weights(y, 1)
    if pointwise is None:
        pointwise = tuple(y.shape) == tuple(x.shape) and is_pointwise(y, x, backend)
    chain.pointwise = pointwise
    ledger.by = "panel"
    with backend.watch(ledger):
        derivatives = chain.derivatives(y, weights)
    notes = notes_on(y, x, program, state, pointwise=pointwise) + not_a_number(y, derivatives, chain)
    return Derived(chain.at, array_of(y), derivatives, weights, notes, pointwise)


@dataclass(slots=True)
class Chain:
    """Calls of grad, each on the result of the one before."""

    x: Any
    program: Program
    state: State
    names: Mapping[str, Any]
    backend: Backend
    ledger: Ledger
    at: Array
    pointwise: bool = False

    def derivatives(self, y: Any, weights: Array) -> tuple[Derivative, ...]:
        found: list[Derivative] = []
        current = y
        for order in range(1, self.state.order + 1):
            higher = self.at_once(y, weights, found) if order == FROM_HERE_AT_ONCE else None
            if higher is not None:
                return (*found, *higher)
            derivative, current = self.next(current, order, self.weights(current, order) if order > 1 else weights)
            found.append(derivative)
            if current is None:
                break
        rest = range(len(found) + 1, self.state.order + 1)
        return (*found, *(self.following(found[-1], order) for order in rest))

    def next(self, current: Any, order: int, weights: Array) -> tuple[Derivative, Any]:
        """The derivative of this order, and the tensor that the next one differentiates."""
        self.ledger.source = self.source(order)
        self.ledger.what = self.label(order - 1)
        switches: dict[str, Any] = {"create_graph": self.state.create_graph}
        if self.state.retain_graph is not None:
            switches["retain_graph"] = self.state.retain_graph
        try:
            (result,) = self.backend.grad(current, self.x, self.backend.constant(weights, current), **switches)
        except RuntimeError as error:
            return self.refused(error, current, order), None
        return Derivative(order, array_of(result)), result

    def at_once(self, y: Any, weights: Array, found: list[Derivative]) -> list[Derivative] | None:
        """The orders after those that were found, in one pass of Taylor arithmetic.

        Only where the calls would give the same: no element hears from another, and nothing on the way is freed.
        """
        if not self.pointwise or not self.state.create_graph or self.state.retain_graph is False:
            return None
        start = perf_counter()
        expanded = self.backend.taylor(y, self.x, self.state.order)
        if expanded is None:
            return None
        values, top = expanded
        higher = range(len(found) + 1, self.state.order + 1)
        weighted = [values[k] * weights**k for k in range(self.state.order + 1)]
        if not all(d.values is not None and alike(weighted[d.order], d.values) for d in found):
            return None
        self.ledger.expanded([self.source(order).partition(" = ")[0] for order in higher], perf_counter() - start)
        flat = [
            f"{self.label(order - 1)} does not depend on {self.program.wrt}" if order > top else None
            for order in higher
        ]
        return [Derivative(order, weighted[order], note) for order, note in zip(higher, flat, strict=True)]

    def refused(self, error: RuntimeError, current: Any, order: int) -> Derivative:
        message = f"{type(error).__name__}: {error}"
        unlinked = NO_GRAPH in message or UNUSED in message
        if unlinked and order > 1 and self.state.create_graph:
            # torch refuses; mathematics says zero, where there is a number. The ledger keeps torch's words.
            nowhere = np.isnan(array_of(current))
            note = f"{self.label(order - 1)} does not depend on {self.program.wrt}"
            if nowhere.all():
                note = f"{self.label(order - 1)} is NaN throughout, and what is no number has no derivative"
            return Derivative(order, np.where(nowhere, np.nan, np.zeros(self.at.shape)), note, message)
        if unlinked and order == 1:
            raise GradUsageError(
                f"'{self.program.y_label}' does not depend on '{self.program.wrt}': it was computed from other tensors"
            ) from None
        cause = self.ledger.rows[-1].cause
        return Derivative(order, None, cause or "autograd refused this call", message)

    def following(self, before: Derivative, order: int) -> Derivative:
        """What comes after a derivative that ended the chain: zeros after zeros, nothing after nothing."""
        if before.values is not None:
            return Derivative(order, before.values, before.note, before.detail)
        return Derivative(order, None, f"there is no {self.label(before.order)} to differentiate", before.detail)

    def weights(self, current: Any, order: int) -> Array:
        """The weights for the output of this order, in its shape."""
        weights = Weights.of(self.state.weights)
        try:
            return weights.values(tuple(current.shape), self.names, self.at)
        except GradUsageError:
            if order == 1:
                raise
            return np.ones(tuple(current.shape))

    def label(self, order: int) -> str:
        return ordinal_label(order, self.program.y_label, self.program.wrt)

    def source(self, order: int) -> str:
        """The call as a user would write it."""
        y, x = self.program.y_label, self.program.wrt
        names = [y] + [f"d{n if n > 1 else ''}{y}d{x}{n if n > 1 else ''}" for n in (order - 1, order) if n]
        outputs, result = names[-2], names[-1]
        options = ", create_graph=True" if self.state.create_graph else ""
        if self.state.retain_graph is not None:
            options += f", retain_graph={self.state.retain_graph}"
        return f"{result} = grad({outputs}, {x}, {Weights.of(self.state.weights).source}{options})"


def not_a_number(y: Any, derivatives: Sequence[Derivative], chain: Chain) -> tuple[str, ...]:
    """Where the first derivative is NaN although y is not: a picture would leave a gap there, and say nothing."""
    first, ys = (derivatives[0].values if derivatives else None), array_of(y)
    if first is None or first.shape != ys.shape:
        return ()
    missing = int(np.count_nonzero(np.isnan(first) & np.isfinite(ys)))
    if not missing:
        return ()
    names = chain.backend.node_names((y,))
    return (undefined(chain.label(1), chain.program.y_label, missing, ys.size, names),)


def alike(a: Array, b: Array) -> bool:
    """Whether two ways to the same numbers differ by rounding only."""
    close = 1e-4 if a.dtype == np.float32 else 1e-8
    size = float(np.max(np.abs(b), where=np.isfinite(b), initial=0.0))
    return bool(np.allclose(a, b, rtol=close, atol=close * size, equal_nan=True))


def is_pointwise(y: Any, x: Any, backend: Backend) -> bool:
    """Whether each element of y depends on the element of x at its place only, as far as two probes can tell.

    Then and only then a weighted gradient is the plain one times the weights.
    """
    if y.numel() < 2:
        return True
    probe = np.random.default_rng(0).uniform(1.0, 2.0, tuple(y.shape))
    try:
        (plain,) = backend.grad(y, x, backend.constant(np.ones(probe.shape), y), retain_graph=True)
        (weighted,) = backend.grad(y, x, backend.constant(probe, y), retain_graph=True)
    except RuntimeError:
        return True
    a, b = array_of(weighted), array_of(plain) * probe
    tolerance = 1e-4 if a.dtype == np.float32 else 1e-8
    with np.errstate(all="ignore"):
        alike = np.allclose(a, b, rtol=tolerance, atol=0.0, equal_nan=True)
    return alike or nothing_crosses(y, x, probe, backend)


def nothing_crosses(y: Any, x: Any, probe: Array, backend: Backend) -> bool:
    """Whether no element of y that is left out of the weights hears from another, however much cancels or overflows.

    The bits of an element's number tell any two elements apart.
    """
    number = np.arange(probe.size).reshape(probe.shape)
    for bit in range((probe.size - 1).bit_length()):
        for left_out in (number >> bit & 1 == 0, number >> bit & 1 == 1):
            (found,) = backend.grad(y, x, backend.constant(np.where(left_out, 0.0, probe), y), retain_graph=True)
            heard = array_of(found)[left_out]
            if np.any(heard[np.isfinite(heard)]):
                return False
    return True


def notes_on(y: Any, x: Any, program: Program, state: State, *, pointwise: bool) -> tuple[str, ...]:
    """What must be said about the shapes and weights, so that nothing shown is taken for what it is not."""
    name, wrt = program.y_label, program.wrt
    first = ordinal_label(1, name, wrt)
    notes: list[str] = []
    if tuple(y.shape) == tuple(x.shape):
        if not pointwise:
            notes.append(
                f"an element of {name} depends on several elements of {wrt}: {first} adds up ∂{name}/∂{wrt} over all "
                f"elements of {name}, weighted"
            )
    elif y.numel() == 1:
        notes.append(f"{name} is one number: {first} has one slope for each element of {wrt}")
        if state.order > 1:
            notes.append(f"{ordinal_label(2, name, wrt)} adds up each row of the Hessian, weighted")
    else:
        notes.append(
            f"{name} has the shape {tuple(y.shape)} and {wrt} has {tuple(x.shape)}: {first} adds up ∂{name}/∂{wrt} "
            f"over all elements of {name}, weighted"
        )
    if state.weights != "ones" and pointwise:
        notes.append(f"the weights {state.weights} multiply {first} once, and each further derivative once more")
    return tuple(notes)
