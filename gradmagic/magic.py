"""The door: `%%grad` as IPython sees it. Hands a cell down and shows what comes back; decides nothing about either."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
    output_can_be_silenced,
)
from traitlets import Bool, Enum, Float, Integer

from gradmagic import _uncollected
from gradmagic.explore import options
from gradmagic.explore.request import GradUsageError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from gradmagic.panel import Panel

__all__ = ["GradMagics", "load_ipython_extension", "unload_ipython_extension"]

PACKAGE = str(Path(__file__).parent)
MARK = "%%grad"
FIRST_PANEL = (
    "numpy", "ipywidgets", "matplotlib", "gradmagic.torch", "gradmagic.panel",
)  # fmt: skip
PAUSE = 0.05  # seconds in which a message may come in between


class CellSyntaxError(GradUsageError):
    """What Python's parser says about a cell, shown as the shell shows it for a cell without a magic."""

    def __init__(self, shell: InteractiveShell, error: SyntaxError) -> None:
        super().__init__(f"SyntaxError: {error.msg}")
        self.shown: list[str] = shell.SyntaxTB.structured_traceback(type(error), error, None)

    def _render_traceback_(self) -> list[str]:
        return self.shown


@magics_class
class GradMagics(Magics):
    """Home of the cell magic; the shell makes one."""

    shell: InteractiveShell

    order = Integer(2, min=1, max=options.MAX_ORDER, help="How many derivatives, where --order is not given.").tag(
        config=True
    )
    points = Integer(
        401, min=options.MIN_POINTS, max=options.MAX_POINTS, help="How many samples, where --points is not given."
    ).tag(config=True)
    leaf_writes = Enum(("refuse", "allow"), "refuse", help="What --leaf-writes is where it is not given.").tag(
        config=True
    )
    backend = Enum(("gradmagic", "torch"), "gradmagic", help="What --backend is where it is not given.").tag(
        config=True
    )
    deadline = Float(
        30.0, min=0.01, help="Seconds after which a step of a panel is stopped, where --deadline is not given."
    ).tag(config=True)
    panel = Bool(True, help="Whether a panel is shown where --no-panel is not given.").tag(config=True)

    @no_var_expand
    @needs_local_scope
    @output_can_be_silenced
    @line_cell_magic
    def grad(self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None) -> Panel:  # noqa: ARG002
        __tracebackhide__ = True
        with _uncollected():  # matplotlib and ipywidgets, at the first cell that needs them
            from gradmagic import panel
            from gradmagic.explore import reading

        if cell is None:
            line, text = reading.split_expression(line)
        else:
            text = in_place(self.shell, cell)
        filename = remembered(self.shell, line, text)
        defaults = {name: getattr(self, name) for name in self.trait_names(config=True)}
        request = replace(reading.parse_line(line, text, defaults), filename=filename)
        try:
            shown = panel.show(request, self.shell.user_ns)
        except BaseException as error:
            forget_our_frames(error)
            if isinstance(error, SyntaxError) and error.filename == filename:
                raise CellSyntaxError(self.shell, error) from None
            raise
        if request.into is not None:
            self.shell.user_ns[request.into] = shown
        return shown


GradMagics.grad.__doc__ = options.help_text()


def in_place(shell: InteractiveShell, cell: str) -> str:
    """The cell as Python, each line where the reader sees it: line 1 is the `%%grad` line, and is left blank."""
    body = cell.lstrip("\n")
    above = 1 + len(cell) - len(body)
    return "\n" * above + str(shell.transform_cell(body))


def remembered(shell: InteractiveShell, line: str, text: str) -> str:
    """The name under which the shell knows the cell's source; with it a traceback says `Cell In[n], line k`."""
    # Not the outer cell's own text: names are made from it, and the two would be taken for one.
    unlike_any_cell = f"{MARK}\0{line}\n{text}"
    return str(shell.compile.cache(text, number_of_running_cell(shell), raw_code=unlike_any_cell))


def number_of_running_cell(shell: InteractiveShell) -> int:
    """The n of `In[n]`, from the outermost frame that the shell compiled: its counter may be one further by now."""
    known = shell.compile._filename_map
    numbers = [known[name] for frame in frames() if (name := frame.f_code.co_filename) in known]
    return numbers[-1] if numbers else shell.execution_count


def frames() -> Iterator[FrameType]:
    """The frames of this thread, innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def forget_our_frames(error: BaseException) -> None:
    """Leave the frames of the user's own code in an error's traceback, and in those of the errors that led to it.

    Where there are none the fault is ours, and the traceback stays whole.
    """
    for one in chain_of(error):
        theirs = [step for step in steps(one.__traceback__) if not step.tb_frame.f_code.co_filename.startswith(PACKAGE)]
        if theirs:
            one.__traceback__ = linked(theirs)


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it was raised from or during."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def steps(traceback: TracebackType | None) -> Iterator[TracebackType]:
    """The steps of a traceback, outermost first."""
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def linked(chosen: list[TracebackType]) -> TracebackType | None:
    """A traceback of the chosen steps alone."""
    first = None
    for step in reversed(chosen):
        first = TracebackType(first, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return first


@context_matcher(identifier="gradmagic.options", priority=200)
def complete_options(context: CompletionContext) -> SimpleMatcherResult:
    """Complete the `%%grad` line on Tab: its options and their choices."""
    line, *_ = context.full_text.splitlines() or [""]
    if not line.startswith(MARK) or context.cursor_line != 0:
        return {"completions": []}
    start = len(MARK)
    words = options.complete(line[start:], max(context.cursor_position - start, 0))
    return {"completions": [SimpleCompletion(word, type="option") for word in words], "suppress": bool(words)}


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext gradmagic` does. Doing it twice changes nothing."""
    unload_ipython_extension(shell)
    magics = GradMagics(shell=shell)
    shell.register_magics(magics)
    configurables: list[Any] = shell.configurables
    configurables.append(magics)  # %config GradMagics
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(complete_options)
    look_ahead()


def look_ahead(modules: tuple[str, ...] = FIRST_PANEL) -> None:
    """Import what the first panel needs while nobody waits: the loop of a kernel takes one after the other when idle.

    Not in a thread: two that import the same packages in another order may each get a half-made module.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    if modules:
        loop.call_later(PAUSE, ahead, modules)


def ahead(modules: tuple[str, ...]) -> None:
    with suppress(ImportError), _uncollected():  # the first cell that needs it says so
        import_module(modules[0])
    look_ahead(modules[1:])


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What `%unload_ext gradmagic` does: nothing of ours stays in the shell."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("grad", None)
    shell.configurables[:] = [one for one in shell.configurables if not isinstance(one, GradMagics)]
    shell.magics_manager.registry.pop(GradMagics.__name__, None)
    if shell.Completer is not None:
        ours = complete_options.matcher_identifier
        others = [m for m in shell.Completer.custom_matchers if getattr(m, "matcher_identifier", "") != ours]
        shell.Completer.custom_matchers[:] = others
