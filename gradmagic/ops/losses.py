"""Losses, one row each: a value and its partials, element by element, and how they are reduced. Knows the kinds; no graph.

A row's ``options`` are the loss's own constants. Reductions are counted as torch counts them: 0 none, 1 mean, 2 sum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.kinds import irregular, linear, name_rows
from gradmagic.ops import activations as A
from gradmagic.ops import elementwise as E
from gradmagic.ops import shape as S
from gradmagic.ops.reductions import divided, raw
from gradmagic.ops.rules import called

NONE, MEAN, SUM = 0, 1, 2
_sigmoid, _log_sigmoid = called(E.sigmoid), called(A.log_sigmoid)


def _reduced(values: Any, reduction: int) -> Any:
    if reduction == NONE:
        return values
    return np.asarray(np.sum(values) if reduction == SUM else np.sum(values) / np.float64(values.size)).astype(
        values.dtype
    )


def _part(g: Any, size: int, reduction: int) -> Any:
    """The gradient that each element's loss gets."""
    return called(divided)(g, n=max(size, 1)) if reduction == MEAN else g


def _loss(value: Callable[..., Any], of_input: Any, of_target: Any, node: str) -> Any:
    def vjp(partial: Any) -> Any:
        if partial is None:
            return None
        return lambda g, a, b, reduction, options: _part(g * partial(a, b, **options), raw(a).size, reduction)

    return irregular(
        lambda a, b, reduction, options: _reduced(value(a, b, **options), reduction),
        vjp(of_input),
        vjp(of_target),
        node=node,
        saved={"other": "target"},
        attributes=("reduction",),
    ).named(node)


def _of_difference(value: Any, slope: Any, bend: Any, node: str) -> Any:
    """A loss of the difference d = input - target, by its value and both derivatives; torch has an op for the first."""

    def share(g: Any, b: Any, reduction: int, factor: Any) -> Any:
        return _part(g, raw(b).size, reduction) * factor

    backward = irregular(
        lambda a, b, c, reduction, options: share(a, b, reduction, slope(b - c, **options)),
        lambda g, b, c, reduction, options: share(g, b, reduction, slope(b - c, **options)),
        lambda g, a, b, c, reduction, options: share(g * a, b, reduction, bend(b - c, **options)),
        lambda g, a, b, c, reduction, options: -share(g * a, b, reduction, bend(b - c, **options)),
        node=node.replace("Backward0", "BackwardBackward0"),
    ).named(node + "_backward")
    return irregular(
        lambda a, b, reduction, options: _reduced(value(a - b, **options), reduction),
        lambda g, a, b, reduction, options: called(backward)(g, a, b, reduction=reduction, options=options),
        lambda g, a, b, reduction, options: -called(backward)(g, a, b, reduction=reduction, options=options),
        node=node,
        saved={"other": "target"},
        attributes=("reduction",),
    ).named(node)


def _bowl(d: Any, width: float) -> Any:
    return np.where(np.abs(d) < width, 0.5 * d * d, width * (np.abs(d) - 0.5 * width))


def _bowl_slope(d: Any, width: float) -> Any:
    return np.clip(d, -width, width)


def _bowl_bend(d: Any, width: float) -> Any:
    return (np.abs(raw(d)) < width) * 1.0


mse_row = _of_difference(lambda d: d * d, lambda d: 2 * d, lambda d: 2.0, "MseLossBackward0")
huber_row = _of_difference(
    lambda d, delta: _bowl(d, delta),
    lambda d, delta: _bowl_slope(d, delta),
    lambda d, delta: _bowl_bend(d, delta),
    "HuberLossBackward0",
)
smooth_l1_row = _of_difference(
    lambda d, beta: _bowl(d, beta) / beta,
    lambda d, beta: _bowl_slope(d, beta) / beta,
    lambda d, beta: _bowl_bend(d, beta) / beta,
    "SmoothL1LossBackward0",
)


def _at_most(x: Any) -> Any:
    """Torch cuts logarithms off at -100."""
    return np.maximum(x, -100)


binary_cross_entropy_row = _loss(
    lambda a, b, weight: -(b * _at_most(np.log(a)) + (1 - b) * _at_most(np.log1p(-a))) * weight,
    lambda a, b, weight: weight * (a - b) / np.maximum(a * (1 - a), 1e-12),
    lambda a, b, weight: weight * (np.log(1 - a) - np.log(a)),
    "BinaryCrossEntropyBackward0",
)


