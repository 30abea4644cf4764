"""`python -m gradmagic`, called as a function wherever no process is needed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradmagic import __main__ as cli

ROOT = Path(__file__).parents[1]


def test_an_expression_prints_its_derivatives_at_a_point(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["x**3", "--at", "2"]) == 0
    printed = capsys.readouterr().out
    for label, value in (("y", "8"), ("dy/dx", "12"), ("d²y/dx²", "12")):
        assert re.search(rf"^\s*{re.escape(label)}\s.*\b{value}\b", printed, flags=re.MULTILINE), printed


def test_the_options_are_those_of_the_magic(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["a*x**4", "x=0:2", "a=0:1@0.5", "--order", "4", "--at", "1"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"d⁴y/dx⁴\s.*\b12\b", printed), printed


def test_a_negative_number_is_a_value_and_not_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["x**2", "--at", "-1"]) == 0
    assert re.search(r"dy/dx\s.*[-−]2\b", capsys.readouterr().out)


def test_a_picture_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "square.png"
    assert cli.main(["x**2", "--png", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x**2", "--ordr", "3"], "--help lists all"),
        (["x**2", "--at"], "--at"),
        (["x**2", "--at", "here"], "'here'"),
        (["x**2", "x=1"], "x"),
        (["x **"], "x **"),
        (["3"], "x"),
        (["--order", "3"], "first"),
        (["x**2", "--png", "/nowhere/at/all/out.png"], "/nowhere"),
    ],
)
def test_a_mistake_is_one_line_and_a_status(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err
    assert len(printed.err.strip().splitlines()) == 1


def test_help_tells_both_uses_and_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    printed = capsys.readouterr().out
    for word in ("python -m gradmagic", "--png", "--at", "--order", "NAME=LO:HI"):
        assert word in printed


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gradmagic", "x**2", "--at", "3"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "9" in done.stdout
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell's pipe")
def test_a_reader_that_has_read_enough_is_no_mistake() -> None:
    command = f"'{sys.executable}' -m gradmagic 'x**2' | true"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_without_jupyterlab_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda name: None)
    assert cli.main([]) == 2
    assert "pip install" in capsys.readouterr().err


def test_in_a_clone_the_notebook_of_the_clone_is_opened() -> None:
    folder, name = cli.first_notebook()
    assert folder / name == ROOT / "notebooks" / "01-square.ipynb"


def test_from_a_wheel_a_copy_is_opened_and_never_overwritten(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "gradmagic"
    (package / "notebooks").mkdir(parents=True)
    (package / "notebooks" / "01-square.ipynb").write_text("as it was shipped")
    here = tmp_path / "here"
    here.mkdir()

    folder, name = cli.first_notebook(package, here)
    assert (folder, name) == (here, "01-square.ipynb")
    (here / name).write_text("the reader's own work")
    cli.first_notebook(package, here)
    assert (here / name).read_text() == "the reader's own work"


def test_the_url_that_jupyterlab_prints_is_the_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(cli, "start_jupyterlab", lambda arguments: started.append(arguments) or 0)
    assert cli.main(["--no-browser"]) == 0
    [arguments] = started
    assert f"--ServerApp.root_dir={ROOT / 'notebooks'}" in arguments
    assert "--LabApp.default_url=/lab/tree/01-square.ipynb" in arguments
    assert "--no-browser" in arguments


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["1/0+x"], "gradmagic: ZeroDivisionError: division by zero"),
        (["foo(x)"], "gradmagic: NameError: name 'foo' is not defined"),
        (["x**2", "--png", "o.txt"], "gradmagic: --png needs a name ending in .png, not 'o.txt'"),
        (["x**2", "--png", "missing/o.png"], "gradmagic: --png missing/o.png: there is no folder 'missing'"),
    ],
)
def test_a_mistake_in_the_expression_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"{said}\n")
