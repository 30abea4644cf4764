"""The page that shows what autograd did: graphs, the walk through them, the two switches, in-place writes."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ipywidgets as w
import numpy as np
from traitlets import link

from gradmagic.explore.report import in_bytes
from gradmagic.explore.story import Box, Moment, Story, Timeline, story
from gradmagic.explore.switches import CREATE, RETAIN, Outcome, outcomes
from gradmagic.panel.controls import section
from gradmagic.panel.pages import Host, Seen
from gradmagic.panel.texts import messages, number
from gradmagic.panel.which_output import WhichOutput
from gradmagic.plot.diagram import Drawing, diagram

__all__ = ["GraphPage", "in_scroll", "timelines"]

WIDE = {"width": "auto", "margin": "2px 0"}
BESIDE, ALONE = "1 1 380px", "1 1 100%"  # a drawing and what chooses it, or one below the other
WIDEST_BESIDE = 700.0  # pixels of a drawing that is readable in half of the page
PACE = 900  # milliseconds that each step of the walk stands


class GraphPage:
    """Chooses a graph and a moment, and steps through the walk that led there."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._story: Story | None = None
        self._seen: Seen | None = None
        self._tried_on = 0  # the output that the switches were tried on
        self._quiet = False
        style = {"description_width": "70px"}
        self.which = w.Dropdown(description="graph of", style=style, layout=w.Layout(**WIDE))
        self.moment = w.Dropdown(description="as it is", style=style, layout=w.Layout(**WIDE))
        self.step = w.IntSlider(
            description="step", min=0, max=1, style=style, layout=w.Layout(flex="1 1 220px", width="auto"),
            tooltip="walk through the call, node by node; 0 is the whole",
        )  # fmt: skip
        self.play = w.Play(interval=PACE, min=0, max=1, show_repeat=False, layout=w.Layout(width="auto"))
        self.play.add_class("gm-play")
        link((self.play, "value"), (self.step, "value"))
        self.walking = w.HBox([self.step, self.play], layout=w.Layout(align_items="center", width="auto"))
        self.node = w.Dropdown(description="rule of", style=style, layout=w.Layout(**WIDE))
        self.node.add_class("gm-nodes")
        self.rule = w.HTML(layout=w.Layout(margin="0"))
        self.picture = w.HTML(messages(["The graph is being worked out …"]), layout=w.Layout(margin="0"))
        self.said = w.HTML(layout=w.Layout(margin="0"))
        self.output = WhichOutput("the switches are tried on", lambda: host.go(host.state))
        self.matrix = SwitchMatrix(self._switched, self.output.list)
        self.timelines = w.HTML(layout=w.Layout(margin="0"))
        self.box = w.Box(
            [self.picture],
            layout=w.Layout(flex=BESIDE, min_width="min(280px, 100%)", overflow="hidden"),
        )
        self.side = w.VBox(
            [
                section("GRAPH"), self.which, self.moment, section("THE WALK OF THE CALL"), self.walking, self.said,
                section("NODES"), self.node, self.rule,
            ],
            layout=w.Layout(flex="1 1 320px", min_width="min(280px, 100%)"),
        )  # fmt: skip
        above = w.HBox([self.box, self.side], layout=w.Layout(flex_flow="row wrap", width="100%"))
        above.add_class("gm-beside")
        self.widget = w.VBox([above, self.matrix.widget, self.timelines], layout=w.Layout(width="100%"))
        for chooser in (self.which, self.moment, self.step, self.node):
            chooser.observe(self._chosen, "value")

    # --- bringing it up to date

    def find(self, seen: Seen) -> Callable[[], None]:
        """Tell the story of this state, and try the two switches on it."""
        place = self.output.place or 0
        before = self._seen.state if self._seen is not None and self._tried_on == place else None
        if before is not None and replace(seen.state, look=before.look) == before:
            return lambda: None
        explorer = seen.explorer
        with explorer.same_random():
            told = story(explorer.program, seen.state, explorer.namespace)
        with explorer.same_random():
            tried = outcomes(explorer.program.each()[place], seen.state, explorer.namespace)
        return lambda: self._show(seen, told, tried, place)

    def _show(self, seen: Seen, told: Story, tried: Sequence[Outcome], place: int) -> None:
        self._seen, self._story, self._tried_on = seen, told, place
        self._fill()
        self.output.show([one.y_label for one in seen.trace.outputs], place)
        self.matrix.show(tried, seen.state)
        self.timelines.value = timelines(told.timelines)

    def _fill(self) -> None:
        """The lists, each where it was if that is still there."""
        assert self._story is not None
        graphs, moments = self._story.graphs, self._story.moments
        self._quiet = True
        try:
            refill(self.which, [(graph.label, i) for i, graph in enumerate(graphs)])
            last = self.moment.value is None or self.moment.value == len(self.moment.options) - 1
            refill(self.moment, [(moment.label, i) for i, moment in enumerate(moments)])
            if moments and last:
                self.moment.value = len(moments) - 1
            self._limit_steps()
            self._fill_nodes()
        finally:
            self._quiet = False
        self._draw()

    def _fill_nodes(self) -> None:
        """The nodes of the graph that is shown."""
        assert self._story is not None
        graph = self._story.graphs[self.which.value] if self._story.graphs else None
        nodes = [box for box in graph.boxes if box.kind == "node"] if graph is not None else []
        quiet, self._quiet = self._quiet, True
        refill(self.node, [(f"{box.name} ({i + 1})", box.key) for i, box in enumerate(nodes)])
        self._quiet = quiet

    def _limit_steps(self) -> None:
        moment = self._moment()
        count = len(moment.steps) if moment is not None else 0
        for control in (self.step, self.play):
            control.value = min(control.value, count)
            control.max = max(count, 1)
            control.disabled = count == 0

    def _moment(self) -> Moment | None:
        moments = self._story.moments if self._story is not None else ()
        return moments[self.moment.value] if moments and self.moment.value is not None else None

    def _chosen(self, change: dict[str, Any]) -> None:
        if self._quiet or self._story is None:
            return
        if change["owner"] is self.step:
            self._follow_walk()
        if change["owner"] in (self.which, self.moment):
            self._fill()
        else:
            self._draw()

    def _follow_walk(self) -> None:
        """The walk of a call is seen in the graph of what was differentiated."""
        moment = self._moment()
        assert self._story is not None
        if moment is None or not self.step.value or self.step.value > len(moment.steps):
            return
        key = moment.steps[self.step.value - 1].key
        self._bring_to(key)
        if any(key == value for _, value in self.node.options):
            self._quiet = True
            self.node.value = key  # its rule is what this step does
            self._quiet = False

    def _bring_to(self, key: int) -> None:
        """Show a graph that has this node."""
        assert self._story is not None
        shown = self._story.graphs[self.which.value]
        if all(box.key != key for box in shown.boxes):
            self._quiet = True
            found = (i for i, graph in enumerate(self._story.graphs) if any(box.key == key for box in graph.boxes))
            self.which.value = next(found, self.which.value)
            self._quiet = False
            self._fill_nodes()

    def _draw(self) -> None:
        """The picture, and what is said beside it."""
        assert self._story is not None
        moment = self._moment()
        if not self._story.graphs or moment is None:
            self.picture.value = messages(
                [self._story.failure.message if self._story.failure else "There is no graph."]
            )
            return
        graph = self._story.graphs[self.which.value]
        step = moment.steps[self.step.value - 1] if 0 < self.step.value <= len(moment.steps) else None
        # A walk frees a node after its turn: while it is on its way, what comes later is still there.
        ahead = {later.key for later in moment.steps[self.step.value :]} if step is not None else set()
        freed = {key: call for key, call in moment.freed.items() if call != moment.call or key not in ahead}
        drawn = diagram(graph, freed, step, self._place(), self.node.value)
        # a wide drawing has the width of the page to itself, and what chooses it stays above it
        wide = drawn.width > WIDEST_BESIDE
        self.box.layout.flex, self.side.layout.order = (ALONE, "-1") if wide else (BESIDE, "0")
        self.picture.value = messages([left_out(drawn)]) + in_scroll(drawn)
        self.said.value = self._words(moment)
        chosen = next((box for box in graph.boxes if box.key == self.node.value), None)
        if chosen is not None:
            where = f"made by line {chosen.line} of the cell" if chosen.line else ""
            where = where or (f"made by call {chosen.made_by + 1}" if chosen.made_by is not None else "")
            self.rule.value = rule_html(chosen, where)

    def _place(self) -> int | None:
        """The sample at x0, where there is one."""
        seen = self._seen
        if seen is None or seen.curves.style != "line":
            return None
        return int(np.argmin(np.abs(np.ravel(seen.trace.x) - seen.curves.x0)))

    def _words(self, moment: Moment) -> str:
        """What the walk is doing."""
        if not moment.steps:
            return messages([self._why_no_walk(moment)])
        if not self.step.value:
            return messages([f"{len(moment.steps)} nodes had their turn. Move the step to follow them."])
        step, place = moment.steps[self.step.value - 1], self._place()
        at = (
            f" at {self._seen.curves.x_label} = {number(self._seen.curves.x0)}"
            if place is not None and self._seen
            else ""
        )
        received = "none" if step.received is None else summary(step.received, place)
        return messages([f"Step {self.step.value} of {len(moment.steps)}: {step.name} receives {received}{at}."])

    def _why_no_walk(self, moment: Moment) -> str:
        """Why there is nothing to step through."""
        if moment.call is None:
            return "No gradient has flowed yet."
        ledger = self._seen.trace.ledger if self._seen is not None else ()
        call = ledger[moment.call] if moment.call < len(ledger) else None
        if call is None or call.ok:
            return "This call walked through no node."
        return f"Call {call.index + 1} was refused: {call.cause or call.outcome}"

    def _switched(self, create: bool, retain: bool | None) -> None:
        self._host.go(replace(self._host.state, create_graph=create, retain_graph=retain))


