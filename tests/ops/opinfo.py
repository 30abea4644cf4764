"""Asks torch's own database of ops which of them gradmagic.torch has, and whether both give the same.

    python -m tests.ops.opinfo [NAME ...] [--from a --to m] [--complex] [--all] [--record]

A name may end in ``*``. Of every op that torch can differentiate on real float64 (network layers, random and sparse
parts left out) the database's own samples are given to both: values, dtypes, shapes, first gradients and second ones,
by random projections, are compared; where torch's second gradient is NaN, ours may be finite. ``--record`` writes down
which agree. Needs torch; is no test.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np

from gradmagic import torch as ours

RECORD = Path(__file__).with_name("opinfo_agree.json")
LEFT_OUT = re.compile(
    r"conv\d|conv_transpose|pool|dropout|attention|embedding_bag|functional\.embedding|(batch|layer|group|instance|rms)_norm"
    r"|local_response_norm|interpolate|upsample|grid_sample|ctc|fractional|linear_cross_entropy"  # network layers
    r"|bernoulli|multinomial|^normal|rrelu|lowrank"  # random parts
    r"|sparse|_segment_reduce|^slice$|channel_shuffle|stft|bfloat16|chalf"  # sparse parts; dtypes that numpy has not
    r"|^_|^torch\.ops|_copy$|^masked\.|^unsafe_"  # torch's own workings
)
ALLOWED = re.compile(r"^__r\w+__$|^__getitem__$")

# Where ours is meant to differ, and why.
MEANT = {
    "as_strided/partial_views": "a leaf that lies in a larger storage: as_strided of ours sees a tensor's own elements",
    "as_strided_scatter": "torch's gradient of self is what it should not be: it keeps the part written over",
}


class MissingError(Exception):
    """Gradmagic has no such name."""


def chosen(torch: Any) -> Iterator[Any]:
    """The ops of the yardstick."""
    from torch.testing._internal.common_methods_invocations import op_db

    for op in op_db:
        if (
            op.supports_autograd
            and torch.float64 in op.dtypes
            and (ALLOWED.search(op.name) or not LEFT_OUT.search(op.name))
        ):
            yield op


def title(op: Any) -> str:
    """The name of an op with its variant."""
    return f"{op.name}/{op.variant_test_name}" if op.variant_test_name else str(op.name)


def counterpart(function: Any, name: str) -> Callable[..., Any]:
    """Ours for a function of the database: the same name; of one written in Python the same code, run on our torch."""
    if isinstance(function, types.FunctionType) and function.__module__.startswith("torch.testing"):
        return rebound(function)
    for owner in (ours, ours.Tensor):
        found: Any = owner
        for part in name.split("."):
            found = getattr(found, part, None)
        if callable(found):
            return found  # type: ignore[no-any-return]
    raise MissingError(name)


def rebound(function: Any) -> Any:
    """A Python function whose ``torch`` is ours, in its cells too."""
    if not isinstance(function, types.FunctionType):
        return function
    names = {**function.__globals__, "torch": ours}
    cells = tuple(types.CellType(rebound(c.cell_contents)) for c in function.__closure__ or ())
    copy = types.FunctionType(function.__code__, names, function.__name__, function.__defaults__, cells)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def converted(value: Any, torch: Any) -> Any:
    """A sample's value for our side."""
    if isinstance(value, torch.Tensor):
        array = value.detach().resolve_conj().resolve_neg().numpy().copy(order="K")
        return ours.Tensor._of(array).requires_grad_(value.requires_grad)
    if isinstance(value, torch.nn.PairwiseDistance):
        return ours.nn.functional.pairwise_distance
    if isinstance(value, torch.dtype):
        return getattr(ours, str(value).removeprefix("torch."))
    if isinstance(value, (tuple, list)) and not isinstance(value, torch.Size):
        return type(value)(converted(v, torch) for v in value)
    if isinstance(value, dict):
        return {k: converted(v, torch) for k, v in value.items()}
    return value


def tensors(value: Any, kind: type) -> list[Any]:
    """The tensors in a tree, from left to right."""
    if isinstance(value, kind):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for v in value for t in tensors(v, kind)] if isinstance(value, (tuple, list)) else []


def weights(shape: Any, dtype: str, seed: int) -> Any:
    """A random projection, the same for both sides."""
    draw = np.random.default_rng(seed)
    w = np.asarray(draw.normal(size=tuple(shape)))
    if "complex" in dtype:
        w = w + 1j * draw.normal(size=tuple(shape))
    return np.asarray(w, dtype.removeprefix("torch."))


class Side:
    """One of the two: runs a sample and keeps what each stage gave, or why it gave nothing."""

    def __init__(self, torch: Any, call: Callable[..., Any], sample: tuple[Any, Any, Any], process: Any) -> None:
        self.torch, self.kind = torch, torch.Tensor
        self.stages: list[Any] = []
        self.leaves = [t for t in tensors(sample, self.kind) if t.requires_grad]
        try:
            given, args, kwargs = sample
            out = tensors(process(call(given, *args, **kwargs)), self.kind)
            self.stages.append([self.array(t) for t in out])
            for order in (1, 2):
                out = self.differentiate(out, order)
                self.stages.append([None if t is None else self.array(t) for t in out])
        except Exception as error:  # noqa: BLE001 - the outcome may be any
            self.stages.append(error)

    def array(self, t: Any) -> Any:
        t = t.detach()
        return t.resolve_conj().resolve_neg().numpy() if hasattr(t, "resolve_neg") else t.numpy()

    def differentiate(self, outs: list[Any], order: int) -> list[Any]:
        outs = [t for t in outs if t is not None and t.requires_grad]
        if not outs or not self.leaves:
            return [None] * len(self.leaves)
        ws = [self.torch.from_numpy(weights(t.shape, str(t.dtype), 7 * order + i)) for i, t in enumerate(outs)]
        return list(self.torch.autograd.grad(outs, self.leaves, ws, create_graph=order == 1, allow_unused=True))


