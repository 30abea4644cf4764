"""LBFGS with a closure, with and without a line search, and Adam's kin: their paths, states, and what they refuse."""

import torch


def tried(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)


P = torch.ones(2, requires_grad=True)
O = torch.optim
for f in [
    lambda: O.LBFGS([P]),
    lambda: O.LBFGS([P], lr=-1),
    lambda: O.LBFGS([{"params": [P]}, {"params": [torch.ones(1, requires_grad=True)]}]),
    lambda: O.LBFGS([P]).step(),
    lambda: O.LBFGS([P], line_search_fn="armijo").step(lambda: (P**2).sum()),
    lambda: O.NAdam([P]),
    lambda: O.NAdam([P], lr=-1),
    lambda: O.NAdam([P], betas=(1.0, 0.9)),
    lambda: O.NAdam([P], momentum_decay=-1),
    lambda: O.NAdam([P], weight_decay=-1),
    lambda: O.RAdam([P]),
    lambda: O.RAdam([P], eps=-1),
    lambda: O.RAdam([P]).state_dict(),
]:
    tried(f)

torch.set_default_dtype(torch.float64)


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


for options in [
    {},
    {"lr": 0.1, "max_iter": 5},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "history_size": 2, "max_iter": 7},
    {"line_search_fn": "strong_wolfe", "lr": 5.0, "max_eval": 6},
    {"lr": torch.tensor(0.01), "tolerance_grad": 1e-2},
]:
    p = torch.tensor([-1.2, 1.0], requires_grad=True)
    descent = O.LBFGS([p], **options)
    calls = []

    def closure():
        descent.zero_grad()
        loss = rosenbrock(p)
        loss.backward()
        calls.append(loss.item())
        return loss

    for _ in range(4):
        print(options, descent.step(closure), p, len(calls))
    state = descent.state_dict()["state"][0]
    print(state["n_iter"], state["func_evals"], sorted(state), len(state.get("ro") or []))

for kind, options in [
    (O.NAdam, {}),
    (O.NAdam, {"lr": 0.05, "weight_decay": 0.1}),
    (O.NAdam, {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    (O.NAdam, {"lr": 0.05, "momentum_decay": 0.5, "maximize": True}),
    (O.RAdam, {}),
    (O.RAdam, {"lr": 0.05, "weight_decay": 0.1}),
    (O.RAdam, {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    (O.RAdam, {"lr": 0.001, "betas": (0.5, 0.6)}),
]:
    p = torch.tensor([-1.2, 1.0], requires_grad=True)
    z = torch.tensor([1.0 + 2.0j], requires_grad=True)
    descent = kind([p, z], **options)
    for k in range(12):
        descent.zero_grad()
        (rosenbrock(p) + (z * z.conj()).real.sum()).backward()
        descent.step()
        if k % 3 == 2:
            print(kind.__name__, options, p, z)
    print(descent.state_dict()["state"])

# a whole fit: two parameters of a line, and a module
x = torch.linspace(-1, 1, 9).reshape(-1, 1)
y = 3 * x + 0.5
line = torch.nn.Linear(1, 1)
with torch.no_grad():
    line.weight.fill_(0.1)
    line.bias.zero_()
descent = O.LBFGS(line.parameters(), lr=0.5, max_iter=8)


def fit():
    descent.zero_grad()
    loss = torch.nn.functional.mse_loss(line(x), y)
    loss.backward()
    return loss


for _ in range(3):
    print(descent.step(fit))
print(line.weight, line.bias)
