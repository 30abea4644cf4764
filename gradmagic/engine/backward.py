"""The two doors: ``grad`` and ``backward``, their checks and their options. The walk itself is in ``walk``, how a call sets it going in ``calls``.

The contract (types, words and order of the checks) is that of torch 2.13's ``torch/autograd/__init__.py``.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.batches import batched
from gradmagic.engine.calls import GradientEdge, edge_of, one_by_one, one_like, run_backward, switch
from gradmagic.engine.dtypes import Size
from gradmagic.engine.fitting import accumulate
from gradmagic.engine.layout import order
from gradmagic.engine.modes import UNUSUAL, modes
from gradmagic.engine.node import Node
from gradmagic.engine.tensor import Tensor
from gradmagic.engine.watch import GradCall, watched, watching

_CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient which "
    "can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you have to use "
    "this function, make sure to reset the .grad fields of your parameters to None after use to break the cycle and avoid "
    "the leak."
)
_ONLY_INPUTS = (
    "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other parts of "
    "the graph, please use torch.autograd.backward."
)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, (Tensor, GradientEdge)) else tuple(value)


def _weights(value: Any, n: int) -> tuple[Any, ...]:
    if value is None:
        return (None,) * n
    if isinstance(value, np.ndarray):
        return (Tensor._of(value),)  # one array of weights, as users of numpy write it
    return (value,) if isinstance(value, Tensor) else tuple(value)


def _make_grads(outputs: Sequence[Any], weights: Sequence[Any], batched: bool) -> list[Any]:
    made: list[Any] = []
    for i, (out, w) in enumerate(zip(outputs, weights, strict=False)):
        if isinstance(w, np.ndarray):
            w = Tensor._of(w)  # noqa: PLW2901
        if isinstance(w, Tensor):
            _check_weight(i, out, w, batched)
            made.append(w)
        elif w is None:
            made.append(_implicit_weight(out))
        else:
            raise TypeError(f"gradients can be either Tensors or None, but got {type(w).__name__}")
    return made


def _meta_of(out: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape and dtype of an output: of a Tensor, or of a place in the graph."""
    if isinstance(out, GradientEdge):
        target, nr = edge_of(out)
        if isinstance(target, Node):
            return target.meta(nr)
        out = target
    return out._array.shape, out._array.dtype


def _check_weight(i: int, out: Any, w: Tensor, batched: bool) -> None:
    if batched and w._array.shape[:1] == (0,):
        raise IndexError("index 0 is out of bounds for dimension 0 with size 0")
    if batched and w.ndim == 0:
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim "
            "tensor to a number"
        )
    wanted, dtype = _meta_of(out)
    given = w._array.shape[1:] if batched else w._array.shape
    if given == wanted and w._array.dtype is dtype:
        return
    if given != wanted:
        if batched:
            raise RuntimeError(
                f"If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. "
                f"The sizes of the remaining dimensions are expected to match the shape of corresponding output, but a "
                f"mismatch was detected: grad_output[{i}] has a shape of {w.shape} and output[{i}] has a shape of "
                f"{Size(wanted)}. If you only want some tensors in `grad_output` to be considered batched, consider using vmap."
            )
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {w.shape} and output[{i}] has a shape of {Size(wanted)}."
        )
    if bool(w.dtype.is_complex) is not (dtype.kind == "c"):
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[{i}] has a dtype of {w.dtype} and output[{i}] has a dtype of {dtypes.of(dtype)}."
        )


