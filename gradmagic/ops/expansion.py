"""n-th derivatives by Taylor arithmetic: the recorded graph is gone through forwards, a truncated power series at each node.

Reverse mode applied n times over grows a graph that is a multiple of the one before. Here the graph of y is recorded
once, and every node gets the Taylor coefficients of its value along x, order by order, from those of its operands. A row
of the tables says all that this takes: if its partial is p, then y' = p x'. The rule for p is run once and recorded, as for
create_graph=True, and the same procedure gives the coefficients of p. So what reverse mode can differentiate n times has
its series, by the same rules, with the same values at kinks; only products, quotients and powers are told otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradmagic.engine.kinds import Elementwise, Linear, Variadic
from gradmagic.engine.modes import enable_grad
from gradmagic.engine.node import Node
from gradmagic.engine.op import Op, over
from gradmagic.engine.pulling import target_meta
from gradmagic.engine.quiet import quiet
from gradmagic.engine.tensor import Tensor, edge
from gradmagic.engine.walk import reachable
from gradmagic.ops import elementwise as E
from gradmagic.ops import moving as M
from gradmagic.ops import shape as S
from gradmagic.ops.series import (
    Series,
    constant,
    integral,
    integral_over,
    multiple,
    pair,
    polynomial,
    power,
    power_of_variable,
    product,
    quotient,
    scaled,
    variable,
)

Array = Any
# rows whose output has the elements of its operand, each at its place
_IN_PLACE = {S.clone, S.clone_in_rows, S.accumulated, S.to_copy, S.alias, S.real, M.masked_fill}
# the slopes of these are polynomials in them: a + b y + c y²
_POLYNOMIALS: dict[Any, Any] = {E.tan: (1, 0, 1), E.tanh: (1, 0, -1), E.sigmoid: (0, 1, -1)}
# the slope of each of these, and with which sign it has the function itself for its slope
_PAIRS: dict[Any, Any] = {
    E.sin: (np.cos, -1), E.cos: (lambda x: -np.sin(x), -1), E.sinh: (np.cosh, 1), E.cosh: (np.sinh, 1),
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
    out[0] = y._array
    expansion = Expansion(x)
    with enable_grad():
        try:
            found = quiet(expansion.run, y, order)
            top = 0 if found is None else min(found.top, order)
            if found is not None and top:
                factorials = np.array([float(math.factorial(k)) for k in range(1, top + 1)], found.c.dtype)
                quiet(np.multiply, found.c[1 : top + 1].T, factorials, out=out[1 : top + 1].T)
        finally:
            expansion.let_go()
    out[top + 1 :] = 0
    return Derivatives(out, top, expansion.mixes)


class Expansion:
    """One pass from x to y."""

    def __init__(self, x: Tensor) -> None:
        self.source = (edge(x) if x.requires_grad else x, x.output_nr)
        self.x = x
        # the series of each output of each node and of each leaf; None: does not depend on x
        self.known: dict[Any, Series | None] = {self.source: variable(x._array)}
        self.all: list[Series] = []
        self.alike: dict[Any, tuple[int, Series]] = {}  # by what they compute, and how far: sin and cos need each other
        self.mixes = False

    def run(self, y: Tensor, order: int) -> Series | None:
        target = edge(y)
        if target is None or order == 0:
            return None
        if (target, y.output_nr) == self.source:
            return self.known[self.source]
        self.prepare(target, order)
        found = self.known.get((target, y.output_nr))
        if found is not None:
            found.give(y._array)
            for series in list(self.known.values()):  # in the order of their making, so that none has to wait for many
                if series is not None:
                    series.upto(order)
        return found

    def new(self, shape: tuple[int, ...], dtype: Any, top: int) -> Series:
        series = Series(shape, dtype, top)
        self.all.append(series)
        return series

    def let_go(self) -> None:
        """Series know each other, in circles: taken apart, their memory is free at once."""
        for series in self.all:
            series.__dict__.pop("step", None)

    def prepare(self, root: Any, order: int) -> None:
        """Make the series of all nodes between x and the root."""
        leads = {self.source[0]}
        for node in reachable([root]):
            if node is self.source[0]:
                continue
            if leads.isdisjoint(node.edges):
                self.known.update(((node, nr), None) for nr in range(len(node.metas or (0,))))
                continue
            leads.add(node)
            if node.metas is None:
                self.made(node, 0, order)
                continue
            for nr, (_, dtype) in enumerate(node.metas):
                if dtype.kind in "fc":
                    self.made(node, nr, order)

    # -- which series a value has -------------------------------------------------------------------------------

    def of(self, target: Any, nr: int, order: int) -> Series | None:
        """The series behind an edge; made if nobody has asked for it yet, as in the graph of a rule."""
        if (target, nr) in self.known:
            return self.known[target, nr]
        return self.made(target, nr, order) if isinstance(target, Node) else None

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
        key = (node, nr)
        operands = self.operands(node, order)
        for x in operands:
            if x is not None and x.top:
                break
        else:
            self.known[key] = None
            return None
        op, alike = node.op, None
        refuse_untold(node)
        if order > 1 and len(operands) == 1:
            alike = self.same(node)
            found = self.alike.get(alike)
            if found is not None and found[0] >= order:
                self.known[key] = found[1]
                return found[1]
        shape, dtype = (node.shape, node.dtype) if node.metas is None else node.metas[nr]
        if op.pointwise or node.kwargs.get("reduction", 1) == 0:
            y = self.known[key] = self.new(shape, dtype, order)
            if alike is not None:
                self.alike[alike] = (order, y)
            (_TOLD.get(op) or Expansion.by_rules)(self, y, node, operands, order)
        else:
            y = self.known[key] = self.by_linearity(node, nr, operands, order)
        return y

    def operands(self, node: Node, order: int) -> list[Series | None]:
        nrs, known = node.edge_nrs, self.known
        found = []
        for i, target in enumerate(node.edges):
            if target is not None:
                at = (target, 0 if nrs is None else nrs[i])
                found.append(known[at] if at in known else self.of(*at, order))
            else:
                found.append(None)
        return found

    def same(self, node: Node) -> Any:
        """What a node computes, of what: the key of what it shares with another."""
        nr = 0 if node.edge_nrs is None else node.edge_nrs[0]
        key = (node.op, node.edges[0], nr, *node.kwargs.values())
        try:
            hash(key)
        except TypeError:
            return None
        return key

    # -- how a row's series follows from the row ----------------------------------------------------------------

    def by_rules(self, y: Series, node: Node, operands: Sequence[Series | None], order: int) -> None:
        """The general way: y' = p x', with the partial p that the row gives."""
        factors: list[tuple[Any, Any, Series]] = []
        terms: list[tuple[Series, Series]] = []
        for i, x in enumerate(operands):
            if x is None or x.top == 0:
                continue
            rule = node.op.vjps[i]
            p = rule if isinstance(rule, (int, float)) else self.of_value(evaluated(node, i, order), order - 1)
            if type(rule) is over:
                if type(p) is not Series:
                    factors.append((np.divide, p, x))
                    continue
                if sum(x is not None for x in operands) == 1:
                    integral_over(y, x, p)
                    return
                p = self.inverse(p, node, order)
            if type(p) is Series:
                terms.append((p, x))
            else:
                factors.append((None if type(p) in (int, float) and p == 1 else np.multiply, p, x))
        if not terms:
            y.top = min(y.top, max([x.top for _, _, x in factors], default=0))
            scaled(y, node.shape, factors)
        else:
            terms += [(constant(p if ufunc is not np.divide else 1 / p), x) for ufunc, p, x in factors]
            integral(y, node.shape, terms)

    def inverse(self, r: Series, node: Node, order: int) -> Series:
        """One over a series."""
        p = self.new(node.shape, node.dtype, order - 1)
        p.give(1 / r.c[0])
        quotient(p, node.shape, None, r)
        return p

    def by_product(self, y: Series, node: Node, operands: Sequence[Series | None], order: int) -> None:
        a, b = operands
        if a is None or b is None or a.top == 0 or b.top == 0:
            self.by_rules(y, node, operands, order)
            return
        a.give(node.unpack(0, False))
        b.give(node.unpack(1, False))
        y.top = min(order, a.top + b.top)
        product(y, node.shape, a, b)

    def by_quotient(self, y: Series, node: Node, operands: Sequence[Series | None], order: int) -> None:
        a, b = operands
        if b is None or b.top == 0:
            self.by_rules(y, node, operands, order)
            return
        above, below = node.unpack(0, False), node.unpack(1, False)
        b.give(below)
        y.give(above / below)
        quotient(y, node.shape, a, b)

    def by_power(self, y: Series, node: Node, operands: Sequence[Series | None], order: int) -> None:
        (x,) = operands
        assert x is not None
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
        shape = y.c.shape[1:]
        if x.unit:
            power_of_variable(y, x, exponent)
        elif exponent > 1:
            a = x if exponent == 2 else self.raised(x, exponent // 2, order)
            b = a if exponent % 2 == 0 else self.raised(x, exponent - exponent // 2, order)
            y.top = min(order, a.top + b.top)
            product(y, shape, a, b)
        else:
            y.top = x.top * exponent
            multiple(y, shape, None, None, x)

    def raised(self, x: Series, exponent: int, order: int) -> Series:
        """A whole power of x as a series of its own."""
        if exponent == 1:
            return x
        y = self.new(x.c.shape[1:], x.c.dtype, order)
        y.give(x.c[0] ** exponent)
        self.by_products(y, x, exponent, order)
        return y

    def by_pair(self, y: Series, node: Node, operands: Sequence[Series | None], order: int) -> None:
        """Sine and cosine, each the other's slope: both are found together."""
        (x,) = operands
        assert x is not None
        value = node.unpack(0, False)
        slope, sign = _PAIRS[node.op]
        other = self.new(node.shape, node.dtype, order - 1)
        other.give(slope(value))
        pair(y, other, x, sign)
        find = y.step

        def step(lo: int, hi: int) -> None:
            if other.top and not y.valued:  # no later op has kept it
                y.give(node.op.fn(value))
            find(lo, hi)

        y.step = other.step = step

    def by_polynomial(self, y: Series, node: Node, operands: Sequence[Series | None], order: int) -> None:
        """Tangents and their like, whose slope is a polynomial in themselves."""
        (x,) = operands
        assert x is not None
        a, b, c = _POLYNOMIALS[node.op]
        value = node.unpack(1, False)
        y.give(value)
        slope = self.new(node.shape, node.dtype, order - 1)
        slope.give(a + value * (b + c * value))
        polynomial(slope, y, b, c)
        integral(y, node.shape, [(slope, x)])

    def by_linearity(self, node: Node, nr: int, operands: Sequence[Series | None], order: int) -> Series:
        """A linear row is applied to the coefficients of each order by themselves."""
        op = node.op
        if not isinstance(op, (Linear, Variadic)):
            raise NoSeriesError(
                f"{op.name} is neither elementwise nor linear, so it has no Taylor series here: {_WAY_OUT}"
            )
        self.mixes = self.mixes or op not in _IN_PLACE
        apply = _joined if isinstance(op, Variadic) else _moved
        y = self.new(*node.meta(nr), min(order, max([x.top for x in operands if x is not None])))

        def step(lo: int, hi: int) -> None:
            for x in operands:
                if x is not None:
                    x.upto(hi)
            for k in range(lo, hi + 1):
                y.c[k] = apply(node, nr, operands, k)

        y.step = step
        return y


