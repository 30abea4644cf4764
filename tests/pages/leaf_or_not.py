"""Which tensors are leaves, whose .grad is filled, and retain_grad."""

import warnings

import torch
import torch.nn.functional as F

x = torch.ones(1, 3)
W = torch.tensor([[0.5, -1.0], [1.5, 2.0], [-0.5, 0.25]], requires_grad=True)
b = torch.tensor([[0.1, -0.2]], requires_grad=True)
y = torch.ones(1, 2)

z = (x @ W) + b
y_pred = F.relu(z)
loss = F.mse_loss(y_pred, y)
print(f"{x.is_leaf=} {W.is_leaf=} {b.is_leaf=} {z.is_leaf=} {y_pred.is_leaf=} {loss.is_leaf=}")
print(f"{x.requires_grad=} {W.requires_grad=} {z.requires_grad=} {loss.requires_grad=}")
loss.backward()
print(f"{W.grad=}")
print(f"{b.grad=}")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(f"{z.grad=}")
print(len(caught), str(caught[0].message)[:60])

z = (x @ W) + b
y_pred = F.relu(z)
loss = F.mse_loss(y_pred, y)
z.retain_grad()
y_pred.retain_grad()
loss.retain_grad()
W.grad = None
b.grad = None
loss.backward()
print(f"{W.grad=} {b.grad=} {z.grad=} {y_pred.grad=} {loss.grad=}")
print(z.retains_grad, W.retains_grad)
try:
    loss.requires_grad = False
except RuntimeError as error:
    print(error)
