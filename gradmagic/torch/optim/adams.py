"""Kin of Adam: with Nesterov's momentum, and with a variance that is rectified. Knows one parameter at a time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gradmagic.torch.creation import tensor, zeros_like
from gradmagic.torch.optim.optimizer import Optimizer, check, check_lr, not_negative, parts


class _Means(Optimizer):
    """What both have: options, running means of the gradient and of its square, decay."""

    _begins: Mapping[str, float] = MappingProxyType({"step": 0.0})  # a parameter's state, beside the two means

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        check_lr(defaults["lr"])
        check(defaults["eps"], "epsilon value", not_negative)
        for i in range(2):
            check(defaults["betas"][i], f"beta parameter at index {i}", lambda beta: 0.0 <= beta < 1.0)
        check(defaults["weight_decay"], "weight_decay value", not_negative)
        if "momentum_decay" in defaults:
            check(defaults["momentum_decay"], "momentum_decay value", not_negative)
        super().__init__(params, defaults)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        if not state:
            state |= {name: tensor(value) for name, value in self._begins.items()}
            state |= {"exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}
        state["step"] += 1
        beta1, beta2 = group["betas"]
        if group["weight_decay"] != 0 and group["decoupled_weight_decay"]:
            p.mul_(1 - group["lr"] * group["weight_decay"])
        elif group["weight_decay"] != 0:
            grad = grad.add(p, alpha=group["weight_decay"])
        p, grad, mean, square = map(parts, (p, grad, state["exp_avg"], state["exp_avg_sq"]))
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        self._go(p, grad, mean, square, state, group)

    def _go(self, p: Any, grad: Any, mean: Any, square: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise NotImplementedError


class NAdam(_Means):
    """Adam with Nesterov's momentum: a step along what the mean of the gradient is about to be (Dozat, 2016).

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, decoupled_weight_decay, foreach, maximize, capturable, differentiable
        As of `Adam`.
    momentum_decay : float
        How fast the momentum comes to its full size.

    Raises
    ------
    ValueError
        If an option is out of its range.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> descent = torch.optim.NAdam([x], lr=0.1)
    >>> (x * x).backward()
    >>> descent.step()
    >>> x
    tensor(2.8944, requires_grad=True)
    """

    _begins = MappingProxyType({"step": 0.0, "mu_product": 1.0})

    def __init__(
        self,
        params: Any,
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        given = locals()
        names = (
            "lr betas eps weight_decay momentum_decay decoupled_weight_decay maximize foreach capturable differentiable"
        )
        super().__init__(params, {name: given[name] for name in names.split()})

    def _go(self, p: Any, grad: Any, mean: Any, square: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        n, beta1, lr = state["step"].item(), group["betas"][0], group["lr"]
        now, next_ = (beta1 * (1 - 0.5 * 0.96 ** (k * group["momentum_decay"])) for k in (n, n + 1))
        product = state["mu_product"]
        product *= now
        below = square.div(1 - group["betas"][1] ** n).sqrt().add(group["eps"])
        p.addcdiv_(grad, below, value=-float(lr) * (1 - now) / (1 - product.item()))
        p.addcdiv_(mean, below, value=-float(lr) * next_ / (1 - (product * next_).item()))


class RAdam(_Means):
    """Adam that trusts the mean of the squares only when it rests on enough of them (Liu et al., 2020).

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, decoupled_weight_decay, foreach, maximize, capturable, differentiable
        As of `Adam`.

    Raises
    ------
    ValueError
        If an option is out of its range.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> descent = torch.optim.RAdam([x], lr=0.1)
    >>> (x * x).backward()
    >>> descent.step()
    >>> x
    tensor(2.4000, requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        given = locals()
        names = "lr betas eps weight_decay maximize foreach capturable decoupled_weight_decay differentiable"
        super().__init__(params, {name: given[name] for name in names.split()})

    def _go(self, p: Any, grad: Any, mean: Any, square: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        n, (beta1, beta2) = state["step"].item(), group["betas"]
        fading = 1 - beta2**n
        step = mean / (1 - beta1**n) * group["lr"]
        longest = 2 / (1 - beta2) - 1  # of the average, in steps; and what it is now
        length = longest - 2 * n * beta2**n / fading
        if length > 5:
            rectified = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            step = step * (fading**0.5 / square.sqrt().add(group["eps"])) * rectified**0.5
        p.add_(step, alpha=-1.0)


__all__ = ["NAdam", "RAdam"]
