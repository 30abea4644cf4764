"""How far our special functions, and torch's, are from the truth: run by hand, `python -m tests.ops.accuracy`.

It needs mpmath, and torch to compare with. Errors are in units in the last place of the true value; of functions with
zeros, in those of their size thereabouts. With ``--record`` it writes the points that the test compares without either.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

RECORD = Path(__file__).with_name("special_values.json")
Size = Callable[[float], float]


class Function(NamedTuple):
    """A function of one variable: what it is in mpmath, where it is looked at, and how wrong it may be."""

    name: str
    truth: Callable[[Any, Any], Any]  # of mpmath and the argument
    grid: tuple[str, ...]
    allowed: float = 4.0
    size: str = "value"  # or what the error is measured by near zeros
    arguments: tuple[float, ...] = ()  # after x, or before it where the name begins with an underscore


GRIDS: dict[str, Callable[[Any], Any]] = {
    "unit": lambda rng: rng.uniform(-1, 1, 60),
    "right": lambda rng: rng.uniform(0, 1, 60),
    "tiny": lambda rng: 10 ** rng.uniform(-12, 0, 20),
    "middle": lambda rng: rng.uniform(-6, 6, 80),
    "positive": lambda rng: rng.uniform(0, 30, 120),
    "far": lambda rng: rng.uniform(30, 600, 30),
    "farther": lambda rng: 10 ** rng.uniform(3, 6, 10),
    "left": lambda rng: -rng.uniform(0, 25, 60),
}
SIZES: dict[str, Size] = {
    "one": lambda x: 1.0,
    "wave": lambda x: math.sqrt(2 / math.pi / max(abs(x), 1)),
    "wave/x": lambda x: 1 / max(abs(x), 1),
    "airy": lambda x: 0.56 * (-x) ** -0.25 if x < -1 else 0.0,
}
LINE, HALF = ("unit", "tiny", "middle"), ("tiny", "positive", "far")
FUNCTIONS = [
    Function("erf", lambda mp, x: mp.erf(x), LINE),
    Function("erfc", lambda mp, x: mp.erfc(x), LINE),
    Function("erfcx", lambda mp, x: mp.exp(x * x) * mp.erfc(x), (*LINE, "positive")),
    Function("erfinv", lambda mp, x: mp.erfinv(x), ("unit", "tiny")),
    Function("erfi", lambda mp, x: mp.erfi(x), LINE),
    Function("dawsn", lambda mp, x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), LINE),
    Function("gammaln", lambda mp, x: mp.re(mp.loggamma(x)), (*HALF, "farther")),
    Function("gammaln", lambda mp, x: mp.re(mp.loggamma(x)), ("left",), size="one"),
    Function("digamma", lambda mp, x: mp.digamma(x), (*HALF, "farther")),
    Function("digamma", lambda mp, x: mp.digamma(x), ("left",), size="one"),
    Function("_polygamma", lambda mp, x: mp.polygamma(1, x), (*HALF, "left"), arguments=(1,)),
    Function("_polygamma", lambda mp, x: mp.polygamma(3, x), HALF, arguments=(3,)),
    Function("gamma", lambda mp, x: mp.gamma(x), ("tiny", "positive")),
    Function("_zeta", lambda mp, x: mp.zeta(mp.mpf(2.5), x), HALF, arguments=(2.5,)),
    Function("_gammainc", lambda mp, x: mp.gammainc(2.5, 0, x, regularized=True), HALF, arguments=(2.5,)),
    Function("_gammaincc", lambda mp, x: mp.gammainc(2.5, x, regularized=True), ("tiny", "positive"), arguments=(2.5,)),
    Function("i0", lambda mp, x: mp.besseli(0, x), (*LINE, *HALF)),
    Function("i1", lambda mp, x: mp.besseli(1, x), (*LINE, *HALF)),
    Function("i0e", lambda mp, x: mp.besseli(0, x) * mp.exp(-abs(x)), (*LINE, *HALF)),
    Function("i1e", lambda mp, x: mp.besseli(1, x) * mp.exp(-abs(x)), (*LINE, *HALF)),
    Function("modified_bessel_k0", lambda mp, x: mp.besselk(0, x), HALF),
    Function("modified_bessel_k1", lambda mp, x: mp.besselk(1, x), HALF),
    Function("scaled_modified_bessel_k0", lambda mp, x: mp.besselk(0, x) * mp.exp(x), HALF),
    Function("scaled_modified_bessel_k1", lambda mp, x: mp.besselk(1, x) * mp.exp(x), HALF),
    Function("bessel_j0", lambda mp, x: mp.besselj(0, x), (*LINE, *HALF), size="wave"),
    Function("bessel_j1", lambda mp, x: mp.besselj(1, x), ("positive", "far"), size="wave"),
    Function("bessel_j1", lambda mp, x: mp.besselj(1, x), ("unit", "tiny")),
    Function("bessel_y0", lambda mp, x: mp.bessely(0, x), HALF, size="wave"),
    Function("bessel_y1", lambda mp, x: mp.bessely(1, x), HALF, size="wave"),
    Function("spherical_bessel_j0", lambda mp, x: mp.sinc(x), (*LINE, *HALF), size="wave/x"),
    Function("airy_ai", lambda mp, x: mp.airyai(x), (*LINE, "positive", "left"), size="airy"),
    Function("exp1", lambda mp, x: mp.e1(x), HALF, allowed=16),
    Function("expi", lambda mp, x: mp.ei(x), HALF, allowed=16),
    Function("legendre_polynomial_p", lambda mp, x: mp.legendre(12, x), ("unit",), arguments=(12,), size="one"),
    Function("chebyshev_polynomial_t", lambda mp, x: mp.chebyt(12, x), ("unit",), arguments=(12,), size="one"),
    Function("chebyshev_polynomial_u", lambda mp, x: mp.chebyu(12, x), ("unit",), arguments=(12,), size="one"),
    Function("laguerre_polynomial_l", lambda mp, x: mp.laguerre(12, 0, x), ("right",), arguments=(12,), size="one"),
]  # fmt: skip


def values(namespace: Any, function: Function, x: Any) -> Any:
    """The function of gradmagic's or torch's namespace on float64; None where it has none."""
    f = getattr(namespace.special, function.name.strip("_"), None)
    if f is None:
        return None
    t, rest = namespace.tensor(x), function.arguments
    if function.name.startswith("_"):
        rest = tuple(a if isinstance(a, int) else namespace.tensor(a, dtype=namespace.float64) for a in rest)
        return f(*rest, t).numpy()
    return f(t, *rest).numpy()


def units(got: float, true: float, size: float) -> float:
    """The distance in units in the last place of the true value, or of ``size`` where that is larger."""
    if math.isinf(true) or math.isinf(got):
        return 0.0 if got == true else math.inf
    return abs(got - true) / float(np.spacing(max(abs(true), size)))


def main() -> None:
    import mpmath as mp

    from gradmagic import torch as ours

    try:
        import torch as theirs
    except ImportError:
        theirs = None
    mp.mp.dps = 50
    recorded = []
    for function in FUNCTIONS:
        rng = np.random.default_rng(7)
        x = np.concatenate([GRIDS[name](rng) for name in function.grid])
        true = [mp.re(function.truth(mp, mp.mpf(float(v)))) for v in x]
        size = SIZES.get(function.size, lambda _: 0.0)
        line = f"{function.name:28s}{function.arguments!s:9s}{len(x):4d} points"
        for label, namespace in (("ours", ours), ("torch", theirs)):
            got = values(namespace, function, x) if namespace else None
            if got is None:
                continue
            errors = [
                float(abs(mp.mpf(float(g)) - t) / mp.mpf(float(np.spacing(max(abs(float(t)), size(v), 2.3e-308)))))
                if math.isfinite(g) and math.isfinite(float(t))
                else units(float(g), float(t), 0.0)
                for g, t, v in zip(got, true, x, strict=True)
            ]
            worst = int(np.argmax(errors))
            line += f"   {label} {errors[worst]:10.2f} at {x[worst]:<12.6g}"
            if label == "ours":
                line += " TOO MUCH" if errors[worst] > function.allowed else ""
        print(line)
        chosen = np.linspace(0, len(x) - 1, 16).astype(int)
        recorded.append([[float(x[i]).hex(), float(true[i]).hex()] for i in chosen])
    if "--record" in sys.argv:
        RECORD.write_text(json.dumps(recorded, separators=(",", ":")).replace("]],[[", "]],\n[[") + "\n")


if __name__ == "__main__":
    main()
