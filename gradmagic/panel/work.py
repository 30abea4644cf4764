"""What may take long: carried out beside the event loop, so that a button can still stop it. Knows no widgets.

All of a panel's events arrive in one thread. As long as one of them is carried out there, none is heard that comes
after it, not even a press of Stop. So a job is done in a thread of its own, which the event waits for only a moment.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Literal, Protocol

from gradmagic.engine.stopping import Stopped, Stopper, time_limit
from gradmagic.explore.record import record
from gradmagic.panel.coalesce import running_loop

__all__ = ["Do", "Job", "Outcome", "Task", "Then", "Work", "carried_out"]

Reason = Literal["", "asked", "limit", "dropped"]

PATIENCE = 0.5  # seconds after which a job counts as long: an event waits for it as long as that
TICK = 0.25  # between two looks at a long job
GRACE = 0.3  # that an op has to notice that it is to stop, before the thread is stopped by force


@record
class Outcome:
    """What came of a job: its value or its error, how long it took, and if it was stopped, why."""

    value: Any = None
    error: BaseException | None = None
    seconds: float = 0.0
    reason: Reason = ""

    @property
    def stopped(self) -> bool:
        """Whether it did not come to its end because it was not to."""
        return isinstance(self.error, Stopped)


Job = Callable[[], Any]
Then = Callable[[Outcome], None]


class Do(Protocol):
    """How a job is done: beside the event loop, or here and now."""

    def __call__(self, job: Job, then: Then, *, yields: bool = False) -> None: ...


def carried_out(job: Job) -> Outcome:
    """Do a job here and now; an interrupt is the caller's, as ever."""
    start = time.monotonic()
    try:
        return Outcome(job(), seconds=time.monotonic() - start)
    except (Exception, Stopped) as error:  # noqa: BLE001  whoever asked looks at it
        return Outcome(None, error, time.monotonic() - start, "limit" if isinstance(error, Stopped) else "")


class Task:
    """One job in a thread."""

    def __init__(self, job: Job, then: Then, loop: asyncio.AbstractEventLoop, yields: bool) -> None:
        self.then, self.loop, self.yields = then, loop, yields
        self.done = False
        self.long = False  # whether nobody waits any more, so that the loop is to be told
        self.outcome = Outcome()
        self._job, self._context = job, contextvars.copy_context()
        self._start = time.monotonic()
        self._asked = 0.0
        self._reason: Reason = ""
        self._stopper: Stopper | None = None
        self._thread: int | None = None
        self._at_work = threading.Lock()  # held until it is done; an Event would be four objects
        self._at_work.acquire()

    # --- in the thread of the job

    def carry_out(self) -> bool:
        """Do the job; whether the thread is good for another."""
        stopper = self._stopper = Stopper()
        self._thread = threading.get_ident()
        value, error = None, None
        try:
            try:
                if self._reason:  # stopped before it began
                    stopper.stop()
                value = self._context.run(self._job)
            except BaseException as caught:  # noqa: BLE001  whoever asked looks at it
                error = caught
            stopper.over()
        except Stopped as late:
            error = late
        self.outcome = Outcome(value, error, self.seconds, self._reason)
        return not self._reason

    def deliver(self, end: Callable[[Task], None]) -> None:
        """Say that it is done."""
        self.done = True
        self._at_work.release()
        if self.long:
            with suppress(RuntimeError):  # the loop is closed: nobody is there to be told
                self.loop.call_soon_threadsafe(end, self, context=contextvars.copy_context())

    # --- in the thread of the events

    def wait(self, seconds: float) -> bool:
        """Wait for it, but no longer than that; whether it is done."""
        if self._at_work.acquire(timeout=seconds):
            self._at_work.release()  # it is done for whoever asks next, too
        return self.done

    @property
    def seconds(self) -> float:
        """How long it has been at work."""
        return time.monotonic() - self._start

    @property
    def stopping(self) -> bool:
        """Whether it has been told to stop."""
        return bool(self._reason)

    def stop(self, reason: Reason) -> None:
        """Stop it: at its next op, or if there is none for a while, by force."""
        if not self._reason:
            self._reason, self._asked = reason, time.monotonic()
        if self._stopper is not None:
            self._stopper.stop()

    def press(self) -> None:
        """Stop it by force, if it has not heard."""
        if self._reason and self._stopper is not None and time.monotonic() - self._asked > GRACE:
            self._stopper.force()

    def line(self, filename: str) -> int | None:
        """The line of this file that the job is at."""
        frame = sys._current_frames().get(self._thread or 0)
        while frame is not None and frame.f_code.co_filename != filename:
            frame = frame.f_back
        return None if frame is None else frame.f_lineno


