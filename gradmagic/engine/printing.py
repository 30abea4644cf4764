"""Turns an array into the text that torch prints for it. Knows NumPy arrays and print options; knows no Tensor."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

Profile = Literal["default", "short", "full"]


@dataclasses.dataclass(slots=True)
class PrintOptions:
    """How tensors are printed: torch's options, with torch's defaults.

    Attributes
    ----------
    precision : int
        Digits after the point.
    threshold : float
        Above this number of elements only the edges are printed.
    edgeitems : int
        How many elements are printed at either edge of a summarised dimension.
    linewidth : int
        Lines are broken so that they stay within this many characters.
    sci_mode : bool or None
        Scientific notation always (True), never (False), or when the data asks for it (None).
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}

options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: Profile | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed.

    Parameters
    ----------
    precision, threshold, edgeitems, linewidth : optional
        See :class:`PrintOptions`; what is None stays as it is.
    profile : {"default", "short", "full"}, optional
        A set of values that the other arguments may override.
    sci_mode : bool, optional
        As in torch, this one is always set: None means automatic.

    Examples
    --------
    >>> set_printoptions(precision=2)
    >>> format_tensor(np.array([1.12345]), default_dtype=np.dtype("float64"))
    'tensor([1.12])'
    >>> set_printoptions(profile="default")
    """
    changes = dict(_PROFILES.get(profile, {})) if profile is not None else {}
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes.update({name: value for name, value in given.items() if value is not None})
    for name, value in changes.items():
        setattr(options, name, value)
    options.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """Return the print options in force, as keyword arguments for :func:`set_printoptions`."""
    return dataclasses.asdict(options)


@contextmanager
def printoptions(**changes: Any) -> Iterator[None]:
    """Set print options for the length of a ``with`` block.

    Examples
    --------
    >>> with printoptions(precision=1):
    ...     format_tensor(np.array([0.25, 0.5]), default_dtype=np.dtype("float64"))
    'tensor([0.2, 0.5])'
    """
    before = get_printoptions()
    set_printoptions(**changes)
    try:
        yield
    finally:
        set_printoptions(**before)


def format_tensor(
    array: np.ndarray,
    *,
    default_dtype: np.dtype[Any],
    grad_fn: str | None = None,
    requires_grad: bool = False,
    prefix: str = "tensor(",
    tangent: str | None = None,
) -> str:
    """Return what torch prints for a tensor with these values.

    Parameters
    ----------
    array : numpy.ndarray
        The values, of any shape; booleans, integers, floats or complex numbers.
    default_dtype : numpy.dtype
        The default float dtype: data of it is printed without a ``dtype=``.
    grad_fn : str, optional
        The name to print as ``grad_fn=<name>``.
    requires_grad : bool
        Whether to print ``requires_grad=True``; a `grad_fn` takes precedence.
    prefix : str
        What stands before the values; its length is the indent of continuation lines.
    tangent : str, optional
        The text of a dual tensor's tangent.

    Returns
    -------
    str

    Examples
    --------
    >>> x = np.arange(4, dtype=np.float32).reshape(2, 2)
    >>> print(format_tensor(x, default_dtype=np.dtype("float32"), grad_fn="PowBackward0"))
    tensor([[0., 1.],
            [2., 3.]], grad_fn=<PowBackward0>)
    >>> print(format_tensor(x / 3, default_dtype=np.dtype("float64"), requires_grad=True))
    tensor([[0.0000, 0.3333],
            [0.6667, 1.0000]], dtype=torch.float32, requires_grad=True)
    """
    indent = len(prefix)
    text = prefix + (_values_text(array, indent) if array.size else "[]")
    suffixes = _size_and_dtype(array, default_dtype)
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    if tangent is not None:
        suffixes.append(f"tangent={tangent}")
    return _with_suffixes(text, suffixes, indent) if suffixes else text + ")"


def dtype_text(dtype: np.dtype[Any]) -> str:
    """Return torch's name of a dtype, such as ``torch.float32``."""
    return f"torch.{dtype.name}"


def _size_and_dtype(array: np.ndarray, default_dtype: np.dtype[Any]) -> list[str]:
    """The suffixes that say what the values themselves do not show."""
    shows_size = bool(options.edgeitems) if array.size else array.ndim == 1
    shows_dtype = array.dtype == default_dtype or (array.size > 0 and _is_understood(array.dtype, default_dtype))
    suffixes = [] if shows_size else [f"size={array.shape}"]
    if not shows_dtype:
        suffixes.append(f"dtype={dtype_text(array.dtype)}")
    return suffixes


def _is_understood(dtype: np.dtype[Any], default_dtype: np.dtype[Any]) -> bool:
    """Whether the printed values alone tell the dtype: bool, int64, and the default float's complex partner."""
    if dtype.kind == "c":
        return dtype.itemsize == (16 if default_dtype.itemsize == 8 else 8)
    return dtype.kind == "b" or (dtype.kind == "i" and dtype.itemsize == 8)


