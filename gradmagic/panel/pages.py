"""The pages of a panel and the bar that chooses between them. Knows no page's contents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Protocol

import ipywidgets as w

from gradmagic.explore.curves import Curves
from gradmagic.explore.record import record
from gradmagic.explore.state import State
from gradmagic.explore.trace import Trace

if TYPE_CHECKING:
    from gradmagic.explore.explorer import Explorer

__all__ = ["PAGES", "Host", "Page", "Pages", "Seen"]

CURVES = "curves"


@record
class Seen:
    """What a page shows: the last good numbers, and the state that they belong to."""

    explorer: Explorer
    state: State
    trace: Trace
    curves: Curves


class Host(Protocol):
    """What a page may ask of the panel."""

    @property
    def state(self) -> State:
        """What the controls say."""

    def go(self, state: State) -> None:
        """The same as moving the controls there."""


class Page(Protocol):
    """One page: a widget, and the way to bring it up to date. It is made when it is first opened."""

    widget: w.Widget

    def find(self, seen: Seen) -> Callable[[], None]:
        """Work out what to show of these numbers, and give what shows it; called only while the page is open.

        It may take long, and be stopped: it touches no widget.
        """


def graph_page(host: Host) -> Page:
    from gradmagic.panel.graph_page import GraphPage

    return GraphPage(host)


def jacobian_page(host: Host) -> Page:
    from gradmagic.panel.jacobian_page import JacobianPage

    return JacobianPage(host)


def values_page(host: Host) -> Page:
    from gradmagic.panel.values_page import ValuesPage

    return ValuesPage(host)


def code_page(host: Host) -> Page:
    from gradmagic.panel.code_page import CodePage

    return CodePage(host)


# By name: what the bar calls the page, and what makes it. The first page, the curves, is the panel's own.
PAGES: Mapping[str, tuple[str, Callable[[Host], Page]]] = {
    "jacobian": ("Jacobian", jacobian_page),
    "graph": ("Graph", graph_page),
    "values": ("Values", values_page),
    "code": ("Code", code_page),
}


class Pages:
    """The bar and the pages, `without` those that have nothing to show; `changed(name)` is called on another choice."""

    def __init__(
        self, first: w.Widget, host: Host, opened: str, changed: Callable[[str], None], without: Collection[str] = ()
    ) -> None:
        self._host, self._changed = host, changed
        self._made: dict[str, Page] = {}
        self._first = first
        self.opened = CURVES
        self.names = [name for name in PAGES if name not in without]
        titles = [("Curves", CURVES), *((PAGES[name][0], name) for name in self.names)]
        self.bar = w.ToggleButtons(
            options=titles, value=CURVES, description="page", style={"button_width": "auto"}, _dom_classes=["gm-tabs"]
        )
        self.bar.layout.display = None if len(titles) > 1 else "none"
        self.box = w.VBox([first], layout=w.Layout(width="100%"), _dom_classes=["gm-page"])
        self.show(opened)
        self.bar.observe(self._chosen, "value")

    def show(self, name: str) -> None:
        """Open a page without telling anybody."""
        self.opened = name if name in self.names else CURVES
        if self.opened != CURVES and self.opened not in self._made:
            self._made[self.opened] = PAGES[self.opened][1](self._host)
        self.box.children = (self._first if self.opened == CURVES else self._made[self.opened].widget,)
        if self.bar.value != self.opened:
            self.bar.unobserve(self._chosen, "value")
            self.bar.value = self.opened
            self.bar.observe(self._chosen, "value")

    @property
    def page(self) -> Page | None:
        """The page that is open, if it is one of those that are made when they are opened."""
        return self._made.get(self.opened)

    @property
    def widgets(self) -> list[w.Widget]:
        """The pages that were made, open or not."""
        return [self._first, *(page.widget for page in self._made.values())]

    def _chosen(self, change: dict[str, str]) -> None:
        self.show(change["new"])
        self._changed(self.opened)
