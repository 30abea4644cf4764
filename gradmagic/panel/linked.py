"""A panel's state as traits, so that other widgets can be linked to it. Knows no controls."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from traitlets import Any as AnyTrait
from traitlets import Bool, Enum, Float, HasTraits, Integer, TraitError, Unicode

from gradmagic.explore.state import State

if TYPE_CHECKING:
    from gradmagic.panel.panel import Panel

__all__ = ["Linked", "linked"]


class Finite(Float):  # type: ignore[type-arg]  # it is generic for checkers only
    """A number that a slider can stand at."""

    def validate(self, obj: Any, value: Any) -> float:
        number: float = super().validate(obj, value)
        if not math.isfinite(number):
            raise TraitError(f"{self.name} must be a finite number, not {number}")
        return number


class Linked(HasTraits):
    """The controls of one panel as traits: x0, weights, create_graph, retain_graph, order, and one for each parameter.

    Setting a trait is the same as moving the control; what the panel's user does arrives here.
    """

    x0 = Finite()
    weights = Unicode()
    create_graph = Bool()
    retain_graph = Enum([None, True, False])
    order = Integer(1, min=1, max=10)
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
        one: dict[str, Any] = {"params": {**state.params, name: value}} if name in state.params else {name: value}
        try:
            self._panel.state = replace(state, **one)
        except Exception:
            self.follow(state, self._panel.curves.at_x0)  # the panel stands where it was, and so do its traits
            raise


def linked(panel: Panel) -> Linked:
    """The traits of this panel, with one for each of its parameters."""
    parameters = panel.state.params
    own: dict[str, Any] = {"order": Integer(1, min=1, max=2)} if panel.curves.plane is not None else {}
    kind = type("Linked", (Linked,), {**own, **{name: Finite() for name in parameters}})
    made: Linked = kind()
    made.follow(panel.state, panel.curves.at_x0)
    made._panel = panel
    made.observe(made._moved, ["x0", "weights", "create_graph", "retain_graph", "order", *parameters])
    return made
