"""Custom functions: ops whose forward and backward are the user's own. Knows no op of ours."""

from __future__ import annotations

import functools
import inspect
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from gradmagic.engine.anomaly import note
from gradmagic.engine.inplace import _rebase
from gradmagic.engine.modes import modes, no_grad
from gradmagic.engine.node import FREED_MESSAGE, Node, tick
from gradmagic.engine.saving import Packed, saving
from gradmagic.engine.tensor import Tensor, View, edge

_NODE_ATTRIBUTES = ("metadata", "next_functions", "register_hook", "register_prehook")
_NOTHING: tuple[tuple[int, ...], np.dtype[Any]] = ((), np.dtype(float))  # in the place of an output that is no Tensor


class FunctionCtx:
    """What a custom function's forward tells its backward. Any attribute may be set on it."""

    needs_input_grad: tuple[bool, ...] = ()
    materialize_grads = True
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


class FunctionNode(Node):
    """The node of one call of a custom function. It shows its ctx's attributes as its own."""

    __slots__ = ()
    function: type[Function]
    ctx: Any = None

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        if self.freed:
            raise RuntimeError(FREED_MESSAGE)
        return tuple(self.unpack(k, recording=True) for k in range(len(self.saved)))

    def unpack(self, k: int, recording: bool) -> Any:
        value = self.saved[k]
        if isinstance(value, Packed):
            return self._unpack_packed(value, recording)
        if isinstance(value, _SavedOutput):
            self._check(value.log, self.seq, value, self, value.nr)
            return self._output(value._array, value.nr)
        if value is not None and value._log is not None:
            self._check(value._log, self.seq, value, value.grad_fn, value.output_nr)
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
            return Packed(t, None if mine else edge(t), own=mine)
        return _SavedOutput(t) if mine else t

    def apply(self, g: Any, wanted: Sequence[bool], recording: bool) -> list[Any]:
        parts = g if isinstance(g, list) else [g]  # CopySlices gives its one
        given = self.function._rule()(self.ctx, *[self._incoming(nr, part) for nr, part in enumerate(parts)])
        grads = self._checked(given if isinstance(given, tuple) else (given,))
        return [g if g is None or recording else g._array for g in grads]

    def free(self) -> None:
        self.saved, self.freed = (), True

    def _incoming(self, nr: int, part: Any) -> Any:
        meta = self.meta(nr)
        if part is None:
            return None if meta is _NOTHING or not self.ctx.materialize_grads else Tensor._of(np.zeros(*meta))
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


class Function:
    """The base of custom functions: give ``forward`` and ``backward`` as static methods, call ``apply``.

    Notes
    -----
    The contract is that of ``torch.autograd.Function`` [1]_. What ``backward`` computes is itself recorded while a
    graph of the gradient is, so a backward made of differentiable ops can be differentiated again.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function

    Examples
    --------
    >>> from gradmagic import torch
    >>> class Square(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * x * g
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> y = Square.apply(x)
    >>> y
    tensor(9., grad_fn=<SquareBackward>)
    >>> (dydx,) = torch.autograd.grad(y, x, create_graph=True)
    >>> torch.autograd.grad(dydx, x)
    (tensor(2.),)
    """

    generate_vmap_rule = False
    _backward_cls: type[FunctionCtx] = FunctionCtx
    _node_cls: type[FunctionNode] = FunctionNode

    def __init_subclass__(cls) -> None:
        name = cls.__name__ + "Backward"
        cls._backward_cls = type(name, (FunctionCtx,), {"_forward_cls": cls})
        cls._node_cls = type(name, (FunctionNode,), {"__slots__": (), "function": cls})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself. Instantiating an autograd function will raise an error in a future version "
            "of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd function "
            "with static forward method. (Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The outputs; ``ctx`` is the first argument unless ``setup_context`` is given too."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Keep in ``ctx`` what backward needs, where ``forward`` does not take it."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """For the gradient of each output, the gradient of each argument of ``forward``."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward "
            "mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """For the tangent of each argument, the tangent of each output."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """The function over a batch."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
            "generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run ``forward`` and record a node whose gradient ``backward`` computes."""
        separate = cls.setup_context is not Function.setup_context
        if separate:
            bound = inspect.signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        ctx = cls._backward_cls()
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        node = cls._node(ctx, args) if modes.grad and any(ctx.needs_input_grad) else None
        with no_grad():
            output = cls.forward(*args, **kwargs) if separate else cls.forward(ctx, *args, **kwargs)
            if separate:
                cls.setup_context(ctx, args, output)
        outputs = _Outputs(ctx, node, args, output if isinstance(output, tuple) else (output,)).wrapped()
        return outputs if isinstance(output, tuple) else outputs[0]

    @classmethod
    def _node(cls, ctx: FunctionCtx, args: Sequence[Any]) -> FunctionNode:
        node = object.__new__(cls._node_cls)
        tensors = [a for a in args if isinstance(a, Tensor)]
        node.edges = tuple(edge(t) for t in tensors)
        node.edge_nrs = tuple(t.output_nr for t in tensors)
        node.saved, node.kwargs = (), {"tensors": tuple(isinstance(a, Tensor) for a in args)}
        node.ctx, ctx._node = ctx, weakref.ref(node)
        if modes.anomaly:
            note(node)
        return node

    @classmethod
    def _rule(cls) -> Callable[..., Any]:
        if cls.vjp is Function.vjp:
            return cls.backward
        if cls.backward is not Function.backward:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one "
                "of them."
            )
        return cls.vjp


