"""u'' = -pi² sin(pi x), u(0) = u(1) = 0: the residual is a second derivative of the network."""

import math

import torch
import torch.nn as nn

torch.manual_seed(1234)
torch.set_default_dtype(torch.float64)


class PINN(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.linears = nn.ModuleList([nn.Linear(i, o) for i, o in zip(layers[:-1], layers[1:])])
        for layer in self.linears:
            nn.init.xavier_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        for layer in self.linears[:-1]:
            x = torch.tanh(layer(x))
        return self.linears[-1](x)


def gradient(u, x):
    return torch.autograd.grad(u, x, grad_outputs=torch.ones_like(u), create_graph=True, retain_graph=True)[0]


net = PINN([1, 12, 12, 1])
print(net)
x = torch.linspace(0, 1, 16).reshape(-1, 1).requires_grad_()
boundary = torch.tensor([[0.0], [1.0]])
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(40):
    opt.zero_grad()
    u = net(x)
    u_x = gradient(u, x)
    u_xx = gradient(u_x, x)
    residual = u_xx + math.pi**2 * torch.sin(math.pi * x)
    loss = (residual**2).mean() + 10 * (net(boundary) ** 2).mean()
    loss.backward()
    opt.step()
    if epoch % 8 == 0:
        print(f"{epoch:3d} {loss.item():.6f}")
print(net(torch.tensor([[0.5]])))

# heat equation: u_t = u_xx, two inputs
net = PINN([2, 8, 1])
xt = torch.rand(10, 2, requires_grad=True)
u = net(xt)
g = torch.autograd.grad(u.sum(), xt, create_graph=True)[0]
u_x, u_t = g[:, 0], g[:, 1]
u_xx = torch.autograd.grad(u_x.sum(), xt, create_graph=True)[0][:, 0]
loss = ((u_t - u_xx) ** 2).mean()
loss.backward()
print(loss, net.linears[0].weight.grad)
torch.set_default_dtype(torch.float32)
