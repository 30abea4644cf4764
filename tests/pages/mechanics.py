"""The notes on autograd's mechanics, line by line: frozen parts, modes, complex numbers, hooks, and saved values."""

import torch

x = torch.randn(5, 5)
torch.manual_seed(0)
y = torch.randn(5, 5)
z = torch.randn((5, 5), requires_grad=True)
a = x + y
print(a.requires_grad)
b = a + z
print(b.requires_grad)

x = torch.ones(2, requires_grad=True)
y = x.pow(2)
print(x.equal(y.grad_fn._saved_self))
print(x is y.grad_fn._saved_self)
y = x.exp()
print(y.equal(y.grad_fn._saved_result), y is y.grad_fn._saved_result)

with torch.inference_mode():
    r = x * 2
print(r.requires_grad, r.is_inference())
try:
    (r * x).sum().backward()
except RuntimeError as error:
    print(error)

w = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
loss = (w.abs() ** 2).sum()
loss.backward()
print(w.grad)

v = torch.tensor([0.0, 0.0, 0.0], requires_grad=True)
h = v.register_hook(lambda grad: grad * 2)
v.backward(torch.tensor([1.0, 2.0, 3.0]))
print(v.grad)
h.remove()
v.grad = None
v.backward(torch.tensor([1.0, 2.0, 3.0]))
print(v.grad)

t = torch.tensor([1.0, 2.0], requires_grad=True)
u = t.clone()
u.register_hook(lambda g: print("gradient of u", g))
s = u * u
u[0] = 7
try:
    s.sum().backward()
except RuntimeError as error:
    print(str(error)[:120])

with torch.set_grad_enabled(False):
    q = t * 2
print(q.requires_grad, torch.is_grad_enabled())
with torch.autograd.detect_anomaly(check_nan=True):
    bad = torch.tensor([-1.0], requires_grad=True)
    try:
        bad.sqrt().sum().backward()
    except RuntimeError as error:
        print(error)
model = torch.nn.Linear(3, 3)
model.eval()
model.requires_grad_(False)
print(model.training, [p.requires_grad for p in model.parameters()])
n = torch.tensor(1.0, requires_grad=True)
((n + 1) * (n + 2)).backward(inputs=[n])
print(n.grad, n.grad.grad_fn)
node = (n * 3 + 1).grad_fn
print(node.name(), [(type(f).__name__, k) for f, k in node.next_functions])
