"""Tensors from nothing, from numbers and from arrays. Knows no op."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gradmagic.engine import devices, dtypes, layout, maps, random
from gradmagic.engine.quiet import quiet
from gradmagic.engine.recalling import note_identity
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.operands import sizes_of

_SEQUENCES = (list, tuple, range)
_ASARRAY_REQUIRES_GRAD = (
    "torch.asarray: unspecified requires_grad now defaults to obj.requires_grad instead of False. Pass requires_grad=False "
    "explicitly to get the old behavior and silence this warning."
)
_COPY_CONSTRUCT = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
)


def _made(array: Any, requires_grad: bool, device: Any = None) -> Any:
    if device is not None:
        devices.check(device)
    t: Any = Tensor._of(array if array.ndim else array[()])  # a scalar of numpy's reckons eight times as fast
    if requires_grad:
        if array.dtype.kind not in "fc":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        t._wants_grad = True
    return t


def _kind(dtype: Any) -> np.dtype[Any]:
    return dtypes.default_float() if dtype is None else dtypes.to_numpy(dtype)


def _check_nesting(data: Any, dim: int = 0) -> None:
    if not isinstance(data, _SEQUENCES) or not data:
        return
    if not isinstance(data[0], _SEQUENCES):
        odd = next((v for v in data if isinstance(v, _SEQUENCES)), None)
        if odd is not None:
            kind = type(odd).__name__
            whole = isinstance(data[0], int)
            raise TypeError(
                f"'{kind}' object cannot be interpreted as an integer" if whole else f"must be real number, not {kind}"
            )
        return
    n = len(data[0])
    for row in data:
        if not isinstance(row, _SEQUENCES):
            raise TypeError("not a sequence")
        if len(row) != n:
            raise ValueError(f"expected sequence of length {n} at dim {dim + 1} (got {len(row)})")
        _check_nesting(row, dim + 1)


def _plain(data: Any, leaves: set[Any]) -> Any:
    """Nested sequences without Tensors in them; the types of the numbers and the element types of the arrays are noted."""
    if isinstance(data, _SEQUENCES):
        return [_plain(v, leaves) for v in data]
    if isinstance(data, (Tensor, np.ndarray, np.generic)):
        array = data._array if isinstance(data, Tensor) else data
        leaves.add(array.dtype)
        return data._scalar() if isinstance(data, Tensor) else data
    leaves.add(type(data))
    return data


def _copied(data: Any, dtype: Any) -> Any:
    """A new array of the data, in the element type that is asked for or that torch infers."""
    if isinstance(data, (Tensor, np.ndarray, np.generic)):
        array = np.array(data._array if isinstance(data, Tensor) else data)
        dtypes.of(array.dtype)
        return array if dtype is None else quiet(array.astype, dtypes.to_numpy(dtype))
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    _check_nesting(data)
    leaves: set[Any] = set()
    plain = _plain(data, leaves)
    kind = dtypes.inferred(leaves) if dtype is None else dtypes.to_numpy(dtype)
    array = np.array(plain)
    if array.dtype.kind in "uO" and kind == np.int64 and any(leaf is int for leaf in leaves):
        raise ValueError("Overflow when unpacking long long")
    return quiet(array.astype, kind)


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A leaf tensor with a copy of the data.

    Parameters
    ----------
    data : number, nested sequence, ndarray or Tensor
        Python floats become the default dtype (float32), ints int64; arrays keep their dtype.
    dtype : torch.dtype, optional
        Another element type.
    device : torch.device or str, optional
        There is only the CPU.
    requires_grad : bool
        Whether gradients will be asked for.

    Returns
    -------
    Tensor
        A leaf.

    Raises
    ------
    ValueError
        If nested sequences differ in length.
    RuntimeError
        If integers are to require grad.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    tensor([[1., 2.],
            [3., 4.]], requires_grad=True)
    """
    if isinstance(data, Tensor):
        warnings.warn(_COPY_CONSTRUCT, UserWarning, stacklevel=2)
    return _made(_copied(data, dtype), requires_grad, device)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Any:
    """The data as a tensor, without a copy where it can be shared."""
    devices.check(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray) and dtype is None:
        return from_numpy(data)
    return _made(_copied(data, dtype), False)


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool | None = None
) -> Any:
    """What is given as a tensor: itself or sharing its memory where that is possible, unless a copy is asked for."""
    devices.check(device)
    shares = isinstance(obj, (Tensor, np.ndarray)) and (dtype is None or dtypes.to_numpy(dtype) == obj.dtype)
    if copy is False and not shares:
        raise ValueError(
            f"can't alias tensor with dtype '{as_tensor(obj).dtype}' into dtype '{dtype}'."
            if isinstance(obj, (Tensor, np.ndarray))
            else "can't alias arbitrary sequence into a tensor."
        )
    if isinstance(obj, Tensor) and requires_grad is None and obj.requires_grad:
        warnings.warn(_ASARRAY_REQUIRES_GRAD, UserWarning, stacklevel=2)
    t = as_tensor(obj, dtype)
    if copy and shares:
        t = t.clone()
    if requires_grad is None or requires_grad == t.requires_grad:
        return t
    return t.detach().requires_grad_() if requires_grad else t.detach()


