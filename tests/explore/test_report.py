"""Words and numbers: the same on every machine, and escaped."""

from __future__ import annotations

import math
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from gradmagic.explore.curves import Curve, Curves
from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.overlays import OVERLAYS
from gradmagic.explore.reading import parse_line
from gradmagic.explore.report import alt_text, table_html, table_text, text


def explorer(cell: str, line: str = "") -> Explorer:
    return Explorer(parse_line(line, cell))


SQUARE = """\
y, dy/dx, d²y/dx² for x from -1 to 1

      x     y  dy/dx  d²y/dx²
     -1     1     -2        2
   -0.5  0.25     -1        2
*     0     0      0        2
    0.5  0.25      1        2
      1     1      2        2

[1] dydx = grad(y, x, ones, create_graph=True): grad_fn=<MulBackward0>
[2] d2ydx2 = grad(dydx, x, ones, create_graph=True): grad_fn=<MulBackward0>"""


def test_the_text_has_the_numbers_and_the_ledger() -> None:
    g = explorer("y = x ** 2", "x=-1:1 --points 5")
    assert text(g.curves, g.trace) == repr(g) == SQUARE


def test_the_text_is_the_same_each_time_and_has_no_times_or_addresses() -> None:
    texts = {repr(explorer("y = a * tan(x)", "x=-2:2 a=0:3 --order 4")) for _ in range(3)}
    assert len(texts) == 1
    assert "0x" not in texts.pop()


def test_rounding_beside_large_values_is_zero() -> None:
    assert "e-1" not in repr(explorer("y = sin(x)", "x=-pi:pi --points 5"))


def test_the_text_says_why_something_is_missing() -> None:
    said = repr(explorer("y = exp(x)", "--no-create-graph"))
    assert "d²y/dx²: dy/dx was computed with create_graph=False" in said
    assert "RuntimeError: element 0 of tensors does not require grad" in said
    assert "use create_graph=True in call 1" in said


def test_a_tensor_is_printed_in_its_shape() -> None:
    said = repr(explorer("x = torch.tensor([[1., 2.], [3., 4.]], requires_grad=True)\ny = x ** 2"))
    assert "dy/dx =\n[[2 4]\n [6 8]]" in said


def test_a_sentence_that_begins_with_a_name_leaves_it_as_it_is() -> None:
    said = alt_text(explorer("y = 1 / x", "x=-1:1@0.5").curves)
    assert " y has a pole" in said
    assert "Y " not in said


def test_the_alt_text_says_in_words_and_numbers_what_is_drawn() -> None:
    said = alt_text(explorer("y = x ** 2", "x=-1:1@0.5 --points 5").curves)
    assert said.startswith("Curves of y, dy/dx, d²y/dx² for x from −1 to 1.")
    assert "dy/dx runs from −2 at x = −1 to 2 at x = 1." in said
    assert "d²y/dx² is 2 throughout." in said
    assert said.endswith("At x = 0.5: y = 0.25, dy/dx = 1, d²y/dx² = 2.")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.seen.add(tag)


def test_everything_that_a_user_may_have_written_is_escaped() -> None:
    bad = "<img src=x onerror=alert(1)>"
    x = explorer("y = x").x
    drawn = Curves(x, (Curve(0, bad, x),), bad, "line", 0.0, (0.0,), (bad,))
    tensors = Curves(x, (Curve(0, bad, x),), bad, "points", 0.0, (0.0,), (), ((bad, x),))
    for html in (table_html(drawn), table_html(tensors)):
        tags = Tags()
        tags.feed(html)
        assert tags.seen <= {"table", "thead", "tbody", "tr", "th", "td", "p", "pre"}


@pytest.mark.parametrize(("cell", "line"), [("1 / (x - 0.3) ** 2", ""), ("exp(x)", "x=0:700"), ("x ** 40", "x=0:9")])
def test_small_values_beside_huge_ones_are_not_zero(cell: str, line: str) -> None:
    g = explorer(cell, line)
    rows = [row.split() for row in table_text(g.curves).splitlines()[2:]]
    assert all(row[-2] not in ("0", "-0") for row in rows)


def test_on_a_narrow_range_the_digits_tell_the_rows_apart() -> None:
    said = repr(explorer("x ** 2", "x=1000:1000.001 --points 5"))
    assert "for x from 1000 to 1000.001" in said
    assert "1000.00025" in said
    assert "1000000.5" in said


@pytest.mark.parametrize(
    ("x", "zero"), [((1e6, 1e6 + 10, 1e6 + 1.25), f"{318311 * math.pi:.12g}"), ((1, 1 + 1e-9, 1 + 2.5e-10), "")]
)
def test_every_place_is_told_in_as_many_digits_as_the_range_asks_for(x, zero) -> None:
    mine = Explorer(*request_from("sin(x)", x=x))
    look = replace(mine.state.look, overlays=frozenset({*OVERLAYS}))
    curves = mine.step(replace(mine.state, look=look))[1]
    said = alt_text(curves) + text(curves)
    assert "1e+06" not in said
    assert f"At x = {x[2]}: y = " in said
    assert f"The curvature at x = {x[2]} is" in said
    assert f"zero at x = {zero}" in said or not zero
    rows = [line.split()[-4] for line in table_text(curves).splitlines()[1:]]
    assert len(set(rows)) == len(rows)


def test_places_of_a_map_are_told_apart_too() -> None:
    said = text(Explorer(*request_from("x * y", x=(1, 1 + 1e-9), y=(1e6, 1e6 + 1))).curves)
    assert "x from 1 to 1.000000001 and y from 1000000 to 1000001" in said
    assert "x = 1.0000000005, y = 1000000.5" in said
