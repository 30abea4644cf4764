"""Runs random programs on real torch and on gradmagic.torch, statement by statement, and shows where they part.

    python -m tests.engine.fuzz --programs 5000 --seed S [--wide] [--loose] [--report PATH]

What is compared after each, comparing.py says. Where the two differ by choice (choices.RANDOM) a program ends, or goes
on if only the words differ. With --wide there are statements of more kinds (wider.py). With --loose neither the words
of exceptions nor the names of nodes are compared. A program that parts is shortened to the statements that matter.
Needs torch; is no test.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from pathlib import Path
from typing import Any

from tests.engine.choices import RANDOM
from tests.engine.comparing import Difference, Pair, answered, missing, spread
from tests.engine.programs import Writer
from tests.engine.seeing import Seen
from tests.engine.wider import Wider


def play(lines: list[str]) -> tuple[int, list[Difference]]:
    """Run a program until the sides differ; return the number of statements run and the differences."""
    pair = Pair()
    for number, line in enumerate(lines, 1):
        found = pair.step(line)
        if found:
            return number, found
    return len(lines), []


def seen(tensor: Any) -> Seen:
    """What a writer of programs may know of a tensor of torch's."""
    memory = answered(lambda: tensor.untyped_storage().data_ptr())
    writable = not any(t.output_nr > 0 and t.retains_grad for t in (tensor, tensor._base) if t is not None)
    refused = isinstance(answered(lambda: tensor.grad_fn), str)
    hookable = not (refused and tensor._backward_hooks is not None)
    return Seen(
        tuple(tensor.shape), tensor.dtype.is_floating_point, str(tensor.dtype),
        memory if isinstance(memory, int) else 0, _is_dense(tensor), spread(tensor) > 0, writable, hookable,
    )  # fmt: skip


def _is_dense(tensor: Any) -> bool:
    expected = 1
    for stride, n in sorted((s, n) for s, n in zip(tensor.stride(), tensor.shape, strict=True) if n != 1):
        if stride != expected:
            return False
        expected *= n
    return True


def invent(seed: int, kind: type[Writer] = Writer) -> tuple[list[str], list[Difference], str | None, list[str]]:
    """Write and run one program; return it up to where the sides differ, or may, and what was set aside on the way."""
    writer, pair = kind(seed), Pair()
    lines: list[str] = []
    for _ in range(writer.length):
        lines.append(writer.statement())
        found = pair.step(lines[-1])
        if found or pair.excuse:
            return lines, found, pair.excuse, pair.set_aside
        if pair.went_astray():
            break
        writer.tensors = {name: seen(tensor) for name, tensor in pair.real.tensors().items()}
        writer.leaves = [name for name in writer.leaves if name in writer.tensors]
    return lines, [], None, pair.set_aside


def shorten(lines: list[str], kind: str) -> tuple[list[str], list[Difference]]:
    """Leave out every statement without which the last one still differs in the same way."""
    index = len(lines) - 2
    while index >= 0:
        shorter = lines[:index] + lines[index + 1 :]
        number, found = play(shorter)
        if number == len(shorter) and found and signature(shorter[-1], found) == kind:
            lines = shorter
        index -= 1
    return lines, play(lines)[1]


def signature(line: str, found: list[Difference]) -> str:
    """What kind of difference this is: the statement and what differs, without names and numbers."""
    field, expected, got = found[0]
    if field == "exception":
        words = " / ".join(_plain(f"{side[0]}: {side[1]}") if side else "none" for side in (expected, got))
        return f"exception {words[:160]}"
    return f"{field.partition(' ')[2] or field} after {_plain(line)}"


def _plain(text: str) -> str:
    return re.sub(r"-?\d+(\.\d+)?", "N", re.sub(r"\bv\d+\b", "v", text))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--wide", action="store_true", help="with statements of more kinds")
    parser.add_argument("--loose", action="store_true", help="compare neither words nor names of nodes")
    given = parser.parse_args()
    Pair.loose = given.loose
    warnings.simplefilter("ignore")
    names: dict[str, int] = {}
    kinds: dict[str, tuple[int, int, list[str], list[Difference]]] = {}
    statements = 0
    ended, aside = dict.fromkeys(RANDOM, 0), dict.fromkeys(RANDOM, 0)
    for seed in range(given.seed, given.seed + given.programs):
        lines, found, excuse, set_aside = invent(seed, Wider if given.wide else Writer)
        statements += len(lines)
        if excuse:
            ended[excuse] += 1
        for name in set_aside:
            aside[name] += 1
        if not found:
            continue
        got = found[0][2] if found[0][0] == "exception" else None
        name = missing(got) if got else None
        if name:
            names[name] = names.get(name, 0) + 1
            continue
        kind = signature(lines[-1], found)
        if kind in kinds:
            count, *rest = kinds[kind]
            kinds[kind] = (count + 1, *rest)  # type: ignore[assignment]
        else:
            kinds[kind] = (1, seed, *shorten(lines, kind))
    counts = {
        "statements": statements, "names missing": names, "ended early by choice": _some(ended),
        "set aside by choice": _some(aside),
    }  # fmt: skip
    text = describe(given, counts, kinds)
    sys.stdout.write(text)
    if given.report:
        given.report.write_text(text, "utf-8")


def describe(given: Any, counts: dict[str, Any], kinds: dict[str, Any]) -> str:
    """The report: the kinds of difference, wrong numbers first, each with a shortest program."""
    parted = sum(count for count, *_ in kinds.values())
    told = "; ".join(f"{name}: {count}" for name, count in counts.items())
    what = f"{given.programs} {'wider ' if given.wide else ''}programs from seed {given.seed}"
    lines = [f"# {what}: {parted} programs part in {len(kinds)} ways; {told}", ""]
    for kind, (count, seed, program, found) in sorted(kinds.items(), key=lambda item: (_rank(item[0]), -item[1][0])):
        lines += [f"## {count} times, first by seed {seed}: {kind}", "```", *program, "```"]
        lines += [f"- {field}\n  - torch: `{expected!r}`\n  - got: `{got!r}`" for field, expected, got in found[:3]]
        lines.append("")
    return "\n".join(lines) + "\n"


def _some(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _rank(kind: str) -> int:
    return 2 if kind.startswith("exception") else 1 if kind.startswith("node") else 0


if __name__ == "__main__":
    main()
