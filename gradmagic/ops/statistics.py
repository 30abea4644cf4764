"""Quantiles, medians without NaN, and moments in pairs, under torch's names and signatures. Knows their rows; no graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine.tensor import Tensor
from gradmagic.ops import moving as M
from gradmagic.ops import reductions as R
from gradmagic.ops.choosing import _one, gather, lerp
from gradmagic.ops.operands import as_tensor, length, one_axis
from gradmagic.ops.reducing import _pair, _spread_row, sort
from gradmagic.ops.shaping import flatten, reshape, squeeze, transpose, unsqueeze, view
from gradmagic.ops.variants import done_in_place

_nanmedian_pair = _pair("nanmedian")


def nanmedian(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    if dim is None:
        return M.nanmedian(input, axis=None, keepdims=False)
    d = one_axis(dim, input.ndim)
    if length(input, d) == 0:
        raise IndexError(f"nanmedian(): Expected reduction dim {d} to have non-zero size.")
    return _one(M.nanmedian_dim, _nanmedian_pair, input, None, dim, keepdim)


def var_mean(
    input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    return _spread_row(R.var_mean, "var_mean", input, dim, unbiased, correction, keepdim)


def std_mean(
    input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    return _spread_row(R.std_mean, "std_mean", input, dim, unbiased, correction, keepdim)


# -- quantiles: torch's way, by sorting, which is differentiable in q as well --------------------------------------

_ROUNDED: dict[str, Any] = {"lower": np.floor, "higher": np.ceil, "nearest": np.round}


def _check(name: str, input: Tensor, q: Tensor, interpolation: str) -> None:
    if not input._array.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if q.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if input.dtype.name not in ("float32", "float64"):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if q.dtype is not input.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    if q.ndim == 0 and not 0 <= q._array <= 1:
        raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {float(q._array):g}")
    if not np.all((q._array >= 0) & (q._array <= 1)):
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")


def _ranks(ordered: Tensor, q: Tensor, ignore_nan: bool) -> Any:
    """Where in the order each quantile lies; where NaN is not ignored, at the NaN at the end."""
    missing = np.isnan(ordered._array)
    if ignore_nan:
        last = np.sum(~missing, -1, keepdims=True) - 1
        ranks = q * Tensor._of(last.astype(ordered._array.dtype))
        return ranks.masked_fill(Tensor._of(ranks._array < 0), 0)
    end = ordered.shape[-1] - 1
    ranks = (q * float(end)).expand(*ordered.shape[:-1], q.shape[0])
    return ranks.masked_fill(Tensor._of(missing.any(-1, keepdims=True)), end)


def _quantile(
    name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, ignore_nan: bool
) -> Any:
    q = q if isinstance(q, Tensor) else Tensor._of(np.asarray(q, input._array.dtype))
    _check(name, input, q, interpolation)
    ordered = _ordered(input, dim, keepdim)
    ranks = _ranks(ordered, reshape(q, -1), ignore_nan)
    if interpolation in _ROUNDED:
        ranks = Tensor._of(_ROUNDED[interpolation](ranks._array))
    out = _between(ordered, ranks, interpolation)
    if q.ndim:  # the quantiles come first
        out = done_in_place(transpose(done_in_place(unsqueeze(out, 0)), 0, -1))
    return done_in_place(squeeze(out, -1))


def _ordered(input: Tensor, dim: int | None, keepdim: bool) -> Any:
    """The input sorted, its order along the last dimension: one more than the result has."""
    if dim is None or not input.ndim:
        shape = (*(1,) * (input.ndim if keepdim else 0), -1)
        return view(sort(flatten(input), -1).values, *shape)
    d = one_axis(dim, input.ndim)
    if d == input.ndim - 1:
        values = sort(input, -1).values
    else:
        values = sort(transpose(unsqueeze(input, -1), d, -1), -1).values
    n = values.shape[-1]
    kept = [1 if k == d else size for k, size in enumerate(input.shape) if keepdim or k != d]
    return reshape(values, *kept, n)


def _between(ordered: Tensor, ranks: Tensor, interpolation: str) -> Any:
    below = ranks._array.astype(np.intp)
    lower = gather(ordered, -1, as_tensor(below))
    if interpolation in _ROUNDED:
        return lower
    weights = Tensor._of(np.full(ranks.shape, 0.5)) if interpolation == "midpoint" else ranks - as_tensor(below)
    above = gather(ordered, -1, as_tensor(np.ceil(ranks._array).astype(np.intp)))
    return lerp(lower, above, weights)


def quantile(input: Tensor, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear") -> Any:
    return _quantile("quantile", input, q, dim, keepdim, interpolation, ignore_nan=False)


def nanquantile(input: Tensor, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear") -> Any:
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, ignore_nan=True)


NAMES = ["nanmedian", "nanquantile", "quantile"]
FREE_NAMES = ["std_mean", "var_mean"]
