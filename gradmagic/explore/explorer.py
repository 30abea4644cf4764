"""The object that a `%%grad` cell or a call of `explore` gives: the last good numbers, and a step to the next.

Knows no pictures and no widgets; what shows it is composed around it.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmagic.explore.backends import backend_of
from gradmagic.explore.blocks import sampled
from gradmagic.explore.curves import Curves, curves
from gradmagic.explore.jacobian import Jacobian, jacobian
from gradmagic.explore.options import BY_FIELD
from gradmagic.explore.outputs import a_kind
from gradmagic.explore.program import DEFAULT_PARAMETER, Program
from gradmagic.explore.reading import READERS, assignment, by_name, checked, nearest
from gradmagic.explore.report import text
from gradmagic.explore.request import GradUsageError, Range, Request
from gradmagic.explore.resolve import expanded, glimpsed, may_run_again, resolved
from gradmagic.explore.run import Attempt, run, samples
from gradmagic.explore.sampling import Sampling
from gradmagic.explore.saying import line_of
from gradmagic.explore.state import State, round_step, stretch
from gradmagic.explore.trace import Array, Call, Derivative, Trace
from gradmagic.explore.weights import Weights

if TYPE_CHECKING:
    from gradmagic.explore.check import Check

__all__ = ["Explorer", "request_from"]


class Explorer:
    """A program with its state, its last trace and its curves; safe to be used from several threads.

    Making one parses the request and runs the cell for the first time: its errors are raised.

    Attributes
    ----------
    request, program : Request, Program
        What was asked for, and the cell.
    state : State
        The controls, as they last were.
    trace, curves : Trace, Curves
        The last run, and what can be drawn of the last run that had a y.
    width : float
        That of the range of x at first, before any zoom.
    settled : bool
        Whether `trace` is a run in full, with a ledger of its own.

    Examples
    --------
    >>> g = Explorer(*request_from("a * x**2", x=(-1, 1), a=(0, 2)))
    >>> float(g.y[-1]), float(g.derivatives[0].values[-1])
    (1.0, 2.0)
    >>> _ = g.step(replace(g.state, params={"a": 2.0}))
    >>> float(g.y[-1])
    2.0
    """

    def __init__(
        self, request: Request, namespace: Mapping[str, Any] | None = None, state: State | None = None
    ) -> None:
        self.request = request
        self.namespace: Mapping[str, Any] = {} if namespace is None else namespace
        self.program = program = Program.of(request, self.namespace)
        self.lock = threading.RLock()
        self.state = State.initial(request, program) if state is None else state
        self._backend = backend_of(request.backend)
        before = self._backend.random_state()
        self.trace: Trace = run(program, self.state, self.namespace, first=True)
        if self.trace.others:
            self.program = program = replace(program, outputs=tuple(one.y_label for one in self.trace.outputs))
        # A cell that draws random numbers draws the same ones at every step, or its picture would flicker.
        self._random = None if before.is_that_of(self._backend.random_state()) else before
        if program.domain is None:
            places = self.trace.x[np.isfinite(self.trace.x)]
            self.state = replace(self.state, x0=float(places[places.size // 2]) if places.size else 0.0)
        self.width = width_of(self.trace.x) / stretch(self.state, program.domain)
        self._again = self._random is None and may_run_again(program)
        self._samplings = self.samplings(self.trace, self.state, probe=True)
        self.curves: Curves = self.drawn(self.trace, self.state)
        self._ran_in = self.state
        self.settled = True
        self._apart: Trace | None = None  # the trace whose samples are known not to hear from each other

    @classmethod
    def of(cls, request: Request, namespace: Mapping[str, Any] | None = None) -> Explorer:
        """Parse and run a request on the names given."""
        return cls(request, namespace)

    def step(self, state: State) -> tuple[Trace, Curves]:
        """Go to a state: run the cell again if its numbers depend on what has changed.

        An error does not raise: it comes back in `Trace.failure`, and `curves` keeps the last good picture.
        """
        with self.lock:
            if not (self.settled and self.same_numbers(state)):
                trace = self.run_again(state)
                self._samplings, self._ran_in = self.samplings(trace, state), state
            else:
                trace = self.trace
                if state.look.log != self._ran_in.look.log:  # a curve on another axis of y asks for other samples
                    self._samplings, self._ran_in = self.samplings(trace, state), state
            return self._gone_to(state, trace, settled=True)

    def glimpse(self, state: State) -> tuple[Trace, Curves]:
        """`step` in a hurry: where nothing but sliders has moved the ledger stays as it was, until a `step`."""
        with self.lock:
            trace = self._glimpsed(state)
            if trace is None:
                return self.step(state)
            self._samplings = self.samplings(trace, state)
            return self._gone_to(state, trace, settled=False)

    def _glimpsed(self, state: State) -> Trace | None:
        """The numbers of this state without calls of grad, where they give the same."""
        ran, before = self._ran_in, self.trace
        only_sliders = state.same_but(ran, "params", "x0", "look")
        if not self._samplings or not only_sliders or (self.settled and self.same_numbers(state)):
            return None
        # A glimpse ran on its samples, a run in full on what the cell made of them.
        same_x = not self.settled and state.same_but(self.state, "params")
        x = before.x if same_x else samples(self.program, state)
        parts = zip(self.program.each(), before.outputs, self._samplings, strict=True)
        found = [
            glimpsed(program, state, self.namespace, (one, sampling), x) if sampling is not None else None
            for program, one, sampling in parts
        ]
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            return None
        return replace(known[0], others=tuple(known[1:])) if len(known) > 1 else known[0]

    def _gone_to(self, state: State, trace: Trace, *, settled: bool) -> tuple[Trace, Curves]:
        self.state, self.trace, self.settled = state, trace, settled
        if trace.y is not None:
            self.curves = self.drawn(trace, state)
        return trace, self.curves

    def run_again(self, state: State) -> Trace:
        """A later run; the user's own stream of random numbers does not notice it."""
        with self.same_random():
            pointwise = tuple(one.pointwise for one in self.trace.outputs)
            return run(self.program, state, self.namespace, first=False, pointwise=pointwise)

    @contextmanager
    def same_random(self) -> Iterator[None]:
        """While it is entered, a cell draws the random numbers of its first run."""
        if self._random is None:
            yield
            return
        now = self._backend.random_state()
        self._backend.random_restore(self._random)
        try:
            yield
        finally:
            self._backend.random_restore(now)

    def jacobian(self, output: int = 0) -> Jacobian:
        r"""Every element of y by every element of x, in the present state; its calls are no rows of the ledger.

        `output` is the place of one of several outputs.

        Examples
        --------
        >>> g = Explorer(*request_from("x = torch.ones(3, requires_grad=True)\ny = torch.cumsum(x**2, 0)"))
        >>> g.jacobian().matrix.tolist()
        [[2.0, 0.0, 0.0], [2.0, 2.0, 0.0], [2.0, 2.0, 2.0]]
        """
        attempt = Attempt(self.program.each()[output], self.state, dict(self.namespace), self._backend, first=False)
        with self.lock, self.same_random():
            return jacobian(attempt)

    def samplings(self, trace: Trace, state: State, *, probe: bool = False) -> tuple[Sampling | None, ...]:
        """For each output more samples where its curve asks for them, if the cell may be asked."""
        pairs = zip(self.program.each(), trace.outputs, strict=True) if self._again else ()
        return tuple(resolved(program, state, self.namespace, one, probe=probe) for program, one in pairs)

    def drawn(self, trace: Trace, state: State) -> Curves:
        """The curves of a run on its samples, with as many derivatives at x0 as are to be shown."""
        if state.look.step is None:
            state = replace(state, look=replace(state.look, step=round_step(self.width)))
        if not self._samplings or "taylor" not in state.look.overlays:
            return curves(trace, state, *self._samplings)
        parts = zip(self.program.each(), trace.outputs, self._samplings, strict=True)
        expansions = [expanded(program, state, self.namespace, one, sampling) for program, one, sampling in parts]
        return curves(trace, state, *self._samplings, expansions=expansions)

    def same_numbers(self, state: State) -> bool:
        """Whether the last run holds for this state too: x0 is a sample of a range, and moves nothing in a tensor."""
        ran = self._ran_in
        alike = state.same_but(ran, "x0", "look") and ("x" in state.look.log) == ("x" in ran.look.log)
        return alike and (self.program.domain is None or state.x0 == ran.x0)

    def unweighted(self) -> Explorer:
        """The same state with weights of one: each derivative is that of the curve below it."""
        return (
            self
            if self.state.weights == "ones"
            else Explorer(self.request, dict(self.namespace), replace(self.state, weights="ones"))
        )

    def check(self) -> tuple[Check, ...]:
        """Every derivative beside central differences, and beside PyTorch's where it is installed."""
        from gradmagic.explore.check import check

        return check(self)

    @property
    def x(self) -> Array:
        """The values of x."""
        return self.trace.x

    @property
    def y(self) -> Array | None:
        """The values of y."""
        return self.trace.y

    @property
    def derivatives(self) -> tuple[Derivative, ...]:
        """dy/dx, d²y/dx², …"""
        return self.trace.derivatives

    @property
    def outputs(self) -> Mapping[str, Trace]:
        """What each of several outputs gave, by its name: its `y` and its `derivatives`.

        Examples
        --------
        >>> g = Explorer(*request_from("sin(x), x**2", x=(0, 1)))
        >>> list(g.outputs), float(g.outputs["y2"].derivatives[0].values[-1])
        (['y1', 'y2'], 2.0)
        """
        return {one.y_label: one for one in self.trace.outputs}

    @property
    def ledger(self) -> tuple[Call, ...]:
        """Every grad call of the last run."""
        return self.trace.ledger

    def sampled(
        self, x: Array | int, order: int | None = None, *, executor: Executor | None = None, block: int | None = None,
        of: str | None = None,
    ) -> Array:  # fmt: skip
        """Y and its derivatives on another grid of x, of any size, in the present state.

        Parameters
        ----------
        x : array_like or int
            The grid; or a number of points, spread evenly over the range of x.
        order : int, optional
            The highest derivative; as many as are shown if not given.
        executor : concurrent.futures.Executor, optional
            Evaluates the blocks of the grid: threads, processes, Dask's ``client.get_executor()``, ipyparallel's
            ``view.executor``.
        block : int, optional
            How many points a block has.
        of : str, optional
            Which of several outputs; the first if not given.

        Returns
        -------
        ndarray
            Of the shape ``(order + 1, len(x))``.

        Raises
        ------
        GradUsageError
            If y is no curve, or depends on other elements of x.
        RuntimeError
            If a worker was lost; there is no result then, not a part of one.

        Examples
        --------
        >>> g = Explorer(*request_from("x**3", x=(0, 1)))
        >>> g.sampled(3, order=1)
        array([[0.   , 0.125, 1.   ],
               [0.   , 0.75 , 3.   ]])
        """
        state = self.state if order is None else replace(self.state, order=order)
        span = self.state.span or self.program.domain
        if isinstance(x, int):
            x = np.linspace(span.lo, span.hi, x) if span is not None else np.zeros(x)
        grid = np.asarray(x, np.float64).reshape(-1)
        names = list(self.outputs)
        if of is not None and of not in names:
            raise GradUsageError(f"there is no output {of!r}: give {' or '.join(map(repr, names))}")
        place = names.index(of) if of is not None else 0
        trace = self.trace.outputs[place]
        known = self._apart is trace
        found = sampled(
            self.program.each()[place],
            state,
            self.namespace,
            trace,
            grid,
            executor=executor,
            block=block,
            known_apart=known,
        )
        self._apart = trace
        return found

    @property
    def line(self) -> str:
        """The `%%grad` line that opens a panel in the present state."""
        program = self.program
        height = (program.second, program.height) if program.second and program.height else None
        return line_of(self.request, self.state, program.domain, height, self.width)

    def __repr__(self) -> str:
        return text(self.curves, self.trace)


