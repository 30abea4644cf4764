"""Descent whose pace follows the squares of past gradients: RMSprop, Adagrad, Adadelta. Knows one parameter at a time."""

from __future__ import annotations

from typing import Any

from gradmagic.torch.creation import full_like, tensor, zeros_like
from gradmagic.torch.optim.optimizer import Optimizer, check, check_implementation, check_lr, not_negative, parts


class RMSprop(Optimizer):
    """Descent along the gradient over a running mean of its size (Hinton, 2012).

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
        What to optimize; a dict has ``"params"``, and options that differ from the defaults.
    lr : float or Tensor
        How far to go.
    alpha : float
        How much of the mean of the squares stays.
    eps : float
        What is added to the denominator.
    weight_decay : float
        How much of the parameter is added to its gradient.
    momentum : float
        How much of the last step stays.
    centered : bool
        Whether the mean of the gradient is taken off: the squares are then its variance.
    maximize : bool
        Whether to go up instead of down.
    differentiable : bool
        Whether the step itself is recorded.
    capturable, foreach : bool, optional
        Of no effect here: in torch they choose among implementations.

    Raises
    ------
    ValueError
        If an option is out of its range.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> descent = torch.optim.RMSprop([x], lr=0.1)
    >>> (x * x).backward()
    >>> descent.step()
    >>> x
    tensor(2.0000, requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        given = locals()
        names = "lr momentum alpha eps centered weight_decay capturable foreach maximize differentiable"
        defaults = {name: given[name] for name in names.split()}
        check_lr(lr)
        check(eps, "epsilon value", not_negative)
        check(momentum, "momentum value", not_negative)
        check(weight_decay, "weight_decay value", not_negative)
        check(alpha, "alpha value", not_negative)
        super().__init__(params, defaults)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        if not state:
            kept = ["square_avg", *["momentum_buffer"] * (group["momentum"] > 0), *["grad_avg"] * group["centered"]]
            state |= {"step": tensor(0.0), **{name: zeros_like(p) for name in kept}}
        state["step"] += 1
        alpha = group["alpha"]
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        p, grad, square = map(parts, (p, grad, state["square_avg"]))
        square.mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if group["centered"]:
            mean = parts(state["grad_avg"]).lerp_(grad, 1 - alpha)
            square = square.addcmul(mean, mean, value=-1)
        below = square.sqrt().add(group["eps"])
        if group["momentum"] > 0:
            last = parts(state["momentum_buffer"]).mul_(group["momentum"]).addcdiv_(grad, below)
            p.add_(last, alpha=-group["lr"])
        else:
            p.addcdiv_(grad, below, value=-float(group["lr"]))


class Adagrad(Optimizer):
    """Descent along the gradient over the root of the sum of all its squares (Duchi, Hazan and Singer, 2011).

    Parameters
    ----------
    params, lr, weight_decay, eps, foreach, maximize, differentiable, fused
        As of `SGD` and `RMSprop`.
    lr_decay : float
        How much slower it gets with every step.
    initial_accumulator_value : float
        What the sum begins with.

    Raises
    ------
    ValueError
        If an option is out of its range.
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        given = locals()
        names = "lr lr_decay eps weight_decay initial_accumulator_value foreach maximize differentiable fused"
        defaults = {name: given[name] for name in names.split()}
        check_lr(lr)
        for name in ("lr_decay", "weight_decay", "initial_accumulator_value"):
            check(defaults[name], f"{name} value", not_negative)
        check(eps, "epsilon value", not_negative)
        super().__init__(params, defaults)
        check_implementation(fused, foreach, differentiable)
        for group in self.param_groups:
            for p in group["params"]:
                start = complex(1, 1) * initial_accumulator_value if p.is_complex() else initial_accumulator_value
                self.state[p] = {"step": tensor(0.0), "sum": full_like(p, start)}

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] += 1
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        lr = float(group["lr"]) / (1 + (state["step"].item() - 1) * group["lr_decay"])
        p, grad, total = map(parts, (p, grad, state["sum"]))
        total.addcmul_(grad, grad, value=1)
        p.addcdiv_(grad, total.sqrt().add(group["eps"]), value=-lr)


class Adadelta(Optimizer):
    """Descent along the gradient over a mean of its size, times a mean of the size of the steps (Zeiler, 2012).

    Parameters
    ----------
    params, lr, weight_decay, eps, foreach, capturable, maximize, differentiable
        As of `RMSprop`.
    rho : float
        How much of both means stays.

    Raises
    ------
    ValueError
        If an option is out of its range.
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        given = locals()
        names = "lr rho eps weight_decay maximize capturable foreach differentiable"
        defaults = {name: given[name] for name in names.split()}
        check_lr(lr)
        check(rho, "rho value", lambda rho: 0.0 <= rho <= 1.0)
        check(eps, "epsilon value", not_negative)
        check(weight_decay, "weight_decay value", not_negative)
        super().__init__(params, defaults)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        if not state:
            state |= {"step": tensor(0.0), "square_avg": zeros_like(p), "acc_delta": zeros_like(p)}
        state["step"] += 1
        rho, eps = group["rho"], group["eps"]
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        p, grad, square, moved = map(parts, (p, grad, state["square_avg"], state["acc_delta"]))
        square.mul_(rho).addcmul_(grad, grad, value=1 - rho)
        delta = moved.add(eps).sqrt() / square.add(eps).sqrt() * grad
        moved.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        p.add_(delta, alpha=-group["lr"])


__all__ = ["Adadelta", "Adagrad", "RMSprop"]
