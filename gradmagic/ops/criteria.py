"""Losses under the names and signatures of ``torch.nn.functional``. Knows their table; no graph."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.modes import no_grad
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops import losses as L
from gradmagic.ops import reducing
from gradmagic.ops import special as X
from gradmagic.ops.arithmetic import clamp_min, where
from gradmagic.ops.distances import cosine_similarity, pairwise_distance
from gradmagic.ops.operands import as_tensor, clone, refuse_gradient, save_choice
from gradmagic.ops.shaping import expand, unsqueeze

NUMBERS = {"none": L.NONE, "mean": L.MEAN, "sum": L.SUM}


def how_reduced(reduction: str, size_average: Any = None, reduce: Any = None) -> str:
    """The reduction asked for, also by the two arguments that came before it."""
    if size_average is not None or reduce is not None:
        averaged, done = size_average is not False, reduce is not False
        reduction = ("mean" if averaged else "sum") if done else "none"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            UserWarning,
            stacklevel=4,
        )
    if reduction not in NUMBERS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def reduced(values: Any, reduction: str) -> Any:
    return values if reduction == "none" else reducing.sum(values) if reduction == "sum" else reducing.mean(values)


def _matched(input: Any, target: Any) -> tuple[Any, Any]:
    a, b = input, target
    if a.shape != b.shape:
        warnings.warn(
            f"Using a target size ({b.shape}) that is different to the input size ({a.shape}). This will likely lead to "
            "incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
            stacklevel=4,
        )
        full = np.broadcast_shapes(a.shape, b.shape)
        a, b = (v if v.shape == full else expand(v, *full) for v in (a, b))
    return a, b


def _loss(row: Any, a: Any, b: Any, how: str, **options: Any) -> Any:
    return row(a, b, reduction=NUMBERS[how], options=options)


def _weighted(row: Any, a: Any, b: Any, how: str, weight: Any, **options: Any) -> Any:
    if weight is None:
        return _loss(row, a, b, how, **options)
    values = _loss(row, a, b, "none", **options) * weight
    if how == "mean":
        return reducing.sum(values) / reducing.sum(expand(weight, *values.shape))
    return reduced(values, how)


# -- of a difference ----------------------------------------------------------------------------------------------


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    return _weighted(L.mse_row, *_matched(input, target), how_reduced(reduction, size_average, reduce), weight)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    how = how_reduced(reduction, size_average, reduce)
    a, b = _matched(input, target)
    size = E.abs(a - b)
    if weight is None:
        return reduced(size, how)
    values = size * weight
    return reducing.sum(values) / reducing.sum(expand(weight, *values.shape)) if how == "mean" else reduced(values, how)


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    return _weighted(L.huber_row, *_matched(input, target), how_reduced(reduction), weight, delta=delta)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any:
    if beta == 0.0:
        return l1_loss(input, target, size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    return _loss(L.smooth_l1_row, *_matched(input, target), how_reduced(reduction, size_average, reduce), beta=beta)


# -- of probabilities and logits ----------------------------------------------------------------------------------


def _raw(weight: Any) -> Any:
    return 1.0 if weight is None else as_tensor(weight)._array


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = how_reduced(reduction, size_average, reduce)
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    if np.any((input._array < 0) | (input._array > 1)):
        raise RuntimeError("all elements of input should be between 0 and 1")
    refuse_gradient("binary_cross_entropy", weight=weight)
    return save_choice(_loss(L.binary_cross_entropy_row, input, target, how, weight=_raw(weight)), (weight,))


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    how = how_reduced(reduction, size_average, reduce)
    if input.shape != target.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    refuse_gradient("binary_cross_entropy_with_logits", weight=weight, pos_weight=pos_weight)
    options = {"weight": _raw(weight), "pos_weight": _raw(pos_weight)}
    out = _loss(L.binary_cross_entropy_with_logits_row, input, target, how, **options)
    return save_choice(out, (weight, pos_weight))


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    how = reduction if reduction == "batchmean" else how_reduced(reduction, size_average, reduce)
    values = E.exp(target) * (target - input) if log_target else X.xlogy(target, target) - target * input
    if how != "batchmean":
        return reduced(values, how)
    return reducing.sum(values) / input.shape[0] if input.ndim else reducing.sum(values)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: Any = None,
    eps: float = 1e-8,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = how_reduced(reduction, size_average, reduce)
    values = E.exp(input) - target * input if log_input else input - target * E.log(input + eps)
    if full:  # Stirling's approximation of the factorial
        stirling = target * E.log(target) - target + 0.5 * E.log(2 * math.pi * target)
        values = values + stirling.masked_fill(target <= 1, 0)
    return reduced(values, how)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    spread = as_tensor(np.full(input.shape, var, input._array.dtype)) if isinstance(var, float) else var
    if np.any(spread._array < 0):
        raise ValueError("var has negative entry/entries")
    if spread.shape != input.shape:
        if input.shape[:-1] == spread.shape:
            spread = unsqueeze(spread, -1)
        elif input.ndim != spread.ndim or sum(b for a, b in zip(input.shape, spread.shape, strict=True) if a != b) != 1:
            raise ValueError("var is of incorrect size")
    if reduction not in NUMBERS:
        raise ValueError(reduction + " is not valid")
    spread = clone(spread)
    with no_grad():
        spread.clamp_(min=eps)
    values = 0.5 * (E.log(spread) + (input - target) ** 2 / spread)
    return reduced(values + 0.5 * math.log(2 * math.pi) if full else values, reduction)


# -- of margins ---------------------------------------------------------------------------------------------------


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    a, b = input, target
    if a.shape != b.shape:
        full = np.broadcast_shapes(a.shape, b.shape)
        a, b = expand(a, *full), expand(b, *full)
    return _loss(L.soft_margin_row, a, b, how_reduced(reduction, size_average, reduce))


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Any,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = how_reduced(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            f"margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: {input1.shape}, "
            f"input2: {input2.shape}, target: {target.shape} "
        )
    return reduced(clamp_min(-target * (input1 - input2) + margin, 0), how)


def hinge_embedding_loss(
    input: Tensor,
    target: Any,
    margin: float = 1.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = how_reduced(reduction, size_average, reduce)
    zeros = Tensor._of(np.zeros((), input._array.dtype))
    apart = where(target != 1, clamp_min(margin - input, 0), zeros)
    return reduced(apart + where(target != -1, input, zeros), how)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Any,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = how_reduced(reduction, size_average, reduce)
    if target.ndim not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    dim = target.ndim
    dot = reducing.sum(input1 * input2, dim)
    squares = [reducing.sum(v * v, dim) + 1e-12 for v in (input1, input2)]
    cosine = dot / E.sqrt(squares[0] * squares[1])
    zeros = Tensor._of(np.zeros_like(cosine._array))
    alike, apart = where(target == 1, 1 - cosine, zeros), where(target == -1, clamp_min(cosine - margin, 0), zeros)
    return reduced(alike + apart, how)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = how_reduced(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return _triplet(anchor, positive, negative, lambda a, b: pairwise_distance(a, b, p, eps), margin, swap, how)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    how = how_reduced(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    return _triplet(anchor, positive, negative, distance_function or pairwise_distance, margin, swap, how)


def _triplet(anchor: Any, positive: Any, negative: Any, distance: Any, margin: float, swap: bool, how: str) -> Any:
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = E.minimum(far, distance(positive, negative))
    return reduced(clamp_min(margin + near - far, 0), how)


__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss", "cosine_similarity",     "gaussian_nll_loss", "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss",     "margin_ranking_loss", "mse_loss",     "pairwise_distance", "poisson_nll_loss", "smooth_l1_loss", "soft_margin_loss", "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]  # fmt: skip
