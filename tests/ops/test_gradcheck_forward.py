"""gradcheck of forward mode: what agrees, and what it says of a jvp that is wrong or missing, as torch does."""

from __future__ import annotations

from typing import Any

import pytest

from gradmagic import torch as gm

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch, on its own

BEFORE = """
G, GG = torch.autograd.gradcheck, torch.autograd.gradgradcheck
x = torch.tensor([0.3, 1.2], dtype=torch.float64, requires_grad=True)
y = torch.tensor([[0.5], [2.0]], dtype=torch.float64, requires_grad=True)
z = torch.tensor([0.3 + 1j, 1.2 - 0.5j], dtype=torch.complex128, requires_grad=True)
class Missing(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        ctx.save_for_forward(a)
        return a * a
    @staticmethod
    def backward(ctx, g): return 2 * ctx.saved_tensors[0] * g
class Wrong(Missing):
    @staticmethod
    def jvp(ctx, t): return 3 * ctx.saved_tensors[0] * t
"""
CALLS = [
    "G(lambda a, b: (a * b, a.sin()), (x, y), check_forward_ad=True)",
    "G(lambda a: a**3, x, check_forward_ad=True, check_backward_ad=False, check_undefined_grad=False)",
    "G(lambda a: a * a, z, check_forward_ad=True)",
    "G(lambda a: a.abs(), z, check_forward_ad=True)",
    "G(lambda a: torch.complex(a, a * a), x, check_forward_ad=True)",
    "G(Wrong.apply, x)",
    "G(Wrong.apply, x, check_forward_ad=True)",
    "G(Missing.apply, x, check_forward_ad=True)",
    "GG(lambda a: a**3, x, check_fwd_over_rev=True)",
    "GG(lambda a, b: a * b.exp(), (x, y), None, check_fwd_over_rev=True)",
]


@pytest.mark.parametrize("source", CALLS)
def test_gradcheck_of_forward_mode_says_what_torch_says(source: str) -> None:
    torch = pytest.importorskip("torch")
    said = []
    for library in (gm, torch):
        names: dict[str, Any] = {"torch": library}
        exec(BEFORE, names)
        try:
            said.append(str(eval(source, names)))
        except Exception as error:  # noqa: BLE001  # the words are what is compared
            said.append(f"{type(error).__name__}: {error}")
    assert said[0] == said[1]
