"""One call of ``grad`` or ``backward`` carried out, its arguments being checked: from its ends in the graph to results.

A single output by a single input goes a way of its own. Knows the walk; no operator.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gradmagic.engine.direct import bring, leading
from gradmagic.engine.dtypes import type_in_c
from gradmagic.engine.fitting import accumulate, is_watched
from gradmagic.engine.modes import UNUSUAL, modes
from gradmagic.engine.node import AccumulateGrad, DeadEnd, Node, as_function
from gradmagic.engine.order import behind
from gradmagic.engine.quiet import SILENT, hush, quiet, unhush
from gradmagic.engine.tensor import Tensor, View, edge
from gradmagic.engine.walk import Walk, running
from gradmagic.engine.watch import watching

__all__ = [
    "GradientEdge", "captures_of", "edge_of", "get_gradient_edge", "one_by_one", "one_like", "run_backward", "switch",
]  # fmt: skip

_UNUSED = (
    "The differentiated Tensor at index {} appears to not have been used in the graph. Set allow_unused=True if this is "
    "the desired behavior."
)


Root = tuple[Any, int, Any]  # a node or a leaf, which of its outputs, and the gradient of that
Captures = dict[tuple[Any, int], list[int]]  # by place in the graph, which of the inputs wants its gradient


class GradientEdge(NamedTuple):
    """A place in the graph: a node and which of its outputs."""

    node: Any
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The place in the graph where this tensor's gradient is computed."""
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    target = edge(tensor)
    if type(target) is DeadEnd:
        raise AssertionError("Expected gradient function to be set")
    return GradientEdge(as_function(target), tensor.output_nr)


def switch(value: Any) -> bool:
    """The value of an option that is on or off, refused as torch refuses what is neither."""
    return value if value is True or value is False else bool(operator.index(value))


def run_backward(
    outputs: Sequence[Any],
    weights: Sequence[Any],
    retain: bool,
    create: bool,
    inputs: Sequence[Any] | None,
    allow_unused: bool,
    batch: tuple[int, ...] = (),
    retained: bool = False,
) -> list[Any]:
    if len(outputs) != len(weights):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(weights)} gradients")
    recording = create or bool(modes.levels)  # an array would lose its tangents
    roots = [_root(i, out, w, recording) for i, (out, w) in enumerate(zip(outputs, weights, strict=True))]
    captures = None if inputs is None else captures_of(inputs, retained)
    found = None if UNUSUAL or (batch and create) else _directly(roots, captures, retain, create, allow_unused, batch)
    if found is None:
        found = _walked(roots, captures, retain, create, allow_unused, batch, retained).found
    if inputs is None:
        return []
    out = [found.get(i) for i in range(len(inputs))]
    if not allow_unused and any(o is None for o in out):
        raise RuntimeError(_UNUSED.format(next(i for i, o in enumerate(out) if o is None)))
    made: dict[int, Tensor] = {}  # one and the same for an input that is named twice
    result = _result_of_batch if batch else result_of
    return [None if o is None else made.setdefault(id(o), result(o, weights)) for o in out]


def _directly(
    roots: Sequence[Root],
    captures: Captures | None,
    retain: bool,
    create: bool,
    allow_unused: bool,
    batch: tuple[int, ...] = (),
) -> dict[int, Any] | None:
    """By input the gradients; or those of all leaves, added to theirs. None if anything has to be looked at on the way."""
    grads: dict[Any, Any] = {}
    for node, output, g in roots:
        if output:
            return None
        held = grads.get(node)
        grads[node] = g if held is None else held + g
    if not all(isinstance(node, Node) for node in grads):
        return None
    wanted = {target for target, _ in captures or ()}
    inner = [t for t in wanted if isinstance(t, Node)]
    if inner and (len(wanted) > 1 or inner[0] in grads or not inner[0].plain):
        return None  # one of them may lead to another, which is not looked for here
    order, ends = behind([*grads], *inner, plainly=True)
    if captures is None:
        if not order or any(is_watched(t) for t in ends):
            return None
        _to_leaves(order, ends, grads, retain, create)
        return {}
    if not order or any(t._hooks for t in wanted - {*inner}):
        return None
    if not allow_unused and not wanted <= ends:
        raise RuntimeError(_UNUSED.format(next(i[0] for (t, _), i in captures.items() if t not in ends)))
    quiet(bring, order, None if ends <= wanted else leading(order, wanted), grads, retain, create, batch)
    return {i: grads.get(target) for (target, _), indices in captures.items() for i in indices}


def _to_leaves(order: Sequence[Any], ends: set[Any], grads: dict[Any, Any], retain: bool, create: bool) -> None:
    """Add to all leaves their gradients; where a node fails, to those that nothing more would have come to."""
    todo = iter(order)
    waiting: set[Any] = set()
    try:
        quiet(bring, todo, None, grads, retain, create)
    except BaseException:
        left = len([*todo]) + 1  # with the one that failed
        waiting = {t for node in order[-left:] for t in node.edges}
        raise
    finally:
        for leaf in (ends & grads.keys()) - waiting:
            accumulate(leaf, result_of(grads[leaf], ()), create)


