"""n-th derivatives by Taylor arithmetic: the recorded graph is gone through forwards, a truncated power series at each node.

Reverse mode applied n times over grows a graph that is a multiple of the one before. Here the graph of y is recorded
once, and every node gets the Taylor coefficients of its value along x, order by order, from those of its operands. A row
of the tables says all that this takes: if its partial is p, then y' = p x'. The rule for p is run once and recorded, as for
create_graph=True, and the same procedure gives the coefficients of p. So what reverse mode can differentiate n times has
its series, by the same rules, with the same values at kinks. What nearly every curve is made of (`_TOLD`) is told in fewer
steps: sums, products, quotients, powers, and functions whose slope is made of themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from gradmagic.engine.kinds import Elementwise, Linear, Variadic
from gradmagic.engine.modes import enable_grad
from gradmagic.engine.node import Node
from gradmagic.engine.op import Op, over
from gradmagic.engine.order import reachable
from gradmagic.engine.pulling import target_meta
from gradmagic.engine.quiet import quiet
from gradmagic.engine.tensor import Tensor, edge
from gradmagic.ops import elementwise as E
from gradmagic.ops import moving as M
from gradmagic.ops import shape as S
from gradmagic.ops.series import (
    Series,
    added,
    by_itself,
    integral,
    integral_over,
    linear,
    multiple,
    pair,
    power,
    power_of_linear,
    product,
    quotient,
    times,
)

Array = Any
Operands = Sequence[Any]  # their series; None where there is no x behind one
# rows whose output has the elements of its operand, each at its place
_IN_PLACE = {S.clone, S.clone_in_rows, S.accumulated, S.to_copy, S.alias, S.real, M.masked_fill}
# the slopes of these are polynomials in them: a + b y + c y²
_POLYNOMIALS: dict[Any, Any] = {E.exp: (0, 1, 0), E.tan: (1, 0, 1), E.tanh: (1, 0, -1), E.sigmoid: (0, 1, -1)}
# the slope of each of these, with its sign, and with which sign it has the function itself for its slope
_PAIRS: dict[Any, Any] = {
    E.sin: (np.cos, (1, -1)), E.cos: (np.sin, (-1, 1)), E.sinh: (np.cosh, (1, 1)), E.cosh: (np.sinh, (1, 1)),
}  # fmt: skip


class NoSeriesError(RuntimeError):
    """What has no Taylor series here; the text names it, and the way out."""


class Derivatives(NamedTuple):
    """What an expansion gave: a row for each order from 0, the last order that is not zero for sure, and how it was made."""

    values: Array
    top: int
    mixes: bool  # whether an op on the way moved or summed elements


def derivatives(y: Tensor, x: Tensor, order: int) -> Derivatives:
    """The derivatives of orders 0 to ``order`` of a recorded y along x.

    Where elements are mixed (a sum, a flip), they are the derivatives in the direction in which every element of x grows
    at the same speed.
    """
    out = np.empty((order + 1, *y._array.shape), y._array.dtype)
    expansion = Expansion(x)
    with enable_grad():
        top = quiet(expansion.run, y, order, out)
    return Derivatives(out, top, expansion.mixes)


@cache
def factorials(top: int, dtype: Any) -> Array:
    """From 0! on."""
    return np.array([float(math.factorial(k)) for k in range(top + 1)], dtype)


def at(target: Any, nr: int) -> Any:
    """The key of a node's output, or of a leaf."""
    return (target, nr) if nr else target


