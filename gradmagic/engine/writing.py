"""Functions made from our own text, once each: what one would write by hand for every row. Knows no row."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any


def function_from(source: str, name: str, title: str, names: dict[str, Any]) -> FunctionType:
    """The function that a text defines, with the names that it may use; tracebacks show its lines under ``title``."""
    file = str(Path(__file__).with_name(f"<{title}>"))
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    scope = {**names, "__name__": __name__}  # as the file, so that whoever looks for the user's lines passes by
    exec(compile(source, file, "exec"), scope)  # noqa: S102  # a text of ours: nothing of a user's is in it
    made: FunctionType = scope[name]
    return made


def at_first_call(write: Callable[[], FunctionType]) -> Callable[..., Any]:
    """A function that becomes the one that ``write`` makes when it is first called.

    It takes over that function's code, so that who holds it already calls nothing in between later on.
    """

    def become(*args: Any, **kwargs: Any) -> Any:
        made = write()
        scope.update(made.__globals__)
        function.__kwdefaults__ = made.__kwdefaults__
        function.__defaults__, function.__code__ = made.__defaults__, made.__code__
        return function(*args, **kwargs)

    scope: dict[str, Any] = {"become": become, "__name__": __name__}
    function = FunctionType(_FIRST_CALL, scope)
    return function


_FIRST_CALL = (lambda *args, **kwargs: become(*args, **kwargs)).__code__  # type: ignore[name-defined]  # noqa: F821  # in its globals
