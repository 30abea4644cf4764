"""Where the ticks of an axis stand and what they say, the common factor or offset apart. Knows no figure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradmagic.plot.limits import Limits, nice_step

__all__ = ["Ticks", "superscript", "ticks"]

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
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
