"""One run of a Program in a State: its numbers, its derivatives, and the ledger of its grad calls. Knows no curves."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradmagic.explore.advice import advise
from gradmagic.explore.backends import Backend, RandomState, backend_of
from gradmagic.explore.derive import Derived, derived
from gradmagic.explore.explain import explained
from gradmagic.explore.ledger import Ledger, cell_line
from gradmagic.explore.options import MOST_OUTPUTS
from gradmagic.explore.outputs import array_of, input_of, kind_of, output_of
from gradmagic.explore.plane_calls import over_plane
from gradmagic.explore.planes import MOST_SIDE, abscissae, side_of
from gradmagic.explore.program import Program
from gradmagic.explore.request import GradUsageError, Request
from gradmagic.explore.scope import Scope, printing_into, scope_of, silent
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Derivative, Failure, Trace

__all__ = ["run", "samples"]


def run(
    program: Program,
    state: State,
    namespace: Mapping[str, Any],
    *,
    first: bool = True,
    pointwise: tuple[bool, ...] = (),
) -> Trace:
    """Run the cell and differentiate what it computes.

    Parameters
    ----------
    program : Program
        The cell.
    state : State
        The values of the controls.
    namespace : mapping
        The user's names. They are read; on the first run what the cell binds is written there, as after any cell.
    first : bool
        Whether this is the run that the user asked for: it prints, and its errors are raised. Later runs print
        nothing, and their errors come back in `Trace.failure`.
    pointwise : tuple of bool, optional
        What an earlier run found in `Trace.pointwise`, for each output; found out if it is not given.

    Raises
    ------
    GradUsageError
        On a first run, if there is nothing to differentiate; the text says what to do.
    Exception
        On a first run, whatever the cell itself raises.

    Examples
    --------
    >>> from gradmagic.explore.request import Request
    >>> program = Program.of(Request("y = x ** 2"), {})
    >>> trace = run(program, State.initial(program.request, program), {})
    >>> [float(derivative.values[-1]) for derivative in trace.derivatives]
    [6.0, 2.0]
    """
    backend = backend_of(program.request.backend)
    attempt = Attempt(program, state, namespace, backend, first, pointwise)
    with np.errstate(all="ignore"), backend.leaf_writes(program.request.leaf_writes):
        trace = attempt.trace()
    notes = (*trace.notes, *never_hidden(program.request), *compared(program, state, namespace, trace))
    return replace(trace, notes=notes)


def samples(program: Program, state: State) -> Array:
    """The abscissae of a range. x0 is one of them, so that what is shown there was computed there."""
    span = state.span or program.domain
    assert span is not None
    x0 = state.x0 if state.span is not None else span.clip(state.x0)
    return abscissae(span, x0, program.request.points, log=state.look.by_logarithm(span))


def grid(program: Program, state: State) -> list[Array]:
    """Both inputs at the places of a grid, the first running along the rows; the cursor is one of them."""
    width, height = state.span or program.domain, state.span_y or program.height
    assert width is not None
    assert height is not None
    side = side_of(program.request.points)
    if side > MOST_SIDE:
        raise GradUsageError(f"--points {side} for each of two inputs: give at most {MOST_SIDE}")
    x0 = state.x0 if state.span is not None else width.clip(state.x0)
    y0 = height.begin if state.y0 is None else state.y0 if state.span_y is not None else height.clip(state.y0)
    return list(np.meshgrid(abscissae(width, x0, side), abscissae(height, y0, side)))


@dataclass(slots=True)
class Attempt:
    """The state of one run, so that what is known can be kept when something fails."""

    program: Program
    state: State
    namespace: Mapping[str, Any]
    backend: Backend
    first: bool
    pointwise: tuple[bool, ...] = ()
    printed: io.StringIO = field(default_factory=io.StringIO)
    failure: Failure | None = None
    ran: bool = False
    notes: list[str] = field(default_factory=list)
    second: Any = None
    outputs: tuple[Program, ...] = ()
    new_ledger: Callable[..., Ledger] = Ledger

    def trace(self) -> Trace:
        ledger = self.new_ledger(self.program, self.backend, self.state.overrides)
        random = self.backend.random_state() if self.program.calls_autograd else None
        scope = self.new_scope(echo=self.first)
        try:
            value = self.cell_run(scope, ledger)
            x, ys = self.read(scope, value)
            self.ran = True
            freed = ledger.rows and self.backend.census(ys).freed
            with self.backend.revived(ledger.memory):
                if freed and self.backend.census(ys).freed:
                    x, ys = self.run_again(x, ys, random)
                elif freed:
                    self.notes.append("the cell's own calls freed its graph: the panel kept it for its curves")
                return self.differentiated(x, ys, scope, ledger)
        except Exception as error:
            if self.first:
                told(error, ledger)
                raise
            return self.failed(error, scope, ledger)

    def new_scope(self, *, echo: bool) -> Scope:
        printed = printing_into(self.printed, echo=echo)
        scope = scope_of(self.program, self.state.params, self.namespace, self.backend, printed)
        if self.program.second is not None:
            for name, values in zip(
                (self.program.wrt, self.program.second), grid(self.program, self.state), strict=True
            ):
                scope[name] = self.backend.variable(values)
        elif self.program.domain is not None:
            scope[self.program.wrt] = self.backend.variable(samples(self.program, self.state))
        return scope

    def cell_run(self, scope: Scope, watcher: Callable[..., Any]) -> Any:
        """Run the cell; the value of its last expression, if that is what is differentiated."""
        try:
            with self.backend.watch(watcher):
                if self.program.body is not None:
                    exec(self.program.body, scope)
                return eval(self.program.last, scope) if self.program.last is not None else None
        except Exception as error:
            advise(error)
            # On a later run a cell's own call may be refused because a switch was turned; what was computed before
            # it is still there to be shown.
            wanted = [program.target for program in self.program.each()]
            if self.first or any(name is None or name not in scope for name in wanted):
                raise
            self.failure = failure_of(error, self.program.filename)
            return None
        finally:
            self.land(scope)

    def land(self, scope: Scope) -> None:
        """After a first run the names that the cell bound are the user's, as after any cell."""
        if self.first and isinstance(self.namespace, MutableMapping):
            self.namespace.update(self.bound(scope))

    def bound(self, scope: Scope) -> dict[str, Any]:
        return {name: scope[name] for name in sorted(self.program.binds) if dict.__contains__(scope, name)}

    def read(self, scope: Scope, value: Any) -> tuple[Any, tuple[Any, ...]]:
        """X and every output, as tensors that can be differentiated."""
        x = input_of(scope.get(self.program.wrt), self.program, self.backend)
        if self.program.second is not None:
            self.second = input_of(scope.get(self.program.second), self.program, self.backend)
        self.outputs = self.program.with_parts(value).each()
        ys = [output_of(program.result(scope, value), x, program, self.backend) for program in self.outputs]
        together(x, ys, self.outputs)
        return x, tuple(ys)

    def run_again(self, x: Any, ys: tuple[Any, ...], random: RandomState | None) -> tuple[Any, tuple[Any, ...]]:
        """X and the outputs once more, with their graph, on an engine that gives nothing back of what it has freed."""
        if random is not None:
            self.backend.random_restore(random)
        again = Attempt(self.program, self.state, self.namespace, self.backend, first=False)
        scope = again.new_scope(echo=False)
        scope["print"] = lambda *_, **__: None
        try:
            value = again.cell_run(scope, lambda _, run: run(retain_graph=True))
            other_x, others = again.read(scope, value)
        except Exception as error:  # noqa: BLE001  the run that the user asked for went well, and counts
            said = failure_of(error, self.program.filename).message
            self.notes.append(f"the cell freed its graph, and cannot be run twice for the panel's derivatives: {said}")
            return x, ys
        pairs = zip(ys, others, strict=True)
        if not all(np.array_equal(array_of(y), array_of(other), equal_nan=True) for y, other in pairs):
            name = ", ".join(program.y_label for program in self.outputs)
            self.notes.append(f"the cell freed its graph and was run again: {name} is other than the first time")
        else:
            self.notes.append("the cell's own calls freed its graph, so the panel ran the cell again for its curves")
        self.second = again.second
        return other_x, others

    def evaluated(self, xs: Array, ys: Array) -> tuple[Any, Any, Any]:
        """Both inputs at these places and the cell's result there, silently: what a search asks for."""
        again = Attempt(self.program, self.state, self.namespace, self.backend, first=False)
        scope = scope_of(self.program, self.state.params, self.namespace, self.backend, silent)
        scope["print"] = silent  # the user's own, too
        scope[self.program.wrt], scope[self.program.second or ""] = (
            self.backend.variable(values.reshape(1, -1)) for values in (xs, ys)
        )
        value = again.cell_run(scope, lambda _, run: run(retain_graph=True))
        x, (z, *_) = again.read(scope, value)
        return x, again.second, z

    def over_plane(self, x: Any, y: Any, scope: Scope, ledger: Ledger) -> Trace:
        """What two inputs give."""
        names = {**self.namespace, **self.bound(scope)}
        found = over_plane(
            y, (x, self.second), self.state, names, ledger, evaluate=self.evaluated, pointwise=self.known(0)
        )
        return Trace(
            x=array_of(x),
            y=found.plane.z,
            derivatives=found.derivatives,
            ledger=tuple(ledger.rows),
            printed=self.printed.getvalue(),
            names=self.bound(scope),
            kind="plane",
            weights=found.weights,
            notes=(*self.notes, *found.notes),
            x_label=self.program.wrt,
            y_label=self.program.y_label,
            failure=self.failure,
            plane=found.plane,
        )

    def known(self, place: int) -> bool | None:
        """What an earlier run has found of this output."""
        return self.pointwise[place] if place < len(self.pointwise) else None

    def differentiated(self, x: Any, ys: tuple[Any, ...], scope: Scope, ledger: Ledger) -> Trace:
        if self.program.second is not None:
            return self.over_plane(x, ys[0], scope, ledger)
        first, *others = [self.of_output(place, x, y, scope, ledger) for place, y in enumerate(ys)]
        return replace(
            first,
            ledger=tuple(ledger.rows),
            printed=self.printed.getvalue(),
            names=self.bound(scope),
            notes=(*self.notes, *first.notes),
            others=tuple(others),
        )

    def of_output(self, place: int, x: Any, y: Any, scope: Scope, ledger: Ledger) -> Trace:
        """One output and its derivatives."""
        ledger.program = program = self.outputs[place]
        ledger.begun = len(ledger.rows)
        names = {**self.namespace, **self.bound(scope)}
        found: Derived = derived(y, x, self.state, names, ledger, pointwise=self.known(place))
        return Trace(
            x=found.x,
            y=found.y,
            derivatives=found.derivatives,
            ledger=(),
            kind=kind_of(x, y, program),
            weights=found.weights,
            notes=found.notes,
            x_label=program.wrt,
            y_label=program.y_label,
            failure=self.failure,
            pointwise=found.pointwise,
            ranged=program.domain is not None,
        )

    def failed(self, error: Exception, scope: Scope, ledger: Ledger) -> Trace:
        """A later run without a y: its ledger and its error, as data."""
        failure = self.failure or failure_of(error, self.program.filename)
        # what goes wrong after the cell are the weights, or a y that no longer depends on x
        why = (
            "the cell ran, but not the panel's own call"
            if self.ran
            else "there is no y to differentiate: the cell stopped"
        )
        nothing = tuple(Derivative(order, None, why, failure.message) for order in range(1, self.state.order + 1))
        x = samples(self.program, self.state) if self.program.domain is not None else np.zeros(0)
        first, *others = [
            Trace(x, None, nothing, (), x_label=program.wrt, y_label=program.y_label, failure=failure)
            for program in self.outputs or self.program.each()
        ]
        return replace(
            first,
            ledger=tuple(ledger.rows),
            printed=self.printed.getvalue(),
            names=self.bound(scope),
            others=tuple(others),
        )


