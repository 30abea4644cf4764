"""Floor 0: tensors, nodes, the backward pass, in-place writes, modes, the kinds of ops. Knows numpy only, no operator."""

from gradmagic.engine.backward import backward, grad
from gradmagic.engine.calls import GradientEdge, get_gradient_edge
from gradmagic.engine.memory import keep_freed_memory
from gradmagic.engine.modes import leaf_writes
from gradmagic.engine.tensor import Tensor

__all__ = ["GradientEdge", "Tensor", "backward", "get_gradient_edge", "grad", "leaf_writes"]

keep_freed_memory()
