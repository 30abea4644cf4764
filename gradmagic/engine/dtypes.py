"""Torch's dtypes, sizes and type promotion, over numpy's. Knows no Tensor."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

import numpy as np


class dtype:
    """An element type, printed as torch prints it; ``numpy_dtype`` is numpy's own.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.float32, torch.float32.is_floating_point
    (torch.float32, True)
    """

    __slots__ = ("category", "itemsize", "legacy", "name", "numpy_dtype")

    def __init__(self, name: str, numpy_name: str, legacy: str) -> None:
        self.name = name
        self.legacy = legacy  # "Float" in "torch.FloatTensor" and in torch's messages
        self.numpy_dtype: np.dtype[Any] = np.dtype(numpy_name)
        self.itemsize = self.numpy_dtype.itemsize
        self.category = "biufc".index(self.numpy_dtype.kind)

    @property
    def kind_of_tensor(self) -> str:
        """What torch's messages call a tensor of this dtype; some are younger than its old names."""
        young = self.numpy_dtype.kind in "bc"
        return f"CPU{self.legacy}Type" if young else f"torch.{self.legacy}Tensor"

    @property
    def dtype(self) -> np.dtype[Any]:
        """What numpy asks of an object given as ``dtype=``."""
        return self.numpy_dtype

    @property
    def is_floating_point(self) -> builtins.bool:
        return self.numpy_dtype.kind == "f"

    @property
    def is_complex(self) -> builtins.bool:
        return self.numpy_dtype.kind == "c"

    @property
    def is_signed(self) -> builtins.bool:
        return self.numpy_dtype.kind not in "bu"

    def to_complex(self) -> Any:
        return complex64 if self.itemsize <= 4 else complex128

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


float16 = half = dtype("float16", "f2", "Half")
float32 = float = dtype("float32", "f4", "Float")
float64 = double = dtype("float64", "f8", "Double")
complex64 = cfloat = dtype("complex64", "c8", "ComplexFloat")
complex128 = cdouble = dtype("complex128", "c16", "ComplexDouble")
uint8 = dtype("uint8", "u1", "Byte")
int8 = dtype("int8", "i1", "Char")
int16 = short = dtype("int16", "i2", "Short")
int32 = int = dtype("int32", "i4", "Int")
int64 = long = dtype("int64", "i8", "Long")
bool = dtype("bool", "?", "Bool")

ALL = (float16, float32, float64, complex64, complex128, uint8, int8, int16, int32, int64, bool)
_BY_NUMPY = {d.numpy_dtype: d for d in ALL}


class Size(tuple):  # type: ignore[type-arg]
    """A tensor's shape: a tuple that prints as ``torch.Size([2, 3])``."""

    __slots__ = ()

    def numel(self) -> Any:
        return np.prod(self, dtype=np.int64).item()

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __getitem__(self, index: Any) -> Any:
        item = tuple.__getitem__(self, index)
        return Size(item) if isinstance(index, slice) else item

    def __add__(self, other: Any) -> Any:
        return Size(tuple.__add__(self, tuple(other)))

    def __reduce__(self) -> Any:
        return (Size, (tuple(self),))


_default: dtype = float32


def set_default_dtype(d: dtype) -> None:
    """Set the dtype that Python floats get.

    Parameters
    ----------
    d : torch.dtype
        A floating-point dtype.

    Raises
    ------
    TypeError
        If ``d`` is not a floating-point dtype.
    """
    global _default  # noqa: PLW0603  torch's default dtype is one per process
    if not isinstance(d, dtype):
        raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
    if not d.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {d}")
    _default = d


def get_default_dtype() -> dtype:
    """The dtype that Python floats get; float32 unless set."""
    return _default


def of(numpy_dtype: np.dtype[Any]) -> dtype:
    """The torch dtype of a numpy dtype."""
    found = _BY_NUMPY.get(numpy_dtype)
    if found is None:
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{numpy_dtype.name}. The only supported types are: float64, "
            "float32, float16, complex64, complex128, int64, int32, int16, int8, uint8, and bool."
        )
    return found


_PYTHON = {"float": float64, "int": int64, "bool": bool, "complex": complex128}


