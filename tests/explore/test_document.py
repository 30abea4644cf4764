"""The user's document: its program prints its five blocks, but for a name that torch has changed since."""

from __future__ import annotations

from gradmagic.explore.explorer import Explorer
from gradmagic.explore.reading import parse_line

PROGRAM = """\
import torch
from torch.autograd import grad
x = torch.rand(3, 4, requires_grad=True)
for i in range(3):
    for j in range(4):
        x[i][j] = i + j
y = x ** 2
print(x)
print(y)
weight = torch.ones(y.size())
print(weight)
dydx = torch.autograd.grad(outputs=y,
                           inputs=x,
                           grad_outputs=weight,
                           retain_graph=True,
                           create_graph=True,
                           only_inputs=True)
print(dydx[0])
d2ydx2 = torch.autograd.grad(outputs=dydx[0],
                             inputs=x,
                             grad_outputs=weight,
                             retain_graph=True,
                             create_graph=True,
                             only_inputs=True)
print(d2ydx2[0])
"""

PRINTED = """\
tensor([[0., 1., 2., 3.],
        [1., 2., 3., 4.],
        [2., 3., 4., 5.]], grad_fn=<CopySlices>)
tensor([[ 0.,  1.,  4.,  9.],
        [ 1.,  4.,  9., 16.],
        [ 4.,  9., 16., 25.]], grad_fn=<PowBackward0>)
tensor([[1., 1., 1., 1.],
        [1., 1., 1., 1.],
        [1., 1., 1., 1.]])
tensor([[ 0.,  2.,  4.,  6.],
        [ 2.,  4.,  6.,  8.],
        [ 4.,  6.,  8., 10.]], grad_fn=<MulBackward0>)
tensor([[2., 2., 2., 2.],
        [2., 2., 2., 2.],
        [2., 2., 2., 2.]], grad_fn=<MulBackward0>)
"""


def test_the_document_runs_as_it_was_written() -> None:
    g = Explorer(parse_line("--leaf-writes=allow", PROGRAM))
    assert g.trace.printed == PRINTED
    assert [(call.by, call.line, call.ok) for call in g.ledger] == [
        ("cell", 12, True),
        ("cell", 19, True),
        ("panel", None, True),
        ("panel", None, True),
    ]
    assert g.ledger[0].asked == {"retain_graph": True, "create_graph": True}
    assert g.x.tolist() == [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5]]
    assert g.derivatives[1].values.tolist() == [[2.0] * 4] * 3
