"""``torch.nn.functional``: activations. Knows the ops by their torch names only."""

from gradmagic.ops.functional import log_softmax, relu, sigmoid, softmax, softplus, tanh

__all__ = ["log_softmax", "relu", "sigmoid", "softmax", "softplus", "tanh"]
