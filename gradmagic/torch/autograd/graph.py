"""``torch.autograd.graph``: the backward graph as an object of the user's. Knows no op."""

from gradmagic.engine.backward import GradientEdge, get_gradient_edge
from gradmagic.engine.node import Node

__all__ = ["GradientEdge", "Node", "get_gradient_edge"]
