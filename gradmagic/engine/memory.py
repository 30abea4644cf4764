"""Memory that one op frees serves the next. Knows the C library's habits, and nothing of the engine."""

from __future__ import annotations

import numpy as np

_KEPT = (1 << 25) - (1 << 13)  # bytes; glibc learns from pieces of less than 32 MiB


def keep_freed_memory() -> None:
    """Let the C library keep what is freed for the next array, where it would give it back to the system.

    glibc draws that line at twice the largest piece that it has got from the system and seen freed: until it has seen
    one, arrays of more than 128 KiB come anew from the system each time, and the first touch of their pages costs more
    than the arithmetic. Other C libraries do not mind; the piece is never written to.
    """
    np.empty(_KEPT, np.uint8)
