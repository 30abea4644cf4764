"""Torch's names for what is joined, combined or compared of other ops: stacks, covariances. Knows no graph."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gradmagic.engine.kinds import irregular, linear, name_rows, refuse_broadcast
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops import moving as M
from gradmagic.ops import reducing
from gradmagic.ops import shape as S
from gradmagic.ops.arithmetic import clamp
from gradmagic.ops.choosing import diag_embed, index_select, meshgrid, pad
from gradmagic.ops.complexes import complex, conj, imag, real
from gradmagic.ops.operands import as_tensor, axes_of, floating, length, one_axis, operand, saves_choice
from gradmagic.ops.scattering import put_row
from gradmagic.ops.shaping import (
    cat,
    diagonal,
    expand,
    flatten,
    ravel,
    reshape,
    squeeze,
    stack,
    unsqueeze,
)

frexp_row = irregular(
    lambda x: np.frexp(x), lambda g, y: g[0] / np.exp2(y[1] * 1.0), node="FrexpBackward0", outputs=2, reads=(1,)
)
fill_row = irregular(S.fill.fn, *S.fill.vjps, node="FillBackward0")
fill_with_row = irregular(S.fill_with.fn, *S.fill_with.vjps, node="FillBackward1")
as_strided_scatter_row = irregular(put_row.fn, *put_row.vjps, node="AsStridedScatterBackward0")
conj_physical_row: Any = linear(
    np.conj, lambda g: conj(g) if isinstance(g, Tensor) else np.conj(g), node="ConjPhysicalBackward0"
)
name_rows(globals())


class Frexp(NamedTuple):
    mantissa: Any
    exponent: Any


class Aminmax(NamedTuple):
    min: Any
    max: Any


_mode_pair = reducing._pair("mode")

# -- brought to one shape, and joined -----------------------------------------------------------------------------


def _given(tensors: tuple[Any, ...]) -> list[Any]:
    one = len(tensors) == 1 and isinstance(tensors[0], (tuple, list))
    return list(tensors[0]) if one else list(tensors)


def broadcast_tensors(*tensors: Any) -> Any:
    ts = _given(tensors)
    full: tuple[int, ...] = ()
    for t in ts:
        try:
            full = np.broadcast_shapes(full, t.shape)
        except ValueError:
            refuse_broadcast([np.broadcast_to(0, full), t._array])
            raise
    return tuple(t if t.shape == full else expand(t, *full) for t in ts)


def _at_least(name: str, widen: Any) -> Any:
    def atleast(*tensors: Any) -> Any:
        out = tuple(widen(t) for t in _given(tensors))
        return out[0] if len(tensors) == 1 and isinstance(tensors[0], Tensor) else out

    atleast.__name__ = name
    return atleast


def _as_1d(t: Tensor) -> Any:
    return t if t.ndim else reshape(t, 1)


def _as_2d(t: Tensor) -> Any:
    return t if t.ndim >= 2 else unsqueeze(t, 0) if t.ndim else reshape(t, 1, 1)


def _as_3d(t: Tensor) -> Any:
    if t.ndim == 0:
        return reshape(t, 1, 1, 1)
    return t if t.ndim >= 3 else unsqueeze(t, -1) if t.ndim == 2 else unsqueeze(unsqueeze(t, 0), -1)


atleast_1d, atleast_2d, atleast_3d = (
    _at_least(f"atleast_{n}d", widen) for n, widen in ((1, _as_1d), (2, _as_2d), (3, _as_3d))
)


def _some(name: str, tensors: Sequence[Any]) -> list[Any]:
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return list(tensors)


def column_stack(tensors: Sequence[Any]) -> Any:
    return cat([t if t.ndim > 1 else reshape(t, t._array.size, 1) for t in _some("column_stack", tensors)], 1)


def dstack(tensors: Sequence[Any]) -> Any:
    return cat([_as_3d(t) for t in _some("dstack", tensors)], 2)


def cartesian_prod(*tensors: Any) -> Any:
    ts = _given(tensors)
    for t in ts:
        if t.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(t.shape)}")
    return ts[0] if len(ts) == 1 else stack([flatten(t) for t in meshgrid(*ts)], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Any:
    if input.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return Tensor._of(np.zeros(0, input._array.dtype))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    at = np.array(list(choose(range(input.shape[0]), r)), np.intp).reshape(-1, r)
    return stack([index_select(input, 0, as_tensor(at[:, k].copy())) for k in range(r)], 1)


def diagflat(input: Tensor, offset: int = 0) -> Any:
    return diag_embed(ravel(input), offset)


def constant_pad_nd(input: Tensor, pad_: Sequence[int] | None = None, value: Any = 0, **named: Any) -> Any:
    widths: Any = named.pop("pad", pad_)
    if len(widths) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(widths)}")
    return pad(input, widths, value=value)


# -- filled and written -------------------------------------------------------------------------------------------


def fill(input: Tensor, value: Any) -> Any:
    """A tensor of the same shape that is ``value`` everywhere."""
    if not isinstance(value, Tensor):
        return fill_row(input, value=value)
    if value.ndim:
        raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    return fill_with_row(input, value)


@saves_choice
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Any:
    """The elements of ``source``, one after the other, where the mask is true."""
    if mask._array.dtype.kind != "b":
        words = f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype.legacy}"
        raise RuntimeError(words)
    full = np.broadcast_shapes(input.shape, mask.shape)
    wide = np.broadcast_to(mask._array, full)
    if np.sum(wide) > source._array.size:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    return M.masked_scatter(input if input.shape == full else expand(input, *full), source, mask=wide)


def as_strided_scatter(input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
    at = M._as_strided(np.arange(input._array.size), tuple(size), tuple(stride), storage_offset or 0)
    return as_strided_scatter_row(input, src, index=at, accumulate=False)


def conj_physical(input: Tensor) -> Any:
    return conj_physical_row(input) if input._array.dtype.kind == "c" else input


def copysign(input: Tensor, other: Any) -> Any:
    b = operand(other)
    return (E.copysign if isinstance(b, Tensor) else E.copysign_scalar)(as_tensor(input), b)


def frexp(input: Tensor) -> Any:
    if input._array.dtype.kind != "f":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    return Frexp(*frexp_row(input))


# -- chosen -------------------------------------------------------------------------------------------------------


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    axes = axes_of(dim, input.ndim)
    if not (input._array.size if dim is None else length(input, one_axis(dim, input.ndim))):
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    return Aminmax(*M.aminmax(input, axis=axes, keepdims=keepdim))


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The commonest value along a dimension, the least if there are several, and its last place."""
    d = one_axis(dim, input.ndim)
    if not length(input, d):
        raise IndexError(f"mode(): Expected reduction dim {d} to have non-zero size.")
    return _mode_pair(*M.mode(input, axis=d, args=(), keepdims=keepdim))


