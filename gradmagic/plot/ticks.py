"""Where the ticks of an axis stand and what they say, the common factor or offset apart. Knows no figure."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

from gradmagic.explore.record import record
from gradmagic.explore.scales import Scale
from gradmagic.plot.limits import Limits, nice_step

__all__ = ["MINUS", "Ticks", "superscript", "ticks", "ticks_on"]

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MINUS = "\N{MINUS SIGN}"


@record
class Ticks:
    """Positions, their labels, and what the labels leave out (` ×10⁶`, ` + 1000`), to be said beside the axis' name."""

    positions: tuple[float, ...]
    labels: tuple[str, ...]
    remark: str


def superscript(number: int) -> str:
    """The digits of a number, raised.

    >>> superscript(-12)
    '⁻¹²'
    """
    return str(number).translate(SUPERSCRIPTS)


def ticks(limits: Limits, most: int) -> Ticks:
    """At most `most` + 1 ticks on round numbers.

    >>> ticks(Limits(-2e6, 2e6), 2)
    Ticks(positions=(-2000000.0, 0.0, 2000000.0), labels=('−2', '0', '2'), remark=' ×10⁶')
    """
    step = nice_step(limits.width / max(most, 1))
    first, last = math.ceil(limits.lo / step - 1e-9), math.floor(limits.hi / step + 1e-9)
    positions = tuple(count * step for count in range(first, last + 1))
    offset = common_offset(positions, step)
    size = max(abs(limits.lo - offset), abs(limits.hi - offset))
    power = math.floor(math.log10(size)) if size >= 1e5 or size < 1e-2 else 0
    labels = tuple(label(position - offset, step, power) for position in positions)
    return Ticks(positions, labels, remark(power, offset))


@lru_cache(maxsize=256)
def ticks_on(scale: Scale, limits: Limits, most: int) -> Ticks:
    """Ticks of an axis on any scale, between places: the densest of some sets of round numbers that fits.

    They are asked for by whoever draws lines, labels or remarks, and axes come back to the same limits.

    >>> ticks_on(Scale("log"), Limits(-3.0, 3.0), 7).labels
    ('0.001', '0.01', '0.1', '1', '10', '100', '1000')
    >>> ticks_on(Scale("both", 0.01), Limits(-3.0, 3.0), 5).labels
    ('−10', '−0.1', '0', '0.1', '10')
    """
    if scale.kind == "linear":
        return ticks(limits, most)
    lo, hi = scale.number(limits.lo), scale.number(limits.hi)
    slack = 1e-6 * limits.width
    sets = [(stride, (1,)) for stride in range(1, 400)]
    for stride, mantissas in [(1, (1, 2, 5)), *sets] if scale.kind == "log" else sets:
        numbers = round_numbers(scale, max(abs(lo), abs(hi)), stride, mantissas)
        numbers = [n for n in numbers if limits.lo - slack <= scale.place(n) <= limits.hi + slack]
        if len(numbers) <= most + 1 and apart(scale, numbers) >= 0.6 * limits.width / (most + 1):
            break
    else:
        numbers = [n for n in numbers if n == 0] or numbers[:1]
    if len(numbers) < min(3, most):  # less than a decade
        plain = ticks(Limits(lo, hi), most)
        return Ticks(tuple(map(scale.place, plain.positions)), plain.labels, plain.remark)
    return Ticks(tuple(map(scale.place, numbers)), tuple(map(in_short, numbers)), "")


def apart(scale: Scale, numbers: list[float]) -> float:
    """The smallest distance of two places side by side: around zero the first powers of ten lie close together."""
    places = list(map(scale.place, numbers))
    return min((b - a for a, b in pairwise(places)), default=math.inf)


def round_numbers(scale: Scale, largest: float, stride: int, mantissas: tuple[int, ...]) -> list[float]:
    """Powers of ten, so many apart, times each of some digits; on both sides of zero where the scale is."""
    top = math.ceil(math.log10(largest) - 1e-9)
    if scale.kind == "log":
        powers = [power for power in range(-330, 310) if power % stride == 0]
        return [mantissa * 10.0**power for power in powers for mantissa in mantissas if power <= top]
    first = round(math.log10(scale.inner)) + math.ceil(stride / 2)
    sizes = [mantissa * 10.0**power for power in range(first, top + 1, stride) for mantissa in mantissas]
    return [*(-size for size in reversed(sizes)), 0.0, *sizes]


def in_short(number: float) -> str:
    """A round number; a power of ten where it would be long.

    >>> in_short(-0.02), in_short(1e5), in_short(2e-7), in_short(0.0)
    ('−0.02', '10⁵', '2×10⁻⁷', '0')
    """
    if number == 0:
        return "0"
    power = math.floor(math.log10(abs(number)) + 1e-9)
    if -4 < power < 5:
        return f"{number:.{max(0, -power)}f}".replace("-", MINUS)
    mantissa = round(abs(number) / 10.0**power)
    factor = "" if mantissa == 1 else f"{mantissa}×"
    return f"{MINUS if number < 0 else ''}{factor}10{superscript(power)}"


def common_offset(positions: tuple[float, ...], step: float) -> float:
    """What to take off all ticks where they differ in their fourth digit only."""
    if not positions or max(map(abs, positions)) < 2000 * step:
        return 0.0
    return positions[len(positions) // 2]


def label(value: float, step: float, power: int) -> str:
    """A tick's text in units of ten to the `power`, with as many decimals as the step asks for."""
    # By 10**-power in two halves: one factor alone overflows at the ends of the range of floats.
    value, step = (number / 10.0 ** (power // 2) / 10.0 ** (power - power // 2) for number in (value, step))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:  # a step of 2.5
        decimals += 1
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", MINUS)


def remark(power: int, offset: float) -> str:
    """What the labels leave out."""
    factor = f" ×10{superscript(power)}" if power else ""
    if not offset:
        return factor
    return f"{factor} {'+' if offset > 0 else MINUS} {abs(offset):.15g}"
