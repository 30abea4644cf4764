"""What to do about an error that says nothing to a beginner. Knows errors by their words; runs nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gradmagic.engine import leaving

__all__ = ["advise"]

# By what an error says: what says nothing to a beginner, and what to do.
WAYS_OUT: Mapping[str, str] = {
    "Boolean value of Tensor with more than one value": (
        "x stands for all its values at once, and `if` wants one: write np.where(x > 0, this, that)."
    ),
    r"(same dtype, but (got|found)).*([Dd]ouble.*[Ff]loat|[Ff]loat.*[Dd]ouble)": (
        "x is float64: net.double() or dtype=torch.float64 makes the rest so too; x.float() in the cell does without."
    ),
    r"type Tensor doesn't define __round__": (
        "round() is Python's, for one number: write np.round(x) or torch.round(x)."
    ),
    r"must be Tensor, not Tensor": (
        "That is PyTorch's own, and x is a tensor of gradmagic's: run the cell with --backend torch, or make the "
        "module in the cell."
    ),
    r"module 'torch[\w.]*' has no attribute": (
        "gradmagic has not all of PyTorch: where PyTorch is installed, --backend torch runs the cell on it."
    ),
}


def advise(error: Exception) -> None:
    """Add the way out to an error that says nothing to a beginner: x stands for many numbers, math.sin takes one."""
    said, cause = str(error), str(error.__cause__ or "")
    if cause.startswith(leaving.CANNOT):
        error.add_note(cause)  # numpy puts words of its own before ours where a number is to go into an array
    if any(words in said for words in ("converted to Python scalar", "converted to Scalar", "length-1 arrays")):
        error.add_note(
            "The math module's functions take one number, not a tensor of many: use np.sin, torch.sin or sin."
        )
    for pattern, way_out in WAYS_OUT.items():
        if re.search(pattern, said):
            error.add_note(way_out)