def _moved(node: Node, nr: int, operands: Sequence[Series | None], k: int) -> Array:
    (x,) = operands
    assert x is not None
    row = node.op.fn(x.c[k], **node.op.of_linear_part(node.kwargs))
    return row if node.op.outputs == 1 else row[nr]


def _joined(node: Node, nr: int, operands: Sequence[Series | None], k: int) -> Array:
    kwargs = dict(node.kwargs)
    shapes = kwargs.pop("shapes")
    rows = [
        x.c[k] if x is not None and k <= x.top else np.zeros(shape, node.dtype)
        for x, shape in zip(operands, shapes, strict=True)
    ]
    return node.op.fn(rows, **kwargs)


_WAY_OUT = "apply grad(…, create_graph=True) as often as the order says"
_FEW_FACTORS = 64
_TOLD: dict[Any, Callable[..., None]] = {
    E.mul: Expansion.by_product, E.div: Expansion.by_quotient, E.pow_scalar: Expansion.by_power,
    **dict.fromkeys(_PAIRS, Expansion.by_pair), **dict.fromkeys(_POLYNOMIALS, Expansion.by_polynomial),
}  # fmt: skip


def refuse_untold(node: Node) -> None:
    """What stands in a graph and is no row of a table says nothing about its series."""
    if not isinstance(node.op, Op):
        raise NoSeriesError(f"{node.name()} is no op of the tables, so it has no Taylor series here: {_WAY_OUT}")
    if node.op in (E.abs, E.sign) and target_meta(node, 0)[1].kind == "c":
        raise NoSeriesError(
            f"{node.op.name} of complex numbers has no complex derivative, so no Taylor series: {_WAY_OUT}"
        )
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
