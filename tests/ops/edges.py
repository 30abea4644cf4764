"""Integers, booleans, empty tensors, dimensions that are not there, ``out=``: what torch answers, recorded.

With torch installed, ``python -m tests.ops.edges`` records ``tests/oracle/edges.json`` anew and shows where we differ.
"""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

RECORD = Path(__file__).parents[1] / "oracle" / "edges.json"
OPERANDS = {
    "x": "torch.tensor([1.5, -2.0, 0.5])",
    "m": "torch.tensor([[1., 2., 3.], [4., 5., 6.]])",
    "i": "torch.tensor([3, -2])",
    "b": "torch.tensor([True, False])",
    "e": "torch.ones(0)",
    "e3": "torch.ones(0, 3)",
    "s": "torch.tensor(2.0)",
    "u": "torch.tensor([1, 2], dtype=torch.uint8)",
    "c": "torch.tensor([1+2j, -1j])",
    "g": "torch.ones(2, requires_grad=True)",
    "F": "torch.nn.functional",
}
_DIMENSIONS = [
    "sum(3)", "mean(-3)", "prod(2)", "std(3)", "var(-4)", "max(2)", "min(-3)", "amax(2)", "argmax(2)", "sort(2)",
    "topk(1, 2)", "cumsum(2)", "cumprod(-3)", "logsumexp(2)", "softmax(2)", "log_softmax(-3)", "norm(dim=4)",
    "median(2)", "kthvalue(1, 2)", "transpose(0, 2)", "unsqueeze(4)", "squeeze(3)", "select(2, 0)", "unbind(2)",
    "flip(2)", "roll(1, 2)", "narrow(2, 0, 1)", "split(1, 2)", "chunk(2, 2)", "index_select(2, torch.tensor([0]))",
    "gather(2, torch.tensor([[0]]))", "unfold(2, 1, 1)", "size(2)", "movedim(0, 2)", "diff(dim=2)", "flatten(0, 2)",
    "diagonal(0, 0, 2)", "quantile(0.5, 2)", "nansum(2)", "any(2)", "all(2)", "renorm(2, 2, 1)",
    "repeat_interleave(2, 2)", "unflatten(2, (1, 1))", "tensor_split(2, 2)", "cummax(2)", "sum((0, 0))",
    "amax((0, 0))", "std((0, -2))", "flip((0, 0))", "permute(0, 0)", "permute(0)", "norm(dim=(1, 1))",
]  # fmt: skip
_OF_INTS = [
    "sin()", "sqrt()", "exp()", "log()", "reciprocal()", "sigmoid()", "tanh()", "relu()", "abs()", "neg()", "sign()",
    "sgn()", "floor()", "ceil()", "round()", "trunc()", "frac()", "square()", "erf()", "lgamma()", "digamma()",
    "sinc()", "deg2rad()", "sum()", "prod()", "mean()", "std()", "var()", "norm()", "max()", "min()", "amax()",
    "median()", "cumsum(0)", "cumprod(0)", "softmax(0)", "log_softmax(0)", "logsumexp(0)", "sort()", "topk(1)",
    "clamp(1)", "clamp(0.5)", "quantile(0.5)", "nansum()", "argmax()", "any()", "all()", "nan_to_num()", "logit()",
    "rsqrt()", "exp2()", "expm1()", "isnan()", "isfinite()", "diff()",
]  # fmt: skip
_EMPTY = [
    "sum()", "prod()", "mean()", "std()", "var()", "norm()", "norm(float('inf'))", "norm(1)", "max()", "min()",
    "amax()", "amin()", "argmax()", "argmin()", "median()", "sort()", "topk(1)", "kthvalue(1)", "cumsum(0)",
    "cumprod(0)", "logsumexp(0)", "softmax(0)", "log_softmax(0)", "any()", "all()", "flip(0)", "roll(1)", "nansum()",
    "nanmean()", "quantile(0.5)", "sigmoid()", "reshape(0, 3)", "view(-1)", "cummax(0)", "diff()", "nanmedian()",
    "var_mean()",
]  # fmt: skip
_OTHERS = [
    "e3.sum(0)", "e3.max(0)", "e3.amax(0)", "e3.amin(1)", "e3.mean(0)", "e3.median(0)", "e3.argmax(0)",
    "e3.argmin(1)", "e3.logsumexp(0)", "e3.softmax(1)", "e3.norm(dim=0)", "e3.norm(dim=1)", "e3.kthvalue(1, 0)",
    "e3.prod(0)", "e3.std(0)", "b - b", "-b", "b - 1", "1 - b", "b - x[:2]", "b + b", "b * b", "b / b", "b + 1",
    "b * 2.5", "b ** b", "b ** 2", "b // b", "b % b", "~b", "~i", "b & b", "b | i", "b ^ b", "~x", "x & 1", "i / 2",
    "i // 2", "i % 2", "i // 0", "i % 0", "x // 0", "i ** 2", "i ** -1", "i ** torch.tensor([-1, 2])",
    "2 ** torch.tensor([-1, 3])", "torch.pow(i, -2)", "i ** 0.5", "i * 2.5", "i + True", "u - 3", "-u", "u * i",
    "u + b", "u / 2", "i + c", "x[:2] * c", "c.abs()", "c > 1", "c.max()", "c.sort()", "c.floor()", "c.clamp(0)",
    "torch.div(x, 2, rounding_mode='up')", "torch.div(x, 0.3, rounding_mode='floor')",
    "torch.div(i, 2, rounding_mode='trunc')", "torch.div(x, 0, rounding_mode='trunc')", "torch.true_divide(i, 2)",
    "torch.floor_divide(x, 0.3)", "torch.remainder(i, -3)", "torch.fmod(i, 3)", "torch.remainder(x, 0)",
    "torch.fmod(x, 0.7)", "torch.clamp(x)", "torch.clamp(x, 1, -1)", "torch.maximum(x, s)", "torch.maximum(c, c)",
    "torch.atan2(i, i)", "torch.hypot(x, x)", "torch.heaviside(x, s)", "torch.heaviside(x, i[0])",
    "x.narrow(0, 2, 5)", "x.narrow(0, 4, 1)", "x.narrow(0, -9, 1)", "x.narrow(0, 1, -1)", "x.size(1)", "x.size(-1)",
    "m.size(-3)", "torch.cat([e, m])", "torch.cat([x, m])", "torch.cat([])", "torch.cat([m, m.T])",
    "torch.cat([x, i])", "torch.cat([x], 1)", "torch.cat([s, s])", "torch.stack([x, m])", "torch.stack([])",
    "torch.stack([x], 2)", "torch.cat([m, m], 2)", "x.view(2)", "x.view(-1, -1)", "x.view(-1, 2)", "x.reshape(2, -1)",
    "m.T.view(6)", "x.expand(2)", "x.expand(2, -1)", "x.expand(-1, 3)", "s.expand(2, 2)", "m.expand(2)", "x.split(0)",
    "x.split(-1)", "x.split([1, 1])", "x.chunk(0)", "x.tril()", "x.repeat(2, 2)", "m.repeat(2)", "x.diag(5)",
    "m.diag(1)", "torch.ones(2, 2, 2).diag()", "x.take(torch.tensor([5]))", "x.take(s)", "x.topk(4)", "x.kthvalue(4)",
    "x.index_select(0, torch.tensor([3]))", "x.index_select(0, x)", "x.gather(0, torch.tensor([4]))",
    "m.gather(0, torch.tensor([0]))", "m.scatter(0, torch.tensor([[5]]), 1.0)", "x.masked_fill(x, 1)",
    "x.masked_fill(b, 1)", "x.masked_select(b)", "x.index_add(0, torch.tensor([0]), m)", "x.unfold(0, 4, 1)",
    "x.unfold(0, 1, 0)", "m.trace()", "x.trace()", "x @ m", "m @ m", "m @ x[:2]", "s @ x", "x @ x", "x @ x[:2]",
    "i @ x[:2]", "torch.dot(m, x)", "torch.mm(x, x)", "torch.mv(x, x)", "torch.bmm(m, m)", "torch.outer(m, x)",
    "torch.vdot(x, m)", "torch.tensordot(m, m, 1)", "torch.einsum('ij,jk', m, m)", "x + m[:, :2]",
    "x * torch.ones(2)", "torch.where(b, x, x)", "torch.lerp(x, x, i)", "x[5]", "x[0, 0]", "m[2]", "m[:, 5]",
    "x['a']", "x[1.5]", "x[b]", "s[0]", "x[torch.tensor([7])]", "len(s)", "x.item()", "float(x)", "bool(x)",
    "bool(e)", "int(s)", "x.t()", "m.t().shape", "torch.ones(2, 2, 2).t()", "x.squeeze(0)", "x.flatten(1)",
    "s.flatten()", "s.sum(0)", "s.max(0)", "s.softmax(0)", "s.sort()", "s.unsqueeze(1)", "s.flip(0)", "s.cumsum(0)",
    "s.mean(1)", "s.norm()", "s.std()", "x[:1].std()", "x[:1].var(unbiased=False)", "x.var(correction=5)",
    "x.quantile(1.5)", "x.quantile(torch.tensor([0.5], dtype=torch.float64))", "x.renorm(2, 0, 1)",
    "x.prod(dtype=torch.int64)", "i.sum(dtype=torch.float64)", "i.mean(dtype=torch.float32)",
    "x.cumsum(0, dtype=torch.int64)", "F.softplus(i)", "F.gelu(i)", "F.elu(i)", "F.silu(i)", "F.leaky_relu(i)",
    "F.hardtanh(i)", "F.mse_loss(i, i)", "F.l1_loss(i, i)", "F.relu6(i)", "F.softmin(i, 0)", "F.one_hot(i[:1])",
    "F.normalize(m)", "F.cosine_similarity(m, m)", "F.glu(x)", "F.threshold(i, 0, 1)", "F.hardshrink(i)",
    "F.logsigmoid(i)", "F.softsign(i)", "F.mish(i)", "F.celu(i, 0)", "F.pad(x, (1,))", "F.pad(x, (1, 1, 1, 1))",
    "F.pad(m, (1, 1), 'other')", "F.nll_loss(m, torch.tensor([0, 9]))", "F.cross_entropy(m, torch.tensor([0]))",
    "torch.sin(g, out=torch.ones(2))", "torch.add(g, g, out=torch.ones(2))", "torch.sin(x, out=torch.ones(3))",
    "torch.sum(m, 0, out=torch.ones(3))", "torch.mul(x, 2, out=torch.ones(3))",
    "torch.matmul(m, x, out=torch.ones(2))", "torch.cat([x, x], out=torch.ones(6))", "torch.exp(x.detach(), out=g)",
    "torch.sin(x, out=torch.ones(3, dtype=torch.int64))", "torch.cumsum(g, 0, out=torch.ones(2))",
    "torch.clamp(x, 0, out=torch.ones(3))", "torch.mean(g, 0, out=torch.ones(()))",
    "torch.stack([g, g], out=torch.ones(2, 2))", "torch.where(b, g, g, out=torch.ones(2))",
    "torch.sort(x, out=(torch.ones(3), torch.ones(3, dtype=torch.int64)))", "torch.abs('a')", "torch.add(x, 'a')",
    "x + 'a'", "x + None", "torch.sin(1.0)", "torch.sum([1, 2])",
]  # fmt: skip
EXPRESSIONS = [
    *(f"m.{call}" for call in _DIMENSIONS),
    *(f"{operand}.{call}" for operand in ("i", "b") for call in _OF_INTS),
    *(f"e.{call}" for call in _EMPTY),
    *_OTHERS,
]


def answer(torch: Any, expression: str) -> list[str]:
    """What an expression gives: its text, or the type and words of what it raises."""
    namespace = {"torch": torch}
    namespace |= {name: eval(text, {"torch": torch}) for name, text in OPERANDS.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return [_plain(repr(eval(expression, namespace)))]
        except Exception as error:  # noqa: BLE001  whatever it is: that is what is compared
            return [type(error).__name__, _plain(str(error))]


def _plain(text: str) -> str:
    """Without what torch adds of itself: where in its sources, and the pages it offers."""
    text = re.sub(r"\nException raised from .*", "", text, flags=re.DOTALL)
    return text.strip()


def recorded() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(RECORD.read_text())
    return found


def main() -> None:
    import torch

    from gradmagic import torch as ours

    record = {expression: answer(torch, expression) for expression in EXPRESSIONS}
    RECORD.write_text(json.dumps(record, indent=0) + "\n")
    differing = {e: (r, mine) for e, r in record.items() if (mine := answer(ours, e)) != r}
    for expression, (theirs, mine) in differing.items():
        print(expression, "\n   torch:", theirs, "\n   ours: ", mine)
    print(len(record) - len(differing), "of", len(record), "agree")


if __name__ == "__main__":
    main()
