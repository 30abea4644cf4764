"""What is said beside a curve: its breaks, where its samples end to tell the truth, an axis that stays linear.

Knows runs and samples; no pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from gradmagic.explore.breaks import LONGEST, MOST_SAID, words_on
from gradmagic.explore.explain import ordinal_label
from gradmagic.explore.gaps import holes_in_words, infinite_in_words
from gradmagic.explore.request import Range
from gradmagic.explore.sampling import Lost, Sampling
from gradmagic.explore.state import State
from gradmagic.explore.trace import Array, Trace

__all__ = ["said_of", "stays_linear"]


def said_of(trace: Trace, state: State, sampling: Sampling) -> tuple[str, ...]:
    """What the breaks are, where resolution ends, and that a curve is constant as far as is known."""
    told = sampling.breaks or sampling.lost or sampling.noise
    said = torn_or_lost(trace, state, sampling) if told else ()
    said += holes_in_words(trace, [(one.lo, one.hi) for one in sampling.breaks])
    said += infinite_in_words(trace, sampling.x, sampling.rows[0])
    if len(sampling.x) == len(trace.x) and (sampling.rows[0] == sampling.rows[0, 0]).all():
        width = float(trace.x[-1] - trace.x[0])
        step = rounded(width / (np.sum(sampling.even) - 1), width / 100)
        note = "is the same at every sample: of anything narrower than their distance"
        return (*said, f"{trace.y_label} {note}, {step}, nothing is seen")
    return said


def torn_or_lost(trace: Trace, state: State, sampling: Sampling) -> tuple[str, ...]:
    """What the breaks are, and where resolution ends."""
    x, y = trace.x_label, trace.y_label
    width, log = float(trace.x[-1] - trace.x[0]), state.look.by_logarithm(Range(float(trace.x[0]), float(trace.x[-1])))

    def where(stretches: Iterable[Lost]) -> Iterator[tuple[str, str]]:
        """Each order that is meant, and from where to where."""
        spans: dict[int, list[str]] = {}
        for lo, hi, order in stretches:
            ends = (f"{end:.4g}" if log else rounded(end, width) for end in (lo, hi))
            spans.setdefault(order, []).append(" to ".join(ends))
        for order, mine in sorted(spans.items()):
            yield ordinal_label(order, y, x), ", ".join(mine[:MOST_SAID]) + (", …" if len(mine) > MOST_SAID else "")

    lost = [
        f"{label} changes faster than can be drawn for {x} from {places}: the line there shows how far it goes, "
        "not its course"
        for label, places in where(sampling.lost)
    ]
    noise = [
        f"{label} is lost to rounding somewhere for {x} from {places}: numbers that are nearly equal are subtracted"
        for label, places in where(sampling.noise)
    ]
    return (*words_on(sampling.breaks, x, y, width / 500, relative=log), *lost, *noise)


def rounded(value: float, width: float) -> str:
    """A number in four digits of a range of this width."""
    digits = max(0, 3 - int(np.floor(np.log10(width))))
    if digits > LONGEST or abs(value) >= 10.0**LONGEST:
        return f"{value + 0.0:.4g}"
    return f"{round(value, digits) + 0.0:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"


def stays_linear(x: Array, trace: Trace) -> tuple[str, ...]:
    """Why an axis of x that is to be logarithmic is none."""
    known = x[np.isfinite(x)]
    if not known.size or known.min() > 0:
        return ()
    name, low = trace.x_label, float(known.min())
    way = f": give it a range above 0, such as {name}=0.01:100" if trace.kind == "curve" else ""
    return (f"{name} goes down to {low:.6g}, and a logarithmic axis has no place for that: it stays linear{way}",)
