"""``torch.autograd``: the calls that differentiate. Knows no op."""

from gradmagic.engine.anomaly import detect_anomaly
from gradmagic.engine.backward import backward, grad
from gradmagic.engine.function import Function
from gradmagic.engine.modes import enable_grad, inference_mode, no_grad, set_detect_anomaly, set_grad_enabled
from gradmagic.torch.autograd import forward_ad, function, functional, grad_mode, graph, profiler
from gradmagic.torch.autograd.grad_mode import set_multithreading_enabled
from gradmagic.torch.autograd.gradcheck import gradcheck, gradgradcheck
from gradmagic.torch.autograd.variable import Variable

__all__ = [
    "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "forward_ad", "function", "functional", "grad",
    "grad_mode", "gradcheck", "gradgradcheck", "graph", "inference_mode", "no_grad", "profiler", "set_detect_anomaly",
    "set_grad_enabled", "set_multithreading_enabled",
]  # fmt: skip
