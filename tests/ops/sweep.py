"""Calls every public function and method with a few patterns of arguments on real torch and on gradmagic.torch.

    python -m tests.ops.sweep [--only NAME] [--values] [--report PATH]

Compared are values, dtypes, names of nodes, gradients, and the types and words of exceptions; what differs is printed
by kind, wrong numbers first. What only one of the two has, what torch's argument parser refuses, and what is meant to
differ (`MEANT` says why) is left out.
With --values only numbers are. Needs torch; is no test.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import warnings
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

# What a call is given, as Python text, by kind of argument.
FLOATS = "torch.tensor([[0.5, -1.25, 2.0], [0.75, 0.25, -0.5]], dtype=torch.float64, requires_grad=True)"
OTHERS = "torch.tensor([[1.5, 0.5, -2.0], [0.25, 0.25, 3.0]], dtype=torch.float64, requires_grad=True)"
SQUARE = "torch.tensor([[2.0, 0.5], [0.25, 1.5]], dtype=torch.float64, requires_grad=True)"
ROW = "torch.tensor([0.5, 0.25, 0.75], dtype=torch.float64, requires_grad=True)"
INTS = "torch.tensor([[1, 2, 3], [4, 5, 6]])"
BOOLS = "torch.tensor([[True, False, True], [False, True, True]])"
EMPTY = "torch.zeros(0, 3, dtype=torch.float64, requires_grad=True)"
POINT = "torch.tensor(0.5, dtype=torch.float64, requires_grad=True)"
COMPLEX = "torch.tensor([1 + 2j, 0.5 - 1j], dtype=torch.complex128, requires_grad=True)"
FIRST = {
    "float": FLOATS,
    "square": SQUARE,
    "row": ROW,
    "int": INTS,
    "bool": BOOLS,
    "empty": EMPTY,
    "0-d": POINT,
    "complex": COMPLEX,
}
REST = [
    "", "0", "1", "-1", "5", "2.5", "dim=1", "dim=0, keepdim=True", "dim=(0, 1)", "1, 0", "0, 1", "None", "'no'",
    "True",
    OTHERS, INTS, BOOLS, POINT, ROW, SQUARE, f"{OTHERS}, {FLOATS}", f"{POINT}, {POINT}", f"0, {INTS}",
    "0, torch.tensor([1, 0])", "0, torch.tensor([[1, 0, 1]])", f"0, torch.tensor([[1, 0, 1]]), {FLOATS}",
    f"{BOOLS}, 2.0", f"{BOOLS}, {POINT}", "min=0.0", f"min={OTHERS}", "-0.5, 0.5", "2, 3", "3, 2",
    "(3, 2)", "out=torch.zeros(1)",
]  # fmt: skip
MODULES = ("", "special", "linalg", "fft", "nn.functional")
# They ask the machine, draw numbers, or change how everything after them behaves.
LEFT_OUT = re.compile(
    r"set_|^rand|_?rand|normal|bernoulli|multinomial|poisson|dropout|empty|manual_seed|seed|save|load|compile|grad|"
    r"^is_|"
    r"thread|deterministic|vmap|cond$|while_loop|_check|assert|backward|register|retain|detach|numpy|tolist|item|"
    r"gumbel|rrelu|share|pin|data_ptr|storage|cuda|to_|dlpack|cauchy|exponential_|geometric_|random_|uniform_|hash|"
    r"resize|import|export|get_|typename|version|unravel|result_type|can_cast|promote"
)

# Real torch ends the process in its backward pass.
ENDS_THE_PROCESS = {("torch.pdist({}{})", "empty"), ("torch.nn.functional.pdist({}{})", "empty")}


def functions(real: ModuleType, ours: ModuleType) -> list[str]:
    """The calls that both have, as text with a place for the first argument and one for the rest."""
    found = []
    for module in MODULES:
        theirs, mine = (_within(torch, module) for torch in (real, ours))
        names = [n for n in sorted(dir(mine)) if hasattr(theirs, n) and n[0] != "_" and not LEFT_OUT.search(n)]
        kept = [n for n in names if callable(getattr(mine, n)) and not inspect.isclass(getattr(mine, n))]
        found += [f"torch.{module + '.' if module else ''}{n}({{}}{{}})" for n in kept]
    methods = [
        n for n in sorted(dir(ours.Tensor)) if hasattr(real.Tensor, n) and n[0] != "_" and not LEFT_OUT.search(n)
    ]
    return found + [f"{{}}.{n}({{}})" for n in methods if callable(getattr(ours.Tensor, n))]


def _within(torch: Any, module: str) -> Any:
    for part in filter(None, module.split(".")):
        torch = getattr(torch, part)
    return torch


def answer(call: str, first: str, torch: Any) -> dict[str, Any]:
    """What a call gives: of a result dtype, shape, numbers, node and gradient; of an exception type and words."""
    try:
        x = eval(first, {"torch": torch})
        written = re.search(r"\}?\w_\(", call) is not None
        start = x.clone() if written and x.requires_grad else x
        return _described(eval(call, {"torch": torch, "x": start}), x, torch)
    except Exception as error:  # noqa: BLE001 - the outcome may be any
        return {"exception": f"{type(error).__name__}: {error}"}


def _described(result: Any, x: Any, torch: Any) -> dict[str, Any]:
    if isinstance(result, (tuple, list)):
        return {f"{k}.{i}": v for i, r in enumerate(result) for k, v in _described(r, x, torch).items()}
    if not isinstance(result, torch.Tensor):
        return {"result": result if isinstance(result, (bool, int, float, str)) else type(result).__name__}
    told = {"dtype": str(result.dtype), "shape": tuple(result.shape), "values": _array(result)}
    told["node"] = type(result.grad_fn).__name__ if result.grad_fn is not None else None
    if result.requires_grad and x.requires_grad and result is not x:
        weight = torch.arange(1.0, result.numel() + 1, dtype=torch.float64).reshape(result.shape).to(result.dtype)
        try:
            (g,) = torch.autograd.grad(result, x, weight, allow_unused=True)
            told["gradient"] = None if g is None else _array(g)
        except Exception as error:  # noqa: BLE001
            told["gradient exception"] = f"{type(error).__name__}: {error}"
    return told


def _array(t: Any) -> np.ndarray[Any, Any]:
    return np.array(t.detach().resolve_conj().resolve_neg().numpy())


def difference(a: dict[str, Any], b: dict[str, Any]) -> tuple[str, Any, Any] | None:
    """The first thing in which two answers differ."""
    if a.keys() != b.keys():
        for kind in ("exception", "gradient exception", "gradient"):
            if (kind in a) != (kind in b):
                return f"{kind} on one side", _short(a), _short(b)
        return "form", _short(a), _short(b)
    for field, x in a.items():
        y = b[field]
        if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
            tolerance = 1e-9 if x.dtype.itemsize >= 8 and x.dtype.kind == y.dtype.kind != "c" else 1e-5
            if x.shape != y.shape or not np.allclose(y, x, rtol=tolerance, atol=tolerance, equal_nan=True):
                return field.partition(".")[0], x.tolist(), y.tolist()
        elif str(x) != str(y):  # two NaN are alike
            return field.partition(".")[0], x, y
    return None


def _short(told: dict[str, Any]) -> str:
    return next((str(told[k]) for k in ("exception", "gradient exception") if k in told), ", ".join(told))[:300]


RANK = ("values", "gradient", "gradient on one side", "exception on one side", "dtype", "shape", "form", "node")


def sweep(real: ModuleType, ours: ModuleType, only: str | None) -> tuple[int, dict[tuple[str, str], list[Any]]]:
    """Make all calls; give how many there were, and the differences by field and function."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    count = 0
    for form in functions(real, ours):
        if only is not None and not re.search(rf"\b{only}\(", form):
            continue
        for kind, first in FIRST.items():
            if (form, kind) in ENDS_THE_PROCESS:
                continue
            for rest in REST:
                call = form.format("x", (", " if rest and form.startswith("torch") else "") + rest)
                answers = [answer(call, first, torch) for torch in (real, ours)]
                count += 1
                if _unlike_by_nature(answers[0]):
                    continue
                told = difference(*answers)
                if told and not _is_meant(told[0], form):
                    found[told[0], form].append((kind, call, *told[1:]))
    return count, found


