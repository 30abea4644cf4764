"""vmap: where batches are and go, one inside another, random numbers, and what is refused."""

import torch
from torch.func import grad, jacrev, vmap

torch.manual_seed(0)
x, y = torch.arange(6.0).reshape(2, 3), torch.arange(12.0).reshape(3, 4)


def tried(f):
    try:
        found = f()
        print(found.shape if isinstance(found, torch.Tensor) and found.numel() > 6 else found)
    except (RuntimeError, ValueError) as error:
        print(type(error).__name__, error)


def pair(a):
    return a * 2, a.sum()


def named(a, b):
    return {"p": a + b, "q": [a * b]}


tried(lambda: vmap(torch.dot)(x, x))
tried(lambda: vmap(torch.dot, in_dims=(None, 1))(x[0], y))
tried(lambda: vmap(torch.mul, in_dims=(0, None), out_dims=1)(x, torch.ones(3)))
tried(lambda: vmap(pair, out_dims=(-1, 0))(x))
tried(lambda: vmap(pair, out_dims=(1, 0), in_dims=-1)(x))
tried(lambda: vmap(named)(x, x))
tried(lambda: vmap(vmap(torch.mul))(x, x))
tried(lambda: vmap(vmap(torch.mul, in_dims=(None, 0)), in_dims=(0, None))(x[:, 0], x[0]))
tried(lambda: vmap(lambda d: d["u"] + d["v"], in_dims=({"u": 0, "v": None},))({"u": x, "v": x[0]}))
tried(lambda: vmap(torch.sin, chunk_size=1)(x[0]))
tried(lambda: vmap(grad(lambda a: (a**3).sum()))(x))
tried(lambda: vmap(jacrev(lambda a: a**2))(x))
tried(lambda: vmap(lambda a: a.shape[0] * a.sum())(x))
tried(lambda: vmap(lambda a, k: a * k, in_dims=(0, None))(x[0], 3))
tried(lambda: vmap(torch.dot)(x, y))
tried(lambda: vmap(torch.dot, in_dims=(0, 2))(x, y))
tried(lambda: vmap(torch.dot, in_dims=(0,))(x, x))
tried(lambda: vmap(torch.dot, in_dims=None)(x, x))
tried(lambda: vmap(torch.sin, in_dims=[0])(x))
tried(lambda: vmap(torch.sin, in_dims=(None,))(x))
tried(lambda: vmap(torch.sin, in_dims=("a",))(x))
tried(lambda: vmap(torch.mul)(x, 3))
tried(lambda: vmap(torch.sin)())
tried(lambda: vmap(lambda a: 3)(x))
tried(lambda: vmap(lambda a: (a, 3))(x))
tried(lambda: vmap(pair, out_dims=(0, 0, 0))(x))
tried(lambda: vmap(pair, out_dims="a")(x))
tried(lambda: vmap(torch.sin, out_dims=5)(x))
tried(lambda: vmap(torch.sum, out_dims=None)(x))
tried(lambda: vmap(lambda a: torch.ones(2), out_dims=None)(x))
tried(lambda: vmap(lambda a: a if a.sum() > 0 else -a)(x))
tried(lambda: vmap(lambda a: a.sum().item())(x))
tried(lambda: vmap(lambda a: a + torch.randn(3))(x))
tried(lambda: vmap(lambda a: torch.randn(3), randomness="same")(x))
tried(lambda: vmap(torch.sin, randomness="maybe")(x))
tried(lambda: vmap(torch.sin, chunk_size=0)(x))
tried(lambda: vmap(lambda a: a.new_zeros(2) + 1)(x))
tried(lambda: vmap(lambda a: torch.where(a > 1, a, -a))(x))
w = torch.ones(3, requires_grad=True)
tried(lambda: torch.autograd.grad(vmap(lambda a: (a * w).sum())(x).sum(), w))
