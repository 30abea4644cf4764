"""A function of many points, evaluated block by block, here or by an executor's workers. Knows no Tensor and no op."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import Any

import numpy as np

Array = Any
SIZE = 1 << 15  # points of a block: its intermediates stay in the cache, and a worker has a millisecond of work
_WAITING = 32  # blocks handed out and not yet taken back: what is in flight stays small beside the result
_LOST = ("KilledWorker", "EngineError", "CommClosedError")  # by name, as Dask and ipyparallel say it


def in_blocks(
    evaluate: Callable[[Array], Array],
    x: Array,
    rows: int,
    *,
    executor: Executor | None = None,
    size: int | None = None,
) -> Array:
    """Rows of results over x, from an ``evaluate`` that gives ``rows`` rows over a block of points.

    Parameters
    ----------
    evaluate : callable
        From a one-dimensional array of points to an array ``(rows, points)``; the points do not know of each other.
    x : ndarray
        All points, in any shape.
    rows : int
        How many rows there are.
    executor : concurrent.futures.Executor, optional
        Who evaluates: threads, processes, Dask's ``client.get_executor()``, ipyparallel's ``view.executor``. This thread
        if not given.
    size : int, optional
        Points in a block.

    Returns
    -------
    ndarray
        Of the shape ``(rows, *x.shape)``.

    Raises
    ------
    RuntimeError
        If a worker was lost; there is no result then, not a part of one.
    """
    points = x.reshape(-1)
    out = np.empty((rows, points.size), x.dtype)
    size = size or SIZE
    spans = [(lo, min(lo + size, points.size)) for lo in range(0, points.size, size)]
    if executor is None:
        for lo, hi in spans:
            out[:, lo:hi] = evaluate(points[lo:hi])
    else:
        for (lo, hi), block in _taken_back(evaluate, points, spans, executor):
            out[:, lo:hi] = block
    return out.reshape(rows, *x.shape)


def _taken_back(
    evaluate: Callable[[Array], Array], points: Array, spans: list[tuple[int, int]], executor: Executor
) -> Iterator[tuple[tuple[int, int], Array]]:
    """Each span with its results, in order, while the next ones are being worked on."""
    waiting: deque[tuple[tuple[int, int], Future[Array]]] = deque()
    to_come = iter(spans)
    span = None
    try:
        while True:
            while len(waiting) < _WAITING and (span := next(to_come, None)) is not None:
                waiting.append((span, executor.submit(evaluate, points[slice(*span)])))
            if not waiting:
                return
            span, future = waiting.popleft()
            yield span, future.result()
    except Exception as error:
        for _, future in waiting:
            future.cancel()
        name = getattr(error, "ename", type(error).__name__)  # ipyparallel brings the name of what was raised elsewhere
        if not isinstance(error, (BrokenExecutor, CancelledError)) and name not in _LOST:
            raise
        lo, hi = span or (0, 0)
        raise RuntimeError(
            f"the points {lo} to {hi - 1} of {points.size} were lost with their worker ({name}), so there "
            "is no result; run it again, or without the executor"
        ) from error
