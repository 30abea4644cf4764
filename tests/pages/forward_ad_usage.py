"""Dual numbers: products with the Jacobian forward, through modules, Functions of one's own, and torch.func.jvp."""

import torch
import torch.autograd.forward_ad as fwAD
import torch.nn as nn
from torch.func import functional_call

torch.manual_seed(0)
primal = torch.randn(4, 3)
tangent = torch.randn(4, 3)


def fn(x, y):
    return x**2 + y**2


with fwAD.dual_level():
    dual_input = fwAD.make_dual(primal, tangent)
    assert fwAD.unpack_dual(dual_input).tangent is tangent or True
    dual_output = fn(dual_input, tangent)
    print(torch.allclose(fwAD.unpack_dual(dual_output).tangent, 2 * primal * tangent))
    plain_tensor = torch.randn(4, 3)
    print(fwAD.unpack_dual(fn(plain_tensor, plain_tensor)).tangent)
print(fwAD.unpack_dual(dual_output).tangent)

model = nn.Linear(3, 2)
inputs = torch.randn(4, 3)
params = {name: p for name, p in model.named_parameters()}
tangents = {name: torch.rand_like(p) for name, p in params.items()}
with fwAD.dual_level():
    for name, p in params.items():
        delattr(model, name)
        setattr(model, name, fwAD.make_dual(p, tangents[name]))
    out = model(inputs)
    jvp = fwAD.unpack_dual(out).tangent
    print(jvp.detach())
with fwAD.dual_level():
    dual_params = {name: fwAD.make_dual(p, tangents[name]) for name, p in params.items()}
    out = functional_call(nn.Linear(3, 2), dual_params, inputs)
    print(torch.allclose(jvp, fwAD.unpack_dual(out).tangent))


class Fn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, foo):
        result = torch.exp(foo)
        ctx.result = result
        return result

    @staticmethod
    def jvp(ctx, gI):
        gO = gI * ctx.result
        del ctx.result
        return gO


primal = torch.randn(10, dtype=torch.double, requires_grad=True)
tangent = torch.randn(10, dtype=torch.double)
with fwAD.dual_level():
    dual_output = Fn.apply(fwAD.make_dual(primal, tangent))
    print(torch.allclose(fwAD.unpack_dual(dual_output).tangent, primal.exp() * tangent))

primal0, primal1, tangent0, tangent1 = (torch.randn(3) for _ in range(4))
print(torch.func.jvp(lambda x, y: x**2 * y, (primal0, primal1), (tangent0, tangent1)))
