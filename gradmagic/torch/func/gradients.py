"""``grad`` and ``grad_and_value``: the gradient of a scalar function, as a function."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from gradmagic.engine.tensor import Tensor
from gradmagic.torch import trees
from gradmagic.torch.func.arguments import (
    gradients,
    positions_of,
    replaced,
    without_aux,
)
from gradmagic.torch.levels import Level

_GRAD = "grad_and_value(f)(*args)"

__all__ = ["grad", "grad_and_value"]


def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the gradient and the value of a scalar function.

    Parameters
    ----------
    func : callable
        Returns a Tensor of no dimensions; with ``has_aux``, a pair of it and anything.
    argnums : int or tuple of int
        Which arguments to differentiate by. They may be nested tuples, lists and dicts of Tensors.
    has_aux : bool
        Whether ``func`` returns something beside its value.

    Returns
    -------
    callable
        Takes what ``func`` takes, gives ``(gradient, value)`` or ``(gradient, (value, aux))``.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.func.grad_and_value(lambda t: t**2)(torch.tensor(3.0))
    (tensor(6.), tensor(9.))
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with Level() as level:
            positions = positions_of(argnums, len(args))
            fresh = [trees.mapped(level.fresh, args[n]) for n in positions]
            result = func(*replaced(args, positions, fresh), **kwargs)
            value, aux = without_aux(result, has_aux, _GRAD + ": output of function f")
            _check_scalar(value)
            leaves, spec = trees.flatten(fresh[0] if isinstance(argnums, int) else tuple(fresh))
            found = gradients([value], leaves, None, level.has_history([value]))
            gradient = level.given(trees.unflatten(found, spec))
            value, aux = level.given(value), level.given(aux)
        return (gradient, (value, aux)) if has_aux else (gradient, value)

    return wrapper


def _check_scalar(value: Any) -> None:
    if not isinstance(value, Tensor):
        raise RuntimeError(f"{_GRAD}: Expected f(*args) to return a Tensor, got {type(value)}")
    if value.ndim != 0:
        raise RuntimeError(
            f"{_GRAD}: Expected f(*args) to return a scalar Tensor, got tensor with {value.ndim} dims. Maybe you wanted to "
            "use the vjp or jacrev APIs instead?"
        )


def grad(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a scalar function, as a function.

    Parameters
    ----------
    func, argnums, has_aux
        As in :func:`grad_and_value`.

    Returns
    -------
    callable
        Takes what ``func`` takes, gives its gradient, or ``(gradient, aux)``.

    Examples
    --------
    >>> from gradmagic import torch
    >>> cubed = lambda t: t**3
    >>> torch.func.grad(torch.func.grad(cubed))(torch.tensor(2.0))
    tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapper
