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

    _set, _reset = _extobj_contextvar.set, _extobj_contextvar.reset
    _QUIET = _make_extobj(all="ignore")

    def quiet(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """``fn(*args, **kwargs)`` without floating-point warnings or errors."""
        token = _set(_QUIET)
        try:
            return fn(*args, **kwargs)
        finally:
            _reset(token)

except ImportError:  # another numpy: the same by its public door

    def quiet(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """``fn(*args, **kwargs)`` without floating-point warnings or errors."""
        with np.errstate(all="ignore"):
            return fn(*args, **kwargs)
