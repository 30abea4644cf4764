"""The plan of the house, read off the imports themselves."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gradmagic"
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the ground up; the doors stand on all of them.
FLOORS = ("engine", "ops", "torch", "explore", "plot", "panel")
DOORS = ("__init__", "magic", "__main__")
TOP_LEVEL = {"pyproject.toml", "gradmagic", "notebooks", "tests", "README.md", "LICENSE", "CHANGELOG.md"}
HEAVY = {"IPython", "ipywidgets", "matplotlib", "traitlets", "scipy", "torch"}
# Whom a floor may know besides the standard library and numpy.
NEIGHBOURS = {
    "engine": set(),
    "ops": {"scipy"},  # inside a rule, once one of its ufuncs has come by
    "torch": set(),
    "explore": {"torch"},  # --backend torch
    "plot": {"matplotlib", "contourpy", "isal"},  # contourpy comes with matplotlib
    "panel": {"ipywidgets", "IPython", "matplotlib", "traitlets", "tornado"},
    "__init__": {"IPython"},
    "magic": {"IPython", "traitlets"},
    "__main__": {"jupyterlab"},
}


def floor_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def imports_of(path: Path, text: str | None = None) -> Iterator[str]:
    """Every module that a file imports, by its full name; imports for the type checker alone are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8") if text is None else text)
    here = ("gradmagic", *path.relative_to(PACKAGE).parent.parts)
    unseen = {
        id(node)
        for guard in ast.walk(tree)
        if isinstance(guard, ast.If) and ast.unparse(guard.test).endswith("TYPE_CHECKING")
        for statement in guard.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in unseen:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) - node.level + 1]) if node.level else ""
            yield from (".".join(part for part in (base, node.module, alias.name) if part) for alias in node.names)


def may_import(floor: str, other: str) -> bool:
    """A floor may use itself and those below it; the doors may use any."""
    return floor in DOORS or (other in FLOORS and FLOORS.index(other) <= FLOORS.index(floor))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_look_down(path: Path) -> None:
    floor = floor_of(path)
    assert floor in (*FLOORS, *DOORS), f"{floor} is not on the plan of the house"
    ours = [name.split(".")[1] for name in imports_of(path) if name.startswith("gradmagic.")]
    up = [name for name in ours if not may_import(floor, name)]
    assert not up, f"{path.relative_to(ROOT)} imports upwards: {up}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_floor_knows_only_its_neighbours(path: Path) -> None:
    known = {"gradmagic", "numpy", "__future__", *sys.stdlib_module_names, *NEIGHBOURS[floor_of(path)]}
    strangers = {name.split(".")[0] for name in imports_of(path)} - known
    assert not strangers, f"{path.relative_to(ROOT)} imports {sorted(strangers)}"


@pytest.mark.parametrize(
    "text", ["from gradmagic.ops import table", "from ..ops import table", "import gradmagic.ops.table"]
)
def test_a_look_upwards_would_be_seen(text: str) -> None:
    assert list(imports_of(PACKAGE / "engine" / "walk.py", text)) == ["gradmagic.ops.table"]
    assert not may_import("engine", "ops")
    assert not may_import("explore", "plot")
    assert may_import("panel", "explore")


def in_a_new_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_gradmagic_loads_numpy_and_nothing_heavier() -> None:
    loaded = in_a_new_python(
        "import gradmagic, sys; gradmagic.torch; print(*{name.split('.')[0] for name in sys.modules})"
    ).split()
    assert "numpy" in loaded
    assert not HEAVY & set(loaded)


def test_importing_our_torch_leaves_the_real_one_alone() -> None:
    in_a_new_python(
        "import sys; from gradmagic import torch; assert 'torch' not in sys.modules, 'real torch was loaded'"
    )


def test_the_collector_rests_while_the_engine_is_loaded_and_works_afterwards_if_it_did_before() -> None:
    watched = "import gc, gradmagic; found = []; gc.callbacks.append(lambda phase, info: found.append(phase)); "
    loaded = "gradmagic.torch; print(found.count('start'), gc.isenabled())"
    afterwards, works = in_a_new_python(watched + loaded).split()
    assert int(afterwards) <= 1  # with what has piled up, as soon as it works again
    assert works == "True"
    assert in_a_new_python("import gc; gc.disable(); " + watched + loaded).split() == ["0", "False"]


def public_modules() -> list[str]:
    names = ["gradmagic"]
    names += [f"gradmagic.{floor}" for floor in FLOORS if (PACKAGE / floor / "__init__.py").exists()]
    return names


@pytest.mark.parametrize("name", public_modules())
def test_all_names_what_is_there(name: str) -> None:
    module = import_module(name)
    exported = getattr(module, "__all__", [])
    assert len(exported) == len(set(exported))
    assert not [each for each in exported if not hasattr(module, each)]


def test_the_public_face_is_its_all() -> None:
    import gradmagic

    ours = {
        name
        for name, value in vars(gradmagic).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("gradmagic")
    }
    assert ours <= set(gradmagic.__all__), f"public but not in __all__: {sorted(ours - set(gradmagic.__all__))}"


def test_everything_in_the_public_face_is_documented() -> None:
    import gradmagic

    bare = [name for name in gradmagic.__all__ if not (getattr(gradmagic, name).__doc__ or "").strip()]
    assert not bare


def test_the_help_of_explore_is_that_of_the_call() -> None:
    import gradmagic

    assert gradmagic.explore.__doc__.startswith("Explore the derivatives of a function or an expression")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_the_top_level_holds_what_the_design_names_and_nothing_else() -> None:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git clone")
    tracked = {line.split("/")[0] for line in done.stdout.splitlines()}
    assert {name for name in tracked if not name.startswith(".")} <= TOP_LEVEL
