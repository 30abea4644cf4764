"""Stochastic gradient descent. Knows one parameter at a time."""

from __future__ import annotations

from typing import Any

from gradmagic.torch.optim.optimizer import Optimizer, check, check_implementation, check_lr, not_negative


class SGD(Optimizer):
    """Gradient descent, with momentum if asked for.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
        What to optimize; a dict has ``"params"``, and options that differ from the defaults.
    lr : float or Tensor
        How far to go.
    momentum : float
        How much of the last step's direction stays.
    dampening : float
        How much of the gradient does not get into that direction.
    weight_decay : float
        How much of the parameter is added to its gradient.
    nesterov : bool
        Whether to look ahead along that direction.
    maximize : bool
        Whether to go up instead of down.
    foreach, fused : bool, optional
        Of no effect here: in torch they choose among implementations.
    differentiable : bool
        Whether the step itself is recorded.

    Raises
    ------
    ValueError
        If an option is out of its range.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> descent = torch.optim.SGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> descent.step()
    >>> x
    tensor(2.4000, requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {name: value for name, value in locals().items() if name not in {"self", "params", "__class__"}}
        check_lr(lr)
        check(momentum, "momentum value", not_negative)
        check(weight_decay, "weight_decay value", not_negative)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, defaults)
        check_implementation(fused, foreach, differentiable)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        if group["momentum"] != 0:
            direction = state.get("momentum_buffer")
            if direction is None:
                direction = state["momentum_buffer"] = grad.detach().clone()
            else:
                direction.mul_(group["momentum"]).add_(grad, alpha=1 - group["dampening"])
            grad = grad.add(direction, alpha=group["momentum"]) if group["nesterov"] else direction
        p.add_(grad, alpha=-group["lr"])


__all__ = ["SGD"]