def width_of(x: Array) -> float:
    """From the least value to the largest; 1 where there is no more than one."""
    known = x[np.isfinite(x)]
    width = float(np.ptp(known)) if known.size else 0.0
    return width if 0.0 < width < np.inf else 1.0


def request_from(
    what: str | Callable[..., Any], namespace: MutableMapping[str, Any] | None = None, **given: Any
) -> tuple[Request, MutableMapping[str, Any]]:
    """A Request, and the names that it needs, from the arguments of `gradmagic.explore`.

    Parameters
    ----------
    what : str or callable
        An expression or a program in x; or a function, whose first parameter (or the one called x) is x and whose
        other parameters become sliders. A parameter's default is where its slider starts.
    namespace : mapping, optional
        Names that a text may use.
    **given
        Ranges as `a=(0, 3)`, `a=(0, 3, 1)` or `a="0:3@1"`, numbers as `b=2.0`, and the options of `%%grad`:
        `of, wrt, weights, order, points, create_graph, retain_graph, leaf_writes, backend`, and what is shown:
        `show, taylor, step, hide, log`.

    Examples
    --------
    >>> request, names = request_from(lambda x, a=2.0: a * x, x=(0, 1))
    >>> request.text, request.ranges["a"]
    ('function(x, a)', Range(lo=-5.0, hi=5.0, start=2.0))
    """
    names: MutableMapping[str, Any] = {} if namespace is None else namespace
    options = by_name({name: given.pop(name) for name in list(given) if name in BY_FIELD})
    spans = {name: span_from(name, value) for name, value in given.items()}
    if callable(what):
        names = {**names, "function": what}
        options.setdefault("wrt", first_parameter(what))
        source, spans = call_of(what, options["wrt"], spans)
    elif isinstance(what, str):
        source = what
    else:
        raise GradUsageError(f"explore() takes a text or a function, not {a_kind(what)}")
    if not isinstance(options.get("weights", "ones"), str):
        names = {**names, "weights": options["weights"]}
        options["weights"] = "weights"
    for name, value in options.items():
        options[name] = option_from(name, value) if name in BY_FIELD else value
    ranges = {name: value for name, value in spans.items() if isinstance(value, Range)}
    values = {name: value for name, value in spans.items() if not isinstance(value, Range)}
    return checked(Request(source, ranges, values, **options)), names


