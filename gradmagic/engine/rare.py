"""Attributes that few objects of a kind have. Knows no node."""

from __future__ import annotations

from typing import Any


class Rare:
    """An attribute that few nodes have: they keep it in a dict of their own, the others have no dict."""

    def __init__(self, default: Any = None) -> None:
        self.default = default

    def __set_name__(self, owner: Any, name: str) -> None:
        self.name = name

    def __get__(self, node: Any, owner: Any = None) -> Any:
        if node is None or node.rare is None:
            return self.default
        return node.rare.get(self.name, self.default)

    def __set__(self, node: Any, value: Any) -> None:
        if node.rare is None:
            node.rare = {}
        node.rare[self.name] = value
