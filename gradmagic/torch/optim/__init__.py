"""``torch.optim``: descent along gradients. Knows no module."""

from gradmagic.torch.optim import lr_scheduler
from gradmagic.torch.optim.adam import Adam, Adamax, AdamW
from gradmagic.torch.optim.optimizer import Optimizer
from gradmagic.torch.optim.sgd import SGD
from gradmagic.torch.optim.squares import Adadelta, Adagrad, RMSprop


def __getattr__(name: str) -> object:
    raise AttributeError(f"module 'torch.optim' has no attribute '{name}'")


__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Optimizer", "RMSprop", "lr_scheduler"]
