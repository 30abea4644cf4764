"""Grad mode, inference mode and anomaly mode, each of its own thread. Knows no Tensor."""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
from collections.abc import Callable
from typing import Any

from gradmagic.engine.dtypes import type_in_c

# The threads that record no graph, or have anything else switched on that ops must look for. While it is empty, as it
# nearly always is, an op need not ask for its own thread's modes, which costs as much as a small product.
UNUSUAL: dict[int, None] = {}


class _Modes(threading.local):
    grad: bool = True
    inference: bool = False
    anomaly: bool = False
    check_nan: bool = True
    leaf_writes: bool = False
    # how many of inference, anomaly, hooks, forward levels, stops are on: ops on the fast path ask only this
    alerts: int = 0
    stop: Callable[[], None] | None = None  # raises if what runs is to stop; counts as an alert
    transforms: int = 0  # how many of torch.func's transformations are at work, one inside another
    expands: bool = False  # whether a function is being run for its Taylor series
    maps: int = 0  # and how many of them are vmap
    levels: tuple[Any, ...] = ()  # the levels of forward mode in sight, innermost last; each counts as an alert
    dual: Any = None  # the one of them that torch.autograd.forward_ad has entered

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in ("grad", "alerts"):
            if self.alerts or not self.grad:
                UNUSUAL[threading.get_ident()] = None
            else:
                UNUSUAL.pop(threading.get_ident(), None)


modes = _Modes()


_ON_A_CLASS = (
    "Decorating classes is deprecated and will be disabled in future versions. You should only decorate functions or "
    "methods. To preserve the current behavior of class decoration, you can directly decorate the `__init__` method and "
    "nothing else."
)


class _Switch:
    """A change of mode as context manager and decorator, for functions and generators alike."""

    def enter(self) -> Any:
        raise NotImplementedError

    def leave(self, before: Any) -> None:
        raise NotImplementedError

    def copy(self) -> _Switch:
        return type(self)()

    def __enter__(self) -> None:  # torch's give nothing
        self._before = self.enter()

    def __exit__(self, *exc: object) -> None:
        self.leave(self._before)

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isgeneratorfunction(func):
            return self._generator(func)
        if inspect.isclass(func):
            warnings.warn(_ON_A_CLASS, FutureWarning, stacklevel=2)

        @functools.wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self.copy():
                return func(*args, **kwargs)

        return wrapped

    def _generator(self, func: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self.copy():
                gen = func(*args, **kwargs)
            sent: Any = None
            while True:  # the mode holds while the generator runs, not while its caller does
                try:
                    with self.copy():
                        value = gen.send(sent)
                except StopIteration as stop:
                    return stop.value
                sent = yield value

        return wrapped


class _GradMode(_Switch):
    mode = True

    def __new__(cls, func: Any = None) -> Any:
        made = object.__new__(cls)
        return made if func is None else made(func)

    def enter(self) -> bool:
        before = modes.grad
        modes.grad = self.mode
        return before

    def leave(self, before: bool) -> None:
        modes.grad = before


class no_grad(_GradMode):
    """No graph is recorded inside: a context manager and a decorator.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> with torch.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    mode = False


class enable_grad(_GradMode):
    """A graph is recorded inside, also within ``no_grad``."""


class set_grad_enabled(_Switch):
    """Set grad mode at once; as a context manager, put the former mode back at its end."""

    def __init__(self, mode: Any) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {type_in_c(mode)}")
        self._before = modes.grad
        self.mode = mode
        modes.grad = mode

    def copy(self) -> set_grad_enabled:
        return set_grad_enabled(self.mode)

    def __enter__(self) -> None:
        modes.grad = self.mode

    def leave(self, before: bool) -> None:
        modes.grad = before

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        modes.grad = self._before
        return super().__call__(func)


class inference_mode(_Switch):
    """No graph and no version counters inside; tensors made here can never take part in one."""

    def __new__(cls, mode: Any = True) -> Any:
        made = object.__new__(cls)
        made.mode = True
        if callable(mode):
            return made(mode)
        made.mode = mode
        return made

    mode: bool

    def copy(self) -> inference_mode:
        made: inference_mode = inference_mode(self.mode)
        return made

    def enter(self) -> tuple[Any, ...]:
        before = (modes.inference, modes.grad, modes.levels)
        modes.inference = self.mode
        modes.grad = not self.mode
        modes.levels = () if self.mode else modes.levels
        modes.alerts += 1
        return before

    def leave(self, before: tuple[Any, ...]) -> None:
        modes.inference, modes.grad, modes.levels = before
        modes.alerts -= 1


class set_detect_anomaly(_Switch):
    """Set anomaly detection at once; as a context manager, put the former setting back at its end."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        for position, (name, value) in enumerate((("enabled", mode), ("check_nan", check_nan)), 1):
            if not isinstance(value, bool):
                raise TypeError(
                    f"set_anomaly_enabled(): argument '{name}' (position {position}) must be bool, not {type_in_c(value)}"
                )
        self._before = (modes.anomaly, modes.check_nan)
        self.mode, self.check_nan = mode, check_nan
        set_anomaly(mode, check_nan)

    def copy(self) -> set_detect_anomaly:
        return set_detect_anomaly(self.mode, self.check_nan)

    def __enter__(self) -> None:
        pass

    def leave(self, before: tuple[bool, bool]) -> None:
        set_anomaly(*before)


def set_anomaly(mode: bool, check_nan: bool) -> None:
    modes.alerts += bool(mode) - modes.anomaly
    modes.anomaly, modes.check_nan = bool(mode), check_nan


class leaf_writes(_Switch):
    """Whether a program may write into a view of a leaf that requires grad.

    Torch up to 1.7.1 let it: the leaf then becomes an interior tensor with ``grad_fn=<CopySlices>``. Torch since 1.8
    refuses, and so does gradmagic unless told ``"allow"``.

    Parameters
    ----------
    policy : {"refuse", "allow"}

    Examples
    --------
    >>> from gradmagic import torch
    >>> from gradmagic.engine import leaf_writes
    >>> x = torch.zeros(2, requires_grad=True)
    >>> with leaf_writes("allow"):
    ...     x[0] = 1.0
    >>> x
    tensor([1., 0.], grad_fn=<CopySlices>)
    """

    def __init__(self, policy: str) -> None:
        if policy not in ("refuse", "allow"):
            raise ValueError(f"leaf_writes takes 'refuse' or 'allow', but got {policy!r}")
        self.policy = policy

    def copy(self) -> leaf_writes:
        return leaf_writes(self.policy)

    def enter(self) -> bool:
        before = modes.leaf_writes
        modes.leaf_writes = self.policy == "allow"
        return before

    def leave(self, before: bool) -> None:
        modes.leaf_writes = before


def is_grad_enabled() -> bool:
    """Whether a graph is being recorded in this thread."""
    return modes.grad


def is_inference_mode_enabled() -> bool:
    """Whether this thread is in inference mode."""
    return modes.inference


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on in this thread."""
    return modes.anomaly


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection also looks for NaN."""
    return modes.check_nan