def in_scroll(drawn: Drawing) -> str:
    """A drawing in a place of its own, which can be reached by Tab: who has no mouse would see a part of it only."""
    return f'<div class="gm-scroll gm-drawn" tabindex="0" role="region" aria-label="the graph">{drawn.svg}</div>'


def left_out(drawn: Drawing) -> str:
    """What there is to say of a drawing that does not show each node."""
    if drawn.single == drawn.nodes:
        return ""
    return (
        f"{drawn.single} of {drawn.nodes} nodes are drawn one by one: those around the marked one. Choose a node in "
        "the list, move the step, or click on a group, and the drawing goes there."
    )


def rule_html(box: Box, where: str) -> str:
    """What a node does with a gradient, as mathematics; and the code that says it to the engine, for whoever asks."""
    letters = letters_of(box.formula)
    kept = [f"{letters.get(one.name, one.name)} (torch’s {one.name}) {one.shape or ''}".rstrip() for one in box.saved]
    gone = [
        f"{letters.get(name, name)} was overwritten{f' by line {line}' if line else ''} after it had been saved: "
        "a backward pass is refused here"
        for name, line in box.overwritten
    ]
    formula = f'<div class="gm-formula">{html.escape(box.formula)}</div>' if box.formula else ""
    told = messages([f"It saved {', '.join(kept)}." if kept else "It saved nothing.", where])
    code = f'<pre class="gm-printed">{html.escape(box.rule)}</pre>'
    engine = f"<details><summary>the row of the engine’s tables</summary>{code}</details>"
    return f"{formula}{messages(gone, 'error')}{told}{engine}"