def _logits(a: Any, b: Any, weight: Any, pos_weight: Any) -> Any:
    return ((1 - b) * a + (1 + (pos_weight - 1) * b) * np.logaddexp(-a, a.dtype.type(0))) * weight


def _logits_of_input(a: Any, b: Any, weight: Any, pos_weight: Any) -> Any:
    t = pos_weight * b
    return weight * ((t + 1 - b) * _sigmoid(a) - t)


binary_cross_entropy_with_logits_row = _loss(
    _logits,
    _logits_of_input,
    lambda a, b, weight, pos_weight: weight * (_log_sigmoid(-a) - pos_weight * _log_sigmoid(a)),
    "BinaryCrossEntropyWithLogitsBackward0",
)
soft_margin_row = _loss(
    lambda a, b: np.log1p(np.exp(-b * a)), lambda a, b: -b * _sigmoid(-b * a), None, "SoftMarginLossBackward0"
)


# -- losses of classes: the target says where ---------------------------------------------------------------------


def _nll(x: Any, at: Any, factors: Any, reduction: int) -> Any:
    values = -x[at] * factors
    if reduction == NONE:
        return values
    total = np.sum(values)
    return np.asarray(total if reduction == SUM else total / factors.sum(dtype=x.dtype)).astype(x.dtype)


def _nll_vjp(g: Any, shape: Any, at: Any, factors: Any, reduction: int) -> Any:
    share = factors / factors.sum() if reduction == MEAN else factors
    return S.put_add(g * -share, shape, at)


nll_row = linear(_nll, _nll_vjp, node="NllLossBackward0")
nll_2d_row = linear(_nll, _nll_vjp, node="NllLoss2DBackward0")


def _margins(x: Any, at: Any, margin: float) -> Any:
    """How far each class comes too near to the right one, which itself counts as zero."""
    others = np.arange(raw(x).shape[-1]) != at[:, None]
    gap = margin - x[np.arange(len(at)), at][:, None] + x
    return np.where(others, np.where(raw(gap) > 0, gap, 0.0), 0.0)


def _multi_margin(x: Any, at: Any, p: int, margin: float, factors: Any, reduction: int) -> Any:
    return _reduced(np.sum(_margins(x, at, margin) ** p, -1) * factors / x.shape[-1], reduction)


def _multi_margin_vjp(g: Any, x: Any, shape: Any, at: Any, p: int, margin: float, factors: Any, reduction: int) -> Any:
    gaps = _margins(x, at, margin)
    slopes = (raw(gaps) > 0).astype(raw(x).dtype) if p == 1 else 2 * gaps
    each = np.reshape(_part(g, len(at), reduction) * (factors / shape[-1]), (-1, 1))
    slopes = slopes * each
    right = np.arange(shape[-1]) == at[:, None]
    return np.where(right, -np.sum(slopes, -1)[:, None], slopes)


multi_margin_row = irregular(
    _multi_margin, _multi_margin_vjp, node="MultiMarginLossBackward0", attributes=("margin", "p", "reduction")
)


def _label_gaps(x: Any, at: Any, is_target: Any) -> Any:
    """For each named class and each class that is not: (row, named, class)."""
    named = np.take_along_axis(x, np.maximum(at, 0), -1)
    gap = 1 - named[:, :, None] + x[:, None, :]
    return np.where((at >= 0)[:, :, None] & ~is_target[:, None, :], np.maximum(gap, 0), 0.0)


def _multilabel_margin(x: Any, at: Any, is_target: Any, reduction: int) -> Any:
    return _reduced(np.sum(_label_gaps(x, at, is_target), (1, 2)) / x.shape[-1], reduction)


def _multilabel_margin_vjp(g: Any, x: Any, shape: Any, at: Any, is_target: Any, reduction: int) -> Any:
    open_gaps = (_label_gaps(raw(x), at, is_target) > 0).astype(raw(x).dtype)
    slopes = open_gaps.sum(1)
    np.add.at(slopes, (np.arange(len(at))[:, None], np.maximum(at, 0)), -open_gaps.sum(2))
    return np.reshape(_part(g, len(at), reduction), (-1, 1)) * (slopes / shape[-1])


multilabel_margin_row = irregular(
    _multilabel_margin,
    _multilabel_margin_vjp,
    node="MultilabelMarginLossBackward0",
    attributes=("reduction", "is_target"),
)

name_rows(globals())
