"""The same program on real torch and on gradmagic.torch: after each statement, what differs. Invents no program.

Compared are the exceptions, and the values, dtypes, shapes, strides, graphs, views, versions and gradients of all
tensors, and what hooks were told; then our numbers take the last digits of torch's, so that each statement is judged by
itself, and a sum that differs in its last digit does not go on to differ by a whole step of a remainder.
Needs torch; is no test.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from tests.engine.choices import BATCHED_FORMULAS, OTHER_FORMULAS
from tests.engine.prelude import PRELUDE

UNUSED_CALL = re.compile(r"^(with .*?: )?(?:.*= )?torch\.autograd\.grad\((.*?)\)(?:\[0\]|\.values\(\))?$")
HARMLESS = ("the mismatch that there is", "the shapes that there are", "one of two errors")  # told before all else
UNUSED = "appears to not have been used"
_WRITTEN = re.compile(r"(?:with .*?: )?(v\d+)(?:\[|\.| [-+*/]?= )")  # what a statement writes into
_NAMES = re.compile(r"\bv\d+\b")
STALE = "its base or another view of its base has been modified inplace"
Difference = tuple[str, Any, Any]
MISSING = re.compile(r"has no attribute '(\w+)'")


class Side:
    """One of the two: a namespace in which statements run."""

    def __init__(self, torch: ModuleType) -> None:
        torch.manual_seed(0)
        self.names: dict[str, Any] = {"torch": torch, "nan": float("nan"), "inf": float("inf")}
        exec(compile(PRELUDE, "<prelude>", "exec"), self.names)
        self.tensor = torch.Tensor
        self.born: dict[str, tuple[Any, Any]] = {}
        self.alive: list[Any] = []  # every tensor that ever had a name

    def run(self, line: str) -> tuple[str, str] | None:
        """Execute one statement; return the type and the words of its exception."""
        try:
            exec(compile(line, "<program>", "exec"), self.names)
            self.alive += self.tensors().values()
        except Exception as error:  # noqa: BLE001 - the outcome may be any
            return type(error).__name__, str(error)
        return None

    def tensors(self) -> dict[str, Any]:
        return {name: value for name, value in self.names.items() if isinstance(value, self.tensor)}

    def writes(self, name: str) -> Any:
        """How often a tensor was written to since it has its name: how often before is each side's own affair."""
        tensor = self.names[name]
        version = answered(lambda: tensor._version)
        if self.born.get(name, (None, 0))[0] is not tensor:
            self.born[name] = tensor, version
        before = self.born[name][1]
        return version - before if isinstance(version, int) and isinstance(before, int) else version


