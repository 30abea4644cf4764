"""``torch.autograd.forward_ad``: dual tensors by hand, at one level. Knows levels and modes; knows no op."""

from __future__ import annotations

from typing import Any, NamedTuple

from gradmagic.engine.forward import NESTED, Level
from gradmagic.engine.kinds import view
from gradmagic.engine.modes import _Switch, modes
from gradmagic.engine.tensor import Tensor

_identity = view(lambda x: x.view(), lambda g: g, node="Identity").named("identity")


class UnpackedDualTensor(NamedTuple):
    """What :func:`unpack_dual` returns: the value, and its tangent or None."""

    primal: Any
    tangent: Any


def __getattr__(name: str) -> Any:
    if name == "_current_level":  # of this thread
        return _current()
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def _current() -> int:
    return -1 if modes.dual is None else 0


def enter_dual_level() -> int:
    """Begin to follow tangents; gives the level's number, 0.

    Raises
    ------
    RuntimeError
        If a level is entered already. Higher orders are :func:`gradmagic.torch.func.jvp`'s.

    Examples
    --------
    >>> from gradmagic.torch.autograd import forward_ad
    >>> forward_ad.enter_dual_level()
    0
    >>> forward_ad.exit_dual_level()
    """
    if modes.dual is not None or modes.levels:
        raise RuntimeError(NESTED)
    modes.dual = Level().__enter__()
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """End it: all tangents at this level are gone.

    Parameters
    ----------
    level : int, optional
        The number of the level, if given.

    Examples
    --------
    >>> from gradmagic.torch.autograd import forward_ad
    >>> level = forward_ad.enter_dual_level()
    >>> forward_ad.exit_dual_level(level=level)
    """
    if level is not None and level != _current():
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    if modes.dual is None:
        raise RuntimeError("Dual level must be a positive number.")
    ended, modes.dual = modes.dual, None
    ended.__exit__()


class dual_level(_Switch):
    """A level of forward mode as context manager and decorator: tangents live inside.

    Examples
    --------
    >>> from gradmagic import torch
    >>> from gradmagic.torch.autograd import forward_ad
    >>> with forward_ad.dual_level():
    ...     x = forward_ad.make_dual(torch.tensor(3.0), torch.tensor(1.0))
    ...     x**2
    tensor(9., tangent=6.0)
    """

    def __enter__(self) -> Any:
        return enter_dual_level()

    def __exit__(self, *exc: object) -> None:
        exit_dual_level()


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """A tensor together with the direction in which it moves: what is computed from it has a tangent too.

    Parameters
    ----------
    tensor : Tensor
        The value. The result is a view of it.
    tangent : Tensor
        Of the same shape. It is kept as it is.
    level : int, optional
        The level's number; the current one by default.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> from gradmagic import torch
    >>> from gradmagic.torch.autograd import forward_ad
    >>> with forward_ad.dual_level():
    ...     x = forward_ad.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0]))
    ...     forward_ad.unpack_dual(x**3).tangent
    tensor([  3., 120.])
    """
    number = _current() if level is None else level
    if number < 0:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for name, value in (("primal", tensor), ("tangent", tangent)):
        if not (value.is_floating_point() or value.is_complex()):
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {value.dtype}")
    current = modes.dual
    if current is None or number != 0:
        raise RuntimeError("Invalid level given to _make_dual")
    if current not in modes.levels:  # in inference mode nothing is followed
        return tensor.view(tensor.shape)
    if current.tangent(tensor) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level 0 is not supported."
        )
    if current.tangent(tangent) is not None:
        raise RuntimeError(
            "Setting a forward grad that itself has a forward gradient at the same level0 is not supported."
        )
    return current.dual(tensor, tangent)


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """A dual tensor's value, and its tangent: None if it has none.

    Parameters
    ----------
    tensor : Tensor
    level : int, optional
        The level's number; the current one by default.

    Returns
    -------
    UnpackedDualTensor
        The pair ``(primal, tangent)``; the primal is a view of ``tensor``.

    Examples
    --------
    >>> from gradmagic import torch
    >>> from gradmagic.torch.autograd import forward_ad
    >>> with forward_ad.dual_level():
    ...     forward_ad.unpack_dual(torch.tensor(1.0))
    UnpackedDualTensor(primal=tensor(1.), tangent=None)
    """
    number = _current() if level is None else level
    if number < 0:
        return UnpackedDualTensor(tensor, None)
    if not isinstance(tensor, Tensor):
        got = type(tensor).__name__
        raise TypeError(f"_unpack_dual(): argument 'dual' (position 1) must be Tensor, not {got}")
    current = modes.dual
    tangent = None if number != 0 or current not in modes.levels else current.tangent(tensor)
    tensor._shared_log()  # a view needs memory to share
    primal = _identity(tensor)
    if tangent is not None:
        current.give(primal, None)
    return UnpackedDualTensor(primal, tangent)


__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]
