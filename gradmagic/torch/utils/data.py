"""``torch.utils.data``: data in batches, in torch's own order for the same seed. Knows no module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradmagic.engine import random
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.torch.creation import tensor


class Dataset:
    """Samples by number: a subclass has ``__getitem__`` and ``__len__``."""

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")


class TensorDataset(Dataset):
    """The rows of tensors, side by side.

    Parameters
    ----------
    *tensors : Tensor
        Of the same length.
    """

    def __init__(self, *tensors: Any) -> None:
        if any(t.shape[0] != tensors[0].shape[0] for t in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> Any:
        return tuple(t[index] for t in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])


class DataLoader:
    """Batches of a dataset, in order or shuffled.

    Parameters
    ----------
    dataset : Dataset or sequence
        Whatever has ``__getitem__`` and ``__len__``.
    batch_size : int
        How many samples at once.
    shuffle : bool
        Whether every pass has an order of its own.
    drop_last : bool
        Whether a last batch that is not full is left out.
    collate_fn : callable, optional
        Makes a batch of a list of samples; by default tensors are stacked and numbers become tensors.
    generator : Generator, optional
        Where the order comes from.
    num_workers, pin_memory
        Of no effect here.

    Examples
    --------
    >>> from gradmagic import torch
    >>> from gradmagic.torch.utils.data import DataLoader, TensorDataset
    >>> data = TensorDataset(torch.arange(5), torch.arange(5) ** 2)
    >>> [b.tolist() for a, b in DataLoader(data, batch_size=2)]
    [[0, 1], [4, 9], [16]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: Any = 1,
        shuffle: bool = False,
        *,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        generator: Any = None,
    ) -> None:
        if not isinstance(batch_size, int) or batch_size <= 0:
            raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        self.dataset, self.batch_size, self.shuffle = dataset, batch_size, shuffle
        self.collate_fn = default_collate if collate_fn is None else collate_fn
        self.drop_last, self.generator = drop_last, generator

    def __len__(self) -> int:
        n = len(self.dataset)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        _seed(self.generator)  # torch draws one for its workers, even where there are none
        return self._batches()

    def _batches(self) -> Iterator[Any]:
        order = self._order()
        for k in range(len(self)):
            batch = order[k * self.batch_size : (k + 1) * self.batch_size]
            yield self.collate_fn([self.dataset[i] for i in batch])

    def _order(self) -> list[int]:
        n = len(self.dataset)
        if not self.shuffle:
            return list(range(n))
        source = random.Generator(_seed()) if self.generator is None else self.generator
        order = source.randperm(n).tolist()
        source.randperm(n)  # torch's sampler draws once more, for the none that are left
        return order  # type: ignore[no-any-return]


def _seed(generator: Any = None) -> int:
    source = random.default_generator if generator is None else generator
    return int(source.whole())


def default_collate(batch: Sequence[Any]) -> Any:
    """A batch of samples as a sample of batches."""
    first = batch[0]
    if isinstance(first, Tensor):
        return F["stack"](list(batch))
    if isinstance(first, np.ndarray):
        return tensor(np.stack(batch))
    if isinstance(first, float):
        return tensor(batch, dtype=float)
    if isinstance(first, int):
        return tensor(list(batch))
    if isinstance(first, dict):
        return {key: default_collate([sample[key] for sample in batch]) for key in first}
    if isinstance(first, (tuple, list)):
        return [default_collate(part) for part in zip(*batch, strict=True)]
    if isinstance(first, str):
        return list(batch)
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found " + str(type(first))
    )


__all__ = ["DataLoader", "Dataset", "TensorDataset", "default_collate"]
