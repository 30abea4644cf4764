"""The Tensor: an array, where it came from, and whether it wants a gradient. Knows no operator."""

from __future__ import annotations

import copy
import warnings
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from gradmagic.engine import devices, dtypes, layout, printing
from gradmagic.engine.clock import WriteLog
from gradmagic.engine.conversion import Conversion
from gradmagic.engine.handle import RemovableHandle
from gradmagic.engine.modes import modes
from gradmagic.engine.node import Node, dead_end

_NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be populated "
    "during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, use "
    ".retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the leaf "
    "Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information."
)
_INSIDE_TRANSFORM = (
    "You are attempting to call Tensor.requires_grad_() (or perhaps using torch.autograd.functional.* APIs) inside of a "
    "function being transformed by a functorch transform. This is unsupported, please attempt to use the functorch "
    "transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call requires_grad_() outside of a function being transformed "
    "instead."
)


class View(NamedTuple):
    """How a tensor lies in its base: the chain of view ops that leads there, and under which circumstances."""

    base: Tensor
    chain: tuple[tuple[Any, dict[str, Any], tuple[int, ...]], ...]  # (op, its arguments, the shape it was given)
    version: int  # how often the memory had been written to when the view learnt its node
    forbids: str | None = None  # "multi", "no_grad", "inference", "function": why no write may be followed through it


