"""The encoder and the palette: what goes in comes out."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from matplotlib.image import imread

from gradmagic.plot.palette import packed, palette_of
from gradmagic.plot.png import Encoder, runs_deflate
from gradmagic.plot.theme import DARK, LIGHT, Theme


@pytest.mark.parametrize("compressor", ["zlib", "isal"])
def test_another_reader_sees_the_same_pixels(compressor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if compressor == "isal":
        pytest.importorskip("isal")
    else:
        monkeypatch.setitem(sys.modules, "isal", None)
    random = np.random.default_rng(0)
    colours = random.integers(0, 256, (256, 3), dtype=np.uint8)
    encoder = Encoder(7, 13, colours)
    assert (encoder._deflate is runs_deflate) == (compressor == "zlib")
    for _ in range(2):  # the buffer of rows is used again
        index = random.integers(0, 256, (13, 7), dtype=np.uint8)
        encoder.rows[:, 1:] = index
        seen = imread(io.BytesIO(encoder.encoded()), format="png")
        np.testing.assert_array_equal(np.round(seen[..., :3] * 255).astype(np.uint8), colours[index])


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("orders", [(0,), (0, 1, 2), tuple(range(11))])
def test_flat_colours_are_exact_and_edges_are_near(theme: Theme, orders: tuple[int, ...]) -> None:
    palette = palette_of(theme, orders)
    assert len(palette.colours) <= 256
    back = np.array(list(bytes.fromhex(theme.background[1:])), float)
    for colour in (theme.background, theme.grid, theme.ink, theme.alarm, *(theme.colour(order) for order in orders)):
        pure = np.array(list(bytes.fromhex(colour[1:])), float)
        np.testing.assert_array_equal(palette.colours[palette.index(packed(pure[None].astype(np.uint8)))][0], pure)
        for share in np.linspace(0, 1, 41):
            blend = np.round(share * pure + (1 - share) * back)[None].astype(np.uint8)
            near = palette.colours[palette.index(packed(blend))][0].astype(float)
            assert np.abs(near - blend[0]).max() <= (14 if len(orders) < 4 else 20)