def _walked(
    roots: Sequence[Root],
    captures: Captures | None,
    retain: bool,
    create: bool,
    allow_unused: bool,
    batch: tuple[int, ...] = (),
    through: bool = False,
) -> Walk:
    """The walk from roots to captures, done, in the modes that belong to it."""
    before, outer = modes.grad, running.walk
    if before is not create:
        modes.grad = create
    token = hush(SILENT)
    try:
        walk = running.walk = Walk(roots, captures, create or bool(modes.levels), batch)
        walk.through = through
        if captures is not None and not allow_unused:
            for (target, _), indices in captures.items():
                if not walk.reaches(target):  # torch looks only after the walk, which has then freed the graph
                    raise RuntimeError(_UNUSED.format(indices[0]))
        walk.run(retain)
    finally:
        unhush(token)
        running.walk = outer
        if before is not create:
            modes.grad = before
    return walk


def captures_of(inputs: Sequence[Any], retained: bool) -> Captures:
    """For each place in the graph that a gradient is wanted of, which of the inputs it is."""
    captures: Captures = {}
    for i, t in enumerate(inputs):
        if retained and isinstance(t, Tensor):
            t.retain_grad()
        captures.setdefault(_input_edge(t), []).append(i)
    return captures


def result_of(g: Any, weights: Sequence[Any]) -> Tensor:
    """A gradient as the user gets it: a weight as it is, where nothing was done to it, or a view of it."""
    if isinstance(g, Tensor):
        return g
    for w in weights:
        if w is not None and w._array is g:
            return w  # type: ignore[no-any-return]
    t: Tensor = Tensor._of(g)
    if isinstance(g, np.ndarray) and g.base is not None and not t._inference:
        _tell_base(t, g, weights)
    return t


def _result_of_batch(g: Any, weights: Sequence[Any]) -> Tensor:
    """The same for a batch: memory of its own, as what torch's vmap gives mostly is."""
    if isinstance(g, Tensor):
        return g
    shared = g.base is not None or any(w is not None and w._array is g for w in weights)
    t: Tensor = Tensor._of(np.array(g) if shared else g)
    return t


def _tell_base(t: Tensor, g: Any, weights: Sequence[Any]) -> None:
    """Say in whose memory a gradient lies, as torch's views made in no_grad mode do."""
    for w in weights:
        memory = None if w is None or w._inference else w._array
        if isinstance(memory, np.ndarray) and np.may_share_memory(g, memory):
            base = w if w._view is None else w._view.base
            break
    else:
        base = Tensor._of(g.base if isinstance(g.base, np.ndarray) else g)
    t._log = log = base._shared_log()
    t._view = View(base, (), log.count, "no_grad")
    if not g.flags.writeable and base._array.flags.writeable:
        g.flags.writeable = True  # torch's is a view like any other, and refuses only writes of one place many times


def _root(i: int, out: Any, weight: Any, create: bool) -> Root:
    target, nr = edge_of(out)
    if target is None or type(target) is DeadEnd:
        raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")
    if weight is None:
        raise RuntimeError(f"element {i} of gradients tuple is None, but the corresponding Tensor requires grad")
    if isinstance(out, Tensor) and weight._array.dtype != out._array.dtype:
        weight = weight.to(out.dtype) if create else Tensor._of(weight._array.astype(out._array.dtype))
    return target, nr, weight if create else weight._array


def edge_of(value: Any) -> tuple[Any, int]:
    """The edge behind a Tensor or a place in the graph: a node or a leaf, and which of its outputs."""
    if isinstance(value, GradientEdge):
        node = value.node
        return (node.variable if isinstance(node, AccumulateGrad) else node), value.output_nr
    return edge(value), value.output_nr


def _input_edge(value: Any) -> tuple[Any, int]:
    if not isinstance(value, (Tensor, GradientEdge)):
        raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {type_in_c(value)}")
    target, nr = edge_of(value)
    if target is None:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return target, nr


def one_by_one(y: Any, x: Any, weight: Any, retain: Any, create: Any) -> Any:
    """The gradient of one Tensor by one where nothing is unusual; None where all has to be looked at."""
    if type(y) is not Tensor or not isinstance(x, Tensor) or watching.watcher is not None:
        return None
    array = y._array
    if weight is None:
        if array.size != 1 or array.dtype.kind != "f":
            return None
        weight = Tensor._of(one_like(array))
    elif type(weight) is not Tensor or weight._array.shape != array.shape or weight._array.dtype is not array.dtype:
        return None
    target = edge(x)
    if y._node is None or y._view is not None or y.output_nr or x._hooks or target is None:
        return None
    if target is not x and (target is y._node or not target.plain):
        return None
    create = switch(create)
    retain = create if retain is None else switch(retain)
    g = weight if create else weight._array
    order, ends = behind((y._node,), target, plainly=True)
    if order:
        grads = {y._node: g}
        live = None if len(ends) == 1 and target in ends else leading(order, {target})
        token = hush(SILENT)
        try:
            bring(order, live, grads, retain, create)
        finally:
            unhush(token)
        found = grads.get(target)
    else:
        found = _walked([(y._node, 0, g)], {(target, 0): [0]}, retain, create, allow_unused=False).found.get(0)
    if found is None:
        raise RuntimeError(_UNUSED.format(0))
    return result_of(found, (weight,))


def one_like(array: Any) -> Any:
    """The weight of an output of one element."""
    return array.dtype.type(1) if array.ndim == 0 else np.ones(array.shape, array.dtype)