def option_from(name: str, value: Any) -> Any:
    """A keyword argument, held to the bounds of the table."""
    option = BY_FIELD[name]
    low, high = option.bounds
    if option.kind in ("several", "orders", "number"):
        parts = value if isinstance(value, list | tuple | set | frozenset) else [value]
        text = ",".join(map(str, parts))
        return value if value is None else frozenset() if not text else READERS[option.kind](option, text)
    if option.kind == "whole" and not (isinstance(value, int) and low <= value <= high):
        raise GradUsageError(f"{name}={value!r}: give a whole number from {low} to {high}")
    if option.kind == "choice" and value not in option.choices:
        raise GradUsageError(f"{name}={value!r}: give {' or '.join(map(repr, option.choices))}")
    return Weights.of(value).spec if option.kind == "weights" else value


def span_from(name: str, value: Any) -> Range | float:
    """A range or a number, as a keyword argument may give it."""
    if isinstance(value, Range):
        return value
    if isinstance(value, str):
        try:
            return assignment(name, value)
        except GradUsageError as mistake:
            raise GradUsageError(f"{mistake}{nearest(name, list(BY_FIELD))}") from None
    if isinstance(value, tuple | list) and len(value) in (2, 3):
        low, high, *start = (repr(float(part)) for part in value)
        return assignment(name, f"{low}:{high}" + "".join(f"@{part}" for part in start))
    if isinstance(value, int | float):
        return float(value)
    raise GradUsageError(f"{name}={value!r}: give a range such as {name}=(0, 3), or a number")


