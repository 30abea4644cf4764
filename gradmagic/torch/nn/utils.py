"""``torch.nn.utils``: gradients made smaller, parameters as one vector. Knows no module."""

from __future__ import annotations

import types
import warnings
from collections.abc import Iterable
from typing import Any

from gradmagic.engine.modes import no_grad
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.torch import creation, linalg
from gradmagic.torch.nn.parameter import typename


def _gradients(parameters: Any) -> list[Any]:
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in parameters if p.grad is not None]


def get_total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Any:
    """The norm of tensors as if they were one vector.

    Parameters
    ----------
    tensors : Tensor or iterable of Tensor
        Of any shapes.
    norm_type : float
        The order of the norm; ``"inf"`` for the largest absolute value.
    error_if_nonfinite : bool
        Whether an infinite norm is an error.
    foreach : bool, optional
        Of no effect here.

    Returns
    -------
    Tensor
        Of no dimensions.

    Raises
    ------
    RuntimeError
        If the norm is not finite and that is an error.
    """
    with no_grad():
        tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
        norm_type = float(norm_type)
        if not tensors:
            return creation.tensor(0.0)
        total = linalg.vector_norm(F["stack"]([linalg.vector_norm(t, norm_type) for t in tensors]), norm_type)
        if error_if_nonfinite and not F["isfinite"](total):
            raise RuntimeError(
                f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be clipped. To "
                "disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
            )
        return total


def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Tensor, foreach: bool | None = None) -> None:
    """Scale gradients, in place, by what makes ``total_norm`` at most ``max_norm``."""
    with no_grad():
        factor = F["clamp"](float(max_norm) / (total_norm + 1e-6), max=1.0)
        for g in _gradients(parameters):
            g.mul_(factor)


def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Any:
    """Scale the gradients of parameters, in place, so that together their norm is at most ``max_norm``.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose ``.grad`` is meant.
    max_norm, norm_type, error_if_nonfinite, foreach
        As in :func:`get_total_norm`.

    Returns
    -------
    Tensor
        The norm before.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor([3.0, 4.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> torch.nn.utils.clip_grad_norm_(x, 1.0), x.grad
    (tensor(10.), tensor([0.6000, 0.8000]))
    """
    with no_grad():
        generated = isinstance(parameters, types.GeneratorType)
        parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
        if generated and not parameters:
            warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3)
        total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
        clip_grads_with_norm_(parameters, max_norm, total)
        return total


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Bring every element of the gradients, in place, within ± ``clip_value``."""
    with no_grad():
        limit = float(clip_value)
        for g in _gradients(parameters):
            g.clamp_(min=-limit, max=limit)


def parameters_to_vector(parameters: Iterable[Any]) -> Any:
    """The parameters one after another in one vector."""
    return F["cat"]([p.view(-1) for p in parameters])


def vector_to_parameters(vec: Any, parameters: Iterable[Any]) -> None:
    """Give parameters the values of a vector, each its part of it."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {typename(vec)}")
    at = 0
    for p in parameters:
        n = p.numel()
        p.data = vec[at : at + n].view_as(p).data
        at += n


__all__ = [
    "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm", "parameters_to_vector",
    "vector_to_parameters",
]  # fmt: skip
