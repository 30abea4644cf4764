"""`%%grad` in a shell without a kernel, and in real kernels as the three notebook runners drive them."""

from __future__ import annotations

import atexit
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

ROOT = Path(__file__).parents[1]

# A line that somebody might type, and words that the one-line answer has.
MALFORMED_LINES = {
    "%%grad --creat-graph": "--create-graph",
    "%%grad --colour red": "--colour",
    "%%grad x=3:": "x=3:",
    "%%grad x=left:right": "left",
    "%%grad x=3:1": "3:1",
    "%%grad --order two": "--order",
    "%%grad --order -1": "--order",
    "%%grad --weights": "--weights",
    "%%grad --backend jax": "jax",
    "%%grad --leaf-writes=maybe": "maybe",
    "%%grad --of z": "z",
    "%%grad 5": "5",
}
# A cell, the error's name, and words that it has.
BROKEN_CELLS = {
    "%%grad\nz = x**2": ("UsageError", "never sets 'y'"),
    "%%grad\ny = 3.0": ("UsageError", "depends on 'x'"),
    "%%grad\ny = x **": ("SyntaxError", "y = x **"),
    "%%grad\nnumbers = [1, 2]\ny = x * numbers[5]": ("IndexError", "list index out of range"),
    "%%grad\nx = torch.rand(3, requires_grad=True)\nx[0] = 1.0\ny = x**2": ("RuntimeError", "a leaf Variable"),
}
CELLS = [f"{line}\ny = x**2" for line in MALFORMED_LINES] + list(BROKEN_CELLS)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[InteractiveShell]:
    """A shell with the extension loaded, no history, and nothing of the user's."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config, ipython_dir=str(tmp_path))  # tracebacks ask for the one shell
    shell.run_line_magic("load_ext", "gradmagic")
    yield shell
    shell.run_line_magic("unload_ext", "gradmagic")
    atexit.unregister(shell.atexit_operations)
    shell.atexit_operations()
    InteractiveShell.clear_instance()


def test_the_first_run_leaves_its_names_as_any_cell_does(shell: InteractiveShell) -> None:
    shell.run_cell("%%grad x=-1:1\nhalf = 0.5\ny = half * x**2").raise_error()
    assert shell.user_ns["half"] == 0.5
    assert "y" in shell.user_ns


def test_the_users_own_names_are_read(shell: InteractiveShell) -> None:
    shell.run_cell("scale = 10.0").raise_error()
    shell.run_cell("%%grad x=0:1 --points 3 --into g\ny = scale * x").raise_error()
    assert shell.user_ns["g"].y.tolist() == [0.0, 5.0, 10.0]


def test_into_binds_what_the_cell_shows(shell: InteractiveShell) -> None:
    result = shell.run_cell("%%grad x=-2:2 --points 5 --into g\ny = x**2")
    result.raise_error()
    g = shell.user_ns["g"]
    assert g is result.result
    assert g.x.tolist() == [-2, -1, 0, 1, 2]
    assert g.y.tolist() == [4, 1, 0, 1, 4]
    assert g.derivatives[0].values.tolist() == [-4, -2, 0, 2, 4]
    assert g.derivatives[1].values.tolist() == [2, 2, 2, 2, 2]
    assert len(g.ledger) == 2
    assert g.state.create_graph is True


def test_the_option_line_is_not_expanded_by_the_shell(shell: InteractiveShell) -> None:
    shell.run_cell("a = 'nothing to do with it'").raise_error()
    error = shell.run_cell("%%grad --of {a}\ny = x").error_in_exec
    assert "{a}" in str(error)


def test_a_semicolon_silences_the_output(shell: InteractiveShell) -> None:
    assert shell.run_cell("%%grad\ny = x**2;").result is None


@pytest.mark.parametrize("line", MALFORMED_LINES)
def test_a_malformed_line_gets_one_line_that_helps(
    shell: InteractiveShell, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = shell.run_cell(f"{line}\ny = x**2")
    printed = capsys.readouterr().out
    assert type(result.error_in_exec).__name__ == "GradUsageError"
    assert MALFORMED_LINES[line] in str(result.error_in_exec)
    assert len(printed.strip().splitlines()) == 1, printed


@pytest.mark.parametrize("cell", BROKEN_CELLS)
def test_a_broken_cell_names_its_error_once(
    shell: InteractiveShell, cell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, words = BROKEN_CELLS[cell]
    assert shell.run_cell(cell, store_history=True).error_in_exec is not None
    printed = capsys.readouterr().out
    assert printed.count(f"{name}: ") == 1, printed
    assert words in printed
    assert "gradmagic/" not in printed, "frames of ours are in the way"


def test_a_syntax_error_is_shown_as_in_a_cell_without_a_magic(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("1 + 1", store_history=True)
    capsys.readouterr()
    shell.run_cell("%%grad\n\ny = x **", store_history=True)
    printed = capsys.readouterr().out
    assert [line.strip() for line in printed.splitlines() if line.strip()] == [
        "Cell In[2], line 3",
        "y = x **",
        "^",
        "SyntaxError: invalid syntax",
    ]


def test_a_traceback_shows_the_cells_own_line_and_its_number(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("1 + 1", store_history=True)
    shell.run_cell("%%grad\nnumbers = [1, 2]\n\ny = x * numbers[5]", store_history=True)
    printed = capsys.readouterr().out
    assert "Cell In[2], line 4" in printed
    assert "----> 4 y = x * numbers[5]" in printed


def test_a_function_of_the_users_keeps_its_frames(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("def f(x):\n    return x / None", store_history=True)
    shell.run_cell("%%grad\ny = f(x)", store_history=True)
    printed = capsys.readouterr().out
    assert "Cell In[1], line 2" in printed
    assert "Cell In[2], line 2" in printed
    assert "TypeError" in printed


def completions(shell: InteractiveShell, text: str, cursor: int | None = None) -> list[str]:
    with provisionalcompleter():
        return [each.text for each in shell.Completer.completions(text, len(text) if cursor is None else cursor)]


def test_options_complete_on_tab(shell: InteractiveShell) -> None:
    assert "--create-graph" in completions(shell, "%%grad --cre")
    assert "--leaf-writes" in " ".join(completions(shell, "%%grad x=0:1 --leaf"))


def test_options_complete_above_a_body_and_nowhere_else(shell: InteractiveShell) -> None:
    line = "%%grad --ret"
    assert "--retain-graph" in completions(shell, f"{line}\ny = x**2", len(line))
    assert "--retain-graph" not in completions(shell, "%%time --ret")


def test_help_is_complete(shell: InteractiveShell) -> None:
    text = shell.object_inspect("%%grad")["docstring"]
    for word in (
        "NAME=LO:HI",
        "--[no-]create-graph",
        "--[no-]retain-graph",
        "--weights",
        "--leaf-writes",
        "--into",
        "--order",
    ):
        assert word in text
    assert text.count("%%grad") > 3, "examples"


def test_reloading_registers_nothing_twice(shell: InteractiveShell) -> None:
    before = len(shell.Completer.custom_matchers)
    for _ in range(3):
        shell.run_line_magic("reload_ext", "gradmagic")
    assert len(shell.Completer.custom_matchers) == before
    shell.run_cell("%%grad\ny = x**2").raise_error()


def test_unloading_takes_everything_away(shell: InteractiveShell) -> None:
    shell.run_line_magic("unload_ext", "gradmagic")
    assert "grad" not in shell.magics_manager.magics["cell"]
    assert "--create-graph" not in completions(shell, "%%grad --cre")
    shell.run_line_magic("load_ext", "gradmagic")


def test_loading_leaves_the_heavy_libraries_for_the_first_cell() -> None:
    code = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell as Shell; from traitlets.config import"
        " Config; shell = Shell(config=Config(HistoryManager={'enabled': False}));"
        " shell.run_line_magic('load_ext', 'gradmagic');"
        " print(*{'numpy', 'matplotlib', 'ipywidgets'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_an_idle_kernel_imports_what_the_first_panel_will_need() -> None:
    code = """
