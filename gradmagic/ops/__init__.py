"""Floor 1: the tables, one row per op, in order of difficulty; and what is made of them."""

from gradmagic.ops import methods, numpy_protocol, refusals, saved_names

__all__ = ["methods", "numpy_protocol", "refusals", "saved_names"]
