"""A gradient of two variables, frozen parameters, and a step of an optimizer."""

import torch
from torch import nn, optim

a = torch.tensor([2.0, 3.0], requires_grad=True)
b = torch.tensor([6.0, 4.0], requires_grad=True)
Q = 3 * a**3 - b**2
external_grad = torch.tensor([1.0, 1.0])
Q.backward(gradient=external_grad)
print(9 * a**2 == a.grad)
print(-2 * b == b.grad)

torch.manual_seed(0)
model = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 10))
data = torch.rand(1, 3, 2, 2)
labels = torch.rand(1, 10)
prediction = model(data)
loss = (prediction - labels).sum()
loss.backward()
optimizer = optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
optimizer.step()
print(prediction)
print(model[3].bias)

x = torch.rand(5, 5)
y = torch.rand(5, 5)
z = torch.rand((5, 5), requires_grad=True)
print(f"Does `a` require gradients?: {(x + y).requires_grad}")
print(f"Does `b` require gradients?: {(x + z).requires_grad}")

for param in model.parameters():
    param.requires_grad = False
model[3] = nn.Linear(8, 2)
optimizer = optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
model(data).sum().backward()
optimizer.step()
print([name for name, p in model.named_parameters() if p.requires_grad])
print(model(data), sum(p.numel() for p in model.parameters()))
