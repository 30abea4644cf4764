"""Random numbers drawn into tensors, and from distributions. Knows generators and in-place writes; knows no op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine import random
from gradmagic.engine.inplace import write
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.operands import sizes_of


def _drawn(draw: Callable[..., Any]) -> Callable[..., Any]:
    """A method that replaces a tensor's values by what ``draw(generator, its array, …)`` gives."""

    def method(self: Tensor, *args: Any, generator: Any = None, **kwargs: Any) -> Tensor:
        array = draw(generator or random.default_generator, self._array, *args, **kwargs)
        return write(self, lambda _: Tensor._of(array))

    method.__name__ = draw.__name__.strip("_") + "_"
    method.__doc__ = draw.__doc__
    return method


def _uniform(source: Any, to: Any, from_: float = 0.0, to_: float = 1.0, **kwargs: float) -> Any:
    """Fill with numbers spread evenly over [from, to)."""
    return source.uniform(kwargs.get("from", kwargs.get("a", from_)), kwargs.get("to", to_), to.shape, to.dtype)


def _normal(source: Any, to: Any, mean: float = 0.0, std: float = 1.0) -> Any:
    """Fill with normal numbers."""
    return source.normal(mean, std, to.shape, to.dtype)


def _exponential(source: Any, to: Any, lambd: float = 1.0) -> Any:
    """Fill with exponentially distributed numbers."""
    return source.exponential(lambd, to.shape, to.dtype)


def _bernoulli(source: Any, to: Any, p: Any = 0.5) -> Any:
    """Fill with ones, each with probability p, and zeros."""
    return source.bernoulli(p._array if isinstance(p, Tensor) else p, to.shape, to.dtype)


def bernoulli(input: Tensor, *, generator: Any = None) -> Any:
    """Ones with the given probabilities, and zeros."""
    source = generator or random.default_generator
    return Tensor._of(source.bernoulli(np.asarray(input._array)))


def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None, dtype: Any = None) -> Any:
    """Normal numbers of these means and deviations: of a size, or of the shape of ``mean`` or ``std``."""
    from gradmagic.torch.creation import empty

    if size is not None:
        t = empty(*sizes_of(tuple(size)), dtype=dtype)
        return t.normal_(mean, std, generator=generator)
    like = mean if isinstance(mean, Tensor) else std
    both = isinstance(mean, Tensor) and isinstance(std, Tensor)
    shape = np.broadcast_shapes(mean.shape, std.shape) if both else like.shape
    return empty(*shape, dtype=like.dtype).normal_(generator=generator) * std + mean


for _draw in (_uniform, _normal, _exponential, _bernoulli):
    setattr(Tensor, _draw.__name__.strip("_") + "_", _drawn(_draw))

__all__ = ["bernoulli", "normal"]
