"""``torch.testing``: tensors that must agree. Knows no op."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.engine.tensor import Tensor

# Of the coarser dtype of the two; what is not listed must be equal.
_TOLERANCES = {
    dtypes.float16: (1e-3, 1e-5), dtypes.float32: (1.3e-6, 1e-5), dtypes.complex64: (1.3e-6, 1e-5),
    dtypes.float64: (1e-7, 1e-7), dtypes.complex128: (1e-7, 1e-7),
}  # fmt: skip


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: Any = None,
) -> None:
    """Raise unless two tensors, numbers, or trees of them agree to within tolerances.

    Parameters
    ----------
    actual, expected : object
        Tensors, arrays, numbers, or sequences or dicts of them.
    rtol, atol : float, optional
        The tolerances, both or none; those of the dtype if none.
    equal_nan : bool
        Whether NaN agrees with NaN.
    check_dtype : bool
        Whether the dtypes must be the same.
    msg : str or callable, optional
        What to say instead, or a function of what would be said.

    Raises
    ------
    AssertionError
        If they do not agree.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.testing.assert_close(torch.tensor(1.0), torch.tensor(1.0 + 1e-7))
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or unspecified, but got no {missing}")
    told = _difference(actual, expected, rtol, atol, equal_nan, check_dtype)
    if told is not None:
        raise AssertionError(msg(told) if callable(msg) else told if msg is None else msg)


def _difference(a: Any, b: Any, rtol: Any, atol: Any, equal_nan: bool, check_dtype: bool) -> str | None:
    """What is wrong, in words, or None."""
    rest = (rtol, atol, equal_nan, check_dtype)
    if isinstance(a, dict) and isinstance(b, dict):
        if set(a) != set(b):
            return f"The keys of the mappings do not match:\n{sorted(map(repr, a))} and {sorted(map(repr, b))}"
        return _first(((key, a[key], b[key]) for key in a), rest)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        if len(a) != len(b):
            return f"The length of the sequences mismatch: {len(a)} != {len(b)}"
        return _first(((i, u, v) for i, (u, v) in enumerate(zip(a, b, strict=True))), rest)
    return _between(a, b, *rest)


def _first(pairs: Any, rest: tuple[Any, ...]) -> str | None:
    for where, u, v in pairs:
        told = _difference(u, v, *rest)
        if told is not None:
            return f"{told}\n\nThe failure occurred for item [{where}]"
    return None


def _between(a: Any, b: Any, rtol: Any, atol: Any, equal_nan: bool, check_dtype: bool) -> str | None:
    numbers = not isinstance(a, Tensor) and not isinstance(b, Tensor)
    x, y = (np.asarray(v._array if isinstance(v, Tensor) else v) for v in (a, b))
    if x.shape != y.shape:
        return f"The values for attribute 'shape' do not match: {dtypes.Size(x.shape)} != {dtypes.Size(y.shape)}."
    if check_dtype and not numbers and x.dtype != y.dtype:
        return f"The values for attribute 'dtype' do not match: {dtypes.of(x.dtype)} != {dtypes.of(y.dtype)}."
    if rtol is None:
        pairs = [_TOLERANCES.get(dtypes.of(v.dtype), (0.0, 0.0)) for v in (x, y)]
        rtol, atol = (max(column) for column in zip(*pairs, strict=True))
    x, y = (v.astype(np.complex128 if v.dtype.kind == "c" else np.float64) for v in (x, y))
    close = np.isclose(x, y, rtol, atol, equal_nan)
    return None if close.all() else _told(x, y, close, rtol, atol)


def _told(x: Any, y: Any, close: Any, rtol: float, atol: float) -> str:
    exact = not rtol and not atol
    word = "equal" if exact else "close"
    with np.errstate(all="ignore"):
        off = np.where(close, 0.0, np.abs(x - y))
        relative = np.where(close, 0.0, off / np.abs(y))
    up_to = "" if exact else " (up to {} allowed)"
    if not x.ndim:
        # torch says what was got and expected of a single element, and by how much it is off
        return (
            f"Scalars are not {word}!\n\nExpected {y.item()} but got {x.item()}.\n"
            f"Absolute difference: {off.item()}{up_to.format(atol)}\n"
            f"Relative difference: {relative.item()}{up_to.format(rtol)}"
        )
    share = f"{(~close).sum()} / {close.size} ({100 * (~close).mean():.1f}%)"
    lines = [f"Tensor-likes are not {word}!", "", f"Mismatched elements: {share}"]
    for name, values, allowed in (("absolute", off, atol), ("relative", relative, rtol)):
        at = tuple(int(i) for i in np.unravel_index(np.argmax(values), values.shape))
        lines.append(f"Greatest {name} difference: {values[at].item()} at index {at}{up_to.format(allowed)}")
    return "\n".join(lines)


__all__ = ["assert_close"]
