"""Ticks: short, round, and nothing left out in silence."""

from __future__ import annotations

import numpy as np
import pytest

from gradmagic.plot.limits import Limits
from gradmagic.plot.ticks import ticks

RANGES = [
    (-1, 1), (0, 1e-9), (-5e8, 5e8), (1e6, 1e6 + 1e-3), (-3e-280, 3e-280), (-1e300, 1e300), (0.0025, 0.0125),
    (99999, 100003), (-0.75, 1.25), (12.3, 12.9),
]  # fmt: skip


@pytest.mark.parametrize(("lo", "hi"), RANGES)
@pytest.mark.parametrize("most", [2, 4, 8])
def test_labels_are_short_and_different_and_inside(lo: float, hi: float, most: int) -> None:
    marks = ticks(Limits(lo, hi), most)
    assert 1 <= len(marks.positions) <= most + 2
    assert len(set(marks.labels)) == len(marks.labels)
    assert max(map(len, marks.labels)) <= 8
    slack = 1e-6 * (hi - lo)
    assert all(lo - slack <= position <= hi + slack for position in marks.positions)


@pytest.mark.parametrize(("lo", "hi"), RANGES)
def test_label_factor_and_offset_give_the_position_back(lo: float, hi: float) -> None:
    marks = ticks(Limits(lo, hi), 5)
    factor, offset = 1.0, 0.0
    words = marks.remark.split()
    if words and words[0].startswith("×10"):
        power = words[0][3:].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
        factor = float(f"1e{power}")
        words = words[1:]
    if words:
        offset = float(words[1]) * (1 if words[0] == "+" else -1)
    read = [float(label.replace("−", "-")) * factor + offset for label in marks.labels]
    np.testing.assert_allclose(read, marks.positions, rtol=1e-9, atol=1e-4 * (hi - lo))
