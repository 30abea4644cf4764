"""Frames: what is drawn, what is kept, and that nothing false, cut or global happens."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.image import imread

from gradmagic.explore.curves import Curve, Curves
from gradmagic.explore.overlays import Mark
from gradmagic.plot import Frame, figure, height_for
from gradmagic.plot.agg import renderer_of
from gradmagic.plot.brush import Brush
from gradmagic.plot.lettering import stamp
from gradmagic.plot.theme import THEMES
from gradmagic.plot.wrap import font, typeface

X = np.linspace(-6, 6, 500)
REFUSAL = "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn"
WHY = "dy/dx was computed with create_graph=False, so nothing remembers how it came from x."
LONG = "RuntimeError: " + "Trying to backward through the graph a second time. " * 9


def sine(a: float = 1.0, x0: float = 1.0, order: int = 2) -> Curves:
    labels = ("y", "dy/dx", "d²y/dx²", *(f"d{n}y/dx{n}" for n in range(3, 11)))
    curves = tuple(Curve(n, labels[n], a * np.sin(X + n * np.pi / 2)) for n in range(order + 1))
    at = tuple(float(a * np.sin(x0 + n * np.pi / 2)) for n in range(order + 1))
    return Curves(X, curves, "x", "line", x0, at)


def without_second() -> Curves:
    full = sine()
    return replace(
        full, curves=(*full.curves[:2], Curve(2, "d²y/dx²", None, WHY, REFUSAL)), at_x0=(*full.at_x0[:2], None)
    )


def pixels(png: bytes) -> np.ndarray:
    return np.round(imread(io.BytesIO(png), format="png") * 255).astype(np.uint8)


def has_colour(picture: np.ndarray, colour: str) -> bool:
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return bool((np.abs(picture[..., :3].astype(int) - wanted).max(axis=-1) < 3).any())


@pytest.fixture
def words_between_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words where matplotlib's axes put them, rather than in the nearest whole pixels."""

    def put(renderer: Any, _: Any, x: float, y: float, *, what: tuple[Any, ...], upright: bool) -> None:
        text, points, colour, bold = what
        renderer = renderer.for_artists
        context = renderer.new_gc()
        context.set_foreground(colour)
        renderer.draw_text(context, x, renderer.height - y, text, font(points, bold=bold), 90.0 if upright else 0.0)

    def unrounded(text: str, points: float, colour: str, _: float, *, bold: bool, upright: bool) -> Any:
        return SimpleNamespace(put=partial(put, what=(text, points, colour, bold), upright=upright))

    monkeypatch.setattr("gradmagic.plot.ground.stamp", unrounded)
    monkeypatch.setitem(mpl.rcParams, "text.hinting", "force_autohint")  # as FreeType does by itself


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_curve_is_drawn_in_its_own_colour(theme: Any) -> None:
    picture = pixels(Frame(theme).draw(sine()))
    assert picture.shape == (480, 640, 4)
    assert all(has_colour(picture, THEMES[theme].colour(order)) for order in range(3))


@pytest.mark.parametrize("wiped", [False, True])
def test_the_frame_drawn_over_kept_parts_equals_one_drawn_anew(wiped: bool) -> None:
    frame = Frame()
    for a, x0 in ((1.0, 1.0), (2.7, -4.0), (2.6, 2.0), (0.4, 5.9), (1.0, 1.0)):
        kept = pixels(frame.draw(sine(a, x0)))
        if wiped:
            frame.wipe()
    np.testing.assert_array_equal(kept, pixels(frame.draw(sine(1.0, 1.0))))
    fresh = Frame()
    fresh._limits, fresh._x_limits = dict(frame._limits), frame._x_limits
    np.testing.assert_array_equal(kept, pixels(fresh.draw(sine(1.0, 1.0))))


