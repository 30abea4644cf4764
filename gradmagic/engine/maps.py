"""What a function that is called once for each element of a batch may do but once. Knows random numbers and memory.

`vmap` is a loop, and torch's is not: there the function runs once, on the whole batch. So random numbers are drawn for
all elements at the first one's draw, in torch's order, and a tensor from outside that is written to is, for every
element, what it was before; if the elements do not leave the same in it, torch could not write to it either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradmagic.engine import random
from gradmagic.engine.modes import modes

Array = Any

_NO_DRAWS = (
    "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness "
    "flags on vmap or perform the randomness operation out of vmap"
)
_OWN_ODDS = (
    "Vmap does not currently support same randomness with a batched tensor input. Please file an issue with functorch"
)
_NOT_FOR_ALL = (
    "vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args that has "
    "more elements than `self`. This happened due to `other` being vmapped over but `self` not being vmapped over in a vmap. "
    "Please try to use out-of-place operators instead of inplace arithmetic. If said operator is being called inside the "
    "PyTorch framework, please file a bug report instead."
)


class _FromOutside(Exception):  # noqa: N818 - no error
    """A tensor that was there before has been written to: the element has to begin again, with its old values."""


class Map:
    """One `vmap` at work: of so many elements, with these random numbers."""

    def __init__(self, size: int, randomness: str, batches: Iterable[Array] = ()) -> None:
        self.size, self.randomness, self.outer = size, randomness, current.map
        self.own = [_memory(batch) for batch in batches]  # each element has its part of it
        self.element = self.draw = 0
        self.drawn: list[Array] = []
        self.odds: dict[int, Array] = {}  # of the draws that compare with given ones: those of the first element
        self.written: dict[int, tuple[Array, Array]] = {}  # by its number: memory, and what was there before
        self.left: dict[int, Array] = {}  # of memory from outside: what the first element left in it

    def run(self, call: Callable[[], Any], element: int) -> Any:
        """What the function gives for one element."""
        self.element = element
        while True:
            self._begin()
            try:
                with self._entered():
                    result = call()
            except _FromOutside as told:
                if told.args[0] is not self:
                    raise
                continue
            if any(not _same(self.written[key][0], left) for key, left in self.left.items()):
                raise RuntimeError(_NOT_FOR_ALL)
            return result

    def _begin(self) -> None:
        self.draw = 0
        for key in self.left:
            memory, before = self.written[key]
            memory[...] = before

    @contextmanager
    def _entered(self) -> Iterator[None]:
        before, current.map = current.map, self
        modes.transforms += 1
        modes.maps += 1
        try:
            yield
        finally:
            modes.transforms -= 1
            modes.maps -= 1
            current.map = before

    # -- memory -------------------------------------------------------------------------------------------------

    def writes(self, array: Array) -> None:
        """Hear of a write, before it is done: what a second element writes to as well was there before the first."""
        memory = _memory(array)
        key = id(memory)
        if any(memory is own for own in self.own):
            return
        if key not in self.written:
            self.written[key] = memory, memory.copy()
        elif self.element and key not in self.left:
            self.left[key] = memory.copy()
            raise _FromOutside(self)

    # -- random numbers -----------------------------------------------------------------------------------------

    def numbers(self, draw: Callable[[tuple[int, ...]], Array], shape: tuple[int, ...]) -> Array:
        """This element's part of what is drawn for all of them at once; or the one draw for all."""
        if self.randomness == "error":
            raise RuntimeError(_NO_DRAWS)
        different = self.randomness == "different"
        if self.draw == len(self.drawn):
            self.drawn.append(draw((self.size, *shape) if different else shape))
        found = self.drawn[self.draw]
        self.draw += 1
        return found[self.element] if different else found


def _memory(array: Array) -> Array:
    array = np.asarray(array)
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _same(a: Array, b: Array) -> bool:
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))


class _Current(threading.local):
    map: Map | None = None


current = _Current()


def written(array: Array) -> None:
    """Tell the maps at work that memory is about to be written to."""
    at_work = current.map
    while at_work is not None:
        at_work.writes(array)
        at_work = at_work.outer


class Drawing:
    """A generator as the function in a map sees it: with the draws of `random.Generator`, told for all elements."""

    def __init__(self, source: random.Generator | Drawing, at_work: Map) -> None:
        self.source, self.map = source, at_work

    def __getattr__(self, name: str) -> Any:
        draw, numbers = getattr(self.source, name), self.map.numbers

        def drawn(*args: Any) -> Array:
            *given, shape, dtype = args
            return numbers(lambda whole: draw(*given, whole, dtype), tuple(shape))

        return drawn

    def rand(self, shape: Any = (), dtype: Any = np.float32) -> Array:
        return self.map.numbers(lambda whole: self.source.rand(whole, dtype), tuple(shape))

    def randperm(self, n: int, dtype: Any = np.int64) -> Array:
        """One order for each element, or one for all."""

        def orders(whole: tuple[int, ...]) -> Array:
            each = [self.source.randperm(n, dtype) for _ in range(whole[0] if len(whole) else 1)]
            return np.array(each) if len(whole) else each[0]

        return self.map.numbers(orders, ())

    def bernoulli(self, p: Any, shape: Any = None, dtype: Any = None) -> Array:
        """Compare numbers drawn for all with this element's own probabilities."""
        p = np.asarray(p) if isinstance(p, float) else p
        shape = p.shape if shape is None else tuple(shape)
        work = np.dtype(np.float32 if p.ndim and p.dtype.itemsize < 8 else np.float64)
        if self.map.randomness == "same" and not _same(self.map.odds.setdefault(self.map.draw, p), p):
            raise RuntimeError(_OWN_ODDS)
        unit = self.map.numbers(lambda whole: self.source.uniform(0.0, 1.0, whole, work), shape)
        return (unit < p).astype(dtype or p.dtype)


def generator(given: Any = None) -> Any:
    """The generator to draw from: the one given, or torch's own; in a map, told for all its elements."""
    source = given or random.default_generator
    return source if current.map is None else _told(source, current.map)


def _told(source: Any, at_work: Map) -> Drawing:
    return Drawing(source if at_work.outer is None else _told(source, at_work.outer), at_work)
