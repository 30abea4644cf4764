"""Every row against finite differences, at orders one and two, by projection on random directions."""

import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.engine.kinds import Elementwise
from gradmagic.ops import elementwise

SEED = int(os.environ.get("GRADMAGIC_SEED", random.randrange(10**6)))
# where a function lives; elsewhere (-2, 2), away from its kinks
DOMAINS = {
    "acosh": (1.2, 3.0), "asin": (-0.9, 0.9), "acos": (-0.9, 0.9), "atanh": (-0.9, 0.9), "log": (0.2, 3.0),
    "log2": (0.2, 3.0), "log10": (0.2, 3.0), "log1p": (-0.8, 3.0), "sqrt": (0.2, 3.0), "rsqrt": (0.2, 3.0),
    "cbrt": (0.2, 3.0), "reciprocal": (0.3, 2.0), "tan": (-1.2, 1.2), "pow_tensor": (0.3, 2.0), "remainder": (1.1, 1.9),
    "fmod": (1.1, 1.9), "floor_divide": (1.1, 1.9), "div": (0.3, 2.0), "abs": (0.1, 2.0),
}  # fmt: skip
# torch's own derivative ops, those that torch differentiates in one operand only, and those that want a number
NOT_ALONE = {
    "threshold_backward",
    "pow_of_scalar",
    "heaviside",
    "remainder_number",
    "fmod_number",
    "round_decimals",
    "times",
    "add_scaled",
    "sub_scaled",
    "rsub_scaled",
    "sinc_derivative",
}
ROWS = sorted(
    {
        row.name: row
        for row in vars(elementwise).values()
        if isinstance(row, Elementwise) and row.name not in NOT_ALONE
    }.items()
)
REDUCTIONS: list[tuple[str, Callable[[Any], Any]]] = [
    ("sum", lambda x: x.sum(1)), ("mean", lambda x: x.mean(0, keepdim=True)), ("prod", lambda x: x.prod(1)),
    ("prod with zeros", lambda x: (x * torch.tensor([[0.0, 1, 1], [1, 1, 1]], dtype=torch.float64)).prod()),
    ("var", lambda x: x.var(0)), ("std", lambda x: x.std()), ("cumsum", lambda x: x.cumsum(1)),
    ("cumprod", lambda x: x.cumprod(1)), ("logsumexp", lambda x: x.logsumexp(1)), ("softmax", lambda x: x.softmax(1)),
    ("log_softmax", lambda x: x.log_softmax(0)), ("norm", lambda x: x.norm()), ("amax", lambda x: x.amax(1)),
    ("max", lambda x: x.max(1).values), ("sort", lambda x: x.sort(1).values), ("matmul", lambda x: x @ x.T),
    ("mv", lambda x: x @ x[0]), ("dot", lambda x: x[0] @ x[1]), ("outer", lambda x: x[0].outer(x[1])),
    ("flip", lambda x: x.flip(1) * x), ("roll", lambda x: x.roll(1, 1) * x), ("tril", lambda x: x.tril() * x),
    ("diagonal", lambda x: x.diagonal() ** 2), ("diag", lambda x: x[0].diag() ** 2),
    ("fancy", lambda x: x[[0, 1, 1], [2, 0, 0]] ** 3),
    ("mask", lambda x: x[x > 0] ** 3), ("where", lambda x: torch.where(x > 0, x**3, x * x)),
    ("expand", lambda x: x[:, None].expand(2, 2, 3) ** 2), ("permute", lambda x: x.permute(1, 0) ** 2 @ x),
    ("cat", lambda x: torch.cat([x, x * x])), ("stack", lambda x: torch.stack([x, x**3])),
    ("split", lambda x: x.split(2, 1)[0] ** 3),
    ("unbind", lambda x: x.unbind(1)[1] * x.unbind(1)[2]), ("clamp", lambda x: x.clamp(-1, 1) ** 2),
    ("sinc", torch.sinc), ("softplus", torch.softplus), ("sigmoid", torch.sigmoid), ("tanh", torch.tanh),
    ("x**2.5", lambda x: x.abs() ** 2.5), ("2**x", lambda x: 2**x), ("x/x", lambda x: x / (x * x + 1)),
    ("np", lambda x: np.sum(np.exp(x) * np.sin(x), axis=1)), ("norm 3", lambda x: x.norm(3)),
    ("add scaled", lambda x: torch.add(x, x * x, alpha=3)), ("sub scaled", lambda x: torch.sub(x, x * x, alpha=3)),
    ("rsub scaled", lambda x: torch.rsub(x, x * x, alpha=3)),
]  # fmt: skip


