"""What can be taken away from a panel: pictures, numbers, a page and scripts, as files. Knows no widgets."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Mapping

from gradmagic.explore import report
from gradmagic.explore.curves import Curves
from gradmagic.explore.record import record
from gradmagic.explore.scripts import ENGINES, script
from gradmagic.panel import texts
from gradmagic.panel.pages import Seen
from gradmagic.panel.values_page import columns_of, csv
from gradmagic.plot import figure

__all__ = ["EXPORTS", "Export", "File", "export"]


@record
class File:
    """A name, what kind of thing it is, and the thing."""

    name: str
    mime: str
    data: bytes

    @property
    def link(self) -> str:
        """A link that saves it, in any browser and without the kernel."""
        data = base64.b64encode(self.data).decode("ascii")
        words = f"save {html.escape(self.name)} ({report.in_bytes(len(self.data))})"
        attributes = f'class="gm-file" download="{html.escape(self.name, quote=True)}"'
        return f'<a {attributes} href="data:{self.mime};base64,{data}">{words}</a>'


@record
class Export:
    """One row: what the button says, what its tooltip says, and what makes the file."""

    title: str
    help: str
    suffix: str
    mime: str
    make: Callable[[Seen], bytes]


def headline(curves: Curves) -> str:
    """What is drawn over which range."""
    return report.minus(report.headline(curves))


def svg(seen: Seen) -> bytes:
    """The picture as vectors, with its text alternative; equal pictures give equal files."""
    from matplotlib import rc_context

    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "gradmagic", "svg.fonttype": "none"}):
        figure(seen.curves).savefig(file, format="svg", metadata={"Date": None, "Creator": "gradmagic"})
    title, alt = (html.escape(words(seen.curves)) for words in (headline, report.alt_text))
    said = f'<title id="gm-title">{title}</title><desc id="gm-desc">{alt}</desc>'
    before, opening, rest = file.getvalue().decode().partition("<svg ")
    attributes, _, drawn = rest.partition(">")
    labelled = 'role="img" aria-labelledby="gm-title" aria-describedby="gm-desc"'
    return f"{before}{opening}{attributes} {labelled}>{said}{drawn}".encode()


def png(seen: Seen) -> bytes:
    """The picture in twice its size, for print and dense screens."""
    file = io.BytesIO()
    picture = figure(seen.curves)
    picture.savefig(file, format="png", dpi=2 * picture.dpi)
    return file.getvalue()


def numbers(seen: Seen) -> bytes:
    return csv(*columns_of(seen.curves)).encode()


def scripts(seen: Seen) -> bytes:
    """Both scripts, one after the other: the first runs, the second stands below it as a comment."""
    explorer = seen.explorer
    ours, theirs = (script(explorer.program, seen.state, seen.trace, explorer.namespace, engine) for engine in ENGINES)
    below = "\n".join(f"# {line}".rstrip() for line in theirs.splitlines())
    return f"{ours}\n\n# The same on PyTorch:\n#\n{below}\n".encode()


def page(seen: Seen) -> bytes:
    """A page that needs neither kernel nor network: the picture, the numbers, the calls, and how to come back."""
    explorer, curves = seen.explorer, seen.curves
    title = html.escape(headline(curves))
    drawing = svg(seen).decode()
    drawing = drawing[drawing.index("<svg") :]
    alt = html.escape(report.alt_text(curves))
    cell = html.escape(f"{explorer.line}\n{explorer.request.text.strip()}")
    written = html.escape(script(explorer.program, seen.state, seen.trace, explorer.namespace, "torch"))
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body{{font-family:system-ui,sans-serif;max-width:900px;margin:24px auto;padding:0 16px;line-height:1.45;color:#24292f}}
svg{{max-width:100%;height:auto}} table{{border-collapse:collapse;font-size:14px}}
td,th{{padding:3px 10px;border-bottom:1px solid #d8dde3;text-align:right}}
.gm-ledger td,.gm-ledger th{{text-align:left}} pre{{background:#f6f8fa;padding:12px;overflow:auto;border-radius:6px}}
.gm-where{{color:#59636e;margin-left:8px}} .gm-bad{{color:#b3201f}} .gm-ok{{color:#116329}}
</style></head><body>
<h1>{title}</h1>
<figure style="margin:0">{drawing}</figure>
<p>{alt}</p>{texts.found(curves)}{texts.messages(map(report.minus, curves.notes))}
<h2>Values</h2>{report.table_html(curves)}
<h2>What autograd did</h2>{texts.ledger(seen.trace.ledger)}
<h2>The cell</h2><pre>{cell}</pre>
<h2>The same on PyTorch</h2><pre>{written}</pre>
</body></html>
""".encode()


EXPORTS: Mapping[str, Export] = {
    "svg": Export("SVG", "the picture as vectors", "svg", "image/svg+xml", svg),
    "png": Export("PNG", "the picture in twice its size", "png", "image/png", png),
    "csv": Export("CSV", "the numbers", "csv", "text/csv", numbers),
    "html": Export("HTML page", "a page that works without a kernel", "html", "text/html", page),
    "py": Export("script", "the plain scripts that compute what is shown", "py", "text/x-python", scripts),
}


def export(seen: Seen, kind: str) -> File:
    """The file of this kind, named after what is differentiated."""
    row = EXPORTS[kind]
    name = "".join(c for c in seen.explorer.program.y_label if c.isalnum() or c in "_-") or "y"
    return File(f"{name}.{row.suffix}", row.mime, row.make(seen))