def _with_suffixes(text: str, suffixes: Sequence[str], indent: int) -> str:
    parts = [text]
    # Without a newline rfind gives -1, so that the first line counts two characters too long. Torch counts so.
    line = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if line + len(suffix) + 2 > options.linewidth:
            parts.append(",\n" + " " * indent + suffix)
            line = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            line += len(suffix) + 2
    return "".join(parts) + ")"


def _values_text(array: np.ndarray, indent: int) -> str:
    edge = options.edgeitems
    if array.size > options.threshold and array.ndim:
        if not edge:
            return "[...]"
        cut = [extent > 2 * edge for extent in array.shape]
        for axis, is_cut in enumerate(cut):
            if is_cut:
                ends = _along(array, axis, slice(edge)), _along(array, axis, slice(-edge, None))
                array = np.concatenate(ends, axis)
    else:
        cut = [False] * array.ndim
    cells, width = _cells(array)
    return _layout(cells, width, array.shape, cut, indent)


def _along(array: np.ndarray, axis: int, part: slice) -> np.ndarray:
    return array[(slice(None),) * axis + (part,)]


def _layout(cells: list[str], width: int, shape: tuple[int, ...], cut: list[bool], indent: int) -> str:
    """Join the cells of the (summarised) array into nested brackets, from the innermost dimension outwards."""
    if not shape:
        return cells[0]
    ndim, edge = len(shape), options.edgeitems
    per_line = max(1, (options.linewidth - indent - ndim + 1) // (width + 2))
    new_line = ",\n" + " " * (indent + ndim)
    extent = shape[-1]
    rows = []
    for start in range(0, len(cells), extent):
        row = cells[start : start + extent]
        if cut[-1]:
            row.insert(edge, " ...")
        if len(row) > per_line:
            lines = [", ".join(row[i : i + per_line]) for i in range(0, len(row), per_line)]
            rows.append("[" + new_line.join(lines) + "]")
        else:
            rows.append("[" + ", ".join(row) + "]")
    for axis in range(ndim - 2, -1, -1):
        separator = "," + "\n" * (ndim - 1 - axis) + " " * (indent + axis + 1)
        extent = shape[axis]
        blocks = []
        for start in range(0, len(rows), extent):
            block = rows[start : start + extent]
            if cut[axis]:
                block.insert(edge, "...")
            blocks.append("[" + separator.join(block) + "]")
        rows = blocks
    return rows[0]


def _cells(array: np.ndarray) -> tuple[list[str], int]:
    """The text of every element, padded to one width, and that width."""
    kind = array.dtype.kind
    if kind == "f":
        return _float_cells(array.ravel().tolist())
    if kind == "c":
        return _complex_cells(array)
    texts = [str(value) for value in array.ravel().tolist()]
    width = max(map(len, texts))
    return [text.rjust(width) for text in texts], width


def _complex_cells(array: np.ndarray) -> tuple[list[str], int]:
    real, real_width = _float_cells(array.real.ravel().tolist())
    imag, imag_width = _float_cells(array.imag.ravel().tolist())
    cells = []
    for re, padded in zip(real, imag, strict=True):
        im = padded.lstrip()
        cells.append(f"{re}{im}j" if im[0] == "-" else f"{re}+{im}j")
    return cells, real_width + imag_width + 1


def _float_cells(values: list[float]) -> tuple[list[str], int]:
    # v - v is 0 for what is finite and nan for the rest: only finite non-zero values choose the style and the width.
    sizes = [abs(v) for v in values if v and v - v == 0]
    if not sizes:
        return [_integral_text(v) for v in values], 1
    style, everywhere = _style(sizes), len(sizes) == len(values)
    if style == "%.0f." and not everywhere:
        texts = [_integral_text(v) for v in values]
    else:
        texts = ("\n".join([style] * len(values)) % tuple(values)).split("\n")
    if everywhere:
        width = max(map(len, texts))
    else:
        width = max(len(text) for text, v in zip(texts, values, strict=True) if v and v - v == 0)
    return [text.rjust(width) for text in texts], width


def _style(sizes: list[float]) -> str:
    """The %-format that shows all of these finite, positive numbers."""
    smallest, largest = min(sizes), max(sizes)
    scientific = options.sci_mode
    if scientific is None:
        # Torch divides in double, where the quotient may overflow to inf; Python's would raise only for a zero divisor.
        scientific = largest > 1e8 or smallest < 1e-4 or largest / smallest > 1000
    if scientific:
        return f"%.{options.precision}e"
    return "%.0f." if all(size.is_integer() for size in sizes) else f"%.{options.precision}f"


def _integral_text(value: float) -> str:
    return f"{value:.0f}." if value - value == 0 else f"{value:.0f}"
