"""``torch.autograd.functional``: Jacobians, Hessians and their products with vectors. Knows functions; knows no node.

A Jacobian in forward mode follows one tangent for each column. All else comes from the reverse mode; there a Jacobian
times a vector is torch's double-backward trick: the gradient is linear in its weights, and is differentiated by them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gradmagic.engine.backward import grad
from gradmagic.engine.modes import enable_grad, modes, set_grad_enabled
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.torch import basis
from gradmagic.torch.autograd import forward_ad
from gradmagic.torch.autograd import strictness as S

_FORWARD_ONLY_VECTORIZED = (
    "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for `vectorize=True`."
)
_NOT_TOGETHER = (
    "torch.autograd.functional.jacobian: {} and {} are not supported together{}. Please either set {} or {}."
)


# -- what goes in and what comes out ----------------------------------------------------------------------------


def _taken(inputs: Sequence[Any], create: bool, wants_grad: bool) -> tuple[Any, ...]:
    """New tensors for the arguments, so that the same ones captured by the function are not mistaken for them."""
    return tuple(
        t.view(t.shape) if create and t.requires_grad else t.detach().requires_grad_(wants_grad) for t in inputs
    )


def _given(values: Any, create: bool) -> Any:
    """Without history, unless it was asked for."""
    if create or not values:
        return values
    return tuple(v.detach() if isinstance(v, Tensor) else _given(v, create) for v in values)


def _unpacked(values: Any, was_tuple: bool) -> Any:
    return values if was_tuple else values[0]


def _unpacked_twice(values: Any, outer: bool, inner: bool) -> Any:
    return _unpacked(values if inner else tuple(row[0] for row in values), outer)


def _zeros(like: Any, wants_grad: bool = False) -> Any:
    zero: Any = Tensor._of(np.zeros(like._array.shape, like._array.dtype))
    return zero.requires_grad_() if wants_grad else zero


def _gradients(
    outputs: Sequence[Any], inputs: Any, weights: Any = None, create: bool = False, **options: Any
) -> tuple[Any, ...]:
    """``grad`` of those outputs that have one; None for the inputs where there are none."""
    pairs = list(zip(outputs, (None,) * len(outputs) if weights is None else weights, strict=True))
    pairs = [(out, w) for out, w in pairs if out is not None and out.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    outs, ws = zip(*pairs, strict=True)
    found: tuple[Any, ...] = grad(outs, inputs, ws, create_graph=create, allow_unused=True, **options)
    return found


def _vector(v: Any, name: str, create: bool, like: Sequence[Any], was_tuple: bool) -> Any:
    _, v = S.as_tuple(v, "v", name)
    v = _taken(v, create, wants_grad=False)
    S.check_vector(v, like, was_tuple)
    return v


def _input_vector(v: Any, name: str, create: bool, inputs: Sequence[Any], was_tuple: bool) -> Any:
    if v is not None:
        return _vector(v, name, create, inputs, was_tuple)
    if len(inputs) != 1 or inputs[0].numel() != 1:
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
            "element."
        )
    return None


def _called(func: Callable[..., Any], inputs: Any, name: str, strict: bool) -> tuple[bool, tuple[Any, ...]]:
    was_tuple, outputs = S.as_tuple(func(*inputs), "outputs of the user-provided function", name)
    S.check_outputs(outputs, strict)
    return was_tuple, outputs


def _scalar(outputs: Any, was_tuple: bool, name: str) -> Any:
    if was_tuple:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outputs[0].numel() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
    return outputs[0]


# -- the public functions ---------------------------------------------------------------------------------------


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of a vector with the Jacobian of a function.

    Parameters
    ----------
    func : callable
        Takes Tensors, returns a Tensor or a tuple of them.
    inputs : Tensor or tuple of Tensor
        Where.
    v : Tensor or tuple of Tensor, optional
        Of the shapes of the outputs. Needed unless the function has one output of one element.
    create_graph : bool
        Whether output and result can be differentiated again.
    strict : bool
        Whether an output that does not depend on an input is an error, rather than zero.

    Returns
    -------
    output : Tensor or tuple of Tensor
        ``func(*inputs)``.
    vjp : Tensor or tuple of Tensor
        Of the shapes of the inputs.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x, v = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0])
    >>> torch.autograd.functional.vjp(lambda t: t**2, x, v)
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        inputs_tuple, inputs = S.as_tuple(inputs, "inputs", "vjp")
        inputs = _taken(inputs, create_graph, wants_grad=True)
        outputs_tuple, outputs = _called(func, inputs, "vjp", strict)
        if v is not None:
            v = _vector(v, "vjp", create_graph, outputs, outputs_tuple)
        elif len(outputs) != 1 or outputs[0].numel() != 1:
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single "
                "element."
            )
    with set_grad_enabled(create_graph or modes.grad):
        found = _gradients(outputs, inputs, v, create_graph)
        found = S.filled(found, inputs, strict, create_graph, "back")
    return _unpacked(_given(outputs, create_graph), outputs_tuple), _unpacked(_given(found, create_graph), inputs_tuple)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of the Jacobian of a function with a vector.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As in :func:`vjp`.
    v : Tensor or tuple of Tensor, optional
        Of the shapes of the inputs. Needed unless there is one input of one element.

    Returns
    -------
    output : Tensor or tuple of Tensor
        ``func(*inputs)``.
    jvp : Tensor or tuple of Tensor
        Of the shapes of the outputs.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x, v = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0])
    >>> torch.autograd.functional.jvp(lambda t: t.prod(), x, v)
    (tensor(2.), tensor(12.))
    """
    with enable_grad():
        inputs_tuple, inputs = S.as_tuple(inputs, "inputs", "jvp")
        inputs = _taken(inputs, create_graph, wants_grad=True)
        v = _input_vector(v, "jvp", create_graph, inputs, inputs_tuple)
        outputs_tuple, outputs = _called(func, inputs, "jvp", strict)
        weights = tuple(_zeros(out, wants_grad=True) for out in outputs)
        backs = _gradients(outputs, inputs, weights, create=True)
        S.check_gradients(backs, strict)
    with set_grad_enabled(create_graph or modes.grad):
        found = _gradients(backs, weights, v, create_graph)
        found = S.filled(found, outputs, strict, create_graph, "back_trick")
    return _unpacked(_given(outputs, create_graph), outputs_tuple), _unpacked(
        _given(found, create_graph), outputs_tuple
    )


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of a function: the derivatives of every output element by every input element.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As in :func:`vjp`.
    vectorize : bool
        One batched call of ``grad`` for all rows. Without it, too, unless rows are looked at one by one (``strict``) or
        recorded (``create_graph``).
    strategy : {"reverse-mode", "forward-mode"}
        Row by row or column by column.

    Returns
    -------
    Tensor, tuple or tuple of tuples of Tensor
        Of shape ``output.shape + input.shape``; a tuple over outputs, over inputs, or both, where these are tuples.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.autograd.functional.jacobian(lambda t: t**2, torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in {"forward-mode", "reverse-mode"}:
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs '
            'than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        _check_forward(create_graph, strict)
        return _jacobian_forward(func, inputs, vectorize)
    with enable_grad():
        inputs_tuple, inputs = S.as_tuple(inputs, "inputs", "jacobian")
        inputs = _taken(inputs, create_graph, wants_grad=True)
        outputs_tuple, outputs = _called(func, inputs, "jacobian", strict)
        if vectorize and strict:
            raise RuntimeError(_NOT_TOGETHER.format("`strict=True`", "`vectorized=True`", "", "`strict=False`",
                                                    "`vectorize=False`"))  # fmt: skip
        rows = tuple(_rows(i, out, inputs, create_graph, strict, vectorize) for i, out in enumerate(outputs))
        return _unpacked_twice(_given(rows, create_graph), outputs_tuple, inputs_tuple)


def _rows(i: int, out: Any, inputs: Any, create: bool, strict: bool, vectorize: bool) -> tuple[Any, ...]:
    """The Jacobian of one output by each input."""
    unseen = out.numel() > 1 and not (create or strict)  # the same numbers, and no graph that would show the way
    if vectorize or unseen:
        options: Any = {"retain_graph": True, "is_grads_batched": True}
        rows = basis.mapped(lambda w: _gradients((out,), inputs, (w,), create, **options), out)
        return tuple(
            Tensor._of(np.zeros(out.shape + t.shape, t._array.dtype)) if g is None else g.reshape(out.shape + t.shape)
            for g, t in zip(rows, inputs, strict=True)
        )
    columns: list[list[Any]] = [[] for _ in inputs]
    for j in range(out.numel()):
        found = _gradients((out.reshape(-1)[j],), inputs, None, create, retain_graph=True)
        S.check_row(found, i, strict, create)
        for column, g, t in zip(columns, found, inputs, strict=True):
            column.append(_zeros(t) if g is None else g)
    return tuple(F["stack"](c, 0).view(out.shape + t.shape) for c, t in zip(columns, inputs, strict=True))


def _check_forward(create_graph: bool, strict: bool) -> None:
    forward, reverse, yet = '`strategy="forward-mode"`', '`strategy="reverse-mode"`', " (yet)"
    if create_graph:
        raise NotImplementedError(
            _NOT_TOGETHER.format("`create_graph=True`", forward, yet, "`create_graph=False`", reverse)
        )
    if strict:
        raise RuntimeError(_NOT_TOGETHER.format("`strict=True`", forward, yet, "`strict=False`", reverse))


def _jacobian_forward(func: Callable[..., Any], inputs: Any, vectorize: bool) -> Any:
    """Column by column: one product with each basis vector of the inputs."""
    inputs_tuple, inputs = S.as_tuple(inputs, "inputs", "jacobian")
    if not vectorize:
        raise NotImplementedError(_FORWARD_ONLY_VECTORIZED)
    outputs_tuple = False
    columns: list[Any] = []
    for i, t in enumerate(inputs):
        for k in range(t.numel()):
            with forward_ad.dual_level():
                moving = [u.view(u.shape) for u in inputs]
                moving[i] = forward_ad.make_dual(t, _basis_vector(t, k))
                outputs_tuple, outputs = S.as_tuple(func(*moving), "outputs", "None")  # the name that torch gives
                columns.append([_tangent(out) for out in outputs])
    if not columns:  # of nothing: called all the same, to see the form of the outputs
        outputs_tuple, outputs = S.as_tuple(func(*inputs), "outputs", "None")
    ends = np.cumsum([0, *(t.numel() for t in inputs)])
    parts = [columns[a:b] for a, b in pairwise(ends)]
    table = [  # lists, as torch gives here
        [_side_by_side([c[o] for c in part], out, t) for part, t in zip(parts, inputs, strict=True)]
        for o, out in enumerate(outputs)
    ]
    return _unpacked_twice(table, outputs_tuple, inputs_tuple)


def _side_by_side(columns: list[Any], out: Any, t: Any) -> Any:
    """The columns of an output's Jacobian by one input, as torch lays them out."""
    if not columns:
        return Tensor._of(np.zeros(out.shape + t.shape, out._array.dtype))
    return F["stack"](columns, -1).reshape(out.shape + t.shape)


def _tangent(out: Any) -> Any:
    tangent = forward_ad.unpack_dual(out).tangent
    return _zeros(out) if tangent is None else tangent


def _basis_vector(like: Any, k: int) -> Any:
    v = np.zeros(like._array.shape, like._array.dtype)
    v.reshape(-1)[k] = 1
    return Tensor._of(v)


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a function of one output element: the Jacobian of its gradient.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As in :func:`vjp`; ``func`` returns a Tensor of one element.
    vectorize : bool
        As in :func:`jacobian`.
    outer_jacobian_strategy : {"reverse-mode", "forward-mode"}
        The strategy of the outer :func:`jacobian`.

    Returns
    -------
    Tensor or tuple of tuples of Tensor
        ``hessian[i][j]`` of shape ``inputs[i].shape + inputs[j].shape``.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.autograd.functional.hessian(lambda t: (t**3).sum(), torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    inputs_tuple, inputs = S.as_tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in {"forward-mode", "reverse-mode"}:
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def one_element(*arguments: Any) -> Any:
        was_tuple, outputs = _called(func, arguments, "hessian", strict)
        return _scalar(outputs, was_tuple, "hessian").squeeze()

    def gradient(*arguments: Any) -> Any:
        if outer_jacobian_strategy == "forward-mode":
            arguments = tuple(t.requires_grad_() for t in arguments)
        found = jacobian(one_element, arguments, create_graph=True)
        S.check_jacobian(found, strict)
        return found

    found = jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return _unpacked_twice(found, inputs_tuple, inputs_tuple)


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of a vector with the Hessian of a function of one output element.

    Parameters
    ----------
    func, inputs, create_graph, strict
        As in :func:`hessian`.
    v : Tensor or tuple of Tensor, optional
        Of the shapes of the inputs. Needed unless there is one input of one element.

    Returns
    -------
    output : Tensor
        ``func(*inputs)``.
    vhp : Tensor or tuple of Tensor
        Of the shapes of the inputs.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.autograd.functional.vhp(lambda t: (t**3).sum(), torch.tensor([1.0, 2.0]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    with enable_grad():
        inputs_tuple, inputs, v, outputs, jac = _first_order(func, inputs, v, "vhp", create_graph, strict)
    with set_grad_enabled(create_graph or modes.grad):
        found = _gradients(jac, inputs, v, create_graph)
        found = S.filled(found, inputs, strict, create_graph, "double_back")
    return _given(outputs, create_graph)[0], _unpacked(_given(found, create_graph), inputs_tuple)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of the Hessian of a function of one output element with a vector.

    For a function that is twice continuously differentiable it equals :func:`vhp`, which takes one pass less.

    Parameters
    ----------
    func, inputs, v, create_graph, strict
        As in :func:`vhp`.

    Returns
    -------
    output : Tensor
        ``func(*inputs)``.
    hvp : Tensor or tuple of Tensor
        Of the shapes of the inputs.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.autograd.functional.hvp(lambda t: (t**3).sum(), torch.tensor([1.0, 2.0]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    with enable_grad():
        inputs_tuple, inputs, v, outputs, jac = _first_order(func, inputs, v, "hvp", create_graph, strict)
        weights = tuple(_zeros(t, wants_grad=True) for t in inputs)
        backs = _gradients(jac, inputs, weights, create=True)
    with set_grad_enabled(create_graph or modes.grad):
        found = _gradients(backs, weights, v, create_graph)
        found = S.filled(found, inputs, strict, create_graph, "double_back_trick")
    return _given(outputs, create_graph)[0], _unpacked(_given(found, create_graph), inputs_tuple)


def _first_order(func: Callable[..., Any], inputs: Any, v: Any, name: str, create: bool, strict: bool) -> Any:
    """What both Hessian products begin with: the value and its gradient, recorded."""
    inputs_tuple, inputs = S.as_tuple(inputs, "inputs", name)
    inputs = _taken(inputs, create, wants_grad=True)
    v = _input_vector(v, name, create, inputs, inputs_tuple)
    outputs_tuple, outputs = _called(func, inputs, name, strict)
    _scalar(outputs, outputs_tuple, name)
    jac = _gradients(outputs, inputs, create=True)
    S.check_jacobian(jac, strict)
    return inputs_tuple, inputs, v, outputs, jac


__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
