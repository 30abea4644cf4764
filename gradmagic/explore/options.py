"""The options of `%%grad`, as one table, and what is derived from it: parser, help, completion, the line of a state.

Knows no IPython and no cell: it turns a line into a Request and back. The table itself loads no numpy, so that
`%load_ext gradmagic` takes a moment; what reads a number, a weight or a name brings it.
"""

from __future__ import annotations

import difflib
import keyword
import math
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from gradmagic.explore.request import SHOWN, GradUsageError, Range, Request, quoted

if TYPE_CHECKING:
    from gradmagic.explore.state import State

__all__ = ["OPTIONS", "Option", "assignment", "checked", "complete", "help_text", "line_of", "parse_line"]

SPACED: Final = re.compile(r"(?<!\S)([^\W\d]\w*)(?:\s+=\s*|=\s+)(-?[^\s='\"-][^\s='\"]*)?(?=\s|$)")

# The rows of `gradmagic.explore.overlays.OVERLAYS`, which loads numpy: a table of options must not.
OVERLAY_NAMES: Final = (
    "tangent", "normal", "circle", "taylor", "secant", "differences", "extrema", "inflections", "zeros", "rises",
    "bends", "asymptotes", "kinks",
)  # fmt: skip

MAX_ORDER, MAX_POINTS = 10, 100_000
MOST_OUTPUTS = 6  # that a picture can tell apart by colours and dashes


@dataclass(frozen=True, slots=True)
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
        "what to differentiate (default: y, or else the cell's last expression; a, b at its end are two outputs)",
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
        bounds=(2, MAX_POINTS),
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
    Option("step", "H", "number", 0.5, "the step h of the secant and of the differences (default: 0.5)", look="step"),
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


def parse_line(line: str, text: str, defaults: Mapping[str, Any] | None = None) -> Request:
    """From the `%%grad` line and the cell's text to a Request; `defaults` stand for options that are not given.

    Raises
    ------
    GradUsageError
        One line that quotes what is wrong and says what to do.

    Examples
    --------
    >>> request = parse_line("x=-1:1 a=0:2@1 --order 3 --no-create-graph", "y = a * x")
    >>> request.ranges["a"], request.order, request.create_graph
    (Range(lo=0.0, hi=2.0, start=1.0), 3, False)
    """
    apart(line)
    fields: dict[str, Any] = {}
    ranges: dict[str, Range] = {}
    values: dict[str, float] = {}
    tokens = iter(split(line))
    for token in tokens:
        if token.startswith("-") and not token.startswith("-="):
            option, value = read_option(token, tokens)
            if option.field in fields:
                raise GradUsageError(f"{quoted(option.usage)} is given twice: keep one")
            fields[option.field] = value
            continue
        name, found = read_assignment(token)
        if name in ranges or name in values:
            raise GradUsageError(f"{quoted(name)} is set twice, the second time by {quoted(token)}: keep one")
        if isinstance(found, Range):
            ranges[name] = found
        else:
            values[name] = found
    return checked(Request(text, ranges, values, **{**(defaults or {}), **by_name(fields)}))


def by_name(fields: dict[str, Any]) -> dict[str, Any]:
    """`wrt="x,y"` and `of="u,v"` as the fields that a Request has for them; who names one input wants no second.

    >>> by_name({"wrt": "u,v"}), by_name({"wrt": "x"}), by_name({"of": "y1,y2"})
    ({'wrt': 'u', 'second': 'v'}, {'wrt': 'x', 'second': ''}, {'of': 'y1', 'also': ('y2',)})
    """
    found = dict(fields)
    if "wrt" in found:
        first, _, second = found["wrt"].partition(",")
        found |= {"wrt": first.strip(), "second": second.strip()}
    if found.get("of") is not None:
        words = found["of"].split(",") if isinstance(found["of"], str) else found["of"]
        of, *also = (word.strip() for word in words)
        found |= {"of": of, "also": tuple(also)} if also else {"of": of}
    return found


def inputs_of(request: Request) -> str:
    """What `--wrt` says of a request's inputs; empty where it need not be said."""
    if request.second:
        return f"{request.wrt},{request.second}"
    needless = request.wrt == "x" and (request.second is None or "y" not in request.ranges)
    return "" if needless else request.wrt


def outputs_of(request: Request) -> str:
    """What `--of` says of a request's outputs; empty where it need not be said."""
    return ",".join([request.of, *request.also]) if request.of is not None else ""


