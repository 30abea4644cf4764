"""A cell's curve, refined or followed by running the cell again where that does no harm. Knows no pictures."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradmagic.explore.blocks import Block
from gradmagic.explore.program import Program
from gradmagic.explore.run import samples
from gradmagic.explore.sampling import Sampling, Unlike, refined
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Trace

__all__ = ["glimpsed", "may_run_again", "resolved"]


def may_run_again(program: Program) -> bool:
    """Whether nobody would notice that the cell runs once more: it calls nothing for its effect, and writes only what
    it has made itself.

    What a function of the user's does inside is not seen from here; it is called at each step of a slider too.
    """
    if program.request.backend != "gradmagic" or program.domain is None or program.calls_autograd:
        return False
    tree = ast.parse(program.request.text)
    body = tree.body[:-1] if program.last is not None else tree.body
    return not any(has_effect(node, program.binds) for statement in body for node in ast.walk(statement))


def has_effect(node: ast.AST, own: frozenset[str]) -> bool:
    """A call whose result is not used, other than print's; a write into something of the user's."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call) and called(node.value) != "print"
    if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
        return not (isinstance(node.value, ast.Name) and node.value.id in own)
    return isinstance(node, ast.Global | ast.Nonlocal | ast.With | ast.Delete)


def called(call: ast.Call) -> str | None:
    return call.func.id if isinstance(call.func, ast.Name) else None


def resolved(
    program: Program, state: State, namespace: Mapping[str, Any], trace: Trace, *, probe: bool
) -> Sampling | None:
    """The refined samples of a run, or None where the program is no curve that can be asked again.

    A program that gives other values among other samples, or none, is left as it is.
    """
    if trace.y is None or trace.kind != "curve" or not trace.pointwise or trace.failure is not None:
        return None
    if len(trace.x) < 3 or state.overrides or trace.weights is None or np.any(trace.weights != 1):
        return None
    rows: list[Array] = [trace.y]
    for derivative in trace.derivatives:
        if derivative.values is None:
            break
        rows.append(derivative.values)
    if len(rows) < 2:
        return None
    try:
        return refined(trace.x, np.array(rows), evaluator(program, state, namespace, len(rows) - 1), probe=probe)
    except Unlike:
        return None
    except Exception:  # noqa: BLE001  whatever a cell raises among other samples: its curve is drawn as it came
        return None


def glimpsed(
    program: Program, state: State, namespace: Mapping[str, Any], trace: Trace, sampling: Sampling
) -> Trace | None:
    """What a run in another state of the sliders gives, but for its ledger; None where the cell fails.

    `trace` and `sampling` are those of a run that differs in sliders only. Its derivatives came from calls of grad;
    these come from one pass of Taylor arithmetic, which `sampling` has found to give the same.
    """
    x = samples(program, state)
    try:
        rows = evaluator(program, state, namespace, len(sampling.rows) - 1)(x)
    except Exception:  # noqa: BLE001  a run in full says what is wrong, and where
        return None
    derivatives = tuple(
        d if d.values is None else replace(d, values=rows[d.order].astype(d.values.dtype)) for d in trace.derivatives
    )
    return replace(trace, x=x, y=rows[0], derivatives=derivatives)


def evaluator(program: Program, state: State, namespace: Mapping[str, Any], order: int) -> Block:
    """What gives y and its derivatives at any abscissae."""
    names = {name: namespace[name] for name in program.reads if name in namespace}
    return Block(program.request, state.params, names, order, program, program.output)
