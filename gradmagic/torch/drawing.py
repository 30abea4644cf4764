"""Random numbers drawn into tensors, and from distributions. Knows generators and in-place writes; knows no op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine import maps
from gradmagic.engine.inplace import write
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.operands import sizes_of


def _drawn(draw: Callable[..., Any]) -> Callable[..., Any]:
    """A method that replaces a tensor's values by what ``draw(generator, its array, …)`` gives."""

    def method(self: Tensor, *args: Any, generator: Any = None, **kwargs: Any) -> Tensor:
        array = draw(maps.generator(generator), self._array, *args, **kwargs)
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


def bernoulli(input: Tensor, p: float | None = None, *, generator: Any = None) -> Any:
    """Ones with the given probabilities, or all with the one, and zeros."""
    source = maps.generator(generator)
    a = np.asarray(input._array)
    return Tensor._of(source.bernoulli(a) if p is None else source.bernoulli(p, a.shape, a.dtype))


def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Any:
    """Indices drawn with the given weights, row by row: torch's own draws for the same seed."""
    p = np.asarray(input._array)
    _check_weights(p, input.dtype, num_samples, replacement)
    source = maps.generator(generator)
    drawn = _with_replacement if replacement and num_samples > 1 else _without_replacement
    return Tensor._of(drawn(source, p, num_samples))


def _check_weights(p: Any, dtype: Any, n: int, replacement: bool) -> None:
    if p.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if p.dtype.kind != "f":
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {dtype.legacy}")
    if n <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and n > p.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")


_NOTHING = "invalid multinomial distribution (sum of probabilities <= 0)"


def _without_replacement(source: Any, p: Any, n: int) -> Any:
    """The largest p / q, where q is drawn from the exponential distribution."""
    if p.size and not (p.max() < np.inf and p.min() >= 0):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if np.any(p.sum(-1) == 0):
        raise RuntimeError(_NOTHING)
    ratios = p / source.exponential(1.0, p.shape, p.dtype)
    return np.argsort(-ratios, axis=-1, kind="stable")[..., :n]


def _with_replacement(source: Any, p: Any, n: int) -> Any:
    """Where in the cumulative distribution even numbers fall."""
    drawn = np.empty((*p.shape[:-1], n), np.int64)
    for weights, places in zip(np.atleast_2d(p), np.atleast_2d(drawn), strict=True):
        for fault, told in ((weights < 0, "< 0"), (~np.isfinite(weights), "= infinity or NaN")):
            if fault.any():
                raise RuntimeError(f"invalid multinomial distribution (encountering probability entry {told})")
        total = np.cumsum(weights)
        if not total[-1] > 0:
            raise RuntimeError(_NOTHING)
        total /= total[-1]
        places[:] = np.searchsorted(total, source.uniform(0.0, 1.0, n, np.float64))
    return drawn


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


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """The tensor with elements set to zero, each with probability ``p``, and the others divided by ``1 - p``."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if p == 0 or not training:
        return input
    kind = input._array.dtype
    kept = (
        np.zeros(input.shape, kind)
        if p == 1
        else maps.generator().bernoulli(1 - p, input.shape, kind) / kind.type(1 - p)
    )
    mask = Tensor._of(kept)
    return input.mul_(mask) if inplace else input * mask


setattr(Tensor, "multinomial", multinomial)  # noqa: B010
for _draw in (_uniform, _normal, _exponential, _bernoulli):
    setattr(Tensor, _draw.__name__.strip("_") + "_", _drawn(_draw))

__all__ = ["bernoulli", "dropout", "multinomial", "normal"]
