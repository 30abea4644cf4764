"""Forward mode: the levels at work, and the tangent that a tensor has at each. Knows tensors and views; no operator.

A tangent is a Tensor, computed beside its primal. At a level above another it has, like its primal, a tangent at the
lower one: that makes the second order. What is computed for a level is therefore computed with only the levels
below it in sight, and no perturbation is taken for another's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self
from weakref import WeakSet

from gradmagic.engine.modes import modes
from gradmagic.engine.tensor import Tensor, View

NESTED = "Nested forward mode AD is not supported at the moment"


class Tangents(dict["Level", Any]):
    """A tensor's tangents by level; None where the tensor was declared to have none. Shared with the node that made it."""

    __slots__ = ("__weakref__",)
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


class Level:
    """One forward differentiation at work. When it ends, the tangents at it are gone."""

    def __init__(self) -> None:
        self.depth = 0
        self.given: WeakSet[Tangents] = WeakSet()

    def __enter__(self) -> Self:
        self.depth = len(modes.levels)
        modes.levels = (*modes.levels, self)
        modes.alerts += 1
        return self

    def __exit__(self, *exc: object) -> None:
        modes.levels = tuple(level for level in modes.levels if level is not self)
        modes.alerts -= 1
        for tangents in list(self.given):
            tangents.pop(self, None)

    @contextmanager
    def below(self) -> Iterator[None]:
        """Only the levels below this one are in sight."""
        levels = modes.levels
        modes.levels = levels[: self.depth]
        try:
            yield
        finally:
            modes.levels = levels

    def tangent(self, t: Tensor) -> Any:
        """The tangent of a tensor at this level; of a view without its own, what it sees of its base's."""
        held = t._tangents
        if held is not None and self in held:
            return held[self]
        if t._view is None:
            return None
        base = self.tangent(t._view.base)
        if base is not None:
            self.give(t, self._seen(base, t._view))
        return None if base is None else t._tangents[self]

    def give(self, t: Tensor, tangent: Any) -> None:
        """From now on ``t`` has this tangent."""
        if t._tangents is None:
            t._tangents = Tangents()
        t._tangents[self] = tangent
        self.given.add(t._tangents)

    def dual(self, t: Tensor, tangent: Tensor) -> Any:
        """An alias of ``t`` that has this tangent."""
        check_size(t, tangent)
        with self.below():
            out = t.view(t.shape)  # type: ignore[no-untyped-call, unused-ignore]
        for level in modes.levels[: self.depth]:
            beneath = level.tangent(t)
            if beneath is not None:
                level.give(out, beneath)
        self.give(out, tangent)
        return out

    def primal(self, t: Tensor) -> Tensor:
        """``t`` without its tangent at this level, at the same place in the graph; a leaf is that place itself."""
        node = t.grad_fn
        if node is None and t._wants_grad:
            return t
        out: Tensor = Tensor._of(t._array, node)
        out.output_nr, out._view, out._log = t.output_nr, t._view, t._shared_log()
        with self.below():
            with_tangents_of(t, out)
        self.give(out, None)
        return out

    def rewrite(self, target: Tensor, new: Any) -> None:
        """After an in-place write: write the new tangent into the old one, so that views of it see it too."""
        old = self.tangent(target)
        if new is None and old is None:
            return
        view = target._view
        with self.below():
            if old is None and view is None:
                self.give(target, new)
                return
            if old is None and view is not None:
                self.give(view.base, view.base.new_zeros(view.base.shape))
                old = self.tangent(target)
            old.zero_() if new is None else old.copy_(new)

    def _seen(self, tangent: Any, view: View) -> Any:
        from gradmagic.engine.inplace import replay  # above this file: it knows how views are followed

        with self.below():
            return replay(view.chain, tangent)


def check_size(t: Tensor, tangent: Tensor) -> None:
    """Refuse a tangent of another shape, in torch's words."""
    if t._array.shape != tangent._array.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(t.shape)} while the given forward gradient is of size "
            f"{list(tangent.shape)}."
        )


def without_history(t: Tensor) -> Tensor:
    """``t.detach()`` with its tangents: no history, but no constant either."""
    return with_tangents_of(t, t.detach())


def with_tangents_of(t: Tensor, out: Tensor, copied: bool = False) -> Tensor:
    """Give ``out`` the tangents of ``t``, or copies of them."""
    for level in modes.levels:
        tangent = level.tangent(t)
        if tangent is not None:
            with level.below():
                level.give(out, tangent.clone() if copied else tangent)
    return out


def rewrite(target: Tensor, result: Tensor) -> None:
    """After ``result`` was written into ``target``, so are its tangents."""
    for level in modes.levels:
        level.rewrite(target, level.tangent(result))


def tell_node(outputs: Sequence[Any]) -> None:
    """The node may hand its outputs out again: they are to have their tangents then."""
    node = next((out._node for out in outputs if isinstance(out, Tensor) and out._node is not None), None)
    if node is not None:
        node.tangents = tuple(getattr(out, "_tangents", None) for out in outputs)