STAGES = ("values", "first", "second")


def difference(theirs: Side, mine: Side) -> str | None:
    """Where the two part, in a few words; nothing where torch itself refuses."""
    for stage, want, got in zip(STAGES, theirs.stages, [*mine.stages, None, None], strict=False):
        if isinstance(want, Exception):
            return None
        if isinstance(got, Exception):
            return f"{stage}: {type(got).__name__}: {str(got)[:110]}"
        if len(want) != len(got):
            return f"{stage}: {len(got)} tensors for {len(want)}"
        for i, (a, b) in enumerate(zip(want, got, strict=True)):
            if (found := apart(a, b, stage)) is not None:
                return f"{stage} {i}: {found}"
    return None


def apart(want: Any, got: Any, stage: str) -> str | None:
    """How two arrays differ; a gradient that is None counts as zeros."""
    if want is None or got is None:
        other = got if want is None else want
        return None if other is None or not np.any(np.abs(other) > 1e-9) else "None for a gradient"
    if want.shape != got.shape:
        return f"shape {got.shape} for {want.shape}"
    if want.dtype != got.dtype:
        return f"{got.dtype} for {want.dtype}"
    if stage == "second":
        got = np.where(np.isnan(want), want, got)
    if want.dtype.kind not in "fc":
        return None if np.array_equal(want, got) else "other values"
    tolerance = 1e-7 if want.dtype.itemsize >= 8 else 1e-2
    size = np.max(np.abs(want[np.isfinite(want)]), initial=1.0)
    if np.allclose(got, want, rtol=tolerance, atol=tolerance * size, equal_nan=True):
        return None
    return f"values differ by {np.max(np.abs(got - want)):.2g}"


def judged(op: Any, torch: Any, dtype: Any) -> tuple[str, str]:
    """Whether an op agrees, is missing or differs; and where."""
    name = op.name
    try:
        call = counterpart(op.op, name)
    except MissingError:
        return "missing", ""
    found, n = [], 0
    for n, sample in enumerate(op.sample_inputs(device="cpu", dtype=dtype, requires_grad=True), 1):  # noqa: B007
        whole = (sample.input, sample.args, sample.kwargs)
        mine = Side(ours, call, converted(whole, torch), rebound(sample.output_process_fn_grad))
        theirs = Side(torch, op.op, whole, sample.output_process_fn_grad)
        words = difference(theirs, mine)
        if words is not None:
            if f"has no attribute '{name.split('.')[-1]}'" in words:
                return "missing", words
            found.append(f"{words}   <- {called(sample)}")
    if found:
        return "meant" if title(op) in MEANT else "different", f"{len(found)} of {n} samples; {found[0]}"
    return "agree", f"{n} samples"


def called(sample: Any) -> str:
    """A sample in short: shapes instead of values."""

    def short(v: Any) -> str:
        if hasattr(v, "shape"):
            return str(tuple(v.shape))
        if isinstance(v, (tuple, list)):
            return "[" + ", ".join(map(short, v)) + "]"
        return repr(v)

    return ", ".join(
        [short(sample.input), *map(short, sample.args), *(f"{k}={short(v)}" for k, v in sample.kwargs.items())]
    )


def wanted(op: Any, options: argparse.Namespace) -> bool:
    """Whether an op was asked for."""
    if options.names:
        return any(fnmatch(op.name, pattern) for pattern in options.names)
    first = op.name.strip("_")[:1].lower()
    return bool(options.start <= first <= options.to)


def main() -> int:
    """Compare, print a table, and record if asked."""
    try:
        import torch
    except ImportError:
        print("torch is not installed: nothing to compare with")
        return 0
    parser = argparse.ArgumentParser(prog="python -m tests.ops.opinfo")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--from", dest="start", default="a")
    parser.add_argument("--to", default="z")
    parser.add_argument("--complex", action="store_true", help="on complex128 samples")
    parser.add_argument("--all", action="store_true", help="show what agrees, too")
    parser.add_argument("--record", action="store_true", help=f"write {RECORD.name}")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    dtype = torch.complex128 if options.complex else torch.float64
    table: dict[str, str] = {}
    for op in chosen(torch):
        if not wanted(op, options) or dtype not in op.dtypes:
            continue
        torch.manual_seed(0)
        verdict, words = judged(op, torch, dtype)
        table[title(op)] = verdict
        if verdict != "agree" or options.all:
            print(f"{verdict:10}{title(op):36}{words}", flush=True)
    counts = Counter(table.values())
    print(f"{len(table)} ops:", ", ".join(f"{counts[v]} {v}" for v in ("agree", "missing", "different", "meant")))
    if options.record:
        agree = sorted(name for name, verdict in table.items() if verdict == "agree")
        others = {name: verdict for name, verdict in sorted(table.items()) if verdict != "agree"}
        RECORD.write_text(json.dumps({"agree": agree, "others": others}, indent=1) + "\n")
    return int(counts["agree"] + counts["meant"] != len(table))


if __name__ == "__main__":
    sys.exit(main())
