"""What README.md says is true: its commands, its Python, its options and its links."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.strip().splitlines()]


def project() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_each_command_is_one_line() -> None:
    assert all(len(block.strip().splitlines()) == 1 for block in blocks("sh"))
    assert len(commands()) == 5


def test_the_commands_ask_for_extras_that_exist() -> None:
    extras = set(project()["optional-dependencies"])
    for command in commands():
        asked = {name for group in re.findall(r"\.\[([\w,]+)\]", command) for name in group.split(",")}
        asked |= set(re.findall(r"--extra (\w+)", command))
        assert asked <= extras, command
        assert asked or "gradmagic" in command


def test_the_script_of_the_checks_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    [test_command] = [command for command in commands() if command.endswith(".venv/bin/pytest")]
    setup, ask = re.search(r"pip (install .*?) && \.venv/bin/(.*)$", test_command).groups()
    # the checks may ask for more extras than the README does
    asked, installed = (set(re.search(r'-e "\.\[([\w,]+)\]"', text)[1].split(",")) for text in (setup, script))
    assert asked <= installed
    assert f"\ncheck {ask}\n" in script


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_in_the_readme_prints_what_it_says(code: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue().split() == " ".join(re.findall(r"print\(.*\)\s+# (.*)", code)).split()


def test_the_command_without_a_browser_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gradmagic.__main__ import main

    [command] = [each for each in commands() if "--png" in each]
    monkeypatch.chdir(tmp_path)
    python, *arguments = shlex.split(command)
    assert (python, arguments[:2]) == ("python", ["-m", "gradmagic"])
    assert main(arguments[2:]) == 0
    assert "9" in capsys.readouterr().out
    assert (tmp_path / "square.png").read_bytes().startswith(b"\x89PNG")


def test_the_options_that_the_readme_names_are_the_options_that_exist() -> None:
    from gradmagic.explore.options import BY_FLAG

    told = README.split("## From an argument")[1].split("## With the keyboard")[0]
    assert set(re.findall(r"--[a-z][a-z-]+", told)) == set(BY_FLAG)


def test_every_panel_example_runs() -> None:
    from gradmagic.explore import reading

    for line, body in re.findall(r"^%%grad(.*)\n((?:.+\n)*)```", README, flags=re.MULTILINE):
        assert reading.parse_line(line, body).text == body


def test_every_local_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