class Expansion:
    """One pass from x to y: each node gets its series, and then they are found in the order of the nodes."""

    def __init__(self, x: Tensor) -> None:
        variable = Series(x._array.shape, x._array.dtype, 1)
        variable.give(x._array)
        linear(variable, 1.0)
        # the series of each output of each node and of each leaf; None: does not depend on x
        self.known: dict[Any, Series | None] = {
            None: None,
            at(edge(x) if x.requires_grad else x, x.output_nr): variable,
        }
        # by what they compute, how far, and for which node: rules lead to each other
        self.alike: dict[Any, tuple[int, Series, Node]] = {}
        self.mixes = False

    def run(self, y: Tensor, order: int, out: Array) -> int:
        """Find the derivatives of y, and the last order of which it is not certain that it is zero."""
        target = edge(y)
        waiting = self.prepared(target, order) if order and at(target, y.output_nr) not in self.known else []
        found = self.known.get(at(target, y.output_nr)) if order else None
        out[0] = y._array
        if found is None or not found.top:
            out[1:] = 0
            return 0
        top = found.top
        found.begin(out)
        self.known, self.alike = {}, {}  # a series lives on until its last reader is found
        waiting.reverse()
        while waiting:
            waiting.pop().upto(order)
        found.upto(order)
        times(out[2 : top + 1], factorials(top, out.dtype)[2:], out[2 : top + 1])
        if top < order:
            out[top + 1 :] = 0
        return top

    def prepared(self, root: Any, order: int) -> list[Series]:
        """Make the series of all nodes between x and the root; those that are to be found, in order."""
        found = []
        for node in reachable([root]):
            for nr in (0,) if node.rare is None else range(len(node.metas or (0,))):
                series = None if at(node, nr) in self.known else self.made(node, nr, order)
                if series is not None and series.top and series.rate is None:
                    found.append(series)
        return found

    # -- which series a value has -------------------------------------------------------------------------------

    def of(self, target: Any, nr: int, order: int) -> Series | None:
        """The series behind an edge; made if nobody has asked for it yet, as in the graph of a rule."""
        key = at(target, nr)
        if key not in self.known:
            self.known[key] = self.made(target, nr, order) if isinstance(target, Node) else None
        return self.known[key]

    def of_value(self, value: Any, order: int) -> Any:
        """The series of what a rule gave, or the value itself where it does not depend on x."""
        if not isinstance(value, Tensor):
            return value
        found = self.of(edge(value), value.output_nr, order)
        if found is None or found.top == 0:
            return value._array
        found.give(value._array)
        return found

    def made(self, node: Node, nr: int, order: int) -> Series | None:
        """The series of a node's output, made, and remembered."""
        key, op, operands = at(node, nr), node.op, self.operands(node, order)
        for x in operands:
            if x is not None and x.top:
                break
        else:
            self.known[key] = None
            return None
        told = _TOLD.get(op)
        if told is None:
            refuse_untold(node)
        if node.rare is not None:
            refuse_hooked(node)
        if told is None and not op.pointwise and node.kwargs.get("reduction", 1) != 0:
            y = self.known[key] = self.by_linearity(node, nr, operands, order)
            return y
        same = same_of(node, operands[0]) if len(operands) == 1 and order > 1 and op not in _CHEAP else None
        found = self.alike.get(same)
        if found is not None and found[0] >= order and gave_the_same(found[2], node):
            self.known[key] = found[1]
            return found[1]
        shape, dtype = (node.shape, node.dtype) if node.rare is None else node.meta(nr)
        y = self.known[key] = Series(shape, dtype, order)
        if same is not None:
            self.alike[same] = (order, y, node)
        (told or Expansion.by_rules)(self, y, node, operands, order)
        return y

    def operands(self, node: Node, order: int) -> list[Series | None]:
        nrs, known = node.rare and node.edge_nrs, self.known
        if not nrs:
            try:
                return [known[target] for target in node.edges]
            except KeyError:  # another leaf, or a node that nobody has asked for yet
                nrs = (0,) * len(node.edges)
        return [self.of(target, nr, order) for target, nr in zip(node.edges, nrs, strict=True)]

    # -- how a row's series follows from the row ----------------------------------------------------------------

    def by_rules(self, y: Series, node: Node, operands: Operands, order: int) -> None:
        """The general way: y' = p x', summed over the operands, with the partials p that the row gives."""
        moving = [(i, x) for i, x in enumerate(operands) if x is not None and x.top]
        if len(moving) == 1:
            self.part(y, node, *moving[0], order)
            return
        first, *others = [self.part(Series(y.shape, y.dtype, order), node, i, x, order) for i, x in moving]
        for part in others:
            first, before = y if part is others[-1] else Series(y.shape, y.dtype, order), first
            added(first, before, part)

    def part(self, y: Series, node: Node, i: int, x: Series, order: int) -> Series:
        """What the i-th operand gives to the sum."""
        rule = node.op.vjps[i]
        p = rule if isinstance(rule, (int, float)) else self.of_value(evaluated(node, i, order), order - 1)
        if type(p) is not Series:
            one = type(p) in (int, float) and p == 1
            multiple(y, np.divide if type(rule) is over else None if one else np.multiply, p, x)
        elif type(rule) is over:
            integral_over(y, p, x)
        else:
            integral(y, p, x)
        return y

    def by_sum(self, y: Series, node: Node, operands: Operands, order: int) -> None:
        a, b = operands
        if a is not None and b is not None:
            added(y, a, b, _SUMS[node.op])
        else:
            self.by_rules(y, node, operands, order)

    def by_negation(self, y: Series, node: Node, operands: Operands, order: int) -> None:
        multiple(y, np.multiply, -1, operands[0])

    def by_product(self, y: Series, node: Node, operands: Operands, order: int) -> None:
        a, b = operands
        if a is None or a.top == 0:
            multiple(y, np.multiply, node.unpack(0, False), b)
        elif b is None or b.top == 0:
            multiple(y, np.multiply, node.unpack(1, False), a)
        else:
            a.give(node.unpack(0, False))
            b.give(node.unpack(1, False))
            product(y, a, b)

    def by_quotient(self, y: Series, node: Node, operands: Operands, order: int) -> None:
        a, b = operands
        below = node.unpack(1, False)
        if b is None or b.top == 0:
            if type(below) in (int, float) and _SMALLEST < abs(below) < 1 / _SMALLEST:
                multiple(y, np.multiply, 1 / below, a)  # in a third of the time
            else:
                multiple(y, np.divide, below, a)
            return
        b.give(below)
        y.give(node.unpack(0, False) / below)
        quotient(y, a, b)

    def by_power(self, y: Series, node: Node, operands: Operands, order: int) -> None:
        (x,) = operands
        exponent, value = node.kwargs["exponent"], node.unpack(0, False)
        x.give(value)
        if isinstance(exponent, complex):
            self.by_rules(y, node, operands, order)
        elif 0 <= exponent <= _FEW_FACTORS and exponent == int(exponent):
            self.by_products(y, x, int(exponent), order)
        elif np.all(value != 0) and not np.any(np.isinf(value)):
            y.give(np.power(value, exponent))
            power(y, x, exponent)
        else:
            self.by_rules(y, node, operands, order)

    def by_products(self, y: Series, x: Series, exponent: int, order: int) -> None:
        """A whole power, by halving it; so it is exact at zero too."""
        if x.rate is not None:
            power_of_linear(y, x, exponent)
        elif exponent > 1:
            a = x if exponent == 2 else self.raised(x, exponent // 2, order)
            b = a if exponent % 2 == 0 else self.raised(x, exponent - exponent // 2, order)
            product(y, a, b)
        else:
            y.top = x.top * exponent
            multiple(y, None, None, x)

    def raised(self, x: Series, exponent: int, order: int) -> Series:
        """A whole power of x as a series of its own."""
        if exponent == 1:
            return x
        y = Series(x.shape, x.dtype, order)
        y.give(x.value**exponent)
        self.by_products(y, x, exponent, order)
        return y

    def by_pair(self, y: Series, node: Node, operands: Operands, order: int) -> None:
        """Sine and cosine, each the other's slope: both are found together."""
        (x,) = operands
        slope, signs = _PAIRS[node.op]
        pair(y, x, node.op.fn, slope, signs, node.unpack(0, False))

    def by_polynomial(self, y: Series, node: Node, operands: Operands, order: int) -> None:
        """Tangents and their like, whose slope is a polynomial in themselves."""
        (x,) = operands
        a, b, c = _POLYNOMIALS[node.op]
        y.give(node.unpack(1, False))
        if c == 0:  # the exponential is its own slope
            integral(y, y, x)
        else:
            by_itself(y, x, a, b, c)

    def by_linearity(self, node: Node, nr: int, operands: Operands, order: int) -> Series:
        """A linear row is applied to the coefficients of each order by themselves."""
        op = node.op
        if not isinstance(op, (Linear, Variadic)):
            raise NoSeriesError(
                f"{op.name} is neither elementwise nor linear, so it has no Taylor series here: {_WAY_OUT}"
            )
        self.mixes = self.mixes or op not in _IN_PLACE
        apply = _joined if isinstance(op, Variadic) else _moved
        y = Series(*node.meta(nr), min(order, max([x.top for x in operands if x is not None])))

        def step(lo: int, hi: int) -> None:
            for x in operands:
                if x is not None:
                    x.upto(hi)
            for k in range(lo, hi + 1):
                y.c[k] = apply(node, nr, operands, k)

        y.step = step
        return y


def same_of(node: Node, x: Series | None) -> Any:
    """What a node computes, of which series: the key of what it shares with another."""
    key = (node.op, x, *node.kwargs.values())
    try:
        hash(key)
    except TypeError:
        return None
    return key


def gave_the_same(one: Node, other: Node) -> bool:
    """Whether two nodes of one op over one operand have the same output, if it is saved: it may have been written to
    between them, which shows nowhere else.
    """
    n = len(one.edges)
    if not one.saved or one.saved[n] is None:
        return True
    a, b = one.unpack(n, False), other.unpack(n, False)
    return a is b or np.array_equal(a, b, equal_nan=True)


def _moved(node: Node, nr: int, operands: Operands, k: int) -> Array:
    (x,) = operands
    assert x is not None
    row = node.op.fn(x.c[k], **node.op.of_linear_part(node.kwargs))
    return row if node.op.outputs == 1 else row[nr]


def _joined(node: Node, nr: int, operands: Operands, k: int) -> Array:
    kwargs = dict(node.kwargs)
    shapes = kwargs.pop("shapes")
    rows = [
        x.c[k] if x is not None and k <= x.top else np.zeros(shape, node.dtype)
        for x, shape in zip(operands, shapes, strict=True)
    ]
    return node.op.fn(rows, **kwargs)


_WAY_OUT = "apply grad(…, create_graph=True) as often as the order says"
_FEW_FACTORS = 64
_SMALLEST = 1e-300  # of which there is a reciprocal
_SUMS: dict[Any, Any] = {E.add: np.add, E.sub: np.subtract}
_TOLD: dict[Any, Callable[..., None]] = {
    E.mul: Expansion.by_product, E.div: Expansion.by_quotient, E.pow_scalar: Expansion.by_power,
    E.neg: Expansion.by_negation, **dict.fromkeys(_SUMS, Expansion.by_sum),
    **dict.fromkeys(_PAIRS, Expansion.by_pair), **dict.fromkeys(_POLYNOMIALS, Expansion.by_polynomial),
}  # fmt: skip
_CHEAP = {E.neg, E.pow_scalar}  # which to look for costs more than to find again


def refuse_untold(node: Node) -> None:
    """What stands in a graph and is no row of a table says nothing about its series."""
    if not isinstance(node.op, Op):
        raise NoSeriesError(f"{node.name()} is no op of the tables, so it has no Taylor series here: {_WAY_OUT}")
    if node.op in (E.abs, E.sign) and target_meta(node, 0)[1].kind == "c":
        raise NoSeriesError(
            f"{node.op.name} of complex numbers has no complex derivative, so no Taylor series: {_WAY_OUT}"
        )


def refuse_hooked(node: Node) -> None:
    """Hooks say nothing about a series either."""
    if node.plain:
        return
    if node.node_hooks or node.node_prehooks or (node.pre_hooks and any(hooks for hooks, _ in node.pre_hooks.values())):
        raise NoSeriesError(f"{node.name()} has hooks, which change gradients as they please: {_WAY_OUT}")


def evaluated(node: Node, i: int, order: int) -> Any:
    """The partial by the i-th operand, or the reciprocal that gives it: an array, or, where its own slope counts, a Tensor."""
    op, recording = node.op, order > 1
    rule = op.vjps[i]
    if rule is None:
        raise NoSeriesError(f"{op.name} has no derivative by its operand number {i + 1}")
    if not isinstance(op, Elementwise) or op.gives_gradient(i):
        return of_ones(node, i, recording)
    return (rule.rule if isinstance(rule, over) else rule)(*op.arguments(node, i, None, recording))


def of_ones(node: Node, i: int, recording: bool) -> Any:
    """The partial of a row that is given by its vjp: what that makes of ones. A vjp of complex numbers conjugates."""
    ones: Any = np.ones(node.shape, node.dtype)
    p = node.op.vjps[i](*node.op.arguments(node, i, Tensor._of(ones) if recording else ones, recording))
    return np.conj(p) if node.dtype.kind == "c" else p
