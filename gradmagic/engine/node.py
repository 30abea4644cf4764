"""The nodes of the backward graph: what an op kept, where its gradients go, what it freed. Knows no operator."""

from __future__ import annotations

import re
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.clock import WriteLog, tick
from gradmagic.engine.handle import RemovableHandle
from gradmagic.engine.modes import modes
from gradmagic.engine.rare import Rare
from gradmagic.engine.saving import Packed, SavedTensor

if TYPE_CHECKING:
    from gradmagic.engine.tensor import Tensor

FREED_MESSAGE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
    "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
    "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
    "saved tensors after calling backward."
)

DETACHED_MESSAGE = (
    "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_().This is not supported, please use "
    "out-of-place `.detach()` instead"
)

Array = Any  # np.ndarray, or the numpy scalar that a ufunc makes of a 0-d one


class Node:
    """One recorded operation. Its subclasses, one per row of the tables, carry the row as ``op``.

    ``edges`` name where each operand came from: a Node, a leaf Tensor, or None; ``edge_nrs`` which of that node's
    outputs it was. ``saved`` are the operands (Tensors and numbers) and the output (an array) that the row's rules read.
    """

    __slots__ = ("__weakref__", "dtype", "kwargs", "rare", "seq", "shape")

    op: Any = None
    few = False  # whether it belongs to a row of few operands
    runs_on_nothing = False  # whether it makes something of no gradient at all
    plain: Any = Rare(True)  # one output, and no hooks: a walk need not look for either
    edge_nrs: Any = Rare()  # which of its node's outputs each operand was, where one was not the first
    metas: Any = Rare()  # of several outputs the shapes and dtypes
    output_logs: Any = Rare()  # of the outputs that it saved, by number, as far as anybody can write to them
    choice: Any = Rare()  # tensors among the arguments: indices or truth values that say where elements went, weights
    found: Any = Rare()  # a tensor that its way back has made, which the next time will be asked for again
    written_at: Any = Rare()  # an in-place op's own write is not a change of what it saved
    pre_hooks: Any = Rare()  # of tensors, by output
    node_prehooks: Any = Rare()
    node_hooks: Any = Rare()
    tangents: Any = Rare()  # of the outputs, while a level of forward mode is at work
    of_user: Any = Rare()  # what `metadata` gives

    seq: int
    edges: Any  # a tuple
    rare: dict[str, Any] | None  # what few nodes have
    saved: Any  # a tuple, None once it was freed
    kwargs: dict[str, Any]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def name(self) -> str:
        """The node's name as torch gives it."""
        name = type(self).__name__
        return f"torch::autograd::{name}" if name == "CopyBackwards" else name

    def plain_name(self) -> str:
        """The name without its ending, as torch's messages have it."""
        return re.sub(r"Backward0?(\d*)$", r"\1", self.name())

    @property
    def _places(self) -> Sequence[int]:
        """The operands that torch's node has an edge for."""
        places = None if self.op is None else self.op.places
        return range(len(self.edges)) if places is None else places

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """For each operand, the node it came from and which of that node's outputs it was."""
        nrs = self.edge_nrs or (0,) * len(self.edges)
        return tuple(
            (as_function(t), 0 if t is None else nrs[k]) for k, t in ((k, self.edges[k]) for k in self._places)
        )

    @property
    def metadata(self) -> dict[str, Any]:
        """A dict of the user's own."""
        if self.of_user is None:
            self.of_user = {}
        found: dict[str, Any] = self.of_user
        return found

    def meta(self, nr: int) -> tuple[tuple[int, ...], np.dtype[Any]]:
        return (self.shape, self.dtype) if self.metas is None else self.metas[nr]

    # -- saved values ------------------------------------------------------------------------------------------

    @property
    def freed(self) -> bool:
        """Whether what was saved has been dropped."""
        return self.saved is None

    def free(self) -> None:
        """Drop what was saved. A node that saved nothing can be gone through again."""
        if self.saved or self.choice:
            self.saved = None
        if self.choice:
            self.choice = ()
        if self.rare is not None:
            self.rare.pop("found", None)

    def save_choice(self, tensors: tuple[Tensor, ...]) -> None:
        """Keep tensors among the arguments as torch saves them: they may not be written to."""
        self.choice = tensors

    @property
    def saved_bytes(self) -> int:
        """Bytes of the arrays held."""
        return sum(a.nbytes for a in self.saved_arrays())

    def saved_arrays(self) -> list[Any]:
        arrays = [getattr(s, "_array", s) for s in self.saved or ()]
        return [a for a in arrays if isinstance(a, (np.ndarray, np.generic))]

    def check(self) -> None:
        """Whether all that was saved is as it was, also what nobody will read."""
        if self.saved is None:
            raise RuntimeError(FREED_MESSAGE)
        for k, value in enumerate(self.saved):
            if value is not None and type(value) is not Packed:
                self.unpack(k, False)
        for t in self.choice or ():
            if t._log is not None:
                self._check(t._log, self.seq, t, _maker(t))

    def unpack(self, k: int, recording: bool) -> Any:
        """The k-th saved value: an array, or, while a graph of the gradient is recorded, a Tensor that leads on."""
        saved = self.saved
        if saved is None:
            raise RuntimeError(FREED_MESSAGE)
        value = saved[k]
        if k == len(self.edges):
            return self._unpack_output(value, recording)
        if not hasattr(value, "_array"):
            return self._unpack_packed(value, recording) if type(value) is Packed else value
        if value._node is None and value is not self.edges[k] is not None and value._view is None:
            raise RuntimeError(DETACHED_MESSAGE)
        if value._log is not None:
            self._check(value._log, self.seq, value, _maker(value))
        return value if recording else value._array

    def _unpack_output(self, array: Array, recording: bool) -> Any:
        if type(array) is Packed:
            return self._unpack_packed(array, recording)
        since = self.seq if self.written_at is None else self.written_at + 1
        for nr, log in (self.output_logs or {}).items():
            written = array[nr] if isinstance(array, tuple) else array
            self._check(log, since, written, self if written.dtype.kind in "fc" else None, nr)
        if not recording:
            return array
        if isinstance(array, tuple):
            return tuple(None if a is None else self._output(a, nr) for nr, a in enumerate(array))
        return self._output(array, 0)

    def _unpack_packed(self, packed: Packed, recording: bool) -> Any:
        """What the hooks give, leading on to where the tensor came from that was saved. Its version is their affair."""
        array = packed.unpack(recording)
        if not recording:
            return array
        target = self if packed.own else packed.target
        t = self.tensor_type._of(array, target if target is None or isinstance(target, Node) else _alias(target))
        t.output_nr = packed.nr
        t._tangents = self.tangents[packed.nr] if packed.own and self.tangents is not None else packed.tangents
        return t

    def _output(self, array: Array, nr: int) -> Any:
        t = self.tensor_type._of(array, self if array.dtype.kind in "fc" else None)
        t.output_nr = nr
        if self.tangents is not None:
            t._tangents = self.tangents[nr]
        return t

    tensor_type: type[Tensor]

    # torch counts the outputs of a custom function only where it saved its own
    def _check(self, log: WriteLog, since: int, value: Any, producer: Any, nr: int = 0) -> None:
        expected = log.version_at(since)
        if log.count != expected:
            raise RuntimeError(self._first_stale() or _modified_message(value, producer, nr, log.count, expected))

    def _first_stale(self) -> str | None:
        """What is said where several saved values are stale: torch looks at the operands by name, from a to z."""
        names = self.op.saved_names(self) if self.op is not None and self.saved else {}
        operands = sorted((name, k) for name, k in names.items() if isinstance(k, int) and k < len(self.edges))
        for _, k in operands:
            value = self.saved[k] if self.saved and k < len(self.saved) else None
            log = getattr(value, "_log", None)
            if log is not None and log.count != (expected := log.version_at(self.seq)):
                return _modified_message(value, _maker(value), 0, log.count, expected)
        return None

    # -- as an object of the user's -----------------------------------------------------------------------------

    def __call__(self, *grads: Any) -> Any:
        """The node's local vector-Jacobian product."""
        inputs = len(self.metas) if self.metas else 1
        if len(grads) != inputs:
            raise TypeError(f"expected {inputs} arguments, got {len(grads)} instead")
        for k, g in enumerate(grads):
            if g is not None and not hasattr(g, "_array"):
                raise TypeError(f"argument {k} is not a Variable")
        if not self.runs_on_nothing and all(g is None for g in grads):
            nothing = (None,) * len(self._places)
            return nothing[0] if len(nothing) == 1 else nothing
        recording = modes.grad
        given = [g if g is None or recording else g._array for g in grads]
        out = self.apply(given if self.metas else given[0], [t is not None for t in self.edges], recording)
        wrapped = tuple(self._given_back(k, out[k], grads) for k in self._places)
        return wrapped[0] if len(wrapped) == 1 else wrapped

    def _given_back(self, k: int, g: Any, weights: Sequence[Any]) -> Any:
        """The gradient of an operand as a Tensor of the operand's dtype: a walk sees to that otherwise."""
        from gradmagic.engine.calls import result_of  # above this file: it knows what a gradient lies in

        if g is None:
            return None
        target: Any = self.edges[k]
        dtype = (
            target.meta(self.edge_nrs[k] if self.edge_nrs else 0)[1]
            if isinstance(target, Node)
            else target._array.dtype
        )
        t: Any = result_of(g, weights)
        return t if t._array.dtype == dtype or dtype.kind != t._array.dtype.kind else t.to(dtypes.of(dtype))

    def apply(self, g: Any, wanted: Sequence[bool], recording: bool) -> list[Any]:
        """The gradients of the operands that are wanted."""
        out: list[Any] = self.op.backward(self, g, wanted, recording)
        return out

    def register_hook(self, hook: Any) -> Any:
        """Call ``hook(grad_inputs, grad_outputs)`` after the node has run."""
        self.plain = False
        if self.node_hooks is None:
            self.node_hooks = {}
        return RemovableHandle(self.node_hooks, hook)

    def register_prehook(self, hook: Any) -> Any:
        """Call ``hook(grad_outputs)`` before the node runs."""
        self.plain = False
        if self.node_prehooks is None:
            self.node_prehooks = {}
        return RemovableHandle(self.node_prehooks, hook)

    def _sequence_nr(self) -> int:
        """When the node was made: later ones have larger numbers."""
        return self.seq

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_saved_"):
            return self._lookup_saved(name[7:])
        if name.startswith("_raw_saved_"):
            names = self.op.saved_names(self) if self.op is not None else {}
            if isinstance(names.get(name[11:]), int):
                return SavedTensor(self, names[name[11:]])
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def _lookup_saved(self, name: str) -> Any:
        names = self.op.saved_names(self) if self.op is not None else {}
        if name not in names:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '_saved_{name}'")
        k = names[name]
        if isinstance(k, int):
            return self.unpack(k, recording=True) if self.freed or (self.saved and self.saved[k] is not None) else None
        found = k(self) if callable(k) else k[0]
        if self.freed and isinstance(found, self.tensor_type):
            raise RuntimeError(FREED_MESSAGE)
        return found

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"cannot pickle '{type(self).__name__}' object")

    def __dir__(self) -> list[str]:
        names = self.op.saved_names(self) if self.op is not None else {}
        return sorted([*object.__dir__(self), *(f"_saved_{n}" for n in names)])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"


