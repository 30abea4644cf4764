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
from gradmagic.ops.functional import linear, logsigmoid
from gradmagic.ops.operands import as_tensor, clone
from gradmagic.ops.reducing import log_softmax
from gradmagic.ops.shaping import expand, reshape, unsqueeze

_NUMBERS = {"none": L.NONE, "mean": L.MEAN, "sum": L.SUM}


def _how(reduction: str, size_average: Any = None, reduce: Any = None) -> str:
    """The reduction asked for, also by the two arguments that came before it."""
    if size_average is not None or reduce is not None:
        averaged, done = size_average is not False, reduce is not False
        reduction = ("mean" if averaged else "sum") if done else "none"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            UserWarning,
            stacklevel=4,
        )
    if reduction not in _NUMBERS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def _reduced(values: Any, reduction: str) -> Any:
    return values if reduction == "none" else reducing.sum(values) if reduction == "sum" else reducing.mean(values)


def _matched(input: Any, target: Any) -> tuple[Any, Any]:
    a, b = as_tensor(input), as_tensor(target)
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
    return row(a, b, reduction=_NUMBERS[how], options=options)


def _weighted(row: Any, a: Any, b: Any, how: str, weight: Any, **options: Any) -> Any:
    if weight is None:
        return _loss(row, a, b, how, **options)
    values = _loss(row, a, b, "none", **options) * weight
    if how == "mean":
        return reducing.sum(values) / reducing.sum(expand(weight, *values.shape))
    return _reduced(values, how)


# -- of a difference ----------------------------------------------------------------------------------------------


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    return _weighted(L.mse_row, *_matched(input, target), _how(reduction, size_average, reduce), weight)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    how = _how(reduction, size_average, reduce)
    a, b = _matched(input, target)
    size = E.abs(a - b)
    if weight is None:
        return _reduced(size, how)
    values = size * weight
    return (
        reducing.sum(values) / reducing.sum(expand(weight, *values.shape)) if how == "mean" else _reduced(values, how)
    )


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    return _weighted(L.huber_row, *_matched(input, target), _how(reduction), weight, delta=delta)


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
    return _loss(L.smooth_l1_row, *_matched(input, target), _how(reduction, size_average, reduce), beta=beta)


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
    how = _how(reduction, size_average, reduce)
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    if np.any((input._array < 0) | (input._array > 1)):
        raise RuntimeError("all elements of input should be between 0 and 1")
    return _loss(L.binary_cross_entropy_row, input, target, how, weight=_raw(weight))


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    how = _how(reduction, size_average, reduce)
    if input.shape != target.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    options = {"weight": _raw(weight), "pos_weight": _raw(pos_weight)}
    return _loss(L.binary_cross_entropy_with_logits_row, input, target, how, **options)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    how = reduction if reduction == "batchmean" else _how(reduction, size_average, reduce)
    values = E.exp(target) * (target - input) if log_target else X.xlogy(target, target) - target * input
    if how != "batchmean":
        return _reduced(values, how)
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
    how = _how(reduction, size_average, reduce)
    values = E.exp(input) - target * input if log_input else input - target * E.log(input + eps)
    if full:  # Stirling's approximation of the factorial
        stirling = target * E.log(target) - target + 0.5 * E.log(2 * math.pi * target)
        values = values + stirling.masked_fill(target <= 1, 0)
    return _reduced(values, how)


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
    if reduction not in _NUMBERS:
        raise ValueError(reduction + " is not valid")
    spread = clone(spread)
    with no_grad():
        spread.clamp_(min=eps)
    values = 0.5 * (E.log(spread) + (input - target) ** 2 / spread)
    return _reduced(values + 0.5 * math.log(2 * math.pi) if full else values, reduction)


# -- of margins ---------------------------------------------------------------------------------------------------


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    a, b = input, target
    if a.shape != b.shape:
        full = np.broadcast_shapes(a.shape, b.shape)
        a, b = expand(a, *full), expand(b, *full)
    return _loss(L.soft_margin_row, a, b, _how(reduction, size_average, reduce))


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Any,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = _how(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            f"margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: {input1.shape}, "
            f"input2: {input2.shape}, target: {target.shape} "
        )
    return _reduced(clamp_min(-target * (input1 - input2) + margin, 0), how)


