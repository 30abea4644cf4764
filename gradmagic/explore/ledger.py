"""The ledger: every grad and backward call of a run, with what it kept, freed and refused. Knows no pictures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from types import CodeType, FrameType, TracebackType
from typing import Any

import numpy as np

from gradmagic.explore.backends import Backend, Census
from gradmagic.explore.explain import NO_GRAPH, added, explained
from gradmagic.explore.program import Program
from gradmagic.explore.trace import By, Call
from gradmagic.explore.written import UNKNOWN, behind, lost_on_the_way, output_of, unused_input

__all__ = ["Ledger", "cell_line"]

DEFAULTS: Mapping[str, object] = {
    "retain_graph": None,
    "create_graph": False,
    "allow_unused": None,
    "is_grads_batched": False,
    "materialize_grads": False,
}


class Ledger:
    """A watcher of the engine's calls that writes one row for each.

    `by`, `source` and `what` say who calls next; the cell's calls find their source by themselves.
    """

    def __init__(self, program: Program, backend: Backend, overrides: Mapping[int, Mapping[str, object]]) -> None:
        self.program = program  # with the output whose calls are made
        self.begun = 0  # the rows that were there before them
        self.backend = backend
        self.overrides = overrides
        self.rows: list[Call] = []
        self.by: By = "cell"
        self.source = ""
        self.what = ""
        # The tensors that each row gave, so that a refusal can name the call which made its tensor.
        self.made: list[tuple[Any, int]] = []
        # What the graphs held before the cell's own calls freed them: the panel differentiates what the cell has freed.
        self.memory: dict[Any, Any] = {}

    def __call__(self, call: Any, run: Callable[..., Any]) -> Any:
        """Make the call, and write its row whether it returns or raises."""
        overrides = dict(self.overrides.get(len(self.rows), {})) if self.by == "cell" else {}
        options = {name: value for name, value in overrides.items() if name != "grad_outputs"}
        if "grad_outputs" in overrides:
            options |= self.weights(call)
        before = self.backend.census(call.outputs)
        added_to = self.backend.leaves(call.outputs) if call.function == "backward" else []
        held = sum(leaf.grad is not None for leaf in added_to)
        if self.by == "cell":
            self.memory |= self.backend.remembered(call.outputs)
        start = perf_counter()
        try:
            result = run(**options)
        except Exception as error:
            self.write(call, overrides, before, perf_counter() - start, given=(), error=error)
            raise
        seconds = perf_counter() - start
        given = tuple(t for t in tensors_in(result) if t is not None)
        self.made += [(t, len(self.rows)) for t in given]
        self.write(call, overrides, before, seconds, given=given, error=None, held=held)
        return result

    def write(
        self,
        call: Any,
        overrides: Mapping[str, object],
        before: Census,
        seconds: float,
        *,
        given: tuple[Any, ...],
        error: Exception | None,
        held: int = 0,
    ) -> None:
        source, line = (self.source, None) if self.by == "panel" else self.called_at()
        asked = {name: value for name, value in call.options.items() if value != DEFAULTS.get(name)}
        if asked.get("allow_unused") is False:
            del asked["allow_unused"]
        effective = {**call.options, **overrides}
        if effective.get("retain_graph") is None:
            effective["retain_graph"] = effective.get("create_graph", False)
        if effective.get("allow_unused", False) is None:
            effective["allow_unused"] = effective.get("materialize_grads", False)
        retained = effective["retain_graph"] and error is None  # then the call has freed nothing: no second count
        after = before if retained else self.backend.census(call.outputs)
        kept = self.backend.census((*call.outputs, *given)) if given else after
        said = outcome_of(given)
        if call.function == "backward":
            said = added(held, bool(effective.get("create_graph")))
        cause, cure = (None, None) if error is None else self.explained(call, str(error))
        self.rows.append(
            Call(
                index=len(self.rows),
                source=source,
                line=line,
                by=self.by,
                asked=asked,
                effective=effective,
                ok=error is None,
                outcome=said if error is None else first_line(error),
                error=None if error is None else f"{type(error).__name__}: {error}",
                nodes_kept=kept.nodes - kept.freed,
                nodes_freed=after.freed - before.freed,
                bytes_kept=kept.saved_bytes,
                bytes_freed=max(before.saved_bytes - after.saved_bytes, 0),
                seconds=seconds,
                cause=cause,
                cure=cure,
            )
        )

    def expanded(self, names: list[str], seconds: float) -> None:
        """One row for the derivatives that came from one pass of Taylor arithmetic, not from calls of grad."""
        y, x = self.program.y_label, self.program.wrt
        made = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
        self.rows.append(
            Call(
                index=len(self.rows),
                source=f"{made} = taylor({y}, {x})",
                line=None,
                by=self.by,
                asked={},
                effective={},
                ok=True,
                outcome="by Taylor arithmetic, in one pass: plain values",
                error=None,
                nodes_kept=0,
                nodes_freed=0,
                bytes_kept=0,
                bytes_freed=0,
                seconds=seconds,
            )
        )

    def explained(self, call: Any, message: str) -> tuple[str | None, Any]:
        """Why this call was refused, in plain words."""
        made_by = next((self.rows[row] for t, row in self.made if any(t is out for out in call.outputs)), None)
        if made_by is None and self.by == "cell":
            made_by = behind(self.called_at()[0], self.rows, self.program.request.text)
        tracked = bool(call.inputs) and all(getattr(t, "requires_grad", False) for t in call.inputs)
        weighed = bool(call.outputs) and all(hasattr(t, "requires_grad") for t in (*call.outputs, *(call.inputs or ())))
        source, line = self.called_at() if self.by == "cell" else (UNKNOWN, None)
        text = self.program.request.text
        unused = unused_input(message, source, line, text)
        return explained(
            message, self.rows, made_by, self.what, tracked=tracked, weighed=weighed, unused=unused,
            lost=lost_on_the_way(source, line, text), output=output_of(source),
            hollow=NO_GRAPH in message and hollow(call.outputs),
        )  # fmt: skip

    def weights(self, call: Any) -> dict[str, Any]:
        """Weights of one for every output, as the call's own argument."""
        name = "grad_outputs" if call.function == "grad" else "grad_tensors"
        return {name: [self.backend.constant(np.ones(tuple(t.shape)), t) for t in call.outputs]}

    def frame(self) -> FrameType | None:
        """The frame of the cell's own that is running now."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != self.program.filename:
            frame = frame.f_back
        return frame

    def called_at(self) -> tuple[str, int | None]:
        """The text and the line of the cell's call that is running now."""
        frame = self.frame()
        if frame is None:
            return UNKNOWN, None
        position = position_of(frame.f_code, frame.f_lasti)
        return self.program.calls.get(position, UNKNOWN), frame.f_lineno