class Tensor(Conversion):
    """An n-dimensional array that remembers how it was computed, with the contract of ``torch.Tensor``.

    Made by :func:`gradmagic.tensor` and the other creation functions. Plain NumPy functions apply to it.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmagic
    >>> x = gradmagic.tensor([0.0, 1.0], requires_grad=True)
    >>> np.sin(x) * 2
    tensor([0.0000, 1.6829], grad_fn=<MulBackward0>)
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_array",
        "_inference",
        "_log",
        "_node",
        "_view",
        "_wants_grad",
        "output_nr",
    )
    __hash__ = object.__hash__

    # What few tensors have, as defaults of the class: a tensor without them pays nothing.
    _grad: Tensor | None = None
    _hooks: dict[int, Any] | None = None
    _retains = False
    _tangents: Any = None
    _known: dict[Any, Any] | None = None  # what `recalling` knows of it

    _array: Any
    _node: Node | None  # that made it, and which of the node's outputs it is
    output_nr: int
    _wants_grad: bool
    _view: View | None
    _log: WriteLog | None
    _inference: bool  # whether it was made in inference mode: it can never take part in a graph

    def __init__(self, *data: Any) -> None:
        shared = len(data) == 1 and isinstance(data[0], Tensor)
        array = data[0]._array if shared else old_style(data, dtypes.default_float())
        self._array, self._node, self._wants_grad = array, None, False
        self._view, self._log, self.output_nr, self._inference = None, None, 0, modes.inference

    @classmethod
    def _of(cls, array: Any, node: Node | None = None) -> Any:
        """A tensor over an array as it is."""
        t = object.__new__(Tensor)
        t._array = array
        t._node = node
        t._wants_grad = False
        t._view = t._log = None
        t.output_nr = 0
        t._inference = modes.inference
        return t

    # -- what it is ---------------------------------------------------------------------------------------------

    @property
    def shape(self) -> dtypes.Size:
        return dtypes.Size(self._array.shape)

    @property
    def dtype(self) -> dtypes.dtype:
        return dtypes.of(self._array.dtype)

    @property
    def ndim(self) -> int:
        return int(self._array.ndim)

    @property
    def device(self) -> devices.device:
        return devices.CPU

    @property
    def is_leaf(self) -> bool:
        return self.grad_fn is None

    @property
    def grad_fn(self) -> Node | None:
        """The node that made this tensor; for a view whose base was written to, one that reads the base anew."""
        view = self._view
        if view is not None and view.version != self._shared_log().count:
            _regenerate(self, view)
        return self._node

    @property
    def requires_grad(self) -> bool:
        if self._wants_grad or self._node is not None:
            return True
        return self._view is not None and self._view.base.requires_grad

    @requires_grad.setter
    def requires_grad(self, flag: Any) -> None:
        if not isinstance(flag, bool):
            raise RuntimeError("requires_grad must be a bool")
        if flag and self._node is not None:
            raise RuntimeError("you can only change requires_grad flags of leaf variables.")
        self._set_requires_grad(flag, "only Tensors of floating point and complex dtype can require gradients")

    def requires_grad_(self, requires_grad: Any = True) -> Self:
        """Ask for gradients of this leaf, in place."""
        if not isinstance(requires_grad, bool):
            got = dtypes.type_in_c(requires_grad)
            raise TypeError(f"requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {got}")
        if modes.transforms:
            raise RuntimeError(_INSIDE_TRANSFORM)
        self._set_requires_grad(requires_grad, "only Tensors of floating point dtype can require gradients")
        return self

    def _set_requires_grad(self, flag: bool, refusal: str) -> None:
        if not flag and self._node is not None:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
                "subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if flag and self._array.dtype.kind not in "fc":
            raise RuntimeError(refusal)
        if flag and self._inference and not modes.inference:
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        if self._node is None:
            self._wants_grad = flag

    @property
    def _version(self) -> int:
        if self._inference:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self._log.count if self._log is not None else 0

    @property
    def _base(self) -> Tensor | None:
        return self._view.base if self._view is not None else None

    def _is_view(self) -> bool:
        return self._view is not None

    def is_inference(self) -> bool:
        return self._inference

    # -- gradients ----------------------------------------------------------------------------------------------

    @property
    def grad(self) -> Tensor | None:
        if self._grad is None and not self._retains and self.grad_fn is not None:
            warnings.warn(_NON_LEAF_GRAD, UserWarning, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is None:
            self._grad = None
            return
        if not isinstance(value, Tensor):
            got = type(value).__name__
            raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {got}")
        if value is self:
            raise RuntimeError("can't assign Variable as its own grad")
        if value._array.dtype != self._array.dtype:
            ours, theirs = dtypes.of(self._array.dtype), dtypes.of(value._array.dtype)
            raise RuntimeError(
                f"attempting to assign a gradient with dtype '{dtypes.in_c(theirs)}' to a tensor with grad_dtype "
                f"'{ours.legacy}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You "
                "can set the tensor's grad_dtype attribute with a specific dtype, or None to allow any dtype. Set "
                "grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break downstream systems "
                "that assume they match."
            )
        if value.shape != self.shape:
            raise RuntimeError(
                f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size '{list(self.shape)}'. "
                "Please ensure that the gradient and the tensor are the same size"
            )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def retains_grad(self) -> bool:
        return self._retains

    def retain_grad(self) -> None:
        """Keep this non-leaf's gradient in ``.grad`` during ``backward``."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        node = None if self._node is None else self.grad_fn
        if node is None or self._retains:
            return
        self._retains = True
        node.plain = False
        if node.pre_hooks is None:
            node.pre_hooks = {}
        ref = weakref.ref(self)  # the node must not keep its own output alive

        def keep(g: Tensor) -> None:
            t = ref()
            if t is not None and t._grad is not None:
                t._grad = t._grad + g
            elif t is not None:
                rows = g.contiguous()
                t._grad = g.clone() if rows is g else rows

        entry = node.pre_hooks.setdefault(self.output_nr, ({}, []))
        entry[1].append(keep)

    def register_hook(self, hook: Any) -> RemovableHandle:
        """Call ``hook(grad)`` when this tensor's gradient is computed; what it returns replaces the gradient."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        node = self.grad_fn
        if node is None:
            if self._hooks is None:
                self._hooks = {}
            return RemovableHandle(self._hooks, hook)
        node.plain = False
        if node.pre_hooks is None:
            node.pre_hooks = {}
        return RemovableHandle(node.pre_hooks.setdefault(self.output_nr, ({}, []))[0], hook)

    def register_post_accumulate_grad_hook(self, hook: Any) -> RemovableHandle:
        """Call ``hook(tensor)`` after ``backward`` has added to this leaf's ``.grad``."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.grad_fn is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return RemovableHandle(self.__dict__.setdefault("_post_hooks", {}), hook)

    # -- aliases ------------------------------------------------------------------------------------------------

    def _shared_log(self) -> WriteLog:
        """The write log, made when there is a first alias or a first write, and told to whoever saved this tensor."""
        log = self._log
        if log is None:
            log = self._log = WriteLog()
            self._own_array()
            node = self._node
            one = (
                node is not None and node.op is not None and node.metas is None
            )  # what several logs tell is known already
            if node is not None and one and node.saved and node.saved[-1] is not None:
                node.output_logs = {0: log}
        return log

    def _memory(self) -> Any:
        """The array, for whoever shares its memory without its log."""
        self._shared_log().complete = False
        return self._array

    def _own_array(self) -> None:
        """An array in place of a numpy scalar, which has no memory that could be shared, also where it is saved."""
        value = self._array
        if not isinstance(value, np.ndarray):
            self._array = np.asarray(value)
            node = self._node
            if node is not None and node.saved and node.saved[-1] is value:
                node.saved = (*node.saved[:-1], self._array)

    def detach(self) -> Tensor:
        """This tensor's values, without its history. Memory and version are shared."""
        log = self._shared_log()
        t: Tensor = Tensor._of(self._array)
        t._log = log
        t._inference = self._inference
        if type(self) is not Tensor:
            t.__class__ = type(self)
        return t

    def detach_(self) -> Self:
        """Forget this tensor's history, in place."""
        if self._view is not None:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for "
                "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence "
                "detach_() cannot be called on these gradients. To fix this error, please refer to the "
                "Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
            )
        self._node, self._wants_grad = None, False
        self._tangents = None
        return self

    @property
    def data(self) -> Tensor:
        """This tensor's values, without history and without the version counter."""
        t: Tensor = Tensor._of(self._memory())
        t._memory()
        t._inference = self._inference
        return t

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {dtypes.type_in_c(value)}")
        self._array = value._memory()
        self._memory()

    # -- printing and copying -----------------------------------------------------------------------------------

    def __repr__(self) -> str:
        node = self._name_of_node()
        return printing.format_tensor(
            np.asarray(self._array),
            default_dtype=dtypes.default_float(),
            grad_fn=node,
            requires_grad=node is None and self.requires_grad,
            tangent=self._tangent_text() if modes.levels else None,
        )

    def _tangent_text(self) -> str | None:
        tangent = modes.levels[-1].tangent(self)
        return None if tangent is None else f"{tangent}"

    def _name_of_node(self) -> str | None:
        try:
            node = self.grad_fn
        except RuntimeError:  # a view that must not be read anew
            return "Invalid"
        return None if node is None else type(node).__name__

    def __format__(self, spec: str) -> str:
        if self._array.ndim:
            return object.__format__(self, spec)
        return format(self._array.item() if modes.expands else self.item(), spec)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment."
                "  If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm "
                "usage, see https://github.com/pytorch/pytorch/pull/103001"
            )
        if id(self) in memo:
            return memo[id(self)]  # type: ignore[no-any-return]
        t: Tensor = Tensor._of(layout.with_its_memory(self._array, memo))
        t._wants_grad = self.requires_grad
        t.__class__ = type(self)
        memo[id(self)] = t
        if self._grad is not None:
            t._grad = copy.deepcopy(self._grad, memo)
        return t

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild, (type(self), np.array(self._array), self.requires_grad)

    if TYPE_CHECKING:  # operators and methods come from the tables, floors above

        def __getattr__(self, name: str) -> Any: ...
        def __add__(self, other: Any) -> Any: ...
        def __radd__(self, other: Any) -> Any: ...
        def __sub__(self, other: Any) -> Any: ...
        def __rsub__(self, other: Any) -> Any: ...
        def __mul__(self, other: Any) -> Any: ...
        def __rmul__(self, other: Any) -> Any: ...
        def __truediv__(self, other: Any) -> Any: ...
        def __rtruediv__(self, other: Any) -> Any: ...
        def __pow__(self, other: Any) -> Any: ...
        def __matmul__(self, other: Any) -> Any: ...
        def __neg__(self) -> Any: ...
        def __lt__(self, other: Any) -> Any: ...
        def __le__(self, other: Any) -> Any: ...
        def __gt__(self, other: Any) -> Any: ...
        def __ge__(self, other: Any) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...


