"""The `%%grad` line that says a state, so that what was found can be kept. Knows the table of options."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from gradmagic.explore.options import (
    OPTIONS,
    Option,
)
from gradmagic.explore.request import SHOWN, Range, Request

if TYPE_CHECKING:
    from gradmagic.explore.state import State

__all__ = ["line_of"]


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


def line_of(
    request: Request, state: State, domain: Range | None = None, height: tuple[str, Range] | None = None,
    width: float | None = None,
) -> str:  # fmt: skip
    """The `%%grad` line that opens a panel in this state: zoomed, with the overlays that are switched on, ….

    A name without a range on the line is said too, where it has left its start; `domain` is what x then ranges over,
    `height` the name and the range of a second input, `width` how wide the curves are before any zoom.

    Examples
    --------
    >>> from gradmagic.explore.reading import parse_line
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
    others |= dict([height]) if height is not None else {}
    others = {name: changed.get(name, span) for name, span in others.items() if name not in request.ranges}
    moved = {name: span for name, span in others.items() if name in changed or has_left(name, span, state, request.wrt)}
    words += [written(name, span, state, request.wrt) for name, span in moved.items()]
    words += [f"{name}={exactly(value)}" for name, value in request.values.items()]
    for option in OPTIONS:
        if option.kind in NAMES_OF:
            words += [f"{option.flag} {names}"] if (names := NAMES_OF[option.kind](request)) else []
            continue
        value = getattr(state.look, option.look) if option.look else getattr(state, option.field, None)
        if not (option.look or hasattr(state, option.field)):
            value = getattr(request, option.field)
        if option.field == "step" and value is None and width is not None:
            value = step_before(state, domain, width)
        if value == (SHOWN if option.field == "show" else option.default):
            continue
        if option.kind in ("switch", "off"):
            words.append(f"--{'' if value else 'no-'}{option.field.replace('_', '-')}")
        else:
            words.append(f"{option.flag} {shlex.quote(said(option, value))}")
    return " ".join(["%%grad", *words])


def step_before(state: State, domain: Range | None, width: float) -> float | None:
    """The step h that is seen, where a line with the range that was zoomed to would open with another."""
    from gradmagic.explore.state import round_step, stretch

    step = round_step(width)
    seen = state.look.overlays & {"secant", "differences"} and state.y0 is None
    return step if seen and step != round_step(width * stretch(state, domain)) else None


def said(option: Option, value: Any) -> str:
    """The value of an option as it is written."""
    if option.kind in ("several", "orders"):
        return ",".join(str(one) for one in (option.choices or sorted(value)) if one in value) or "none"
    return str(value)


def written(name: str, span: Range, state: State, wrt: str) -> str:
    """`NAME=LO:HI@START` for a slider or an input, as they stand."""
    if name == wrt:
        span = state.span or span
        return ranged(name, span, state.x0)
    if name not in state.params and state.y0 is not None:
        span = state.span_y or span
        return ranged(name, span, state.y0)
    start = state.params.get(name, span.begin)
    # what was typed may lie outside of the range, and a start may not
    return ranged(name, Range(min(span.lo, start), max(span.hi, start)), start)


def ranged(name: str, span: Range, start: float) -> str:
    return f"{name}={exactly(span.lo)}:{exactly(span.hi)}@{exactly(span.clip(start))}"


def exactly(value: float) -> str:
    """A number in as many digits as give it back to the last bit.

    >>> exactly(2.0), exactly(-0.1), exactly(1 / 3), exactly(1e-7)
    ('2', '-0.1', '0.3333333333333333', '1e-07')
    """
    return repr(float(value)).removesuffix(".0")


def has_left(name: str, span: Range, state: State, wrt: str) -> bool:
    """Whether a name that has no range on the line stands elsewhere than where it starts."""
    if name in state.params:
        return state.params[name] != span.begin
    if name == wrt:
        return state.span is not None or state.x0 != span.begin
    return state.span_y is not None or state.y0 != span.begin