def _check(f: Callable[..., Any], arrays: list[Any], rng: Any) -> None:
    """The weighted gradient, and the gradient of its projection, against central differences."""
    xs = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = f(*xs)
    w = torch.tensor(rng.normal(size=tuple(y.shape)))
    grads = torch.autograd.grad(y, xs, w, create_graph=True, allow_unused=True, materialize_grads=True)
    directions = [rng.normal(size=a.shape) for a in arrays]
    first = sum(float((g.detach().numpy() * d).sum()) for g, d in zip(grads, directions, strict=True))

    def value(t: float) -> float:
        with torch.no_grad():
            moved = f(*(torch.tensor(a + t * d) for a, d in zip(arrays, directions, strict=True)))
        return float((moved.numpy() * w.numpy()).sum())

    def slope(t: float) -> float:
        moved = [torch.tensor(a + t * d, requires_grad=True) for a, d in zip(arrays, directions, strict=True)]
        gs = torch.autograd.grad(f(*moved), moved, w, allow_unused=True, materialize_grads=True)
        return sum(float((g.numpy() * d).sum()) for g, d in zip(gs, directions, strict=True))

    h = 1e-5
    assert first == pytest.approx((value(h) - value(-h)) / (2 * h), rel=1e-5, abs=1e-6), f"order 1, seed {SEED}"
    projected = sum((g * torch.tensor(d)).sum() for g, d in zip(grads, directions, strict=True))
    second = 0.0
    if projected.requires_grad:
        again = torch.autograd.grad(projected, xs, allow_unused=True, materialize_grads=True)
        second = sum(float((g.numpy() * d).sum()) for g, d in zip(again, directions, strict=True))
    assert second == pytest.approx((slope(h) - slope(-h)) / (2 * h), rel=1e-5, abs=1e-5), f"order 2, seed {SEED}"


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_an_elementwise_row_agrees_with_finite_differences_to_order_two(name: str, row: Elementwise) -> None:
    rng = np.random.default_rng(SEED)
    lo, hi = DOMAINS.get(name, (-1.9, 1.9))
    shapes = [(2, 3), (3,), (2, 1)][: len(row.vjps)]  # broadcast against each other
    _check(
        row,
        [rng.uniform(lo, hi, s) + (0.01 * k if name in ("maximum", "minimum") else 0) for k, s in enumerate(shapes)],
        rng,
    )


@pytest.mark.parametrize(("name", "f"), REDUCTIONS, ids=[name for name, _ in REDUCTIONS])
def test_an_op_on_a_matrix_agrees_with_finite_differences_to_order_two(name: str, f: Callable[[Any], Any]) -> None:
    rng = np.random.default_rng(SEED)
    # distinct values with gaps: no step of the differences crosses a kink or changes an order
    _check(f, [rng.permutation([-1.7, -1.2, -0.45, 0.35, 0.8, 1.5]).reshape(2, 3)], rng)


def test_powers_at_the_ends_of_the_number_line_are_torchs() -> None:
    x = torch.tensor([0.0, -0.0, np.inf, -np.inf])
    assert str((x**0.5).tolist()) == "[0.0, -0.0, inf, nan]"
    assert str((x**-0.5).tolist()) == "[inf, -inf, 0.0, nan]"
    assert str((x**-1).tolist()) == "[inf, -inf, 0.0, -0.0]"
    assert str((x**-2).tolist()) == "[inf, inf, 0.0, 0.0]"
    assert str((x**3).tolist()) == "[0.0, -0.0, inf, -inf]"
