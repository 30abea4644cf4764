"""Elementwise functions at zeros, infinities, NaN, the huge and the tiny: torch's values and two derivatives, recorded.

With torch installed, ``python -m tests.ops.extremes`` records ``tests/oracle/extremes.json`` anew and shows where we
differ; with ``--random`` it compares float64 values in units in the last place on random points.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

RECORD = Path(__file__).parents[1] / "oracle" / "extremes.json"
INF, NAN = math.inf, math.nan
POINTS = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 30.0, 1e300, -1e300, 1e-300, -5e-324, INF, -INF, NAN]
FEW = [0.0, -0.0, 1.0, -1.5, 2.0, 1e200, INF, -INF, NAN]
UNARY = [
    "torch.neg(x)", "torch.abs(x)", "torch.sign(x)", "torch.sgn(x)", "torch.floor(x)", "torch.ceil(x)",
    "torch.round(x)", "torch.trunc(x)", "torch.frac(x)", "torch.square(x)", "torch.sqrt(x)", "torch.rsqrt(x)",
    "torch.reciprocal(x)", "torch.exp(x)", "torch.exp2(x)", "torch.expm1(x)", "torch.log(x)", "torch.log2(x)",
    "torch.log10(x)", "torch.log1p(x)", "torch.sin(x)", "torch.cos(x)", "torch.tan(x)", "torch.asin(x)",
    "torch.acos(x)", "torch.atan(x)", "torch.sinh(x)", "torch.cosh(x)", "torch.tanh(x)", "torch.asinh(x)",
    "torch.acosh(x)", "torch.atanh(x)", "torch.sigmoid(x)", "torch.relu(x)", "torch.sinc(x)", "torch.erf(x)",
    "torch.erfc(x)", "torch.deg2rad(x)", "torch.rad2deg(x)", "torch.nan_to_num(x)", "torch.logit(x)", "F.softplus(x)",
    "F.silu(x)", "F.mish(x)", "F.gelu(x)", "F.elu(x)", "F.celu(x)", "F.selu(x)", "F.leaky_relu(x)", "F.hardtanh(x)",
    "F.relu6(x)", "F.hardsigmoid(x)", "F.hardswish(x)", "F.hardshrink(x)", "F.softshrink(x)", "F.logsigmoid(x)",
    "F.softsign(x)", "F.tanhshrink(x)", "x**0", "x**1", "x**2", "x**3", "x**0.5", "x**2.5", "x**-1", "x**-0.5",
    "2**x", "0**x", "(-2.0)**x", "x**x", "x*x", "x/x", "1/x", "3-x", "torch.clamp(x, -1, 1)",
    "torch.clamp(x, min=0.5)", "torch.where(x > 0, x, x*x)", "x % 2", "torch.fmod(x, 2)", "torch.xlogy(x, x)",
    "F.threshold(x, 0.1, 20.0)", "torch.logaddexp(x, x)", "torch.hypot(x, x)", "torch.atan2(x, x)",
    "torch.special.entr(x)", "torch.special.xlog1py(x, x)", "F.gelu(x, approximate='tanh')",
    "torch.float_power(x, 2)", "torch.round(x, decimals=1)",
]  # fmt: skip
BINARY = [
    "x + y", "x - y", "x * y", "x / y", "x ** y", "x % y", "torch.fmod(x, y)", "torch.atan2(x, y)",
    "torch.hypot(x, y)", "torch.maximum(x, y)", "torch.minimum(x, y)", "torch.fmax(x, y)", "torch.fmin(x, y)",
    "torch.logaddexp(x, y)", "torch.logaddexp2(x, y)", "torch.xlogy(x, y)", "torch.special.xlog1py(x, y)",
    "torch.lerp(x, y, 0.3)", "torch.nextafter(x, y)", "F.prelu(x, y)", "torch.div(x, y, rounding_mode='floor')",
    "torch.div(x, y, rounding_mode='trunc')", "torch.clamp(x, min=y)", "torch.addcmul(x, x, y)",
    "torch.addcdiv(x, x, y)",
]  # fmt: skip
EXPRESSIONS = [*UNARY, *BINARY]


def _grid(expression: str) -> list[np.ndarray[Any, Any]]:
    if expression not in BINARY:
        return [np.array(POINTS)]
    if "prelu" in expression:
        return [np.array(FEW), np.array([0.25])]
    x, y = np.meshgrid(FEW, FEW, indexing="ij")
    return [x.ravel(), y.ravel()]


def answer(torch: Any, expression: str) -> dict[str, list[float]]:
    """The values and all first and second derivatives of an expression at its points."""
    names = "xy"[: len(_grid(expression))]
    given = {name: torch.tensor(a, requires_grad=True) for name, a in zip(names, _grid(expression), strict=True)}
    out = eval(expression, {"torch": torch, "F": torch.nn.functional, **given})
    found = {"f": out.detach().tolist()}
    if not out.requires_grad:
        return found
    for name, t in given.items():
        (g,) = torch.autograd.grad(out.sum(), t, create_graph=True, allow_unused=True)
        found[f"d{name}"] = _list(g, t)
        for other, u in given.items():
            second = None
            try:
                if g is not None and g.requires_grad:
                    (second,) = torch.autograd.grad(g.sum(), u, retain_graph=True, allow_unused=True)
            except RuntimeError:
                continue  # torch has no second derivative of it
            found[f"d{name}{other}"] = _list(second, u)
    return found


def _list(g: Any, like: Any) -> list[float]:
    """What is not connected, or a zero tensor without memory, counts as zeros."""
    return [0.0] * like.numel() if g is None else (g.detach() + like.detach().new_zeros(like.shape)).tolist()


def recorded() -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = json.loads(RECORD.read_text())
    return found


def ulps(a: Any, b: Any, derivative: bool = False) -> Any:
    """How many representable numbers lie between; equal infinities are equal, as are two NaN and two zeros.

    Of a derivative, which may be a small difference of large terms, what lies below 1e-15 is not asked either.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    with np.errstate(all="ignore"):
        between = np.abs(a - b)
        apart = between / np.spacing(np.maximum(np.abs(a), np.abs(b)))
        close = (between < 1e-15) | (between < 1e-13 * np.minimum(np.abs(a), np.abs(b)))
    apart = np.where((a == b) | (np.isnan(a) & np.isnan(b)) | (close & derivative), 0, apart)
    return np.where(np.isnan(apart), np.inf, apart)