class Pair:
    """The same program on both sides."""

    loose = False

    def __init__(self) -> None:
        import torch

        from gradmagic import torch as ours

        self.real, self.ours = Side(torch), Side(ours)
        self.single = False
        self.mapped: set[str] = set()  # what came out of torch's vmap
        self.of_mapped: set[str] = set()  # and what was made of it, which lies as it does
        self.product = False  # torch lays the gradients of matrix products as their operands were, and never says so
        self.transformed = False  # whether a graph may have been made by torch.func, of which the same holds
        self.once = self.angle = False
        self.set_aside: list[str] = []  # why exceptions differed after which the two go on together
        self.excuse: str | None = None  # why the two may go apart from here on

    def step(self, line: str) -> list[Difference]:
        """Run one statement on both sides; return what differs afterwards."""
        self.single |= "float" in line.replace("float64", "")
        told = len(self.ours.names["log"])
        expected, got = self.real.run(line), self.ours.run(line)
        if got and UNUSED in got[1]:
            expected, got = self._catch_up(line, expected, got, told)
        self.product |= "@" in line or "matmul" in line
        self.transformed |= "functional." in line or "torch.func." in line
        self._follow(line)
        self.once |= "Once" in line
        self.angle |= "atan2" in line or "pow(" in line
        self.excuse = _excuse(expected, got) or self._excuse_write(line, expected, got)
        if self.excuse in HARMLESS:
            self.set_aside.append(self.excuse)
            self.excuse, expected = None, got
        if self.once and "create_graph=True" in line:
            self.excuse = "once differentiable"
        if self.excuse:
            return []
        if self.loose and expected and got and missing(got) is None:
            expected = got
        if expected != got:
            return [("exception", expected, got)]
        try:
            found = self._logs() or self._compared()
        except RuntimeError as error:  # what torch's vmap left in a retained gradient can be neither read nor printed
            if "Batching rule" not in str(error):
                raise
            self.excuse = "any op can be batched"
            return []
        self.excuse = self._excused(line, found)
        if not found:
            self._align()
        return [] if self.excuse else found

    def _excuse_write(self, line: str, expected: Any, got: Any) -> str | None:
        """Torch has refused a write into what its vmap has left as a view of something that nobody sees."""
        written = _WRITTEN.match(line)
        if got or not expected or not written or "A view was created in no_grad mode" not in expected[1]:
            return None
        return (
            "memory of its own"
            if written.group(1) in self.mapped and self.real.names[written.group(1)]._is_view()
            else None
        )

    def _follow(self, line: str) -> None:
        """Note which names a statement gives to what came out of torch's vmap, or was made of it."""
        names, _, made_of = line.partition(" = ")
        if "is_grads_batched" in line:
            self.mapped |= set(_NAMES.findall(names))
        elif not (self.mapped | self.of_mapped).isdisjoint(_NAMES.findall(made_of)):
            self.of_mapped |= set(_NAMES.findall(names))

    def _catch_up(self, line: str, expected: Any, got: Any, told: int) -> tuple[Any, Any]:
        """Torch had gone through the graph and freed it before it told of an unused input: now we do the same.

        We have done so already where there was a way, but no gradient came: then the graph is freed. If nothing was
        there to free, it is gone through again, and what hooks were told the first time (``told`` entries were there
        before) is not told twice. Torch may name an earlier input: it looks for gradients, and we first for ways.
        """
        self.set_aside.append("unused is told first")
        if expected and UNUSED in expected[1] and _index(expected) <= _index(got):
            expected = None
        log = self.ours.names["log"]
        first, log[told:] = log[told:], []
        got = self.ours.run(UNUSED_CALL.sub(r"\1torch.autograd.grad(\2, allow_unused=True)", line))
        if expected is None and got and "a second time" in got[1]:
            log[told:], got = first, None
        return expected, got

    def _align(self) -> None:
        """Give our tensors the last digits of torch's: each statement is judged by itself, from the same numbers.

        Otherwise a sum that differs in its last digit goes on to differ by all of it where a remainder jumps.
        """
        for name, tensor in self.real.tensors().items():
            ours = self.ours.names[name]
            _take_digits(tensor, ours)
            if answered(lambda t=tensor: t.is_leaf or t.retains_grad) is True and tensor.grad is not None:
                _take_digits(tensor.grad, ours.grad)

    def _compared(self) -> list[Difference]:
        """What differs between the tensors of the two sides."""
        found: list[Difference] = []
        ours = self.ours.names
        for name, tensor in self.real.tensors().items():
            if not isinstance(ours.get(name), self.ours.tensor):
                return [(f"{name}", "a tensor", ours.get(name))]
            self.single |= str(tensor.dtype) == "torch.float32"
            tolerance = 1e-4 if self.single else 1e-9
            # where a result of vmap lies is a matter of how each op was batched
            skipped = {"is a view", "strides"} if name in self.mapped or self.transformed else set()
            skipped |= {"strides"} if self.product or name in self.of_mapped else set()
            skipped |= {"node"} if self.loose else set()
            found += [(f"{name} {field}", a, b) for field, a, b in _differences(tensor, ours[name], skipped, tolerance)]
            writes = self.real.writes(name), self.ours.writes(name)
            if writes[0] != writes[1]:
                found.append((f"{name} version", *writes))
        return found

    def _excused(self, line: str, found: list[Difference]) -> str | None:
        """The name of the choice of ours that these differences come from."""
        if not found:
            return None
        field, expected, got = found[0]
        if "is_grads_batched" in line and (field == "log" or got == "StackBackward0"):
            return "row by row"
        if "is_grads_batched" in line and field.endswith(" node") and (expected, got) in BATCHED_FORMULAS:
            return "another formula"
        by_hand = "autograd.grad(" in line or ".grad_fn(" in line
        if by_hand and field.endswith(" node") and (expected, got) in OTHER_FORMULAS:
            return "another formula"
        if field.endswith("values") and self.angle and _is_nan_where_they_differ(expected, got):
            return "finite at singular points"
        return None

    def _logs(self) -> list[Difference]:
        """What hooks were told."""
        tolerance = 1e-4 if self.single else 1e-9
        a, b = ([_told(entry) for entry in side.names["log"]] for side in (self.real, self.ours))
        if [e[0] for e in a] != [e[0] for e in b]:
            return [("log", [e[0] for e in a], [e[0] for e in b])]
        for (name, xs), (_, ys) in zip(a, b, strict=True):
            if len(xs) != len(ys) or not all(_alike(x, y, tolerance) for x, y in zip(xs, ys, strict=True)):
                return [("log", (name, xs), (name, ys))]
        return []

    def went_astray(self) -> bool:
        """Numbers beyond comparison: from here on rounding decides."""
        try:
            arrays = [_values(t).astype(complex) for t in self.real.tensors().values()]
        except RuntimeError:  # left by vmap, as above
            return True
        return any(np.any(np.isinf(a)) or np.any(np.abs(np.nan_to_num(a)) > 1e8) for a in arrays)


