"""The panel's HTML: escaped, complete, and fit to be read."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from gradmagic.explore.curves import Curve, Curves
from gradmagic.explore.trace import Call, Cure
from gradmagic.panel import style, texts

EVIL = "<script>alert('x')</script>&\""
CALL = Call(0, EVIL, 4, "cell", {"create_graph": True}, {"create_graph": False, "retain_graph": False}, True, EVIL,
            None, 0, 3, 0, 1200, 1e-4)  # fmt: skip


class Balanced(HTMLParser):
    """Fails on a tag that is not closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag not in {"img", "br", "wbr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def curves() -> Curves:
    x = np.array([0.0, 1.0])
    return Curves(x, (Curve(0, EVIL, x), Curve(1, "z", None, EVIL, EVIL)), EVIL, "line", 1.0, (1.0, None), (EVIL,))


@pytest.mark.parametrize(
    "made",
    [
        texts.ledger([CALL, replace(CALL, ok=False, error=EVIL)], 0), texts.caption(curves()), texts.messages([EVIL]),
        texts.readouts(curves(), [(0, 30.0)], 480), texts.tables([(EVIL, np.zeros((2, 3))), ("s", np.array(1.0))]),
        style.HEAD,
    ],
)  # fmt: skip
def test_html_is_balanced_and_escaped(made: str) -> None:
    assert "<script>" not in made
    reader = Balanced()
    reader.feed(made)
    reader.close()
    assert reader.open == []


def test_a_call_that_ran_otherwise_than_written_says_so() -> None:
    assert "ran with create_graph=False" in texts.ledger([CALL])
    assert "ran with" not in texts.ledger([replace(CALL, asked={"create_graph": False, "retain_graph": None})])


def test_the_ledger_says_what_was_kept_and_freed() -> None:
    assert texts.kept_and_freed(CALL) == "graph freed · 0\N{NO-BREAK SPACE}B"
    kept = texts.kept_and_freed(replace(CALL, nodes_kept=9, nodes_freed=0, bytes_kept=57_700))
    assert kept == "9 nodes kept\N{NO-BREAK SPACE}· 57.7\N{NO-BREAK SPACE}kB", (
        "a narrow column ends a line after the dot"
    )
    assert texts.kept_and_freed(replace(CALL, ok=False)) == ""


def test_a_call_may_be_broken_between_its_arguments_and_no_word_is() -> None:
    row = texts.ledger_row(replace(CALL, source="g = grad(y,x,create_graph=True)"), chosen=False)
    assert "<code>g = grad(y,<wbr>x,<wbr>create_graph=True)</code>" in row
    ledger = [rule for rule in style.CSS.splitlines() if "gm-ledger" in rule]
    assert "anywhere" not in "".join(ledger)


def test_read_outs_do_not_lie_on_each_other() -> None:
    made = texts.readouts(curves(), [(0, 100.0), (1, 101.0)], 400)
    tops = [float(part.split("%")[0]) for part in made.split("top:")[1:]]
    assert tops[1] - tops[0] > 3


def test_large_tables_are_cut_in_the_middle() -> None:
    made = texts.table("x", np.arange(10_000.0).reshape(100, 100))
    assert made.count("<tr>") == 13
    assert ">9999</td>" in made
    assert "⋮" in made


def test_a_refused_call_says_why_in_plain_words_and_what_would_help() -> None:
    cure = Cure("use retain_graph=True in call 1", 0, {"retain_graph": True})
    row = texts.ledger(
        [replace(CALL, by="panel", ok=False, error="RuntimeError: <freed>", cause="call 1 freed it.", cure=cure)]
    )
    assert "RuntimeError: &lt;freed&gt;" in row
    assert "call 1 freed it: use retain_graph=True in call 1" in row
    assert 'data-call="0"' in row, "a call of the panel's own is chosen with all of them"
    assert f'data-call="{CALL.index + 1}"' in texts.ledger([replace(CALL, by="cell")])
