"""Views made as copies: ``permute_copy`` and its kin, and the splits that are no views. Knows the view ops; no rule."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.kinds import Linear
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import choosing, shaping
from gradmagic.ops.operands import clone, one_axis


@functools.cache
def _row(view: Any, node: str) -> Linear:
    """A view's row, with memory of its own for what it gives."""

    def fn(x: Any, **kwargs: Any) -> Any:
        out = view.fn(x, **kwargs)
        return np.array(out) if view.outputs == 1 else [np.array(part) for part in out]

    copy = Linear(fn, *view.vjps, node=node, outputs=view.outputs, attributes=view.attributes)
    copy.named(view.name + "_copy")
    return copy


def _copied(function: Callable[..., Any], node: str | None = None) -> Callable[..., Any]:
    """The function, its result a copy: the view that it would make says which row and with which arguments."""

    def copy(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        out = function(input.detach(), *args, **kwargs)
        view = (out if isinstance(out, Tensor) else out[0])._view
        if view is None or not view.chain:
            return clone(input)
        row, arguments, _ = view.chain[-1]
        named = node or (row.node_name or row.make_node_class().__name__) + "_copy"
        return _row(row, named)(input, **{k: v for k, v in arguments.items() if k != "_output"})

    return copy


_VIEWS: dict[str, Callable[..., Any]] = {
    "as_strided": choosing.as_strided, "diagonal": shaping.diagonal, "expand": shaping.expand, "permute": shaping.permute,
    "select": shaping.select, "split": shaping.split, "split_with_sizes": shaping.split_with_sizes,
    "squeeze": shaping.squeeze, "t": shaping.t, "transpose": shaping.transpose, "unbind": shaping.unbind,
    "unfold": choosing.unfold, "unsqueeze": shaping.unsqueeze, "view": shaping.view,
}  # fmt: skip
globals().update({f"{name}_copy": _copied(function) for name, function in _VIEWS.items()})
narrow_copy = _copied(shaping.narrow, "NarrowCopyBackward0")


def _unsafe(function: Callable[..., Any], node: str) -> Callable[..., Any]:
    """The same for pieces that lie in the input's memory, and do not say so: who writes into them may go wrong."""
    copy = _copied(function, node)

    def pieces(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        out = copy(input, *args, **kwargs)
        input._memory()
        for piece, view in zip(out, function(input.detach(), *args, **kwargs), strict=True):
            piece._array = view._array
            piece._memory()
        return out

    return pieces


unsafe_split = _unsafe(shaping.split, "UnsafeSplitBackward0")
unsafe_split_with_sizes = _unsafe(shaping.split_with_sizes, "UnsafeSplitWithSizesBackward0")


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> Any:
    if not input.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    d = one_axis(dim, input.ndim)
    n = input.shape[d]
    return unsafe_split(input, -(-n // chunks), d) if n else unsafe_split_with_sizes(input, (0,) * chunks, d)


def diag(input: Tensor, diagonal: int = 0) -> Any:
    """The matrix with this diagonal, or a copy of a matrix's diagonal."""
    if input.ndim not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    if input.ndim == 1:
        return choosing.diag_embed(input, diagonal)
    return _copied(shaping.diagonal)(input, diagonal)


NAMES = ["diag", "narrow_copy", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes"]
FREE_NAMES = [f"{name}_copy" for name in _VIEWS]