def any_curves(pick: np.random.Generator) -> Curves:
    """Curves of any kind: gaps, poles, several outputs, points, logarithmic axes, marks, an order without numbers."""
    low, count = pick.choice([-6.0, 0.01, 0.5]), int(pick.choice([2, 60, 127, 128, 500]))
    x = np.linspace(low, low + pick.choice([0.001, 5.0, 100.0]), count)
    orders = [(0,), (0, 1), (0, 1, 2), (0, 1, 2), (0, 2)][pick.integers(5)]
    outputs = [(), (), ("u", "a longer name")][pick.integers(3)]
    place, found = int(pick.integers(count)), list[Curve]()
    for order in orders:
        for output in range(max(1, len(outputs))):
            rows = (np.sin(x), np.exp(x / 9), 1 / (x - low - 0.3), 0 * x + 2, 1e12 * x, np.tan(30 * x))
            values = np.array(rows[pick.integers(6)])
            values[pick.integers(count, size=pick.choice([0, 0, 3]))] = np.nan
            own, label = output if outputs else None, ("y", "dy/dx", "d²y/dx²")[order]
            if order > 0 and pick.random() < 0.1:
                found.append(Curve(order, label, None, WHY, REFUSAL, output=own))
            else:
                found.append(Curve(order, label, values, output=own))
    at_x0 = tuple(None if c.values is None or np.isnan(c.values[place]) else float(c.values[place]) for c in found)
    xs, kinds = np.sort(pick.choice(x, 4)), ("line", "dashes", "points", "area", "upright")
    marks = [Mark("taylor", 0, kind, xs, np.sin(xs)) for kind in kinds if pick.random() < 0.1]
    log = frozenset(axis for axis in "xy" if pick.random() < 0.2)
    style = "points" if pick.random() < 0.15 else "line"
    return Curves(x, tuple(found), "x", style, float(x[place]), at_x0, marks=tuple(marks), outputs=outputs, log=log)


def a_step_on(curves: Curves, share: float) -> Curves:
    """The same a little lower, as after a step of a slider."""
    lower = tuple(c if c.values is None else replace(c, values=share * c.values) for c in curves.curves)
    return replace(curves, curves=lower, at_x0=tuple(v if v is None else share * v for v in curves.at_x0))