NAMES_OF = {"inputs": inputs_of, "outputs": outputs_of}  # by the kind of the option that says them


def split_expression(line: str) -> tuple[str, str]:
    """The options and the expression of a `%grad` line: the expression begins where no option is left.

    Examples
    --------
    >>> split_expression("x=-1:1 --order 3 a * sin(b * x)")
    ('x=-1:1 --order 3', 'a * sin(b * x)')
    """
    words = re.findall(r"\S+\s*", line.strip())
    count = 0
    while count < len(words):
        word = words[count].strip()
        option = BY_FLAG.get(word.partition("=")[0])
        if option is not None:
            count += 1 if "=" in word or option.kind in ("switch", "off") else 2
        elif re.match(r"[^\W\d]\w*=[^=]", word):
            count += 1
        elif word.startswith("--"):
            read_option(word, iter(()))  # it is unknown, and says so
        else:
            break
    expression = "".join(words[count:]).strip()
    if not expression:
        raise GradUsageError("%grad lacks its expression: write %grad x=-3:3 a * sin(x), or %%grad over a cell")
    return "".join(words[:count]).strip(), expression


def apart(line: str) -> None:
    """Refuse `x = -3:3`, whose parts would each be read as something else."""
    found = SPACED.search(re.sub(r"\s*([:@])\s*", r"\1", line))
    if found:
        written = f"{found[1]}={found[2] or '0:2'}"
        raise GradUsageError(f"cannot read {quoted(found[0].strip())}: write it without spaces: {written}")


def checked(request: Request) -> Request:
    """The same request, if its parts go together."""
    if request.wrt in request.values:
        value = request.values[request.wrt]
        raise GradUsageError(
            f"{request.wrt}={value:g} is one point, and a curve needs a range: "
            f"write {request.wrt}={value - 1:g}:{value + 1:g}@{value:g} for a curve around it"
        )
    outputs = (request.of or "y", *request.also)
    if len(set(outputs)) < len(outputs):
        twice = next(name for name in outputs if outputs.count(name) > 1)
        raise GradUsageError(f"--of {','.join(outputs)} names {quoted(twice)} twice: keep one")
    if len(outputs) > MOST_OUTPUTS:
        raise GradUsageError(f"--of names {len(outputs)} outputs, and {MOST_OUTPUTS} can be told apart: name fewer")
    if request.also and request.second:
        raise GradUsageError(f"two inputs make a map of one number: name one of {', '.join(outputs)} in --of")
    if request.second and request.second in (request.wrt, request.of):
        raise GradUsageError(f"--wrt {inputs_of(request)}: the inputs and {quoted(request.of or 'y')} need three names")
    if request.second and request.second in request.values:
        raise GradUsageError(
            f"{request.second}={request.values[request.second]:g} is one value, and an input needs a range: "
            f"write {request.second}=-3:3"
        )
    if request.into is not None and request.into in (request.wrt, request.second, *outputs):
        raise GradUsageError(
            f"--into {request.into} would take the place of the cell's own {quoted(request.into)}: write --into g"
        )
    if request.of is not None and request.wrt in outputs:
        raise GradUsageError(f"--of and --wrt are both {quoted(request.wrt)}: say what to differentiate by what")
    return request


def split(line: str) -> list[str]:
    """The words of the line; quotes hold a word with spaces together."""
    try:
        return shlex.split(line)
    except ValueError:
        raise GradUsageError(f"a quote is not closed in {quoted(line)}: add the missing one") from None


def read_option(token: str, rest: Iterator[str]) -> tuple[Option, object]:
    """One option and its value, which may stand in the next word."""
    flag, equals, attached = token.partition("=")
    option = BY_FLAG.get(flag)
    if option is None:
        raise GradUsageError(f"unknown option {quoted(flag)}{nearest(flag, list(BY_FLAG))} (%%grad? lists all)")
    if option.kind in ("switch", "off"):
        if equals:
            raise GradUsageError(f"{quoted(token)}: {flag} takes no value; write {' or '.join(option.flags)}")
        return option, not flag.startswith("--no-")
    text = attached if equals else next(rest, "")
    if not text or (not equals and text in BY_FLAG):
        raise GradUsageError(f"{quoted(flag)} lacks its value: write {quoted(option.usage)}")
    return option, READERS[option.kind](option, text)


def read_name(option: Option, text: str) -> str:
    problem = not_a_name(text)
    if problem:
        raise GradUsageError(f"{quoted(f'{option.flag} {text}')}: {quoted(text)} {problem}")
    return text


