"""How named results print: as torch's ``torch.return_types``. Knows the classes; no op."""

from __future__ import annotations

from typing import Any

from gradmagic.ops import assembling, linalg, triangles

_NAMES: dict[Any, str] = {
    linalg.SVD: "linalg_svd", linalg.Eigh: "linalg_eigh", linalg.Eig: "linalg_eig", linalg.QR: "linalg_qr",
    linalg.Lstsq: "linalg_lstsq", triangles.Lu: "linalg_lu", triangles.LuFactor: "linalg_lu_factor",
    triangles.LuFactorEx: "linalg_lu_factor_ex", triangles.CholeskyEx: "linalg_cholesky_ex",
    triangles.InvEx: "linalg_inv_ex", triangles.SolveEx: "linalg_solve_ex", assembling.Aminmax: "aminmax",
    assembling.Frexp: "frexp",
}  # fmt: skip


def _shown(self: Any) -> str:
    fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
    return f"torch.return_types.{type(self).__name__}(\n{fields})"


for _kind, _name in _NAMES.items():
    _kind.__name__, _kind.__repr__ = _name, _shown
