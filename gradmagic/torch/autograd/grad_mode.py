"""``torch.autograd.grad_mode``: the switches of recording. Knows no op."""

from __future__ import annotations

from gradmagic.engine.modes import enable_grad, inference_mode, no_grad, set_grad_enabled


class set_multithreading_enabled:
    """Whether backward may use several threads. Here it uses one in any case, so there is nothing to switch."""

    def __init__(self, mode: bool) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass


__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled", "set_multithreading_enabled"]
