"""Torch's CPU random numbers, bit for bit. Knows the Mersenne twister and NumPy arrays; knows no Tensor.

The same seed and the same sequence of calls give the numbers that torch 2.13 gives on an x86 processor with AVX2.
Compared over ten million numbers of all dtypes, by many seeds and in many shapes, there is no difference, not even in
float32 ``randn`` (its fused multiply-adds are emulated in float64; where that rounds twice, about once in 2**29, the
last bit may differ). On other processors torch itself gives other last bits of float32 ``randn``.
"""

from __future__ import annotations

import math
import operator
import secrets
import threading
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from gradmagic.engine import boxmuller

Array = np.ndarray[Any, np.dtype[Any]]
Shape = int | Iterable[int]

DEFAULT_SEED = 67280421310721

_SAVED = np.dtype(
    [
        ("seed", np.uint64),
        ("left", np.int32),
        ("seeded", np.int32),
        ("next", np.uint64),
        ("key", np.uint64, 624),
        ("unused", np.float64),
        ("normal", np.float64),
        ("unused_too", np.float64),
        ("has_normal", np.int32),
        ("float_normal", np.float32),
        ("has_float_normal", np.int64),
    ],
)


class Generator:
    """A source of random numbers: torch's ``mt19937``, with torch's ways of turning its words into numbers.

    Parameters
    ----------
    seed : int, optional
        As for :meth:`manual_seed`; by default the number that torch starts with.

    Examples
    --------
    >>> Generator(0).rand((3,))
    array([0.4962566 , 0.7682218 , 0.08847743], dtype=float32)
    >>> Generator(0).randperm(4)
    array([0, 1, 3, 2])
    """

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self._lock = threading.Lock()
        self._bits = np.random.MT19937(0)
        self._next_normal: float | None = None
        self.manual_seed(seed)

    def manual_seed(self, seed: int) -> Self:
        """Start again from `seed`, an integer from -2**63 to 2**64 - 1; a negative one means 2**64 + seed."""
        seed = operator.index(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long")
        with self._lock:
            self._seed = seed % 2**64
            # A private name of NumPy's, but the one way to Knuth's seeding; `RandomState(seed)` copies 2 kB more.
            self._bits._legacy_seeding(self._seed % 2**32)
            self._next_normal = None
        return self

    def seed(self) -> int:
        """Start again from a seed of the operating system's choice, and return it."""
        return self.manual_seed(secrets.randbits(64)).initial_seed()

    def initial_seed(self) -> int:
        """Return the seed this generator last started from."""
        return self._seed

    def rand(self, shape: Shape = (), dtype: DTypeLike = np.float32) -> Array:
        """Return numbers spread evenly over [0, 1); for a complex dtype both parts are."""
        return self.uniform(0.0, 1.0, shape, dtype)

    def uniform(self, low: float, high: float, shape: Shape = (), dtype: DTypeLike = np.float32) -> Array:
        """Return numbers spread evenly over [low, high), as ``Tensor.uniform_`` does."""
        if low > high:
            raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
        dtype, shape = np.dtype(dtype), _as_shape(shape)
        if dtype.kind == "c":
            return self.uniform(low, high, (*shape, 2), _part(dtype)).view(dtype)[..., 0]
        if dtype.kind != "f":
            raise NotImplementedError(f"\"check_uniform_bounds\" not implemented for '{_c_name(dtype)}'")
        work = np.dtype(np.float32) if dtype.itemsize < 4 else dtype
        start, stop = np.array((low, high), work)
        unit = self._unit(math.prod(shape), work)
        values: Array = boxmuller.scaled(unit, start, stop - start).astype(dtype, copy=False)
        # Rounding may reach the end that is not included.
        values[values == stop.astype(dtype)] = start.astype(dtype)
        return values.reshape(shape)

    def randn(self, shape: Shape = (), dtype: DTypeLike = np.float32) -> Array:
        """Return normal numbers of mean 0 and variance 1 (for a complex dtype: of both parts together)."""
        return self.normal(0.0, 1.0, shape, dtype)

    def normal(self, mean: float, std: float, shape: Shape = (), dtype: DTypeLike = np.float32) -> Array:
        """Return normal numbers, as ``Tensor.normal_`` does."""
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
        dtype, shape = np.dtype(dtype), _as_shape(shape)
        if dtype.kind == "c":
            return self.normal(mean, std / math.sqrt(2.0), (*shape, 2), _part(dtype)).view(dtype)[..., 0]
        if dtype.kind != "f":
            raise NotImplementedError(f"\"normal_kernel_cpu\" not implemented for '{_c_name(dtype)}'")
        size = math.prod(shape)
        values = self._few_normals(size, mean, std) if size < 16 else self._many_normals(size, mean, std, dtype)
        return _rounded(values, dtype).reshape(shape)

    def randint(self, low: int, high: int, shape: Shape = (), dtype: DTypeLike = np.int64) -> Array:
        """Return whole numbers from `low` up to, but not including, `high`."""
        if low >= high:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        shape, extent = _as_shape(shape), high - low
        size = math.prod(shape)
        # Modulo of 32 random bits would favour small numbers visibly where the range is large.
        words = self._words64(size) if extent >= 2**28 else self._words32(size)
        offsets = (words % np.uint64(extent)).view(np.int64)
        return (offsets + np.int64(low)).astype(dtype).reshape(shape)

    def randperm(self, n: int, dtype: DTypeLike = np.int64) -> Array:
        """Return the numbers 0 … n - 1 in random order."""
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
        order = list(range(n))
        words = self._words32(max(n - 1, 0))
        swaps = words % np.arange(n, 1, -1, dtype=np.uint64) if n > 1 else words
        for i, offset in enumerate(swaps.tolist()):
            order[i], order[i + offset] = order[i + offset], order[i]
        return np.array(order, dtype=dtype)

    def bernoulli(self, p: float | Array, shape: Shape | None = None, dtype: DTypeLike | None = None) -> Array:
        """Return ones with probability `p` and zeros otherwise.

        Parameters
        ----------
        p : float or numpy.ndarray
            One probability for all, drawn with 53 bits as by ``Tensor.bernoulli_(p)``, or one for each element.
        shape : int or iterable of int, optional
            By default the shape of `p`.
        dtype : optional
            By default the dtype of `p`, or float32.
        """
        probabilities = np.asarray(p)
        if not np.all((probabilities >= 0) & (probabilities <= 1)):
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        own = probabilities.dtype if isinstance(p, np.ndarray) else None
        shape = probabilities.shape if shape is None else _as_shape(shape)
        work = np.dtype(np.float32 if own is not None and own.itemsize < 8 else np.float64)
        hits = self._unit(math.prod(shape), work).reshape(shape) < probabilities
        return hits.astype(dtype or own or np.float32)

    def exponential(self, rate: float = 1.0, shape: Shape = (), dtype: DTypeLike = np.float32) -> Array:
        """Return exponentially distributed numbers, as ``Tensor.exponential_`` does."""
        shape = _as_shape(shape)
        unit = self._unit(math.prod(shape), np.dtype(np.float64)).tolist()
        values = np.array([-1.0 / rate * math.log1p(-u) for u in unit], dtype=np.float64)
        return _rounded(values, np.dtype(dtype)).reshape(shape)

    def get_state(self) -> Array:
        """Return the state as bytes, laid out as ``torch.Generator.get_state`` lays them out."""
        with self._lock:
            twister = self._bits.state["state"]
            saved = np.zeros((), _SAVED)
            saved["seed"], saved["seeded"], saved["key"] = self._seed, 1, twister["key"]
            saved["left"], saved["next"] = max(1, 625 - twister["pos"]), twister["pos"]
            if self._next_normal is not None:
                saved["has_normal"], saved["normal"] = 1, self._next_normal
        return np.frombuffer(saved.tobytes(), np.uint8).copy()

    def set_state(self, state: Array) -> Self:
        """Continue from a state that :meth:`get_state`, of this class or of torch's, has returned."""
        if state.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if state.size != _SAVED.itemsize:
            raise RuntimeError(f"Expected a CPUGeneratorImplState of size {_SAVED.itemsize}, but found {state.size}")
        saved = np.frombuffer(state.tobytes(), _SAVED)[0]
        # Torch renews its words when none is left, wherever `next` points.
        position = 624 if saved["left"] == 1 else int(saved["next"])
        with self._lock:
            self._seed = int(saved["seed"])
            self._bits.state = {
                "bit_generator": "MT19937",
                "state": {"key": saved["key"].astype(np.uint32), "pos": position},
            }
            self._next_normal = float(saved["normal"]) if saved["has_normal"] else None
        return self

    def whole(self) -> int:
        """Return any whole number below 2**63, as ``Tensor.random_`` does for int64."""
        return int(self._words64(1)[0]) & (2**63 - 1)

    def _words32(self, count: int) -> Array:
        words: Array = self._bits.random_raw(count)
        return words

    def _words64(self, count: int) -> Array:
        words = self._words32(2 * count)
        return (words[0::2] << np.uint64(32)) | words[1::2]

    def _unit(self, count: int, dtype: np.dtype[Any]) -> Array:
        """Numbers in [0, 1) with as many random bits as the dtype holds."""
        if dtype.itemsize == 8:
            return (self._words64(count) & np.uint64(2**53 - 1)) * 2.0**-53
        return (self._words32(count) & np.uint64(2**24 - 1)).astype(np.float32) * np.float32(2.0**-24)

    def _few_normals(self, size: int, mean: float, std: float) -> Array:
        """Normal numbers two by two; the second of a last pair waits for the next call."""
        with self._lock:
            waiting = [] if self._next_normal is None or not size else [self._next_normal]
            pairs = (size - len(waiting) + 1) // 2
            normal = np.concatenate((waiting, boxmuller.from_pairs(self._unit(2 * pairs, np.dtype(np.float64)))))
            if size:
                self._next_normal = float(normal[size]) if normal.size > size else None
        return boxmuller.scaled(normal[:size], mean, std)

    def _many_normals(self, size: int, mean: float, std: float, dtype: np.dtype[Any]) -> Array:
        """Normal numbers by blocks of sixteen; a last block that overlaps its neighbour is drawn anew."""
        work = np.dtype(np.float32) if dtype.itemsize < 4 else dtype
        rest = size % 16
        whole = size - rest
        # Half precision is drawn block by block; the others draw a number for every place, and the last sixteen again.
        drawn = whole if work != dtype else size
        uniform = self._unit(drawn + (16 if rest else 0), work)
        blocks = np.concatenate((uniform[:whole], uniform[drawn:]))
        normal = boxmuller.from_blocks(blocks, mean, std)
        if rest:
            normal = np.concatenate((normal[: size - 16], normal[whole:]))
        return normal


default_generator = Generator()


def _as_shape(shape: Shape) -> tuple[int, ...]:
    extents = (operator.index(shape),) if isinstance(shape, (int, np.integer)) else tuple(map(operator.index, shape))
    for extent in extents:
        if extent < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {extent}: {list(extents)}")
    return extents


def _rounded(values: Array, dtype: np.dtype[Any]) -> Array:
    """The values in another dtype; torch goes from float64 to float16 by way of float32, rounding twice."""
    if dtype.itemsize < 4:
        values = values.astype(np.float32, copy=False)
    return values.astype(dtype, copy=False)


def _part(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.float32 if dtype.itemsize == 8 else np.float64)


def _c_name(dtype: np.dtype[Any]) -> str:
    names = {"bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long"}
    return names.get(dtype.name, dtype.name)