def to_numpy(d: Any) -> np.dtype[Any]:
    """The numpy dtype of a torch dtype, a numpy dtype or Python's ``float``, ``int``, ``bool``."""
    if isinstance(d, dtype):
        d = d.numpy_dtype
    elif isinstance(d, type) and d.__name__ in _PYTHON:
        d = _PYTHON[d.__name__].numpy_dtype
    found: np.dtype[Any] = np.dtype(d)
    return found


def default_float() -> np.dtype[Any]:
    return _default.numpy_dtype


def default_complex() -> np.dtype[Any]:
    return np.dtype(np.complex64 if _default.itemsize <= 4 else np.complex128)


_KINDS = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def _merge(a: np.dtype[Any] | None, b: np.dtype[Any]) -> np.dtype[Any]:
    if a is None or a == b:
        return b
    ka, kb = _KINDS[a.kind], _KINDS[b.kind]
    if ka < 2 <= kb:  # torch: an integer never widens a float
        return b
    if kb < 2 <= ka:
        return a
    return np.promote_types(a, b)


def _scalar_dtype(value: Any) -> np.dtype[Any]:
    if isinstance(value, (np.bool_, builtins.bool)):
        return bool.numpy_dtype
    if isinstance(value, builtins.int):
        return int64.numpy_dtype
    return default_complex() if isinstance(value, complex) else default_float()


def inferred(leaves: Iterable[Any]) -> np.dtype[Any]:
    """What holds nested sequences: from the element types of the arrays in them, and the types of the Python numbers.

    Examples
    --------
    >>> import numpy as np
    >>> inferred([type(1.0), np.dtype(np.float64)])
    dtype('float64')
    """
    found: np.dtype[Any] | None = None
    for leaf in leaves:
        found = _merge(found, leaf if isinstance(leaf, np.dtype) else _python_dtype(leaf))
    return default_float() if found is None else found


def _python_dtype(kind: type) -> np.dtype[Any]:
    if issubclass(kind, str):
        raise ValueError("too many dimensions 'str'")  # torch takes it for a sequence
    if not issubclass(kind, (builtins.int, builtins.float, complex)):
        raise RuntimeError(f"Could not infer dtype of {kind.__name__}")
    return _scalar_dtype(kind())


def kind_of(value: Any) -> str:
    """NumPy's letter for what an array or a number is."""
    given = getattr(value, "dtype", None)
    return "c" if given is None and isinstance(value, complex) else getattr(given, "kind", "")


def result_dtype(operands: Iterable[Any]) -> np.dtype[Any]:
    """Torch's promotion: tensors with dimensions, then 0-d tensors, then Python numbers.

    A later group widens the result only where its category (bool, integer, float, complex) is higher.

    Examples
    --------
    >>> import numpy as np
    >>> result_dtype([np.ones(2, np.float32), np.ones((), np.float64)])
    dtype('float32')
    """
    groups: list[np.dtype[Any] | None] = [None, None, None]
    for value in operands:
        if isinstance(value, (np.ndarray, np.generic)):
            k = 0 if value.ndim else 1
            groups[k] = _merge(groups[k], value.dtype)
        else:
            groups[2] = _merge(groups[2], _scalar_dtype(value))
    best: np.dtype[Any] | None = None
    for found in groups:
        if found is None:
            continue
        if best is None:
            best = found
        elif _KINDS[found.kind] > _KINDS[best.kind]:
            # a complex number meeting float64 gives complex128: the precision stays
            best = np.promote_types(best, np.complex64) if found.kind == "c" and best.kind == "f" else found
    return best if best is not None else default_float()


# -- in messages --------------------------------------------------------------------------------------------------

_IN_C = {
    "long": "long int", "short": "short int", "byte": "unsigned char", "char": "signed char", "half": "c10::Half",
    "bfloat16": "c10::BFloat16", "complexfloat": "c10::complex<float>", "complexdouble": "c10::complex<double>",
}  # fmt: skip
_MADE_IN_PYTHON = 1 << 9  # the flag of types that C does not know by their module


def in_c(kind: dtype) -> str:
    """The name that C has for a dtype's numbers."""
    name = kind.legacy.lower()
    return _IN_C.get(name, name)


def type_in_c(value: Any) -> str:
    """The name that C has for a value's type."""
    kind = type(value)
    if kind.__module__ == "builtins" or (kind.__flags__ & _MADE_IN_PYTHON and kind.__module__ != "torch"):
        return kind.__name__
    return f"{kind.__module__}.{kind.__name__}"
