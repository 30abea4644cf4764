"""A cell's curve, refined or followed by running the cell again where that does no harm. Knows no pictures."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradmagic.explore.blocks import Block, as_given
from gradmagic.explore.breaks import Break, plain
from gradmagic.explore.program import Program
from gradmagic.explore.request import Range
from gradmagic.explore.run import samples
from gradmagic.explore.sampling import Sampling, Unlike, refined
from gradmagic.explore.scales import LINEAR, Scale, scale_of
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Trace

__all__ = ["expanded", "glimpsed", "leaves_no_trace", "may_run_again", "resolved"]

IDLE = frozenset({"print", "grad"})  # called for nothing that stays


def may_run_again(program: Program) -> bool:
    """Whether the cell may run once more unasked, and what it gives is the same."""
    return (
        program.request.backend == "gradmagic"
        and program.domain is not None
        and not program.calls_autograd
        and leaves_no_trace(program)
    )


def leaves_no_trace(program: Program) -> bool:
    """Whether nobody would notice that the cell runs once more: it calls nothing for its effect, and writes only what
    it has made itself.

    What a function of the user's does inside is not seen from here; it is called at each step of a slider too.
    """
    tree = ast.parse(program.request.text)
    body = tree.body[:-1] if program.last is not None else tree.body
    made = {*program.parameters, *([program.wrt, program.second] if program.domain is not None else [])}
    users = with_aliases(frozenset(program.reads) - made, tree)
    own = program.binds - users
    return not any(has_effect(node, own, users) for statement in body for node in ast.walk(statement))


def with_aliases(users: frozenset[str], tree: ast.Module) -> frozenset[str]:
    """These names, and those that the cell gives to what they stand for, or to a part of it."""
    bound = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            bound.append((handed_on(*node.targets), handed_on(node.value)))
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            bound.append((handed_on(node.target), handed_on(node.value)))
        elif isinstance(node, ast.For | ast.comprehension):
            bound.append((handed_on(node.target), handed_on(node.iter)))
    found = users
    while more := {name for targets, values in bound if values & found for name in targets} - found:
        found |= more
    return found


def handed_on(*nodes: ast.AST) -> frozenset[str]:
    """The names of what an expression hands on as it is: what a call or an operator makes is new."""
    found, waiting = set[str](), list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.NamedExpr):
            waiting.append(node.value)
        elif isinstance(node, ast.Tuple | ast.List):
            waiting += node.elts
        elif isinstance(node, ast.IfExp):
            waiting += [node.body, node.orelse]
    return frozenset(found)


def has_effect(node: ast.AST, own: frozenset[str], users: frozenset[str]) -> bool:
    """A call whose result is not used, other than print's; a write into something of the user's."""
    if isinstance(node, ast.AugAssign):
        return bool(handed_on(node.target) & users)
    if isinstance(node, ast.Expr):
        call = node.value
        return isinstance(call, ast.Call) and called(call) not in IDLE and not belongs(call.func, own)
    if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
        return not belongs(node, own)
    return isinstance(node, ast.Global | ast.Nonlocal | ast.With | ast.Delete)


def belongs(node: ast.AST, own: frozenset[str]) -> bool:
    """Whether it is an element, an attribute or a method of what has one of these names."""
    return isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in own


def called(call: ast.Call) -> str | None:
    """The last part of what is called."""
    return getattr(call.func, "attr", getattr(call.func, "id", None))


def resolved(
    program: Program, state: State, namespace: Mapping[str, Any], trace: Trace, *, probe: bool
) -> Sampling | None:
    """The refined samples of a run, or None where the program is no curve that can be asked again.

    A program that gives other values among other samples, or none, is left as it is.
    """
    if trace.y is None or trace.kind != "curve" or not trace.pointwise or trace.failure is not None:
        return None
    if len(trace.x) < 3 or state.overrides or trace.weights is None or (trace.weights != 1).any():
        return None
    if program.wrt in program.binds and not as_given(trace.x, samples(program, state)):
        return None
    rows: list[Array] = [trace.y]
    for derivative in trace.derivatives:
        if derivative.values is None:
            break
        rows.append(derivative.values)
    if len(rows) < 2:
        return None
    evaluate = evaluator(program, state, namespace, len(rows) - 1)
    try:
        found = refined(trace.x, np.array(rows), evaluate, probe=probe)
        axes = axes_of(trace, state)
        return found if axes is None else on_axes(axes, trace.x, found, evaluate, probe=probe)
    except Unlike:
        return None
    except Exception:  # noqa: BLE001  whatever a cell raises among other samples: its curve is drawn as it came
        return None


def glimpsed(
    program: Program, state: State, namespace: Mapping[str, Any], before: tuple[Trace, Sampling], x: Array
) -> Trace | None:
    """What a run on x in another state of the sliders gives, but for its ledger; None where the cell fails.

    `before` are the trace and the sampling of a run that differs in sliders only. Its derivatives came from calls of
    grad; these come from one pass of Taylor arithmetic, which the sampling has found to give the same.
    """
    trace, sampling = before
    try:
        rows = evaluator(program, state, namespace, len(sampling.rows) - 1)(x)
    except Exception:  # noqa: BLE001  a run in full says what is wrong, and where
        return None
    derivatives = tuple(
        d if d.values is None else replace(d, values=rows[d.order].astype(d.values.dtype)) for d in trace.derivatives
    )
    return replace(trace, x=x.astype(trace.x.dtype, copy=False), y=rows[0], derivatives=derivatives)


def expanded(
    program: Program, state: State, namespace: Mapping[str, Any], trace: Trace, sampling: Sampling | None
) -> tuple[float, ...]:
    """Y and its derivatives at x0 as far as the Taylor polynomial that is shown goes, where the run ended before that.

    One pass of Taylor arithmetic at one point, which must give what the run gave; where it does not there are none.
    """
    look, there = state.look, len(trace.derivatives)
    if sampling is None or look.taylor <= there:
        return ()
    place = int(np.argmin(np.abs(sampling.x - state.x0)))
    try:
        found = evaluator(program, state, namespace, look.taylor)(sampling.x[[place]])[:, 0]
    except Exception:  # noqa: BLE001  a cell that wants more than one sample, or has no series: the overlay says so
        return ()
    known = sampling.rows[:, place]
    same = np.allclose(found[: len(known)], known, rtol=1e-6, atol=1e-9, equal_nan=True)
    return tuple(found.tolist()) if same else ()


def evaluator(program: Program, state: State, namespace: Mapping[str, Any], order: int) -> Block:
    """What gives y and its derivatives at any abscissae."""
    names = {name: namespace[name] for name in program.reads if name in namespace}
    return Block(program.request, state.params, names, order, program, program.output)


def axes_of(trace: Trace, state: State) -> tuple[Scale, Scale] | None:
    """The scales of x and y, unless both are linear."""
    if not state.look.log:
        return None
    assert trace.y is not None
    span = Range(float(trace.x[0]), float(trace.x[-1]))
    x = Scale("log") if state.look.by_logarithm(span) else LINEAR
    y = scale_of(trace.y) if "y" in state.look.log else LINEAR
    return None if x == y == LINEAR else (x, y)


def on_axes(axes: tuple[Scale, Scale], grid: Array, found: Sampling, evaluate: Block, *, probe: bool) -> Sampling:
    """More samples where a logarithmic picture asks for them: it shows what a linear one would not, as a small jump."""
    x, y = axes

    def placed(at: Array, rows: Array) -> Array:
        """Y in places and its slope by the place of x; a second derivative would be a difference of large numbers."""
        return np.array([y.to(rows[0]), y.slope(rows[0]) * rows[1] / x.slope(at)])

    with np.errstate(all="ignore"):
        known = placed(grid, found.rows[:, found.even])
        seen = refined(x.to(grid), known, lambda at: placed(x.back(at), evaluate(x.back(at))), probe=probe, known=True)
    more = np.setdiff1d(x.back(seen.x[~seen.even]), found.x)
    at = np.concatenate([found.x, more])
    order = np.argsort(at, kind="stable")
    rows = np.concatenate([found.rows, evaluate(more)[: len(found.rows)]], 1) if more.size else found.rows
    # what is infinite in places may be a plain zero, but a jump is a jump
    told = [in_numbers(one, x, evaluate) for one in seen.breaks if one.kind in ("jump", "kink")]
    # near zero the places tell more closely where it is
    old = [one for one in found.breaks if not any(same(one, new) and closer(new, one) for new in told)]
    breaks = [*old, *(one for one in told if not any(same(one, other) for other in old))]
    lost = [(x.number(lo), x.number(hi), order) for lo, hi, order in seen.lost if not found.lost]
    return Sampling(
        at[order],
        rows[:, order],
        np.concatenate([found.even, np.zeros(len(more), dtype=bool)])[order],
        tuple(sorted(breaks, key=lambda one: one.x)),
        (*found.lost, *lost),
        found.noise,
    )


def same(one: Break, other: Break) -> bool:
    """Whether two breaks may be the same."""
    return one.lo <= other.hi and other.lo <= one.hi


def closer(one: Break, other: Break) -> bool:
    """Whether this break is known more closely than that of its kind."""
    return one.kind == other.kind and one.hi - one.lo < other.hi - other.lo


def in_numbers(one: Break, x: Scale, evaluate: Block) -> Break:
    """A break that was found between places."""
    lo, hi = x.number(one.lo), x.number(one.hi)
    place = min(max(plain(lo, x.number(one.x), hi, abs(hi) / 500), lo), hi)
    y = float(evaluate(np.array([place]))[0, 0]) if one.kind == "kink" else float("nan")
    return replace(one, x=place, y=y, lo=lo, hi=hi, gaps=tuple(map(x.number, one.gaps)))
