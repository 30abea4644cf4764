"""The encoder: what goes in comes out."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.image import imread

from gradmagic.plot.png import Encoder


def test_another_reader_sees_the_same_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (13, 7, 4), dtype=np.uint8)
    encoder = Encoder(7, 13)
    for picture in (pixels, 255 - pixels):  # the buffer of rows is used again
        seen = imread(io.BytesIO(encoder.encode(picture)), format="png")
        np.testing.assert_array_equal(np.round(seen * 255).astype(np.uint8), picture)
