"""``torch.special``: special functions under torch's names. Knows the ops only.

A few that torch has not are there as well, under scipy's names: beta, betaln, dawsn, erfi, exp1, expi, gamma, sici.
"""

from typing import Any

from gradmagic.ops import elementwise as _E
from gradmagic.ops import special_integrals, special_polynomials
from gradmagic.ops.calling import as_torch_has_them as _as_torch_has_them
from gradmagic.ops.names import FUNCTIONS as _F
from gradmagic.ops.special import SPECIAL


def _rounded(input: Any, *, decimals: int = 0) -> Any:
    return _E.round_decimals(input, decimals=decimals)


_NAMES: dict[str, Any] = SPECIAL | special_integrals.SPECIAL | special_integrals.BEYOND | special_polynomials.SPECIAL
_SHARED = ("exp2", "expm1", "log1p", "logsumexp", "sinc", "softmax", "log_softmax")
_NAMES |= {name: _F[name] for name in _SHARED} | {"round": _rounded}
globals().update(_as_torch_has_them(_NAMES, "special_"))
del SPECIAL, special_integrals, special_polynomials


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'torch.special' has no attribute '{name}'")


__all__ = [*sorted(_NAMES)]
