"""Where our nodes keep what torch's show: the notation of the table in ``saved_names``. Knows nodes; no op.

What stands there is an argument of that name, or after "=" another argument, the number of an operand, "y" for the
output, "y1" for one of several, "a1" for one of the row's own arguments, "?1" an argument that is 1 unless given, "s1"
for an operand's sizes, "d1" for one of the first operand's, "t1" for its steps in memory, "e10" for operand 1's first
size, "#" for a constant, "places" for the indices, "!weight" for an argument that is a number if not given, "*dims" one
as a tuple, "0dim" the first of one, "-correction" one that is not told where it is 1.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.node import FREED_MESSAGE, Node
from gradmagic.engine.pulling import target_meta
from gradmagic.engine.tensor import Tensor

# what our rows call otherwise
_OTHERWISE = {"dim": ("axis", "dims"), "dims": ("dims", "dim"), "keepdim": ("keepdims",)}
_TENSORS = {"self": "0", "other": "1", "result": "y"}
Shown = int | Callable[[Node], Any]


def _argument(name: str, default: Any = None) -> Callable[[Node], Any]:
    def value(node: Node) -> Any:
        given = {**node.kwargs, **node.kwargs.get("options", {})} if "options" in node.kwargs else node.kwargs
        for key in (name, *_OTHERWISE.get(name, ())):
            if key in given:
                return _shown(given[key])
        return default

    return value


def _shown(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return Tensor._of(value)
    return tuple(_shown(v) for v in value) if isinstance(value, tuple) else value


def _output(k: int) -> Callable[[Node], Any]:
    def value(node: Node) -> Any:
        if not node.freed and (not node.saved or node.saved[-1] is None):
            return None
        return node.unpack(len(node.edges), recording=True)[k]

    return value


def _sizes(k: int) -> Callable[[Node], Any]:
    def value(node: Node) -> Any:
        if node.edges[k] is not None:
            return tuple(target_meta(node, k)[0])
        kept = node.saved[k] if node.saved else None
        return None if kept is None else tuple(kept.shape)

    return value


def _where(name: str, at: str) -> Shown:
    """Where a node keeps what it shows under a name."""
    kind, rest = at[:1], at[1:]
    if at.isdigit():
        return int(at)
    if at in _WORDS:
        return _WORDS[at]
    if kind in _NUMBERED and rest.lstrip("-").isdigit():
        return _NUMBERED[kind](rest)
    if kind == "#":
        constant = _constant(rest)
        return lambda node: constant
    if kind == "?":
        return _argument(name, _constant(rest))
    if kind in _READ:
        return _READ[kind](rest or name)
    return _argument(at or name)


def _strides(k: int) -> Callable[[Node], Any]:
    """An operand's steps in memory; where it was not kept, those of one in order."""

    def value(node: Node) -> Any:
        array = getattr(node.saved[k] if node.saved else None, "_array", None)
        if isinstance(array, np.ndarray):
            return tuple(step // array.itemsize for step in array.strides)
        sizes = _sizes(k)(node)
        return None if sizes is None else tuple(int(np.prod(sizes[i + 1 :])) for i in range(len(sizes)))

    return value


def _as(change: Callable[[Any], Any]) -> Callable[[str], Callable[[Node], Any]]:
    """A reader of an argument in another form, where it is given."""

    def reader(name: str) -> Callable[[Node], Any]:
        read = _argument(name)

        def value(node: Node) -> Any:
            found = read(node)
            return None if found is None else change(found)

        return value

    return reader


_READ = {
    "!": _as(lambda weight: None if isinstance(weight, float) else weight),
    "*": _as(lambda value: value if isinstance(value, tuple) else (value,)),
    "0": _as(lambda values: (*values, 0)[0] if isinstance(values, tuple) else values),
    "-": _as(lambda value: None if value == 1 else value),
}


def _places(node: Node) -> Any:
    """The tensors that choose, and None for the dimensions that are taken whole."""
    if node.freed:
        raise RuntimeError(FREED_MESSAGE)
    index = node.kwargs["index"]
    parts = [None if isinstance(part, slice) else Tensor._of(np.asarray(part)) for part in index]
    while parts and parts[-1] is None:
        parts.pop()
    return tuple(parts)


_WORDS: dict[str, Shown] = {"y": -1, "places": _places}
_NUMBERED: dict[str, Callable[[str], Shown]] = {
    "y": lambda k: _output(int(k)),
    "a": lambda k: lambda node: _shown(node.kwargs["args"][int(k)]),
    "s": lambda k: _sizes(int(k)),
    "t": lambda k: _strides(int(k)),
    "d": lambda k: lambda node: _sizes(0)(node)[int(k)],
    "e": lambda k: lambda node: _sizes(int(k[0]))(node)[int(k[1:])],
}


def _constant(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except ValueError:
        return text


def specification(part: str) -> tuple[str, Shown]:
    name, _, at = part.partition("=")
    if name == "self_sym_numel":
        return name, lambda node: int(np.prod(target_meta(node, 0)[0]))
    if name == "self_sym_sizes":
        return name, _sizes(0)
    return name, _where(name, at or _TENSORS.get(name, ""))


def read(table: str) -> dict[str, dict[str, Shown]]:
    found: dict[str, dict[str, Shown]] = {}
    nodes: list[str] = []
    for line in table.strip().splitlines():
        if not line.startswith(" "):
            nodes += [n.strip() for n in line.split(",") if n.strip()]
            continue
        shows = dict(specification(part) for part in line.split() if part != "-")
        for node in nodes:
            found[node if "Backward" in node and node[-1].isdigit() else node + "Backward0"] = shows
        nodes = []
    return found
