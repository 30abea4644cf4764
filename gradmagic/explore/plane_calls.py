"""The panel's grad calls for two inputs: the gradient of z, and the gradient of each of its parts. Draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradmagic.explore.critical import Jet, critical_points
from gradmagic.explore.derive import is_pointwise
from gradmagic.explore.explain import NO_GRAPH, UNUSED
from gradmagic.explore.ledger import Ledger
from gradmagic.explore.outputs import array_of
from gradmagic.explore.planes import Plane, cursor_of, extremes
from gradmagic.explore.record import record
from gradmagic.explore.request import GradUsageError
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Derivative
from gradmagic.explore.weights import Weights

__all__ = ["OverPlane", "asking", "over_plane"]

Evaluate = Callable[[Array, Array], tuple[Any, Any, Any]]  # from numbers to the tensors x, y and z


@record
class OverPlane:
    """What was found: the plane, its derivatives as a Trace has them, weights and notes."""

    plane: Plane
    derivatives: tuple[Derivative, ...]
    weights: Array
    notes: tuple[str, ...]


def over_plane(
    z: Any,
    inputs: tuple[Any, Any],
    state: State,
    names: Mapping[str, Any],
    ledger: Ledger,
    *,
    evaluate: Evaluate,
    pointwise: bool | None = None,
) -> OverPlane:
    """Differentiate z by both inputs, once or twice, and read off what there is to see."""
    return Calls(inputs, state, ledger).found(z, names, evaluate, pointwise)


@dataclass(slots=True)
class Calls:
    """Calls of grad by two inputs at once."""

    inputs: tuple[Any, Any]
    state: State
    ledger: Ledger

    def found(self, z: Any, names: Mapping[str, Any], evaluate: Evaluate, pointwise: bool | None) -> OverPlane:
        if pointwise is None:
            self.check(z)
        x, y = (array_of(part) for part in self.inputs)
        spec = Weights.of(self.state.weights)
        weights = spec.values(tuple(z.shape), names, x)
        ones = bool(np.all(weights == 1.0))
        self.ledger.by = "panel"
        with self.ledger.backend.watch(self.ledger):
            derivatives, notes = self.derivatives(z, weights)
        gradient, hessian = (d.values for d in (*derivatives, Derivative(2, None))[:2])
        missing = [(self.title(d.order), d.note or "", d.detail or "") for d in derivatives if d.values is None]
        z_values, xs, ys = array_of(z), x[0], y[:, 0]
        # No derivative where there is no z: 1/x is a number at -1, but log has no slope there.
        gradient, hessian = (
            None if part is None else np.where(np.isfinite(z_values), part, np.nan) for part in (gradient, hessian)
        )
        lowest, highest = extremes(xs, ys, z_values)
        critical, said = self.critical(xs, ys, gradient, hessian, evaluate) if ones else ((), "")
        plane = Plane(
            x=xs,
            y=ys,
            z=z_values,
            gradient=gradient,
            hessian=hessian,
            labels=(*self.names, self.ledger.program.y_label),
            cursor=cursor_of(xs, ys, z_values, gradient, hessian, at=(self.state.x0, self.state.y0 or 0.0)),
            lowest=lowest,
            highest=highest,
            critical=critical,
            level=said,
            weighted=not ones,
            missing=tuple(missing),
        )
        if not ones:
            notes.append(f"the weights {self.state.weights} multiply the gradient: no slopes are read off it")
        if self.state.order > 2:
            notes.append("over two inputs there are the gradient and the Hessian: order 2 is the highest")
        return OverPlane(plane, derivatives, weights, tuple(filter(None, notes)))

    @property
    def names(self) -> tuple[str, str]:
        program = self.ledger.program
        return program.wrt, program.second or ""

    def title(self, order: int) -> str:
        return f"the {'gradient' if order == 1 else 'Hessian'} of {self.ledger.program.y_label}"

    def check(self, z: Any) -> None:
        """Each element of z must belong to one place: else there is nothing to draw over the plane."""
        name, (x, y), shape = self.ledger.program.y_label, self.names, tuple(self.inputs[0].shape)
        way = f"say --wrt {x}, and {y} is a slider"
        if tuple(z.shape) != shape:
            raise GradUsageError(
                f"over two inputs {name} must have a value for each place, so the shape {shape}, and it has "
                f"{tuple(z.shape)}: {way}"
            )
        for wrt in self.inputs:
            if not linked(z, wrt, self.ledger.backend):
                continue
            if not is_pointwise(z, wrt, self.ledger.backend):
                raise GradUsageError(f"an element of {name} depends on several places of {x} and {y}: {way}")

    def derivatives(self, z: Any, weights: Array) -> tuple[tuple[Derivative, ...], list[str]]:
        """The gradient, and the Hessian if it is asked for."""
        name, notes = self.ledger.program.y_label, list[str]()
        first = self.parts(z, weights, name, f"d{name}d")
        if isinstance(first, Derivative):
            return self.following(first), notes
        notes += [
            f"{name} does not depend on {wrt}" for wrt, part in zip(self.names, first, strict=True) if part is None
        ]
        gradient = Derivative(1, self.stacked(first))
        if self.state.order < 2:
            return (gradient,), notes
        rows: list[Array] = []
        for wrt, part in zip(self.names, first, strict=True):
            if part is None:
                rows.append(np.zeros((2, *weights.shape)))
                continue
            found = self.parts(part, weights, f"d{name}d{wrt}", f"d2{name}d{wrt}d")
            if isinstance(found, Derivative):
                if found.values is None:
                    return (gradient, found), notes
                notes.append(found.note or "")
                rows.append(found.values)
            else:
                rows.append(self.stacked(found))
        return (gradient, Derivative(2, np.stack(rows))), notes

    def following(self, refused: Derivative) -> tuple[Derivative, ...]:
        """Nothing comes after a gradient that was refused."""
        first = Derivative(1, None, refused.note, refused.detail)
        rest = Derivative(2, None, f"there is no gradient of {self.ledger.program.y_label}", refused.detail)
        return (first, rest) if self.state.order > 1 else (first,)

    def parts(self, outputs: Any, weights: Array, name: str, result: str) -> list[Any] | Derivative:
        """One call, by both inputs; or why it was refused."""
        x, y = self.names
        switches: dict[str, Any] = {"create_graph": self.state.create_graph}
        if self.state.retain_graph is not None:
            switches["retain_graph"] = self.state.retain_graph
        said = ", create_graph=True" if self.state.create_graph else ""
        if self.state.retain_graph is not None:
            said += f", retain_graph={self.state.retain_graph}"
        written = Weights.of(self.state.weights).source
        self.ledger.source = f"{result}{x}, {result}{y} = grad({name}, ({x}, {y}), {written}{said}, allow_unused=True)"
        self.ledger.what = name
        backend = self.ledger.backend
        try:
            given = backend.constant(weights, outputs)
            return list(backend.grad(outputs, self.inputs, given, allow_unused=True, **switches))
        except RuntimeError as error:
            return self.refused(error, name, array_of(outputs))

    def refused(self, error: RuntimeError, name: str, outputs: Array) -> Derivative:
        message = f"{type(error).__name__}: {error}"
        if (NO_GRAPH in message or UNUSED in message) and self.state.create_graph:
            # torch refuses; mathematics says zero, where there is a number. The ledger keeps torch's words.
            note = f"{self.said(name)} depends on neither {self.names[0]} nor {self.names[1]}"
            flat = np.where(np.isnan(outputs), np.nan, 0.0)
            return Derivative(2, np.stack([flat, flat]), note, message)
        return Derivative(2, None, self.ledger.rows[-1].cause or "autograd refused this call", message)

    def said(self, name: str) -> str:
        """What a call's `dzdx` is called in a sentence."""
        z = self.ledger.program.y_label
        return next((f"∂{z}/∂{wrt}" for wrt in self.names if name == f"d{z}d{wrt}"), name)

    def stacked(self, parts: list[Any]) -> Array:
        """Both parts as numbers; what is not used in the graph is zero."""
        shape = tuple(self.inputs[0].shape)
        return np.stack([np.zeros(shape) if part is None else array_of(part) for part in parts])

    def critical(
        self, x: Array, y: Array, gradient: Array | None, hessian: Array | None, evaluate: Evaluate
    ) -> tuple[Any, str]:
        """The critical points; silently none where the cell cannot be asked about single places."""
        if gradient is None or hessian is None:
            return (), ""
        ask, name = asking(evaluate, self.ledger.backend), self.ledger.program.y_label
        try:
            return critical_points(x, y, gradient, hessian, ask, name=name)
        except Exception as error:  # noqa: BLE001  the cell ran on the grid, and that is what is shown
            said = f"{type(error).__name__}: {error}".splitlines()[0]
            return (), f"critical points were not searched for: the cell cannot be run on a few places alone ({said})"


