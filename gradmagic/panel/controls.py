"""The panel's controls: rows of widgets that speak in numbers and words. Knows no explorer and no State."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as w
from ipywidgets.widgets.widget_description import DescriptionStyle
from ipywidgets.widgets.widget_string import HTMLStyle, TextStyle
from traitlets import Unicode

from gradmagic.explore.record import record
from gradmagic.explore.request import GradUsageError
from gradmagic.explore.weights import Weights
from gradmagic.panel.texts import messages

__all__ = ["Choice", "Looks", "Picture", "ToCopy", "WeightsChooser", "section"]


class Looks:
    """Layouts and styles that the widgets of one panel share: each of them is a widget too, with a cost of its own.

    What changes the layout of a widget while it is shown must give it one of its own.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], w.Widget] = {}

    def shared(self, kind: type[w.Widget], **traits: str) -> w.Widget:
        """The one layout or style of this kind that has these traits."""
        key = (kind, *sorted(traits.items()))
        if key not in self._made:
            self._made[key] = kind(**traits)
        return self._made[key]

    def layout(self, **traits: str) -> w.Layout:
        """The one layout that has these traits."""
        return self.shared(w.Layout, **traits)

    # A class that is given at once costs no message, as one that is added does.

    def html(self, value: str = "", called: str = "", **traits: str) -> w.HTML:
        """A text in a shared layout, of this class."""
        layout, style = self.layout(margin="0", **traits), self.shared(HTMLStyle)
        return w.HTML(value, layout=layout, style=style, _dom_classes=called.split())

    def push(self, description: str, tooltip: str, called: str = "", **traits: str) -> w.Button:
        """A button as wide as its words, of this class."""
        return w.Button(
            description=description, tooltip=tooltip, layout=self.layout(width="auto", **traits), style=self.button,
            _dom_classes=called.split(),
        )  # fmt: skip

    @property
    def row(self) -> w.Layout:
        return self.layout(flex_flow="row wrap", align_items="center", width="auto")

    @property
    def slider(self) -> w.Layout:
        return self.layout(flex="1 1 130px", width="auto", min_width="120px", margin="2px 0")

    @property
    def typed(self) -> w.Layout:
        return self.layout(width="72px", margin="2px 2px 2px 4px")

    @property
    def step(self) -> w.Layout:
        return self.layout(width="28px", margin="2px 1px")

    @property
    def wide(self) -> w.Layout:
        return self.layout(width="auto", margin="2px 0")

    @property
    def label(self) -> w.Widget:
        return self.shared(w.SliderStyle, description_width="44px")

    @property
    def named(self) -> w.Widget:
        return self.shared(DescriptionStyle, description_width="90px")

    @property
    def text(self) -> w.Widget:
        return self.shared(TextStyle, description_width="90px")

    @property
    def toggles(self) -> w.Widget:
        return self.shared(w.ToggleButtonsStyle, description_width="90px", button_width="auto")

    @property
    def button(self) -> w.Widget:
        return self.shared(w.ButtonStyle)

    @property
    def bare(self) -> w.Widget:
        return self.shared(DescriptionStyle, description_width="initial")

    @property
    def field(self) -> w.Widget:
        return self.shared(TextStyle, description_width="initial")


def section(title: str, looks: Looks | None = None) -> w.HTML:
    """A heading among the controls; its text is ours."""
    return (looks or Looks()).html(f'<div class="gm-section" role="heading" aria-level="2">{title}</div>')


class Picture(w.Image):  # type: ignore[misc]  # ipywidgets has no types
    """An image whose tooltip is its text alternative: the title of an `<img>` is its accessible name.

    The front end makes a title of a tooltip only where a description is there and empty, and core images have none.
    """

    description = Unicode("").tag(sync=True)


class Choice:
    """One of a few values, as a row of toggle buttons; `changed(value)` is called when it becomes another."""

    def __init__(
        self, name: str, options: Sequence[tuple[str, object]], value: object, looks: Looks,
        changed: Callable[[Any], None], *, tooltip: str,
    ) -> None:  # fmt: skip
        self._changed = changed
        self._values = dict(options)
        self.value = value
        self.row = w.ToggleButtons(
            options=list(self._values), value=self._label(value), description=name, style=looks.toggles,
            layout=looks.wide, tooltip=tooltip,
        )  # fmt: skip
        self.row.observe(self._arrived, "value")

    def _label(self, value: object) -> str:
        """What the button of this value says; to the widget itself a value of None would mean that none is chosen."""
        return next(label for label, other in self._values.items() if other is value or other == value)

    def _arrived(self, change: Any) -> None:
        value = self._values[change["new"]]
        if self._label(value) != self._label(self.value):
            self.value = value
            self._changed(value)

    def choose(self, value: object) -> None:
        """What a click on the button of this value does."""
        self.row.value = self._label(value)

    def show(self, value: object, options: Sequence[tuple[str, object]] | None = None) -> None:
        """Show a value without telling anybody, among other options if they are given."""
        self.value = value
        if options is not None and dict(options) != self._values:
            self._values = dict(options)
            # Other options choose the first of them by the way: that is nobody's choice.
            self.row.unobserve(self._arrived, "value")
            self.row.options = list(self._values)
            self.row.value = self._label(value)
            self.row.observe(self._arrived, "value")
        elif self.row.value != self._label(value):
            self.row.value = self._label(value)


