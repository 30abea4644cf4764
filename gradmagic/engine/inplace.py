"""In-place writes: their checks, their versions, and CopySlices where the target is a view. Knows no particular op."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from gradmagic.engine import dtypes, maps
from gradmagic.engine.clock import tick
from gradmagic.engine.forward import rewrite, with_tangents_of
from gradmagic.engine.kinds import Linear, view
from gradmagic.engine.modes import leaf_writes, modes
from gradmagic.engine.node import FREED_MESSAGE, ManyEdged, Node, blank
from gradmagic.engine.op import as_array
from gradmagic.engine.quiet import SILENT, hush, quiet, unhush
from gradmagic.engine.saving import saving
from gradmagic.engine.tensor import Tensor, View, edge

__all__ = ["leaf_writes", "write"]

_MODE = (
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the "
    "view and the inplace either both inside the {0} block (if you don't want the inplace to be tracked) or both outside "
    "(if you want the inplace to be tracked)."
)
_FORBIDDEN = {
    "multi": "This view is the output of a function that returns multiple views. Such functions do not allow the output "
    "views to be modified inplace. You should replace the inplace operation by an out-of-place one.",
    "function": "This view was created inside a custom Function (or because an input was returned as-is) and the autograd "
    "logic to handle view+inplace would override the custom backward associated with the custom Function, leading to "
    "incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function.",
    "no_grad": _MODE.format("no_grad"),
    "inference": _MODE.format("inference_mode"),
}
_OVERLAP = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
    "location. Please clone() the tensor before performing the operation."
)


def write(target: Tensor, op: Callable[..., Any], *args: Any, sharing: str = "alike", **kwargs: Any) -> Tensor:
    """Replace ``target``'s values by ``op(target, *args)``, and its history by the node that this made.

    ``sharing`` says which operands may lie in ``target``'s memory: those that lie there "alike", element by element,
    "none", or "any"; "all", that its own elements may lie in the same place, too.
    """
    _check_allowed(target, args)
    _check_memory(target, args, sharing)
    before = _former_self(target)
    if saving.hooks:  # a hook on saved tensors may keep what it is given, and it is about to change
        before._array = np.array(before._array)
    result = op(before, *args, **kwargs)
    if result._array.shape != target._array.shape:
        raise RuntimeError(
            f"output with shape {list(target._array.shape)} doesn't match the broadcast shape {list(result._array.shape)}"
        )
    _check_cast(result._array.dtype, target._array.dtype)
    node = result._node
    saved = () if node is None else node.saved
    if any(s is before for s in saved):
        before._array = np.array(before._array)  # the node saved the old values, and they are about to change
    log = target._shared_log()
    token = hush(SILENT)
    try:
        target._array[...] = result._array
    finally:
        unhush(token)
    if not target._inference:
        log.stamp()
    if node is not None:
        if saved and saved[-1] is not None:
            node.output_logs, node.written_at = {0: log}, log.stamps[-1]
        _rebase(target, node)
    if modes.levels:
        rewrite(target, result)
    return target


def turn(target: Tensor, op: Callable[..., Any], *args: Any, **kwargs: Any) -> Tensor:
    """Let ``target`` be a view of itself: ``t_``, ``squeeze_`` and their kin move no element."""
    _check_allowed(target, args)
    out = op(_former_self(target), *args, **kwargs)
    log = target._shared_log()
    if out._view is not None and target._view is not None:
        target._view = target._view._replace(chain=(*target._view.chain, *out._view.chain))
    target._array, target._node = out._array, out._node
    log.stamp()
    return target


def _former_self(target: Tensor) -> Tensor:
    """A stand-in with the target's values and history, for the op that is about to replace both."""
    stand_in: Tensor = Tensor._of(target._array, target.grad_fn if modes.grad else None)
    stand_in.output_nr = target.output_nr
    if target._wants_grad:  # writes into leaves are checked before: here they are allowed, or under no_grad
        stand_in._wants_grad = modes.grad
    return with_tangents_of(target, stand_in, copied=True) if modes.levels else stand_in


def _check_allowed(target: Tensor, args: Sequence[Any]) -> None:
    if modes.maps:
        maps.written(target._array)
    if target._inference and not modes.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal "
            "tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    if not modes.grad or target._array.dtype.kind not in "fc":
        return
    if target.requires_grad or any(isinstance(a, Tensor) and a.requires_grad for a in args):
        check_rewrite(target)


