"""The buttons of what can be taken away, and those that go back and forth. Knows no file's contents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ipywidgets as w

from gradmagic.explore.state import State
from gradmagic.panel.controls import Looks
from gradmagic.panel.exports import EXPORTS, File

__all__ = ["TAKING", "History", "TakeAway", "Undo"]

MOST = 200  # states that are remembered

TAKING = """
  // One press saves a file: the link that it brings is pressed here, unless it is one of a press before.
  var pressed = 0;
  function press(event) {
    if (!event.target.closest('.gm-take button')) return;
    pressed = Date.now();
    all(panel, '.gm-file', function (link) { link.dataset.old = ''; });
  }
  function save() {
    var link = panel.querySelector('.gm-file:not([data-old])');
    if (!link || Date.now() - pressed > 60000) return;
    pressed = 0;
    link.click();
    link.textContent = link.textContent.replace(/^save /, 'saved ');
  }
  function copy(event) {
    var b = event.target.closest('.gm-copy'), text = b && b.parentNode.querySelector('textarea');
    if (!text) return;
    function say(words) {
      b.textContent = words;
      setTimeout(function () { b.textContent = 'copy'; tell(); }, 2000);
      tell();
    }
    function selected() {
      text.focus();
      text.select();
      var done = document.execCommand('copy');
      if (done) b.focus();
      say(done ? 'copied' : 'selected');
    }
    if (navigator.clipboard) navigator.clipboard.writeText(text.value).then(function () { say('copied'); }, selected);
    else selected();
  }
  panel.addEventListener('click', press);
  panel.addEventListener('click', copy);
  new MutationObserver(save).observe(panel, { childList: true, subtree: true });
"""


class TakeAway:
    """A button for each kind of file; `make(kind)` gives the file.

    The link that saves it appears below; where the front end lets scripts run, that of the head presses it.
    """

    def __init__(self, looks: Looks, make: Callable[[str], File]) -> None:
        self._make = make
        self.buttons = {kind: looks.push(row.title, row.help) for kind, row in EXPORTS.items()}
        self.link = looks.html()
        buttons = w.HBox(list(self.buttons.values()), layout=looks.row)
        self.row = w.VBox([buttons, self.link], layout=looks.layout(), _dom_classes=["gm-take"])
        for kind, button in self.buttons.items():
            button.on_click(self._maker(kind))

    def forget(self) -> None:
        """What was made is no longer what is shown."""
        if self.link.value:
            self.link.value = ""

    def _maker(self, kind: str) -> Callable[[w.Button], None]:
        def made(_: w.Button) -> None:
            self.forget()  # the same link again would be no news
            self.link.value = f'<div class="gm-note" role="status">{self._make(kind).link}</div>'

        return made


class History:
    """The states that the panel has come to rest in, and where in them it is."""

    def __init__(self, first: State) -> None:
        self._states, self._place = [first], 0

    def note(self, state: State) -> None:
        """A state that was come to; opening another page is no step, nor is coming back to where one is."""
        if alike(state, self._states[self._place]):
            return
        self._states = [*self._states[: self._place + 1], state][-MOST:]
        self._place = len(self._states) - 1

    @property
    def back(self) -> State | None:
        """The state before this one."""
        return self._states[self._place - 1] if self._place > 0 else None

    @property
    def forth(self) -> State | None:
        """The state that was left by going back."""
        return self._states[self._place + 1] if self._place + 1 < len(self._states) else None

    def go(self, steps: int) -> State:
        """Go back or forth."""
        self._place += steps
        return self._states[self._place]


def alike(a: State, b: State) -> bool:
    return replace(a, look=replace(a.look, tab="")) == replace(b, look=replace(b.look, tab=""))


class Undo:
    """Two buttons over a History; `changed(state)` is called with where they lead."""

    def __init__(self, history: History, looks: Looks, changed: Callable[[State], None]) -> None:
        self.history, self._changed = history, changed
        self.back, self.forth = looks.push("undo", "go back to the state before"), looks.push("redo", "go forth again")
        self.row = w.HBox([self.back, self.forth], layout=looks.layout(width="auto"))
        self.back.on_click(lambda _: self._go(-1))
        self.forth.on_click(lambda _: self._go(1))
        self.show()

    def show(self) -> None:
        """The buttons as far as there is somewhere to go."""
        self.back.disabled, self.forth.disabled = self.history.back is None, self.history.forth is None

    def _go(self, steps: int) -> None:
        there = self.history.back if steps < 0 else self.history.forth
        if there is not None:
            self._changed(self.history.go(steps))
            self.show()
