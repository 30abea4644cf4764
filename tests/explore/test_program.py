"""A cell before it runs: parameters, the range of x, what is differentiated, and what is wrong with it."""

from __future__ import annotations

import pytest

from gradmagic.explore.program import DEFAULT_DOMAIN, DEFAULT_PARAMETER, Program
from gradmagic.explore.reading import parse_line
from gradmagic.explore.request import GradUsageError, Range, Request

Namespace = dict[str, object]


def program(text: str, line: str = "", namespace: Namespace | None = None) -> Program:
    return Program.of(parse_line(line, text), namespace or {})


PARAMETERS = {
    "y = a * sin(b * x)": ["a", "b"],
    "y = a * np.sin(x) + pi + e": ["a"],
    "a = 2\ny = a * x": [],
    "y = a * x\na = 3": ["a"],
    "y = sum([c * x for k in range(3)])": ["c"],
    "def f(t, k=2):\n    return t ** k * m\ny = f(x)": ["m"],
    "def f(t):\n    return t * later\nlater = 2\ny = f(x)": [],
    "f = lambda t: t * a\ny = f(x)": ["a"],
    "class C:\n    k = q\n    m = k\ny = x * C.k": ["q"],
    "for i in range(3):\n    z = i\ny = x * z": [],
    "import math\ny = x * math.pi": [],
    "with open('f') as f:\n    pass\ny = x": [],
    "try:\n    k = 1\nexcept ValueError as error:\n    k = 2\ny = k * x": [],
    "y = x * (k := 3) + k": [],
    "y = sine(x)": [],
    "y = table[0] * x": [],
    "y = thing.k * x": [],
    "y = x * abs(-2) * len('ab')": [],
    "def f():\n    global k\n    k = 3\nf()\ny = k * x": ["k"],
    "y = x + (__name__ == 'x')": [],
}


@pytest.mark.parametrize("text", PARAMETERS)
def test_names_that_nobody_defines_become_parameters(text: str) -> None:
    assert list(program(text).parameters) == PARAMETERS[text]


def test_a_parameter_has_the_range_of_the_line_or_one_around_one() -> None:
    found = program("y = a * b * x", "a=0:3@1").parameters
    assert found == {"a": Range(0, 3, 1), "b": DEFAULT_PARAMETER}
    assert found["b"].begin == 1.0


def test_the_users_names_are_no_parameters_unless_the_line_says_so() -> None:
    assert list(program("y = a * x", "", {"a": 2}).parameters) == []
    assert list(program("y = a * x", "a=0:1", {"a": 2}).parameters) == ["a"]
    assert list(program("y = a * x", "a=3").parameters) == []


def test_x_has_the_range_of_the_line_or_minus_three_to_three() -> None:
    assert program("y = x").domain == DEFAULT_DOMAIN == Range(-3, 3)
    assert program("y = x", "x=0:1").domain == Range(0, 1)
    assert program("y = x", "", {"x": 5}).domain == DEFAULT_DOMAIN


def test_a_cell_may_make_x_itself() -> None:
    assert program("x = torch.rand(3)\ny = x").domain is None
    assert program("x = x * 2\ny = x").domain == DEFAULT_DOMAIN
    assert program("for x in [torch.rand(3)]:\n    y = x").domain is None


@pytest.mark.parametrize(
    ("text", "line", "target"),
    [
        ("y = x", "", "y"),
        ("z = x", "--of z", "z"),
        ("x ** 2", "", None),
        ("z = x\nz * 2", "", None),
        ("y = x\nz = y\nz", "", "y"),
        ("def y(x):\n    return x\ny(x)", "", "y"),
        ("z = x * y", "x=-3:3 y=-3:3", "z"),  # y is an input: what else is meant
        ("u = x + y\nz: float = u * y", "y=-3:3", "z"),
        ("z = x * y", "--wrt x,y", "z"),
        ("z = x * y", "--wrt x y=0:1", "z"),
        ("z = x * y", "y=2", "z"),
        ("z = y ** 2", "--wrt y", "z"),
        ("z = x * y\nz", "y=-3:3", None),
    ],
)
def test_what_is_differentiated(text: str, line: str, target: str | None) -> None:
    assert program(text, line).target == target