class Worker(threading.Thread):
    """A thread that waits for tasks, and ends after one that had to be stopped."""

    def __init__(self) -> None:
        super().__init__(name="gradmagic", daemon=True)
        self.tasks: SimpleQueue[tuple[Task, Callable[[Task], None]]] = SimpleQueue()
        self.start()

    def run(self) -> None:
        """Take tasks and carry them out."""
        good = True
        while good:
            task, end = self.tasks.get()
            good = task.carry_out()
            if good:
                _idle.append(self)
            task.deliver(end)
            del task, end  # what they hold, a graph among it, is not to live until the next


_idle: list[Worker] = []  # of all panels: there are as many as were ever at work at the same time


def hand_over(task: Task, end: Callable[[Task], None]) -> None:
    """Let a thread carry it out; RuntimeError where there are no threads, as in WebAssembly."""
    try:
        worker = _idle.pop()
    except IndexError:
        worker = Worker()
    worker.tasks.put((task, end))


class Work:
    """The jobs of one panel, one at a time.

    `progress(task)` is called again and again while a job takes long, and with None when it is over. `limit()` gives
    the seconds after which a job is stopped.
    """

    def __init__(self, progress: Callable[[Task | None], None], limit: Callable[[], float]) -> None:
        self._progress, self._limit = progress, limit
        self._task: Task | None = None

    def do(self, job: Job, then: Then, *, yields: bool = False) -> None:
        """Carry out the job and call `then` with what came of it: at once, or in the event loop if it takes long.

        Parameters
        ----------
        job : callable
            It touches no widget.
        then : callable
            Gets the Outcome, in the thread of the events.
        yields : bool
            Whether the job is of no use any more as soon as there is another event.
        """
        loop = running_loop()
        if loop is None:
            then(carried_out(job))
            return
        task = Task(job, then, loop, yields)
        try:
            hand_over(task, self._end)
        except RuntimeError:
            with time_limit(self._limit()):
                outcome = carried_out(job)
            then(outcome)
            return
        self._task = task
        try:
            in_time = task.wait(PATIENCE)
        except BaseException:
            task.stop("dropped")
            self._look_after(task)
            raise
        if in_time:
            self._end(task)
        else:
            self._look_after(task)

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._task is not None

    def stop(self, reason: Reason = "asked") -> None:
        """Stop what is under way."""
        task = self._task
        if task is not None:
            task.stop(reason)

    def make_way(self) -> None:
        """There is another event: stop what has lost its use by it."""
        task = self._task
        if task is not None and task.yields:
            task.stop("dropped")

    def _look_after(self, task: Task) -> None:
        """From here on the loop is told when it is done; and it looks by itself meanwhile."""
        task.long = True
        if task.done:
            self._end(task)
        else:
            self._tick(task)

    def _tick(self, task: Task) -> None:
        if self._task is not task:
            return
        if task.seconds > self._limit():
            task.stop("limit")
        if task.stopping:
            task.press()
        self._progress(task)
        task.loop.call_later(TICK, self._tick, task)

    def _end(self, task: Task) -> None:
        if self._task is not task:
            return
        self._task = None
        if task.long:
            self._progress(None)
        task.then(task.outcome)
