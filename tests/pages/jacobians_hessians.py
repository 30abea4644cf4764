"""Jacobians, Hessians, hvp and batches of them, by torch.func."""

from functools import partial

import torch
import torch.nn.functional as F
from torch.func import functional_call, hessian, jacfwd, jacrev, jvp, vjp, vmap

torch.manual_seed(0)


def predict(weight, bias, x):
    return F.linear(x, weight, bias).tanh()


D = 4
weight = torch.randn(D, D)
bias = torch.randn(D)
x = torch.randn(D)

xp = x.clone().requires_grad_()
unit_vectors = torch.eye(D)


def compute_jac(xp):
    jacobian_rows = [
        torch.autograd.grad(predict(weight, bias, xp), xp, vec, retain_graph=True)[0] for vec in unit_vectors
    ]
    return torch.stack(jacobian_rows)


jacobian = compute_jac(xp)
print(jacobian.shape)
print(jacobian[0])

_, vjp_fn = vjp(partial(predict, weight, bias), x)
(ft_jacobian,) = vmap(vjp_fn)(unit_vectors)
print(torch.allclose(ft_jacobian, jacobian))
ft_jacobian = jacrev(predict, argnums=2)(weight, bias, x)
print(torch.allclose(ft_jacobian, jacobian))
print(torch.allclose(jacfwd(predict, argnums=2)(weight, bias, x), jacobian, atol=1e-6))

ft_jac_weight, ft_jac_bias = jacrev(predict, argnums=(0, 1))(weight, bias, x)
print(ft_jac_weight.shape, ft_jac_bias.shape)

hess_api = hessian(predict, argnums=2)(weight, bias, x)
hess_fwdfwd = jacfwd(jacfwd(predict, argnums=2), argnums=2)(weight, bias, x)
hess_revrev = jacrev(jacrev(predict, argnums=2), argnums=2)(weight, bias, x)
print(
    hess_api.shape,
    torch.allclose(hess_api, hess_revrev, atol=1e-5),
    torch.allclose(hess_fwdfwd, hess_revrev, atol=1e-5),
)
print(hess_api[0])

batch_size = 5
x = torch.randn(batch_size, D)
compute_batch_jacobian = vmap(jacrev(predict, argnums=2), in_dims=(None, None, 0))
batch_jacobian0 = compute_batch_jacobian(weight, bias, x)
print(batch_jacobian0.shape)


def predict_with_output_summed(weight, bias, x):
    return predict(weight, bias, x).sum(0)


batch_jacobian1 = jacrev(predict_with_output_summed, argnums=2)(weight, bias, x).movedim(1, 0)
print(torch.allclose(batch_jacobian0, batch_jacobian1))
print(vmap(hessian(predict, argnums=2), in_dims=(None, None, 0))(weight, bias, x).shape)


def hvp(f, primals, tangents):
    return jvp(torch.func.grad(f), primals, tangents)[1]


def f(x):
    return x.sin().sum()


x = torch.randn(6)
tangent = torch.randn(6)
result = hvp(f, (x,), (tangent,))
print(result, torch.allclose(result, -x.sin() * tangent))
print(torch.autograd.functional.hvp(f, x, tangent)[1])
print(torch.autograd.functional.jacobian(lambda t: t.exp(), x[:2]))
print(torch.autograd.functional.hessian(lambda t: (t**3).sum(), x[:2]))
model = torch.nn.Linear(3, 2)
params = dict(model.named_parameters())
found = jacrev(lambda p: functional_call(model, p, (torch.ones(3),)))(params)
print({name: tuple(value.shape) for name, value in found.items()})
