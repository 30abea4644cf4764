"""Losses and what moves pixels: against finite differences to order two, and refused in torch's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check

F = torch.nn.functional
CLASSES = torch.tensor([2, 0])
WEIGHT = torch.tensor([0.5, 1.5, 2.0], dtype=torch.float64)
SIGNS = torch.tensor([[1.0, -1, 1], [-1, 1, 1]], dtype=torch.float64)
# applied to a 2 by 3 matrix of values with gaps
CASES: list[tuple[str, Callable[[Any], Any]]] = [
    ("mse", lambda x: F.mse_loss(x, x**2)), ("mse weighted", lambda x: F.mse_loss(x, x**2, weight=WEIGHT)),
    ("huber", lambda x: F.huber_loss(x, x**3, delta=0.9, reduction="none")),
    ("smooth l1", lambda x: F.smooth_l1_loss(x, x**3, beta=0.7, reduction="sum")),
    ("bce", lambda x: F.binary_cross_entropy(torch.sigmoid(x), torch.sigmoid(2 * x), WEIGHT)),
    ("logits", lambda x: F.binary_cross_entropy_with_logits(x, torch.sigmoid(x), WEIGHT, pos_weight=WEIGHT * 2)),
    ("kl_div", lambda x: F.kl_div(x, torch.sigmoid(x), reduction="batchmean")),
    ("poisson", lambda x: F.poisson_nll_loss(x, x**2 + 0.1, full=True)),
    ("gaussian", lambda x: F.gaussian_nll_loss(x, x**2, x**2 + 0.5)),
    ("soft margin", lambda x: F.soft_margin_loss(x, SIGNS)),
    ("margin ranking", lambda x: F.margin_ranking_loss(x**3, x, SIGNS, 0.3)),
    ("hinge", lambda x: F.hinge_embedding_loss(x**3, SIGNS, 0.77)),
    ("cosine", lambda x: F.cosine_embedding_loss(x, x**2, torch.tensor([1, -1]), -0.9)),
    ("triplet", lambda x: F.triplet_margin_loss(x, x**2, x**3, swap=True)),
    ("nll", lambda x: F.nll_loss(x**2, CLASSES, WEIGHT)),
    ("cross entropy", lambda x: F.cross_entropy(x, CLASSES, WEIGHT, label_smoothing=0.2)),
    ("soft cross entropy", lambda x: F.cross_entropy(x, x.softmax(1), WEIGHT, reduction="sum")),
    ("linear cross entropy", lambda x: F.linear_cross_entropy(x, x.T @ x, CLASSES)),
    ("multi margin", lambda x: F.multi_margin_loss(x**2, CLASSES, 2, 0.9, WEIGHT, reduction="none")),
    ("multilabel margin", lambda x: F.multilabel_margin_loss(x**2, torch.tensor([[1, -1, 0], [2, 0, -1]])) ** 2),
    ("multilabel soft margin", lambda x: F.multilabel_soft_margin_loss(x, torch.sigmoid(x), WEIGHT)),
    ("cosine similarity", lambda x: F.cosine_similarity(x, x**2)), ("pdist", lambda x: F.pdist(x.T, 3.0)),
    ("pairwise distance", lambda x: F.pairwise_distance(x, x**2, p=1.5)),
    ("glu", lambda x: F.glu(x, 0)), ("gelu tanh", lambda x: F.gelu(x, approximate="tanh")),
    ("prelu", lambda x: F.prelu(x, x[0] ** 2)), ("bilinear", lambda x: F.bilinear(x, x**2, x[:, :, None] * x[0])),
    ("unfold", lambda x: F.unfold(x[None], 2, padding=1, stride=(1, 2)) ** 2),
    ("fold", lambda x: F.fold(F.unfold((x**2)[None], (2, 2)), (2, 3), (2, 2)) ** 2),
    ("pixel_shuffle", lambda x: F.pixel_shuffle(x.reshape(1, 1, 6).expand(4, 1, 6), 2) ** 3),
    ("pixel_unshuffle", lambda x: F.pixel_unshuffle(x.reshape(1, 6)[None].expand(1, 2, 6), 2) ** 3),
    ("channel_shuffle", lambda x: F.channel_shuffle(x.reshape(1, 6, 1, 1), 3) ** 3),
    ("replicate", lambda x: F.pad(x[None], (-1, 3), "replicate") ** 3),
    ("scatter_reduce prod", lambda x: x.scatter_reduce(1, torch.tensor([[0, 0], [1, 0]]), x**2, "prod")),
    ("scatter_reduce amax", lambda x: x.scatter_reduce(1, torch.tensor([[0, 0], [1, 0]]), x**3, "amax") ** 2),
    ("scatter_reduce mean", lambda x: x.scatter_reduce(1, torch.tensor([[2, 0]]), x**3, "mean", include_self=False)),
    ("index_reduce", lambda x: x.index_reduce(0, torch.tensor([1, 1]), x**3, "amin") ** 2),
    ("slice_scatter", lambda x: x.slice_scatter(x[:, :2] ** 2, 1, 0, 3, 2) ** 2),
    ("select_scatter", lambda x: x.select_scatter(x[:, 0] ** 2, 1, 2) ** 2),
    ("diagonal_scatter", lambda x: x.diagonal_scatter(x[:, 0] ** 2, 1) ** 2),
    ("put", lambda x: x.put(torch.tensor([1, -1]), x[0, :2] ** 2) ** 2),
    ("quantile", lambda x: x.quantile(torch.tensor([0.3, 0.8], dtype=torch.float64), 1) ** 2),
    ("nanquantile", lambda x: torch.where(x > 1, torch.nan, x).nanquantile(0.4) ** 2),
    ("nanmedian", lambda x: x.nanmedian(1).values ** 3), ("var_mean", lambda x: sum(torch.var_mean(x**2, 1))),
    ("std_mean", lambda x: torch.std_mean(x**2)[0]), ("norm 0.5", lambda x: x.norm(0.5)),
    ("norm inf", lambda x: x.norm(torch.inf, 1) ** 2), ("norm nuc", lambda x: x.norm("nuc")),
    ("svd", lambda x: torch.svd(x).S ** 2), ("renorm", lambda x: x.renorm(3, 1, 1.3)),
    ("stft", lambda x: torch.stft(x.reshape(6), 4, 2, window=WEIGHT.new_ones(4), return_complex=True).abs() ** 2),
    ("ormqr", lambda x: torch.ormqr(x.T, x[:, 0], x.T**2)), ("sinc", lambda x: torch.sinc(x / 12)),
    ("triangular_solve", lambda x: torch.triangular_solve(x, x[:, :2] + 4, upper=False)[0]),
    ("permute_copy", lambda x: torch.permute_copy(x, (1, 0)) ** 3),
    ("unbind_copy", lambda x: torch.unbind_copy(x, 1)[1] ** 3),
    ("tensor_split", lambda x: torch.tensor_split(x, 2, 1)[0] ** 3), ("polar", lambda x: torch.polar(x**2, x).real),
    ("view_as_complex", lambda x: torch.view_as_complex(x[:, :2] ** 2).abs() ** 2),
]  # fmt: skip


@pytest.mark.parametrize(("name", "f"), CASES, ids=[name for name, _ in CASES])
def test_an_op_agrees_with_finite_differences_to_order_two(name: str, f: Callable[[Any], Any]) -> None:
    rng = np.random.default_rng(SEED)
    _check(f, [rng.permutation([-1.7, -1.2, -0.45, 0.35, 0.8, 1.5]).reshape(2, 3)], rng)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.mse_loss(torch.ones(2), torch.ones(2), reduction="no"), ValueError, "no is not a valid value"),
        (lambda: F.nll_loss(torch.ones(2, 3), torch.tensor([0, 5])), IndexError, "Target 5 is out of bounds"),
        (lambda: F.nll_loss(torch.ones(2, 3), torch.tensor([0])), ValueError, r"Expected input batch_size \(2\)"),
        (lambda: F.binary_cross_entropy(torch.ones(1) * 2, torch.ones(1)), RuntimeError, "between 0 and 1"),
        (lambda: F.huber_loss(torch.ones(1), torch.ones(1), delta=0), RuntimeError, "non-positive values for delta"),
        (lambda: F.glu(torch.ones(3)), RuntimeError, "Halving dimension must be even, but dimension 0 is size 3"),
        (lambda: F.pixel_shuffle(torch.ones(3, 1, 1), 2), RuntimeError, "divisible by the square of upscale_factor"),
        (lambda: F.pad(torch.ones(1, 2), (2, 0), "reflect"), RuntimeError, "Padding size should be less than"),
        (lambda: torch.pdist(torch.ones(2)), RuntimeError, "pdist only supports 2D tensors, got: 1D"),
        (lambda: torch.quantile(torch.ones(2), 2.0), RuntimeError, r"q must be in the range \[0, 1\]"),
    ],
)
def test_what_does_not_fit_is_refused_in_torchs_words(call: Callable[[], Any], error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_an_activation_in_place_writes_and_remembers() -> None:
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    y = x * 1
    assert F.elu(y, inplace=True) is y
    assert F.leaky_relu_(y, 0.5) is y
    assert torch.autograd.grad(y.sum(), x)[0].tolist() == pytest.approx([0.5 * np.exp(-1), 1])


def test_torchs_own_losses_take_a_number_for_the_reduction_and_none_by_itself() -> None:
    x, y = torch.tensor([[0.5, -1.0], [2.0, 0.3]]), torch.tensor([[1.0, -1.0], [1.0, 0.5]])
    assert torch.hinge_embedding_loss(x, y).shape == (2, 2)
    assert torch.hinge_embedding_loss(x, y, 1.5, 2).item() == pytest.approx(6.5)
    assert torch.kl_div(x, y, reduction=2, log_target=True).item() == pytest.approx(-1.0294, abs=1e-4)
    assert torch.binary_cross_entropy_with_logits(x, y, None, None, 1).item() == pytest.approx(0.1547, abs=1e-4)
    assert torch.poisson_nll_loss(x, y, True, False, 1e-8, 1).item() == pytest.approx(1.7764, abs=1e-4)
    with pytest.raises(TypeError, match=r"kl_div\(\): argument 'reduction' must be int, not str"):
        torch.kl_div(x, y, reduction="mean")


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("binary_cross_entropy", lambda x, w: F.binary_cross_entropy(x, x.detach(), w)),
        ("binary_cross_entropy_with_logits", lambda x, w: F.binary_cross_entropy_with_logits(x, x.detach(), w)),
        ("nll_loss_forward", lambda x, w: F.cross_entropy(x[None], CLASSES[:1], w)),
        ("multi_margin_loss", lambda x, w: F.multi_margin_loss(x, CLASSES[0], weight=w)),
    ],
)
def test_a_weight_without_a_derivative_is_not_lost_from_the_graph_in_silence(name: str, loss: Any) -> None:
    x, w = torch.full((3,), 0.5), torch.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=f"'{name}' is not differentiable with respect to argument 'weight'"):
        loss(x, w)
    with torch.no_grad():
        assert not loss(x, w).requires_grad
