"""Records again, from real torch, what the files in this directory say it answers.

    python -m tests.oracle.record            compare: lists every entry that torch now answers differently
    python -m tests.oracle.record --write    rewrite the recorded answers
    python -m tests.oracle.record reprs      one file only

The snippets and expressions are read from the files. Each runs in a forked child of a process that has just imported
torch, so that warnings which torch gives once only, and settings, do not travel from one to the next.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pickle
import traceback
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from tests.oracle import replay

HERE = Path(__file__).parent
Entry = dict[str, Any]


def contract(entry: Entry) -> Entry:
    import torch

    outcome = replay.run(entry["snippet"], torch)
    said = [{"category": category, "message": message} for category, message in outcome.warnings]
    return entry | {
        "raises": outcome.raises,
        "raises_qualname": outcome.qualname,
        "message": outcome.message,
        "line": outcome.line,
        "prints": outcome.prints,
        "warnings": said,
    }


def reprs(entry: Entry) -> Entry:
    import torch

    return entry | {"prints": replay.run(entry["snippet"], torch).prints}


def op_values(entry: Entry) -> Entry:
    import torch

    return entry | replay.derivatives(entry, torch)


def printing(entry: Entry) -> Entry:
    torch = import_module("torch")
    torch.set_default_dtype(getattr(torch, entry["default"]))
    torch.set_printoptions(**entry["options"])
    values = torch.from_numpy(np.array(eval(entry["expr"], {"np": np})))
    return entry | {"prints": repr(values.requires_grad_(entry["requires_grad"]))}


def random(entry: Entry) -> Entry:
    import torch

    torch.manual_seed(entry["seed"])
    return entry | {"calls": [call | {"values": _drawn(call, torch)} for call in entry["calls"]]}


def _drawn(call: Entry, torch: Any) -> Any:
    """The numbers of one call, as integers that hold their bits."""
    name, arguments, dtype = call["call"], call["arguments"], getattr(torch, call["dtype"])
    if name in ("rand", "randn"):
        values = getattr(torch, name)(arguments, dtype=dtype)
    elif name == "randperm":
        values = torch.randperm(*arguments, dtype=dtype)
    elif name == "randint":
        low, high, *shape = arguments
        values = torch.randint(low, high, shape, dtype=dtype)
    else:
        *parameters, size = arguments
        values = getattr(torch.empty(size, dtype=dtype), name + "_")(*parameters)
    return bits(values.numpy())


def bits(values: np.ndarray[Any, Any]) -> list[int]:
    """The bits of numbers: JSON would not tell the precision of a float."""
    return np.ascontiguousarray(values).view(f"u{min(values.itemsize, 8)}").ravel().tolist()


def warm_up() -> None:
    """Let torch load what it loads late, so that its own deprecations there are not taken for a snippet's warnings."""
    torch, forward_ad = import_module("torch"), import_module("torch.autograd.forward_ad")
    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore")
        forward_ad.make_dual(torch.ones(1), torch.ones(1))


def in_a_child(function: Callable[[Entry], Entry], entry: Entry) -> Entry:
    """Call the function in a forked child and return what it returned there."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(write_end, "wb") as answer:
                pickle.dump(function(entry), answer)
        except BaseException:  # noqa: BLE001 - whatever it is must be seen, and must not run on in the child
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        data = answer.read()
    os.waitpid(child, 0)
    return pickle.loads(data)  # type: ignore[no-any-return]


def same(old: Any, new: Any) -> bool:
    """Equal, or numbers that differ by rounding only: the last bits of a sum depend on the processor."""
    if isinstance(new, float) and isinstance(old, float):
        return math.isclose(old, new, rel_tol=1e-11, abs_tol=1e-13) or (math.isnan(old) and math.isnan(new))
    if isinstance(new, list) and isinstance(old, list):
        return len(old) == len(new) and all(map(same, old, new))
    return bool(old == new)


def record(name: str, function: Callable[[Entry], Entry], write: bool) -> int:
    """Record one file; return how many of its entries changed."""
    path = HERE / f"{name}.json"
    before = json.loads(path.read_text("utf-8"))
    after = []
    changed = 0
    for old in before:
        new = in_a_child(function, old)
        keys = [key for key in new if not same(old.get(key), new[key])]
        changed += bool(keys)
        after.append(new if keys else old)
        for key in keys:
            print(f"{name}: {old['id']}: {key}\n    recorded {old.get(key)!r}\n    now      {new[key]!r}")
    print(f"{name}: {len(after)} entries, {changed} differ")
    if write:
        path.write_text(json.dumps(after, indent=None if name == "op_values" else 1), "utf-8")
    return changed


def main() -> None:
    functions = {function.__name__: function for function in (contract, reprs, printing, random, op_values)}
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", choices=[*functions, []], help="which files; all by default")
    parser.add_argument("--write", action="store_true", help="rewrite the files")
    given = parser.parse_args()
    import torch

    print("torch", torch.__version__)
    warm_up()
    for name in given.files or functions:
        record(name, functions[name], given.write)


if __name__ == "__main__":
    main()
