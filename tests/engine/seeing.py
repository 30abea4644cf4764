"""What the writer of a random program knows of the tensors there are, and how it picks among them. Runs nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple


class Seen(NamedTuple):
    """What is known of a tensor."""

    shape: tuple[int, ...]
    floats: bool = True
    dtype: str = "torch.float64"
    memory: int = 0  # tensors that may share memory have the same number
    dense: bool = True  # whether the elements fill their part of it, each once
    spread: bool = False  # whether many elements lie in one place
    writable: bool = True  # whether torch can follow a write, see `Writer.target`
    hookable: bool = True  # whether torch would not lose a hook in silence, see `Writer.hook`


class Knowing:
    """Knows the tensors of `tensors`, a table by name that its reader keeps up to date."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.tensors: dict[str, Seen] = {}
        self.leaves: list[str] = []
        self.count = 0

    def new(self, expression: str) -> str:
        self.count += 1
        return f"v{self.count} = {expression}"

    def pick(self, names: Sequence[str]) -> str:
        """One of these names, the latest more often."""
        if not names:
            return "v1"
        return self.random.choice(names[-3:] if self.random.random() < 0.5 else names)

    def any(self) -> str:
        return self.pick(list(self.tensors))

    def shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape if name in self.tensors else ()

    def dtype(self, name: str) -> str:
        return self.tensors[name].dtype if name in self.tensors else ""

    def floating(self, full: bool = False) -> str:
        """The name of a tensor of floats; with ``full``, of one that has elements."""
        return self.pick([n for n, t in self.tensors.items() if t.floats and not (full and 0 in t.shape)])

    def like(self, name: str, floats: bool = False) -> str:
        """Mostly a tensor whose shape goes with that of `name`."""
        shape = self.shape(name)
        fitting = [n for n, t in self.tensors.items() if _broadcast(shape, t.shape) and (t.floats or not floats)]
        return self.random.choice(fitting) if fitting and self.random.random() < 0.95 else self.floating()

    def target(self) -> str:
        """A tensor to write to.

        Not one that retains its gradient as the second output of a node: torch 2.13 then looks for what retains it at
        the first output, and an assertion of its own fails.
        """
        names = [n for n, t in self.tensors.items() if t.writable]
        floats = [n for n in names if self.tensors[n].floats]
        return self.pick(floats if self.random.random() < 0.9 else names)

    def operand(self, name: str, part: bool) -> str:
        """What is to be written to `name`, or to a part of it.

        Torch refuses operands that overlap the target in part, if both are dense. If they are not it does not look, and
        reads what it has just written: what comes out is undefined, so no such program is written.
        """
        mine = self.tensors.get(name, Seen(()))
        other = self.like(name, floats=self.random.random() < 0.9)
        theirs = self.tensors.get(other, Seen(()))
        looked_at = mine.dense and theirs.dense if not part else False
        if mine.memory != theirs.memory or looked_at or (other == name and not part):
            return other
        return self.number()

    def fresh(self, name: str) -> str:
        """A new tensor of the shape of `name`."""
        return f"torch.full_like({name}, {self.number()})"

    def number(self) -> str:
        return self.random.choice(["2", "3", "0.5", "-1", "-1.5", "2.0", "1", "0", "-2"])

    def dim(self, name: str) -> str:
        ndim = len(self.shape(name))
        if not ndim or self.random.random() < 0.04:
            return str(self.random.randint(-3, 3))
        return str(self.random.randrange(-ndim, ndim))

    def values(self, shape: tuple[int, ...]) -> Any:
        if not shape:
            return self.random.choice(
                [0.0, 1.0, round(self.random.uniform(-2, 2), 1), round(self.random.uniform(0, 2), 1)]
            )
        return [self.values(shape[1:]) for _ in range(shape[0])]


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(reversed(a), reversed(b), strict=False))
