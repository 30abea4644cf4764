"""What is switched on is looked for by every op of its thread; what is off again costs nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from gradmagic import torch
from gradmagic.engine.modes import UNUSUAL

MODES: list[Callable[[], Any]] = [
    torch.no_grad, torch.inference_mode, lambda: torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t),
    lambda: torch.autograd.set_detect_anomaly(True), lambda: torch.autograd.forward_ad.dual_level(),
]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_is_unusual_while_it_is_on_and_in_its_thread(mode: Callable[[], Any]) -> None:
    found: list[tuple[bool, bool]] = []

    def beside() -> None:
        me = threading.get_ident()
        with mode():
            during = me in UNUSUAL
        found.append((during, me in UNUSUAL))

    before = dict(UNUSUAL)
    thread = threading.Thread(target=beside)
    thread.start()
    thread.join()
    assert found == [(True, False)]
    assert before == UNUSUAL


def test_a_tensor_made_in_inference_mode_is_refused_long_afterwards() -> None:
    with torch.inference_mode():
        made = torch.ones(2)
    x = torch.ones(2, requires_grad=True)
    for op in (lambda: x * made, lambda: made * x, lambda: torch.dot(x, made), lambda: torch.atan2(made, x)):
        with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
            op()
    assert (x + made).requires_grad  # nothing of it is saved
    assert made[:1].is_inference()