class _Outputs:
    """What forward returned, being given its history."""

    def __init__(self, ctx: Any, node: FunctionNode | None, args: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.node, self.args, self.outputs = node, args, outputs
        state = ctx.__dict__  # taken out: the node must not go on holding its own outputs
        self.to_save = state.pop("to_save", ())
        self.dirty = state.pop("dirty_tensors", ())
        self.fixed = state.pop("non_differentiable", ())

    def wrapped(self) -> tuple[Any, ...]:
        self._check_marks()
        for t in self.dirty:
            t._shared_log().stamp()
        node = self.node
        if node is not None:
            node.seq = tick()  # after the writes that forward made
        outs = tuple(self._wrap(nr, o) if isinstance(o, Tensor) else o for nr, o in enumerate(self.outputs))
        if node is not None:
            node.metas = tuple(_meta(o) for o in outs)
            node.shape, node.dtype = next((_meta(o) for o in outs if isinstance(o, Tensor)), _NOTHING)
            node.keep(self.to_save)
        return outs

    def _check_marks(self) -> None:
        if not all(isinstance(t, Tensor) for t in self.dirty):
            raise RuntimeError("mark_dirty can only accept variables, but argument ")
        if not all(isinstance(t, Tensor) for t in self.fixed):
            raise RuntimeError("mark_non_differentiable only accepts variable arguments, but got ")
        if not all(_among(t, self.outputs) for t in self.dirty):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that are "
                "modified inplace must all be outputs of the Function."
            )
        if not all(_among(t, self.args) for t in self.dirty):
            warnings.warn(
                "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been mutated should "
                "be passed to ctx.mark_dirty().",
                UserWarning,
                stacklevel=5,
            )

    def _wrap(self, nr: int, out: Tensor) -> Tensor:
        is_input, is_dirty = _among(out, self.args), _among(out, self.dirty)
        if self.node is None or _among(out, self.fixed) or out._array.dtype.kind not in "fc":
            return self._without_history(out)
        if is_input and is_dirty:
            self._rewrite(out)
        elif is_input:
            out = _alias(out)
            out._node = self.node
        else:
            out._node, out._wants_grad = self.node, False
            if out._view is not None:  # a write through it would go round the custom backward
                out._view = out._view._replace(forbids="no_grad")
        if out._view is None or out._node is self.node:
            out.output_nr = nr
        return out

    def _without_history(self, out: Tensor) -> Tensor:
        if _among(out, self.args):
            return out if self.node is None and _among(out, self.dirty) else _alias(out)
        return out.detach_() if out.requires_grad and out._view is None else out

    def _rewrite(self, target: Tensor) -> None:
        """Give an input that forward wrote to its new history."""
        if target._wants_grad:
            raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
        assert self.node is not None  # only differentiable outputs come here
        if target._view is not None and len(self.outputs) > 1:
            raise RuntimeError(
                "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot return "
                "more than one Tensor. This is not supported by the current autograd engine. You should either make sure "
                "the input is not a view (using .clone() for example) or make your Function only return one Tensor "
                "(potentially splitting it into two Functions: one doing the inplace that returns a single Tensor and a "
                "second one that does the other operations). You can ask on the forum https://discuss.pytorch.org/ if you "
                "need help to do this change."
            )
        _rebase(target, self.node)


def _meta(out: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    return (out._array.shape, out._array.dtype) if isinstance(out, Tensor) else _NOTHING


def _among(t: Any, others: Sequence[Any]) -> bool:
    return any(t is o for o in others)


def _alias(t: Tensor) -> Tensor:
    """Another tensor in the same memory, for an input that forward returned as it was."""
    out = t.detach()
    base = t if t._view is None else t._view.base
    out._view = View(base, () if t._view is None else t._view.chain, base._node, "no_grad")
    return out


class Error(Node):
    """Stands where a gradient has a history that cannot be followed."""

    __slots__ = ()
    function = ""

    def name(self) -> str:
        return "torch::autograd::Error"

    def apply(self, g: Any, wanted: Sequence[bool], recording: bool) -> NoReturn:
        error = RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")
        error.add_note(f"The function is {self.function}.")
        raise error


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Declare that a custom backward's own operations cannot be differentiated: to try is an error.

    Torch notices only if an incoming gradient requires grad; here, so does a saved tensor.
    """

    @functools.wraps(fn)
    def wrapper(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            outputs = fn(ctx, *grads)
        if not modes.grad:
            return outputs
        sources = [t for t in (*grads, *ctx.saved_tensors) if isinstance(t, Tensor) and t.requires_grad]
        if not sources:
            return outputs
        many = isinstance(outputs, tuple)
        delayed = _delayed(ctx.name().removesuffix("Backward"), sources, outputs if many else (outputs,))
        return delayed if many else delayed[0]

    return wrapper


def _delayed(function: str, sources: Sequence[Tensor], outputs: Sequence[Any]) -> tuple[Any, ...]:
    """Copies of the outputs that lead to an error."""
    node = object.__new__(Error)
    node.function = function
    node.edges = tuple(edge(t) for t in sources)
    node.edge_nrs = tuple(t.output_nr for t in sources)
    node.saved, node.kwargs, node.seq = (), {}, tick()
    outs = tuple(None if o is None else o.detach() for o in outputs)
    node.metas = tuple(_meta(o) for o in outs)
    node.shape, node.dtype = node.metas[0]
    for nr, out in enumerate(outs):
        if out is not None:
            out._node, out.output_nr = node, nr
    return outs