def _values(tensor: Any) -> np.ndarray[Any, Any]:
    try:
        return np.array(tensor.detach().numpy())
    except RuntimeError:  # torch cannot convert its ZeroTensors
        return np.array((tensor.detach() + 0).numpy())


def _take_digits(real: Any, ours: Any) -> None:
    values, array = _values(real), ours._array
    if isinstance(array, np.ndarray):
        if array.flags.writeable and array.tobytes() != values.tobytes():
            array[...] = values
    elif array.tobytes() != values.tobytes():
        ours._array = values[()]


def _is_nan_where_they_differ(expected: Any, got: Any) -> bool:
    a, b = np.array(expected), np.array(got)
    return a.shape == b.shape and bool(np.all(np.isnan(a) | np.isclose(a, b, rtol=1e-4, atol=1e-4, equal_nan=True)))


def spread(tensor: Any) -> int:
    """Along how many dimensions the elements lie in one place."""
    return sum(s == 0 and n > 1 for s, n in zip(tensor.stride(), tensor.shape, strict=True))


def _told(entry: tuple[str, list[Any]]) -> tuple[str, list[Any]]:
    return entry[0], [x if x is None or isinstance(x, (bool, str)) else _values(x) for x in entry[1]]


def _alike(a: Any, b: Any, tolerance: float) -> bool:
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return bool(a == b)
    return a.shape == b.shape and _close(a, b, tolerance)


def _excuse(expected: Any, got: Any) -> str | None:
    """The name of the choice of ours by which these two outcomes may differ."""
    words = got[1] if got else ""
    if re.match(r"Mismatch in shape: grad_output\[[1-9]", words) and expected is not None:
        return "the mismatch that there is"
    if expected and got and STALE in expected[1] and STALE not in words:
        return "one of two errors"
    if expected and "modified by an inplace operation" in expected[1] and STALE in words:
        return "one of two errors"
    if expected and "Inplace update to inference tensor" in expected[1] and expected == got:
        return "refused before it is done"
    if "trying to differentiate twice" in words:
        return "once differentiable"
    if expected and "ZeroTensor" in expected[1]:
        return "ordinary zeros"
    if expected and "is_grads_batched=True`, we" in expected[1] and "is_grads_batched=True`, we" in words:
        return "the shapes that there are"
    if expected and "Batching rule not implemented" in expected[1]:
        return "any op can be batched"
    return None


def _facts(tensor: Any) -> dict[str, Any]:
    return {
        "dtype": str(tensor.dtype),
        "shape": tuple(tensor.shape),
        "requires_grad": tensor.requires_grad,
        "node": answered(lambda: type(tensor.grad_fn).__name__ if tensor.grad_fn is not None else None),
        "leaf": answered(lambda: tensor.is_leaf),
        "inference": tensor.is_inference(),
        "strides": _strides(tensor),
        "is a view": tensor._is_view(),
    }


def _strides(tensor: Any) -> Any:
    """Where the elements lie; of a dimension with one element nobody can tell."""
    if 0 in tensor.shape:
        return None
    return [s for s, n in zip(tensor.stride(), tensor.shape, strict=True) if n > 1]


def _index(error: tuple[str, str]) -> int:
    """Which input an exception calls unused."""
    return int(error[1].partition("at index ")[2].split()[0])


def answered(question: Callable[[], Any]) -> Any:
    # A view whose base was written to may refuse to say what it is.
    try:
        return question()
    except RuntimeError as error:
        return str(error)


def _differences(real: Any, ours: Any, skipped: set[str], tolerance: float) -> list[Difference]:
    a, b = _facts(real), _facts(ours)
    found = [(field, a[field], b[field]) for field in a if field not in skipped and a[field] != b[field]]
    if not found and not _close(_values(real), _values(ours), tolerance):
        found.append(("values", _values(real).tolist(), _values(ours).tolist()))
    if (not found and a["leaf"] is b["leaf"] is True) or (a["requires_grad"] and real.retains_grad):
        if (real.grad is None) != (ours.grad is None):
            found.append(("grad", real.grad is not None, ours.grad is not None))
        elif real.grad is not None:
            found += [(f"grad {field}", x, y) for field, x, y in _differences(real.grad, ours.grad, skipped, tolerance)]
    return found


def missing(error: tuple[str, str]) -> str | None:
    """The name that we do not have yet, if that is what an exception says."""
    name = MISSING.search(error[1])
    return name.group(1) if error[0] == "AttributeError" and name and "builtin" not in error[1] else None


def _close(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], tolerance: float) -> bool:
    if a.dtype.kind not in "fc":
        return bool(np.array_equal(a, b))
    size = np.max(np.abs(a[np.isfinite(a)]), initial=1.0)
    return a.shape == b.shape and bool(np.allclose(b, a, rtol=tolerance, atol=tolerance * size, equal_nan=True))
