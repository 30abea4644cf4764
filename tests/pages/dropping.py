"""Dropout: torch's numbers for a seed, both modes, in place, in a network, and what is refused."""

import torch

x = torch.arange(1.0, 7.0).view(2, 3).requires_grad_()
F = torch.nn.functional


def tried(f):
    torch.manual_seed(1)
    try:
        print(f(), torch.rand(1))
    except Exception as e:
        print(type(e).__name__, e)


for f in (
    lambda: F.dropout(x, 0.3),
    lambda: F.dropout(x, 0.3, False),
    lambda: torch.dropout(x, 0.5, True),
    lambda: F.dropout(x, 0.0),
    lambda: F.dropout(x, 1.0),
    lambda: F.dropout(x.detach().clone(), 0.5, inplace=True),
    lambda: F.dropout(x.double(), 0.3),
    lambda: F.dropout(x, 2),
    lambda: F.dropout(x, inplace=True),
    lambda: torch.nn.Dropout(2),
    lambda: torch.nn.Dropout(0.2),
    lambda: torch.nn.Dropout(0.2)(x),
    lambda: torch.nn.Dropout(0.2).eval()(x),
    lambda: torch.autograd.grad(F.dropout(x, 0.5).sum(), x),
    lambda: torch.func.vmap(F.dropout, randomness="different")(x.detach()),
):
    tried(f)
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Dropout(0.25), torch.nn.Linear(8, 1))
descent = torch.optim.RMSprop(net.parameters(), lr=0.01)
for _ in range(20):
    descent.zero_grad()
    loss = ((net(x.detach() / 6) - 0.5) ** 2).mean()
    loss.backward()
    descent.step()
print(net, f"{loss.item():.4f}")
print(net.eval()(x))
