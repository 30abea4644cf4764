"""Where the elements of results lie in memory: as torch's, since `view` and `is_contiguous` tell of it."""

from typing import Any

import pytest

from gradmagic import torch as ours

OPERANDS = {
    "rows": "a",
    "columns": "a.mT",
    "with gaps": "a[:, ::2]",
    "every second row": "a[::2]",
    "one row many times": "a[:1].expand(4, 6)",
    "one column many times": "a[:, :1].expand(4, 6)",
    "turned": "b.permute(2, 0, 1)",
    "swapped": "b.permute(1, 0, 2)",
    "turned, with gaps": "b.permute(2, 0, 1)[:, :, ::2]",
}
# fmt: off
RESULTS = [
    "-x", "x.exp()", "x.relu()", "x > 0", "x.clone()", "x.contiguous()", "x.float()", "x.bool()", "x.nan_to_num()",
    "x + x", "x * 2", "2 - x", "x + z", "z + x", "x + z[0]", "x + z.sum(0, keepdim=True)", "x**2", "torch.pow(x, z)",
    "torch.atan2(z, x)", "torch.maximum(x, z)", "torch.where(x > 0, x, z)", "torch.where(x > 0, z, x)",
    "x.clamp(-.5, 1)",
    "torch.where(x > 0, x, 2.)", "x.addcmul(x, z)", "x.lerp(z, .5)", "torch.ones_like(x)", "x.masked_fill(x > 0, 2.)",
    "x.sum(0)", "x.sum(-1)", "x.mean(-1)", "x.prod(0)", "x.amax(0)", "x.max(-1)[0]", "x.var(-1)", "x.norm(dim=-1)",
    "x.logsumexp(-1)", "x.cumsum(0)", "x.cumsum(-1)", "x.cumprod(0)", "x.softmax(-1)", "x.log_softmax(0)",
    "x.sort()[0]",
    "x.sort(0)[1]", "x.argsort(0)", "x.flip(0)", "x.flip(-1)", "x.roll(1, 0)", "x.tril()", "x @ x.mT", "x.mT @ x",
    "torch.cat([x, x])", "torch.cat([x, x], -1)", "torch.stack([x, x])", "torch.stack([x, x], -1)", "x.ravel()",
    "x[torch.tensor([0, 0])]", "x[:, torch.tensor([0, 1])]", "x[..., torch.tensor([0, 1])]", "x[x > 0]",
    "x[torch.tensor([0, 1]), torch.tensor([0, 1])]", "x[torch.tensor([[0, 1], [1, 0]])]",
    "x.index_select(0, torch.tensor([0]))",
    "x.index_put((torch.tensor([0]),), z[:1])", "x.index_add(0, torch.tensor([0]), z[:1])",
    "x.take_along_dim(x.argsort(0), 0)",
    "x.reshape(-1)", "x.flatten()", "x.unfold(0, 2, 1)", "x.logcumsumexp(0)", "x.renorm(2, 0, 1.)", "x.nansum(0)",
]
# fmt: on


def answer(torch: Any, operand: str, result: str) -> Any:
    """Shape and strides of a result; a dimension of one element has none that could be told."""
    a = torch.arange(24, dtype=torch.float64).reshape(4, 6) / 7 - 1
    b = torch.arange(24, dtype=torch.float64).reshape(2, 3, 4) / 7 - 1
    names = {"torch": torch, "a": a, "b": b}
    names["x"] = x = eval(operand, names)
    names["z"] = torch.ones(*x.shape, dtype=torch.float64)
    y = eval(result, names)
    return tuple(y.shape), [s for s, n in zip(y.stride(), y.shape, strict=True) if n > 1]


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("operand", OPERANDS.values(), ids=OPERANDS)
def test_a_result_lies_in_memory_as_torchs_does(operand: str, result: str) -> None:
    torch = pytest.importorskip("torch")
    assert answer(ours, operand, result) == answer(torch, operand, result)
