"""``torch.optim``: descent along gradients. Knows no module."""

from gradmagic.torch.optim import lr_scheduler
from gradmagic.torch.optim.adam import Adam, Adamax, AdamW
from gradmagic.torch.optim.adams import NAdam, RAdam
from gradmagic.torch.optim.lbfgs import LBFGS
from gradmagic.torch.optim.optimizer import Optimizer
from gradmagic.torch.optim.sgd import SGD
from gradmagic.torch.optim.squares import Adadelta, Adagrad, RMSprop


def __getattr__(name: str) -> object:
    raise AttributeError(f"module 'torch.optim' has no attribute '{name}'")


__all__ = [
    "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam", "RMSprop",
    "lr_scheduler",
]  # fmt: skip
