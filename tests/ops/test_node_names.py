"""Functions made of other ops end in torch's node; names as torch 2.13 prints them."""

from __future__ import annotations

from typing import Any

import pytest

from gradmagic import torch

NAMES = {
    "torch.kron(x, x)": "UnsafeViewBackward0",
    "torch.dist(x, x * 2)": "DistBackward0",
    "torch.mvlgamma(p, 2)": "MvlgammaBackward0",
    "torch.special.multigammaln(p, 3)": "MvlgammaBackward0",
    "torch.quantile(x, 0.3)": "SqueezeBackward4",
    "torch.special.round(x)": "RoundBackward1",
    "torch.inner(x[0], x[1])": "ViewBackward0",
    "torch.matrix_power(x, -1)": "LinalgInvExBackward0",
    "torch.conj_physical(x + 1j)": "ConjPhysicalBackward0",
    "(x + 1j).real": "SelectBackward0",
    "torch.imag(x + 1j)": "SelectBackward0",
    "torch.xlogy(x, p)": "XlogyBackward0",
    "torch.xlogy(2, p)": "XlogyBackward1",
    "torch.xlogy(p, 2)": "XlogyBackward2",
    "torch.special.xlog1py(p, 2)": "SpecialXlog1PyBackward2",
    "F.elu_(x * 1)": "EluBackward1",
    "F.elu(x * 1, inplace=True)": "EluBackward1",
    "F.leaky_relu_(x * 1)": "LeakyReluBackward1",
    "torch.celu_(x * 1)": "CeluBackward1",
    "torch.selu_(x * 1)": "EluBackward1",
    "torch.threshold_(x * 1, 0.1, 0.0)": "ThresholdBackward1",
    "torch.relu_(x * 1)": "ReluBackward0",
    "torch.diag(x)": "DiagonalBackward0_copy",
    "torch.diag(p)": "DiagEmbedBackward0",
    "torch.diag_embed(x, 1, 0, 2)": "DiagEmbedBackward0",
    "torch.special.ndtr(x)": "MulBackward1",
    "torch.float_power(2, x)": "PowBackward2",
    "torch.polygamma(0, p)": "PolygammaBackward0",
    "torch.trapezoid(p)": "MulBackward1",
    "torch.trapezoid(p, p.detach())": "DivBackward1",
    "torch.cumulative_trapezoid(p, p.detach())": "DivBackward1",
    "torch.quantile(x, 0.3, 0, keepdim=True)": "SqueezeBackward4",
    "torch.quantile(x, torch.tensor([0.3, 0.5]), 0)": "SqueezeBackward4",
    "torch.linalg.norm(x, 1)": "AmaxBackward0",
    "torch.linalg.cond(x)": "SqueezeBackward1",
    "torch.logdet(x)": "WhereBackward0",
    "torch.linalg.multi_dot([x, x, x])": "ViewBackward0",
    "torch.linalg.solve(x, x, left=False)": "LinalgSolveExBackward0",
    "torch.cdist(x, x + 1, p=1)": "CdistBackward0",
    "x.index_fill(0, torch.tensor([0]), 1.0)": "IndexFillBackward0",
    "torch.einsum('ii->i', x)": "PermuteBackward0",
    "torch.einsum('ij->ij', x)": "PermuteBackward0",
    "torch.einsum('ij->j', x)": "SumBackward1",
    "torch.einsum('i,j->ij', p, p)": "MulBackward0",
    "torch.einsum('ij,ij->ij', x, x)": "MulBackward0",
    "F.cross_entropy(x, torch.ones(2, 2))": "DivBackward1",
    "torch.matmul(x[None], x[None])": "UnsafeViewBackward0",
    "torch.matmul(x[None], x)": "UnsafeViewBackward0",
    "torch.matmul(x, x[None])": "CloneBackward0",
    "torch.matmul(x.detach(), x[None])": "UnsafeViewBackward0",
    "torch.matmul(x[None], p)": "UnsafeViewBackward0",
    "torch.bmm(x[None], x[None])": "BmmBackward0",
}
OF_GRADIENTS = {
    "torch.exp2(p)": "MulBackward1",
    "torch.logaddexp(p, p.detach())": "DivBackward0",
    "F.hardswish(p)": "HardswishBackwardBackward0",
    "F.gelu(p, approximate='tanh')": "GeluBackwardBackward0",
    "F.mse_loss(p, p.detach() + 1)": "MseLossBackwardBackward0",
    "F.huber_loss(p, p.detach() + 1)": "HuberLossBackwardBackward0",
    "F.smooth_l1_loss(p, p.detach() + 1)": "SmoothL1LossBackwardBackward0",
    "p.cumprod(0)": "DivBackward0",
    "torch.fft.fft(p).abs()": "SelectBackward0",
    "torch.diag(p).renorm(2, 0, 1.0).sum(0)": "WhereBackward0",
}


