"""``torch._tensor_str``: the options of printing under torch's own name for their home. Knows the printing only."""

from gradmagic.engine.printing import get_printoptions, printoptions, set_printoptions

__all__ = ["get_printoptions", "printoptions", "set_printoptions"]
