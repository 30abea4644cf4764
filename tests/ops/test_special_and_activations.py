"""Special functions, activations and losses against finite differences; special values against 30-digit ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check

F, X = torch.nn.functional, torch.special
TARGET = torch.tensor([[0.1, -0.9, 0.7], [2.2, 1.4, -0.3]], dtype=torch.float64)
CHANCE = torch.tensor([[0.1, 0.9, 0.7], [0.2, 0.4, 0.3]], dtype=torch.float64)
CLASSES = torch.tensor([2, 0])
# applied to values in (-2, 2) with gaps around the kinks
CASES: list[tuple[str, Callable[[Any], Any]]] = [
    ("erf", torch.erf), ("erfc", torch.erfc), ("erfcx", X.erfcx), ("erfinv", lambda x: torch.erfinv(x / 2)),
    ("ndtr", X.ndtr), ("ndtri", lambda x: X.ndtri((x + 2) / 4)), ("log_ndtr", X.log_ndtr),
    ("lgamma", lambda x: torch.lgamma(x + 2.2)), ("digamma", lambda x: torch.digamma(x + 2.2)),
    ("digamma left", lambda x: torch.digamma(x / 5 - 0.55)), ("polygamma", lambda x: torch.polygamma(2, x + 2.2)),
    ("mvlgamma", lambda x: torch.mvlgamma(x + 4, 2)), ("zeta", lambda x: X.zeta(2.5, x + 2.2)),
    ("xlogy", lambda x: torch.xlogy(x, x * x)), ("xlog1py", lambda x: X.xlog1py(x, x * x)),
    ("entr", lambda x: X.entr(x + 2)), ("logit", lambda x: torch.logit((x + 2) / 4)),
    ("logit eps", lambda x: torch.logit((x + 2) / 4, 0.02)),
    ("expit", X.expit), ("i0", torch.i0), ("i1", X.i1), ("i0e", X.i0e), ("i1e", X.i1e),
    ("j0", X.bessel_j0), ("j1", X.bessel_j1),
    ("silu", F.silu), ("mish", F.mish), ("gelu", F.gelu), ("gelu tanh", lambda x: F.gelu(x, approximate="tanh")),
    ("logsigmoid", F.logsigmoid), ("softplus", lambda x: F.softplus(x, 2.0, 1.9)), ("softsign", F.softsign),
    ("tanhshrink", F.tanhshrink), ("elu", lambda x: F.elu(x, 1.3)), ("celu", lambda x: F.celu(x, 0.7)),
    ("selu", F.selu), ("leaky_relu", lambda x: F.leaky_relu(x) ** 2), ("hardtanh", lambda x: F.hardtanh(x) ** 2),
    ("relu6", lambda x: F.relu6(x) ** 2), ("hardsigmoid", lambda x: F.hardsigmoid(x) ** 2), ("hardswish", F.hardswish),
    ("hardshrink", lambda x: F.hardshrink(x) ** 2), ("softshrink", lambda x: F.softshrink(x) ** 2),
    ("threshold", lambda x: F.threshold(x, 0.1, 20.0) ** 2), ("softmin", lambda x: F.softmin(x, 1)),
    ("glu", lambda x: F.glu(x[:, :2])), ("normalize", F.normalize), ("linear", lambda x: F.linear(x, x, x[:, 0])),
    ("conv1d", lambda x: F.conv1d(x, x[None, :, :2] ** 2, padding=1, dilation=2)),
    ("mse_loss", lambda x: F.mse_loss(x, TARGET) * x), ("mse_loss target", lambda x: F.mse_loss(TARGET, x * x)),
    ("l1_loss", lambda x: F.l1_loss(x, TARGET) * x), ("huber_loss", lambda x: F.huber_loss(x, TARGET, delta=0.73)),
    ("smooth_l1_loss", lambda x: F.smooth_l1_loss(x, TARGET, reduction="sum", beta=2.03)),
    ("binary_cross_entropy", lambda x: F.binary_cross_entropy(torch.sigmoid(x), CHANCE)),
    ("with logits", lambda x: F.binary_cross_entropy_with_logits(x, CHANCE, reduction="none")),
    ("kl_div", lambda x: F.kl_div(F.log_softmax(x, 1), CHANCE, reduction="batchmean")),
    ("soft_margin", lambda x: F.soft_margin_loss(x, CHANCE)), ("nll_loss", lambda x: F.nll_loss(x * x, CLASSES)),
    ("cross_entropy", lambda x: F.cross_entropy(x, CLASSES)),
    ("cross_entropy smooth", lambda x: F.cross_entropy(x, CLASSES, label_smoothing=0.2)),
    ("cross_entropy chances", lambda x: F.cross_entropy(x, CHANCE)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "f"), CASES, ids=[name for name, _ in CASES])
def test_a_function_agrees_with_finite_differences_to_order_two(name: str, f: Callable[[Any], Any]) -> None:
    rng = np.random.default_rng(SEED)
    _check(f, [rng.permutation([-1.7, -1.2, -0.45, 0.35, 0.8, 1.5]).reshape(2, 3)], rng)


# by mpmath, to 30 digits
VALUES: list[tuple[Callable[[Any], Any], float, float]] = [
    (torch.erf, 0.3, 0.32862675945912741619),
    (torch.erfc, 5.0, 1.5374597944280348502e-12),
    (X.erfcx, 3.0, 0.17900115118138995042),
    (X.erfcx, 30.0, 0.018795888861416751497),
    (torch.erfinv, 0.9, 1.1630871536766741628),
    (X.ndtri, 0.05, -1.644853626951472688),
    (torch.lgamma, 0.3, 1.0957979948180755606),
    (torch.digamma, 1.0, -0.57721566490153286061),
    (lambda x: torch.polygamma(1, x), 1.0, 1.6449340668482264365),
    (torch.i0, 2.5, 3.2898391440501230357),
    (X.i1, 2.5, 2.5167162452886984415),
    (X.bessel_j0, 1.5, 0.51182767173591812875),
]


@pytest.mark.parametrize(("f", "at", "expected"), VALUES)
def test_a_special_value_is_right_to_four_units_in_the_last_place(
    f: Callable[[Any], Any], at: float, expected: float
) -> None:
    got = f(torch.tensor(at, dtype=torch.float64)).item()
    assert abs(got - expected) <= 4 * np.spacing(abs(expected))