MISTAKES = {
    ("z = x ** 2", ""): ["never sets 'y'", "--of z"],
    ("a = x\nz = a * y", ""): ["never sets 'y'", "--of z"],
    ("z, w = x * y, x", "y=-3:3"): ["'y' is given on the line", "sets w, z", "--of z"],
    ("for k in [1]:\n    z = k * x * y", "y=-3:3"): ["'y' is given on the line", "sets k, z", "--of z"],
    ("print(x * y)\nassert y.sum() < 1", "y=-3:3"): ["'y' is given on the line", "End the cell with the expression"],
    ("x = torch.rand(3)", ""): ["never sets 'y'", "--of z"],
    ("value = x\nother = x", "--of vaule"): ["never sets 'vaule'", "--of value"],
    ("y = 3", ""): ["depends on 'x'"],
    ("y = t ** 2", ""): ["depends on 'x'", "--wrt t"],
    ("y = t ** 2", "t=0:5"): ["--wrt t"],
    ("y = x", "c=0:1"): ["never reads 'c'"],
    ("y = x", "ordr=2"): ["never reads 'ordr'; did you mean the option --order (in Python order=)?"],
    ("y = x", "order=2"): ["never reads 'order'; did you mean the option --order (in Python order=)?"],
    ("y = alpha * x", "alpa=2"): ["never reads 'alpa'; did you mean 'alpha'?"],
    ("y = x * amplitude", "amplitud=0:1"): ["did you mean 'amplitude'"],
    ("a = 3\ny = a * x", "a=0:1"): ["sets 'a' itself"],
    ("x = torch.rand(3)\ny = x", "x=0:1"): ["makes 'x' itself"],
    ("", ""): ["empty"],
    ("# nothing\n", ""): ["empty"],
}


@pytest.mark.parametrize(("text", "line"), MISTAKES)
def test_a_mistake_in_the_cell_is_one_line_that_helps(text: str, line: str) -> None:
    with pytest.raises(GradUsageError) as caught:
        program(text, line)
    assert len(str(caught.value).splitlines()) == 1
    assert [words for words in MISTAKES[text, line] if words not in str(caught.value)] == []


def test_a_syntax_error_carries_the_cells_line() -> None:
    with pytest.raises(SyntaxError) as caught:
        program("\n\ny = x **")
    assert (caught.value.lineno, caught.value.filename) == (3, "<cell>")


def test_a_call_is_remembered_as_it_is_written() -> None:
    calls = program("y = x\ndydx = grad(y, x,\n            torch.ones_like(y))[0]\nprint(grad(y, x))").calls
    assert set(calls.values()) == {
        "dydx = grad(y, x, torch.ones_like(y))[0]",
        "torch.ones_like(y)",
        "print(grad(y, x))",
        "grad(y, x)",
    }


@pytest.mark.parametrize("written", ["grad(  # of y\n    y,\n    x,  # by x\n)", "grad(y, \\\n    x)"])
def test_a_call_over_several_lines_is_code_when_it_stands_on_one(written: str) -> None:
    assert list(program(f"y = x\n{written}").calls.values()) == ["grad(y, x)"]


@pytest.mark.parametrize(
    "text",
    [
        "raise ValueError('boom')\ny = x",
        "if 0:\n    y = x",
        "while True:\n    pass\ny = x",
        "while 0:\n    y = x",
        "for k in range(3):\n    continue\n    y = x",
    ],
)
def test_what_the_cell_never_reaches_is_read_and_bound_all_the_same(text: str) -> None:
    program = Program.of(Request(text), {})
    assert program.target == "y"
    assert "x" in program.reads


def test_what_stands_after_a_return_is_read() -> None:
    assert "c" in Program.of(Request("def f(t):\n    return t\n    return c\ny = f(x)"), {}).parameters


def test_the_advice_is_not_the_option_that_was_given() -> None:
    with pytest.raises(GradUsageError, match="--wrt x"):
        program("y = 2.0", "--wrt t")
    with pytest.raises(GradUsageError, match="--wrt t"):
        program("y = 2.0")
