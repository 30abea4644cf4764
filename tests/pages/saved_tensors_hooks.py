"""What a graph keeps, and hooks that pack it and unpack it."""

import torch

x = torch.tensor([1.0, -2.0, 3.0, 0.5, 4.0], requires_grad=True)
y = x.exp()
print(y.equal(y.grad_fn._saved_result))
print(y is y.grad_fn._saved_result)

a = torch.tensor([5.0, 1.0, 2.0], requires_grad=True)
b = a * a
print(b.grad_fn._saved_self.equal(a), b.grad_fn._saved_other is a)


def pack_hook(x):
    print("Packing", x)
    return x


def unpack_hook(x):
    print("Unpacking", x)
    return x


a = torch.ones(5, requires_grad=True)
b = torch.ones(5, requires_grad=True) * 2
with torch.autograd.graph.saved_tensors_hooks(pack_hook, unpack_hook):
    y = a * b
y.sum().backward()


class SelfDeletingStore:
    counter = 0


storage = []


def pack(x):
    storage.append(x.detach().clone())
    return len(storage) - 1


def unpack(k):
    return storage[k]


x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
    y = (x**3).sin()
print(len(storage))
print(torch.autograd.grad(y.sum(), x))

z = x * x
z.grad_fn._raw_saved_self.register_hooks(lambda t: t * 4, lambda t: t)
print(torch.autograd.grad(z.sum(), x))

with torch.autograd.graph.save_on_cpu():
    w = x.exp()
print(torch.autograd.grad(w.sum(), x))
try:
    with torch.autograd.graph.disable_saved_tensors_hooks("no hooks here"):
        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            pass
except RuntimeError as error:
    print(error)
