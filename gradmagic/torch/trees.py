"""Nested tuples, lists and dicts, taken apart and put together. Knows nothing of what hangs on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gradmagic.engine.dtypes import Size


@dataclass(frozen=True)
class Spec:
    """The form of a tree: the type of a node, its keys if it is a dict, and its branches; a leaf has no type."""

    kind: type | None
    keys: tuple[Any, ...] | None = None
    branches: tuple[Spec, ...] = ()

    def describe(self, indent: int = 0) -> str:
        """As torch writes it in its longer messages."""
        if self.kind is None:
            return "*"
        context = None if self.keys is None else list(self.keys)
        parts = [branch.describe(indent + 2) for branch in self.branches]
        inner = (",\n" + " " * (indent + 2)).join(parts)
        return f"TreeSpec({self.kind.__name__}, {context}, [{inner}])"

    def sketch(self) -> str:
        """As torch writes it in its shorter messages: ``(*, [*])``."""
        if self.kind is None:
            return "*"
        parts = [branch.sketch() for branch in self.branches]
        if self.kind is dict:
            return "{" + ", ".join(f"{k!r}: {p}" for k, p in zip(self.keys or (), parts, strict=True)) + "}"
        inner = ", ".join(parts)
        if self.kind is list:
            return f"[{inner}]"
        return f"({inner},)" if len(parts) == 1 else f"({inner})"


LEAF = Spec(None)


def flatten(tree: Any) -> tuple[list[Any], Spec]:
    """The leaves in order, and the form to hang them on again."""
    leaves: list[Any] = []
    return leaves, _grow(tree, leaves)


def _grow(tree: Any, leaves: list[Any]) -> Spec:
    kind = tuple if type(tree) is Size else type(tree)
    if kind is dict:
        return Spec(kind, tuple(tree), tuple(_grow(v, leaves) for v in tree.values()))
    if kind in {tuple, list}:
        return Spec(kind, None, tuple(_grow(v, leaves) for v in tree))
    leaves.append(tree)
    return LEAF


def unflatten(leaves: Any, spec: Spec) -> Any:
    """The tree of this form with these leaves."""
    return _hang(iter(leaves), spec)


def _hang(leaves: Iterator[Any], spec: Spec) -> Any:
    if spec.kind is None:
        return next(leaves)
    parts = [_hang(leaves, branch) for branch in spec.branches]
    if spec.kind is dict:
        return dict(zip(spec.keys or (), parts, strict=True))
    return spec.kind(parts)


def mapped(fn: Callable[[Any], Any], tree: Any) -> Any:
    """The same tree with ``fn`` of every leaf."""
    leaves, spec = flatten(tree)
    return unflatten([fn(leaf) for leaf in leaves], spec)


def spread(values: Any, spec: Spec) -> list[Any] | None:
    """One value for every leaf: a value stands for all leaves below it. None where the forms do not fit."""
    if type(values) not in {tuple, list, dict}:
        return [values] * _size(spec)
    parts = list(values.values() if isinstance(values, dict) else values)
    if type(values) is not spec.kind or len(parts) != len(spec.branches):
        return None
    out: list[Any] = []
    for part, branch in zip(parts, spec.branches, strict=True):
        below = spread(part, branch)
        if below is None:
            return None
        out.extend(below)
    return out


def _size(spec: Spec) -> int:
    return 1 if spec.kind is None else sum(_size(branch) for branch in spec.branches)
