"""The names that a cell's code sees while it runs. Knows which come from where, and runs nothing."""

from __future__ import annotations

import builtins
import io
from collections.abc import Callable, Mapping
from typing import Any

from gradmagic.explore.backends import Backend
from gradmagic.explore.program import Program

__all__ = ["Scope", "printing_into", "scope_of", "silent"]


class Scope(dict[str, Any]):
    """The globals of one run: what is set here, and behind it the user's live namespace, which is only read."""

    __slots__ = ("behind",)

    def __init__(self, behind: Mapping[str, Any]) -> None:
        super().__init__(__name__="__main__", __builtins__=builtins)
        self.behind = behind

    def __missing__(self, name: str) -> Any:
        return self.behind[name]


def scope_of(
    program: Program, params: Mapping[str, float], namespace: Mapping[str, Any], backend: Backend,
    printed: Callable[..., None],
) -> Scope:  # fmt: skip
    """A fresh scope: parameters and constants first, then the user's names, then what is known without an import.

    `printed` is its `print`, unless the user has one.
    """
    scope = Scope(namespace)
    scope["print"] = namespace.get("print") or printed
    for name in program.reads:
        if name in params:
            scope[name] = float(params[name])
        elif name in program.request.values:
            scope[name] = float(program.request.values[name])
        elif name in namespace:
            given = namespace[name]
            own = backend.own(given)
            if own is not given:
                scope[name] = own
        elif name in backend.known:
            scope[name] = backend.known[name]
    return scope


def silent(*_: Any, **__: Any) -> None:
    """A `print` that says nothing."""


def printing_into(buffer: io.StringIO, *, echo: bool) -> Callable[..., None]:
    """A `print` for the cell. Replacing sys.stdout would take other threads' output too."""

    def printed(
        *values: Any, sep: str | None = None, end: str | None = None, file: Any = None, flush: bool = False
    ) -> None:
        if file is not None:
            print(*values, sep=sep, end=end, file=file, flush=flush)
            return
        print(*values, sep=sep, end=end, file=buffer)
        if echo:
            print(*values, sep=sep, end=end, flush=flush)  # noqa: T201  the cell prints, as the user asked

    printed.__name__ = printed.__qualname__ = "print"
    return printed