import asyncio, sys
from IPython.core.interactiveshell import InteractiveShell as Shell
from traitlets.config import Config
shell = Shell(config=Config(HistoryManager={"enabled": False}))
async def cells():
    shell.run_line_magic("load_ext", "gradmagic")
    print(*{"numpy", "matplotlib", "ipywidgets"} & set(sys.modules))
    while "gradmagic.panel" not in sys.modules:
        await asyncio.sleep(0.01)
asyncio.run(asyncio.wait_for(cells(), 60))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def notebook_of(cells: list[str]) -> Any:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=kernel)


def test_every_mistake_is_red_for_whoever_runs_the_notebook() -> None:
    """nbval and nbmake go by the error among the outputs, nbconvert --execute by the status of the reply."""
    notebook = notebook_of(["%load_ext gradmagic", *CELLS, "%%grad\ny = x**2"])
    replies = {}

    def note(cell: Any, cell_index: int, execute_reply: Any) -> None:
        replies[cell_index] = execute_reply["content"]["status"]

    NotebookClient(notebook, allow_errors=True, on_cell_executed=note, resources={"metadata": {"path": ROOT}}).execute()
    good, *bad, last = range(len(notebook.cells))
    assert replies == {good: "ok", **dict.fromkeys(bad, "error"), last: "ok"}
    for index in bad:
        errors = [output for output in notebook.cells[index].outputs if output.output_type == "error"]
        assert len(errors) == 1, notebook.cells[index]


