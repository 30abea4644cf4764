"""Who asks for a Tensor's bare values, and what to say where a graph would be lost. Knows the stack; no Tensor.

A picture may have them. Anyone else is refused in torch's words, and told what keeps the graph.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from types import FrameType

CANNOT = "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
INTO_ARRAY = (
    " A NumPy array cannot remember where its elements came from. To keep the graph, write into a Tensor "
    "(torch.zeros(...), np.zeros_like(tensor)), or make a new one: a = a + t, np.stack([...])."
)
# functions of scipy.special that convert what they are given, and what keeps the graph
_KEEPS = {
    "logsumexp": "torch.logsumexp(t, dim)", "softmax": "torch.softmax(t, dim)", "log_softmax": "torch.log_softmax(t, dim)",
    "polygamma": "torch.special.polygamma(n, t)", "multigammaln": "torch.special.multigammaln(t, p)",
    "comb": "scipy.special.binom(n, k)", "factorial": "scipy.special.gamma(t + 1)",
}  # fmt: skip
_DRAWS = {"matplotlib", "mpl_toolkits"}
_STORES = {dis.opmap[name] for name in ("STORE_SUBSCR", "STORE_SLICE") if name in dis.opmap}


def _asking() -> Iterator[FrameType]:
    """The frames that led here, innermost first, without NumPy's and our own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if _package(frame) not in {"numpy", "gradmagic"}:
            yield frame
        frame = frame.f_back


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def for_a_picture() -> bool:
    """Whether matplotlib asks."""
    first = next(_asking(), None)
    return first is not None and _package(first) in _DRAWS


def into_an_element() -> bool:
    """Whether the caller is at ``something[...] = value``."""
    first = next(_asking(), None)
    return first is not None and first.f_lasti >= 0 and first.f_code.co_code[first.f_lasti] in _STORES


def refusal() -> str:
    """Torch's words, and which function would have lost the graph and what keeps it."""
    name = None
    for frame in _asking():
        if _package(frame) != "scipy":
            break
        name = frame.f_code.co_name if frame.f_code.co_name in _KEEPS else name
    if name is not None:
        return f"{CANNOT} scipy.special.{name} makes an array of it; {_KEEPS[name]} keeps the graph."
    return CANNOT + INTO_ARRAY if into_an_element() else CANNOT