def _new_tensor(self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    if isinstance(data, Tensor):
        warnings.warn(_COPY_CONSTRUCT.replace("torch.tensor(", "tensor.new_tensor("), UserWarning, stacklevel=2)
    return _made(_copied(data, self.dtype if dtype is None else dtype), requires_grad, device)


Tensor.new_tensor = _new_tensor  # type: ignore[attr-defined]


def _corner(find: Any, name: str) -> Any:
    def indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Any:
        kind = np.dtype(np.int64) if dtype is None else dtypes.to_numpy(dtype)
        return _made(np.stack(find(row, offset, col)).astype(kind), False, device)

    indices.__name__ = name
    indices.__doc__ = (
        f"The positions in the {'lower' if name == 'tril_indices' else 'upper'} triangle of a matrix, two rows."
    )
    return indices


tril_indices, triu_indices = _corner(np.tril_indices, "tril_indices"), _corner(np.triu_indices, "triu_indices")


def from_numpy(ndarray: Any) -> Any:
    """A tensor that shares the array's memory."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    dtypes.of(ndarray.dtype)
    t = _made(ndarray, False)
    if ndarray.ndim:
        t._memory()
    return t


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor of zeros."""
    return _made(np.zeros(sizes_of(size), _kind(dtype)), requires_grad, device)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor of ones."""
    array = np.empty(sizes_of(size), _kind(dtype))  # with fill in half the time of np.ones
    array.fill(1)
    return _made(array, requires_grad, device)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor whose values are whatever the memory held."""
    return _made(np.empty(sizes_of(size), _kind(dtype)), requires_grad, device)


def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor with one value everywhere; its dtype is the value's if none is given."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    kind = dtypes.result_dtype([value]) if dtype is None else dtypes.to_numpy(dtype)
    return _made(
        np.full(sizes_of((size,)) if not isinstance(size, int) else (size,), value, kind), requires_grad, device
    )


def _like(make: Any) -> Any:
    def like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
        kind = _kind(input.dtype if dtype is None else dtype)
        array = np.asarray(input._array)
        return _made(make(array, dtype=kind, order=layout.order(array)), requires_grad, device)

    like.__name__ = make.__name__
    like.__doc__ = f"`{make.__name__.removesuffix('_like')}` of another tensor's shape, dtype and order in memory."
    return like


zeros_like, ones_like, empty_like = _like(np.zeros_like), _like(np.ones_like), _like(np.empty_like)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """One value everywhere, in another tensor's shape and dtype."""
    array = np.asarray(input._array)
    return _made(
        np.full_like(array, fill_value, _kind(input.dtype if dtype is None else dtype), order=layout.order(array)),
        requires_grad,
        device,
    )


def arange(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """Numbers from ``start`` to ``end``, ``end`` excluded, in steps."""
    if end is None:
        start, end = 0, start
    start, end, step = (v.item() if isinstance(v, Tensor) else v for v in (start, end, step))
    if dtype is None:
        dtype = dtypes.int64 if all(isinstance(v, int) for v in (start, end, step)) else dtypes.get_default_dtype()
    n = max(int(np.ceil((end - start) / step)), 0)
    return _made((start + step * np.arange(n)).astype(dtypes.to_numpy(dtype)), requires_grad, device)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """``steps`` evenly spaced numbers from ``start`` to ``end``, both included."""
    start, end = (v.item() if isinstance(v, Tensor) else v for v in (start, end))
    asked = _kind(dtype)
    kind = np.dtype(float) if asked.kind in "iu" else asked  # whole numbers are cut off at the end
    array, half = np.arange(steps).astype(kind), steps // 2
    low, high = array[:half], array[half:]  # torch counts from both ends, so that both are exact
    high[...] = array[steps - half - 1 :: -1] if steps > 1 else 0
    array *= kind.type((end - start) / max(steps - 1, 1))
    low += kind.type(start)
    np.subtract(kind.type(end if steps > 1 else start), high, out=high)
    return _made(array.astype(asked, copy=False), requires_grad, device)


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """``base`` to the power of evenly spaced exponents."""
    return _made((base ** np.linspace(start, end, steps)).astype(_kind(dtype)), requires_grad, device)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Ones on the diagonal, zeros elsewhere."""
    t = _made(np.eye(n, m, dtype=_kind(dtype)), requires_grad, device)
    note_identity(t)
    return t


def manual_seed(seed: int) -> Any:
    """Seed the random numbers: torch's own sequence follows."""
    return random.default_generator.manual_seed(seed)


def _random(draw: str) -> Any:
    def make(
        *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, generator: Any = None
    ) -> Any:
        source = maps.generator(generator)
        return _made(getattr(source, draw)(sizes_of(size), _kind(dtype)), requires_grad, device)

    make.__name__ = draw
    return make


rand, randn = _random("rand"), _random("randn")
rand.__doc__ = "Uniform random numbers in [0, 1), torch's own for the same seed."
randn.__doc__ = "Normal random numbers, torch's own for the same seed."


def rand_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Uniform random numbers in another tensor's shape and dtype."""
    return rand(*input.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def randn_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Normal random numbers in another tensor's shape and dtype."""
    return randn(*input.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def randint(
    low: int, high: Any = None, size: Any = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """Random integers from ``low`` to ``high``, ``high`` excluded."""
    if size is None:
        low, high, size = 0, low, high
    kind = np.dtype(np.int64) if dtype is None else dtypes.to_numpy(dtype)
    return _made(maps.generator().randint(low, high, tuple(size), kind), requires_grad, device)


def randperm(n: int, *, dtype: Any = None, device: Any = None, generator: Any = None) -> Any:
    """A random permutation of 0 … n-1."""
    drawn = maps.generator(generator).randperm(n, dtypes.to_numpy(dtype or dtypes.int64))
    return _made(drawn, False, device)
