"""Stopping what runs, from another thread or by a limit of time. Knows no operator, and not what it is that runs.

Signals reach the main thread only, and what a panel runs is seldom there. So ops and walks ask whether to go on, where
they ask for anything unusual: while nobody wants to stop them, they ask nothing more than they did. A walk asks at its
beginning: of a million nodes it takes a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from gradmagic.engine.modes import UNUSUAL, modes

__all__ = ["Stopped", "Stopper", "heed", "time_limit"]


class Stopped(BaseException):
    """What ran was told to stop. No Exception, so that a program's own ``except Exception`` does not go on after it."""


def heed() -> None:
    """Raise Stopped if what runs in this thread is to stop."""
    if modes.stop is not None:
        modes.stop()


def halt() -> None:
    raise Stopped


class Stopper:
    """Stops what runs in the thread in which it was made; to be used from any other.

    The thread is good for nothing else afterwards: whatever it runs next is stopped, too, and one that was stopped by
    force may have been in the midst of putting a mode back. Modes are of one thread, so they end with it.
    """

    def __init__(self) -> None:
        self._modes = modes.__dict__  # of this thread
        self._thread = threading.get_ident()
        self._lock = threading.Lock()
        self._over = False

    def stop(self) -> None:
        """Let the next op, or the next walk, raise Stopped."""
        with self._lock:
            if not self._over:
                self._modes["stop"] = halt
                self._modes["alerts"] = self._modes.get("alerts", 0) + 1
                UNUSUAL[self._thread] = None

    def force(self) -> bool:
        """Raise Stopped where the thread is: for a loop without ops. Gives whether Python can do that.

        What waits inside one call of C, such as a large product or a sleep, comes out of it first.
        """
        try:
            from ctypes import c_ulong, py_object, pythonapi
        except ImportError:
            return False
        with self._lock:
            if self._over:
                return True
            return bool(pythonapi.PyThreadState_SetAsyncExc(c_ulong(self._thread), py_object(Stopped)))

    def over(self) -> None:
        """Called by the thread itself when it is done: nobody forces it any more.

        What was raised just before comes up in here.
        """
        with self._lock:
            self._over = True
            if modes.stop is not None:
                UNUSUAL.pop(self._thread, None)  # nothing runs here any more, whatever is still switched on
        for _ in range(2):  # a jump backwards is where Python looks whether there is something to raise
            pass


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let ops and walks in this thread raise Stopped after so many seconds: where there is no second thread.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor(1.0, requires_grad=True)
    >>> try:
    ...     with time_limit(0.01):
    ...         while True:
    ...             x = x * 1.0
    ... except Stopped:
    ...     print("stopped")
    stopped
    """
    end, before = time.monotonic() + seconds, modes.stop

    def look() -> None:
        if time.monotonic() > end:
            raise Stopped

    modes.stop = look
    modes.alerts += 1
    try:
        yield
    finally:
        modes.stop = before
        modes.alerts -= 1