def blank(kind: type[Any]) -> Any:
    """A new node of a kind, as yet without operands."""
    node = object.__new__(kind)
    node.rare = None
    return node


class ManyEdged(Node):
    """A node of any number of operands."""

    __slots__ = ("edges", "saved")


class AliasBackward0(ManyEdged):
    """Passes a gradient on as it is."""

    __slots__ = ()

    def apply(self, g: Any, wanted: Sequence[bool], recording: bool) -> list[Any]:
        return [g]


class DeadEnd(ManyEdged):
    """Where the gradient of a view goes that was made in no_grad mode of a tensor that requires grad: nowhere."""

    __slots__ = ()

    def apply(self, g: Any, wanted: Sequence[bool], recording: bool) -> list[Any]:
        return []


def dead_end(t: Tensor) -> Node:
    """An edge that leads nowhere."""
    node: Node = blank(DeadEnd)
    node.edges, node.saved, node.kwargs, node.seq = (), (), {}, 0
    node.shape, node.dtype = t._array.shape, t._array.dtype
    return node


def _alias(leaf: Tensor) -> Node:
    """The node of a tensor that stands for a leaf."""
    node: Node = blank(AliasBackward0)
    node.edges, node.saved, node.kwargs, node.seq = (leaf,), (), {}, tick()
    node.shape, node.dtype = leaf._array.shape, leaf._array.dtype
    return node


