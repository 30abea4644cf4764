"""Every control of a panel, found in the page and worked with keys alone. Knows no control by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# All controls that can be used now; each is remembered under its kind and its name as a screen reader says it.
CONTROLS = """(panel) => [...panel.querySelectorAll('button, input, select, textarea, [role=slider]')]
    .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.type !== 'file')
    .map((e) => {
        const type = e.closest('.gm-typed') ? 'number' : e.type;
        const kind = e.getAttribute('role') || (e.tagName === 'INPUT' ? type : e.tagName.toLowerCase());
        const group = e.closest('[role=group]');
        const label = e.labels && e.labels.length ? e.labels[0].textContent : '';
        const name = [group ? group.getAttribute('aria-label') : '',
                      e.getAttribute('aria-label') || label || e.textContent].filter(Boolean).join(': ').trim();
        e.dataset.control = `${kind} ${name}`;
        const pressed = e.getAttribute('aria-pressed') === 'true';
        return { kind, name, pressed, group: group ? group.getAttribute('aria-label') : '' };
    })"""
NOW = (
    "document.activeElement && document.activeElement.closest('.gm') && (document.activeElement.dataset.control || '?')"
)
MOST = 250  # presses of Tab through one page


@dataclass(frozen=True)
class Control:
    """A control as it is met."""

    kind: str
    name: str
    group: str = ""
    pressed: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind} {self.name}"


def controls_of(panel: Any) -> list[Control]:
    return [Control(**found) for found in panel.evaluate(CONTROLS)]


def walked(page: Any, panel: Any) -> list[str]:
    """The controls that Tab comes to, from the first to where it leaves the panel."""
    first = controls_of(panel)[0]
    found(panel, first).focus()
    met = []
    for _ in range(MOST):
        here = page.evaluate(NOW)
        if here is None:
            return met
        met.append(here)
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not leave the panel: {met[-5:]}")


def found(panel: Any, control: Control) -> Any:
    key = control.key.replace("\\", "\\\\").replace('"', '\\"')
    return panel.locator(f'[data-control="{key}"]').first


def press(page: Any, element: Any) -> None:
    page.keyboard.press("Space")


def slide(page: Any, element: Any) -> None:
    """One way, or the other where that is the end."""
    at_the_end = element.get_attribute("aria-valuenow") == element.get_attribute("aria-valuemax")
    page.keyboard.press("ArrowLeft" if at_the_end else "ArrowRight")


def retype(page: Any, element: Any) -> None:
    value = float(element.input_value() or 0)
    page.keyboard.press("Control+a")
    page.keyboard.type(f"{value + 1 if value < 2 else value - 1:g}")
    page.keyboard.press("Enter")


def choose(page: Any, element: Any) -> None:
    """The next, or the one before where this is the last."""
    last = element.evaluate("(e) => e.selectedIndex === e.options.length - 1")
    page.keyboard.press("ArrowUp" if last else "ArrowDown")


# By kind: what a user does with such a control. What can only be read and copied is not here.
ACTS: dict[str, Callable[[Any, Any], None]] = {
    "slider": slide,
    "number": retype,
    "button": press,
    "tab": press,
    "checkbox": press,
    "select": choose,
}