def together(x: Any, ys: Sequence[Any], outputs: Sequence[Program]) -> None:
    """Refuse outputs that cannot be drawn over one x."""
    if len(ys) < 2:
        return
    if len(ys) > MOST_OUTPUTS:
        raise GradUsageError(f"{len(ys)} outputs, and {MOST_OUTPUTS} can be told apart: name some with --of")
    if outputs[0].second is not None:
        raise GradUsageError("two inputs make a map of one number: end the cell with one, or name it in --of")
    for y, program in zip(ys, outputs, strict=True):
        if tuple(y.shape) != tuple(x.shape):
            raise GradUsageError(
                f"several outputs share one {program.wrt}, and '{program.y_label}' has the shape {tuple(y.shape)}, "
                f"{program.wrt} {tuple(x.shape)}: look at it alone, with --of"
            )


def told(error: Exception, ledger: Ledger) -> None:
    """Add to an error what a refusal of autograd's means in plain words, and the ledger that it ends."""
    rows = ledger.rows
    said = f"{type(error).__name__}: {error}"  # a refusal that the cell itself caught is none of this error's
    refused = rows[-1] if rows and rows[-1].error == said else None
    cause, cure = explained(str(error), rows, None) if refused is None else (refused.cause, refused.cure)
    if cause is not None:
        error.add_note(f"{cause[0].upper()}{cause[1:].rstrip('.')}{f': {cure.text}' if cure is not None else ''}.")
    error.ledger = tuple(rows) if refused is not None else ()  # type: ignore[attr-defined]