def write(folder: Path, name: str, cells: list[str]) -> Path:
    nbformat.write(notebook_of(["%load_ext gradmagic", *cells]), folder / name)
    return folder / name


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_nbval_lax_sees_every_mistake(tmp_path: Path) -> None:
    done = run("pytest", "-c", "/dev/null", "--nbval-lax", "-q", write(tmp_path, "bad.ipynb", CELLS))
    assert f"{len(CELLS)} failed, 1 passed" in done.stdout, done.stdout


RUNNERS = {
    "nbmake": ("pytest", "-c", "/dev/null", "--nbmake", "-q"),
    "nbconvert": ("nbconvert", "--to", "notebook", "--execute", "--stdout"),
}


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("cell", [CELLS[0], CELLS[-2]], ids=["line", "cell"])
def test_nbmake_and_nbconvert_see_a_mistake(tmp_path: Path, runner: str, cell: str) -> None:
    done = run(*RUNNERS[runner], write(tmp_path, "bad.ipynb", [cell]))
    assert done.returncode == 1
    assert re.search("UsageError|IndexError", done.stdout + done.stderr)


@pytest.mark.parametrize("runner", RUNNERS)
def test_nbmake_and_nbconvert_pass_what_is_right(tmp_path: Path, runner: str) -> None:
    done = run(*RUNNERS[runner], write(tmp_path, "good.ipynb", ["%%grad\ny = x**2"]))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_line_magic_takes_options_and_an_expression(shell: InteractiveShell) -> None:
    panel = shell.run_line_magic("grad", "x=-1:1 --order 1 a * sin( x )")
    assert repr(panel).startswith("y, dy/dx for x from -1 to 1")
    assert list(panel.state.params) == ["a"]


@pytest.mark.parametrize("line", ["", "x=-1:1", "--order 2"])
def test_a_line_magic_without_an_expression_says_what_to_write(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    shell.run_cell(f"%grad {line}")
    assert "write %grad x=-3:3 a * sin(x)" in capsys.readouterr().out


def test_defaults_are_configured_as_ipython_does(shell: InteractiveShell) -> None:
    shell.run_line_magic("config", "GradMagics.order = 3")
    assert len(shell.run_line_magic("grad", "x ** 5").derivatives) == 3
    assert len(shell.run_line_magic("grad", "--order 1 x ** 5").derivatives) == 1
    shell.run_line_magic("config", "GradMagics.deadline = 2")
    assert shell.run_line_magic("grad", "x ** 5").explorer.request.deadline == 2
