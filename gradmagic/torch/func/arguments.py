"""What the transformations are given, checked and taken apart; and gradients with zeros where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradmagic.engine.backward import grad as engine_grad
from gradmagic.engine.tensor import Tensor
from gradmagic.torch import trees

__all__ = ["positions_of", "replaced", "without_aux", "tensors_only", "refuse_complex", "gradients", "zeros"]


def positions_of(argnums: Any, count: int) -> tuple[int, ...]:
    """Which arguments to differentiate by, from the front."""
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    wanted = (argnums,) if isinstance(argnums, int) else argnums
    for n in wanted:
        if not isinstance(n, int):
            raise RuntimeError(f"argnum must be int, got: {type(n)}")
        if not -count <= n < count:
            raise RuntimeError(f"Got argnum={n}, but only {count} positional inputs")
    wanted = tuple(n % count for n in wanted)
    if not wanted:
        raise RuntimeError("argnums must be non-empty")
    if len(set(wanted)) != len(wanted):
        raise RuntimeError(f"argnums elements must be unique, got {wanted}")
    return wanted


def replaced(args: tuple[Any, ...], positions: Sequence[int], new: Sequence[Any]) -> list[Any]:
    out = list(args)
    for n, value in zip(positions, new, strict=True):
        out[n] = value
    return out


def without_aux(result: Any, has_aux: bool, words: str) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise RuntimeError(words + " should be a tuple: (output, aux) if has_aux is True")
    return result


def tensors_only(outputs: list[Any], api: str) -> None:
    if not outputs or (len(outputs) == 1 and outputs[0] is None):
        raise RuntimeError(f"{api}: Expected f to be a function that has non-empty output (got output = {outputs})")
    for out in outputs:
        if not isinstance(out, Tensor):
            raise RuntimeError(f"{api}: expected f(*primals) to return only tensors, got unsupported type {type(out)}")


def refuse_complex(name: str, tree: Any, which: str) -> None:
    for i, leaf in enumerate(trees.flatten(tree)[0]):
        if isinstance(leaf, Tensor) and leaf.dtype.is_complex:
            raise RuntimeError(
                f"{name}: Expected all {which} to be real but received complex tensor at flattened input idx: {i}"
            )


def gradients(
    outputs: Sequence[Any], inputs: Sequence[Any], weights: Sequence[Any] | None, create: bool, batch: int | None = None
) -> list[Any]:
    """Gradients, with zeros where there are none; for a batch of so many weights, if one is given."""
    pairs = list(zip(outputs, [None] * len(outputs) if weights is None else weights, strict=True))
    pairs = [(out, w) for out, w in pairs if out is not None and out.requires_grad]
    if not pairs:
        return [zeros(t, batch) for t in inputs]
    outs, ws = zip(*pairs, strict=True)
    options: Any = {"retain_graph": True, "create_graph": create, "allow_unused": True}
    found = engine_grad(outs, inputs, ws, is_grads_batched=batch is not None, **options)
    return [zeros(t, batch) if g is None else g for g, t in zip(found, inputs, strict=True)]


def zeros(like: Any, batch: int | None = None) -> Any:
    shape = like._array.shape
    return Tensor._of(np.zeros(shape if batch is None else (batch, *shape), like._array.dtype))
