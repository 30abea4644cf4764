"""A `%%grad` line, read: to a Request, or to one sentence that quotes what is wrong and says what to do.

Knows the table of options; no cell, and numpy only where a weight or a number has to be understood.
"""

from __future__ import annotations

import difflib
import keyword
import math
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from gradmagic.explore.options import (
    BY_FLAG,
    MOST_OUTPUTS,
    Option,
)
from gradmagic.explore.request import GradUsageError, Range, Request, quoted

__all__ = ["READERS", "assignment", "by_name", "checked", "nearest", "parse_line", "split_expression"]

SPACED: Final = re.compile(r"(?<!\S)([^\W\d]\w*)(?:\s+=\s*|=\s+)(-?[^\s='\"-][^\s='\"]*)?(?=\s|$)")


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
        raise GradUsageError(
            f"--wrt {request.wrt},{request.second}: the inputs and {quoted(request.of or 'y')} need three names"
        )
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
            f"{quoted(f'{option.flag} {text}')}{hint}: {option.flag} is one of {', '.join(option.choices)}"
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
        try:
            return bound(text, written)
        except GradUsageError as mistake:
            raise GradUsageError(f"{mistake}; a range is written {name}=0:2") from None
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
