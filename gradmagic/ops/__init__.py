"""Floor 1: the tables, one row per op, in order of difficulty; and what is made of them."""

from gradmagic.ops import elementwise, functional, methods, products, reductions, shape

__all__ = ["elementwise", "functional", "methods", "products", "reductions", "shape"]
