"""One clock numbers the nodes and stamps the in-place writes: a saved value is stale when it was written after its node."""

from __future__ import annotations

import itertools
from bisect import bisect_left

tick = itertools.count(1).__next__


class WriteLog:
    """The in-place writes to one buffer, shared by all tensors that alias it."""

    __slots__ = ("complete", "count", "stamps")
    KEPT = 1024

    def __init__(self) -> None:
        self.count = 0
        self.complete = True  # until the buffer is known to somebody whose writes are not counted
        self.stamps: list[int] = []

    def stamp(self) -> None:
        self.count += 1
        self.stamps.append(tick())
        if len(self.stamps) > self.KEPT:
            del self.stamps[: self.KEPT // 2]

    def version_at(self, time: int) -> int:
        return self.count - len(self.stamps) + bisect_left(self.stamps, time)
