"""Losses of classes, where the target says which: under the names of ``torch.nn.functional``. Knows their table; no graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmagic.engine.tensor import Tensor
from gradmagic.ops import losses as L
from gradmagic.ops import reducing
from gradmagic.ops.criteria import NUMBERS, how_reduced, reduced
from gradmagic.ops.functional import linear, logsigmoid
from gradmagic.ops.operands import refuse_gradient, save_choice
from gradmagic.ops.reducing import log_softmax
from gradmagic.ops.reductions import divided
from gradmagic.ops.shaping import reshape


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
    how = how_reduced(reduction, size_average, reduce)
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
    refuse_gradient("nll_loss_forward", weight=weight)
    kept = np.where(classes == ignore_index, 0, classes).astype(np.intp)
    ones = np.ones(input.shape[dim], input._array.dtype) if weight is None else weight._array
    factors = np.where(classes == ignore_index, 0, ones[kept] if ones.size else 0).astype(input._array.dtype)
    at = (kept,) if dim == 0 else (np.indices(classes.shape)[0], kept, *np.indices(classes.shape)[1:])
    row = L.nll_2d_row if input.ndim == 4 else L.nll_row
    return save_choice(row(input, at=at, factors=factors, reduction=NUMBERS[how]), (target, weight))


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
    how = how_reduced(reduction, size_average, reduce)
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
        return divided(total, n=max(input.numel() // max(n, 1), 1)) if how == "mean" else total
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
    how = how_reduced(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    refuse_gradient("multi_margin_loss", weight=weight)
    at = np.asarray(target._array).reshape(-1).astype(np.intp)
    rows = input if input.ndim == 2 else reshape(input, 1, -1)
    factors = np.ones(len(at)) if weight is None else weight._array[at]
    out = L.multi_margin_row(rows, at=at, p=p, margin=margin, factors=factors, reduction=NUMBERS[how])
    save_choice(out, (target, weight))
    return out if how != "none" or target.ndim else reshape(out, ())


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """The classes of a row's target count up to the first -1."""
    how = how_reduced(reduction, size_average, reduce)
    width = input.shape[-1] if input.ndim else 1
    at = np.asarray(target._array).reshape(-1, width).astype(np.intp)
    at = np.where(np.minimum.accumulate(at >= 0, -1), at, -1)
    is_target = (np.arange(width) == at[:, :, None]).any(1)
    rows = reshape(input, -1, width)
    out = L.multilabel_margin_row(rows, at=at, is_target=is_target, reduction=NUMBERS[how])
    save_choice(out, (target,))
    return out if how != "none" or input.ndim > 1 else reshape(out, ())


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    how = how_reduced(reduction, size_average, reduce)
    values = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    values = values if weight is None else values * weight
    return reduced(reducing.sum(values, input.ndim - 1) / input.shape[-1], how)


__all__ = [
    "cross_entropy", "linear_cross_entropy", "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss",
    "nll_loss",
]  # fmt: skip
