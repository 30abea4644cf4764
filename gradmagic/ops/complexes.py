"""Complex numbers by torch's convention: rows and signatures. Knows the kinds; no graph.

The gradient of a real function is ∂L/∂x + i ∂L/∂y: a linear op's transpose is its adjoint.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine.kinds import irregular, linear, name_rows, refuse_broadcast, view
from gradmagic.engine.layout import laid
from gradmagic.engine.op import as_array
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.operands import floating, held
from gradmagic.ops.reductions import _direction
from gradmagic.ops.rules import called
from gradmagic.ops.shaping import select

conj_row: Any = linear(np.conj, lambda g: called(conj_row)(g), node="ConjBackward0")
imag_row = view(lambda x: x.imag, lambda g: g * 1j, node="ImagBackward0")
complex_row = irregular(
    lambda a, b: laid(a + 1j * b, (a, b)),
    lambda g, a, b: _real(g),
    lambda g, a, b: _imag(g),
    node="ComplexBackward0",
    batches=True,
)
polar_row = irregular(
    lambda a, b: laid(a * np.exp(1j * b).astype(np.result_type(a, np.complex64)), (a, b)),
    lambda g, y: _real(np.conj(g) * _direction(y)),
    lambda g, y: _real(np.conj(g) * (y * 1j)),
    node="PolarBackward0",
)


def _pairs(x: Any) -> Any:
    """Complex numbers as pairs of real ones, in the same memory."""
    return x[..., None].view(x.real.dtype)


def _joined(x: Any) -> Any:
    return x.view(np.result_type(x.dtype, np.complex64))[..., 0]


real_pairs: Any = view(_pairs, lambda g: called(joined_pairs)(g), node="ViewAsRealBackward0")
joined_pairs: Any = view(
    lambda x: _joined(np.ascontiguousarray(x)), lambda g: called(real_pairs)(g), node="ViewAsComplexBackward0"
)


def _angle_vjp(g: Any, x: Any) -> Any:
    if as_array(x).dtype.kind != "c":
        return np.zeros(x.shape, as_array(x).dtype)
    square = np.abs(x) ** 2
    zero = square == 0
    return g * 1j * x / np.where(zero, 1.0, square)


angle_row = irregular(np.angle, _angle_vjp, node="AngleBackward0")


def _real(g: Any) -> Any:
    return real(g) if isinstance(g, Tensor) else np.real(g)


def _imag(g: Any) -> Any:
    return imag(g) if isinstance(g, Tensor) else np.imag(g)


name_rows(globals())


def conj(input: Tensor) -> Any:
    return conj_row(input) if input._array.dtype.kind == "c" else input


def imag(input: Tensor) -> Any:
    if input._array.dtype.kind != "c":
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return _part(input, 1)


def real(input: Tensor) -> Any:
    return _part(input, 0) if input._array.dtype.kind == "c" else input


def _part(input: Tensor, which: int) -> Any:
    """As torch has it: of the view as pairs of real numbers all first ones, or all second ones."""
    return select(real_pairs(held(input)), -1, which)


def angle(input: Tensor) -> Any:
    return angle_row(floating(input))


def complex(real: Tensor, imag: Tensor) -> Any:
    if real.dtype is not imag.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {real.dtype.legacy} but got scalar type {imag.dtype.legacy} for second argument"
        )
    refuse_broadcast([real._array, imag._array])
    return complex_row(real, imag)


def polar(abs: Tensor, angle: Tensor) -> Any:
    return polar_row(abs, angle)


def view_as_real(input: Tensor) -> Any:
    if input._array.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return real_pairs(held(input))


def view_as_complex(input: Tensor) -> Any:
    if input._array.dtype.kind != "f":
        raise RuntimeError(
            f"view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            f"{input.dtype.legacy}"
        )
    if input.ndim == 0:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if input.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    return joined_pairs(held(input))


def _unchanged(input: Tensor) -> Any:
    """Nothing is put off here: conjugates and negatives are computed at once."""
    return input


resolve_conj = resolve_neg = _unchanged


NAMES = ["angle", "conj", "resolve_conj", "resolve_neg"]
FREE_NAMES = ["complex", "imag", "polar", "real", "view_as_complex", "view_as_real"]