def hinge_embedding_loss(
    input: Tensor,
    target: Any,
    margin: float = 1.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = _how(reduction, size_average, reduce)
    zeros = Tensor._of(np.zeros((), input._array.dtype))
    apart = where(target != 1, clamp_min(margin - input, 0), zeros)
    return _reduced(apart + where(target != -1, input, zeros), how)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Any,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = _how(reduction, size_average, reduce)
    if target.ndim not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    dim = target.ndim
    dot = reducing.sum(input1 * input2, dim)
    squares = [reducing.sum(v * v, dim) + 1e-12 for v in (input1, input2)]
    cosine = dot / E.sqrt(squares[0] * squares[1])
    zeros = Tensor._of(np.zeros_like(cosine._array))
    alike, apart = where(target == 1, 1 - cosine, zeros), where(target == -1, clamp_min(cosine - margin, 0), zeros)
    return _reduced(alike + apart, how)


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
    how = _how(reduction, size_average, reduce)
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
    how = _how(reduction)
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
    return _reduced(clamp_min(margin + near - far, 0), how)


# -- of classes ---------------------------------------------------------------------------------------------------


def _check_classes(classes: Any, count: int, ignore_index: int) -> None:
    for c in classes[(classes != ignore_index) & ((classes < 0) | (classes >= count))].reshape(-1)[:1]:
        raise IndexError(f"Target {c} is out of bounds.")


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """The negative log likelihood: classes along dimension 1, or 0 where there is no batch."""
    how = _how(reduction, size_average, reduce)
    if input.ndim < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {input.ndim})")
    dim = 0 if input.ndim == 1 else 1
    if dim and input.shape[0] != (target.shape[0] if target.ndim else 1):
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0]})."
        )
    if input.ndim > 2 and target.shape[1:] != input.shape[2:]:
        expected = [input.shape[0], *input.shape[2:]]
        raise RuntimeError(f"Expected target size {expected}, got {list(target.shape)}")
    classes = np.asarray(target._array)
    _check_classes(classes, input.shape[dim], ignore_index)
    if input.ndim == 3 or input.ndim > 4:  # torch has rows for one and for three dimensions more than classes
        flat = nll_loss(
            reshape(input, *input.shape[:2], 1, -1), reshape(target, input.shape[0], 1, -1), weight,
            ignore_index=ignore_index, reduction=how,
        )  # fmt: skip
        return reshape(flat, *target.shape) if how == "none" else flat
    kept = np.where(classes == ignore_index, 0, classes).astype(np.intp)
    ones = np.ones(input.shape[dim], input._array.dtype) if weight is None else weight._array
    factors = np.where(classes == ignore_index, 0, ones[kept] if ones.size else 0).astype(input._array.dtype)
    at = (kept,) if dim == 0 else (np.indices(classes.shape)[0], kept, *np.indices(classes.shape)[1:])
    row = L.nll_2d_row if input.ndim == 4 else L.nll_row
    return row(input, at=at, factors=factors, reduction=_NUMBERS[how])


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Softmax's logarithm against class numbers, or against probabilities of the input's shape."""
    how = _how(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    dim = 0 if input.ndim == 1 else 1
    logs = log_softmax(input, dim)
    shown = None if weight is None else reshape(weight, *(-1 if d == dim else 1 for d in range(input.ndim)))
    n = input.shape[dim]
    if target._array.dtype.kind == "f":
        smooth = target * (1 - label_smoothing) + label_smoothing / n if label_smoothing else target
        values = logs * smooth if shown is None else logs * smooth * shown
        if how == "none":
            return -reducing.sum(values, dim)
        total = -reducing.sum(values)
        return total / max(input.numel() // max(n, 1), 1) if how == "mean" else total
    plain = nll_loss(logs, target, weight, ignore_index=ignore_index, reduction=how)
    if not label_smoothing:
        return plain
    spread = -reducing.sum(logs if shown is None else logs * shown, dim)
    ignored = target._array == ignore_index
    spread = spread.masked_fill(Tensor._of(ignored), 0)
    if how == "mean":
        kept = np.asarray(target._array)[~ignored]
        spread = reducing.sum(spread) / float(kept.size if weight is None else weight._array[kept].sum())
    elif how == "sum":
        spread = reducing.sum(spread)
    return plain * (1 - label_smoothing) + spread * (label_smoothing / n)


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Any = None,
    weight: Any = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Any:
    """A linear layer and the cross entropy of what it gives; ``options`` say how torch is to cut it into chunks."""
    classes, *more, features = linear_weight.shape
    w = reshape(linear_weight, -1, features) if more else linear_weight
    b = reshape(linear_bias, -1) if more and linear_bias is not None else linear_bias
    logits = reshape(linear(input, w, b), *input.shape[:-1], classes, *more)
    index = -100 if ignore_index is None else ignore_index
    return cross_entropy(
        logits, target, weight, ignore_index=index, reduction=reduction, label_smoothing=label_smoothing
    )


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = _how(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    at = np.asarray(target._array).reshape(-1).astype(np.intp)
    rows = input if input.ndim == 2 else reshape(input, 1, -1)
    factors = np.ones(len(at)) if weight is None else weight._array[at]
    out = L.multi_margin_row(rows, at=at, p=p, margin=margin, factors=factors, reduction=_NUMBERS[how])
    return out if how != "none" or target.ndim else reshape(out, ())


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """The classes of a row's target count up to the first -1."""
    how = _how(reduction, size_average, reduce)
    width = input.shape[-1] if input.ndim else 1
    at = np.asarray(target._array).reshape(-1, width).astype(np.intp)
    at = np.where(np.minimum.accumulate(at >= 0, -1), at, -1)
    is_target = (np.arange(width) == at[:, :, None]).any(1)
    rows = reshape(input, -1, width)
    out = L.multilabel_margin_row(rows, at=at, is_target=is_target, reduction=_NUMBERS[how])
    return out if how != "none" or input.ndim > 1 else reshape(out, ())


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = _how(reduction, size_average, reduce)
    values = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    values = values if weight is None else values * weight
    return _reduced(reducing.sum(values, input.ndim - 1) / input.shape[-1], how)


__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss", "cosine_similarity", "cross_entropy",
    "gaussian_nll_loss", "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss", "linear_cross_entropy",
    "margin_ranking_loss", "mse_loss", "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss",
    "nll_loss", "pairwise_distance", "poisson_nll_loss", "smooth_l1_loss", "soft_margin_loss", "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]  # fmt: skip