ANYTHING = inspect.Parameter("anything", inspect.Parameter.VAR_POSITIONAL)


def first_parameter(function: Callable[..., Any]) -> str:
    """x, if the function takes an x, or else its first parameter."""
    names = list(parameters_of(function))
    if not names:
        raise GradUsageError("the function takes no argument: it needs one to be differentiated by")
    return "x" if "x" in names else names[0]


def parameters_of(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    called = getattr(function, "forward", function)  # a module says there what it takes
    try:
        found = dict(inspect.signature(called).parameters)
    except (TypeError, ValueError):
        found = {"?": ANYTHING}
    if found and all(one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in found.values()):
        raise GradUsageError("the function does not say what it takes: wrap it, as in lambda x: f(x)")
    return found


def call_of(
    function: Callable[..., Any], wrt: str, spans: Mapping[str, Range | float]
) -> tuple[str, dict[str, Range | float]]:
    """The call as a cell's text, and the ranges of its arguments; defaults that are no numbers stay as they are."""
    words: list[str] = []
    found = dict(spans)
    for name, parameter in parameters_of(function).items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        default = parameter.default
        plain = isinstance(default, int | float) and not isinstance(default, bool)
        if name != wrt and name not in found:
            if plain:
                found[name] = Range(min(-5.0, 2.0 * default), max(5.0, 2.0 * default), float(default))
            elif default is parameter.empty:
                found[name] = DEFAULT_PARAMETER
            else:
                continue
        words.append(f"{name}={name}" if parameter.kind == parameter.KEYWORD_ONLY else name)
    return f"function({', '.join(words)})", found
