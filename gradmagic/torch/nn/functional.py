"""``torch.nn.functional``: activations and losses. Knows the ops by their torch names only."""

from gradmagic.ops import classes as _classes
from gradmagic.ops import criteria as _criteria
from gradmagic.ops import functional as _functional
from gradmagic.ops.calling import as_torch_has_them as _as_torch_has_them
from gradmagic.ops.classes import *  # noqa: F403
from gradmagic.ops.criteria import *  # noqa: F403  one list of names, kept beside what it names
from gradmagic.ops.distances import pdist
from gradmagic.ops.functional import *  # noqa: F403
from gradmagic.torch.drawing import dropout

__all__ = [*_classes.__all__, *_criteria.__all__, *_functional.__all__, "dropout", "pdist"]
globals().update(
    _as_torch_has_them(
        {name: globals()[name] for name in __all__ if name != "dropout"}, "nn.", own_out=frozenset(__all__)
    )
)
