"""Pictures of the panel as it is: `python -m tests.browser.scenes FOLDER [NAME …]` makes one of each scene, or of those
that are named. `python -m tests.browser.scenes .github/screenshots panel panel-create-graph-false` renews the README's.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.conftest import browsing, serving, until, where_chromium_is
from tests.browser.frontends import notebook_of, opened_in

ROOT = Path(__file__).parents[2]
README = re.findall(
    r"^```text\n(%%grad.*?)\n```", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
WAVE = "%%grad x=-6:6@1.8 a=0:3@1.5 b=0.2:4@1.2{}\ny = a * np.sin(b * x) * np.exp(-x**2 / 8)"
EVERYTHING = (
    " --show tangent,normal,circle,taylor,secant,differences,extrema,inflections,zeros,rises,bends,asymptotes,kinks"
    " --taylor 3"
)
DOCUMENT = """%%grad --leaf-writes=allow
import torch
x = torch.randn(3, 4).requires_grad_(True)
for i in range(3):
    for j in range(4):
        x[i][j] = i + j
y = x ** 2
weight = torch.ones(y.size())
dydx = torch.autograd.grad(outputs=y, inputs=x, grad_outputs=weight,
                           retain_graph=True, create_graph=True, only_inputs=True)
d2ydx2 = torch.autograd.grad(outputs=dydx[0], inputs=x, grad_outputs=weight,
                             retain_graph=True, create_graph=True, only_inputs=True)"""


def nothing(page: Any, panel: Any) -> None:
    """The panel as it opens."""


def without_create_graph(page: Any, panel: Any) -> None:
    panel.locator(".widget-toggle-buttons", has_text="create_graph").get_by_text("False", exact=True).click()
    panel.get_by_text("d²y/dx² = none").first.wait_for()


def on_the_graph_page(page: Any, panel: Any) -> None:
    panel.get_by_role("tab", name="Graph", exact=True).click()
    panel.locator("svg").first.wait_for()


def in_the_dark(page: Any, panel: Any) -> None:
    change = "(theme) => { window.jupyterapp.commands.execute('apputils:change-theme', { theme }); }"
    page.evaluate(change, "JupyterLab Dark")
    until(lambda: page.locator('body[data-jp-theme-light="false"]').count(), "it is dark")


@dataclass(frozen=True)
class Scene:
    """A cell, what is done with its panel, and whether the cell is in the picture too."""

    cell: str
    act: Callable[[Any, Any], None] = nothing
    whole: bool = False


SCENES: Mapping[str, Scene] = {
    "panel": Scene(README[0], whole=True),
    "panel-create-graph-false": Scene(README[0], without_create_graph, whole=True),
    "1-all-overlays": Scene(WAVE.format(EVERYTHING)),
    "2-tan": Scene("%%grad x=-6:6@1\ny = np.tan(x)"),
    "3-abs": Scene("%%grad x=-3:3@0\ny = abs(x)"),
    "4-two-inputs": Scene("%%grad x=-2:2@-0.5 y=-1:3@2 --of z\nz = (1 - x)**2 + 100 * (y - x**2)**2"),
    "5-the-document": Scene(DOCUMENT),
    "6-create-graph-off": Scene(WAVE.format(" --no-create-graph")),
    "7-freed-graph": Scene(WAVE.format(" --no-create-graph"), on_the_graph_page),
    "8-dark": Scene(WAVE.format(""), in_the_dark),
}


def picture(scene: Scene, path: Path, browser: Any, url: str, notebook: Path) -> None:
    """Open the scene's cell in JupyterLab, do what is to be done, and keep what is seen."""
    page = opened_in("lab", browser, url, notebook_of(notebook, scene.cell))
    panel = page.locator(".gm").first
    scene.act(page, panel)
    page.wait_for_timeout(1200)
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    shown = page.locator(".jp-Notebook .jp-Cell").nth(1) if scene.whole else panel
    shown.screenshot(path=path)
    page.close()


def main(arguments: Sequence[str]) -> int:
    """Make the pictures, and say where they are."""
    chromium = where_chromium_is()
    if not arguments or chromium is None or not set(arguments[1:]) <= set(SCENES):
        sys.stderr.write(f"{__doc__}\nScenes: {', '.join(SCENES)}. Chromium must be on the PATH.\n")
        return 2
    folder, names = Path(arguments[0]).resolve(), arguments[1:] or list(SCENES)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory() as notebooks,
        serving(Path(home), Path(notebooks)) as url,
        browsing(chromium) as browser,
    ):
        for name in names:
            picture(SCENES[name], folder / f"{name}.png", browser, url, Path(notebooks) / f"{name}.ipynb")
            sys.stdout.write(f"{folder / name}.png\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