def check_rewrite(target: Tensor) -> None:
    """Whether a tensor may be given another history."""
    view, mine = target._view, target.requires_grad
    if view is not None:
        if view.forbids is not None:
            refuse_view(target, view, "is being")
        if mine and view.base._node is None and not modes.leaf_writes:
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
    if mine and target._node is None:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")


def refuse_view(target: Tensor, view: View, what: str) -> NoReturn:
    """Say why no write can be followed through this view; ``what`` is modified."""
    node, mode = target._node, "inference" if view.forbids == "inference" else "no_grad"
    which = f"Output {target.output_nr} of {node.plain_name()} is a view" if node is not None else "A view"
    if node is None or view.forbids in ("no_grad", "inference"):
        made = " was created in" if node is None else " of a view which was created in"
        end = "in normal mode" if mode == "inference" else "with grad mode enabled"
        text = f"{which}{made} {mode} mode and {what} modified inplace {end}."
    else:
        text = f"{which} and {what} modified inplace."
    raise RuntimeError(f"{text} {_FORBIDDEN[view.forbids or 'no_grad']}")


def _check_memory(target: Tensor, args: Sequence[Any], sharing: str) -> None:
    array = target._array
    if not isinstance(array, np.ndarray):
        return
    if sharing in ("alike", "any") and _overlaps_itself(array):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )
    if sharing in ("alike", "none"):
        for a in args:
            if not isinstance(a, Tensor):
                continue
            if (a is target and sharing == "none") or _overlap(array, a._array, sharing == "alike"):
                raise RuntimeError(_OVERLAP)
    if not array.flags.writeable and target._view is None:
        target._array = np.array(array)  # a read-only array of the user's stays as it is


def _overlaps_itself(array: Any) -> bool:
    return (
        array.size > 0
        and not _is_dense(array)
        and any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True))
    )


def _overlap(a: Any, b: Any, unless_alike: bool) -> bool:
    """Whether two arrays without gaps share memory."""
    if not isinstance(b, np.ndarray) or not np.may_share_memory(a, b) or not (_is_dense(a) and _is_dense(b)):
        return False
    alike = a.ctypes.data == b.ctypes.data and a.size == b.size and a.strides == b.strides
    return not (alike and unless_alike)


def same_data(a: Any, b: Any) -> bool:
    """Whether two arrays are the same elements in the same places."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return a is b
    return a.ctypes.data == b.ctypes.data and a.shape == b.shape and a.strides == b.strides and a.dtype == b.dtype


def _is_dense(a: Any) -> bool:
    """Whether the elements fill a range of memory, each once, in any order of the axes."""
    if a.flags.c_contiguous:
        return True
    expected = a.itemsize
    for s, n in sorted((s, n) for s, n in zip(a.strides, a.shape, strict=True) if n != 1):
        if s != expected:
            return False
        expected *= n
    return True


def _check_cast(given: np.dtype[Any], wanted: np.dtype[Any]) -> None:
    if "biufc".index(given.kind) > "biufc".index(wanted.kind) and not (given.kind in "iu" and wanted.kind in "iu"):
        a, b = dtypes.of(given).legacy, dtypes.of(wanted).legacy
        raise RuntimeError(f"result type {a} can't be cast to the desired output type {b}")


def _rebase(target: Tensor, node: Node) -> None:
    view = target._view
    if view is None:
        move_keepers(target, node)
        target._node, target._wants_grad, target.output_nr = node, False, 0
        return
    base = view.base
    written = copy_slices(base, view.chain, node)
    move_keepers(base, written)
    base._node = written
    base.output_nr = 0
    base._wants_grad = False  # the view will read its base anew: its version tells


def move_keepers(target: Tensor, node: Node) -> None:
    """retain_grad() follows the tensor to the node that now makes it; hooks stay with the value they were made for."""
    before = target._node
    if target._retains and before is not None and before.pre_hooks is not None:
        keepers = before.pre_hooks[target.output_nr][1]
        node.pre_hooks, node.plain = {0: ({}, list(keepers))}, False
        keepers.clear()


def _ghost(leaf: Tensor) -> Tensor:
    """The leaf as it was before a write turned it into an interior tensor (torch up to 1.7.1)."""
    ghost: Tensor = Tensor._of(leaf._array)
    ghost._wants_grad = True
    ghost.__dict__["_moved"] = True
    return ghost


class CopySlices(ManyEdged):
    """A write into a view, seen from its base: the slice's gradient goes through the op that wrote, the rest passes."""

    __slots__ = ("chain", "inner")
    chain: tuple[Any, ...]
    inner: Node

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    def apply(self, g: Any, wanted: Sequence[bool], recording: bool) -> list[Any]:
        from gradmagic.engine.fitting import fit  # the walk's own way of fitting a gradient to its operand

        if self.saved is None:
            raise RuntimeError(FREED_MESSAGE)
        if recording:
            whole = g.clone() if isinstance(g, Tensor) else Tensor._of(np.array(g))
        else:
            whole = np.array(g)
        slot = replay(self.chain, whole)
        outs = self.inner.apply(slot.clone() if recording else np.array(slot), wanted, recording)
        mine = outs[0]
        shape = as_array(slot).shape
        if mine is None:
            mine = np.zeros(shape, as_array(slot).dtype)
        elif as_array(mine).shape != shape:
            mine = np.broadcast_to(mine, shape)
        if recording:
            slot.copy_(mine if isinstance(mine, Tensor) else Tensor._of(mine))
        else:
            slot[...] = mine
        rest = [o if o is None else fit(o, self.inner, i) for i, o in enumerate(outs) if i]
        return [whole, *rest]

    def saves(self) -> bool:
        return True

    def free(self) -> None:
        self.inner.free()
        self.saved = None

    def check(self) -> None:
        super().check()
        self.inner.check()

    def saved_arrays(self) -> list[Any]:
        return self.inner.saved_arrays()