@pytest.mark.parametrize("seed", range(6))
def test_a_frame_that_has_drawn_anything_draws_as_a_fresh_one(seed: int) -> None:
    pick = np.random.default_rng(seed)
    theme, size, scale = ["light", "dark"][seed % 2], [(640, 480), (420, 211)][seed // 2 % 2], [1.0, 1.25][seed % 2]
    frame, drawn = Frame(theme, size, scale), list[Curves]()
    for _ in range(12):
        one = any_curves(pick) if not drawn or pick.random() < 0.4 else drawn[-pick.integers(1, min(len(drawn), 4) + 1)]
        drawn.append(a_step_on(one, pick.choice([1.0, 0.99, 0.97])))
        fresh = Frame(theme, size, scale)
        fresh._limits, fresh._x_limits, fresh._scales = dict(frame._limits), frame._x_limits, dict(frame._scales)
        assert frame.draw(drawn[-1]) == fresh.draw(drawn[-1])
        assert (frame.anchors, frame.inputs, frame.notes) == (fresh.anchors, fresh.inputs, fresh.notes)
        if pick.random() < 0.5:
            frame.wipe()


def test_a_picture_of_other_panes_that_failed_leaves_what_is_known_of_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError

    frame = Frame()
    frame.draw(sine())
    known = frame.anchors, frame.inputs
    monkeypatch.setattr(Brush, "draw", fails)
    with pytest.raises(RuntimeError):
        frame.draw(sine(order=1))
    assert (frame.anchors, frame.inputs) == known


def test_words_that_reach_out_of_their_pane_are_not_seen_in_the_next_one() -> None:
    full = sine(order=4)
    words = Curve(1, "dy/dx", None, "why it is not there " * 2, f"Error: {14 * 'torch words '}")
    y, _, *others = full.at_x0
    without = replace(full, curves=(full.curves[0], words, *full.curves[2:]), at_x0=(y, None, *others))
    frame, fresh = (Frame(size=(420, 211), scale=2.0) for _ in range(2))
    frame.draw(full)
    assert frame.draw(without) == fresh.draw(without)


def test_a_line_after_points_is_a_line() -> None:
    full = sine()
    gap = np.where(np.abs(X) < 1, np.nan, full.curves[0].values)
    gap[250] = 0.5  # a lone dot, which is not the brush's
    torn = replace(full, curves=(replace(full.curves[0], values=gap), *full.curves[1:]))
    frame = Frame()
    frame.draw(replace(torn, style="points"))
    assert frame.draw(torn) == Frame().draw(torn)


def test_nothing_stays_of_a_picture_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = Frame()
    whole = frame.draw(sine(1.0, 1.0))
    draw = Brush.draw

    def fails(self: Brush, *given: Any) -> None:
        draw(self, *given)
        raise RuntimeError

    monkeypatch.setattr(Brush, "draw", fails)
    with pytest.raises(RuntimeError):
        frame.draw(sine(1.2, -2.0))
    monkeypatch.undo()
    frame.wipe()
    assert frame.draw(sine(1.0, 1.0)) == whole
    assert len(frame.anchors) == len(frame.marks) == 3


@pytest.mark.usefixtures("words_between_pixels")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_fast_way_looks_as_matplotlib_draws_it(theme: Any) -> None:
    for curves in (sine(2.0, -1.3), without_second(), sine(order=4)):
        panes = len(curves.curves)
        fast = pixels(Frame(theme, (640, height_for(panes))).draw(curves)).astype(int)
        slow = pixels(figure(curves, theme)._repr_png_()).astype(int)
        assert fast.shape == slow.shape
        far = np.abs(fast - slow)[..., :3].max(axis=-1) > 60
        assert far.mean() < 0.003  # the dashes of the cursor


@pytest.mark.usefixtures("words_between_pixels")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("curves", [sine(2.0), sine(3e7), sine(1e-9, order=0), without_second(), sine(order=10)])
def test_what_is_painted_below_the_curves_is_what_matplotlibs_axes_show(theme: Any, curves: Curves) -> None:
    frame = Frame(theme, (640, height_for(len(curves.curves))))
    frame.draw(curves)
    painted = frame._pixels._back.view(np.uint8).reshape(*frame._pixels._back.shape, 4).astype(int)
    shown = frame.still_figure(curves)
    for axes in shown.axes:
        for line in axes.lines:
            line.set_visible(line.get_visible() and line.get_zorder() == 0.5)  # zero
    far = np.abs(painted - pixels(shown._repr_png_()))[..., :3].max(axis=-1) > 40
    assert far.sum() < 10 * len(shown.axes)  # of some hundred thousand: where a tick meets its line


def test_each_thread_lays_words_out_on_its_own() -> None:
    with ThreadPoolExecutor(1) as other:
        assert other.submit(typeface, 8.0, 100.0).result() is not typeface(8.0, 100.0)
    assert typeface(8.0, 100.0) is typeface(8.0, 100.0)


def test_a_word_is_drawn_once_and_stands_where_it_is_put() -> None:
    once = stamp("-1.5", 8.0, "#123456", 100.0)
    assert stamp("-1.5", 8.0, "#123456", 100.0) is once
    renderer = RendererAgg(80, 60, 100.0)
    once.put(renderer, renderer.new_gc(), 20.4, 30.4)
    assert np.count_nonzero(np.array(renderer.buffer_rgba())[30:, :, 3]) == 0  # it stands on its baseline
    assert np.count_nonzero(np.array(renderer.buffer_rgba())[29, :, 3]) > 0


@pytest.mark.parametrize("text", ["-1.5", "d²y/dx²", "x₀qg"])
@pytest.mark.parametrize("upright", [False, True])
def test_a_word_is_where_and_what_matplotlib_would_draw(text: str, upright: bool) -> None:
    ours, theirs = renderer_of(80, 60, 100.0), RendererAgg(80, 60, 100.0)
    stamp(text, 8.0, "#000000", 100.0, upright=upright).put(ours, ours.new_gc(), 30, 10)
    with mpl.rc_context({"text.hinting": "force_autohint"}):
        theirs.draw_text(theirs.new_gc(), 30, 60 - 10, text, font(8.0), 90.0 if upright else 0.0)
    covers = [np.array(one.buffer_rgba())[..., 3].astype(float) for one in (ours, theirs)]
    boxes = [[(places.min(), places.max()) for places in np.nonzero(cover)] for cover in covers]
    assert np.abs(np.subtract(*boxes)).max() <= 2  # to a part of a pixel, by its version, and rounded
    assert covers[0].sum() == pytest.approx(covers[1].sum(), rel=0.02)


def test_curves_need_none_of_matplotlibs_axes() -> None:
    code = """
import sys
import gradmagic
panel = gradmagic.explore("a * sin(x)", a=(0, 3))
assert bytes(panel.image.value[1:4]) == b"PNG"
assert "matplotlib.backends" in sys.modules
print(*{"matplotlib.figure", "matplotlib.axes", "matplotlib.pyplot", "contourpy"} & set(sys.modules))
print(*{"matplotlib.text", "matplotlib.patches", "matplotlib.font_manager"} & set(sys.modules))
assert len(panel.figure.axes) == 3
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_a_step_of_a_slider_draws_no_text() -> None:
    frame = Frame()
    frame.draw(sine(1.0))
    assert frame.stills_drawn == 3
    for a in np.linspace(1.0, 1.04, 20):
        frame.draw(sine(a, x0=a))
    assert frame.stills_drawn == 3


def test_only_the_pane_whose_limits_change_is_drawn_anew() -> None:
    frame, one = Frame(), sine()
    frame.draw(one)
    higher = replace(
        one, curves=(one.curves[0], replace(one.curves[1], values=one.curves[1].values * 5), one.curves[2])
    )
    frame.draw(higher)
    assert frame.stills_drawn == 4
    frame.draw(one)
    frame.draw(higher)
    assert frame.stills_drawn <= 5


def test_what_is_kept_has_a_bound() -> None:
    frame = Frame()
    for power in range(60):
        frame.draw(sine(10.0**power))
    assert len(frame._stills) <= 48


def test_a_missing_derivative_is_explained_in_its_pane() -> None:
    shown = figure(without_second())
    words = " ".join(text.get_text().replace("\n", " ") for text in shown.axes[2].texts)
    assert "no second derivative" in words
    assert WHY in words
    assert REFUSAL in words


@pytest.mark.parametrize("panes", [3, 7, 11])
@pytest.mark.parametrize("detail", [REFUSAL, LONG])
def test_no_word_is_cut(panes: int, detail: str) -> None:
    full = sine(order=panes - 1)
    curves = replace(full, curves=(*full.curves[:-1], Curve(panes - 1, "w·d²y/dx²", None, WHY, detail)))
    shown = figure(curves)
    canvas: Any = shown.canvas
    renderer = canvas.get_renderer()
    shown.draw(renderer)
    for axes in shown.axes:
        ticks = [*axes.get_xticklabels(), *axes.get_yticklabels()]
        for text in [*axes.texts, *(tick for tick in ticks if tick.get_text())]:
            box = text.get_window_extent(renderer)
            assert box.x0 >= 0
            assert box.y0 >= 0
            assert box.x1 <= shown.bbox.width
            assert box.y1 <= shown.bbox.height


def test_a_gap_is_not_joined() -> None:
    values = np.where(X < 0, -1.0, 1.0)
    values[249:251] = np.nan
    joined = np.where(X < 0, -1.0, 1.0)
    one = Curves(X, (Curve(0, "y", values),), "x", "line", 99.0, (None,))
    gap, line = (
        pixels(Frame(size=(640, 320)).draw(replace(one, curves=(Curve(0, "y", v),)))) for v in (values, joined)
    )
    middle = slice(120, 160)  # rows between the two branches, away from the zero line

    def blue(picture: np.ndarray) -> np.ndarray:
        return np.abs(picture[middle, 82:622, :3].astype(int) - [0, 0x72, 0xB2]).max(axis=-1) < 60

    assert not blue(gap).any()
    assert blue(line).any()


def test_a_value_between_two_gaps_is_seen() -> None:
    values = np.full(500, np.nan)
    values[250] = 3.0
    picture = pixels(Frame(size=(640, 320)).draw(Curves(X, (Curve(0, "y", values),), "x", "line", 99.0, (None,))))
    assert has_colour(picture, THEMES["light"].colour(0))


def test_a_curve_without_any_number_says_so() -> None:
    shown = figure(Curves(X, (Curve(0, "y", np.full(500, np.nan)),), "x", "line", 0.0, (None,)))
    assert any("no finite value" in text.get_text() for text in shown.axes[0].texts)


def test_a_pole_is_cut_and_told() -> None:
    frame = Frame(size=(640, 320))
    with np.errstate(all="ignore"):
        values = 1 / np.where(np.abs(X) < 0.02, np.nan, X)
    frame.draw(Curves(X, (Curve(0, "y", values / np.abs(values) ** 0.0),), "x", "line", 1.0, (1.0,)))
    assert len(frame.notes) == (1 if frame._limits[0].hi < np.nanmax(values) else 0)
    values[260] = 1e9
    frame.draw(Curves(X, (Curve(0, "y", values),), "x", "line", 1.0, (1.0,)))
    assert "1e+09" in frame.notes[0]


def test_no_tangent_where_the_derivative_is_weighted() -> None:
    def tangent(curves: Curves) -> bool:
        frame = Frame()
        frame.draw(curves)
        return frame.marks[0].tangent is not None

    assert tangent(sine())
    assert not tangent(replace(sine(), slopes=False))
    assert not tangent(replace(sine(), at_x0=(0.8, None, -0.8)))


def test_points_differ_in_shape_and_are_not_joined() -> None:
    x = np.array([3.0, 1.0, 2.0])
    shown = figure(Curves(x, tuple(Curve(n, f"c{n}", x) for n in range(3)), "x", "points", 1.0, (None,) * 3))
    lines = [axes.lines[2] for axes in shown.axes]
    drawn = [
        line for axes in shown.axes for line in axes.lines if line.get_marker() in "os^" and len(line.get_xdata()) == 3
    ]
    assert {line.get_marker() for line in drawn} == {"o", "s", "^"}
    assert {line.get_linestyle() for line in drawn} == {"None"}
    assert lines


@pytest.mark.parametrize(
    "curves",
    [
        Curves(np.array([2.0]), (Curve(0, "y", np.array([4.0])),), "x", "points", 2.0, (4.0,)),
        Curves(np.zeros(0), (Curve(0, "y", np.zeros(0)),), "x", "points", 0.0, (None,)),
        Curves(X * 1e-12, (Curve(0, "y", X * 1e-290),), "x", "line", 0.0, (0.0,)),
        Curves(X + 1e9, (Curve(0, "y", X * 1e299),), "x", "line", 1e9, (np.inf,)),
        Curves(X, (Curve(0, "y", np.where(X > 0, np.inf, X)),), "x", "line", 1.0, (np.inf,)),
        Curves(X, (Curve(0, "$y_$ {}<b>", X), Curve(0, "z", -X)), "$x^", "line", 1.0, (1.0, -1.0)),
        Curves(X[:2], (Curve(0, "y", np.array([5.0, 5.0])),), "x", "line", 1.0, (5.0,)),
    ],
)
def test_strange_curves_are_drawn(curves: Curves) -> None:
    assert Frame(size=(640, 320)).draw(curves).startswith(b"\x89PNG")


def test_the_anchor_is_where_the_point_is() -> None:
    frame = Frame()
    frame.draw(sine())
    assert [order for order, _ in frame.anchors] == [0, 1, 2]
    down = [down for _, down in frame.anchors]
    assert down == sorted(down)
    assert 12 < down[0] < 90


def test_pyplot_and_rcparams_are_left_alone_and_do_not_reach_in() -> None:
    plain = Frame().draw(sine())
    with mpl.rc_context({"axes.grid": False, "lines.linewidth": 9, "text.usetex": True, "font.size": 30,
                         "axes.spines.top": True, "figure.autolayout": True, "lines.marker": "x",
                         "xtick.minor.visible": True, "axes.facecolor": "red", "xtick.top": True}):  # fmt: skip
        before = {name: mpl.rcParams[name] for name in mpl.rcParams if name != "backend"}
        assert Frame().draw(sine()) == plain
        assert {name: mpl.rcParams[name] for name in before} == before
    from matplotlib import _pylab_helpers

    assert not _pylab_helpers.Gcf.figs


def test_a_figure_can_be_saved_as_png_and_svg() -> None:
    shown = figure(sine())
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        file = io.BytesIO()
        shown.savefig(file, format=kind)
        assert file.getvalue().startswith(start)
    assert shown._repr_png_().startswith(b"\x89PNG")


def test_the_same_curves_give_the_same_bytes() -> None:
    assert Frame().draw(sine()) == Frame().draw(sine())


def test_a_picture_at_twice_the_scale_has_twice_the_pixels() -> None:
    assert pixels(Frame(scale=2.0).draw(sine())).shape == (960, 1280, 4)


def test_ten_derivatives_have_eleven_panes() -> None:
    shown = figure(sine(order=10))
    assert len(shown.axes) == 11
    assert shown.get_figheight() * 100 == height_for(11)


@pytest.mark.parametrize(
    ("top", "name"), [(30240.0, "d¹⁰y/dx¹⁰"), (0.0126, "dy/dx"), (1.0, "y"), (2e7, "y"), (-45678.5, "y")]
)
def test_the_name_of_an_axis_lies_beside_its_numbers_and_inside_the_picture(top, name):
    x = np.linspace(-3, 3, 101)
    shown = figure(Curves(x, (Curve(0, name, top * np.cos(x)),), "x", "line", 1.0, (1.0,)))
    canvas = shown.canvas
    canvas.draw()
    (axes,) = shown.axes
    (text,) = [one for one in axes.texts if one.get_text().startswith(name)]
    box = text.get_window_extent()
    numbers = [one.get_window_extent() for one in axes.get_yticklabels() if one.get_text()]
    assert box.x1 + 1 < min(one.x0 for one in numbers)
    assert box.x0 > 0
