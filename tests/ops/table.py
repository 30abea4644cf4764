"""Writes the table of ops: their torch and NumPy names, and to which order the tests check their derivatives.

    python -m tests.ops.table

What is checked is watched, not declared: the tests below are run here, and while one compares derivatives every
function that it calls by a public name is noted. Knows the tests; knows no op.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

TABLE = Path(__file__).parents[2] / "gradmagic" / "ops" / "OPS.md"
# Tests that need NumPy alone, so that the table is the same wherever it is made.
WATCHED = [
    "rows",
    "further",
    "linalg",
    "complexes",
    "moving",
    "fourier",
    "losses",
    "special_and_activations",
    "numpy_forms",
    "namesakes",
]
OPERATORS = {
    **{name: name for name in ("add", "sub", "mul", "pow", "matmul", "neg", "abs")},
    "radd": "add",
    "rsub": "sub",
    "rmul": "mul",
    "rpow": "pow",
    "truediv": "div",
    "rtruediv": "div",
    "mod": "remainder",
    "floordiv": "floor_divide",
}


class Watch:
    """What was called by a public name while derivatives were compared, to which order, and which node it made."""

    def __init__(self) -> None:
        self.order = 0
        self.depth = 0
        self.orders: dict[str, int] = defaultdict(int)
        self.nodes: dict[str, set[str]] = defaultdict(set)

    def watched(self, key: str, fn: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(fn)
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.depth or not self.order:
                return fn(*args, **kwargs)
            self.depth += 1
            try:
                result = fn(*args, **kwargs)
            finally:
                self.depth -= 1
            self.note(key, result)
            return result

        return call

    def note(self, key: str, result: Any) -> None:
        first = next(iter(result), None) if isinstance(result, (tuple, list)) else result
        node = getattr(first, "grad_fn", None)
        if node is not None:
            self.orders[key] = max(self.orders[key], self.order)
            self.nodes[key].add(type(node).__name__)


def namespaces() -> dict[str, ModuleType]:
    from gradmagic import torch

    rooms = {"": torch, "linalg.": torch.linalg, "fft.": torch.fft, "special.": torch.special}
    return {**rooms, "nn.functional.": torch.nn.functional}


def public() -> dict[Any, list[str]]:
    """Every function over the ops, with all its names; the shortest is its first."""
    from gradmagic.ops.names import FUNCTIONS

    names: dict[Any, list[str]] = defaultdict(list)
    for prefix, module in namespaces().items():
        for name in FUNCTIONS if not prefix else module.__all__:
            fn = getattr(module, name, None)
            if callable(fn) and not isinstance(fn, type):
                names[inspect.unwrap(fn)].append(prefix + name)
    return {fn: sorted(set(all_), key=lambda name: (len(name), name)) for fn, all_ in names.items()}


def watch_names(watch: Watch, names: dict[Any, list[str]]) -> None:
    """Put watched functions into torch's namespaces, into the Tensor, and at both of NumPy's doors."""
    from gradmagic.engine.tensor import Tensor

    keys = {fn: all_[0] for fn, all_ in names.items()}
    for module in (*namespaces().values(), Tensor):
        for name, value in list(vars(module).items()):
            if inspect.isfunction(value) and inspect.unwrap(value) in keys:
                setattr(module, name, watch.watched(keys[inspect.unwrap(value)], value))
    for operator, name in OPERATORS.items():
        setattr(Tensor, f"__{operator}__", watch.watched(name, getattr(Tensor, f"__{operator}__")))
    ufunc, function = Tensor.__array_ufunc__, Tensor.__array_function__

    def by_ufunc(self: Any, of: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        key = f"np.{of.__name__}" if method == "__call__" else f"np.{of.__name__}.{method}"
        return watch.watched(key, ufunc)(self, of, method, *inputs, **kwargs)

    def by_function(self: Any, of: Any, *rest: Any) -> Any:
        home = of.__module__.removeprefix("numpy").removeprefix(".lib")
        return watch.watched(f"np{home}.{of.__name__}".replace("._", "."), function)(self, of, *rest)

    Tensor.__array_ufunc__, Tensor.__array_function__ = by_ufunc, by_function


def cases(module: ModuleType) -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
    """Every test of a module with every set of its parameters."""
    for name, test in vars(module).items():
        marks = [m for m in getattr(test, "pytestmark", []) if m.name == "parametrize"]
        if not name.startswith("test_") or (not marks and inspect.signature(test).parameters):
            continue
        for chosen in itertools.product(*(m.args[1] for m in marks)):
            given: dict[str, Any] = {}
            for mark, values in zip(marks, chosen, strict=True):
                keys = [k.strip() for k in mark.args[0].split(",")] if isinstance(mark.args[0], str) else mark.args[0]
                given |= dict(zip(keys, values if len(keys) > 1 else [values], strict=True))
            yield test, given


def run_checks(watch: Watch) -> None:
    """Run every test that compares derivatives with differences, noting what it calls meanwhile."""
    rows = importlib.import_module("tests.ops.test_rows")
    check = rows._check

    def noted(f: Callable[..., Any], arrays: list[Any], rng: Any) -> None:
        watch.order = 2
        try:
            check(f, arrays, rng)
        finally:
            watch.order = 0

    rows._check = noted
    for name in WATCHED:
        module = importlib.import_module(f"tests.ops.test_{name}")
        for test, given in cases(module):
            if "_check" in test.__code__.co_names:
                if "row" in given:
                    given["row"] = called(watch, given["row"])
                test(**given)


def called(watch: Watch, row: Any) -> Any:
    """A row of the table as its torch name: the test calls it without one."""
    fn = watch.watched(row.name, row)
    fn.vjps = row.vjps  # type: ignore[attr-defined]
    return fn


def run_records(watch: Watch) -> None:
    """Evaluate torch's recorded expressions, whose derivatives are compared to order four, or two."""
    from gradmagic import torch
    from tests.engine.agreement import entries
    from tests.oracle import replay

    for entry in entries("op_values"):
        watch.order = 4 if entry["kind"].startswith("elementwise") else 2
        replay.reset(torch)
        x = torch.tensor(entry["x"], dtype=torch.float64, requires_grad=True)
        eval(entry["expr"], {"torch": torch, "x": x})
    watch.order = 0


