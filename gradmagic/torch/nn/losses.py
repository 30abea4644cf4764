"""`nn.functional`'s losses as modules, one row each. Knows no layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradmagic.ops import classes as C
from gradmagic.ops import criteria as F
from gradmagic.torch.nn.module import Module


class _Loss(Module):
    """A loss of `nn.functional`, whose options are the module's attributes."""

    function: Callable[..., Any]
    options: dict[str, Any]

    def __init__(self, **options: Any) -> None:
        super().__init__()
        unknown = [name for name in options if name not in self.options]
        if unknown:
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument '{unknown[0]}'")
        for name, value in {**self.options, **options}.items():
            if name in ("weight", "pos_weight"):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)

    def forward(self, input: Any, target: Any) -> Any:
        return type(self).function(input, target, **{name: getattr(self, name) for name in self.options})


def _loss(name: str, function: Callable[..., Any], **options: Any) -> type[_Loss]:
    options = {**options, "reduction": "mean"}
    told = ", ".join(f"{key}={value!r}" for key, value in options.items())
    doc = f"`nn.functional.{function.__name__}` as a module: {told}."
    room = {"function": staticmethod(function), "options": options, "__doc__": doc, "__module__": __name__}
    return type(name, (_Loss,), room)


L1Loss = _loss("L1Loss", F.l1_loss)
MSELoss = _loss("MSELoss", F.mse_loss)
SmoothL1Loss = _loss("SmoothL1Loss", F.smooth_l1_loss, beta=1.0)
HuberLoss = _loss("HuberLoss", F.huber_loss, delta=1.0)
BCELoss = _loss("BCELoss", F.binary_cross_entropy, weight=None)
BCEWithLogitsLoss = _loss("BCEWithLogitsLoss", F.binary_cross_entropy_with_logits, weight=None, pos_weight=None)
KLDivLoss = _loss("KLDivLoss", F.kl_div, log_target=False)
SoftMarginLoss = _loss("SoftMarginLoss", F.soft_margin_loss)
NLLLoss = _loss("NLLLoss", C.nll_loss, weight=None, ignore_index=-100)
CrossEntropyLoss = _loss("CrossEntropyLoss", C.cross_entropy, weight=None, ignore_index=-100, label_smoothing=0.0)

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "NLLLoss", "SmoothL1Loss",
    "SoftMarginLoss",
]  # fmt: skip