@pytest.mark.parametrize("call", NAMES)
def test_a_function_ends_in_torchs_node(call: str) -> None:
    x = torch.tensor([[1.5, -2.0], [0.3, 0.7]], requires_grad=True)
    p = torch.tensor([3.0, 4.0], requires_grad=True)
    made = eval(call, {"torch": torch, "F": torch.nn.functional, "x": x, "p": p})
    assert type(made.grad_fn).__name__ == NAMES[call]


@pytest.mark.parametrize("call", OF_GRADIENTS)
def test_a_gradient_ends_in_torchs_node(call: str) -> None:
    p = torch.tensor([3.0, 4.0], requires_grad=True)
    y = eval(call, {"torch": torch, "F": torch.nn.functional, "p": p})
    (g,) = torch.autograd.grad(y.sum(), p, create_graph=True)
    nodes = [g.grad_fn, *(n for n, _ in g.grad_fn.next_functions)]
    assert OF_GRADIENTS[call] in [type(n).__name__ for n in nodes]


PRODUCTS = [
    ((4, 2, 3), (5, 3, 2), "The size of tensor a (4) must match the size of tensor b (5) at non-singleton dimension 0"),
    (
        (5, 4, 2, 3),
        (3, 3, 2),
        "The size of tensor a (4) must match the size of tensor b (3) at non-singleton dimension 1",
    ),
    ((4, 2, 3), (4, 4, 2), "Expected size for first two dimensions of batch2 tensor to be: [4, 3] but got: [4, 4]."),
    ((4, 2, 3), (4,), "size mismatch, got input (8), mat (8x3), vec (4)"),
    ((4, 2, 3), (4, 2), "mat1 and mat2 shapes cannot be multiplied (8x3 and 4x2)"),
    ((3,), (4, 2, 2), "Expected size for first two dimensions of batch2 tensor to be: [4, 3] but got: [4, 2]."),
]


@pytest.mark.parametrize(("a", "b", "words"), PRODUCTS)
def test_batches_of_matrices_that_do_not_fit_are_refused_in_torchs_words(a: Any, b: Any, words: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.matmul(torch.ones(*a), torch.ones(*b))
    assert str(caught.value) == words


def test_a_number_beside_a_tensor_keeps_the_tensors_dtype() -> None:
    x = torch.tensor([1.0, 2.0])
    assert torch.xlogy(x, 2).dtype is torch.float32
    assert torch.special.zeta(2, x + 1).dtype is torch.float32
    assert torch.xlogy(torch.tensor([1, 2]), 2).dtype is torch.float32
    assert torch.angle(torch.tensor([1, -2])).dtype is torch.float32
    assert torch.pow(torch.tensor([True, False]), False).tolist() == [True, True]
    assert torch.argsort(torch.tensor(2.0)).shape == ()


def test_what_does_not_fit_is_refused_in_torchs_words() -> None:
    with pytest.raises(RuntimeError, match=r"The size of tensor a \(3\) must match the size of tensor b \(2\)"):
        torch.dist(torch.ones(3), torch.ones(2))
    with pytest.raises(RuntimeError, match="p has to be greater than or equal to 1"):
        torch.mvlgamma(torch.ones(2), 0)
