"""Checkpoints: the same gradients with less kept, both variants, random numbers, and what is refused."""

import warnings

import torch
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

warnings.simplefilter("ignore")
torch.set_default_dtype(torch.float64)
runs = []


def f(a, b):
    runs.append(1)
    h = torch.tanh(a * b)
    return torch.exp(h).sum() * b


def tried(g):
    try:
        return g()
    except Exception as e:
        return type(e).__name__ + ": " + str(e)[:140]


def fresh():
    runs.clear()
    return torch.tensor([0.5, -1.0, 2.0], requires_grad=True), torch.tensor(0.3, requires_grad=True)


a, b = fresh()
print(torch.autograd.grad(f(a, b), (a, b)))
a, b = fresh()
y = checkpoint(f, a, b, use_reentrant=False)
print(y, len(runs))
print(torch.autograd.grad(y, (a, b)), len(runs))
print(tried(lambda: torch.autograd.grad(y, (a, b))))

a, b = fresh()
y = checkpoint(f, a, b, use_reentrant=False)
(g,) = torch.autograd.grad(y, a, create_graph=True)
print(torch.autograd.grad(g.sum(), (a, b)))
a, b = fresh()
y = checkpoint(f, a, b=b, use_reentrant=False)
y.backward(retain_graph=True)
y.backward()
print(a.grad, b.grad, len(runs))

a, b = fresh()
y = checkpoint(f, a, b, use_reentrant=True)
print(y, len(runs))
print(tried(lambda: torch.autograd.grad(y, (a, b), retain_graph=True)))
y.backward()
print(a.grad, b.grad, len(runs))
print(checkpoint(f, a.detach(), b.detach(), use_reentrant=True))


def noisy(a):
    return (a * torch.rand(3)).sum() ** 2


for reentrant in (False, True):
    torch.manual_seed(3)
    a, _ = fresh()
    y = checkpoint(noisy, a, use_reentrant=reentrant)
    y.backward()
    print(y, a.grad, torch.rand(1))

model = torch.nn.Sequential(*[torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Tanh()) for _ in range(4)])
for segments in (1, 2, 3):
    for reentrant in (False, True):
        a, _ = fresh()
        y = checkpoint_sequential(model, segments, a, use_reentrant=reentrant).sum()
        y.backward()
        print(y, a.grad)

print(tried(lambda: checkpoint(f, a, b=b, use_reentrant=True)))
print(tried(lambda: checkpoint(f, a, b, use_reentrant=False, determinism_check="strict")))
print(tried(lambda: checkpoint_sequential(model, 2, a, use_reentrant=False, foo=1)))

flip = []


def other(a):
    flip.append(1)
    return (a.exp() if len(flip) % 2 else a.exp().sin()).sum()


def grown(a):
    flip.append(1)
    return (a if len(flip) % 2 else torch.cat([a, a])).exp().sum()


for g in (other, grown):
    flip.clear()
    a, _ = fresh()
    y = checkpoint(g, a, use_reentrant=False, early_stop=False)
    print(tried(lambda: y.backward())[:110])
    print(tried(lambda: checkpoint(lambda a: a.exp().sum(), a, use_reentrant=False).backward()))