def old_style(data: tuple[Any, ...], kind: np.dtype[Any]) -> Any:
    """The array of torch's old constructors: of sizes, or of a sequence of numbers."""
    if not data:
        return np.empty(0, kind)
    if len(data) == 1 and not isinstance(data[0], (int, dtypes.Size)):
        if isinstance(data[0], float):
            raise TypeError("new(): data must be a sequence (got float)")
        return np.array(data[0]._array if isinstance(data[0], Tensor) else data[0], kind)
    return np.empty(data[0] if isinstance(data[0], tuple) else data, kind)


def _rebuild(cls: type[Tensor], array: Any, requires_grad: bool) -> Tensor:
    t: Tensor = Tensor._of(array)
    t.__class__ = cls
    t._wants_grad = requires_grad
    return t


Node.tensor_type = Tensor


def wants_grad(t: Any) -> bool:
    """Whether a graph must be recorded for this operand."""
    return t._wants_grad or t._node is not None or (t._view is not None and t.grad_fn is not None)


def edge(t: Tensor) -> Any:
    """Where this tensor's gradient goes: its node, itself if it is a leaf that wants one, or nowhere."""
    node = t._node if t._view is None else t.grad_fn
    if node is not None:
        return node
    if t._wants_grad:
        return t
    return None if t._view is None or not t.requires_grad else dead_end(t)


def _regenerate(t: Tensor, view: View) -> None:
    """Give a view whose memory was written to a node that reads the base as it is now."""
    from gradmagic.engine.inplace import (  # above this file: it knows how views are undone
        move_keepers,
        reading,
        refuse_view,
    )

    if t._node is None and not view.base.requires_grad:
        return
    if view.forbids is not None:
        refuse_view(t, view, "its base or another view of its base has been")
    t._view = view._replace(version=t._shared_log().count)
    node = reading(view.base, view.chain, t)
    move_keepers(t, node)
    t._node, t.output_nr = node, 0