class AccumulateGrad:
    """The end of the graph at a leaf, made only when someone looks at it."""

    __module__ = "builtins"  # as torch's nodes say
    __slots__ = ("__dict__", "__weakref__", "variable")
    next_functions: tuple[Any, ...] = ()

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def _sequence_nr(self) -> int:
        return 2**64 - 1  # torch's: it comes before all others

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"

    @property
    def metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = self.__dict__.setdefault("_metadata", {})
        return found

    def register_prehook(self, hook: Any) -> Any:
        hooks = self.variable.__dict__.setdefault("_node_prehooks", {})
        return RemovableHandle(hooks, hook)

    def register_hook(self, hook: Any) -> Any:
        hooks = self.variable.__dict__.setdefault("_node_hooks", {})
        return RemovableHandle(hooks, hook)


def as_function(target: Any) -> Any:
    """What ``next_functions`` shows for the target of an edge: a leaf appears as its AccumulateGrad."""
    if target is None or isinstance(target, Node):
        return None if type(target) is DeadEnd else target
    ref = target.__dict__.get("_accumulator")
    found = ref() if ref is not None else None
    if found is None:
        found = AccumulateGrad(target)
        target.__dict__["_accumulator"] = weakref.ref(found)  # weak: the leaf and its node would be a cycle
    return found


def _maker(value: Any) -> Any:
    """The node that made a saved tensor; where a transformation took it for another one, the one that made that."""
    return getattr(value.__dict__.get("_stands_for", value), "grad_fn", None)


def _modified_message(value: Any, producer: Any, nr: int, count: int, expected: int) -> str:
    array = getattr(value, "_array", value)
    which = ""
    if producer is not None:
        which = f", which is output {nr} of {producer.plain_name()},"
    hint = (
        "the backtrace further above shows the operation that failed to compute its gradient. The variable in question "
        "was changed in there or anywhere later. Good luck!"
        if modes.anomaly
        else "enable anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )
    return (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{dtypes.of(array.dtype).kind_of_tensor} {list(array.shape)}]{which} is at version {count}; expected version {expected} instead. "
        f"Hint: {hint}"
    )
