"""The legend beside the switches says what the overlays draw."""

from dataclasses import replace

import gradmagic
from gradmagic.explore.overlays import OVERLAYS
from gradmagic.panel.legend import FORMS, legend
from gradmagic.plot.palette import palette_of, rgb
from gradmagic.plot.theme import LIGHT


def test_each_line_and_area_is_in_the_legend_as_it_is_drawn():
    panel = gradmagic.explore("a * sin(x)", x=(-6, 6, 1), a=(0, 3, 2))
    panel.state = replace(panel.state, look=replace(panel.state.look, overlays=frozenset(OVERLAYS)))
    drawn = {
        mark.overlay: (mark.kind, mark.colour) for mark in panel.curves.marks if mark.kind in ("line", "dashes", "area")
    }
    assert {"tangent": ("line", 1), **drawn} == FORMS
    assert set(FORMS) <= set(panel.controls.shown.overlays.switches)
    assert "gm-key-taylor" in panel.controls.shown.overlays.switches["taylor"]._dom_classes
    panel.close()


def test_a_rule_has_the_colour_of_the_theme():
    rules = legend(LIGHT)
    assert len(rules) == len(FORMS)
    assert rules[0].endswith(f"border-top:2px solid {LIGHT.colour(1)}}}")


def test_the_picture_has_the_colours_of_the_legend_though_no_curve_has_them():
    there = palette_of(LIGHT, (0,)).colours.tolist()
    for _, colour in FORMS.values():
        assert colour is None or rgb(LIGHT.colour(colour)).tolist() in there
