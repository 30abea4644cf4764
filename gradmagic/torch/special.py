"""``torch.special``: special functions under torch's names. Knows the ops only."""

from typing import Any

from gradmagic.ops.names import FUNCTIONS as _F
from gradmagic.ops.special import SPECIAL as _SPECIAL

globals().update(_SPECIAL)
globals().update(
    {name: _F[name] for name in ("exp2", "expm1", "log1p", "logsumexp", "sinc", "round", "softmax", "log_softmax")}
)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'torch.special' has no attribute '{name}'")


__all__ = [*sorted(_SPECIAL)]
