"""How often ops are called, and how long their forward computations take. Knows the kinds of ops; knows no op."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Self

from gradmagic.engine.modes import modes
from gradmagic.engine.op import Op


@dataclass
class Line:
    """One op: its name, how many calls of it, and the microseconds that they took, those inside them included."""

    key: str
    count: int = 0
    cpu_time_total: float = 0.0

    @property
    def cpu_time(self) -> float:
        """Microseconds for one call."""
        return self.cpu_time_total / max(self.count, 1)


class Lines(list[Line]):
    """The lines of a profile."""

    def table(self, sort_by: str | None = None, row_limit: int = 100, **_: Any) -> str:
        """The lines as text, the largest first."""
        name = (sort_by or "cpu_time_total").removeprefix("self_")
        lines = sorted(self, key=lambda line: getattr(line, name), reverse=True)[:row_limit]
        head = f"{'Name':<32}{'CPU total':>14}{'CPU time avg':>16}{'# of Calls':>12}"
        rows = [f"{r.key:<32}{r.cpu_time_total:>12.3f}us{r.cpu_time:>14.3f}us{r.count:>12}" for r in lines]
        return "\n".join([head, "-" * len(head), *rows])


class profile:
    """Count and time ops, forward: a context manager. Outside of it, ops are as fast as ever.

    Parameters
    ----------
    enabled : bool
        Whether it does anything.
    **options
        Torch's others are of no effect.

    Examples
    --------
    >>> from gradmagic import torch
    >>> with torch.autograd.profiler.profile() as seen:
    ...     _ = torch.ones(3).sin().sin()
    >>> [(line.key, line.count) for line in seen.key_averages()]
    [('aten::sin', 2)]
    """

    def __init__(self, enabled: bool = True, **options: Any) -> None:
        self.enabled = enabled
        self.lines: dict[str, Line] = {}

    def __enter__(self) -> Self:
        self._before = [(kind, kind.__call__) for kind in _kinds() if "__call__" in vars(kind)] if self.enabled else []
        for kind, call in self._before:
            kind.__call__ = self._timed(call)  # type: ignore[method-assign]
        modes.alerts += 1  # no op takes a way around its `__call__`
        return self

    def __exit__(self, *exc: object) -> None:
        modes.alerts -= 1
        for kind, call in self._before:
            kind.__call__ = call  # type: ignore[method-assign]

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(op: Any, *args: Any, **kwargs: Any) -> Any:
            start = perf_counter()
            try:
                return call(op, *args, **kwargs)
            finally:
                line = self.lines.setdefault(op.name, Line(f"aten::{op.name}"))
                line.count += 1
                line.cpu_time_total += 1e6 * (perf_counter() - start)

        return timed

    def key_averages(self, **_: Any) -> Lines:
        """One line for each op."""
        return Lines(self.lines.values())

    def table(self, sort_by: str | None = None, row_limit: int = 100, **_: Any) -> str:
        """The lines as text, the largest first."""
        return self.key_averages().table(sort_by, row_limit)

    __str__ = table


def _kinds(kind: type[Op] = Op) -> list[type[Op]]:
    return [kind, *(below for each in kind.__subclasses__() for below in _kinds(each))]


__all__ = ["profile"]