def read_whole(option: Option, text: str) -> int:
    lo, hi = option.bounds
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and lo <= int(digits) <= hi):
        raise GradUsageError(f"{quoted(f'{option.flag} {text}')}: write a whole number from {lo} to {hi}")
    return int(digits)


def read_choice(option: Option, text: str) -> str:
    if text not in option.choices:
        hint = nearest(text, list(option.choices))
        raise GradUsageError(
            f"{quoted(f'{option.flag} {text}')}{hint}: {option.flag} is one of {' and '.join(option.choices)}"
        )
    return text


def read_number(option: Option, text: str) -> float:
    from gradmagic.explore.expression import number

    try:
        value = number(text)
    except GradUsageError as error:
        raise GradUsageError(f"{quoted(f'{option.flag} {text}')}: {error}") from None
    if not value > 0:
        raise GradUsageError(f"{quoted(f'{option.flag} {text}')}: write a number above 0")
    return value


def read_several(option: Option, text: str) -> frozenset[str]:
    words = [word.strip() for word in text.split(",")]
    return frozenset(read_choice(option, word) for word in words) - {"none"}


def read_orders(option: Option, text: str) -> frozenset[int]:
    return frozenset(read_whole(option, word) for word in text.split(","))


def read_weights(_: Option, text: str) -> str:
    from gradmagic.explore.weights import Weights

    return Weights.of(text).spec


def read_outputs(option: Option, text: str) -> str:
    return ",".join(read_name(option, part.strip()) for part in text.split(","))


def read_inputs(option: Option, text: str) -> str:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 2:
        raise GradUsageError(
            f"{quoted(f'{option.flag} {text}')}: one input makes curves and two a map: name one or two"
        )
    return ",".join(read_name(option, part) for part in parts)


READERS: Final[Mapping[str, Callable[[Option, str], object]]] = {
    "name": read_name,
    "inputs": read_inputs,
    "outputs": read_outputs,
    "whole": read_whole,
    "number": read_number,
    "choice": read_choice,
    "several": read_several,
    "orders": read_orders,
    "weights": read_weights,
}


def read_assignment(token: str) -> tuple[str, Range | float]:
    """`NAME=LO:HI`, `NAME=LO:HI@START` or `NAME=VALUE`."""
    name, equals, text = token.partition("=")
    if not equals:
        if not_a_name(name) or name in (":", "@"):
            raise GradUsageError(
                f"cannot read {quoted(token)}: ranges are written without spaces, as in x=-3:3, "
                "and a value with spaces stands in quotes"
            )
        raise GradUsageError(f"{quoted(token)} lacks its range: write {name}=0:2, or {name}=1 for a fixed value")
    if not name:
        raise GradUsageError(f"a name is missing before {quoted(token)}: write x{token}")
    problem = not_a_name(name)
    if problem:
        raise GradUsageError(f"{quoted(token)}: {quoted(name)} {problem}")
    return name, assignment(name, text)


def assignment(name: str, text: str) -> Range | float:
    """What stands right of `NAME=`: a range, or a fixed number.

    Examples
    --------
    >>> assignment("x", "-pi:pi@0")
    Range(lo=-3.141592653589793, hi=3.141592653589793, start=0.0)
    """
    written = f"{name}={text}"
    if not text:
        raise GradUsageError(f"{quoted(written)} lacks its range: write {name}=0:2, or {name}=1 for a fixed value")
    span, at, start = text.partition("@")
    lo, colon, hi = span.partition(":")
    if not colon:
        if at:
            raise GradUsageError(f"{quoted(written)} has a start but no range: write {name}=0:2@{start or '1'}")
        return bound(text, written)
    if ":" in hi:
        raise GradUsageError(f"{quoted(written)} has too many colons: write {name}=LO:HI, and --points for the number")
    if not lo or not hi:
        example = f"{name}={lo or '0'}:{hi or '5'}"
        raise GradUsageError(f"the range {quoted(written)} lacks its {'end' if lo else 'beginning'}: write {example}")
    if at and not start:
        raise GradUsageError(f"{quoted(written)} lacks the start after @: write {name}={span}@{lo}")
    return span_of(bound(lo, written), bound(hi, written), bound(start, written) if at else None, written)


def bound(text: str, written: str) -> float:
    """A number of a range; the error names the range too."""
    from gradmagic.explore.expression import number

    try:
        return number(text)
    except GradUsageError as error:
        raise GradUsageError(f"{quoted(written)}: {error}") from None


