"""Typed text to numbers: a whitelist over `ast`, bounded in size, never `eval`. Knows no cells and runs no code.

What arrives through a widget may come from a stranger, so everything that is not listed here is refused.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from gradmagic.explore.record import record
from gradmagic.explore.request import GradUsageError, quoted

__all__ = ["FUNCTIONS", "NUMBERS", "Expression", "number"]

MAX_CHARACTERS, MAX_NODES, MAX_DEPTH = 200, 100, 30

NUMBERS: Mapping[str, float] = {"pi": np.pi, "e": np.e}

# name -> (numpy's function, how many arguments it takes)
FUNCTIONS: Mapping[str, tuple[Callable[..., Any], int]] = {
    **{
        name: (getattr(np, name), 1)
        for name in (
            *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh"),
            *("arctanh", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "sign", "floor"),
            *("ceil", "square"),
        )
    },
    **{name: (getattr(np, f"arc{name[1:]}"), 1) for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")},
    **{name: (getattr(np, name), 2) for name in ("minimum", "maximum", "hypot")},
    "abs": (np.abs, 1),
    "ln": (np.log, 1),
    "atan2": (np.arctan2, 2),
    "arctan2": (np.arctan2, 2),
}

BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}

Values = Mapping[str, Any]
Formula = Callable[[Values], Any]


@record
class Expression:
    """An arithmetic expression in given names, parsed once.

    Examples
    --------
    >>> wave = Expression.of("2*cos(x) + 1", ["x"])
    >>> float(wave(x=0.0))
    3.0
    """

    text: str
    names: frozenset[str]
    formula: Formula

    @classmethod
    def of(cls, text: str, names: tuple[str, ...] | list[str] = ("x",)) -> Expression:
        """Parse the text; every mistake is a GradUsageError that says what is allowed."""
        allowed = tuple(names)
        text = text.replace("−", "-")  # the minus of what was read somewhere, and copied
        if not text.strip():
            such = "'cos(x)' or '2*pi'" if "x" in allowed else "'1.5' or '2*pi'"
            raise GradUsageError(f"an expression is missing: write one such as {such}")
        if len(text) > MAX_CHARACTERS:
            raise GradUsageError(f"the expression {quoted(text)} has {len(text)} characters: {MAX_CHARACTERS} at most")
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise GradUsageError(f"cannot read {quoted(text)} as an expression{advice(text)}") from None
        if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
            raise GradUsageError(f"the expression {quoted(text)} has too many parts: {MAX_NODES} at most")
        used: set[str] = set()
        formula = Compiler(text, allowed, used).compiled(tree, 0)
        return cls(text.strip(), frozenset(used), formula)

    def __call__(self, **values: Any) -> Any:
        """Evaluate with these values; outside the domain of a function the result is NaN or infinite, silently."""
        with np.errstate(all="ignore"):
            return self.formula(values)


@record
class Compiler:
    """From a tree to nested closures; what is not listed is refused."""

    text: str
    names: tuple[str, ...]
    used: set[str]

    def compiled(self, node: ast.expr, depth: int) -> Formula:
        if depth > MAX_DEPTH:
            raise GradUsageError(f"the expression {quoted(self.text)} is nested too deeply: {MAX_DEPTH} levels at most")
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                # ints become floats, so that 9**9**9 is inf at once and not a minute of big integers
                return constant(float(value))
            case ast.Name(id=name) if name in self.names:
                self.used.add(name)
                return lambda values: values[name]
            case ast.Name(id=name) if name in NUMBERS:
                return constant(NUMBERS[name])
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.compiled(operand, depth + 1)
                return lambda values: -inner(values)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.compiled(operand, depth + 1)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
                apply = BINARY[type(op)]
                a, b = self.compiled(left, depth + 1), self.compiled(right, depth + 1)
                return lambda values: apply(a(values), b(values))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
                return self.call(name, args, depth)
        raise self.refusal(node)

    def call(self, name: str, args: list[ast.expr], depth: int) -> Formula:
        function, arity = FUNCTIONS[name]
        if len(args) != arity:
            raise GradUsageError(f"{name}() takes {arity} argument{'s' * (arity > 1)} in {quoted(self.text)}")
        inner = [self.compiled(arg, depth + 1) for arg in args]
        return lambda values: function(*(part(values) for part in inner))

    def refusal(self, node: ast.expr) -> GradUsageError:
        what = quoted(ast.get_source_segment(self.text.strip(), node) or type(node).__name__)
        known = ", ".join((*self.names, "pi", "e"))
        return GradUsageError(
            f"{what} is not allowed in an expression{advice(self.text)}: it may have numbers, {known}, + - * / ** and "
            "functions such as sin, cos, exp, log, sqrt, abs"
        )


def constant(value: float) -> Formula:
    """A formula without names; numpy's float, so that 1/0 is inf and not an exception."""
    number = np.float64(value)
    return lambda _: number


def advice(text: str) -> str:
    """What the commonest slips want."""
    if "^" in text:
        return " (powers are written **)"
    if text.count("(") != text.count(")"):
        return " (a bracket is not closed)" if text.count("(") > text.count(")") else " (a bracket is closed twice)"
    if "," in text and "(" not in text:
        return " (decimals are written with a point, as in 1.5)"
    if any(a.isdigit() and (b.isalpha() or b == "(") for a, b in pairwise(text.replace(" ", ""))):
        return " (products are written with *, as in 2*x)"
    return ""


def number(text: str) -> float:
    """A finite number: `3`, `-1e-3`, `2*pi`, `-pi/2`; anything else is a GradUsageError.

    Examples
    --------
    >>> number("-pi/2")
    -1.5707963267948966
    """
    value = float(Expression.of(text, ())())
    if not np.isfinite(value):
        raise GradUsageError(f"{quoted(text)} is not a finite number: write one such as 3, 1e-3 or 2*pi")
    return value
