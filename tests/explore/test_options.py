"""The `%%grad` line: what it gives, what its mistakes say, and what is derived from its table."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from gradmagic.explore.explorer import Explorer
from gradmagic.explore.options import OPTIONS, OVERLAY_NAMES, complete, help_text
from gradmagic.explore.overlays import OVERLAYS
from gradmagic.explore.reading import parse_line
from gradmagic.explore.request import GradUsageError, Range, Request
from gradmagic.explore.saying import line_of
from gradmagic.explore.state import Look, State

MISTAKES = {
    "--ordr 3": ["'--ordr'", "did you mean '--order'"],
    "--creat-graph": ["'--creat-graph'", "did you mean '--create-graph'"],
    "-h": ["'-h'", "%%grad?"],
    "--bogus": ["'--bogus'", "%%grad?"],
    "x=3:": ["'x=3:'", "lacks its end", "x=3:5"],
    "x=:3": ["'x=:3'", "lacks its beginning", "x=0:3"],
    "x=5:1": ["'x=5:1'", "backwards", "1:5"],
    "x=1:1": ["'x=1:1'", "empty"],
    "x=1:2:3": ["'x=1:2:3'", "--points"],
    "x=a:b": ["'x=a:b'", "'a' is not allowed"],
    "x=1e999:2": ["'x=1e999:2'", "finite"],
    "x=-1e308:1e308": ["too wide"],
    "x=1:1.000000000000001": ["too narrow"],
    "x=0:2^3": ["**"],
    "x=0:3@7": ["'x=0:3@7'", "outside 0:3"],
    "x=0:3@": ["lacks the start"],
    "a=@1": ["has a start but no range"],
    "x=": ["'x='", "lacks its range"],
    "x=-3;3": ["cannot read '-3;3'", "a range is written x=0:2"],
    "=0:3": ["a name is missing", "'=0:3'"],
    "a": ["'a' lacks its range", "a=0:2"],
    "x = -3 : 3": ["without spaces: x=-3:3"],
    "2a=0:3": ["'2a'", "not a name"],
    "lambda=0:3": ["'lambda'", "Python's own"],
    "sin=0:3": ["'sin'", "taken"],
    "np=1": ["'np'", "taken"],
    "a=0:1 a=1:2": ["'a' is set twice", "'a=1:2'"],
    "x=3": ["x=3 is one point", "x=2:4@3"],
    "--order": ["'--order' lacks its value", "--order N"],
    "--of --wrt x": ["'--of' lacks its value"],
    "--order 0": ["'--order 0'", "from 1 to 10"],
    "--order 99": ["from 1 to 10"],
    "--order 2.5": ["'--order 2.5'"],
    "--order ٣": ["whole number"],
    "--points 2": ["from 3 to 100000"],
    "--points 1e9": ["from 3 to 100000"],
    "--backend jax": ["'--backend jax'", "gradmagic, torch"],
    "--leaf-writes=alow": ["did you mean 'allow'"],
    "--weights foo:3": ["'foo:3'", "onehot:K"],
    "--weights onehot": ["'onehot'", "onehot:0"],
    "--weights onehot:x": ["whole number"],
    "--weights random:-1": ["whole number"],
    "--weights cos(x": ["'cos(x'"],
    "--weights x.__class__": ["'x.__class__'", "not allowed"],
    "--weights cos(x) * 2": ["'*'", "quotes"],
    "'--weights": ["quote is not closed"],
    "--create-graph=True": ["takes no value", "--no-create-graph"],
    "--of 3": ["'3' is not a name"],
    "--of y --of z": ["given twice"],
    "--create-graph --no-create-graph": ["given twice"],
    "--of x": ["--of and --wrt are both 'x'"],
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line_that_quotes_it_and_says_what_to_do(line: str) -> None:
    with pytest.raises(GradUsageError) as caught:
        parse_line(line, "y = x")
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert [words for words in MISTAKES[line] if words not in message] == []


def test_an_empty_line_gives_the_defaults() -> None:
    assert parse_line("", "y = x") == Request("y = x")


def test_every_option_is_read() -> None:
    line = (
        "x=-2*pi:2*pi@1 a=0:3 b=0.5 --of z --wrt x --weights 'cos(x) * 2' --order 3 --points 11 --no-create-graph "
        "--retain-graph --leaf-writes allow --backend=torch --into g --no-panel"
    )
    request = parse_line(line, "")
    assert request.ranges == {"x": Range(-2 * np.pi, 2 * np.pi, 1.0), "a": Range(0, 3)}
    assert request.values == {"b": 0.5}
    assert (request.of, request.wrt, request.weights, request.order, request.points) == ("z", "x", "cos(x) * 2", 3, 11)
    assert (request.create_graph, request.retain_graph, request.leaf_writes) == (False, True, "allow")
    assert (request.backend, request.into, request.panel) == ("torch", "g", False)


def test_the_tables_defaults_are_those_of_a_request() -> None:
    request = Request("")
    assert {o.field: o.default for o in OPTIONS} == {o.field: getattr(request, o.field) for o in OPTIONS}
    assert {o.field for o in OPTIONS} == {f.name for f in fields(Request)} - {
        "text",
        "ranges",
        "values",
        "filename",
        "second",
        "also",
    }


def test_the_help_tells_every_option_and_has_examples_that_parse() -> None:
    text = help_text()
    assert all(option.usage in text for option in OPTIONS)
    lines = [row.strip() for row in text.splitlines() if row.strip().startswith("%%grad") and "[NAME" not in row]
    assert len(lines) >= 4
    for line in lines:
        parse_line(line.removeprefix("%%grad"), "y = x")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--cre", ["--create-graph"]),
        ("--no-", ["--no-create-graph", "--no-retain-graph", "--no-panel", "--no-check"]),
        ("x=-3:3 --into g --po", ["--points"]),
        ("--backend ", ["gradmagic", "torch"]),
        ("--leaf-writes a", ["allow"]),
        ("--leaf-writes=", ["--leaf-writes=refuse", "--leaf-writes=allow"]),
        ("--weights on", ["ones", "onehot:0"]),
        ("--order 2 --or", []),
        ("x", []),
        ("--show zeros,ta", ["zeros,tangent", "zeros,taylor"]),
    ],
)
def test_options_and_their_values_complete(line: str, words: list[str]) -> None:
    assert complete(line) == words


def test_completion_looks_at_what_stands_before_the_cursor() -> None:
    assert complete("--cre --of z", 5) == ["--create-graph"]


def test_a_state_goes_back_to_its_line_and_comes_back_as_the_same_request() -> None:
    request = parse_line("x=-1:1 a=0:3 b=0.25 --order 3 --weights 'cos(x) + 1' --into g", "y = a * x * b")
    state = State({"a": 1.5}, x0=0.25, weights="random:3", create_graph=False, retain_graph=True, order=4)
    line = line_of(request, state)
    again = parse_line(line.removeprefix("%%grad"), request.text)
    assert again == replace(
        request,
        ranges={"x": Range(-1, 1, 0.25), "a": Range(0, 3, 1.5)},
        weights="random:3",
        create_graph=False,
        retain_graph=True,
        order=4,
    )


@pytest.mark.parametrize(
    ("line", "look"),
    [
        ("--show taylor,zeros --taylor 4", Look(overlays=frozenset({"taylor", "zeros"}), taylor=4)),
        ("--show none", Look(overlays=frozenset())),
        ("--show secant --step 0.125", Look(overlays=frozenset({"secant"}), step=0.125)),
        ("--hide 0,2", Look(hidden=frozenset({0, 2}))),
    ],
)
def test_what_is_shown_is_said_by_the_line_and_the_state_says_it_again(line: str, look: Look) -> None:
    g = Explorer(parse_line(f"x=1:3@2 {line}", "x ** 2"))
    assert g.state.look == look
    assert parse_line(g.line.removeprefix("%%grad"), "x ** 2") == g.request


def test_the_line_of_a_state_says_where_it_was_moved_to() -> None:
    g = Explorer(parse_line("c=0:1", "a * x + b + c"))
    assert g.line == "%%grad c=0:1@0.5"
    g.step(replace(g.state, span=Range(1, 2), x0=1.25, params={"a": 7.0, "b": 1.0, "c": 3.0}))
    assert g.line == "%%grad c=0:3@3 a=-5:7@7 x=1:2@1.25"
    again = Explorer(parse_line(g.line.removeprefix("%%grad"), "a * x + b + c"))
    assert np.array_equal(again.x, g.x)


@pytest.mark.parametrize(
    ("line", "text", "said"),
    [
        ("", "x ** 2", "h = 0.5"),
        ("x=0:1e-9", "x ** 2", "h = 1e-10"),
        ("x=-1e9:1e9", "x ** 2", "h = 2e+08"),
        ("x=0.001:1000 --log x", "x ** 2", "h = 100"),
        ("x=0:1e-9 --step 2e-10", "x ** 2", "h = 2e-10"),
        ("", "x = 4 * x\ny = x ** 2", "h = 2"),
    ],
)
def test_the_step_h_fits_the_range_of_x_unless_the_line_says_another(line: str, text: str, said: str) -> None:
    g = Explorer(parse_line(f"{line} --show secant,differences", text))
    words = [mark.words for mark in g.curves.marks if "h = " in mark.words]
    assert len(words) == 2
    assert all(f"{said} " in one for one in words)
    assert Explorer(parse_line(g.line.removeprefix("%%grad"), text)).curves.marks[0].words == g.curves.marks[0].words
    assert g.request.step is not None or "--step" not in g.line


def test_the_step_h_stays_in_a_zoom_and_the_line_says_so_where_it_is_seen() -> None:
    g = Explorer(parse_line("x=-3:3 --show secant", "x ** 2"))
    words = g.curves.marks[0].words
    g.step(replace(g.state, span=Range(0.0, 1.0), x0=0.25))
    assert "h = 0.5 " in words
    assert "h = 0.5 " in g.curves.marks[0].words
    assert g.line == "%%grad x=0:1@0.25 --show secant --step 0.5"
    again = Explorer(parse_line(g.line.removeprefix("%%grad"), "x ** 2"))
    assert again.curves.marks[0].words == g.curves.marks[0].words
    g.step(replace(g.state, look=replace(g.state.look, overlays=frozenset())))
    assert g.line == "%%grad x=0:1@0.25 --show none"


def test_the_line_of_a_cell_that_makes_its_own_x_says_no_range() -> None:
    assert Explorer(parse_line("", "x = torch.ones(3, requires_grad=True)\ny = x")).line == "%%grad"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--show taylro", "did you mean 'taylor'?"),
        ("--hide 11", "whole number from 0 to 10"),
        ("--step 0", "above 0"),
        ("--step wide", "--step wide"),
        ("x = -3:3", "write it without spaces: x=-3:3"),
        ("x= -3:3 --order 3", "write it without spaces: x=-3:3"),
        ("a =0:2 --order 3", "write it without spaces: a=0:2"),
        ("--order 3 a = 2", "write it without spaces: a=2"),
        ("--into x", "--into x would take the place of the cell's own 'x': write --into g"),
        ("--into y", "--into y would take the place of the cell's own 'y': write --into g"),
        ("--of z --into z", "--into z would take the place of the cell's own 'z': write --into g"),
    ],
)
def test_what_would_be_read_as_something_else_is_said(line: str, said: str) -> None:
    with pytest.raises(GradUsageError) as caught:
        parse_line(line, "y = x")
    assert said in str(caught.value)


def test_the_overlays_that_show_takes_are_those_of_the_table() -> None:
    assert tuple(OVERLAYS) == OVERLAY_NAMES


@pytest.mark.parametrize("value", [1 / 3, 2.345678901234, -0.1 - 0.2, 1e-7 / 3, 4e9 / 3, 123456789.0123456])
def test_a_found_state_is_kept_to_the_last_bit(value: float) -> None:
    text = "a * x + b"
    g = Explorer(parse_line("x=-1:1 a=0:3 b=0.1234567890123456", text))
    span = Range(value - 1 / 7, value + 1e-3)
    g.step(replace(g.state, params={"a": value}, span=span, x0=value))
    again = Explorer(parse_line(g.line.removeprefix("%%grad"), text))
    assert (again.state.params, again.state.x0) == ({"a": value}, value)
    assert (again.program.domain.lo, again.program.domain.hi) == (span.lo, span.hi)
    assert again.request.values == {"b": 0.1234567890123456}
    assert np.array_equal(again.y, g.y)
    assert again.line == g.line
