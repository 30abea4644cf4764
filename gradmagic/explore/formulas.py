"""The rule of a node as mathematics, read off the row that it follows. Knows the rows' texts and no graph."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from gradmagic.explore.rows import op_of, row_named

__all__ = ["formula_of"]

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
SIGNS: Mapping[type[ast.operator], tuple[str, int]] = {
    ast.Add: (" + ", 1), ast.Sub: (" − ", 1), ast.Mult: (" · ", 2), ast.Div: (" / ", 2), ast.MatMult: (" · ", 2),
}  # fmt: skip
OPERATORS: Mapping[str, str] = {
    "add": "a + b", "sub": "a − b", "mul": "a · b", "truediv": "a / b", "negative": "−x", "reciprocal": "1 / x",
}  # fmt: skip

# Of rows that say how in the engine's own terms: by the name of the row.
WORDS: Mapping[str, str] = {
    "pow_tensor": "y = aᵇ. It passes on g · b · aᵇ⁻¹ to a, and g · y · log(a) to b.",
    "pow_of_scalar": "y = aᵇ with a number a. It passes on g · y · log(a).",
    "tanh": "y = tanh(x), dy/dx = 1 − y². It passes on g · (1 − y²).",
    "sigmoid": "y = 1 / (1 + exp(−x)), dy/dx = y · (1 − y). It passes on g · y · (1 − y).",
    "asin": "y = asin(x), dy/dx = 1 / √(1 − x²). It passes on g / √(1 − x²).",
    "acos": "y = acos(x), dy/dx = −1 / √(1 − x²). It passes on −g / √(1 − x²).",
    "asinh": "y = asinh(x), dy/dx = 1 / √(1 + x²). It passes on g / √(1 + x²).",
    "atan2": "y = atan2(a, b), ∂y/∂a = b / (a² + b²), ∂y/∂b = −a / (a² + b²). It passes on g times these.",
    "hypot": "y = √(a² + b²), ∂y/∂a = a / y, ∂y/∂b = b / y. It passes on g · a / y to a, and g · b / y to b.",
    "erf": "y = erf(x), dy/dx = 2 / √π · exp(−x²). It passes on g · 2 / √π · exp(−x²).",
    "log2": "y = log2(x), dy/dx = 1 / (x · log(2)). It passes on g / (x · log(2)).",
    "log10": "y = log10(x), dy/dx = 1 / (x · log(10)). It passes on g / (x · log(10)).",
    "sign": "y = sign(x), dy/dx = 0. It passes on 0.",
    "softplus_row": "y = log(1 + exp(β · x)) / β, dy/dx = sigmoid(β · x). It passes on g · sigmoid(β · x).",
    "gelu_row": "y = x · Φ(x), dy/dx = Φ(x) + x · φ(x), with the normal distribution Φ and its density φ. It passes on "
    "g times that.",
    "relu": "y = x where x > 0, else 0. It passes on g where x > 0, and 0 elsewhere (at 0, too).",
    "abs": "y = |x|, dy/dx = sign(x). It passes on g · sign(x); at 0, where there is no derivative, 0.",
    "maximum": "y is the larger of a and b. It passes g on to the larger one, and half of it to each where they are "
    "equal.",
    "minimum": "y is the smaller of a and b. It passes g on to the smaller one, and half of it to each where they are "
    "equal.",
    "where": "y = b where the condition holds, else c. It passes g on to the one that was taken, and 0 to the other.",
    "sum": "y adds up elements of x. Each of them gets the g of its sum.",
    "mean": "y is the mean of n elements of x. Each of them gets g / n.",
    "cumsum": "y holds sums up to each place. Each element of x gets the sum of g from its place on.",
    "prod": "y multiplies elements of x. Each gets g times the product of the others.",
    "norm": "y is the length of x. It passes on g · x / y, and 0 where y is 0.",
    "mm": "y = a · b, a product of matrices. It passes on g · bᵀ to a, and aᵀ · g to b.",
    "bmm": "y = a · b, products of matrices. It passes on g · bᵀ to a, and aᵀ · g to b.",
    "mv": "y = a · b, a matrix times a vector. It passes on g · bᵀ to a, and aᵀ · g to b.",
    "dot": "y = a · b, two vectors. It passes on g · b to a, and g · a to b.",
    "expand": "y repeats x. The g of all copies are added up.",
    "select": "y is a part of x. g goes to where the part was, and 0 to the rest.",
    "slice": "y is a part of x. g goes to where the part was, and 0 to the rest.",
    "index_op": "y picks elements of x. The g of each is added where it was picked, and 0 goes to the rest.",
    "max_all": "y is the largest element of x. g goes to it, in equal parts where several are the largest.",
    "min_all": "y is the smallest element of x. g goes to it, in equal parts where several are the smallest.",
    "clamp_scalar": "y is x, held between two numbers. It passes on g where x was inside, and 0 where it was held.",
    "clone": "y is a copy of x. It passes on g as it is.",
    "softmax": "y = exp(x) / sum of exp(x). It passes on y · (g − sum of g · y).",
    "log_softmax": "y = x − log of the sum of exp(x). It passes on g − exp(y) · sum of g.",
    "logsumexp": "y is the log of the sum of exp(x). It passes on g · exp(x − y).",
    "stack": "y puts tensors side by side. Each gets its part of g.",
    "cat": "y puts tensors one behind the other. Each gets its part of g.",
}  # fmt: skip

MOVING = "y has the elements of x in another shape or order. It passes on g in the shape and order of x."
MOVES = ("view", "reshape", "transpose", "t", "permute", "unsqueeze", "squeeze", "flatten", "movedim", "flip", "roll")

OF_A_KIND: Mapping[str, str] = {
    "Linear": "y is linear in x. It passes on g through the transpose of the same map.",
    "Bilinear": "y is linear in a and in b, each by itself. To either it passes on what the other makes of g.",
}


class UnreadableError(Exception):
    """A rule that is more than a formula."""


def formula_of(node: Any) -> str:
    """What a node computed, and what it passes on of the gradient g that it receives; empty where words fail.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> print(formula_of(torch.sin(x).grad_fn))
    y = sin(x), dy/dx = cos(x). It passes on g · cos(x).
    >>> print(formula_of(torch.cos(x).grad_fn))
    y = cos(x), dy/dx = −sin(x). It passes on g · (−sin(x)).
    >>> print(formula_of((x * x).grad_fn))
    y = a · b, ∂y/∂a = b, ∂y/∂b = a. It passes on g · b to a, and g · a to b.
    >>> print(formula_of((x**3).grad_fn))
    y = x³, dy/dx = 3 · x². It passes on g · 3 · x².
    """
    inner = getattr(node, "inner", None)
    if inner is not None:
        return f"A write into a part of a tensor. What was overwritten gets 0; what was written: {formula_of(inner)}"
    op = op_of(node)
    if op is None:
        return "A Function of your own: it passes on what its backward says."
    if op.name == "pow_scalar":
        return power((node.kwargs or {}).get("exponent"))
    if op.name in MOVES:
        return MOVING
    wanted = tuple(place for place, edge in enumerate(node.edges) if edge is not None)
    return WORDS.get(op.name) or derived(op.name, wanted) or OF_A_KIND.get(type(op).__name__, "")


def power(exponent: Any) -> str:
    """Of x to the power of a number."""
    if not isinstance(exponent, int | float):
        return "y = xⁿ, dy/dx = n · xⁿ⁻¹. It passes on g · n · xⁿ⁻¹."
    slope = product(number(exponent), raised("x", exponent - 1))
    return f"y = {raised('x', exponent)}, dy/dx = {slope}. It passes on {passing(slope)}."


def number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def raised(base: str, exponent: float) -> str:
    """A power, as it is written by hand."""
    if exponent in (0, 1):
        return base if exponent else "1"
    text = f"{exponent:g}"
    if float(exponent).is_integer():
        return f"{base}{text.translate(SUPERSCRIPTS)}"
    return f"{base}^({number(exponent)})" if exponent < 0 else f"{base}^{text}"


def product(*factors: str) -> str:
    """A product without its ones, and 0 where a factor is.

    >>> product("2", "x"), product("1", "1"), product("−1", "x⁻²"), product("0", "x⁻¹")
    ('2 · x', '1', '−x⁻²', '0')
    """
    if "0" in factors:
        return "0"
    left = [factor for factor in factors if factor != "1"]
    return " · ".join(left).replace("−1 · ", "−") if left else "1"


@cache
def derived(name: str, wanted: Sequence[int]) -> str:
    """What the row of an elementwise op says; empty where it is more than a formula, or no such row."""
    row = row_named(name)
    if not row:
        return ""
    (statement,) = ast.parse(row).body
    call = getattr(statement, "value", None)
    if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "elementwise":
        return ""
    fn, *partials = call.args
    operands = ("x",) if len(partials) == 1 else ("a", "b", "c")[: len(partials)]
    try:
        y, slopes = forward(fn, operands), [partial_of(one) for one in partials]
    except UnreadableError:
        return ""
    chosen = [place for place in range(len(operands)) if place in wanted] or range(len(operands))
    d = "d" if len(operands) == 1 else "∂"
    said = ", ".join([f"y = {y}", *(f"{d}y/{d}{operands[k]} = {slopes[k]}" for k in chosen)])
    single = len(operands) == 1
    passed = [passing(slopes[k]) + ("" if single else f" to {operands[k]}") for k in chosen]
    return f"{said}. It passes on {', and '.join(passed)}."


def passing(slope: str) -> str:
    """The gradient times a slope."""
    if slope in ("0", "1", "−1"):
        return slope.replace("1", "g")
    outside = [sign for sign in (" + ", " − ") if sign in without_brackets(slope)]
    if outside or slope.startswith("−"):
        return f"g · ({slope})"
    return f"g / {slope.removeprefix('1 / ')}" if slope.startswith("1 / ") else f"g · {slope}"


def without_brackets(text: str) -> str:
    """What of a formula stands in no brackets."""
    left, deep = "", 0
    for letter in text:
        deep += (letter == "(") - (letter == ")")
        left += letter if deep == 0 else ""
    return left


def forward(fn: ast.expr, operands: Sequence[str]) -> str:
    """What the op computes."""
    if isinstance(fn, ast.Lambda):
        return written(fn.body)[0]
    if not isinstance(fn, ast.Attribute):
        raise UnreadableError
    return OPERATORS.get(fn.attr) or applied(fn.attr, ", ".join(operands))


def partial_of(given: ast.expr) -> str:
    """A partial derivative: a number, a function, or the reciprocal of one."""
    if isinstance(given, ast.Call) and getattr(given.func, "id", "") == "over" and len(given.args) == 1:
        inner = given.args[0]
        text, rank = written(inner.body) if isinstance(inner, ast.Lambda) else ("", 0)
        if not text:
            raise UnreadableError
        return f"1 / {text if rank > 2 else f'({text})'}"
    return written(given.body if isinstance(given, ast.Lambda) else given)[0]


def applied(name: str, arguments: str) -> str:
    """A function of something."""
    plain = {"absolute": "abs", "power": "pow"}.get(name, name).replace("arc", "a")
    return f"√{arguments}" if name == "sqrt" and len(arguments) == 1 else f"{plain}({arguments})"


def written(node: ast.expr) -> tuple[str, int]:
    """An expression as it is written by hand, and how tightly it holds together: 4 as a name, 1 as a sum."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return number(value), 4
        case ast.Name(id=name) if not name.startswith("_") and len(name) == 1:
            return name, 4
        case ast.Name(id=name) if name.endswith("_x"):  # cos_x: a value that is known already
            return applied(name.removesuffix("_x"), "x"), 4
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            text, rank = written(operand)
            return f"−{text if rank > 1 else f'({text})'}", 2
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as exponent)):
            text, rank = written(left)
            return raised(text if rank > 3 else f"({text})", exponent), 3
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in SIGNS:
            between, rank = SIGNS[type(sign)]
            (a, of_a), (b, of_b) = written(left), written(right)
            if isinstance(sign, ast.Mult) and a == b and of_a > 3:
                return raised(a, 2), 3
            # a − (b + c) and a / (b · c) keep their brackets
            tight = rank + isinstance(sign, ast.Sub | ast.Div) if b[0] != "−" else 5
            return f"{a if of_a >= rank else f'({a})'}{between}{b if of_b >= tight else f'({b})'}", rank
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name), args=arguments, keywords=[]):
            return applied(name, ", ".join(written(one)[0] for one in arguments)), 4
        case ast.Call(func=ast.Call(func=ast.Name(id="called"), args=[ast.Name(id=name)]), args=arguments, keywords=[]):
            return applied(name, ", ".join(written(one)[0] for one in arguments)), 4
    raise UnreadableError
