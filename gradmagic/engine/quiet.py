"""Floating-point exceptions, silenced as torch does. Knows nothing of ops.

`np.errstate` costs three times a small ufunc. Setting its context variable is what it does inside, and costs a third of
one, so that is done where numpy has the variable; elsewhere the public context manager serves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

try:
    from numpy._core._ufunc_config import _extobj_contextvar, _make_extobj  # type: ignore[attr-defined]  # private

    SILENT: Any = _make_extobj(all="ignore")
    state: Callable[[], Any] = _extobj_contextvar.get  # SILENT where it is silenced already
    hush: Callable[[Any], Any] = _extobj_contextvar.set
    unhush: Callable[[Any], None] = _extobj_contextvar.reset

except ImportError:  # another numpy: the same by its public door
    SILENT = "ignore"
    state = dict

    def hush(state: Any) -> Any:
        state = np.errstate(all=state)
        state.__enter__()
        return state

    def unhush(token: Any) -> None:
        token.__exit__()


def quiet(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``fn(*args, **kwargs)`` without floating-point warnings or errors."""
    token = hush(SILENT)
    try:
        return fn(*args, **kwargs)
    finally:
        unhush(token)
