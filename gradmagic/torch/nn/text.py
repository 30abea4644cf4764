"""How a module and its parts stand on lines. Knows no module."""

from __future__ import annotations


def indented(text: str) -> str:
    """All lines but the first moved in by two."""
    first, *rest = text.split("\n")
    return "\n".join([first, *(f"  {line}" if line.strip() else "" for line in rest)])


def in_lines(name: str, lines: list[str]) -> str:
    """A name and what stands in its brackets, one to a line."""
    inner = "\n  " + "\n  ".join(lines) + "\n" if lines else ""
    return f"{name}({inner})"
