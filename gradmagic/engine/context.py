"""What a custom function keeps from its forward to its backward: its ctx and its node. Knows no particular function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from gradmagic.engine.node import FREED_MESSAGE, ManyEdged, Node
from gradmagic.engine.saving import Packed, saving
from gradmagic.engine.tensor import Tensor, edge

_NODE_ATTRIBUTES = ("metadata", "next_functions", "register_hook", "register_prehook")
NOTHING: tuple[tuple[int, ...], np.dtype[Any]] = ((), np.dtype(float))  # in the place of an output that is no Tensor


class FunctionCtx:
    """What a custom function's forward tells its backward. Any attribute may be set on it."""

    needs_input_grad: tuple[bool, ...] = ()
    materialize_grads = True
    saved_for_forward: tuple[Tensor | None, ...] = ()
    pushing = False  # while jvp runs, `saved_tensors` are what was saved for it
    _node: Callable[[], FunctionNode | None] = staticmethod(lambda: None)  # weak: the node holds its ctx

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs, outputs or other tensors for ``saved_tensors``."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for ``jvp``."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise AssertionError(
                    "save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes on ctx."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs were written to; they must be outputs too."""
        self.dirty_tensors = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward is given zeros, not None, for outputs that received no gradient."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What was saved, if nobody has written to it since."""
        if self.pushing:
            return self.saved_for_forward
        node = self._node()
        return () if node is None else node.saved_tensors

    def name(self) -> str:
        return type(self).__name__

    def __getattr__(self, name: str) -> Any:
        node = self._node()
        if node is not None and name in _NODE_ATTRIBUTES:
            return getattr(node, name)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


class _SavedOutput:
    """An output that its own node saved: without the Tensor, which would hold the node."""

    __slots__ = ("_array", "log", "nr")

    def __init__(self, t: Tensor) -> None:
        self._array, self.log, self.nr = t._array, t._shared_log(), t.output_nr


class FunctionNode(ManyEdged):
    """The node of one call of a custom function. Its attributes, but for a node's own, are those of its ctx."""

    __slots__ = ("ctx",)
    function: Any  # the Function that it is a call of
    ctx: Any
    runs_on_nothing = True

    def __call__(self, *grads: Any) -> NoReturn:
        raise TypeError(f"'{type(self).__name__}' object is not callable")

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        if self.saved is None:
            raise RuntimeError(FREED_MESSAGE)
        return tuple(self.unpack(k, recording=True) for k in range(len(self.saved)))

    def unpack(self, k: int, recording: bool) -> Any:
        value = (self.saved or ())[k]
        if isinstance(value, Packed):
            return self._unpack_packed(value, recording)
        if isinstance(value, _SavedOutput):
            self._check(value.log, self.seq, value, self, value.nr)
            return self._output(value._array, value.nr)
        if value is not None and value._log is not None:
            self._check(value._log, self.seq, value, value.grad_fn)
        return value

    def keep(self, tensors: Sequence[Any]) -> None:
        """Save what the user asked to be saved."""
        for i, t in enumerate(tensors):
            if t is not None and not isinstance(t, Tensor):
                got = type(t).__name__
                raise TypeError(f"save_for_backward can only save variables, but argument {i} is of type {got}")
        self.saved = tuple(None if t is None else self._kept(t) for t in tensors)

    def _kept(self, t: Tensor) -> Any:
        mine = t.grad_fn is self
        if saving.hooks:
            return Packed(t, None if mine else edge(t), saving.hooks[-1], own=mine)
        return _SavedOutput(t) if mine else t

    def apply(self, g: Any, wanted: Sequence[bool], recording: bool) -> list[Any]:
        parts = g if isinstance(g, list) else [g]  # CopySlices gives its one
        given = self.function._rule()(self.ctx, *[self._incoming(nr, part) for nr, part in enumerate(parts)])
        grads = self._checked(given if isinstance(given, tuple) else (given,))
        return [g if g is None or recording else g._array for g in grads]

    def free(self) -> None:
        self.saved = None

    def _incoming(self, nr: int, part: Any) -> Any:
        meta = self.meta(nr)
        if part is None:
            return None if meta is NOTHING or not self.ctx.materialize_grads else Tensor._of(np.zeros(*meta))
        return part if isinstance(part, Tensor) else Tensor._of(part)

    def _checked(self, grads: tuple[Any, ...]) -> list[Any]:
        """The gradients of the Tensors among the arguments, as many and as large as they must be."""
        takes = self.kwargs["tensors"]  # for each argument, whether it is a Tensor
        n = len(takes)
        if all(g is None for g in grads[n:]):
            grads = grads[:n]
        if len(grads) != n:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {n}, got {len(grads)})"
            )
        for i, (g, is_tensor) in enumerate(zip(grads, takes, strict=True), 1):
            if g is not None and not is_tensor:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different than None at position {i}, but the "
                    "corresponding forward input was not a Variable"
                )
            if g is not None and not isinstance(g, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
        out = [g for g, is_tensor in zip(grads, takes, strict=True) if is_tensor]
        for i, g in enumerate(out):
            self._check_shape(i, g)
        return out

    def _check_shape(self, i: int, g: Tensor | None) -> None:
        target = self.edges[i]
        if g is None or target is None:
            return
        nr = self.edge_nrs[i] if self.edge_nrs is not None else 0
        shape = target.meta(nr)[0] if isinstance(target, Node) else target._array.shape
        given = g._array.shape
        if len(shape) > len(given) or any(n not in (1, m) for n, m in zip(shape[::-1], given[::-1], strict=False)):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {i} - got {list(given)} but expected shape "
                f"compatible with {list(shape)}"
            )

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ctx, name)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self if hasattr(type(self), name) else self.ctx, name, value)


def meta_of(out: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    return (out._array.shape, out._array.dtype) if isinstance(out, Tensor) else NOTHING
