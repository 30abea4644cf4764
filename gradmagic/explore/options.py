"""The options of `%%grad`, as one table, and what is told by it: usage, help, completion.

``reading`` makes a Request of a line by it, ``saying`` the line of a state. Knows no IPython and no cell, and loads no
numpy, so that `%load_ext gradmagic` takes a moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from gradmagic.explore.record import record
from gradmagic.explore.request import SHOWN

__all__ = ["OPTIONS", "Option", "complete", "help_text"]

# The rows of `gradmagic.explore.overlays.OVERLAYS`, which loads numpy: a table of options must not.
OVERLAY_NAMES: Final = (
    "tangent", "normal", "circle", "taylor", "secant", "differences", "extrema", "inflections", "zeros", "rises",
    "bends", "asymptotes", "kinks",
)  # fmt: skip

MAX_ORDER, MAX_POINTS = 10, 100_000
MIN_POINTS = 3  # both ends, and the cursor
MOST_OUTPUTS = 6  # that a picture can tell apart by colours and dashes


@record
class Option:
    """One row: the field of Request that it sets, how it is written on the line, and where a State has it.

    `look` is the field of `State.look` that says it, if it is said there.
    """

    field: str
    metavar: str
    kind: Literal[
        "name", "inputs", "outputs", "weights", "whole", "number", "choice", "several", "orders", "switch", "off"
    ]
    default: object
    help: str
    choices: tuple[str, ...] = ()
    bounds: tuple[int, int] = (0, 0)
    look: str = ""

    @property
    def flag(self) -> str:
        """`--create-graph`."""
        return f"--{'no-' if self.kind == 'off' else ''}{self.field.replace('_', '-')}"

    @property
    def flags(self) -> tuple[str, ...]:
        """The flag, and for a switch its opposite."""
        return (self.flag, f"--no-{self.flag[2:]}") if self.kind == "switch" else (self.flag,)

    @property
    def usage(self) -> str:
        """How the usage line and the help write it."""
        if self.kind == "switch":
            return f"--[no-]{self.flag[2:]}"
        values = "|".join(self.choices) if self.kind == "choice" else self.metavar
        return f"{self.flag} {values}".strip()


OPTIONS: Final = (
    Option(
        "of",
        "NAME[,NAME…]",
        "outputs",
        None,
        "what to differentiate (default: y, or else the cell's last expression; a, b at its end are two outputs; "
        "where the line gives y, what the cell sets last)",
    ),
    Option(
        "wrt",
        "NAME[,NAME]",
        "inputs",
        "x",
        "what to differentiate by (default: x; and y, where it has a range and is only read)",
    ),
    Option(
        "weights",
        "SPEC",
        "weights",
        "ones",
        "grad_outputs: ones, onehot:K, ramp, random:SEED, the name of a variable, or an expression in x such as cos(x)",
        ("ones", "onehot:0", "ramp", "random:0"),
    ),
    Option("order", "N", "whole", 2, f"how many derivatives, 1 to {MAX_ORDER} (default: 2)", bounds=(1, MAX_ORDER)),
    Option(
        "points",
        "N",
        "whole",
        401,
        "how many samples of the range of x (default: 401; of two: 121)",
        bounds=(MIN_POINTS, MAX_POINTS),
    ),
    Option("create_graph", "", "switch", True, "whether derivatives can be differentiated again (default: yes)"),
    Option("retain_graph", "", "switch", None, "whether a call keeps the graph (default: as create_graph)"),
    Option(
        "leaf_writes",
        "",
        "choice",
        "refuse",
        "what x[i][j] = v does to an x that requires grad: torch's refusal (default), or what torch did up to 1.7.1",
        ("refuse", "allow"),
    ),
    Option(
        "backend",
        "",
        "choice",
        "gradmagic",
        "the engine (default: gradmagic); torch runs the cell on PyTorch too, and shows the largest difference",
        ("gradmagic", "torch"),
    ),
    Option("into", "NAME", "name", None, "bind the explorer to NAME: NAME.x, NAME.y, NAME.derivatives, NAME.ledger, …"),
    Option("panel", "", "off", True, "show the picture and the numbers, without controls"),
    Option(
        "check",
        "",
        "switch",
        False,
        "compare each derivative with central differences, and with PyTorch",
    ),
    Option(
        "deadline",
        "S",
        "number",
        30.0,
        "stop a panel's step after S seconds (default: 30)",
    ),
    Option(
        "show",
        "NAME,…",
        "several",
        None,
        f"what is drawn in place of {','.join(sorted(SHOWN))}: any of {', '.join(OVERLAY_NAMES)}; or none",
        (*OVERLAY_NAMES, "none"),
        look="overlays",
    ),
    Option("taylor", "N", "whole", 2, "the order of the Taylor polynomial (default: 2)", bounds=(0, 10), look="taylor"),
    Option(
        "step",
        "H",
        "number",
        None,
        "the step h of the secant and of the differences (default: a round number near a twelfth of the range of x)",
        look="step",
    ),
    Option(
        "hide",
        "N,…",
        "orders",
        frozenset(),
        "orders that are not drawn: 0 is y, 1 is dy/dx",
        bounds=(0, MAX_ORDER),
        look="hidden",
    ),
    Option(
        "log",
        "x|y|x,y",
        "several",
        frozenset(),
        "axes that are logarithmic: x where its range is above 0, y on both sides of 0 where it has to be",
        ("x", "y", "none"),
        look="log",
    ),
)

BY_FLAG: Final[Mapping[str, Option]] = {flag: option for option in OPTIONS for flag in option.flags}
BY_FIELD: Final[Mapping[str, Option]] = {option.field: option for option in OPTIONS}

EXAMPLES: Final = (
    ("%%grad\ny = x ** 2", "y, dy/dx and d²y/dx² over x from -3 to 3"),
    ("%%grad x=-6:6 a=0:3 b=0.2:4\ny = a * sin(b * x)", "a and b become sliders, from 0 to 3 and from 0.2 to 4"),
    ("%%grad x=0:6 --of u,v\nu = sin(x)\nv = exp(-x / 3) * u", "two outputs over one x, each with its derivatives"),
    ("%%grad x=-2*pi:2*pi@1 --of z --order 3\nz = x * sin(x)", "the cursor starts at 1; three derivatives of z"),
    (
        '%%grad --weights "cos(x)" --no-create-graph\ny = exp(x)',
        "other grad_outputs, and no second derivative: see why",
    ),
    (
        "%%grad x=-2:2 y=-1:3 --of z\nz = (1 - x)**2 + 100 * (y - x**2)**2",
        "two inputs: a map of z, its gradient and Hessian",
    ),
    (
        "%%grad --leaf-writes=allow --into g\nx = torch.rand(3, 4, requires_grad=True)\nx[0][0] = 5\ny = x ** 2",
        "x is a tensor of the cell's own; g.y, g.derivatives and g.ledger are there to work with",
    ),
)


def usage() -> str:
    """The usage line."""
    words = " ".join(f"[{option.usage}]" for option in OPTIONS)
    return f"%%grad [NAME=LO:HI | NAME=LO:HI@START | NAME=VALUE]... {words}"


def help_text() -> str:
    """The complete help, as `%%grad?` shows it."""
    width = max(len(option.usage) for option in OPTIONS) + 2
    rows = "\n".join(f"    {option.usage:<{width}}{option.help}" for option in OPTIONS)
    examples = "\n\n".join(f"{about}::\n\n{indented(cell)}" for cell, about in EXAMPLES)
    return f"""Show y, dy/dx and d²y/dx² of a cell, live, and what autograd did.