def letters_of(formula: str) -> Mapping[str, str]:
    """What a formula calls the tensors that torch's nodes save under these names."""
    of_two = re.search(r"\bb\b", formula) is not None
    second = dict.fromkeys(("other", "mat2", "vec", "tensor", "exponent"), "b") if of_two else {}
    return {"self": "a" if of_two else "x", "result": "y", **second}


def refill(chooser: w.Dropdown, options: Sequence[tuple[str, int]]) -> None:
    """Other options, and the same choice if it is still among them."""
    before = chooser.value
    if tuple(chooser.options) != tuple(options):
        chooser.options = options
    values = [value for _, value in options]
    if before in values:
        chooser.value = before
    elif values:
        chooser.value = values[0]


def summary(values: Any, place: int | None) -> str:
    """A gradient in few words."""
    flat = np.ravel(values)
    if flat.size == 1 or (place is not None and place < flat.size):
        return number(float(flat[0 if flat.size == 1 else place]))
    return f"{flat.size} numbers from {number(float(np.nanmin(flat)))} to {number(float(np.nanmax(flat)))}"


class SwitchMatrix:
    """The six settings of retain_graph and create_graph, each with what it led to; `chosen(create, retain)`.

    `above` says what they are tried on.
    """

    def __init__(self, chosen: Callable[[bool, bool | None], None], above: w.Widget) -> None:
        self.cells: dict[tuple[bool | None, bool], tuple[w.HTML, w.Button]] = {}
        heads = [w.HTML(), *(w.HTML(f"<code>create_graph={create}</code>") for create in CREATE)]
        rows: list[w.Widget] = list(heads)
        for retain in RETAIN:
            meaning = '<div class="gm-note">means create_graph</div>' if retain is None else ""
            rows.append(w.HTML(f"<code>retain_graph={retain}</code>{meaning}"))
            for create in CREATE:
                text = w.HTML(layout=w.Layout(margin="0"))
                button = w.Button(
                    description="choose", layout=w.Layout(width="auto"),
                    tooltip=f"choose retain_graph={retain}, create_graph={create} for the panel's calls",
                )  # fmt: skip
                button.on_click(lambda _, create=create, retain=retain: chosen(create, retain))
                box = w.VBox([text, button])
                box.add_class("gm-outcome")
                self.cells[retain, create] = (text, button)
                rows.append(box)
        columns = "minmax(130px,auto) minmax(0,1fr) minmax(0,1fr)"
        self.grid = w.GridBox(rows, layout=w.Layout(grid_template_columns=columns, grid_gap="6px", width="100%"))
        self.widget = w.VBox([section("WHAT THE TWO SWITCHES DO, ON YOUR CELL"), above, self.grid])
        self.widget.add_class("gm-outcomes")

    def show(self, found: Sequence[Outcome], state: Any) -> None:
        """Show these outcomes; the one in force is marked."""
        for outcome in found:
            text, button = self.cells[outcome.retain_graph, outcome.create_graph]
            now = (outcome.retain_graph, outcome.create_graph) == (state.retain_graph, state.create_graph)
            text.value = outcome_html(outcome, now=now)
            button.description = "chosen" if now else "choose"
            button.disabled = now


