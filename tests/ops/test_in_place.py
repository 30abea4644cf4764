"""In-place variants: the same values and gradients as the functions they are named after, in the tensor itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradmagic import torch

AT = torch.tensor([[0, 2, 1], [1, 0, 2]])
OVER = torch.tensor([[0.3, -0.7, 0.9], [0.2, 0.5, -0.4]], dtype=torch.float64)
CALLS: list[tuple[str, tuple[Any, ...]]] = [
    ("scatter", (1, AT, OVER)), ("scatter_add", (1, AT, OVER)), ("scatter_reduce", (1, AT, OVER, "prod")),
    ("masked_fill", (OVER > 0, 2.0)), ("index_add", (1, torch.tensor([0, 2]), OVER[:, :2])),
    ("index_copy", (0, torch.tensor([1]), OVER[:1])), ("index_fill", (1, torch.tensor([1]), 3.0)),
    ("put", (torch.tensor([1, 4]), OVER[0, :2])), ("sigmoid", ()), ("tanh", ()), ("sinc", ()), ("sgn", ()),
    ("nan_to_num", ()), ("tril", ()), ("triu", (1,)), ("renorm", (2, 0, 0.5)), ("xlogy", (OVER**2,)), ("rad2deg", ()),
    ("true_divide", (OVER,)), ("clamp_min", (0.1,)), ("clamp", (-OVER, OVER + 1)), ("polygamma", (1,)), ("lgamma", ()),
    ("cumsum", (1,)), ("cumprod", (0,)), ("addcmul", (OVER, OVER)), ("lerp", (OVER, 0.3)), ("atan2", (OVER,)),
    ("index_reduce", (0, torch.tensor([1, 1]), OVER, "amax")), ("erf", ()), ("float_power", (3.0,)), ("logit", (0.1,)),
    ("t", ()), ("transpose", (0, 1)), ("unsqueeze", (1,)), ("squeeze", ()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args"), CALLS, ids=[name for name, _ in CALLS])
def test_an_in_place_variant_does_what_its_function_does(name: str, args: tuple[Any, ...]) -> None:
    x = torch.tensor([[0.5, 1.5, 0.25], [2.5, 0.75, 1.25]], dtype=torch.float64, requires_grad=True)
    other, mine = getattr(x * 1, name)(*args), x * 1
    assert getattr(mine, name + "_")(*args) is mine
    assert mine._version == 1
    assert mine.tolist() == other.tolist()
    weight = torch.tensor(np.random.default_rng(1).normal(size=tuple(other.shape)))
    (expected,) = torch.autograd.grad(other, x, weight)
    (got,) = torch.autograd.grad(mine, x, weight)
    np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=1e-14)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
        getattr(x, name + "_")(*args)


def test_a_tensor_turned_in_place_has_the_in_place_node() -> None:
    x = torch.ones(1, 2, requires_grad=True)
    names = []
    for turn in (lambda y: y.t_(), lambda y: y.squeeze_(), lambda y: y.squeeze_(0), lambda y: y.unsqueeze_(0)):
        y = x * 1
        names.append(turn(y).grad_fn.name())
    assert names == ["TBackward1", "SqueezeBackward3", "SqueezeBackward4", "UnsqueezeBackward1"]


SAVED = {
    "weight": [
        "F.binary_cross_entropy(p, p.detach(), weight)", "F.binary_cross_entropy_with_logits(p, p.detach(), weight)",
        "F.binary_cross_entropy_with_logits(p, p.detach(), pos_weight=weight)", "F.nll_loss(p[None], at[:1], weight)",
        "F.cross_entropy(p[None], at[:1], weight)", "F.multi_margin_loss(p[None], at[:1], weight=weight)",
    ],
    "at": [
        "F.multi_margin_loss(p, at[0])", "F.multilabel_margin_loss(p, at)", "p.take_along_dim(at)",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "call"), [(name, call) for name, calls in SAVED.items() for call in calls])
def test_an_argument_that_is_saved_beside_the_operands_is_watched(name: str, call: str) -> None:
    p = torch.tensor([0.2, 0.5, 0.7], requires_grad=True)
    given = {"weight": torch.ones(3), "at": torch.tensor([0, 2, 1])}
    y = eval(call, {"F": torch.nn.functional, "p": p, **given}).sum()
    torch.autograd.grad(y, p, retain_graph=True)
    given[name].zero_()
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation: .* is at version 1; expected version 0"):
        torch.autograd.grad(y, p)


def test_indices_made_in_inference_mode_cannot_be_saved() -> None:
    with torch.inference_mode():
        i = torch.tensor([0, 2])
    assert torch.ones(3)[i].tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        torch.ones(3, requires_grad=True)[i]


def test_a_single_truth_value_is_read_at_once() -> None:
    x, chooses = torch.ones(3, requires_grad=True), torch.tensor(True)
    y = x[chooses].sum()
    chooses.logical_not_()
    assert torch.autograd.grad(y, x)[0].tolist() == [1, 1, 1]
