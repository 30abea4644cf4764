"""What runs once in torch and for each element in a loop: writes to tensors from outside, and random numbers."""

import torch
from torch.func import vmap

rows = torch.arange(6.0).view(3, 2)
kept = torch.tensor([1.0, 2.0])


def adds_one(a):
    kept.add_(1)
    return a * kept


def adds_its_own(a):
    kept.mul_(0).copy_(a)
    return a


def counts(a):
    seen = torch.zeros(2)
    seen += 1
    kept[0] = kept[0] * 2
    return seen * kept


print(vmap(adds_one)(rows), kept)
print(vmap(counts)(rows), kept)
print(vmap(vmap(lambda a: kept.add_(1).sum() * a))(rows), kept)
try:
    vmap(adds_its_own)(rows)
except RuntimeError as e:
    print(e)
mine = rows.clone()
print(vmap(lambda a: a.mul_(2))(mine), mine)
for how in ("different", "same"):
    torch.manual_seed(4)
    print(vmap(lambda a: torch.rand(2) * a + torch.randn(2), randomness=how)(rows), torch.rand(1))
    print(vmap(lambda a: torch.randperm(3) + torch.randint(5, (3,)), randomness=how)(rows))
    print(vmap(lambda a: torch.bernoulli(torch.tensor([0.3, 0.6])) + a, randomness=how)(rows))
    print(vmap(vmap(lambda a: a + torch.rand(1), randomness="different"), randomness=how)(rows))
    print(vmap(vmap(lambda a: a + torch.rand(1), randomness="same"), randomness=how)(rows), torch.rand(1))
print(vmap(lambda a: torch.bernoulli(a / 5), randomness="different")(rows))
try:
    vmap(lambda a: torch.bernoulli(a / 5), randomness="same")(rows)
except RuntimeError as e:
    print(e)
torch.manual_seed(4)
try:
    vmap(lambda a: a + torch.rand(2))(rows)
except RuntimeError as e:
    print(e, torch.rand(1))
try:
    vmap(lambda a: a, out_dims=None)(rows)
except ValueError as e:
    print(e)