def msort(input: Tensor) -> Any:
    return reducing.sort(input, 0).values


# -- moments in pairs ---------------------------------------------------------------------------------------------


def _weights(name: str, given: Any, n: int, kinds: str, words: str) -> Any:
    if given is None:
        return None
    if given.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {given.ndim} dimensions"
        )
    if given._array.dtype.kind not in kinds:
        raise RuntimeError(
            f"cov(): expected {name} to have {words} dtype but got {name} with {given.dtype.legacy} dtype"
        )
    if given._array.size != n:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{given._array.size} != {n}"
        )
    if np.any(given._array < 0):
        raise RuntimeError(f"cov(): {name} cannot be negative")
    return given


def cov(input: Tensor, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """Covariances of the rows; ``fweights`` says how often a column counts, ``aweights`` how much."""
    if input.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        )
    if input._array.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = floating(_as_2d(input))
    n = x.shape[1]
    often, much = (
        _weights("fweights", fweights, n, "iu", "integral"),
        _weights("aweights", aweights, n, "f", "floating point"),
    )
    w = often if much is None else much if often is None else often * much
    total = n if w is None else reducing.sum(w)
    centred = x - (reducing.sum(x if w is None else x * w, 1, keepdim=True) / total)
    freedom = total - correction
    if much is not None and correction:
        freedom = total - correction * reducing.sum(w * much) / total
    if float(freedom) <= 0:
        warnings.warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.", UserWarning, stacklevel=2)  # fmt: skip
        freedom = 0
    weighted = centred if w is None else centred * w
    return squeeze(reducing.matmul(weighted, conj(centred.mT)) / freedom)


def corrcoef(input: Tensor) -> Any:
    """Covariances over both rows' standard deviations, within -1 and 1."""
    if input.ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        )
    c = cov(input)
    if not c.ndim:
        return c / c
    spread = E.sqrt(real(diagonal(c)))
    c = c / unsqueeze(spread, 1) / unsqueeze(spread, 0)
    if c._array.dtype.kind != "c":
        return clamp(c, -1, 1)
    return complex(clamp(real(c), -1, 1), clamp(imag(c), -1, 1))


NAMES = [
    "aminmax", "as_strided_scatter", "conj_physical", "copysign", "corrcoef", "cov", "diagflat", "frexp", "masked_scatter",
    "mode", "msort",
]  # fmt: skip
FREE_NAMES = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_tensors", "cartesian_prod", "column_stack", "combinations",
    "constant_pad_nd", "dstack", "fill",
]  # fmt: skip
