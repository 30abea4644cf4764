"""What every optimizer is: groups of parameters, a state for each, and how both are saved. Knows no rule of descent."""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np

from gradmagic.engine.modes import enable_grad, set_grad_enabled
from gradmagic.engine.tensor import Tensor
from gradmagic.torch.nn.parameter import forget, typename


class Optimizer:
    """Groups of parameters, each with its options. A subclass says in ``_update`` what a step does to one parameter.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor), or of dict
        What to optimize; a dict has ``"params"``, and options that differ from the defaults.
    defaults : dict
        The options.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                + typename(params)
            )
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Change one parameter in place: the rule of descent."""
        raise NotImplementedError

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Computes the gradients anew, and returns the loss.

        Returns
        -------
        object
            What ``closure`` gave.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with set_grad_enabled(bool(self.defaults.get("differentiable"))):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self._step(p, group)
        return loss

    def _step(self, p: Any, group: dict[str, Any]) -> None:
        grad = -p.grad if group.get("maximize") else p.grad
        state = self.state.get(p, {})
        self._update(p, grad, state, group)
        if state:
            self.state[p] = state

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or set them to zero."""
        for group in self.param_groups:
            for p in group["params"]:
                forget(p, set_to_none)

    # -- groups -------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own.

        Parameters
        ----------
        param_group : dict
            ``"params"``, and options that differ from the defaults.

        Raises
        ------
        TypeError
            If something else than tensors is to be optimized.
        ValueError
            If a tensor is no leaf, or is there already.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        _name_params(param_group)
        for p in param_group["params"]:
            self._check(p)
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        own = param_group["params"]
        if len(own) != len(set(own)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; see "
                "github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        for group in self.param_groups:
            if ("param_names" in group) != ("param_names" in param_group):
                how = "with names" if "param_names" in param_group else "without names"
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{how} to the optimizer"
                )
        if not set(own).isdisjoint(chain.from_iterable(group["params"] for group in self.param_groups)):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def _check(self, p: Any) -> None:
        if not isinstance(p, Tensor):
            raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {typename(p)}")
        if not self.defaults.get("differentiable") and not (p.is_leaf or p.retains_grad):
            raise ValueError("can't optimize a non-leaf Tensor")

    # -- saving -------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state with numbers in the places of parameters: ``{"state": …, "param_groups": …}``."""
        everyone = chain.from_iterable(group["params"] for group in self.param_groups)
        numbers: dict[Any, int] = {}
        for p in everyone:
            numbers.setdefault(p, len(numbers))
        groups = [{key: value for key, value in group.items() if key != "params"} for group in self.param_groups]
        for packed, group in zip(groups, self.param_groups, strict=True):
            packed["params"] = [numbers[p] for p in group["params"]]
        state = {numbers.get(p, p): value for p, value in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a `state_dict`.

        Parameters
        ----------
        state_dict : dict
            Of an optimizer of the same kind for parameters of the same shapes.

        Raises
        ------
        ValueError
            If groups differ in number or length.
        """
        saved = copy.deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(a["params"]) != len(b["params"]) for a, b in zip(saved, self.param_groups, strict=True)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        everyone: dict[Any, Any] = {}
        for new, group in zip(saved, self.param_groups, strict=True):
            everyone |= zip(new["params"], group["params"], strict=True)
            new["params"] = group["params"]
            if "param_names" in group:
                new.setdefault("param_names", group["param_names"])
        state: defaultdict[Any, Any] = defaultdict(dict)
        for number, values in state_dict["state"].items():
            p = everyone.get(number, number)
            state[p] = _fitted(p, values) if number in everyone else values
        self.param_groups, self.state = saved, state

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines += [*[""][: i > 0], f"Parameter Group {i}"]
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def _name_params(group: dict[str, Any]) -> None:
    """Make a list of the group's parameters, and another of their names if they have any."""
    params = group["params"]
    if isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets will "
            "change between runs. Please use a list instead."
        )
    params = [params] if isinstance(params, Tensor) else list(params)
    names = [p[0] for p in params if isinstance(p, tuple)]
    group["params"] = [p[1] if isinstance(p, tuple) else p for p in params]
    if names and len(names) != len(params):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    if names:
        group["param_names"] = names


def _fitted(p: Any, values: Any, key: str = "") -> Any:
    """A copy of a parameter's state in the parameter's dtype; the number of steps stays what it is."""
    if isinstance(values, Tensor):
        kept = key == "step" or p._array.dtype.kind not in "fc"
        return values.clone() if kept else values.to(p.dtype, copy=True)
    if isinstance(values, dict):
        return {name: _fitted(p, value, name) for name, value in values.items()}
    return values


def parts(t: Any) -> Any:
    """A complex tensor's memory, and its version, as real numbers: both parts are parameters. A real one as it is."""
    if not t.is_complex():
        return t
    real = t.detach()
    real._array = np.atleast_1d(real._array).view(real._array.real.dtype)
    return real


def check(value: Any, what: str, fits: Callable[[Any], bool]) -> None:
    """Refuse an option in torch's words: ``Invalid learning rate: -1``."""
    if not fits(value):
        raise ValueError(f"Invalid {what}: {value}")


def check_lr(lr: Any) -> None:
    """The checks of a learning rate."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    check(lr, "learning rate", not_negative)


def not_negative(value: Any) -> bool:
    """Whether torch takes it: NaN, too, is not negative."""
    return not value < 0.0


def check_implementation(fused: bool | None, foreach: bool | None, differentiable: bool) -> None:
    """Torch's choices of an implementation: here there is one, but what contradicts itself is refused."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


__all__ = ["Optimizer"]
