"""A panel's state as traits, so that other widgets can be linked to it. Knows no controls."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from traitlets import Any as AnyTrait
from traitlets import Bool, Float, HasTraits, Integer, Unicode

from gradmagic.explore.state import State

if TYPE_CHECKING:
    from gradmagic.panel.panel import Panel

__all__ = ["Linked", "linked"]


class Linked(HasTraits):
    """The controls of one panel as traits: x0, weights, create_graph, retain_graph, order, and one for each parameter.

    Setting a trait is the same as moving the control; what the panel's user does arrives here.
    """

    x0 = Float()
    weights = Unicode()
    create_graph = Bool()
    retain_graph = AnyTrait()
    order = Integer()
    at_x0 = AnyTrait(help="The values of y and of its derivatives at x0; None where there is none.", read_only=True)

    _panel: Panel | None = None

    def follow(self, state: State, at_x0: tuple[float | None, ...]) -> None:
        """Say what the panel shows now."""
        panel, self._panel = self._panel, None  # nobody but the panel has moved
        try:
            with self.hold_trait_notifications():
                for name in ("x0", "weights", "create_graph", "retain_graph", "order"):
                    setattr(self, name, getattr(state, name))
                for name, value in state.params.items():
                    setattr(self, name, value)
                self.set_trait("at_x0", at_x0)
        finally:
            self._panel = panel

    def _moved(self, change: Any) -> None:
        if self._panel is None:
            return
        name, value = change["name"], change["new"]
        state = self._panel.state
        if name in state.params:
            self._panel.state = replace(state, params={**state.params, name: value})
        else:
            self._panel.state = replace(state, **{name: value})


def linked(panel: Panel) -> Linked:
    """The traits of this panel, with one for each of its parameters."""
    parameters = panel.state.params
    kind = type("Linked", (Linked,), {name: Float() for name in parameters})
    made: Linked = kind()
    made.follow(panel.state, panel.curves.at_x0)
    made._panel = panel
    made.observe(made._moved, ["x0", "weights", "create_graph", "retain_graph", "order", *parameters])
    return made
