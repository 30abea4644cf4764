"""Widgets as a tree: all that belong to one, and the end of them all. Knows no panel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ipywidgets as w

__all__ = ["close_tree", "widgets_of"]


def widgets_of(root: w.Widget) -> list[w.Widget]:
    """The widget, its children, and the layouts and styles of all of them, each once."""
    seen: dict[int, w.Widget] = {}
    waiting = [root]
    while waiting:
        widget = waiting.pop()
        if id(widget) not in seen:
            seen[id(widget)] = widget
            for name in widget.keys:
                waiting += found_in(getattr(widget, name))
    return list(seen.values())


def found_in(value: Any) -> Iterator[w.Widget]:
    """The widgets that a trait holds."""
    if isinstance(value, w.Widget):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from found_in(item)


def close_tree(root: w.Widget) -> None:
    """Close them all: `close()` alone leaves every child, layout and style behind, in the kernel and in the browser."""
    for widget in widgets_of(root):
        widget.close()
