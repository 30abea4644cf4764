"""A critic whose gradient by its input is kept near one: the penalty is differentiated by the weights."""

import torch
import torch.nn as nn
from torch import autograd

torch.manual_seed(0)
LAMBDA = 10
critic = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
generator = nn.Sequential(nn.Linear(3, 8), nn.ReLU(True), nn.Linear(8, 2))
optimizerD = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizerG = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))


def calc_gradient_penalty(netD, real_data, fake_data):
    alpha = torch.rand(real_data.size(0), 1)
    alpha = alpha.expand(real_data.size())
    interpolates = alpha * real_data + ((1 - alpha) * fake_data)
    interpolates = autograd.Variable(interpolates, requires_grad=True)
    disc_interpolates = netD(interpolates)
    gradients = autograd.grad(
        outputs=disc_interpolates,
        inputs=interpolates,
        grad_outputs=torch.ones(disc_interpolates.size()),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )[0]
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean() * LAMBDA


for step in range(6):
    for p in critic.parameters():
        p.requires_grad = True
    real = torch.randn(8, 2) + torch.tensor([2.0, -1.0])
    fake = generator(torch.randn(8, 3)).detach()
    critic.zero_grad()
    penalty = calc_gradient_penalty(critic, real.data, fake.data)
    D_cost = critic(fake).mean() - critic(real).mean() + penalty
    D_cost.backward()
    optimizerD.step()
    for p in critic.parameters():
        p.requires_grad = False
    generator.zero_grad()
    G_cost = -critic(generator(torch.randn(8, 3))).mean()
    G_cost.backward()
    optimizerG.step()
    print(f"{step}: D {D_cost.item():.4f} penalty {penalty.item():.4f} G {G_cost.item():.4f}")
print(critic[0].weight.grad[0])
