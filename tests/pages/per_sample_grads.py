"""Gradients for each sample of a batch: one by one, and by vmap of grad."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, grad, grad_and_value, stack_module_state, vmap

torch.manual_seed(0)


class SimpleNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(9, 6)
        self.fc2 = nn.Linear(6, 4)

    def forward(self, x):
        x = torch.flatten(x, 1)
        x = self.fc1(x)
        x = F.relu(x)
        x = self.fc2(x)
        return F.log_softmax(x, dim=1)


def loss_fn(predictions, targets):
    return F.nll_loss(predictions, targets)


device = "cuda" if torch.cuda.is_available() else "cpu"
batch_size = 8
data = torch.randn(batch_size, 1, 3, 3, device=device)
targets = torch.randint(4, (batch_size,), device=device)
model = SimpleNet().to(device=device)
predictions = model(data)
loss = loss_fn(predictions, targets)
loss.backward()
print(loss)


def compute_grad(sample, target):
    sample = sample.unsqueeze(0)
    target = target.unsqueeze(0)
    prediction = model(sample)
    loss = loss_fn(prediction, target)
    return torch.autograd.grad(loss, list(model.parameters()))


def compute_sample_grads(data, targets):
    sample_grads = [compute_grad(data[i], targets[i]) for i in range(batch_size)]
    sample_grads = zip(*sample_grads)
    return [torch.stack(shards) for shards in sample_grads]


per_sample_grads = compute_sample_grads(data, targets)
print(per_sample_grads[0].shape)

params = {k: v.detach() for k, v in model.named_parameters()}
buffers = {k: v.detach() for k, v in model.named_buffers()}


def compute_loss(params, buffers, sample, target):
    batch = sample.unsqueeze(0)
    targets = target.unsqueeze(0)
    predictions = functional_call(model, (params, buffers), (batch,))
    return loss_fn(predictions, targets)


ft_compute_grad = grad(compute_loss)
ft_compute_sample_grad = vmap(ft_compute_grad, in_dims=(None, None, 0, 0))
ft_per_sample_grads = ft_compute_sample_grad(params, buffers, data, targets)
for per_sample_grad, ft_per_sample_grad in zip(per_sample_grads, ft_per_sample_grads.values()):
    assert torch.allclose(per_sample_grad, ft_per_sample_grad, atol=3e-3, rtol=1e-5)
    torch.testing.assert_close(per_sample_grad, ft_per_sample_grad)
print({name: tuple(g.shape) for name, g in ft_per_sample_grads.items()})
print(ft_per_sample_grads["fc2.bias"][0])
chunked = vmap(ft_compute_grad, in_dims=(None, None, 0, 0), chunk_size=3)(params, buffers, data, targets)
print(torch.allclose(chunked["fc1.weight"], ft_per_sample_grads["fc1.weight"]))
g, value = grad_and_value(compute_loss)(params, buffers, data[0], targets[0])
print(value, sorted(g))

models = [SimpleNet() for _ in range(3)]
params, buffers = stack_module_state(models)
base = SimpleNet()
out = vmap(lambda p, b, x: functional_call(base, (p, b), (x,)), (0, 0, None))(params, buffers, data)
print(out.shape, torch.allclose(out[1], models[1](data), atol=1e-6))
print({name: (tuple(p.shape), p.requires_grad, p.is_leaf) for name, p in params.items()})
