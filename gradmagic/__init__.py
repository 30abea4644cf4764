"""gradmagic: understand and explore derivatives.

``%load_ext gradmagic`` in a notebook, ``%%grad`` over a cell; or, in plain Python, `grad`, `taylor`, `tensor` and `explore`.
Importing this loads next to nothing; the engine comes with the first name that needs it, and needs numpy only.
"""

import gc as _gc
from collections.abc import Iterator as _Iterator
from contextlib import contextmanager as _contextmanager
from importlib import import_module as _import_module
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from gradmagic import explore

if _TYPE_CHECKING:
    from gradmagic import torch
    from gradmagic.engine.backward import grad
    from gradmagic.ops.taylor import taylor
    from gradmagic.torch.creation import tensor

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "explore",
    "grad",
    "load_ipython_extension",
    "taylor",
    "tensor",
    "torch",
    "unload_ipython_extension",
]


@_contextmanager
def _uncollected() -> _Iterator[None]:
    """Python's collector at rest: what an import makes stays, and would be gone through again and again."""
    working = _gc.isenabled()
    _gc.disable()
    try:
        yield
    finally:
        if working:
            _gc.enable()


def __getattr__(name: str) -> _Any:
    if name not in ("grad", "taylor", "tensor", "torch"):
        raise AttributeError(f"module 'gradmagic' has no attribute {name!r}")
    with _uncollected():
        torch = _import_module("gradmagic.torch")  # it makes the tables too, without which a Tensor can do nothing
        taylor = _import_module("gradmagic.ops.taylor").taylor
    found = {"grad": torch.autograd.grad, "taylor": taylor, "tensor": torch.tensor, "torch": torch}
    globals().update(found)  # from now on they are looked up as any name is
    return found[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _explore(_: _ModuleType, what: _Any, /, **options: _Any) -> _Any:
    """Explore the derivatives of a function or an expression: the object that ``%%grad`` shows.

    Parameters
    ----------
    what : str or callable
        An expression or program in x, or a function whose first argument is x.
    **options
        Ranges, as ``x=(-6, 6)`` or ``a=(0, 3)``; numbers, as ``b=1.5``; and the options of ``%%grad``.

    Returns
    -------
    gradmagic.panel.Panel
        With ``x, y, derivatives, ledger, state, figure``; shown, it is the panel.

    Raises
    ------
    gradmagic.explore.request.GradUsageError
        If an option is unknown or malformed: one line that says what to do.

    Examples
    --------
    >>> import gradmagic
    >>> g = gradmagic.explore("x**2", x=(-1, 1))
    >>> float(g.derivatives[1].values.max())
    2.0
    """
    with _uncollected():
        from gradmagic.explore.explorer import request_from
        from gradmagic.panel import show

    request, namespace = request_from(what, **options)
    return show(request, namespace)


class _CallablePackage(_ModuleType):
    """`gradmagic.explore` is a floor of the house and the function that users call: one name, one object."""

    __call__ = _explore


explore.__class__ = _CallablePackage
explore.__doc__ = str(_explore.__doc__)  # who asks `gradmagic.explore?` wants to call it


def load_ipython_extension(ipython: _Any) -> None:
    """Register the ``%%grad`` cell magic: ``%load_ext gradmagic``."""
    from gradmagic.magic import load_ipython_extension as load

    load(ipython)


def unload_ipython_extension(ipython: _Any) -> None:
    """Take the magic away again: ``%unload_ext gradmagic``."""
    from gradmagic.magic import unload_ipython_extension as unload

    unload(ipython)
