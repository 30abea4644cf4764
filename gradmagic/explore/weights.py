"""The `grad_outputs` of the panel: from a SPEC such as `ones`, `onehot:3` or `cos(x)` to an array. Knows no engine."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from gradmagic.explore.expression import NUMBERS, Expression
from gradmagic.explore.record import record
from gradmagic.explore.request import GradUsageError, quoted
from gradmagic.explore.trace import Array

__all__ = ["SPECS", "Weights"]

SPECS = ("ones", "onehot:K", "ramp", "random:SEED")
SAY = "say ones, onehot:K, ramp, random:SEED, the name of a variable, or an expression in x such as cos(x)"


@record
class Weights:
    """What a SPEC says, parsed once."""

    spec: str
    kind: Literal["ones", "onehot", "ramp", "random", "name", "expression"]
    number: int = 0
    expression: Expression | None = None

    @classmethod
    def of(cls, spec: str) -> Weights:
        """Parse a SPEC; every mistake is a GradUsageError of one line.

        Examples
        --------
        >>> Weights.of("onehot:2").values((4,), {}, np.zeros(4))
        array([0., 0., 1., 0.])
        """
        spec = spec.strip()
        head, colon, tail = spec.partition(":")
        if spec in ("ones", "ramp"):
            return cls(spec, "ones" if spec == "ones" else "ramp")
        if spec in ("onehot", "random"):
            what = "which element of y: onehot:0" if spec == "onehot" else "a seed: random:0"
            raise GradUsageError(f"the weights {quoted(spec)} lack a number; say {what}")
        if colon and head in ("onehot", "random"):
            return cls(spec, "onehot" if head == "onehot" else "random", whole(tail, spec))
        if colon:
            raise GradUsageError(f"cannot read the weights {quoted(spec)}: {SAY}")
        if spec.isidentifier() and not keyword.iskeyword(spec) and spec != "x" and spec not in NUMBERS:
            return cls(spec, "name")
        try:
            return cls(spec, "expression", expression=Expression.of(spec))
        except GradUsageError as error:
            raise GradUsageError(f"weights: {error}") from None

    @property
    def source(self) -> str:
        """How the ledger writes them as an argument of `grad`."""
        return {"onehot": f"onehot({self.number})", "random": f"random({self.number})"}.get(self.kind, self.spec)

    def values(self, shape: tuple[int, ...], names: Mapping[str, Any], x: Array) -> Array:
        """The weights for an output of this shape; x is what expressions are in."""
        size = int(np.prod(shape, dtype=np.int64))
        match self.kind:
            case "ones":
                return np.ones(shape)
            case "ramp":
                return np.linspace(0.0, 1.0, size).reshape(shape)
            case "random":
                return np.random.default_rng(self.number).standard_normal(shape)
            case "onehot":
                return self.onehot(shape, size)
            case "name":
                return self.fitting(self.looked_up(names), shape, exact=True)
        assert self.expression is not None
        return self.fitting(np.asarray(self.expression(x=x), dtype=np.float64), shape, exact=False)

    def onehot(self, shape: tuple[int, ...], size: int) -> Array:
        if not -size <= self.number < size:
            raise GradUsageError(f"the weights {quoted(self.spec)}: the output has {size} elements, 0 to {size - 1}")
        weights = np.zeros(size)
        weights[self.number] = 1.0
        return weights.reshape(shape)

    def looked_up(self, names: Mapping[str, Any]) -> Array:
        if self.spec not in names:
            raise GradUsageError(f"the weights {quoted(self.spec)} name no variable: {SAY}")
        value = names[self.spec]
        if hasattr(value, "detach"):
            value = value.detach().numpy()
        if not isinstance(value, np.ndarray | list | tuple | int | float | np.number):
            raise GradUsageError(f"the variable {quoted(self.spec)} is no tensor, array or number: {SAY}")
        try:
            array = np.asarray(value)
        except ValueError:
            array = np.asarray(None)
        if array.dtype.kind not in "biuf":
            raise GradUsageError(f"the variable {quoted(self.spec)} does not hold real numbers: {SAY}")
        return array.astype(np.float64)

    def fitting(self, weights: Array, shape: tuple[int, ...], *, exact: bool) -> Array:
        """The weights in the output's shape. A number and an expression fit any; torch broadcasts no grad_outputs."""
        if weights.shape == shape:
            return weights
        if weights.ndim == 0:
            return np.full(shape, float(weights))
        if not exact and weights.size == int(np.prod(shape, dtype=np.int64)):
            return weights.reshape(shape)
        raise GradUsageError(
            f"the weights {quoted(self.spec)} have the shape {weights.shape}, and the output has {shape}: grad_outputs "
            "must have the output's shape"
        )


def whole(text: str, spec: str) -> int:
    """The K of `onehot:K`, the SEED of `random:SEED`: a whole number of sensible size."""
    digits = text.strip().removeprefix("-") if spec.startswith("onehot") else text.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise GradUsageError(f"the weights {quoted(spec)} need a whole number after the colon, such as {spec[:6]}:3")
    return int(text)
