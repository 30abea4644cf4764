"""Functions made of other ops end in torch's node; names as torch 2.13 prints them."""

from __future__ import annotations

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
}


@pytest.mark.parametrize("call", NAMES)
def test_a_function_ends_in_torchs_node(call: str) -> None:
    x = torch.tensor([[1.5, -2.0], [0.3, 0.7]], requires_grad=True)
    p = torch.tensor([3.0, 4.0], requires_grad=True)
    made = eval(call, {"torch": torch, "F": torch.nn.functional, "x": x, "p": p})
    assert type(made.grad_fn).__name__ == NAMES[call]


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