def outcome_html(outcome: Outcome, *, now: bool) -> str:
    """One cell of the matrix."""
    mark = (
        '<span class="gm-ok">2nd derivative ✓</span>'
        if outcome.second
        else '<span class="gm-bad">no 2nd derivative ✗</span>'
    )
    why = f"<div>{html.escape(outcome.why)}</div>" if outcome.why else ""
    kept = (
        f"{outcome.nodes_kept} node{'s' * (outcome.nodes_kept != 1)} kept · {in_bytes(outcome.bytes_kept)}"
        if outcome.nodes_kept
        else "all graphs freed · 0 B"
        if outcome.ran
        else "nothing ran: nothing was freed"
    )
    again = "; the first call can be made again" if outcome.again and not outcome.create_graph else ""
    kind = "gm-good-cell" if outcome.second else "gm-bad-cell"
    first = html.escape(f"{outcome.label}: {outcome.first}")
    return (
        f'<div class="gm-cell {kind}{" gm-now" if now else ""}"><div>{first}</div>'
        f'<div>{mark}</div>{why}<div class="gm-note">{kept}{again}</div></div>'
    )


def timelines(found: Sequence[Timeline]) -> str:
    """The in-place writes as a table, in the order in which they ran."""
    parts = []
    for one in found:
        rows = "".join(
            f"<tr><td>{'line ' + str(event.line) if event.line else 'a call'}</td><td>{event.kind}"
            f"{' by ' + html.escape(event.by) if event.by else ''}</td><td>version {event.version}</td></tr>"
            for event in one.events
        )
        said = (
            '<span class="gm-bad">✗ what was saved was overwritten: a backward pass through it is refused</span>'
            if one.stale
            else '<span class="gm-ok">✓ nothing that was saved has been overwritten</span>'
        )
        parts.append(
            f'<table class="gm-table gm-versions"><caption>{html.escape(one.name)}: {said}</caption>'
            f"<tbody>{rows}</tbody></table>"
        )
    return (
        f'<div class="gm-section" role="heading" aria-level="2">IN-PLACE WRITES</div>{"".join(parts)}' if parts else ""
    )
