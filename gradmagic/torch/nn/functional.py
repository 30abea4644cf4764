"""``torch.nn.functional``: activations. Knows the ops by their torch names only."""

from gradmagic.ops.arithmetic import relu, sigmoid, softplus, tanh
from gradmagic.ops.reducing import log_softmax, softmax

__all__ = ["log_softmax", "relu", "sigmoid", "softmax", "softplus", "tanh"]