def twins(names: dict[Any, list[str]]) -> dict[str, list[str]]:
    """By torch's name, NumPy's names of the same op: handed to the very same function, or called the same."""
    from gradmagic.ops.numpy_protocol import FUNCTIONS
    from gradmagic.ops.numpy_ufuncs import UFUNCS

    first = {fn: all_[0] for fn, all_ in names.items()}
    every = {name: all_[0] for all_ in names.values() for name in all_}
    found: dict[str, set[str]] = defaultdict(set)
    for name, fn in UFUNCS.items():
        if hasattr(np, name) and (inspect.unwrap(fn) in first or name in every):
            found[first.get(inspect.unwrap(fn)) or every[name]].add(f"np.{name}")
    for fn in FUNCTIONS:
        home = fn.__module__.removeprefix("numpy").removeprefix(".lib").lstrip("._")
        name = f"{home}.{fn.__name__}" if home in {"linalg", "fft"} else fn.__name__
        if name in every:
            found[every[name]].add(f"np.{name}")
    return {name: sorted(values) for name, values in found.items()}


def numpy_names() -> list[str]:
    from gradmagic.ops.numpy_protocol import FUNCTIONS
    from gradmagic.ops.numpy_ufuncs import UFUNCS

    homes = [(fn.__module__.removeprefix("numpy").removeprefix(".lib").lstrip("._"), fn.__name__) for fn in FUNCTIONS]
    functions = {f"np.{home}.{name}" if home in {"linalg", "fft"} else f"np.{name}" for home, name in homes}
    return sorted(functions | {f"np.{name}" for name in UFUNCS if hasattr(np, name)})


def table() -> str:
    """The whole file."""
    names, watch = public(), Watch()
    pairs = twins(names)
    watch_names(watch, names)
    run_checks(watch)
    run_records(watch)
    told = {told for key in pairs for told in pairs[key]}
    lines = []
    for _fn, (name, *others) in sorted(names.items(), key=lambda item: item[1][0]):
        theirs = pairs.get(name, [])
        order = max([watch.orders[name], *(watch.orders[key] for key in theirs)])
        nodes = sorted(watch.nodes[name])
        also = "".join(f", `{other}`" for other in others)
        lines.append(f"| `{name}`{also} | {_ticked(theirs)} | {_ticked(nodes[:2])} | {order or '–'} |")
    alone = [name for name in numpy_names() if name not in told]
    own = [f"| `{name}` | {watch.orders[name] or '–'} |" for name in alone]
    checked = sum(not line.endswith("– |") for line in lines)
    return HEAD.format(ops=len(lines), checked=checked) + "\n".join(lines) + MIDDLE + "\n".join(own) + "\n"


def _ticked(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


HEAD = """\
# The ops

Made by `python -m tests.ops.table`; a test sees that it is current. {ops} functions under torch's names, {checked} of
them with derivatives that tests compare: to order 2 with finite differences by random projections, elementwise ones to
order 4 with recorded derivatives of torch. A dash: no derivative by its nature (truth, positions, shapes), or checked
only as a part of others. SciPy's functions are in `tests/ops/test_scipy_special.py`, to order 2.

| torch | NumPy | node | orders checked |
| --- | --- | --- | --- |
"""
MIDDLE = """

## NumPy's functions with no namesake in torch

| NumPy | orders checked |
| --- | --- |
"""


def main() -> None:
    os.environ["GRADMAGIC_SEED"] = "0"  # what fails by chance fails in the tests themselves
    text = table()
    if "--check" in sys.argv:
        current = TABLE.read_text("utf-8").splitlines() if TABLE.exists() else []
        stale = [line for line in text.splitlines() if line not in current]
        sys.exit("\n".join(["not current: python -m tests.ops.table", *stale[:5]]) if stale else 0)
    TABLE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
