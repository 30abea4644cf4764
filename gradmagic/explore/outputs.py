"""What a cell left as x and y: whether they can be differentiated, and if not, what to do. Differentiates nothing."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from gradmagic.explore.backends import Backend
from gradmagic.explore.program import Program
from gradmagic.explore.request import GradUsageError
from gradmagic.explore.trace import Array, Kind
from gradmagic.explore.written import way_lost

__all__ = ["a_kind", "array_of", "input_of", "kind_of", "output_of"]


def array_of(tensor: Any) -> Array:
    """The numbers of a tensor."""
    try:
        return np.asarray(tensor.detach().numpy())
    except RuntimeError:
        # PyTorch's second derivative of abs is a tensor without memory, which it converts only if forced
        return np.asarray(tensor.detach().numpy(force=True))


def input_of(x: Any, program: Program, backend: Backend) -> Any:
    """X as a tensor that requires grad, or a sentence that says what to do."""
    name = program.wrt
    if not isinstance(x, backend.torch.Tensor):
        what = "a NumPy array" if isinstance(x, np.ndarray) else a_kind(x)
        raise GradUsageError(
            f"the cell makes '{name}' {what}, which remembers nothing: make it torch.tensor(..., requires_grad=True)"
        )
    if not x.is_floating_point():
        raise GradUsageError(
            f"'{name}' holds {str(x.dtype).removeprefix('torch.')}, and only floating point can be differentiated: "
            f"write {name} = torch.tensor([1., 2.], requires_grad=True)"
        )
    if not x.requires_grad:
        raise GradUsageError(
            f"'{name}' does not require grad, so nothing was recorded: create it with requires_grad=True, "
            f"or call {name}.requires_grad_() before it is used"
        )
    return x


def a_kind(value: Any) -> str:
    """What a value is, with its article.

    Examples
    --------
    >>> a_kind(1), a_kind("1"), a_kind(None)
    ('an int', 'a str', 'None')
    """
    kind = type(value).__name__
    return "None" if value is None else f"a{'n' * (kind[0] in 'aeiouAEIOU')} {kind}"


def lost_in(program: Program) -> str | None:
    """What forgets, on the way from x to y, how y was computed, as far as the cell's text tells."""
    text = program.request.text
    last = ast.parse(text).body[-1]
    if program.target is None and isinstance(last, ast.Expr):
        found = way_lost(program.wrt, [ast.unparse(last.value)], last.lineno, text)
    else:
        found = way_lost(program.wrt, [program.target or "y"], len(text.splitlines()) + 1, text)
    return None if found is None else found[1]


def output_of(y: Any, x: Any, program: Program, backend: Backend) -> Any:
    """Y as a tensor that has a history, or a sentence that says what to do."""
    name, wrt = (program.target or ", ".join(program.outputs)), program.wrt
    name = f"'{name}'" if name else "the cell's last expression"
    if y is None:
        raise GradUsageError(
            f"{name} is None, and there is nothing to differentiate: end the cell with an expression in {wrt}, "
            "or name it: %%grad --of z"
        )
    if isinstance(y, list | tuple) and y and all(isinstance(part, backend.torch.Tensor) for part in y):
        raise GradUsageError(
            f"{name} is {a_kind(y)} of {len(y)} tensors: end the cell with it, torch.stack them, or take one"
        )
    if isinstance(y, np.ndarray | int | float | complex | np.number):
        raise GradUsageError(
            f"{name} does not depend on '{wrt}': it is a plain {'array' if isinstance(y, np.ndarray) else 'number'}; "
            f"compute it from {wrt} with torch's or numpy's functions"
        )
    if not isinstance(y, backend.torch.Tensor):
        raise GradUsageError(f"{name} is {a_kind(y)}, not a tensor: compute it from {wrt}")
    if y.is_complex():
        raise GradUsageError(
            f"{name} is complex, and curves are real: differentiate its real part, or its absolute value"
        )
    if not y.requires_grad and not y.is_floating_point():
        raise GradUsageError(
            f"{name} has no slope: it holds {str(y.dtype).removeprefix('torch.')}, which has no derivative; "
            f"end with floating point, as torch.where({wrt} > 0, {wrt}, 0) does"
        )
    if not y.requires_grad:
        raise GradUsageError(
            f"{name} does not depend on '{wrt}': {lost_in(program) or 'nothing links them'}; compute it from {wrt}, "
            "without detach(), .data or no_grad() between"
        )
    return y if y is not x else y * 1


def kind_of(x: Any, y: Any, program: Program) -> Kind:
    """How y lies over x."""
    if tuple(y.shape) == tuple(x.shape):
        return "curve" if program.domain is not None and len(x.shape) == 1 else "elements"
    return "scalar" if y.numel() == 1 else "other"
