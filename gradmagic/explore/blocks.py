"""A cell's function and its derivatives on a grid of any size, block by block. Knows programs; no panel, no ledger.

Where each element of y depends on its own element of x only, the cell can be run on a piece of the grid at a time: what
is computed on the way then fits into the cache, and pieces can go to other threads, processes and machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradmagic.explore.backends import Backend, backend_of
from gradmagic.explore.outputs import array_of, input_of, output_of
from gradmagic.explore.program import Program
from gradmagic.explore.request import GradUsageError, Request
from gradmagic.explore.scope import scope_of, silent
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Trace
from gradmagic.explore.weights import Weights
from gradmagic.ops.blocks import in_blocks
from gradmagic.ops.expansion import NoSeriesError, derivatives

__all__ = ["Block", "as_given", "sampled"]


@dataclass(slots=True)
class Block:
    """Runs the cell on some points, silently, and gives orders 0 to `order` there; other processes can be sent it.

    With `calls` what has no series is differentiated by calls of grad, which run functions and hooks of the user's.
    """

    request: Request
    params: Mapping[str, float]
    names: Mapping[str, Any]
    order: int
    program: Program | None = field(default=None, repr=False)
    output: int = 0
    calls: bool = False

    def __reduce__(self) -> Any:
        plain = replace(self.request, ranges=dict(self.request.ranges), values=dict(self.request.values))
        # code does not travel: it is parsed there
        return Block, (plain, dict(self.params), dict(self.names), self.order, None, self.output, self.calls)

    def __call__(self, points: Array) -> Array:
        program = self.program
        if program is None:
            program = self.program = Program.of(self.request, self.names).only(self.output)
        backend = backend_of("gradmagic")
        scope = scope_of(program, self.params, self.names, backend, silent)
        scope["print"] = silent  # the user's own, too
        scope[program.wrt] = backend.variable(points)
        with np.errstate(all="ignore"), backend.leaf_writes(self.request.leaf_writes):
            if program.body is not None:
                exec(program.body, scope)
            value = eval(program.last, scope) if program.last is not None else None
            x = input_of(scope.get(program.wrt), program, backend)
            if not as_given(array_of(x), points):
                raise GradUsageError(f"the cell makes another '{program.wrt}' of the one it is given: name it anew")
            y = output_of(program.result(scope, value), x, program, backend)
            if tuple(y.shape) != points.shape:
                raise GradUsageError(f"'{program.y_label}' has the shape {tuple(y.shape)} for {points.size} points")
            try:
                found: Array = derivatives(y, x, self.order).values
            except NoSeriesError:
                if not self.calls:
                    raise
                found = by_grad(y, x, self.order, backend)
            return found


def as_given(x: Array, given: Array) -> bool:
    """Whether the cell has left x as it was, be it in another precision."""
    return np.array_equal(x, given.astype(x.dtype, copy=False))


def by_grad(y: Any, x: Any, order: int, backend: Backend) -> Array:
    """The same as calls of grad give it; NaN from the order on that is refused."""
    rows = np.full((order + 1, *y.shape), np.nan, array_of(y).dtype)
    rows[0], current = array_of(y), y
    for k in range(1, order + 1):
        if not current.requires_grad:
            rows[k:] = 0
            break
        weights = backend.constant(np.ones(current.shape), current)
        try:
            (found,) = backend.grad(current, x, weights, create_graph=k < order, allow_unused=True)
        except RuntimeError:
            break
        current = found if found is not None else backend.constant(np.zeros(x.shape), y)
        rows[k] = array_of(current)
    return rows


def sampled(
    program: Program,
    state: State,
    namespace: Mapping[str, Any],
    trace: Trace,
    x: Array,
    *,
    executor: Executor | None = None,
    block: int | None = None,
    known_apart: bool = False,
) -> Array:
    """Orders 0 to `state.order` on a grid, each weighted as the curves are.

    Parameters
    ----------
    program, state, namespace
        The cell, its controls, and the names that it may read.
    trace : Trace
        A run of it, which shows whether it works on each element by itself: its own samples must come out again.
    x : ndarray
        The grid, one-dimensional.
    executor, block
        Who evaluates the blocks, and how many points one has: as for `gradmagic.taylor`.
    known_apart : bool
        Whether an earlier call has found that the samples of this trace come out again.

    Returns
    -------
    ndarray
        Of the shape ``(order + 1, len(x))``.

    Raises
    ------
    GradUsageError
        If the cell cannot be evaluated in blocks.
    """
    if program.request.backend != "gradmagic":
        raise GradUsageError("a grid is sampled by gradmagic's own engine: drop --backend torch")
    if program.domain is None or not trace.pointwise or trace.kind != "curve":
        raise GradUsageError(f"{program.y_label} is no curve over a range of {program.wrt}, so no other grid fits it")
    names = {name: namespace[name] for name in program.reads if name in namespace}
    evaluate = Block(program.request, state.params, names, state.order, program, program.output, calls=True)
    if not known_apart:
        refuse_unlike(evaluate, trace, program)
    out: Array = in_blocks(evaluate, x, state.order + 1, executor=executor, size=block)
    if state.weights != "ones":
        weights = Weights.of(state.weights).values(x.shape, namespace, x)
        for k in range(1, state.order + 1):
            out[k:] *= weights
    return out


def refuse_unlike(evaluate: Block, trace: Trace, program: Program) -> None:
    """Half of the samples alone must give what they gave among all: a cell that draws random numbers, or scales by the
    largest element, does not.
    """
    half = len(trace.x) // 2
    backend = backend_of("gradmagic")
    random = backend.random_state()
    alone = replace(evaluate, order=0)(trace.x[:half])[0]
    backend.random_restore(random)
    if trace.y is None or not np.allclose(alone, trace.y[:half], rtol=1e-9, equal_nan=True):
        raise GradUsageError(
            f"{program.y_label} at one {program.wrt} depends on the other samples, so it cannot be computed in blocks"
        )
