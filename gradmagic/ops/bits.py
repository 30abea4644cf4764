"""Bits and signs: questions and arithmetic of integers and booleans, without derivatives. Knows torch's promotion; no graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.layout import laid
from gradmagic.engine.tensor import Tensor


def _bitwise(name: str, kernel: str, ufunc: Any, kinds: str = "bui") -> Any:
    def op(input: Any, other: Any) -> Any:
        given = [getattr(v, "_array", v) for v in (input, other)]
        common = dtypes.result_dtype(given)
        if common.kind not in kinds:
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.of(common).legacy}'")
        arrays = [np.asarray(v).astype(common) for v in given]
        return Tensor._of(laid(np.asarray(ufunc(*arrays)), arrays))

    op.__name__ = name
    return op


bitwise_and, bitwise_or, bitwise_xor = (
    _bitwise(f"bitwise_{n}", f"bitwise_{n}_cpu", getattr(np, f"bitwise_{n}")) for n in ("and", "or", "xor")
)
bitwise_left_shift = _bitwise("bitwise_left_shift", "lshift_cpu", np.left_shift, "ui")
bitwise_right_shift = _bitwise("bitwise_right_shift", "rshift_cpu", np.right_shift, "ui")


def bitwise_not(input: Tensor) -> Any:
    """Each bit turned; of booleans, the opposite."""
    if input._array.dtype.kind not in "bui":
        raise NotImplementedError(f"\"bitwise_not_cpu\" not implemented for '{input.dtype.legacy}'")
    return Tensor._of(np.asarray(np.invert(input._array)))


def signbit(input: Tensor) -> Any:
    """Whether a number's sign is minus, also that of -0.0."""
    array = input._array
    if array.dtype.kind == "c":
        raise NotImplementedError("signbit is not implemented for complex tensors.")
    return Tensor._of(np.asarray(np.signbit(array) if array.dtype.kind == "f" else array < 0))


def isreal(input: Tensor) -> Any:
    """Whether the imaginary part is zero."""
    return Tensor._of(np.asarray(np.isreal(input._array)))


NAMES = [
    "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "isreal", "signbit",
]  # fmt: skip