Usage
-----
    {usage()}

The cell runs on gradmagic's own engine, which keeps the contract of torch.autograd.grad. What it calls y, or else
its last expression, is differentiated by x.

Names
-----
    x=LO:HI         the range of x (default: -3:3), for a cell that does not make x itself
    x=LO:HI@START   the same, with the cursor at START
    a=LO:HI         a slider for a name that the cell reads (default for a name that nobody defines: -5:5@1)
    a=LO:HI@START   the same, starting at START
    a=VALUE         a fixed number
    y=LO:HI         a second input, if the cell reads y and sets something else: a map over x and y in place of curves.
                    --wrt u,v names other inputs; after --wrt x, y is a slider as every other name

Numbers may be written as 3, 1e-3, pi, 2*pi or -pi/2. Known without an import: np, torch, grad, pi, e, and functions
such as sin, cos, exp, log, sqrt. `import torch` in a cell means gradmagic.torch.

Options
-------
{rows}

Examples
--------
{examples}
"""


def indented(text: str) -> str:
    return "\n".join(f"    {row}" for row in text.splitlines())


def complete(line: str, cursor: int | None = None) -> list[str]:
    """What the word before the cursor may become: options, their values, the names of ranges.

    Examples
    --------
    >>> complete("--cre")
    ['--create-graph']
    >>> complete("--backend ")
    ['gradmagic', 'torch']
    """
    before = line if cursor is None else line[:cursor]
    words = before.split()
    word = "" if not words or before[-1:].isspace() else words.pop()
    flag, equals, begun = word.partition("=")
    if equals and flag in BY_FLAG:
        return [f"{flag}={value}" for value in values_of(BY_FLAG[flag], begun)]
    wanted = BY_FLAG.get(words[-1]) if words else None
    if wanted is not None and wanted.kind not in ("switch", "off"):
        return values_of(wanted, word)
    used = {BY_FLAG[w.partition("=")[0]].field for w in words if w.partition("=")[0] in BY_FLAG}
    return [flag for flag, option in BY_FLAG.items() if option.field not in used and flag.startswith(word)]


def values_of(option: Option, begun: str) -> list[str]:
    """What a value that was begun may become; of several, the last."""
    before, comma, last = begun.rpartition(",") if option.kind == "several" else ("", "", begun)
    given = before.split(",")
    return [f"{before}{comma}{value}" for value in option.choices if value.startswith(last) and value not in given]
