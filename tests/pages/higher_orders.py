"""Newton, Hessian-vector products, implicit differentiation, forces, ascent on an input, and unrolled loops."""

import torch
from torch.autograd import grad

torch.set_default_dtype(torch.float64)

# Newton's method for a minimum, by the Hessian
x = torch.tensor([-1.2, 1.0], requires_grad=True)
for _ in range(6):
    f = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    (g,) = grad(f, x, create_graph=True)
    H = torch.stack([grad(gi, x, retain_graph=True)[0] for gi in g])
    with torch.no_grad():
        x -= torch.linalg.solve(H, g)
    print(f.item(), x.tolist())

# Halley's method for a root: three derivatives of one variable
t = torch.tensor(2.0, requires_grad=True)
for _ in range(4):
    y = t**3 - 2 * t - 5
    (d1,) = grad(y, t, create_graph=True)
    (d2,) = grad(d1, t)
    t = (t - 2 * y * d1 / (2 * d1**2 - y * d2)).detach().requires_grad_()
    print(t.item())


# Hessian-vector products without the Hessian, and conjugate gradients with them
def hvp(f, x, v):
    (g,) = grad(f(x), x, create_graph=True)
    return grad(g, x, v)[0]


A = torch.tensor([[4.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 2.0]])
quadratic = lambda x: 0.5 * x @ A @ x + (x**4).sum() * 0.0
x0 = torch.ones(3, requires_grad=True)
print(hvp(quadratic, x0, torch.tensor([1.0, 0.0, 0.0])))
b = torch.tensor([1.0, 2.0, 3.0])
s, r = torch.zeros(3), b.clone()
p = r.clone()
for _ in range(3):
    Ap = hvp(quadratic, x0, p)
    alpha = r @ r / (p @ Ap)
    s = s + alpha * p
    r_new = r - alpha * Ap
    p = r_new + (r_new @ r_new) / (r @ r) * p
    r = r_new
print(torch.allclose(A @ s, b), s)


# implicit differentiation: x(a) solves x = cos(a x)
class Fixed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        x = torch.zeros_like(a)
        for _ in range(100):
            x = torch.cos(a * x)
        ctx.save_for_backward(a, x)
        return x

    @staticmethod
    def backward(ctx, g):
        a, x = ctx.saved_tensors
        return g * -x * torch.sin(a * x) / (1 + a * torch.sin(a * x))


a = torch.tensor([0.5, 1.0, 0.8], requires_grad=True)
print(grad(Fixed.apply(a).sum(), a), torch.autograd.gradcheck(Fixed.apply, (a,)))
u = torch.zeros_like(a)
for _ in range(60):
    u = torch.cos(a * u)
print(grad(u.sum(), a))


# a force is minus the gradient of an energy: a ring of springs, by leapfrog
def energy(q):
    d = (q - torch.roll(q, 1, 0)).norm(dim=1)
    return (d - 1).pow(2).sum() / 2 + 0.1 * (q**2).sum()


def force(q):
    q = q.detach().requires_grad_()
    return -grad(energy(q), q)[0]


torch.manual_seed(0)
q, v, dt = torch.randn(5, 2), torch.zeros(5, 2), 0.05
start = energy(q).item()
for _ in range(40):
    v = v + dt / 2 * force(q)
    q = q + dt * v
    v = v + dt / 2 * force(q)
print(start, (energy(q) + (v**2).sum() / 2).item(), force(q).sum(0))

# ascent on an input, as in DeepDream
net = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
image = torch.zeros(1, 6, requires_grad=True)
for i in range(10):
    net.zero_grad()
    objective = net(image)[0, 1] - 0.01 * image.norm() ** 2 if i else net(image)[0, 1]
    objective.backward()
    g = image.grad
    image.data += 0.1 * g / (g.abs().mean() + 1e-8)
    image.grad.zero_()
print(image, objective)

# a learning rate that is learned
rate = torch.tensor(0.1, requires_grad=True)
w = torch.tensor(3.0, requires_grad=True)
z = w
for _ in range(4):
    (g,) = grad((z - 1) ** 2, z, create_graph=True)
    z = z - rate * g
print(z, grad((z - 1) ** 2, [rate, w]))
y = torch.tensor(0.3, requires_grad=True)
d = torch.sin(y) * torch.exp(y)
for order in range(1, 7):
    (d,) = grad(d, y, create_graph=True)
    print(order, d.item())
torch.set_default_dtype(torch.float32)
