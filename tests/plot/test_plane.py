"""The picture of a map: its colours are the numbers'."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest

from gradmagic.explore.curves import Curves
from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.plot import figure, frame_for
from gradmagic.plot.heat import Colours, body, heat_limits, heat_palette, scale_of_colours, shares
from gradmagic.plot.limits import Limits, reach
from gradmagic.plot.plane import PlaneFrame
from gradmagic.plot.theme import THEMES, ThemeName

BARE = frozenset[str]()


def over(text: str, **given: Any) -> Curves:
    return Explorer(*request_from(text, **({"x": (-2, 2), "y": (-2, 2)} | given))).curves


def pixels(png: bytes) -> Any:
    image = pytest.importorskip("PIL.Image")
    return np.asarray(image.open(BytesIO(png)).convert("RGB")).astype(int)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_pixel_has_the_colour_of_its_number(theme: ThemeName) -> None:
    frame = PlaneFrame(theme)
    picture = pixels(frame.draw(replace(over("x + 2*y"), overlays=BARE)))
    colours = heat_palette(THEMES[theme]).map
    for x, y in ((-1.5, -1.5), (1.0, 0.5), (1.9, 1.9), (-1.7, 1.2)):
        column, row = round(62 + (x + 2) / 4 * 474), round(12 + (2 - y) / 4 * 464)
        share = (x + 2 * y + 6) / 12
        nearest = np.abs(colours - picture[row, column]).max(axis=1).argmin()
        assert nearest == pytest.approx(share * len(colours), abs=3)


def test_the_colours_grow_lighter_from_end_to_end() -> None:
    """Then they are told apart in grey, and by every kind of colour vision."""
    lightness = heat_palette(THEMES["light"]).map @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()


def test_where_there_is_no_number_it_stays_blank_and_is_said() -> None:
    frame = PlaneFrame()
    picture = pixels(frame.draw(replace(over("log(x) + 0*y", x=(-2, 2, 1)), overlays=BARE)))
    assert (picture[60, 100:250] == 255).all()
    assert not (picture[60, 320:500] == 255).all(axis=1).any()
    assert any("49" in note and "blank" in note for note in frame.notes)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("1/x + 0*y", True),
        ("1/(x**2 + y**2 - 1.01)", True),
        ("1/x**2 + 0*y", True),
        ("exp(-50*(x**2 + y**2))", False),
        ("sign(x) + 0*y", False),
        ("x*y", False),
    ],
)
def test_a_pole_does_not_take_all_colours_and_a_peak_does(text: str, cut: bool) -> None:
    curves = over(text, x=(-2, 2.013), y=(-2, 2.017))
    assert curves.plane is not None
    known = body(curves.plane.z)
    assert known is not None
    assert known.cut is cut
    frame = PlaneFrame()
    frame.draw(curves)
    assert any("beyond its colours" in note for note in frame.notes) is cut


def test_limits_of_colours_do_not_tremble() -> None:
    known = reach(np.array([0.0, 9.7]))
    assert known is not None
    limits = heat_limits(None, known)
    assert limits == Limits(0.0, 10.0)
    assert heat_limits(limits, replace(known, hi=7.0)) == limits
    assert heat_limits(limits, replace(known, hi=3.0)) == Limits(0.0, 3.0)


def rosenbrock(*, stretch: bool = True) -> Curves:
    curves = over("(1 - x)**2 + 100*(y - x**2)**2", y=(-1, 3))
    return replace(curves, overlays=frozenset({"stretch"}) if stretch else BARE)


def test_a_heavy_tail_leaves_the_valley_its_colours_and_this_is_said() -> None:
    """Evenly coloured, half of the plane around the valley has 6 of 100 colours."""

    def used(curves: Curves) -> int:
        below = pixels(PlaneFrame().draw(curves))[100:300, 62:536]
        return len(np.unique(below.reshape(-1, 3), axis=0))

    frame = PlaneFrame()
    frame.draw(rosenbrock())
    assert any("stretched" in note for note in frame.notes)
    assert used(rosenbrock()) > 1.3 * used(rosenbrock(stretch=False))
    frame.draw(rosenbrock(stretch=False))
    assert frame.notes == ()


@pytest.mark.parametrize("text", ["x + 2*y", "x**2 + y**2", "sin(x*y)", "1/(1 + exp(-9*(x + y)))"])
def test_other_colours_stay_even(text: str) -> None:
    frame = PlaneFrame()
    frame.draw(replace(over(text), overlays=frozenset({"stretch"})))
    assert frame.notes == ()


def test_stretched_colours_say_each_value_where_it_is_and_do_not_tremble() -> None:
    z = np.exp(np.random.default_rng(0).normal(0, 3, 5000))
    known = reach(z)
    assert known is not None
    colours = scale_of_colours(None, z, known, stretch=True)
    values, names, _ = colours.ticks(9)
    assert len(values) == len(names) >= 6
    np.testing.assert_allclose(np.diff(colours.share(np.array(values))), 1 / (len(values) - 1))
    assert (np.diff(values) > 0).all()
    assert scale_of_colours(colours, 0.98 * z, replace(known, hi=0.98 * known.hi), stretch=True) is colours
    assert scale_of_colours(colours, z + 9, replace(known, lo=9, hi=known.hi + 9), stretch=True) is not colours


def test_between_samples_the_colour_is_in_proportion() -> None:
    x = y = np.array([0.0, 1.0, 4.0])  # the cursor moves a column
    z = x + 10 * y[:, None]
    found = shares(x, y, z, Colours((0.0, 44.0)), (8, 4))
    places = (np.arange(8) + 0.5) / 2 + 10 * (np.arange(4) + 0.5)[::-1, None]
    np.testing.assert_allclose(found, places / 44, rtol=1e-6)


@pytest.mark.parametrize("name", ["contours", "arrows", "critical", "directions"])
def test_each_switch_draws_something(name: str) -> None:
    curves = over("sin(x) * cos(y)", x=(-2, 2, 1), y=(-2, 2, 0.5))
    plain = PlaneFrame().draw(replace(curves, overlays=BARE))
    assert PlaneFrame().draw(replace(curves, overlays=frozenset({name}))) != plain


def test_contours_are_not_drawn_over_a_pole() -> None:
    curves = replace(over("1/x + 0*y", x=(-2, 2.013)), overlays=frozenset({"contours"}))
    made = figure(curves)
    segments = made.axes[0].collections[0].get_segments()
    assert segments
    plane = curves.plane
    assert plane is not None
    for segment in segments:
        assert np.abs(1 / segment[:, 0]).max() < 50


def test_a_second_frame_draws_no_text_again() -> None:
    explorer = Explorer(*request_from("a * x * y", x=(-2, 2), y=(-2, 2), a=(0, 2, 1)))
    frame = frame_for(explorer.curves)
    assert isinstance(frame, PlaneFrame)
    frame.draw(explorer.curves)
    first = list(frame._stills)
    _, curves = explorer.step(replace(explorer.state, x0=0.5, params={"a": 0.9}))
    frame.draw(curves)
    assert list(frame._stills) == first


def test_the_still_figure_is_the_fast_one() -> None:
    curves = over("sin(x) * cos(y)", x=(-2, 2, 1), y=(-2, 2, 0.5))
    file = BytesIO()
    figure(curves).savefig(file, dpi=100)
    fast, still = pixels(PlaneFrame().draw(curves)), pixels(file.getvalue())
    assert fast.shape == still.shape
    assert np.mean(np.abs(fast - still).max(axis=2) > 40) < 0.02
