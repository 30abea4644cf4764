"""Custom functions: ops whose forward and backward are the user's own. Knows no op of ours."""

from __future__ import annotations

import functools
import inspect
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from gradmagic.engine.anomaly import note
from gradmagic.engine.clock import tick
from gradmagic.engine.context import NOTHING, FunctionCtx, FunctionNode, meta_of
from gradmagic.engine.customjvp import push
from gradmagic.engine.inplace import _rebase, check_rewrite
from gradmagic.engine.modes import modes, no_grad
from gradmagic.engine.node import ManyEdged, blank
from gradmagic.engine.tensor import Tensor, View, edge

_MODULE = "torch.autograd.function"  # where torch's say that they are from
_NO_VMAP_RULE = (
    "You tried to vmap over {}, but it does not have vmap support. Please override and implement the vmap staticmethod or set "
    "generate_vmap_rule=True. For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"
)
_NO_SETUP = (
    "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override the "
    "setup_context staticmethod. For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"
)


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
        cls._backward_cls = type(name, (FunctionCtx,), {"__module__": _MODULE, "_forward_cls": cls})
        cls._node_cls = type(name, (FunctionNode,), {"__slots__": (), "__module__": _MODULE, "function": cls})

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
        if modes.transforms and not separate:
            raise RuntimeError(_NO_SETUP)
        if modes.maps and cls.vmap is Function.vmap and not cls.generate_vmap_rule:
            raise RuntimeError(_NO_VMAP_RULE.format(cls.__name__))
        if separate:
            bound = inspect.signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        ctx = cls._backward_cls()
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        node = cls._node(ctx, args) if modes.grad and any(ctx.needs_input_grad) else None
        levels, modes.levels = modes.levels, ()
        try:
            with no_grad():
                output = cls.forward(*args, **kwargs) if separate else cls.forward(ctx, *args, **kwargs)
                if separate:
                    cls.setup_context(ctx, args, output)
        finally:
            modes.levels = levels
        found = _Outputs(ctx, node, args, output if isinstance(output, tuple) else (output,))
        outputs = found.wrapped()
        if levels:
            push(cls, ctx, args, outputs, found.dirty, found.fixed)
        return outputs if isinstance(output, tuple) else outputs[0]

    @classmethod
    def _node(cls, ctx: FunctionCtx, args: Sequence[Any]) -> FunctionNode:
        node: FunctionNode = blank(cls._node_cls)
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
        if sum(isinstance(o, Tensor) and self._is_differentiable(o) for o in self.outputs) > 1:
            for o in outs:
                _forbid(o, "multi")
        if node is not None:
            node.metas, node.plain = tuple(meta_of(o) for o in outs), False
            node.shape, node.dtype = next((meta_of(o) for o in outs if isinstance(o, Tensor)), NOTHING)
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
        if not self._is_differentiable(out):
            out = self._without_history(out, is_input, is_dirty)
        elif is_input and is_dirty:
            self._rewrite(out)
        else:
            out = _alias(out) if is_input else out
            out._node, out._wants_grad, out.output_nr = self.node, False, nr
        if not (is_input and is_dirty):
            _forbid(out, "function")  # a write through it would go round the custom backward
        elif out._view is None and out._node is self.node:
            out.output_nr = nr
        return out

    def _is_differentiable(self, out: Tensor) -> bool:
        return self.node is not None and not _among(out, self.fixed) and out._array.dtype.kind in "fc"

    def _without_history(self, out: Tensor, is_input: bool, is_dirty: bool) -> Tensor:
        if not out.requires_grad:
            return _alias(out) if is_input and not is_dirty else out
        if is_input:
            return out.detach()
        return out if out._view is not None else out.detach_()

    def _rewrite(self, target: Tensor) -> None:
        """Give an input that forward wrote to its new history."""
        if target.requires_grad and target._node is None:
            raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
        check_rewrite(target)
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


def _among(t: Any, others: Sequence[Any]) -> bool:
    return any(t is o for o in others)


def _alias(t: Tensor) -> Tensor:
    """Another tensor in the same memory, for an input that forward returned as it was."""
    out = t.detach()
    base = t if t._view is None else t._view.base
    out._view = View(base, () if t._view is None else t._view.chain, t._version)
    return out


def _forbid(t: Any, why: str) -> None:
    if isinstance(t, Tensor) and t._view is not None:
        t._view = t._view._replace(forbids=why)


class Error(ManyEdged):
    """Stands where a gradient has a history that cannot be followed."""

    __slots__ = ("__dict__",)
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
        delayed = _delayed(type(ctx).__name__.removesuffix("Backward"), sources, outputs if many else (outputs,))
        return delayed if many else delayed[0]

    return wrapper


def _delayed(function: str, sources: Sequence[Tensor], outputs: Sequence[Any]) -> tuple[Any, ...]:
    """Copies of the outputs that lead to an error."""
    node = blank(Error)
    node.function = function
    node.edges = tuple(edge(t) for t in sources)
    node.edge_nrs = tuple(t.output_nr for t in sources)
    node.saved, node.kwargs, node.seq = (), {}, tick()
    outs = tuple(None if o is None else o.detach() for o in outputs)
    node.metas, node.plain = tuple(meta_of(o) for o in outs), False
    node.shape, node.dtype = node.metas[0]
    for nr, out in enumerate(outs):
        if out is not None:
            out._node, out.output_nr = node, nr
    return outs