def _implicit_weight(out: Any) -> Any:
    if not isinstance(out, Tensor):
        if isinstance(out, GradientEdge):
            shape, dtype = _meta_of(out)
            if np.prod(shape) != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            return Tensor._of(np.ones(shape, dtype))
        raise AssertionError("Expected output to be a torch.Tensor")
    if not out.requires_grad:
        return None
    if out._array.size != 1:
        raise RuntimeError("grad can be implicitly created only for scalar outputs")
    if not out.dtype.is_floating_point:
        raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {out.dtype}")
    return Tensor._of(one_like(out._array))


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The sum of the gradients of ``outputs`` with respect to ``inputs``: weights times Jacobian.

    Parameters
    ----------
    outputs : Tensor, GradientEdge or sequence of them
        What is differentiated.
    inputs : Tensor, GradientEdge, sequence or dict of them
        By what. Non-leaf tensors may be among them.
    grad_outputs : Tensor, sequence of Tensor or None
        For each output its weights, of exactly the output's shape. None is ones, for outputs of one element.
    retain_graph : bool, optional
        Keep what the graph saved, so that it can be gone through again. Default: the value of ``create_graph``.
    create_graph : bool
        Record a graph of the gradient, so that it can be differentiated again.
    only_inputs : bool
        Deprecated and ignored, as in torch.
    allow_unused : bool, optional
        Give None for an input that no output depends on, instead of an error. Default: ``materialize_grads``.
    is_grads_batched : bool
        The first dimension of every weight is a batch: one gradient for each of its rows.
    materialize_grads : bool
        Give zeros instead of None.

    Returns
    -------
    tuple of Tensor, or dict if ``inputs`` is one
        In the order of ``inputs``, each of its input's shape and dtype.

    Raises
    ------
    RuntimeError, TypeError, ValueError
        In the words of torch 2.13: no gradient can be found, weights do not fit, the graph was freed.

    Notes
    -----
    The contract is that of ``torch.autograd.grad`` [1]_.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> (dydx,) = torch.autograd.grad(x**3, x, torch.ones(2), create_graph=True)
    >>> dydx
    tensor([ 3., 12.], grad_fn=<MulBackward0>)
    >>> torch.autograd.grad(dydx, x, torch.ones(2))
    (tensor([ 6., 12.]),)
    """
    if only_inputs and not (allow_unused or is_grads_batched or materialize_grads or UNUSUAL):
        found = one_by_one(outputs, inputs, grad_outputs, retain_graph, create_graph)
        if found is not None:
            return (found,)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if allow_unused is None:
        allow_unused = materialize_grads
    outs = _as_tuple(outputs)
    keys = None
    if isinstance(inputs, dict):
        keys, ins = list(inputs), tuple(inputs.values())
    elif isinstance(inputs, Mapping):
        raise TypeError(
            f"`inputs` argument to `grad()` must be a dict, not {type(inputs).__name__}. Other Mapping types are not "
            "supported."
        )
    else:
        ins = _as_tuple(inputs)
    if not ins:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    if not only_inputs:
        warnings.warn(_ONLY_INPUTS, FutureWarning, stacklevel=2)

    def made(given: Any) -> Any:
        return _make_grads(outs, _weights(given, len(outs)), is_grads_batched)

    if watching.watcher is None:
        weights = made(grad_outputs)
        options = (retain_graph, create_graph, allow_unused, is_grads_batched, materialize_grads)
        return _given(outs, ins, weights, keys, *options)
    named = {
        "retain_graph": retain_graph, "create_graph": create_graph, "allow_unused": allow_unused,
        "is_grads_batched": is_grads_batched, "materialize_grads": materialize_grads,
    }  # fmt: skip

    # weights that are refused are a refused call too: whoever watches sees it, and may give others
    def run(**overrides: Any) -> Any:
        weights = made(overrides.pop("grad_outputs", grad_outputs))
        return _given(outs, ins, weights, keys, **{**named, **overrides})

    return watched(GradCall("grad", outs, ins, named), run)


def _given(
    outs: tuple[Any, ...],
    ins: tuple[Any, ...],
    weights: Sequence[Any],
    keys: Sequence[Any] | None,
    retain_graph: bool | None,
    create_graph: bool,
    allow_unused: bool | None,
    is_grads_batched: bool,
    materialize_grads: bool,
) -> Any:
    """What ``grad`` returns, its arguments being in order."""
    create = switch(create_graph)
    retain = create if retain_graph is None else switch(retain_graph)
    runner = batched if is_grads_batched else run_backward
    found = runner(outs, weights, retain, create, ins, bool(allow_unused))
    if materialize_grads:
        if any(g is None and isinstance(t, GradientEdge) for g, t in zip(found, ins, strict=True)):
            raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
        found = [_zeros(t, create) if g is None else g for g, t in zip(found, ins, strict=True)]
    return tuple(found) if keys is None else dict(zip(keys, found, strict=True))


def _zeros(t: Any, create: bool) -> Any:
    zero: Any = Tensor._of(np.zeros_like(t._array, order=order(t._array)))
    zero._wants_grad = create
    return zero


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of ``tensors`` to the ``.grad`` of the leaves (or only of ``inputs``).

    Parameters
    ----------
    tensors : Tensor or sequence of Tensor
        What is differentiated.
    grad_tensors : Tensor, sequence of Tensor or None
        The weights, as ``grad_outputs`` of :func:`grad`.
    retain_graph, create_graph : bool
        As in :func:`grad`.
    grad_variables : deprecated
        The former name of ``grad_tensors``.
    inputs : Tensor or sequence of Tensor, optional
        Where gradients are wanted; all leaves if not given.

    Raises
    ------
    RuntimeError
        In the words of torch 2.13.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> torch.autograd.backward(x * x)
    >>> x.grad
    tensor(6.)
    """
    if modes.transforms:
        raise RuntimeError(
            "backward() called inside a functorch transform. This is not supported, please use functorch.grad or "
            "functorch.vjp instead or call backward() outside of functorch transforms."
        )
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only use "
                "`grad_tensors`."
            )
        grad_tensors = grad_variables
    ins = None if inputs is None else _as_tuple(inputs.values() if isinstance(inputs, dict) else inputs)
    if ins is not None and not ins:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    outs = _as_tuple(tensors)
    options = {"retain_graph": retain_graph, "create_graph": create_graph}

    def run(**overrides: Any) -> None:
        given = overrides.pop("grad_tensors", grad_tensors)
        weights = _make_grads(outs, _weights(given, len(outs)), batched=False)
        chosen = {**options, **overrides}
        create = switch(chosen["create_graph"])
        retain = create if chosen["retain_graph"] is None else switch(chosen["retain_graph"])
        if create:
            warnings.warn(_CYCLE, UserWarning, stacklevel=4)
        found = run_backward(outs, weights, retain, create, ins, True, retained=True)
        for t, g in {id(t): (t, g) for t, g in zip(ins or (), found, strict=False)}.values():
            leaf = edge_of(t)[0]  # what is no leaf retains its gradient
            if g is not None and isinstance(leaf, Tensor):
                accumulate(leaf, g, create)

    watched(GradCall("backward", outs, ins, options), run)
