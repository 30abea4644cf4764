"""Optimizers: their paths under every option, their states, and what they refuse."""

import torch


def tried(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, str(e))


P = torch.ones(2, requires_grad=True)
for f in [
    lambda: torch.optim.SGD([], lr=1),
    lambda: torch.optim.SGD(P, lr=1),
    lambda: torch.optim.SGD([1], lr=1),
    lambda: torch.optim.SGD([P * 2], lr=1),
    lambda: torch.optim.SGD([P], lr=-1),
    lambda: torch.optim.SGD([P], momentum=-1),
    lambda: torch.optim.SGD([P], weight_decay=-1),
    lambda: torch.optim.SGD([P], nesterov=True),
    lambda: torch.optim.SGD({P}),
    lambda: torch.optim.SGD([{"params": {P}}]),
    lambda: torch.optim.SGD([{"params": [P]}, {"params": [P]}]),
    lambda: torch.optim.Adam([P], betas=(1.0, 0.9)),
    lambda: torch.optim.Adam([P], betas=(0.5, -0.9)),
    lambda: torch.optim.Adam([P], eps=-1),
    lambda: torch.optim.Adam([P], lr=-1),
    lambda: torch.optim.SGD([P]).add_param_group([P]),
    lambda: torch.optim.SGD([P], lr=torch.ones(2)),
    lambda: torch.optim.SGD([P], fused=True, foreach=True),
    lambda: torch.optim.SGD([("a", P), P]),
    lambda: torch.optim.SGD([P]),
    lambda: torch.optim.AdamW([P]),
    lambda: torch.optim.SGD([("a", P)]).state_dict(),
    lambda: torch.optim.Adam([P], betas=(0, 0.9)),
    lambda: torch.optim.Adam([P], betas=[0.5, 0.9]),
    lambda: torch.optim.SGD([P]).load_state_dict({"param_groups": [], "state": {}}),
    lambda: torch.optim.SGD([P]).load_state_dict({"param_groups": [{"params": []}], "state": {}}),
    lambda: torch.optim.SGD([P], lr="a"),
    lambda: torch.optim.RMSprop([P], alpha=-1),
    lambda: torch.optim.RMSprop([P], momentum=-1),
    lambda: torch.optim.RMSprop([P]),
    lambda: torch.optim.Adagrad([P], lr_decay=-1),
    lambda: torch.optim.Adagrad([P], initial_accumulator_value=-1),
    lambda: torch.optim.Adagrad([P], fused=True, foreach=True),
    lambda: torch.optim.Adagrad([P]).state_dict(),
    lambda: torch.optim.Adadelta([P], rho=2),
    lambda: torch.optim.Adadelta([P]),
    lambda: torch.optim.Adamax([P], betas=(0.5, 1)),
    lambda: torch.optim.Adamax([P]),
]:
    tried(f)

torch.set_default_dtype(torch.float64)
S = torch.optim.SGD
A = torch.optim.Adam
W = torch.optim.AdamW
R = torch.optim.RMSprop
G = torch.optim.Adagrad
for make in [
    lambda p: S(p, lr=0.05),
    lambda p: S(p, 0.05, momentum=0.9),
    lambda p: S(p, 0.05, momentum=0.9, nesterov=True),
    lambda p: S(p, 0.05, momentum=0.5, dampening=0.3),
    lambda p: S(p, 0.05, weight_decay=0.1, momentum=0.2),
    lambda p: S(p, 0.01, maximize=True),
    lambda p: S(p, torch.tensor(0.05)),
    lambda p: A(p, 0.05),
    lambda p: A(p, 0.05, betas=(0.5, 0.6), eps=1e-3),
    lambda p: A(p, 0.05, weight_decay=0.1),
    lambda p: A(p, 0.05, amsgrad=True),
    lambda p: A(p, 0.05, maximize=True),
    lambda p: A(p, torch.tensor(0.05)),
    lambda p: W(p, 0.05),
    lambda p: W(p, 0.05, weight_decay=0.3, amsgrad=True),
    lambda p: A(p, 0.05, foreach=True),
    lambda p: R(p),
    lambda p: R(p, 0.05, momentum=0.9, eps=1e-3),
    lambda p: R(p, 0.05, centered=True, weight_decay=0.1, alpha=0.5),
    lambda p: R(p, 0.05, centered=True, momentum=0.5, maximize=True),
    lambda p: G(p),
    lambda p: G(p, 0.05, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.3),
    lambda p: torch.optim.Adadelta(p),
    lambda p: torch.optim.Adadelta(p, 0.5, rho=0.5, weight_decay=0.1),
    lambda p: torch.optim.Adamax(p),
    lambda p: torch.optim.Adamax(p, 0.05, betas=(0.5, 0.6), weight_decay=0.1),
    lambda p: S([{"params": p[:1], "lr": 0.1}, {"params": p[1:]}], lr=0.02),
]:
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    y = torch.tensor(0.5, requires_grad=True)
    z = torch.ones(1, requires_grad=True)
    o = make([x, y, z])
    for k in range(12):
        o.zero_grad(set_to_none=k % 2 == 0)
        loss = (x**4).sum() * 0.1 + (x * y).sum() ** 2 + (y - 1) ** 2
        loss.backward()
        o.step()
    print(loss.item(), x.tolist(), y.item(), z.item(), sorted(next(iter(o.state.values()), {})))
    other = make([x, y, z])
    other.load_state_dict(o.state_dict())
    x.grad = torch.ones(2)
    other.step()
    print(x, y)
x = torch.tensor(2.0, requires_grad=True)
o = S([x], lr=0.1)


def closure():
    o.zero_grad()
    l = x**2
    l.backward()
    return l


print(o.step(closure), o.step(closure), x)
o = S([("slope", x)], lr=0.1)
o.add_param_group({"params": [("other", torch.ones(1, requires_grad=True))], "lr": 0.3})
print(o)
z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
for make in (S, A, R, G, torch.optim.Adadelta, torch.optim.Adamax):
    o = make([z], lr=0.1)
    for _ in range(3):
        o.zero_grad()
        (z * z.conj()).real.sum().backward()
        o.step()
    print(z)
rate = torch.tensor(0.1, requires_grad=True)
start = torch.tensor(3.0, requires_grad=True)
w = start.clone()
o = S([w], lr=rate, differentiable=True)
w.grad = 2 * w
o.step()
print(w.item(), torch.autograd.grad(w, [start, rate]))
a = torch.tensor([3.0, 4.0], requires_grad=True)
b = torch.tensor(12.0, requires_grad=True)
(a * a).sum().backward()
(b * b).backward()
print(torch.nn.utils.clip_grad_norm_([a, b], 1.0), a.grad, b.grad)
print(torch.nn.utils.clip_grad_norm_([a, b], 5.0, norm_type="inf"), a.grad)
torch.nn.utils.clip_grad_value_([a, b], 0.3)
print(a.grad, b.grad)
b.grad = torch.tensor(float("inf"))
tried(lambda: torch.nn.utils.clip_grad_norm_([b], 1.0, error_if_nonfinite=True))
v = torch.nn.utils.parameters_to_vector([a, b])
print(v)
with torch.no_grad():
    torch.nn.utils.vector_to_parameters(v * 2, [a, b])
print(a, b)
tried(lambda: torch.nn.utils.vector_to_parameters(3, [a]))
torch.set_default_dtype(torch.float32)
