"""``torch.optim``: descent along gradients. Knows no module."""

from gradmagic.torch.optim import lr_scheduler
from gradmagic.torch.optim.adam import Adam, AdamW
from gradmagic.torch.optim.optimizer import Optimizer
from gradmagic.torch.optim.sgd import SGD


def __getattr__(name: str) -> object:
    raise AttributeError(f"module 'torch.optim' has no attribute '{name}'")


__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "lr_scheduler"]
