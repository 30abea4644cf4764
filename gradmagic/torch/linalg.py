"""``torch.linalg``: linear algebra. Knows the ops by their torch names only."""

from gradmagic.ops import linalg as _linalg
from gradmagic.ops import triangles as _triangles
from gradmagic.ops.calling import as_torch_has_them as _as_torch_has_them
from gradmagic.ops.linalg import *  # noqa: F403  one list of names, kept beside what it names
from gradmagic.ops.reducing import matmul
from gradmagic.ops.triangles import *  # noqa: F403

__all__ = [*_linalg.__all__, *_triangles.__all__, "matmul"]
_FUNCTIONS = {name: globals()[name] for name in __all__ if name != "LinAlgError"}
globals().update(_as_torch_has_them(_FUNCTIONS, "linalg_"))
