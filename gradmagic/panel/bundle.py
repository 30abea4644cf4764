"""What the panel is to those who show it: a live widget, HTML with a picture, a PNG, plain text. Knows no controls."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import Any

from gradmagic.explore import report
from gradmagic.explore.curves import Curves
from gradmagic.explore.trace import Trace

__all__ = ["bundle", "plain_text", "static_html"]

WIDGET = "application/vnd.jupyter.widget-view+json"


def plain_text(curves: Curves, trace: Trace, verdicts: Sequence[str] = ()) -> str:
    """The numbers in words, and below them what a check has found."""
    return "\n\n".join([report.text(curves, trace), *(["\n".join(verdicts)] if verdicts else [])])


def static_html(curves: Curves, png: bytes, verdicts: Sequence[str] = ()) -> str:
    """The figure with its text alternative, the numbers as a table, the verdicts: reads well without a kernel."""
    checked = "".join(f"<div>{html.escape(one)}</div>" for one in verdicts)
    alt = html.escape(report.alt_text(curves), quote=True)
    picture = base64.b64encode(png).decode("ascii")
    return (
        f'<figure style="margin:0"><img alt="{alt}" src="data:image/png;base64,{picture}">'
        f"<figcaption>{report.table_html(curves)}{checked}</figcaption></figure>"
    )


def bundle(
    curves: Curves, trace: Trace, png: bytes, model_id: str | None, verdicts: Sequence[str] = ()
) -> dict[str, Any]:
    """All forms by mime type; the live widget only where there is one. Equal states give equal texts."""
    data: dict[str, Any] = {
        "text/plain": plain_text(curves, trace, verdicts),
        "text/html": static_html(curves, png, verdicts),
        "image/png": base64.b64encode(png).decode("ascii"),
    }
    if model_id is not None:
        data[WIDGET] = {"version_major": 2, "version_minor": 0, "model_id": model_id}
    return data


def chosen(
    data: dict[str, Any], include: Sequence[str] | None = None, exclude: Sequence[str] | None = None
) -> dict[str, Any]:
    """What IPython asks for of it."""
    return {
        kind: value
        for kind, value in data.items()
        if (not include or kind in include) and not (exclude and kind in exclude)
    }
