"""What ``autograd.functional`` asks of arguments and results, in torch's words. Knows no derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradmagic.engine.tensor import Tensor

# The stage of a computation: what a missing gradient means there.
_MISSING = {
    "back": "The output of the user-provided function is independent of input {}. This is not allowed in strict mode.",
    "back_trick": "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the "
    "double backward trick to compute forward mode gradients. This is not allowed in strict mode.",
    "double_back": "The jacobian of the user-provided function is independent of input {}. This is not allowed in strict "
    "mode.",
    "double_back_trick": "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. This "
    "is not allowed in strict mode as it prevents from using the double backward trick to replace forward mode AD.",
}
_CONSTANT = (
    "The {} of the user-provided function is independent of input {}. This is not allowed in strict mode when "
    "create_graph=True."
)


def as_tuple(values: Any, what: str, name: str) -> tuple[bool, tuple[Any, ...]]:
    """A tuple of Tensors, and whether it was one."""
    was_tuple = isinstance(values, tuple)
    values = values if was_tuple else (values,)
    for i, value in enumerate(values):
        if not isinstance(value, Tensor):
            which = f"value at index {i}" if was_tuple else f"given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the {which} has type "
                f"{type(value)}."
            )
    return was_tuple, values


def check_vector(v: Sequence[Any], like: Sequence[Any], was_tuple: bool) -> None:
    """Whether a vector has the structure and the sizes of what it is multiplied with."""
    if len(v) != len(like):
        if not was_tuple:
            raise RuntimeError("The given v should contain a single Tensor.")
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(v)}.")
    for i, (a, b) in enumerate(zip(v, like, strict=True)):
        if a.shape != b.shape:
            entry = f"Entry {i} in " if was_tuple else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {b.shape} but got {a.shape}.")


def check_outputs(outputs: Sequence[Any], strict: bool) -> None:
    """In strict mode every output must have a graph."""
    for i, out in enumerate(outputs):
        if strict and not out.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs must be computed in a "
                "differentiable manner from the input when running in strict mode."
            )


def check_gradients(found: Sequence[Any], strict: bool) -> None:
    """In strict mode every gradient must depend on its weights."""
    for i, g in enumerate(found):
        if strict and g is None:
            raise RuntimeError(_MISSING["back"].format(i))
        if strict and not g.requires_grad:
            raise RuntimeError(
                f"The gradient with respect to input {i} is independent of the inputs of the user-provided function. This "
                "is not allowed in strict mode."
            )


def check_jacobian(found: Sequence[Any], strict: bool) -> None:
    """In strict mode the gradient must depend on the inputs, or there is no Hessian."""
    for i, g in enumerate(found):
        if strict and g is None:
            raise RuntimeError(_MISSING["back"].format(i))
        if strict and not g.requires_grad:
            raise RuntimeError(
                "While computing the hessian, found that the jacobian of the user-provided function with respect to input "
                f"{i} is independent of the input. This is not allowed in strict mode. You should ensure that your "
                "function is twice differentiable and that the jacobian depends on the inputs (this would be violated by a "
                "linear function for example)."
            )


def check_row(found: Sequence[Any], output: int, strict: bool, create: bool) -> None:
    """In strict mode every row of a Jacobian must be there, and have a graph where one was asked for."""
    for k, g in enumerate(found):
        if strict and g is None:
            raise RuntimeError(
                f"Output {output} of the user-provided function is independent of input {k}. This is not allowed in strict "
                "mode."
            )
        if strict and create and not g.requires_grad:
            raise RuntimeError(_CONSTANT.format("jacobian", output))  # torch's own index: that of the output


def filled(found: Sequence[Any], like: Sequence[Any], strict: bool, create: bool, stage: str) -> tuple[Any, ...]:
    """Zeros for what depends on nothing; in strict mode an error that says at which stage."""
    out = []
    for i, (g, t) in enumerate(zip(found, like, strict=True)):
        if g is None:
            if strict:
                raise RuntimeError(_MISSING[stage].format(i))
            out.append(Tensor._of(np.zeros(t._array.shape, t._array.dtype)))
            continue
        if strict and create and not g.requires_grad:
            raise RuntimeError(_CONSTANT.format("hessian" if "double" in stage else "jacobian", i))
        out.append(g)
    return tuple(out)
