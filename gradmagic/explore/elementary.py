"""What is known in a cell without an import: np, torch, grad, pi, e and the elementary functions. Runs nothing.

The functions are numpy's own, which the engine's Tensors answer, so that `sin(pi)` and `sin(x)` both work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from gradmagic.explore.expression import FUNCTIONS, NUMBERS
from gradmagic.ops import functional
from gradmagic.ops.names import FUNCTIONS as FUNCTIONS_OF_OURS

__all__ = ["KNOWN", "NumpyOnTorch", "known"]

# Functions of torch's that numpy lacks and a learner will write.
FROM_TORCH = ("sigmoid", "relu", "softplus", "erf", "logsigmoid")

ELEMENTARY: Mapping[str, Callable[..., Any]] = {
    **{name: function for name, (function, _) in FUNCTIONS.items() if name != "abs"},
    "where": np.where,
}

KNOWN = frozenset({"np", "torch", "grad", *NUMBERS, *ELEMENTARY, *FROM_TORCH})


def known(torch: Any, grad: Callable[..., Any]) -> dict[str, Any]:
    """The names, on this torch namespace: gradmagic's own, or PyTorch."""
    names: dict[str, Any] = {"torch": torch, "grad": grad, **NUMBERS}
    if torch.__name__ != "torch":  # the ops, which take numbers as well, where torch's names want Tensors
        ours = {name: FUNCTIONS_OF_OURS.get(name) or getattr(functional, name) for name in FROM_TORCH}
        return {"np": np, **ELEMENTARY, **names, **ours}
    for name in FROM_TORCH:
        names[name] = getattr(torch, name, None) or getattr(torch.nn.functional, name)
    numpy = NumpyOnTorch(torch)
    return {"np": numpy, **{name: numpy.adapted(function) for name, function in ELEMENTARY.items()}, **names}


class NumpyOnTorch:
    """numpy for PyTorch's tensors, which refuse numpy's functions: each goes to torch's own if a tensor comes in."""

    def __init__(self, torch: ModuleType) -> None:
        self._torch = torch

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return self.adapted(found) if callable(found) and not isinstance(found, type) else found

    def adapted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, answering tensors through torch's of the same name."""
        torch, name = self._torch, function.__name__

        def either(*args: Any, **kwargs: Any) -> Any:
            if not any(isinstance(arg, torch.Tensor) for arg in args):
                return function(*args, **kwargs)
            if name == "cbrt":
                return torch.sign(args[0]) * torch.abs(args[0]) ** (1 / 3)
            if name in ("minimum", "maximum", "hypot", "where", "arctan2"):
                like = next(arg for arg in args if isinstance(arg, torch.Tensor) and arg.is_floating_point())
                args = tuple(torch.as_tensor(a, dtype=like.dtype) if isinstance(a, int | float) else a for a in args)
            return getattr(torch, "pow" if name == "power" else name)(*args, **kwargs)

        return either
