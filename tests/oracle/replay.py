"""Runs a recorded snippet in a namespace that plays torch, and tells what came of it. Knows neither engine."""

from __future__ import annotations

import builtins
import contextlib
import dataclasses
import gc
import io
import traceback
import warnings
from types import ModuleType
from typing import Any

SNIPPET = "__snippet__"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a snippet did: the exception it ended in, if any, what it printed, and what it warned of."""

    raises: str | None
    message: str | None
    line: int | None
    prints: str
    warnings: tuple[tuple[str, str], ...]
    qualname: str | None = None


def run(snippet: str, torch: ModuleType) -> Outcome:
    """Execute `snippet` with `torch` as its torch, in a fresh namespace, with torch's settings as at the start."""
    printed = io.StringIO()
    error: BaseException | None = None
    collecting = gc.isenabled()
    reset(torch)
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            exec(compile(snippet, SNIPPET, "exec"), _namespace(torch))
        except Exception as raised:  # noqa: BLE001 - the outcome may be any
            error = raised
    reset(torch)
    if collecting:
        gc.enable()
    said = tuple((w.category.__name__, _without_place(str(w.message))) for w in caught)
    if error is None:
        return Outcome(None, None, None, printed.getvalue(), said)
    frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == SNIPPET]
    kind = type(error)
    qualname = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return Outcome(kind.__name__, str(error), frames[-1] if frames else None, printed.getvalue(), said, qualname)


def reset(torch: ModuleType) -> None:
    """Put the settings that snippets change back to what they are when torch has just been imported."""
    if hasattr(torch, "set_printoptions"):
        torch.set_printoptions(profile="default")
    if hasattr(torch, "set_default_dtype"):
        torch.set_default_dtype(torch.float32)
    if hasattr(torch, "set_grad_enabled"):
        torch.set_grad_enabled(True)
    if hasattr(torch, "manual_seed"):
        torch.manual_seed(0)


def _namespace(torch: ModuleType) -> dict[str, Any]:
    def import_(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        if name.partition(".")[0] != "torch":
            return builtins.__import__(name, globals, locals, fromlist, level)
        module = torch
        for part in name.split(".")[1:]:
            if not hasattr(module, part):
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            module = getattr(module, part)
        return module if fromlist else torch

    return {"torch": torch, "__name__": SNIPPET, "__builtins__": {**vars(builtins), "__import__": import_}}


def _without_place(message: str) -> str:
    """The words of a warning without the place in torch's sources, or the traceback, that torch appends."""
    return message.partition(" (Triggered internally at")[0].partition("\n  File ")[0]


def derivatives(entry: dict[str, Any], torch: ModuleType) -> dict[str, Any]:
    """What an expression of op_values.json gives in a namespace: values, derivatives and the names of nodes."""
    reset(torch)
    torch.set_default_dtype(torch.float64)
    try:
        return _derivatives(entry, torch)
    finally:
        reset(torch)


def _derivatives(entry: dict[str, Any], torch: ModuleType) -> dict[str, Any]:
    x = torch.tensor(entry["x"], dtype=torch.float64, requires_grad=True)
    value = eval(entry["expr"], {"torch": torch, "x": x})
    found: dict[str, Any] = {
        "node": _name(value),
        "saved": sorted(name for name in dir(value.grad_fn) if name.startswith("_saved_")) if value.grad_fn else [],
        "f": value.detach().flatten().tolist(),
        "out_shape": list(value.shape),
    }
    elementwise = entry["kind"].startswith("elementwise")
    nodes: list[str | None] = []
    for order in range(1, 5 if elementwise else 3):
        if not value.requires_grad:
            found[f"d{order}"] = None
            break
        weight = torch.ones_like(value) if elementwise else _ramp(value, torch)
        try:
            (value,) = torch.autograd.grad(value, x, weight, create_graph=True, allow_unused=True)
        except Exception as error:  # noqa: BLE001 - the outcome may be any
            found[f"d{order}"] = {"error": f"{type(error).__name__}: {error}"}
            break
        if value is None:
            found[f"d{order}"] = None
            break
        found[f"d{order}"] = (value + 0).detach().flatten().tolist()
        nodes.append(_name(value))
    return found | {"d_nodes": nodes}


def _name(value: Any) -> str | None:
    return type(value.grad_fn).__name__ if value.grad_fn is not None else None


def _ramp(value: Any, torch: ModuleType) -> Any:
    return torch.arange(1, value.numel() + 1, dtype=value.dtype).reshape(value.shape)
