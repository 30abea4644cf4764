"""``torch.autograd``: the calls that differentiate. Knows no op."""

from gradmagic.engine.backward import backward, grad
from gradmagic.engine.modes import enable_grad, inference_mode, no_grad, set_detect_anomaly, set_grad_enabled
from gradmagic.torch.autograd import functional, graph
from gradmagic.torch.autograd.gradcheck import gradcheck, gradgradcheck

detect_anomaly = set_detect_anomaly

__all__ = [
    "backward", "detect_anomaly", "enable_grad", "functional", "grad",
    "gradcheck", "gradgradcheck", "graph", "inference_mode", "no_grad", "set_detect_anomaly",
    "set_grad_enabled",
]  # fmt: skip
