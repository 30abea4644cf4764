"""Our way to Agg, beside matplotlib's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.transforms import Bbox, IdentityTransform

from gradmagic.plot import agg


def painted(renderer: Any) -> np.ndarray:
    """A line, a disc and a picture, each with a context of its own."""
    line, disc = renderer.new_gc(), renderer.new_gc()
    line.set_clip_rectangle(Bbox.from_bounds(5, 5, 40, 40))
    line.set_foreground("#0072b2")
    line.set_linewidth(3.0)
    line.set_capstyle("projecting")
    line.set_joinstyle("bevel")
    disc.set_foreground("red")
    disc.set_antialiased(False)
    zigzag = np.array([[0.0, 0.0], [30.0, 50.0], [50.0, 10.0], [20.0, 30.0]])
    circle = Path.unit_circle()
    renderer.draw_path(line, Path(zigzag), IdentityTransform(), None)
    renderer.draw_path(disc, Path(circle.vertices * 6 + 30, circle.codes), IdentityTransform(), (0.0, 1.0, 0.0, 0.5))
    renderer.draw_image(line, 10, 12, np.full((4, 6, 4), 90, np.uint8))
    return np.array(renderer.buffer_rgba())


def test_agg_by_itself_paints_what_matplotlibs_renderer_paints() -> None:
    assert agg.is_known()
    ours, theirs = agg.Agg(64, 60, 150.0), agg.loaded(64, 60, 150.0)
    np.testing.assert_array_equal(painted(ours), painted(theirs))
    assert ours.points_to_pixels(3.0) == theirs.points_to_pixels(3.0)


@pytest.mark.parametrize("count", [3, 127, 128, 2000])
def test_a_trail_is_painted_as_matplotlibs_path(count: int) -> None:
    across = np.linspace(2.0, 60.0, count)
    vertices = np.stack([across, 30 + 25 * np.sin(across / 5)], 1)
    vertices[count // 2] = np.nan  # a gap
    found = []
    for path, as_it_is in ((agg.Trail(vertices), None), (Path(vertices), IdentityTransform())):
        renderer = agg.renderer_of(64, 60, 100.0)
        renderer.draw_path(renderer.new_gc(), path, as_it_is, None)
        found.append(np.array(renderer.buffer_rgba()))
    np.testing.assert_array_equal(*found)
    assert found[0].any() or count == 3


def test_artists_are_drawn_onto_the_same_pixels() -> None:
    renderer = agg.renderer_of(64, 60, 100.0)
    Line2D([0, 60], [0, 60], color="#d55e00").draw(renderer.for_artists)
    assert np.array(renderer.buffer_rgba())[..., 3].any()
    assert renderer.for_artists is renderer.for_artists


def test_another_agg_is_left_to_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    def asks_for_more(self: agg.Context) -> None:
        raise AttributeError

    monkeypatch.setattr(agg.Context, "get_dashes", asks_for_more)
    agg.is_known.cache_clear()
    try:
        renderer = agg.renderer_of(64, 60, 100.0)
        assert not isinstance(renderer, agg.Agg)
        assert painted(renderer).any()
        assert renderer.for_artists is renderer
    finally:
        agg.is_known.cache_clear()
