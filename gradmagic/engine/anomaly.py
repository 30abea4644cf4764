"""Anomaly mode: where each node was made, and the search for NaN in a backward pass. Knows no operator."""

from __future__ import annotations

import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import numpy as np

from gradmagic.engine.modes import modes, set_anomaly

_NO_FORWARD = (
    "Error detected in {}. No forward pass information available. Enable detect anomaly during forward pass for more "
    "information."
)


class _Evaluating(threading.local):
    node: Any = None  # whose gradient is being computed: it is the parent of the nodes made meanwhile


_evaluating = _Evaluating()


class detect_anomaly:
    """Make backward passes raise at the first NaN and tell where in the forward pass the failing op was called.

    Parameters
    ----------
    check_nan : bool
        Whether a NaN is an error; if not, only errors of other kinds are traced back.

    Examples
    --------
    >>> import warnings
    >>> from gradmagic import torch
    >>> warnings.simplefilter("ignore")
    >>> x = torch.tensor(0.0, requires_grad=True)
    >>> with torch.autograd.detect_anomaly():
    ...     (x.sqrt() * 0).backward()
    Traceback (most recent call last):
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self._before = (modes.anomaly, modes.check_nan)
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            UserWarning,
            stacklevel=2,
        )

    def __enter__(self) -> None:
        set_anomaly(True, self.check_nan)

    def __exit__(self, *exc: object) -> None:
        set_anomaly(*self._before)


def note(node: Any) -> None:
    """Write into a new node's metadata where the user called its op, and whose gradient it is part of, if any."""
    node.metadata["traceback_"] = traceback.format_stack(_users_frame())
    if _evaluating.node is not None:
        node.metadata["parent_"] = _evaluating.node


def _users_frame() -> FrameType | None:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("gradmagic."):
        frame = frame.f_back
    return frame


def observed(evaluate: Callable[[Any, Any], Sequence[Any]], node: Any, g: Any) -> Sequence[Any]:
    """Evaluate a node's gradients; whatever goes wrong is first traced back to the forward pass."""
    before, _evaluating.node = _evaluating.node, node
    try:
        out = evaluate(node, g)
        if modes.check_nan:
            _refuse_nan(node, out)
    except Exception:
        _trace_back(node)
        raise
    finally:
        _evaluating.node = before
    return out


def _refuse_nan(node: Any, out: Sequence[Any]) -> None:
    for i, g in enumerate(out):
        if g is not None and np.isnan(getattr(g, "_array", g)).any():
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")


def _trace_back(node: Any) -> None:
    stack = node.metadata.get("traceback_")
    if stack is None:
        warnings.warn(_NO_FORWARD.format(node.name()), UserWarning, stacklevel=2)
        return
    opening, effect = "Error detected in", "caused the error"
    while node is not None and stack is not None:
        text = f"{opening} {node.name()}. Traceback of forward call that {effect}:\n{''.join(stack)}"
        warnings.warn(text, UserWarning, stacklevel=2)
        opening, effect = "\n\nPrevious calculation was induced by", "induced the previous calculation"
        node = node.metadata.get("parent_")
        stack = None if node is None else node.metadata.get("traceback_")
