"""Floor 1: the tables, one row per op, in order of difficulty; and what is made of them."""

from gradmagic.ops import likeness, methods, numpy_protocol, refusals, return_types, saved_names

__all__ = ["likeness", "methods", "numpy_protocol", "refusals", "return_types", "saved_names"]
