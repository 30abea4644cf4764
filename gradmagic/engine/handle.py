"""What the registration of a hook gives back. Knows no Tensor."""

from __future__ import annotations

import itertools
from typing import Any, Self


class RemovableHandle:
    """What a hook's registration returns: ``remove()`` takes the hook away."""

    _ids = itertools.count()

    def __init__(self, hooks: dict[int, Any], hook: Any) -> None:
        self.id = next(self._ids)
        self._hooks = hooks
        hooks[self.id] = hook

    def remove(self) -> None:
        self._hooks.pop(self.id, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()
