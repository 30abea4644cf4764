"""Panels and their cells: a re-run closes the old panel and keeps its sliders."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from gradmagic.explore.request import Range, Request
from gradmagic.panel import Panel, show
from gradmagic.panel.registry import Place, place_of

WAVE = Request("y = a * sin(b * x)", {"a": Range(0, 3), "b": Range(0.2, 4)}, points=41)


@pytest.fixture
def run() -> Any:
    """A function that runs a cell again and again; what it made is closed in the end."""
    made: list[Panel] = []

    def again(request: Request = WAVE, number: int | None = None) -> Panel:
        made.append(show(request, {}, Place(f"cell of {id(made)}", str(len(made) if number is None else number))))
        return made[-1]

    yield again
    for panel in made:
        panel.close()


def test_a_rerun_closes_the_old_panel_and_keeps_its_sliders(run: Any) -> None:
    old = run()
    old.controls.params["a"].slider.value = 2.5
    assert old.controls.x0 is not None
    old.controls.x0.slider.value = 1.25
    new = run()
    assert old.closed
    assert not new.closed
    assert new.state.params == {"a": 2.5, "b": 2.1}
    assert new.state.x0 == 1.25
    assert new.controls.x0.slider.value == pytest.approx(1.25)


def test_a_slider_whose_range_was_edited_starts_anew(run: Any) -> None:
    run().controls.params["a"].slider.value = 2.5
    new = run(replace(WAVE, ranges={"a": Range(0, 3, 1), "b": Range(0.2, 4)}))
    assert new.state.params["a"] == 1.0


def test_the_slider_of_h_fits_the_range_of_x_and_a_rerun_keeps_it_for_the_same_range(run: Any) -> None:
    tiny = Request("x ** 2", {"x": Range(0, 1e-9)}, points=41, show=frozenset({"secant"}))
    h = run(tiny).controls.shown.overlays.step
    assert (h.value, h.lo, h.hi) == (1e-10, 0.0, 2.5e-10)
    panel = run(tiny)
    panel.controls.shown.overlays.step.move(2e-10)
    assert panel.state.look.step == 2e-10
    assert "--step 2e-10" in panel.explorer.line
    panel.undo.back.click()
    assert panel.controls.shown.overlays.step.value == 1e-10
    assert "h = 1e-10 " in panel.image.tooltip
    panel.controls.shown.overlays.step.move(2e-10)
    assert run(tiny).controls.shown.overlays.step.value == 2e-10
    wide = run(replace(tiny, ranges={"x": Range(-30, 30)}))
    assert wide.controls.shown.overlays.step.value == 5.0
    assert "h = 5 " in wide.image.tooltip


def test_two_panels_of_one_run_stand_side_by_side_and_are_found_again(run: Any) -> None:
    first, second = run(number=1), run(number=1)
    assert not first.closed
    second.controls.params["a"].slider.value = 0.5
    again = [run(number=2), run(number=2)]
    assert first.closed
    assert second.closed
    assert [panel.state.params["a"] for panel in again] == [1.5, 0.5]


def test_sliders_outlive_a_run_that_fails(run: Any) -> None:
    run().controls.params["a"].slider.value = 2.5
    with pytest.raises(NameError):
        run(replace(WAVE, text=WAVE.text + "\nnowhere()"), number=7)
    assert run(number=8).state.params["a"] == 2.5


def test_a_carried_slider_that_makes_the_cell_fail_is_dropped(run: Any) -> None:
    run().controls.params["a"].slider.value = 2.5
    assert run(replace(WAVE, text="y = a * sin(b * x)\nassert a < 2")).state.params["a"] == 1.5


@pytest.mark.parametrize("shell", [None, SimpleNamespace(execution_count=3)])
def test_outside_of_a_notebook_nothing_is_closed_but_by_a_rerun(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    place = place_of(WAVE)
    assert place is None if shell is None else place is not None and place.run == "3"


def test_the_front_ends_own_id_names_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = {"metadata": {"cellId": "abc"}, "header": {"msg_id": "run"}}
    shell = SimpleNamespace(execution_count=3, get_parent=lambda: parent)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert place_of(WAVE) == Place("abc", "run")


def test_what_the_line_asks_for_is_shown_and_kept_until_it_asks_for_something_else(run: Any) -> None:
    first = run(replace(WAVE, show=frozenset({"zeros"}), hide=frozenset({1})))
    assert [curve.order for curve in first.curves.curves] == [0, 2]
    first.controls.shown.overlays.switches["extrema"].value = True
    again = run(first.explorer.request)
    assert again.state.look.overlays == {"zeros", "extrema"}
    assert run(replace(WAVE, hide=frozenset({0, 2}))).state.look.hidden == {0, 2}


def test_a_line_that_hides_every_curve_hides_none(run: Any) -> None:
    assert len(run(replace(WAVE, hide=frozenset(range(5)))).curves.curves) == 3