def asking(evaluate: Evaluate, backend: Any) -> Callable[[Array, Array], Jet]:
    """Z, gradient and Hessian at any places. These calls are a search of the panel's, and no rows of the ledger."""

    def ask(xs: Array, ys: Array) -> Jet:
        x, y, z = evaluate(xs, ys)
        first = gradients(z, (x, y), backend)
        rows = [gradients(part, (x, y), backend) for part in first]
        numbers = [[array_of(part) if hasattr(part, "detach") else part for part in row] for row in (first, *rows)]
        flat = [np.stack([np.ravel(part) for part in row]) for row in numbers]
        return Jet(np.ravel(array_of(z)), flat[0], np.stack(flat[1:]))

    return ask


def linked(z: Any, x: Any, backend: Any) -> bool:
    """Whether z was computed from x."""
    (found,) = backend.grad(z, x, backend.constant(np.ones(tuple(z.shape)), z), retain_graph=True, allow_unused=True)
    return found is not None


def gradients(z: Any, inputs: tuple[Any, Any], backend: Any) -> list[Any]:
    """By both inputs, with a graph; zeros where there is nothing to differentiate."""
    zeros = np.zeros(tuple(inputs[0].shape))
    if not getattr(z, "requires_grad", False):
        return [zeros, zeros]
    ones = backend.constant(np.ones(tuple(z.shape)), z)
    found = backend.grad(z, inputs, ones, create_graph=True, allow_unused=True)
    return [zeros if part is None else part for part in found]
