"""Many events into few renders: the first at once, then the latest state a moment later. Knows no widgets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import IntEnum

__all__ = ["Coalescer", "Extent"]

PAUSE = 0.010  # seconds that a render waits for more events; of 30 queued ones it leaves about five renders
REST = 0.150  # seconds without an event after which what was left out is brought up to date


class Extent(IntEnum):
    """How much is to be brought up to date."""

    PICTURE = 0  # what must follow the hand
    NUMBERS = 1  # and what may come a few milliseconds later: each message that is sent costs as much as a curve
    ALL = 2  # and what is read when the hand rests


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of this thread, if it runs one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


Act = Callable[[Extent, Callable[[], None]], None]


class Coalescer:
    """Calls `act(extent, done)` for requests: at once for the first, once for all that follow within `pause` seconds.

    `act` calls `done()` when it has carried out what it was called for, before it returns or in the loop later on; it
    is not called again before. After the last request there is always an `act` of `Extent.ALL`. Where no event loop
    runs, every request is carried out in full before `request` returns.

    Requests may come from several threads, each with its own loop: a widget's events arrive on another thread while a
    cell keeps the main one busy. A timer in the busy thread would hold them back, so it counts in its own thread only.
    """

    def __init__(self, act: Act, pause: float = PAUSE, rest: float = REST) -> None:
        self._act, self._pause, self._rest = act, pause, rest
        self._dirty = self._closed = self._busy = False
        self._extent = Extent.PICTURE
        self._waiting_in: asyncio.AbstractEventLoop | None = None
        self._turn = 0

    def request(self, extent: Extent = Extent.PICTURE) -> None:
        """Something changed, and at least this much is to follow."""
        if self._closed:
            return
        self._dirty, self._extent = True, max(self._extent, extent)
        if self._busy:
            return  # who is at work looks again
        loop = running_loop()
        if loop is None:
            while self._dirty and not self._closed:
                self._fire(Extent.ALL, lambda: None)
        elif self._waiting_in is not loop:
            self._fire(Extent.PICTURE, lambda: self._wait(loop))

    def close(self) -> None:
        """Carry out nothing any more."""
        self._closed = True

    def _fire(self, least: Extent, then: Callable[[], None]) -> None:
        """Carry out what was requested, and at least that much; `then` comes when that is done."""
        extent, self._dirty, self._extent = max(self._extent, least), False, Extent.PICTURE
        self._turn += 1
        self._busy = True

        def done() -> None:
            self._busy = False
            then()

        try:
            self._act(extent, done)
        except BaseException:
            self._busy = False
            raise

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._waiting_in = loop
        loop.call_later(self._pause, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """The pause is over: carry out what came meanwhile, and say the numbers."""
        if self._waiting_in is loop:
            self._waiting_in = None
        if self._closed or self._busy:
            return
        again = self._dirty
        self._fire(Extent.NUMBERS, lambda: self._rest_after(loop, again))

    def _rest_after(self, loop: asyncio.AbstractEventLoop, again: bool) -> None:
        """Look once more if something came; otherwise wait until the hand rests."""
        if again or self._dirty:
            self._wait(loop)
        else:
            loop.call_later(self._rest, self._settle, loop, self._turn)

    def _settle(self, loop: asyncio.AbstractEventLoop, turn: int) -> None:
        """Bring everything up to date, unless something has happened since."""
        if turn == self._turn and not (self._closed or self._busy):
            self._fire(Extent.ALL, lambda: self._look_again(loop))

    def _look_again(self, loop: asyncio.AbstractEventLoop) -> None:
        """What came while that was under way is still to be carried out."""
        if self._dirty:
            self._wait(loop)