def span_of(lo: float, hi: float, start: float | None, written: str) -> Range:
    """A range that is not empty, not backwards, and narrow enough for its width to be a number."""
    if lo == hi:
        raise GradUsageError(f"the range {quoted(written)} is empty: its end must be greater than its beginning")
    if lo > hi:
        raise GradUsageError(f"the range {quoted(written)} runs backwards: write {hi:g}:{lo:g}")
    if not math.isfinite(hi - lo) or hi - lo <= 16 * math.ulp(max(abs(lo), abs(hi))):
        raise GradUsageError(
            f"the range {quoted(written)} is too {'wide' if hi - lo > 1 else 'narrow'} for its samples"
        )
    if start is not None and not lo <= start <= hi:
        raise GradUsageError(f"{quoted(written)}: the start {start:g} lies outside {lo:g}:{hi:g}")
    return Range(lo, hi, start)


def not_a_name(name: str) -> str:
    """Why this cannot be the name of a variable of the user's; empty if it can."""
    from gradmagic.explore.elementary import KNOWN

    if not name.isidentifier():
        return "is not a name: use letters, digits and _, as in a or k1"
    if keyword.iskeyword(name):
        return "is a word of Python's own: use another name"
    if name in KNOWN and name != "e":
        return "is taken (it is known in every cell): use another name"
    return ""


def nearest(word: str, known: list[str]) -> str:
    """`; did you mean '--order'?`, or nothing."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5) or [k for k in known if k.startswith(word)][:1]
    return f"; did you mean {quoted(close[0])}?" if close and word.strip("-") else ""


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


def line_of(request: Request, state: State, domain: Range | None = None) -> str:
    """The `%%grad` line that opens a panel in this state: zoomed, with the overlays that are switched on, ….

    A name without a range on the line is said too, where it has left its start; `domain` is what x then ranges over.

    Examples
    --------
    >>> from gradmagic.explore.state import State
    >>> request = parse_line("x=-1:1 --no-create-graph", "y = x")
    >>> line_of(request, State({}, x0=0.5, create_graph=False))
    '%%grad x=-1:1@0.5 --no-create-graph'
    """
    from gradmagic.explore.program import DEFAULT_PARAMETER

    words = []
    changed = state.look.ranges
    for name, span in request.ranges.items():
        words.append(written(name, changed.get(name, span), state, request.wrt))
    others = dict.fromkeys(state.params, DEFAULT_PARAMETER) | ({request.wrt: domain} if domain is not None else {})
    others = {name: changed.get(name, span) for name, span in others.items() if name not in request.ranges}
    moved = {name: span for name, span in others.items() if name in changed or has_left(name, span, state)}
    words += [written(name, span, state, request.wrt) for name, span in moved.items()]
    words += [f"{name}={value:.12g}" for name, value in request.values.items()]
    for option in OPTIONS:
        if option.kind in NAMES_OF:
            words += [f"{option.flag} {names}"] if (names := NAMES_OF[option.kind](request)) else []
            continue
        value = getattr(state.look, option.look) if option.look else getattr(state, option.field, None)
        if not (option.look or hasattr(state, option.field)):
            value = getattr(request, option.field)
        if value == (SHOWN if option.field == "show" else option.default):
            continue
        if option.kind in ("switch", "off"):
            words.append(f"--{'' if value else 'no-'}{option.field.replace('_', '-')}")
        else:
            words.append(f"{option.flag} {shlex.quote(said(option, value))}")
    return " ".join(["%%grad", *words])


def said(option: Option, value: Any) -> str:
    """The value of an option as it is written."""
    if option.kind in ("several", "orders"):
        return ",".join(str(one) for one in (option.choices or sorted(value)) if one in value) or "none"
    return str(value)


def written(name: str, span: Range, state: State, wrt: str) -> str:
    """`NAME=LO:HI@START` for a slider or an input, as they stand."""
    if name == wrt:
        span = state.span or span
        return f"{name}={span.lo:.12g}:{span.hi:.12g}@{span.clip(state.x0):.12g}"
    start = state.params.get(name, span.begin if state.y0 is None else state.y0)
    # what was typed may lie outside of the range, and a start may not
    return f"{name}={min(span.lo, start):.12g}:{max(span.hi, start):.12g}@{start:.12g}"


def has_left(name: str, span: Range, state: State) -> bool:
    """Whether a name that has no range on the line stands elsewhere than where it starts."""
    if name in state.params:
        return state.params[name] != span.begin
    return state.span is not None or state.x0 != span.begin
