"""Jacobians as arrays, by differences and by differentiation: what gradcheck compares. Knows no tolerance.

A Jacobian here has a row for each element of the input and a column for each element of the output, as torch prints it.
Of a complex output one part is looked at at a time: ``np.real`` or ``np.imag``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradmagic.engine.backward import grad
from gradmagic.engine.forward import Level
from gradmagic.engine.tensor import Tensor

Part = Callable[[Any], Any]
Array = np.ndarray[Any, Any]


def as_tuple(values: Any) -> tuple[Any, ...]:
    """Outputs or inputs as a tuple, however they are given."""
    return tuple(values) if isinstance(values, (tuple, list)) else (values,)


def wanting(values: Sequence[Any]) -> tuple[Any, ...]:
    """The Tensors among these that require grad."""
    return tuple(v for v in values if isinstance(v, Tensor) and v.requires_grad)


def differentiable(outputs: Sequence[Any]) -> tuple[Any, ...]:
    """The outputs that have a graph."""
    return tuple(out for out in outputs if out.requires_grad)


# -- by differences ---------------------------------------------------------------------------------------------


def numerical(
    func: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any], eps: float, part: Part
) -> list[list[Array]]:
    """By central differences, element by element: a list over outputs of lists over inputs."""
    by_input = [_differences(func, inputs, outputs, x, eps, part) for x in wanting(inputs)]
    return [list(of_output) for of_output in zip(*by_input, strict=True)]


def _differences(
    func: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any], x: Any, eps: float, part: Part
) -> list[Array]:
    data = x.data._array
    rows = []
    for index in np.ndindex(data.shape):
        slopes = slope(func, inputs, data, index, eps, eps, part)
        if data.dtype.kind == "c":
            across = slope(func, inputs, data, index, eps * 1j, eps, part)
            slopes = [a + 1j * b for a, b in zip(slopes, across, strict=True)]
        rows.append(slopes)
    if not rows:
        return [np.zeros((0, out.numel()), out._array.dtype) for out in outputs]
    columns = [np.stack(column) for column in zip(*rows, strict=True)]
    return [
        c if c.dtype.kind == "c" else c.astype(_part_of(out._array, part).dtype, copy=False)
        for c, out in zip(columns, outputs, strict=True)
    ]


def slope(
    func: Callable[..., Any], inputs: Sequence[Any], data: Array, index: Any, step: Any, eps: float, part: Part
) -> list[Array]:
    """How fast each output changes when ``data[index]`` moves by ``step``, per ``eps``."""
    before = data[index].copy()
    try:
        data[index] = before - step
        low = _values(func, inputs, part)
        data[index] = before + step
        high = _values(func, inputs, part)
    finally:
        data[index] = before
    for a, b in zip(low, high, strict=True):
        _check_same(a, b, eps, index)
    with np.errstate(all="ignore"):
        return [np.asarray((b - a) / (2 * eps)).reshape(-1) for a, b in zip(low, high, strict=True)]


def _values(func: Callable[..., Any], inputs: Sequence[Any], part: Part) -> list[Any]:
    return [_part_of(out.clone()._array, part) for out in as_tuple(func(*inputs))]


def _part_of(a: Any, part: Part) -> Any:
    return part(a) if a.dtype.kind == "c" else a


def _check_same(a: Any, b: Any, eps: float, index: Any) -> None:
    where = "" if index is Ellipsis else f"on index {index} "
    for what, u, v in (
        ("shape", Tensor._of(a).shape, Tensor._of(b).shape),
        ("dtype", Tensor._of(a).dtype, Tensor._of(b).dtype),
    ):
        if u != v:
            raise AssertionError(
                f"Expected `func` to return outputs with the same {what} when inputs are perturbed {where}by {eps}, but "
                f"got: {what}s {u} and {v}."
            )


# -- by differentiation -----------------------------------------------------------------------------------------


def analytical(inputs: Sequence[Any], output: Any, part: Part) -> tuple[list[Array], bool]:
    """By one backward pass for each element of the output; and whether all gradients had their input's dtype."""
    xs = wanting(inputs)
    unit = 1j if part is np.imag and output.dtype.is_complex else 1
    found = [np.zeros((x.numel(), output.numel()), x._array.dtype) for x in xs]
    same_dtype = True
    for j in range(output.numel()):
        weight = np.zeros(output._array.shape, output._array.dtype)
        weight.reshape(-1)[j] = unit
        for jacobian, g in zip(found, pulled(output, xs, weight), strict=True):
            if g is not None:
                same_dtype = same_dtype and g.dtype == jacobian.dtype
                jacobian[:, j] = g.reshape(-1)
    return found, same_dtype


def pulled(output: Any, xs: Sequence[Any], weight: Array) -> list[Any]:
    """A weight brought back to the inputs; None where there is no way."""
    found = grad(output, xs, Tensor._of(weight), retain_graph=True, allow_unused=True)
    return [None if g is None else g._array for g in found]


def pushed(func: Callable[..., Any], inputs: Sequence[Any], part: Part) -> list[list[Array]]:
    """The forward Jacobian: for each element of the inputs, the tangents of the outputs that have a graph."""
    by_input = [_pushed(func, inputs, x, part) for x in wanting(inputs)]
    return [list(of_output) for of_output in zip(*by_input, strict=True)]


def _pushed(func: Callable[..., Any], inputs: Sequence[Any], x: Any, part: Part) -> list[Array]:
    rows = []
    for unit in np.eye(x.numel(), dtype=x._array.dtype):
        row = _tangents(func, inputs, x, unit, part)
        if unit.dtype.kind == "c":
            across = _tangents(func, inputs, x, unit * 1j, part)
            row = [a + 1j * b for a, b in zip(row, across, strict=True)]
        rows.append(row)
    if not rows:
        return [np.zeros((0, out.numel()), out._array.dtype) for out in differentiable(as_tuple(func(*inputs)))]
    return [np.stack(column) for column in zip(*rows, strict=True)]


def _tangents(func: Callable[..., Any], inputs: Sequence[Any], x: Any, direction: Array, part: Part) -> list[Array]:
    with Level() as level:
        dual = level.dual(x, Tensor._of(direction.reshape(x._array.shape)))
        outputs = differentiable(as_tuple(func(*(dual if v is x else v for v in inputs))))
        found = [(level.tangent(out), out) for out in outputs]
        arrays = [np.zeros_like(out._array) if t is None else t._array for t, out in found]
    return [np.asarray(_part_of(a, part)).reshape(-1) for a in arrays]


__all__ = ["analytical", "as_tuple", "differentiable", "numerical", "pulled", "pushed", "slope", "wanting"]