def copy_slices(base: Tensor, chain: tuple[Any, ...], inner: Node) -> CopySlices:
    """The base's new node after ``inner`` has written into the view at the end of ``chain``."""
    node: CopySlices = blank(CopySlices)
    before = edge(base)
    if base._wants_grad and base._node is None:
        before = _ghost(base)
    node.edges = (before, *inner.edges[1:])
    if base.output_nr or inner.edge_nrs is not None:
        rest = inner.edge_nrs[1:] if inner.edge_nrs is not None else (0,) * (len(inner.edges) - 1)
        node.edge_nrs = (base.output_nr, *rest)
    node.chain, node.inner = chain, inner
    node.saved, node.kwargs = (), {}
    node.seq = tick()
    node.shape, node.dtype = base._array.shape, base._array.dtype
    return node


# -- views, followed and undone ---------------------------------------------------------------------------------


def replay(chain: tuple[Any, ...], value: Any) -> Any:
    """Follow a chain of view ops from a base (an array or a Tensor) to the view."""
    for op, kwargs, _ in chain:
        out = kwargs.get("_output")
        args = {k: v for k, v in kwargs.items() if k != "_output"}
        value = op(value, **args) if isinstance(value, Tensor) else op.fn(value, **args)
        if out is not None:
            value = value[out]
    return value


def undo(chain: tuple[Any, ...], g: Any) -> Any:
    """The transpose of :func:`replay`: put a view's gradient into zeros of the base's shape."""
    for op, kwargs, shape in reversed(chain):
        args = {k: v for k, v in kwargs.items() if k != "_output"}
        if "_output" in kwargs:
            g = op.transpose_one(g, kwargs["_output"], shape, **args)
            continue
        plan = op.plans()[0][0]
        given = {"g": g, "shape": shape}
        g = op.vjps[0](*[given[kind] if kind in given else args.get(k) for kind, k in plan])
    return g


def _undone(g: Any, chain: tuple[Any, ...]) -> Any:
    """The same as torch's as_strided does it, whose gradient is a view of what it was put together in."""
    whole = undo(chain, g)
    if not as_array(whole).size:
        return np.zeros(whole.shape, as_array(whole).dtype)
    return _all_of(whole.clone()) if isinstance(whole, Tensor) else np.array(whole, order="C")[...]


_all_of = view(lambda x: x[...], lambda g: g, node="AsStridedBackward0").named("all_of")
_read = Linear(lambda x, chain: quiet(replay, chain, x), _undone, node="AsStridedBackward0").named("as_strided")


def reading(base: Tensor, chain: tuple[Any, ...], view_of_base: Tensor) -> Node:
    """The node of a view that reads its base as it is now."""
    node = _read.node([base], (edge(base),), None, {"chain": chain})
    node.shape, node.dtype = view_of_base._array.shape, view_of_base._array.dtype
    return node