def differences(torch: Any, expression: str, record: dict[str, list[float]]) -> list[str]:
    """Where our answers are more than 4 (derivatives: 64) units in the last place away, in words."""
    mine, grid = answer(torch, expression), _grid(expression)
    told = []
    for key, theirs in record.items():
        apart = ulps(theirs, mine.get(key, [NAN] * len(theirs)), derivative=key != "f")
        for k in np.flatnonzero(apart > (4 if key == "f" else 64)):
            at = ", ".join(repr(float(a[k % len(a)])) for a in grid)
            told.append(f"{key} at {at}: {mine[key][k]!r}, torch {theirs[k]!r}")
    return told


def _random(torch: Any, ours: Any) -> None:
    rng = np.random.default_rng(0)
    wide = 10.0 ** rng.uniform(-300, 300, 2000)
    x = np.concatenate([rng.normal(size=4000), rng.normal(size=2000) * 30, wide, rng.uniform(-1, 1, 4000)])
    y = rng.permutation(x)
    for expression in EXPRESSIONS:
        values = []
        for lib in (torch, ours):
            operands = {"x": lib.tensor(x), "y": lib.tensor(y[:1] if "prelu" in expression else y)}
            values.append(eval(expression, {"torch": lib, "F": lib.nn.functional, **operands}).tolist())
        apart = ulps(*values)
        if apart.max() > 4:
            k = int(apart.argmax())
            print(f"{expression}: {(apart > 4).sum()} of {len(x)}, at worst {apart.max():.3g} at {x[k]!r}, {y[k]!r}:")
            print(f"    {values[1][k]!r}, torch {values[0][k]!r}")


def main() -> None:
    import torch

    from gradmagic import torch as ours

    record = {expression: answer(torch, expression) for expression in EXPRESSIONS}
    RECORD.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in record.items()) + "\n}\n")
    agree = 0
    for expression in EXPRESSIONS:
        told = differences(ours, expression, record[expression])
        agree += not told
        if told:
            print(expression, f"({len(told)})", *told[:8], sep="\n    ")
    print(agree, "of", len(record), "agree")
    if "--random" in sys.argv:
        _random(torch, ours)


if __name__ == "__main__":
    main()
