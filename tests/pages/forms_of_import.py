"""Every way in which such pages import, and the small things that they ask of torch."""

import torch
import torch as th
import torch.autograd as ag
import torch.autograd.functional as AF
import torch.nn
import torch.nn as nn
import torch.nn.functional
import torch.nn.functional as F
import torch.optim as optim
from torch import Tensor, autograd, tensor
from torch.autograd import Function, Variable, gradcheck
from torch.autograd.functional import hessian, jacobian
from torch.func import grad, vmap
from torch.nn import Linear, Module, Parameter, init
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD, Adam
from torch.utils.data import DataLoader, TensorDataset

print(th is torch, ag is autograd, nn.functional is F, optim.SGD is SGD, nn.Linear is Linear, Parameter is nn.Parameter)
print(
    jacobian is AF.jacobian,
    hessian is AF.hessian,
    issubclass(Linear, Module),
    Function is ag.Function,
    Adam is optim.Adam,
)
device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
print(device, repr(device), device.type, torch.cuda.is_available(), torch.cuda.device_count())
x = Variable(torch.ones(2, 2), requires_grad=True)
print(x, isinstance(x, Tensor), x.device, x.to(device) is x, x.cpu() is x, x.to("cpu").dtype, x.is_cuda)
y = tensor([1, 2], dtype=torch.float, device=device)
print(y.tolist(), y.detach().cpu().numpy(), y[0].item(), y.size(), y.dim(), y.to(torch.float64), y.type(), len(y))
print(torch.allclose(y, y + 1e-9), torch.equal(y, y.clone()), torch.is_tensor(y), torch.numel(x), torch.typename(y))
print(
    torch.Tensor([1, 2]),
    torch.FloatTensor([1, 2]),
    torch.Tensor(2, 3).shape,
    torch.get_default_dtype(),
    torch.LongTensor([3]),
)
print(torch.finfo(torch.float32), torch.finfo(torch.float64).eps, torch.iinfo(torch.int8))
for refused in (
    lambda: x.cuda(),
    lambda: torch.ones(2, device="cuda"),
    lambda: torch.device("nowhere"),
    lambda: x.to("cuda"),
):
    try:
        refused()
    except (AssertionError, RuntimeError) as error:
        print(type(error).__name__, error)
torch.testing.assert_close(y, y + 1e-7)
for wrong in (y + 1, y.double(), y[:1]):
    try:
        torch.testing.assert_close(wrong, y)
    except AssertionError as error:
        print(error)
try:
    torch.testing.assert_close(1.0, 2.0)
except AssertionError as error:
    print(error)

torch.manual_seed(0)
features, labels = torch.arange(12.0).reshape(6, 2), torch.arange(6)
data = TensorDataset(features, labels)
print(len(data), data[1])
for batch, (inputs, targets) in enumerate(DataLoader(data, batch_size=4)):
    print(batch, inputs.shape, targets)
loader = DataLoader(data, batch_size=4, shuffle=True, drop_last=True, generator=torch.Generator().manual_seed(3))
print(len(loader), [t.tolist() for _, t in loader], [t.tolist() for _, t in loader])
print([t.tolist() for _, t in DataLoader(data, batch_size=2, shuffle=True)])
model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(inplace=True), nn.Linear(3, 6))
opt = Adam(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()
for epoch in range(3):
    running = 0.0
    for inputs, targets in DataLoader(data, batch_size=3, shuffle=True):
        opt.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        running += loss.item() * inputs.size(0)
    print(f"{epoch + 1}: {running / len(data):.5f}")
with torch.no_grad():
    print(model(features).argmax(1), (model(features).argmax(dim=1) == labels).float().mean())
print(gradcheck(F.gelu, torch.tensor([0.3, -1.0], dtype=torch.double, requires_grad=True)))
print(vmap(grad(torch.sin))(torch.tensor([0.0, 1.0])), init.ones_(torch.empty(2)))
state = model.state_dict()
copy = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 6))
print(copy.load_state_dict(state), torch.equal(copy(features), model(features)))
