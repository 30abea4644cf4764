"""Coalescing: the first event at once, few renders for many, the last one always, and no thread waits for another."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from gradmagic.panel.coalesce import Coalescer, Extent

PICTURE, NUMBERS, ALL = Extent


class Recorder:
    """Remembers what it was asked for, and in which state the panel was then."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.latest = 0
        self.seen: list[tuple[Extent, int]] = []
        self.seconds = seconds

    def __call__(self, extent: Extent, done: Callable[[], None]) -> None:
        time.sleep(self.seconds)
        self.seen.append((extent, self.latest))
        done()


def test_without_a_loop_every_request_is_carried_out_in_full() -> None:
    seen = Recorder()
    coalescer = Coalescer(seen)
    for latest in (1, 2, 3):
        seen.latest = latest
        coalescer.request()
    assert seen.seen == [(ALL, 1), (ALL, 2), (ALL, 3)]


def test_thirty_queued_events_give_at_most_six_renders_and_end_in_the_last_state() -> None:
    seen = Recorder(0.006)

    async def storm() -> None:
        coalescer = Coalescer(seen, rest=0.03)
        for latest in range(1, 31):  # each is a message of its own, handled when the loop comes round

            def event(latest: int = latest) -> None:
                seen.latest = latest
                coalescer.request()

            asyncio.get_running_loop().call_soon(event)
        await asyncio.sleep(0.25)

    asyncio.run(storm())
    assert seen.seen[0] == (PICTURE, 1)
    assert len([latest for _, latest in seen.seen]) <= 6
    assert seen.seen[-1] == (ALL, 30)


def test_a_lone_event_is_carried_out_at_once_and_in_full_when_it_is_calm() -> None:
    seen = Recorder()

    async def one() -> None:
        coalescer = Coalescer(seen, rest=0.02)
        coalescer.request()
        assert seen.seen == [(PICTURE, 0)]
        await asyncio.sleep(0.08)

    asyncio.run(one())
    assert seen.seen == [(PICTURE, 0), (NUMBERS, 0), (ALL, 0)]


def test_a_full_request_is_full_even_when_it_has_to_wait() -> None:
    seen = Recorder()

    async def two() -> None:
        coalescer = Coalescer(seen, rest=5.0)
        coalescer.request()
        coalescer.request(ALL)
        await asyncio.sleep(0.05)

    asyncio.run(two())
    assert seen.seen[:2] == [(PICTURE, 0), (ALL, 0)]


def test_a_busy_loop_holds_nothing_back_that_arrives_on_another() -> None:
    seen, go, done = Recorder(), threading.Event(), threading.Event()
    coalescer = Coalescer(seen)

    async def other() -> None:
        seen.latest = 2
        coalescer.request()
        await asyncio.sleep(0.05)
        done.set()

    def elsewhere() -> None:
        go.wait(5)
        asyncio.run(other())

    async def busy() -> None:
        seen.latest = 1
        coalescer.request()
        go.set()
        assert done.wait(5)  # the loop of this thread is blocked, as by a long cell
        assert (PICTURE, 2) in seen.seen

    thread = threading.Thread(target=elsewhere)
    thread.start()
    asyncio.run(busy())
    thread.join(5)


def test_nothing_happens_after_the_end() -> None:
    seen = Recorder()

    async def late() -> None:
        coalescer = Coalescer(seen)
        coalescer.request()
        coalescer.request()
        coalescer.close()
        coalescer.request()
        await asyncio.sleep(0.05)

    asyncio.run(late())
    assert len(seen.seen) == 1
