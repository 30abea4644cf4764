"""Layers: the affine map, and `nn.functional`'s activations as modules, one row each. Knows no loss."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine import devices, dtypes
from gradmagic.engine.inplace import write
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import functional as F
from gradmagic.ops.names import FUNCTIONS
from gradmagic.torch.drawing import dropout
from gradmagic.torch.nn import init
from gradmagic.torch.nn.module import Module
from gradmagic.torch.nn.parameter import Parameter


class Identity(Module):
    """What it is given. Takes any arguments, and heeds none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Flatten(Module):
    """The dimensions from ``start_dim`` to ``end_dim`` made one.

    Parameters
    ----------
    start_dim, end_dim : int
        The first and the last of them; by default all but the batch's.
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Any:
        return FUNCTIONS["flatten"](input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Dropout(Module):
    """Elements set to zero while it trains, each with probability ``p``, and the others divided by ``1 - p``.

    Parameters
    ----------
    p : float
        How likely it is that an element is dropped.
    inplace : bool
        Whether the input itself is written to.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Any) -> Any:
        return dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Linear(Module):
    """The affine map ``x @ weight.T + bias``.

    Parameters
    ----------
    in_features, out_features : int
        The sizes of the last dimension, before and after.
    bias : bool
        Whether anything is added.
    device, dtype : optional
        As of any tensor.

    Examples
    --------
    >>> from gradmagic import torch
    >>> _ = torch.manual_seed(0)
    >>> torch.nn.Linear(2, 1).weight
    Parameter containing:
    tensor([[-0.0053,  0.3793]], requires_grad=True)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        devices.check(device)
        kind = dtypes.default_float() if dtype is None else dtypes.to_numpy(dtype)
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(Tensor._of(np.empty((out_features, in_features), kind)))
        self.bias: Any
        self.register_parameter("bias", Parameter(Tensor._of(np.empty(out_features, kind))) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, both spread evenly within ±1/√in_features."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Any:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class _Activation(Module):
    """A function of `nn.functional`, whose options are the module's attributes."""

    function: Callable[..., Any]
    __signature__: inspect.Signature

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        given = type(self).__signature__.bind(*args, **kwargs)
        given.apply_defaults()
        for name, value in given.arguments.items():
            setattr(self, name, value)

    def _options(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).__signature__.parameters}

    def forward(self, input: Any) -> Any:
        options = self._options()
        if options.get("inplace"):
            return write(input, type(self).function, **options)
        return type(self).function(input, **options)

    def extra_repr(self) -> str:
        shown = {name: value for name, value in self._options().items() if name != "inplace" or value}
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())


def _activation(name: str, function: Callable[..., Any], **options: Any) -> type[_Activation]:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    taken = inspect.Signature([inspect.Parameter(key, kind, default=value) for key, value in options.items()])
    doc = f"`nn.functional.{function.__name__}` as a module{taken if options else ''}."
    room = {"function": staticmethod(function), "__signature__": taken, "__doc__": doc, "__module__": __name__}
    return type(name, (_Activation,), room)


Tanh = _activation("Tanh", FUNCTIONS["tanh"])
Sigmoid = _activation("Sigmoid", FUNCTIONS["sigmoid"])
LogSigmoid = _activation("LogSigmoid", F.logsigmoid)
Softsign = _activation("Softsign", F.softsign)
Tanhshrink = _activation("Tanhshrink", F.tanhshrink)
ReLU = _activation("ReLU", lambda input, inplace: FUNCTIONS["relu"](input), inplace=False)
SiLU = _activation("SiLU", F.silu, inplace=False)
SELU = _activation("SELU", F.selu, inplace=False)
Mish = _activation("Mish", F.mish, inplace=False)
GELU = _activation("GELU", F.gelu, approximate="none")
Softplus = _activation("Softplus", F.softplus, beta=1.0, threshold=20.0)
LeakyReLU = _activation("LeakyReLU", F.leaky_relu, negative_slope=0.01, inplace=False)
ELU = _activation("ELU", F.elu, alpha=1.0, inplace=False)
CELU = _activation("CELU", F.celu, alpha=1.0, inplace=False)
Hardtanh = _activation("Hardtanh", F.hardtanh, min_val=-1.0, max_val=1.0, inplace=False)
Softmax = _activation("Softmax", F.softmax, dim=None)
LogSoftmax = _activation("LogSoftmax", F.log_softmax, dim=None)

__all__ = [
    "CELU", "Dropout", "ELU", "Flatten", "GELU", "Hardtanh", "Identity", "LeakyReLU", "Linear", "LogSigmoid", "LogSoftmax", "Mish", "ReLU",
    "SELU", "SiLU", "Sigmoid", "Softmax", "Softplus", "Softsign", "Tanh", "Tanhshrink",
]  # fmt: skip