PARSER = re.compile(
    r"TypeError: .*(received an invalid comb|\(position|takes .*argument|missing \d|unexpected keyword|must be .* not )"
)
# Where ours is meant to differ: the field, the calls, and why.
MEANT = [
    ("gradient on one side", r"special\.\w*(_polynomial_|airy|bessel)", "torch has no derivative there"),
    ("gradient exception on one side", r"floor_divide|heaviside|unique|vander|sgn|(cos|sin|tan)h_\(", "or refuses it"),
    ("gradient exception on one side", r"celu_|elu_|leaky_relu_|logaddexp|pow|huber", "or fails in its own rule"),
    (
        "gradient|values",
        r"hardsigmoid|slogdet|logit|svd",
        "a sixth in float32; zeros for None; signs of vectors",
    ),
    (
        "node",
        r"cov|corrcoef|gradient|einsum|bilinear|qr|lu_|_solve|norm|cond|diag|diff|logdet",
        "of other ops there",
    ),
    ("exception on one side", r"hfft|irfft", "its library's own errors for empty transforms"),
]


def _is_meant(field: str, form: str) -> bool:
    return any(re.fullmatch(fields, field) and re.search(forms, form) for fields, forms, _ in MEANT)


def _unlike_by_nature(a: dict[str, Any]) -> bool:
    """What torch's argument parser refuses: here a kind that has a meaning is taken (0 for False), and a method that no
    wrapper stands around says it in other words; `test_signatures` compares the parser itself.
    """
    return PARSER.match(str(a.get("exception", "")).replace("\n", " ")) is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only")
    parser.add_argument("--values", action="store_true")
    parser.add_argument("--report", type=Path)
    given = parser.parse_args()
    import torch

    from gradmagic import torch as ours

    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    count, found = sweep(torch, ours, given.only)
    order = sorted(found, key=lambda key: (RANK.index(key[0]) if key[0] in RANK else len(RANK), -len(found[key])))
    lines = [f"# {count} calls, {sum(map(len, found.values()))} differ, in {len(found)} ways"]
    for field, form in order:
        if given.values and field not in RANK[:3]:
            continue
        cases = found[field, form]
        lines += [f"## {field}: {form} ({len(cases)} times)"]
        lines += [f"- x is {kind}: `{call}`\n  - torch: `{a}`\n  - got:   `{b}`" for kind, call, a, b in cases[:2]]
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if given.report:
        given.report.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
