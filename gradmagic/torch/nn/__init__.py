"""``torch.nn``: modules small enough to be honest, and its functions. Knows no graph."""

from gradmagic.torch.nn import containers as _containers
from gradmagic.torch.nn import functional, init, parameter, utils
from gradmagic.torch.nn import layers as _layers
from gradmagic.torch.nn import losses as _losses
from gradmagic.torch.nn.containers import *  # noqa: F403  one list of names, kept beside what it names
from gradmagic.torch.nn.layers import *  # noqa: F403
from gradmagic.torch.nn.losses import *  # noqa: F403
from gradmagic.torch.nn.module import Module
from gradmagic.torch.nn.parameter import Parameter


def __getattr__(name: str) -> object:
    raise AttributeError(f"module 'torch.nn' has no attribute '{name}'")


__all__ = [
    "Module", "Parameter", "functional", "init", "parameter", "utils", *_containers.__all__, *_layers.__all__, *_losses.__all__,
]  # fmt: skip
