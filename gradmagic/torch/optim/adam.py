"""Adam, Adam with decoupled weight decay, and Adamax. Knows one parameter at a time."""

from __future__ import annotations

from typing import Any

from gradmagic.engine.tensor import Tensor
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.torch.creation import tensor, zeros_like
from gradmagic.torch.optim.optimizer import Optimizer, check, check_implementation, check_lr, not_negative, parts


class Adam(Optimizer):
    """Descent along running means of the gradient over those of its square (Kingma and Ba, 2015).

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
        What to optimize; a dict has ``"params"``, and options that differ from the defaults.
    lr : float or Tensor
        How far to go.
    betas : pair of float
        How much of the means of the gradient and of its square stays.
    eps : float
        What is added to the denominator.
    weight_decay : float
        How much of the parameter is added to its gradient.
    amsgrad : bool
        Whether the largest mean of the square so far is used.
    foreach, fused, capturable : bool, optional
        Of no effect here: in torch they choose among implementations.
    maximize : bool
        Whether to go up instead of down.
    differentiable : bool
        Whether the step itself is recorded.
    decoupled_weight_decay : bool
        Whether the parameter shrinks by itself, as in `AdamW`, rather than through its gradient.

    Raises
    ------
    ValueError
        If an option is out of its range.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> descent = torch.optim.Adam([x], lr=0.1)
    >>> (x * x).backward()
    >>> descent.step()
    >>> x
    tensor(2.9000, requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        defaults = {name: value for name, value in locals().items() if name not in {"self", "params", "__class__"}}
        check_lr(lr)
        check(eps, "epsilon value", not_negative)
        for i in range(2):
            check(betas[i], f"beta parameter at index {i}", lambda beta: 0.0 <= beta < 1.0)
        check(weight_decay, "weight_decay value", not_negative)
        if not all(isinstance(beta, float) for beta in betas) and not all(isinstance(beta, Tensor) for beta in betas):
            raise ValueError("betas must be either both floats or both Tensors")
        super().__init__(params, defaults | {"betas": tuple(betas)})
        check_implementation(fused, foreach, differentiable)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        if not state:
            _begin(p, state, group["amsgrad"])
        lr, (beta1, beta2) = group["lr"], group["betas"]
        steps, mean, square = state["step"], state["exp_avg"], state["exp_avg_sq"]
        steps += 1
        if group["weight_decay"] != 0 and group["decoupled_weight_decay"]:
            p.mul_(1 - lr * group["weight_decay"])
        elif group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        p, grad, mean, square = map(parts, (p, grad, mean, square))
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        n = steps.item()
        if group["amsgrad"]:
            largest = parts(state["max_exp_avg_sq"])
            square = largest.copy_(F["maximum"](largest, square))
        below = square.sqrt() / (1 - beta2**n) ** 0.5 + group["eps"]
        p.sub_(mean / below * (lr / (1 - beta1**n)))


def _begin(p: Any, state: dict[str, Any], amsgrad: bool) -> None:
    state["step"] = tensor(0.0)
    for name in ("exp_avg", "exp_avg_sq", *(["max_exp_avg_sq"] if amsgrad else [])):
        state[name] = zeros_like(p)


class Adamax(Optimizer):
    """Adam over the largest size of the gradient, which fades, instead of a mean of its square (Kingma and Ba, 2015).

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, foreach, maximize, differentiable, capturable
        As of `Adam`.

    Raises
    ------
    ValueError
        If an option is out of its range.
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {name: value for name, value in locals().items() if name not in {"self", "params", "__class__"}}
        check_lr(lr)
        check(eps, "epsilon value", not_negative)
        for i in range(2):
            check(betas[i], f"beta parameter at index {i}", lambda beta: 0.0 <= beta < 1.0)
        check(weight_decay, "weight_decay value", not_negative)
        super().__init__(params, defaults)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        if not state:
            state |= {"step": tensor(0.0), "exp_avg": zeros_like(p), "exp_inf": zeros_like(p)}
        state["step"] += 1
        beta1, beta2 = group["betas"]
        if group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        p, grad, mean, largest = map(parts, (p, grad, state["exp_avg"], state["exp_inf"]))
        mean.lerp_(grad, 1 - beta1)
        largest.copy_(F["maximum"](largest.mul(beta2), grad.abs().add(group["eps"])))
        p.addcdiv_(mean, largest, value=-float(group["lr"]) / (1 - beta1 ** state["step"].item()))


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter by itself (Loshchilov and Hutter, 2019).

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, amsgrad, maximize, foreach, capturable, differentiable, fused
        As of `Adam`; ``weight_decay`` is 0.01 unless given.
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        options = {name: value for name, value in locals().items() if name not in {"self", "params", "__class__"}}
        super().__init__(params, **options, decoupled_weight_decay=True)


__all__ = ["Adam", "AdamW", "Adamax"]
