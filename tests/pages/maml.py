"""A step that is differentiated through: the loss after one step of descent, by the weights before it."""

import torch
import torch.nn as nn
from torch.func import functional_call, grad

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 10), nn.Tanh(), nn.Linear(10, 1))
meta = torch.optim.Adam(net.parameters(), lr=1e-2)
inner_lr = 0.05


def task(seed):
    generator = torch.Generator().manual_seed(seed)
    a, b = torch.rand(2, generator=generator)
    x = torch.rand(10, 1, generator=generator) * 4 - 2
    return x[:5], a * torch.sin(x[:5] + b), x[5:], a * torch.sin(x[5:] + b)


for step in range(5):
    meta.zero_grad()
    total = 0.0
    for k in range(3):
        xs, ys, xq, yq = task(10 * step + k)
        weights = dict(net.named_parameters())
        loss = nn.functional.mse_loss(functional_call(net, weights, (xs,)), ys)
        gradients = torch.autograd.grad(loss, weights.values(), create_graph=True)
        fast = {name: w - inner_lr * g for (name, w), g in zip(weights.items(), gradients)}
        total = total + nn.functional.mse_loss(functional_call(net, fast, (xq,)), yq)
    total.backward()
    meta.step()
    print(step, f"{total.item():.6f}")
print(net[0].weight.grad.flatten())


def loss_of(params, x, y):
    return ((functional_call(net, params, (x,)) - y) ** 2).mean()


def after_one_step(params, xs, ys, xq, yq):
    g = grad(loss_of)(params, xs, ys)
    return loss_of({k: params[k] - inner_lr * g[k] for k in params}, xq, yq)


params = {k: v.detach() for k, v in net.named_parameters()}
print(grad(after_one_step)(params, *task(7))["2.weight"])
