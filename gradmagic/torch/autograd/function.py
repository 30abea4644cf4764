"""``torch.autograd.function``: ops whose forward and backward are the user's own. Knows no op of ours."""

from gradmagic.engine.context import FunctionCtx
from gradmagic.engine.function import Function, once_differentiable

__all__ = ["Function", "FunctionCtx", "once_differentiable"]
