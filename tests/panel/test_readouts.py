"""What stands beside the picture is no longer than its place, and no rounding is told as a number."""

import re

import gradmagic


def test_rounding_at_the_cursor_is_zero():
    panel = gradmagic.explore("exp(x) * sin(x)", x=(-2, 2), order=8)
    assert abs(panel.curves.at_x0[8]) > 0, "the Taylor coefficient is not exactly zero"
    assert "d⁸y/dx⁸ = 0<" in panel.caption.value
    panel.close()


def test_a_read_out_fits():
    panel = gradmagic.explore("1.23456e-9 * x", x=(0, 2, 1))
    assert "+1.23e−09" in panel.readouts.value
    words = re.findall(r">([^<]+)</span>", panel.readouts.value)
    assert max(map(len, words)) <= 10
    panel.close()
