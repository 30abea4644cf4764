"""`python -m gradmagic`: the first notebook in JupyterLab, or an expression's derivatives. Knows no kernel."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradmagic.explore.request import Request

__all__ = ["main"]

FIRST = "01-square.ipynb"
USAGE = """\
python -m gradmagic                            open the first notebook in JupyterLab
python -m gradmagic EXPRESSION [options]       print y, dy/dx, d²y/dx² of an expression in x

  --at X           where to print the values (default: the middle of the range of x)
  --png FILE       write the picture there too
  --no-browser     start JupyterLab, but open no browser
  --help           this text

and the options of a %%grad line, for example

  python -m gradmagic "x**2" --at 3
  python -m gradmagic "a*sin(b*x)" x=-6:6 a=0:3@1.5 b=1.2 --order 3 --png sine.png
"""


@dataclass(frozen=True)
class Arguments:
    """A command line, taken apart; `line` is what a `%%grad` line would say."""

    expression: str | None
    line: str
    at: float | None
    png: Path | None
    browser: bool
    help: bool


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status.

    Examples
    --------
    >>> main(["--at", "1"])
    2
    """
    from gradmagic.explore.request import GradUsageError

    try:
        arguments = taken_apart(list(sys.argv[1:] if argv is None else argv))
        if arguments.help:
            return print_help()
        return open_notebook(arguments.browser) if arguments.expression is None else print_derivatives(arguments)
    except BrokenPipeError:  # whoever was reading has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SyntaxError as mistake:
        print(f"gradmagic: {mistake.msg}: {(mistake.text or '').strip()}", file=sys.stderr)
    except (GradUsageError, OSError) as mistake:
        print(f"gradmagic: {str(mistake).replace('%%grad? lists', '--help lists')}", file=sys.stderr)
    return 2


def taken_apart(argv: list[str]) -> Arguments:
    """The command's own options picked out; the rest is a `%%grad` line."""
    from gradmagic.explore.request import GradUsageError

    own: dict[str, str] = {}
    rest: list[str] = []
    flags = {"--help": "--help", "-h": "--help", "--no-browser": "--no-browser"}
    words = iter(argv)
    for word in words:
        name, has_value, value = word.partition("=")
        if word in flags:
            own[flags[word]] = ""
        elif name in {"--at", "--png"}:
            given = value if has_value else next(words, "")
            if not given:
                raise GradUsageError(f"{name} needs a value: {name} {'1.5' if name == '--at' else 'out.png'}")
            own[name] = given
        else:
            rest.append(word)
    expression = rest.pop(0) if rest and not rest[0].startswith("--") else None
    if rest and expression is None and "--help" not in own:
        raise GradUsageError(f"the expression comes first: python -m gradmagic 'x**2' {shlex.join(rest)}")
    png = Path(own["--png"]) if "--png" in own else None
    return Arguments(
        expression, shlex.join(rest), number(own.get("--at")), png, "--no-browser" not in own, "--help" in own
    )


def number(text: str | None) -> float | None:
    """The number that `--at` gives."""
    from gradmagic.explore.request import GradUsageError

    try:
        return None if text is None else float(text)
    except ValueError:
        raise GradUsageError(f"--at needs a number such as 1.5, not {text!r}") from None


def print_help() -> int:
    """Both uses of the command, and the options of a `%%grad` line."""
    from gradmagic.explore.options import help_text

    print(f"{USAGE}\n{help_text()}")
    return 0


def print_derivatives(arguments: Arguments) -> int:
    """The numbers at one point and over the range; and the picture, if a file for it is named."""
    from gradmagic.explore.explorer import Explorer
    from gradmagic.explore.report import figure_of, text

    request = asked(arguments)
    if arguments.png is not None:
        writable(arguments.png)
    try:
        explorer = Explorer.of(request)
    except (ArithmeticError, AttributeError, LookupError, NameError, RuntimeError, TypeError, ValueError) as mistake:
        # the expression's own; whoever types one line wants no traceback through the engine
        print(f"gradmagic: {type(mistake).__name__}: {str(mistake).partition(chr(10))[0]}", file=sys.stderr)
        return 2
    curves = explorer.curves
    if arguments.png is not None:
        from gradmagic.plot import figure

        figure(curves).savefig(arguments.png)
    rows = [(curves.x_label, curves.x0), *zip((curve.label for curve in curves.curves), curves.at_x0, strict=True)]
    width = max(len(label) for label, _ in rows)
    print("\n".join(f"{label:<{width}}  {figure_of(value)}" for label, value in rows))
    print(f"\n{text(curves, explorer.trace)}")
    if arguments.png is not None:
        print(f"\npicture: {arguments.png}")
    return 0


def writable(png: Path) -> None:
    """Refuse a picture's name before anything is computed."""
    from gradmagic.explore.request import GradUsageError

    if png.suffix.lower() != ".png":
        raise GradUsageError(f"--png needs a name ending in .png, not '{png}'")
    if not png.parent.is_dir():
        raise GradUsageError(f"--png {png}: there is no folder '{png.parent}'")


def asked(arguments: Arguments) -> Request:
    """The request, with the cursor where `--at` says; a range that nobody gave is laid around it."""
    from gradmagic.explore.program import DEFAULT_DOMAIN
    from gradmagic.explore.reading import parse_line
    from gradmagic.explore.request import GradUsageError, Range

    request = parse_line(arguments.line, arguments.expression or "")
    at = arguments.at
    if at is None:
        return request
    given = request.ranges.get(request.wrt)
    span = given or DEFAULT_DOMAIN
    if given is None and not span.lo <= at <= span.hi:
        span = Range(at + span.lo, at + span.hi)
    if not span.lo <= at <= span.hi:
        raise GradUsageError(f"--at {at:g} lies outside {request.wrt}={span.lo:g}:{span.hi:g}: widen the range")
    return replace(request, ranges={**request.ranges, request.wrt: replace(span, start=at)})


def open_notebook(browser: bool) -> int:
    """JupyterLab on the first notebook; returns when it is shut down."""
    from gradmagic.explore.request import GradUsageError

    if find_spec("jupyterlab") is None:
        raise GradUsageError(f'JupyterLab is not installed here: {sys.executable} -m pip install "gradmagic[lab]"')
    folder, name = first_notebook()
    arguments = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{name}"]
    if not browser:
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # In a container everybody is root, and Jupyter's refusal would only make them type this.
        arguments.append("--ServerApp.allow_root=True")
    return start_jupyterlab(arguments)


def first_notebook(package: Path | None = None, here: Path | None = None) -> tuple[Path, str]:
    """The folder of the first notebook and its name: the clone's own, or a copy of the installed one in this folder."""
    package = Path(__file__).parent if package is None else package
    here = Path.cwd() if here is None else here
    clone = package.parent / "notebooks"
    if (clone / FIRST).exists() and (package.parent / "pyproject.toml").exists():
        return clone, FIRST
    for notebook in sorted((package / "notebooks").glob("*.ipynb")):
        if not (here / notebook.name).exists():  # the reader's own work stays as it is
            shutil.copy(notebook, here)
    return here, FIRST


def start_jupyterlab(arguments: list[str]) -> int:
    """JupyterLab in this process, with the kernels of this environment."""
    from jupyterlab.labapp import main as lab

    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    lab(arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
