"""Several outputs in one picture: colours, dashes, a legend, and a point for each."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.plot import Frame, figure
from gradmagic.plot.palette import rgb
from gradmagic.plot.theme import LIGHT


def curves(text, **given):
    return Explorer(*request_from(text, **given)).curves


def drawn(axes, colour):
    """The lines of this colour that lie over the range of x."""
    return [one for one in axes.lines if to_hex(one.get_color()) == colour and len(one.get_xdata()) > 100]


def test_each_output_keeps_its_colour_and_its_dashes_in_every_pane():
    made = figure(curves("sin(x), cos(x), x"))
    looks = []
    for axes in made.axes:
        lines = [one for colour in LIGHT.curves[:3] for one in drawn(axes, colour)]
        assert len(lines) == 3
        looks.append([(one.get_color(), str(one._dash_pattern)) for one in lines])
    assert looks[0] == looks[1] == looks[2]
    assert len({dash for _, dash in looks[0]}) == 3, "told apart without the colour too"


def test_the_legend_names_them_above_the_first_pane_with_their_lines():
    first, second, _ = figure(curves("u = sin(x)\nv = x\nu, v")).axes
    names = [text for text in first.texts if text.get_text() in ("u", "v")]
    assert [text.get_text() for text in names] == ["u", "v"]
    assert all(text.get_position()[1] > 1 for text in names)
    assert not [text for text in second.texts if text.get_text() in ("u", "v")]


def test_long_names_fit():
    long = [f"a_very_long_name_for_an_output_{k}" for k in range(6)]
    made = figure(curves("\n".join(f"{name} = {k} * x" for k, name in enumerate(long)), of=long))
    made.canvas.draw()
    inside = made.axes[0].get_window_extent()
    extents = [text.get_window_extent() for text in made.axes[0].texts if text.get_text() in long]
    assert max(box.x1 for box in extents) <= inside.x1 + 1
    assert all(a.x1 < b.x0 for a, b in pairwise(extents))


def test_each_has_a_point_and_a_read_out():
    frame, shown = Frame(), curves("x, x**2", x=(0, 2, 1))
    frame.draw(shown)
    assert [place for place, _ in frame.anchors] == [0, 1, 2, 3, 4, 5]
    points = [mark for mark in frame.marks[0].overlaid if mark.kind == "points"]
    assert [(mark.colour, mark.y.tolist()) for mark in points] == [(0, [1.0]), (1, [1.0])]
    assert len([mark for mark in frame.marks[0].overlaid if mark.overlay == "tangent"]) == 2


def test_the_fast_picture_is_that_of_the_figure():
    """All its colours are in the palette."""
    frame, shown = Frame(), curves("sin(x), cos(x), x, x**2, x**3, 1 + 0 * x")
    frame.draw(shown)
    words = frame._pixels.words
    pixels = words.view(np.uint8).reshape(*words.shape, 4)[..., :3]
    for place in range(6):
        colour = np.array([int(LIGHT.curves[place][i : i + 2], 16) for i in (1, 3, 5)])
        assert np.any(np.all(pixels == colour, axis=-1)), place


def test_a_curve_that_is_missing_is_told_of():
    frame = Frame()
    frame.draw(curves("s = sin(x)\nu = s * 2\nv = s * s\nu, v", create_graph=False))
    assert any(note.startswith("no dv/dx: call 1 freed the graph") for note in frame.notes)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tensors_have_a_shape_for_each(theme):
    made = figure(curves("x = torch.tensor([1., 2.], requires_grad=True)\nx**2, x**3"), theme)
    markers = [one.get_marker() for one in made.axes[0].lines if len(one.get_xdata()) == 2 and one.get_visible()]
    assert {"o", "s"} <= set(markers)


def test_areas_keep_the_tint_of_their_colour():
    explorer = Explorer(*request_from("x**3", x=(-1, 1), show=["rises", "bends"]))
    frame = Frame()
    frame.draw(explorer.curves)
    rows = frame._pixels._encoder.rows[:, 1:]
    colours = frame._pixels._palette.colours[rows]
    for order in (1, 2):
        tint = np.round(0.08 * np.array(rgb(LIGHT.colour(order))) + 0.92 * 255)
        assert np.any(np.all(colours == tint, axis=-1)), order
