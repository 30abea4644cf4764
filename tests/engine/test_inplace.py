"""In-place writes: what real torch 2.13 printed for the same lines."""

import pytest

from gradmagic import torch

CASES = [
    (
        "z = torch.zeros(2, 3, 4); z[0, :, [1, 2, 3]] = torch.arange(9.).reshape(3, 3); print(z[0])",
        "tensor([[0., 0., 1., 2.],\n        [0., 3., 4., 5.],\n        [0., 6., 7., 8.]])\n",
    ),
    (
        "y = torch.ones(3).expand(2, 3); y[0] = 2; print(y)",
        "tensor([[2., 2., 2.],\n        [2., 2., 2.]])\n",
    ),
    (
        (
            "a = torch.ones(3, requires_grad=True); b = a * 1; y = b.expand(2, 3)\n"
            "y[0] = 2; print(b.tolist())\n"
            "print(torch.autograd.grad((b * torch.tensor([1., 2., 3.])).sum(), a))"
        ),
        "[2.0, 2.0, 2.0]\n(tensor([0., 0., 0.]),)\n",
    ),
    (
        (
            "x = torch.tensor([1., 2.], requires_grad=True); y = x ** 2; y.retain_grad()\n"
            "y.mul_(3); y.sum().backward()\n"
            "print(y.grad, x.grad)"
        ),
        "tensor([1., 1.]) tensor([ 6., 12.])\n",
    ),
    (
        (
            "x = torch.tensor([1., 2.], requires_grad=True); y = x ** 2; y.retain_grad()\n"
            "y[0] = 3; y.sum().backward()\n"
            "print(y.grad, x.grad)"
        ),
        "tensor([1., 1.]) tensor([0., 4.])\n",
    ),
    (
        (
            "a = torch.tensor(1., requires_grad=True); b = a * 1\n"
            "with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t): b.sin_()\n"
            "print(torch.autograd.grad(b, a))"
        ),
        "(tensor(0.5403),)\n",
    ),
    ("print(torch.tensor([1, 2, 3]).clamp(0.5, 2.5))", "tensor([1.0000, 2.0000, 2.5000])\n"),
    ("z = torch.zeros(3); z[[]] = 5; print(z)", "tensor([0., 0., 0.])\n"),
    (
        "x = torch.zeros(2, 3, requires_grad=True) * 1; x[0, [0, 2]] = torch.tensor([1., 2.]); print(x)",
        "tensor([[1., 0., 2.],\n        [0., 0., 0.]], grad_fn=<CopySlices>)\n",
    ),
]


@pytest.mark.parametrize(("snippet", "prints"), CASES, ids=[c[0][:60] for c in CASES])
def test_a_write_prints_what_torch_prints(snippet: str, prints: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(snippet, {"torch": torch})
    assert capsys.readouterr().out == prints


@pytest.mark.parametrize(
    ("snippet", "error", "words"),
    [
        ("torch.ones(3)[torch.tensor([1.])]", IndexError, "tensors used as indices must be long, int, byte or bool"),
        ("x = torch.ones(3); x[0] = None", TypeError, "can't assign a NoneType"),
    ],
)
def test_a_wrong_index_or_value_is_refused(snippet: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        exec(snippet, {"torch": torch})


def test_of_two_stale_operands_the_first_by_torchs_name_is_told() -> None:
    v1 = torch.tensor([[0.7, 0.0], [1.0, 1.9]], dtype=torch.float64, requires_grad=True)
    v2 = torch.tensor([1.7], dtype=torch.float64, requires_grad=True)
    other = torch.matmul(v2, v2)
    this = v1 + v1
    y = torch.minimum(this, other)
    with torch.no_grad():
        this.unsqueeze(0).copy_(v1)
    other[other > 0] = 2.0
    with pytest.raises(
        RuntimeError, match=r"\[torch.DoubleTensor \[\]\], which is output 0 of torch::autograd::CopySlices"
    ):
        torch.autograd.grad(y.sum(), v1)
