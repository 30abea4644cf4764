"""Modules: what they print, compute, hold and refuse."""

import torch

nn = torch.nn
x = torch.linspace(-3, 3, 12).reshape(3, 4)
for name, kw in [
    ("Tanh", {}),
    ("Sigmoid", {}),
    ("LogSigmoid", {}),
    ("Softsign", {}),
    ("Tanhshrink", {}),
    ("ReLU", {}),
    ("ReLU", {"inplace": True}),
    ("SiLU", {}),
    ("SELU", {}),
    ("Mish", {}),
    ("GELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("Softplus", {}),
    ("Softplus", {"beta": 2}),
    ("LeakyReLU", {}),
    ("LeakyReLU", {"negative_slope": 0.2}),
    ("ELU", {}),
    ("CELU", {}),
    ("Hardtanh", {}),
    ("Softmax", {"dim": 1}),
    ("LogSoftmax", {"dim": 0}),
    ("Flatten", {}),
    ("Identity", {}),
    ("Softmax", {}),
    ("LogSoftmax", {}),
]:
    try:
        m = getattr(nn, name)(**kw)
        print(m, [round(v, 4) for v in m(x.clone()).flatten().tolist()[:5]])
    except Exception as e:
        print(name, kw, type(e).__name__, e)
t = torch.linspace(0, 1, 12).reshape(3, 4)
for name, kw in [
    ("MSELoss", {}),
    ("L1Loss", {"reduction": "sum"}),
    ("SmoothL1Loss", {}),
    ("HuberLoss", {"delta": 0.5}),
    ("BCEWithLogitsLoss", {}),
    ("KLDivLoss", {"reduction": "batchmean"}),
    ("SoftMarginLoss", {}),
]:
    m = getattr(nn, name)(**kw)
    print(m, round(m(x, t).item(), 5))
print(
    nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2, 3, 4]))(x, torch.tensor([0, 1, 2])),
    nn.NLLLoss()(x, torch.tensor([0, 1, 2])),
    nn.BCELoss()(t.clamp(0.1, 0.9), t),
)
print(
    nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.Tanh()]),
    nn.ModuleDict({"a": nn.Tanh()}),
    nn.ParameterList([torch.ones(2), torch.ones(2, 3)]),
)
for f in [
    "uniform_",
    "normal_",
    "xavier_uniform_",
    "xavier_normal_",
    "kaiming_uniform_",
    "kaiming_normal_",
    "orthogonal_",
    "eye_",
    "ones_",
    "zeros_",
    "trunc_normal_",
]:
    torch.manual_seed(3)
    w = torch.empty(3, 5)
    try:
        print(f, [round(v, 5) for v in getattr(nn.init, f)(w).flatten().tolist()])
    except Exception as e:
        print(f, type(e).__name__, e)


def tried(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, str(e))


class N(nn.Module):
    def __init__(s):
        s.a = nn.Linear(1, 1)


class M(nn.Module):
    def __init__(s):
        super().__init__()
        s.l = nn.Linear(1, 2)
        s.register_buffer("b", torch.ones(2))
        s.register_buffer("c", torch.zeros(1), persistent=False)
        s.p = nn.Parameter(torch.ones(1))
        s.n = None


m = M()
for f in [
    N,
    M,
    lambda: m(1),
    lambda: m.foo,
    lambda: setattr(m, "l", 3),
    lambda: setattr(m, "p", torch.ones(1)),
    lambda: setattr(m, "b", 3),
    lambda: m.register_parameter("x.y", None),
    lambda: m.register_parameter("", None),
    lambda: m.register_parameter(3, None),
    lambda: m.register_parameter("l", None),
    lambda: m.register_parameter("q", torch.ones(1)),
    lambda: m.register_buffer("x.y", None),
    lambda: m.register_buffer("q", 3),
    lambda: m.add_module("q", 3),
    lambda: m.add_module("q.r", nn.Tanh()),
    lambda: m.add_module(3, nn.Tanh()),
    lambda: m.register_buffer("l", None),
    lambda: m.load_state_dict({}),
    lambda: m.load_state_dict({"l.weight": torch.ones(3), "z": torch.ones(1)}),
    lambda: m.load_state_dict({"l.weight": 3, "p": torch.zeros(1), "b": torch.ones(2), "l.bias": torch.ones(2)}),
    lambda: m.load_state_dict({}, strict=False),
    lambda: m.load_state_dict(3),
    lambda: m.load_state_dict(m.state_dict()),
    lambda: m.train(3),
    lambda: m.to(torch.int64),
    lambda: sorted(m.state_dict()),
    lambda: [n for n, _ in m.named_parameters()],
    lambda: [n for n, _ in m.named_buffers()],
    lambda: m.double().b.dtype,
    lambda: m.l(torch.ones(1)),
    lambda: m.float().l.weight,
    lambda: m.get_submodule("l"),
    lambda: m.get_submodule("k"),
    lambda: nn.Sequential(3),
    lambda: nn.ModuleList([3]),
    lambda: nn.Sequential(nn.Tanh())[2],
    lambda: nn.Sequential(nn.Tanh(), nn.ReLU())[1:],
    lambda: nn.Parameter([1, 2]),
    lambda: nn.Parameter(torch.tensor([1])),
    lambda: nn.Parameter(torch.tensor([1]), requires_grad=False),
    lambda: nn.Linear(2, 3)(torch.ones(3, 5)),
    lambda: nn.MSELoss(reduction="x")(m.b, m.b),
    lambda: m.zero_grad(),
    lambda: list(m.children()),
    lambda: nn.Linear(2, 2).requires_grad_(False).weight.requires_grad,
    lambda: nn.Conv9d,
    lambda: nn.init.eye_(torch.ones(3)),
    lambda: nn.init.xavier_normal_(torch.ones(3)),
    lambda: nn.init.calculate_gain("x"),
    lambda: nn.init.kaiming_normal_(torch.ones(2, 2), mode="x"),
    lambda: nn.init.orthogonal_(torch.ones(2)),
    lambda: torch.func.functional_call(m.l, {"weight": torch.ones(2, 1)}, (torch.ones(1),), strict=True),
    lambda: torch.func.functional_call(m.l, {"weightx": torch.ones(2, 1)}, (torch.ones(1),)),
    lambda: torch.func.functional_call(m.l, 3, (torch.ones(1),)),
    lambda: torch.func.functional_call(m.l, [3], (torch.ones(1),)),
    lambda: torch.func.functional_call(m.l, [{"weight": 1}, {"weight": 1}], (torch.ones(1),)),
    lambda: torch.func.stack_module_state([]),
    lambda: torch.func.stack_module_state([nn.Tanh(), nn.ReLU()]),
]:
    tried(f)
for a, b in [(-1, 0.5), (1.5, 3.0), (2.0, 2.5)]:
    torch.manual_seed(3)
    w = torch.empty(3, 5)
    print([round(v, 5) for v in torch.nn.init.trunc_normal_(w, 0.0, 1.0, a, b).flatten().tolist()])