class ToCopy:
    """A text to be read and copied: by a button where the front end lets scripts run, by selecting it elsewhere."""

    def __init__(self, name: str, rows: int) -> None:
        self.text = w.Textarea(description=name, rows=rows, layout=w.Layout(width="auto"), tooltip=name)
        self.text.add_class("gm-code")
        self.text.add_class("gm-quiet")
        self.button = w.Button(description="copy", tooltip=f"copy {name}", layout=w.Layout(width="auto"))
        self.button.add_class("gm-copy")
        self.widget = w.VBox([self.text, self.button], layout=w.Layout(width="100%"))
        self.widget.add_class("gm-copied")


@record
class Kind:
    """A kind of weights: its name in the list, how its field is called, and what stands there at first."""

    title: str
    field: str = ""
    start: str = ""


KINDS = {
    "ones": Kind("ones"),
    "onehot": Kind("one-hot: picks one {of}", "element", "0"),
    "ramp": Kind("ramp from 0 to 1"),
    "random": Kind("random", "seed", "0"),
    "expression": Kind("an expression in x", "w(x) =", "cos(x)"),
}


class WeightsChooser:
    """`grad_outputs` by a list and a field; `changed(spec)` is called with SPECs that can be parsed only."""

    def __init__(self, spec: str, looks: Looks, changed: Callable[[str], None], of: str = "y") -> None:
        self.spec, self._changed = spec, changed
        self._given = spec if Weights.of(spec).kind == "name" else None  # only the cell's own line may name a variable
        self._of = of
        self.kind = w.Dropdown(options=self._options(), style=looks.named, layout=looks.wide, **self._sentence())
        self.field = w.Text(continuous_update=False, style=looks.text, layout=w.Layout(width="auto", margin="2px 0"))
        self.problem = looks.html()
        self.row = w.VBox([self.kind, self.field, self.problem], layout=looks.layout())
        self.show(spec)
        self.kind.observe(self._other_kind, "value")
        self.field.observe(lambda _: self._arrived(), "value")

    def _options(self) -> list[tuple[str, str]]:
        options = [(kind.title.format(of=self._of), key) for key, kind in KINDS.items()]
        return options if self._given is None else [*options, (f"the variable {self._given}", "name")]

    def _sentence(self) -> dict[str, str]:
        """What the list is called, and its tooltip."""
        return {
            "description": f"each {self._of} gets",
            "tooltip": f"grad_outputs: by what each {self._of} is multiplied before all are added up",
        }

    def show(self, spec: str, of: str | None = None) -> None:
        """Show a SPEC without telling anybody, and what is weighted by its name if that is given."""
        self.spec = spec
        if of not in (None, self._of):
            self._of = of
            for trait, words in self._sentence().items():
                setattr(self.kind, trait, words)
            self.kind.unobserve(self._other_kind, "value")
            self.kind.options = self._options()
            self.kind.value = Weights.of(spec).kind
            self.kind.observe(self._other_kind, "value")
        kind = Weights.of(spec).kind
        if kind in ("onehot", "random"):
            text = spec.partition(":")[2].strip()
        else:
            text = spec if kind == "expression" else ""
        self._dress(kind, text)

    def _dress(self, kind: str, text: str) -> None:
        """The list at this kind, the field with this text."""
        field = KINDS[kind].field if kind in KINDS else ""
        self.field.description = field or "value"
        self.field.layout.display = None if field else "none"
        self.kind.value = kind  # before the field, whose text means something to this kind only
        self.field.value = text
        self._say("")

    def _say(self, problem: str) -> None:
        self.problem.value = messages([problem], "error")

    def _other_kind(self, change: Any) -> None:
        kind = change["new"]
        if kind == Weights.of(self.spec).kind:
            return
        self._dress(kind, KINDS[kind].start if kind in KINDS else "")
        self._arrived()

    def _arrived(self) -> None:
        kind, text = self.kind.value, self.field.value.strip()
        spec = {"onehot": f"onehot:{text}", "random": f"random:{text}", "expression": text, "name": self._given}.get(
            kind, kind
        )
        try:
            parsed = Weights.of(spec)
        except GradUsageError as mistake:
            self._say(str(mistake))
            return
        if parsed.kind == "name" and spec != self._given:
            self._say("Write an expression in x, such as cos(x); a variable is named on the %%grad line.")
            return
        self._say("")
        if spec != self.spec:
            self.spec = spec
            self._changed(spec)
