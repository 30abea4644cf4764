"""``jacrev``, ``jacfwd`` and ``hessian``: whole Jacobians, by rows or by columns."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.torch import basis, trees
from gradmagic.torch.func.arguments import (
    gradients,
    positions_of,
    refuse_complex,
    replaced,
    tensors_only,
    without_aux,
    zeros,
)
from gradmagic.torch.func.products import JVP, check_tangent, pusher
from gradmagic.torch.levels import Level
from gradmagic.torch.mapping import check_randomness

__all__ = ["hessian", "jacfwd", "jacrev"]


def jacrev(
    func: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Callable[..., Any]:
    """The Jacobian of a function, as a function: a backward pass for all elements of the output.

    Parameters
    ----------
    func, argnums, has_aux
        As in :func:`grad_and_value`, but the output may be any Tensor or tree of Tensors.
    chunk_size : int, optional
        Of no effect: how many rows go through the graph at once is found by their size.

    Returns
    -------
    callable
        Gives for every output, for every argument, a Tensor of shape ``output.shape + argument.shape``.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.func.jacrev(lambda t: t**3)(torch.tensor([1.0, 2.0]))
    tensor([[ 3.,  0.],
            [ 0., 12.]])
    """
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        refuse_complex("jacrev", args, "inputs")
        with Level() as level:
            positions = positions_of(argnums, len(args))
            fresh = tuple(trees.mapped(level.fresh, args[n]) for n in positions)
            result = func(*replaced(args, positions, fresh), **kwargs)
            output, aux = without_aux(result, has_aux, "vjp(f, *primals): output of function f")
            outs, spec = trees.flatten(output)
            tensors_only(outs, "vjp(f, *primals)")
            refuse_complex("jacrev", outs, "outputs")
            leaves, form = trees.flatten(fresh)
            create = level.has_history(outs)
            rows = [trees.unflatten(_rows(out, leaves, create), form) for out in outs]
            table = _arranged(rows, spec, argnums)
            return (level.given(table), level.given(aux)) if has_aux else level.given(table)

    return wrapper


def _mapped(linear: Callable[..., Any], like: Any) -> Any:
    """What a linear function makes of all basis vectors. Of nothing, none of one: with its history, if it has any."""
    if like.numel():
        return basis.mapped(linear, like)
    return [rows[:0] for rows in linear(zeros(like, 1))]


def _rows(out: Any, leaves: list[Any], create: bool) -> list[Any]:
    rows = _mapped(lambda w: gradients([out], leaves, [w], create, batch=len(w)), out)
    return [g.view(out.shape + t.shape) for g, t in zip(rows, leaves, strict=True)]


def _arranged(rows: list[Any], spec: trees.Spec, argnums: Any) -> Any:
    return trees.unflatten([row[0] for row in rows] if isinstance(argnums, int) else rows, spec)


def jacfwd(
    func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """The Jacobian of a function, as a function: a pass for all elements of each argument.

    Parameters
    ----------
    func, argnums, has_aux
        As in :func:`jacrev`.
    randomness : str
        Of no effect: the function is called once.

    Returns
    -------
    callable
        As in :func:`jacrev`.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.func.jacfwd(lambda t: t.cumsum(0))(torch.tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [1., 1.]])
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        refuse_complex("jacfwd", args, "inputs")
        check_randomness(randomness)
        with Level() as level:
            positions = positions_of(argnums, len(args))
            for leaf in trees.flatten([args[n] for n in positions])[0]:
                check_tangent(leaf, leaf)
            fresh = tuple(trees.mapped(level.fresh, args[n]) for n in positions)
            result = func(*replaced(args, positions, fresh), **kwargs)
            output, aux = without_aux(result, has_aux, JVP + ": output of function f")
            outs, spec = trees.flatten(output)
            tensors_only(outs, JVP)
            refuse_complex("jacfwd", outs, "outputs")
            leaves, form = trees.flatten(fresh)
            push = pusher(level, leaves, outs)
            columns = [_columns(push, leaves, outs, i) for i in range(len(leaves))]
            rows = [trees.unflatten([of_leaf[o] for of_leaf in columns], form) for o in range(len(outs))]
            table = _arranged(rows, spec, argnums)
            return (level.given(table), level.given(aux)) if has_aux else level.given(table)

    return wrapper


def _columns(push: Callable[..., list[Any]], leaves: list[Any], outs: list[Any], i: int) -> list[Any]:
    """For each output the Jacobian by one argument: its products with all basis vectors."""
    t = leaves[i]

    def product(vectors: Any) -> list[Any]:
        batch = len(vectors)
        return push([vectors if j == i else zeros(leaf, batch) for j, leaf in enumerate(leaves)], batch)

    found = _mapped(product, t)
    return [F["movedim"](c, 0, -1).reshape((*c.shape[1:], *t.shape)) for c in found]


def hessian(func: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """The Jacobian of the Jacobian of a function, as a function.

    Parameters
    ----------
    func, argnums
        As in :func:`jacrev`.

    Returns
    -------
    callable
        For one output and one argument a Tensor of shape ``output.shape + argument.shape + argument.shape``.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.func.hessian(lambda t: (t**3).sum())(torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
