"""The notebooks as they are read without a kernel: on GitHub, in nbconvert, on paper. nbval runs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter, MarkdownExporter

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # nbconvert's templates, by the way they are read


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Any:
    return nbformat.read(request.param, as_version=4)


def grad_cells(notebook: Any) -> list[Any]:
    found = [c for c in notebook.cells if c.cell_type == "code" and c.source.startswith("%%grad")]
    return [cell for cell in found if "raises-exception" not in cell.metadata.get("tags", [])]


def shown(cell: Any) -> Any:
    return next(output.data for output in cell.outputs if output.output_type == "execute_result")


def test_every_cell_was_run_from_the_top_once(notebook: Any) -> None:
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_a_cell_fails_only_where_it_says_so(notebook: Any) -> None:
    for cell in notebook.cells:
        failed = any(output.output_type == "error" for output in cell.get("outputs", []))
        assert failed == ("raises-exception" in cell.metadata.get("tags", [])), cell.source


def test_every_panel_is_stored_in_all_its_forms(notebook: Any) -> None:
    assert grad_cells(notebook)
    for cell in grad_cells(notebook):
        assert {WIDGET, "text/html", "image/png", "text/plain"} <= set(shown(cell))


def test_every_picture_says_in_words_what_it_shows(notebook: Any) -> None:
    for cell in grad_cells(notebook):
        [alt] = re.findall(r'<img[^>]*\balt="([^"]*)"', shown(cell)["text/html"])
        assert len(alt) > 40
        assert re.search(r"\d", alt), "numbers"


def test_every_panels_state_is_stored(notebook: Any) -> None:
    state = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    for cell in grad_cells(notebook):
        assert shown(cell)[WIDGET]["model_id"] in state


def test_nothing_of_a_machine_is_stored(notebook: Any) -> None:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts = [output.get("text", ""), *map(str, output.get("data", {}).values()), *output.get("traceback", [])]
            told = [text for text in texts if re.search(r"/home/|/root/|/tmp/|site-packages| at 0x[0-9a-f]{6}", text)]
            assert not told, cell.source


def test_a_lesson_ends_with_something_to_try(notebook: Any) -> None:
    titles = [
        line for c in notebook.cells if c.cell_type == "markdown" for line in c.source.splitlines() if line[:3] == "## "
    ]
    assert titles[-1] == "## Now you"


def test_the_page_has_its_pictures_without_a_kernel(notebook: Any) -> None:
    del notebook.metadata["widgets"]  # as where widgets are not drawn
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert len(re.findall(r"<img alt=.(?:Curves|Points)", page)) >= len(grad_cells(notebook))
    text, _ = MarkdownExporter().from_notebook_node(notebook)
    assert text.count("<img") + text.count("![") >= len(grad_cells(notebook))


def test_the_document_prints_what_the_document_prints() -> None:
    notebook = nbformat.read(ROOT / "notebooks" / "02-the-document.ipynb", as_version=4)
    [cell] = [cell for cell in grad_cells(notebook) if "--leaf-writes=allow" in cell.source]
    [printed] = [output.text for output in cell.outputs if output.output_type == "stream"]
    assert printed == THE_DOCUMENT


THE_DOCUMENT = """\
tensor([[0., 1., 2., 3.],
        [1., 2., 3., 4.],
        [2., 3., 4., 5.]], grad_fn=<CopySlices>)
tensor([[ 0.,  1.,  4.,  9.],
        [ 1.,  4.,  9., 16.],
        [ 4.,  9., 16., 25.]], grad_fn=<PowBackward0>)
tensor([[1., 1., 1., 1.],
        [1., 1., 1., 1.],
        [1., 1., 1., 1.]])
tensor([[ 0.,  2.,  4.,  6.],
        [ 2.,  4.,  6.,  8.],
        [ 4.,  6.,  8., 10.]], grad_fn=<MulBackward0>)
tensor([[2., 2., 2., 2.],
        [2., 2., 2., 2.],
        [2., 2., 2., 2.]], grad_fn=<MulBackward0>)
"""