def failure_of(error: Exception, filename: str) -> Failure:
    """An error as data: the user's mistakes are a sentence, everything else is named as Python names it."""
    text = str(error) if isinstance(error, GradUsageError) else f"{type(error).__name__}: {error}"
    return Failure(text, cell_line(error.__traceback__, filename))


def never_hidden(request: Request) -> tuple[str, ...]:
    """What --hide names and --order does not reach: said, not refused, as the line of a kept state may have it."""
    beyond = ",".join(str(order) for order in sorted(request.hide) if order > request.order)
    return (f"--hide {beyond} hides nothing: --order {request.order} is the highest that is shown",) if beyond else ()


def compared(program: Program, state: State, namespace: Mapping[str, Any], trace: Trace) -> tuple[str, ...]:
    """With PyTorch as the engine: how far gradmagic's own numbers are from its."""
    if program.request.backend != "torch" or trace.y is None:
        return ()
    request = replace(program.request, backend="gradmagic")
    ours = run(Program.of(request, namespace), state, dict(namespace), first=False)
    if ours.y is None:
        return (f"gradmagic itself cannot run this cell: {ours.failure.message if ours.failure else ''}",)
    if trace.x.shape != ours.x.shape or not np.array_equal(trace.x, ours.x, equal_nan=True):
        return ("PyTorch and gradmagic got different x: call torch.manual_seed in the cell to compare random numbers",)
    outputs = zip(trace.outputs, ours.outputs, strict=True)
    pairs = [pair for theirs, mine in outputs for pair in zip_values(theirs, mine)]
    if any(a.shape != b.shape for a, b in pairs):
        return ("PyTorch and gradmagic give results of different shapes",)
    return (f"PyTorch and gradmagic differ by at most {apart(pairs)}",)


def apart(pairs: list[tuple[Array, Array]]) -> str:
    """The largest difference, and at how many places there is none because only one of the two is a number."""
    with np.errstate(all="ignore"):
        far = max((float(np.nanmax(np.where(a == b, 0.0, np.abs(a - b)), initial=0.0)) for a, b in pairs), default=0.0)
    single = sum(int(np.sum(np.isnan(a) != np.isnan(b))) for a, b in pairs)
    return f"{far:.1e}" + (f"; at {single} place{'s' * (single != 1)} only one of them is NaN" if single else "")


def zip_values(a: Trace, b: Trace) -> list[tuple[Array, Array]]:
    """The values and the derivatives that both have."""
    both = [(a.y, b.y), *((p.values, q.values) for p, q in zip(a.derivatives, b.derivatives, strict=True))]
    return [(p, q) for p, q in both if p is not None and q is not None]
