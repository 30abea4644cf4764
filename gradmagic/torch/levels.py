"""One transformation inside another: whose derivative is being taken. Knows graphs; knows no transformation.

A transformation gives the function fresh tensors for its arguments. What depends on them alone has no history outside;
what depends on anything else that wants a gradient (an outer transformation's argument, the user's own leaf) keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from gradmagic.engine import forward
from gradmagic.engine.forward import without_history
from gradmagic.engine.graph import walk
from gradmagic.engine.modes import modes
from gradmagic.engine.node import DeadEnd, Node
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.shape import alias
from gradmagic.torch import trees


class _Span:
    """Whether a transformation is still at work: what its leaves know of it, so that they do not keep it alive."""

    over = False


class Level:
    """A transformation at work: a context manager in which a graph is recorded."""

    def __init__(self) -> None:
        self.own: set[Any] = set()
        self.span = _Span()
        self.recorded_outside = modes.grad

    def __enter__(self) -> Self:
        self._before = modes.grad
        modes.grad = True
        modes.transforms += 1
        return self

    def __exit__(self, *exc: object) -> None:
        self.span.over = True
        modes.transforms -= 1
        modes.grad = self._before

    def fresh(self, value: Any) -> Any:
        """A tensor of these values to differentiate by, joined to its history if it has one."""
        if not isinstance(value, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(value)}")
        if value._array.dtype.kind not in "fc":
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if value.requires_grad:
            same = alias.one(value)
            same._stands_for = value
            return same
        return self.leaf(without_history(value))

    def leaf(self, t: Any) -> Any:
        """A leaf of this transformation's own."""
        t._wants_grad = True
        t._span = self.span
        self.own.add(t)
        return t

    def has_history(self, tensors: Iterable[Any]) -> bool:
        """Whether these depend on anything that wants a gradient outside this transformation."""
        tensors = list(tensors)
        if any(t.grad_fn is None and t.requires_grad and self._outside(t) for t in tensors):
            return True
        return any(
            type(edge) is DeadEnd or (edge is not None and not isinstance(edge, Node) and self._outside(edge))
            for node in walk([t for t in tensors if t.grad_fn is not None])
            for edge in node.edges
        )

    def _outside(self, leaf: Any) -> bool:
        """Whether a leaf is the user's, or belongs to a transformation around this one."""
        span = leaf.__dict__.get("_span")
        return leaf not in self.own and (span is None or not span.over)

    def given(self, tree: Any) -> Any:
        """What the caller gets: without the history that belongs to this transformation alone."""
        return trees.mapped(self._given, tree)

    def _given(self, value: Any) -> Any:
        if not isinstance(value, Tensor) or not value.requires_grad:
            return value
        return value if self.recorded_outside and self.has_history([value]) else without_history(value)


class Pushing(forward.Level):
    """A transformation that follows tangents: a context manager. Not inside of ``forward_ad.dual_level``, as in torch."""

    def __enter__(self) -> Self:
        if modes.dual is not None:
            raise RuntimeError(forward.NESTED)
        modes.transforms += 1
        return super().__enter__()

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        modes.transforms -= 1
