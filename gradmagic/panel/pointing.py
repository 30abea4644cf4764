"""A click in the picture as a value of x: where the axes lie, for the script of the head. Knows no curves.

Scripts may be barred: then nothing is said of clicking, and the slider and the typed field do what a click does.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from gradmagic.panel.controls import Looks
from gradmagic.panel.number import Number
from gradmagic.plot.limits import Placed

__all__ = ["POINTING", "Pointing"]

# A click or a drag in the picture is typed into the fields of the inputs, at the resolution of the screen's pixels.
POINTING = """
  function at(event, img, d) {
    var box = img.getBoundingClientRect(), lo = +d.lo, hi = +d.hi, across = d.place === '0';
    var share = across ? (event.clientX - box.left) / box.width : (event.clientY - box.top) / box.height;
    share = (share - d.start) / (d.end - d.start);
    var pixel = (hi - lo) / ((across ? box.width : box.height) * Math.abs(d.end - d.start));
    var value = lo + Math.min(Math.max(share, 0), 1) * (hi - lo);
    var inside = share > -0.02 && share < 1.02;
    if (d.log) {
      var end = Math.pow(10, share < 0.5 ? lo : hi);
      value = share <= 0 || share >= 1 ? end : +Math.pow(10, value).toPrecision(4);
      return { inside: inside, value: String(value) };
    }
    var digits = Math.min(Math.max(Math.ceil(-Math.log10(pixel)), 0), 20);
    return { inside: inside, value: value.toFixed(digits) };
  }
  function type(place, value) {
    var field = panel.querySelector('.gm-input' + place + ' input');
    if (!field || field.value === value) return;
    field.value = value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
  }
  function point(event, img, anywhere) {
    var axes = Array.from(panel.querySelectorAll('.gm-axis'));
    var found = axes.map(function (axis) { return at(event, img, axis.dataset); });
    if (!anywhere && !found.every(function (one) { return one.inside; })) return false;
    found.forEach(function (one, place) { type(place, one.value); });
    return found.length > 0;
  }
  var held = null, waiting = null;
  function follow() { if (waiting && held) point(waiting, held, true); waiting = null; }
  function down(event) {
    var img = event.target.closest('.gm-picture img');
    if (!img || event.button || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (point(event, img, false)) { held = img; img.setPointerCapture(event.pointerId); }
  }
  function move(event) {
    if (!held) return;
    if (!waiting) requestAnimationFrame(follow);
    waiting = event;
  }
  function up() { follow(); held = null; }
  panel.classList.add('gm-points');
  panel.addEventListener('pointerdown', down);
  panel.addEventListener('pointermove', move);
  panel.addEventListener('pointerup', up);
  panel.addEventListener('pointercancel', up);
  panel.addEventListener('dragstart', function (event) { if (held) event.preventDefault(); });
"""


class Pointing:
    """The sentence below the picture that tells of clicking, and the numbers that the script needs for it."""

    def __init__(self, numbers: Sequence[Number], looks: Looks) -> None:
        self._names = " and ".join(number.name for number in numbers)
        for place, number in enumerate(numbers):
            number.typed.add_class(f"gm-input{place}")  # where the script types
        self.widget = looks.html()

    def show(self, inputs: Sequence[Placed]) -> None:
        """The axes lie here now."""
        value = "".join(map(axis, range(len(inputs)), inputs))
        if inputs:
            words = f"Click or drag in the picture to move {html.escape(self._names)}."
            value += f'<div class="gm-hint">{words}</div>'
        if self.widget.value != value:
            self.widget.value = value


def axis(place: int, placed: Placed) -> str:
    """One axis, in numbers alone."""
    numbers = {"start": placed.start, "end": placed.end, "lo": placed.limits.lo, "hi": placed.limits.hi}
    numbers |= {"log": 1} if placed.log else {}
    data = " ".join(f'data-{name}="{value!r}"' for name, value in numbers.items())
    return f'<span class="gm-axis" data-place="{place}" {data}></span>'