def position_of(code: CodeType, instruction: int) -> tuple[int | None, int | None, int | None, int | None]:
    """Where in the source an instruction stands, as (line, end line, column, end column)."""
    for number, position in enumerate(code.co_positions()):
        if number == instruction // 2:
            return position
    return None, None, None, None


def tensors_in(result: Any) -> Iterable[Any]:
    """The tensors that a call gave: a tuple, a dict, or nothing from backward."""
    if isinstance(result, dict):
        return tuple(result.values())
    return result if isinstance(result, tuple) else ()


def outcome_of(given: tuple[Any, ...]) -> str:
    """What a call of grad gave, in the words of a tensor's repr."""
    if not given:
        return "None: not used in the graph"
    node = given[0].grad_fn
    if node is not None:
        return f"grad_fn=<{type(node).__name__}>"
    return "no grad_fn: a plain value"


def hollow(outputs: Iterable[Any]) -> bool:
    """Whether tensors hold nothing but NaN; what is no tensor of numbers is not."""
    tensors = [one.detach() for one in outputs if hasattr(one, "detach") and one.numel()]
    return bool(tensors) and all(bool((one != one).all()) for one in tensors)  # noqa: PLR0124  NaN alone is not itself


def first_line(error: BaseException) -> str:
    """The exception's type and the first line of its text."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


def cell_line(traceback: TracebackType | None, filename: str) -> int | None:
    """The line of the cell that an exception passed through last."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == filename:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
