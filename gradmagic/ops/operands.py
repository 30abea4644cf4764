"""What ops are given: Tensors, arrays and numbers, axes and sizes, brought to one form. Knows no op but copying."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any

import numpy as np

from gradmagic.engine import devices, dtypes
from gradmagic.engine.kinds import Elementwise
from gradmagic.engine.modes import modes
from gradmagic.engine.op import refuse_inference
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import shape as S
from gradmagic.ops.outputs import into
from gradmagic.ops.signatures import MISSING, check, given

Number = (int, float, complex, np.number, np.bool_)


def as_tensor(value: Any) -> Any:
    """A Tensor as it is; an array or a number as a constant."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray):
        dtypes.of(value.dtype)
        return Tensor._of(value)
    return Tensor._of(np.asarray(value, dtypes.result_dtype([value])))


def array_like(value: Any) -> Any:
    """What NumPy takes for an array (nested lists too, also of Tensors), as a Tensor of the dtype that NumPy finds."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (list, tuple)) and any(_has_tensor(v) for v in value):
        return S.stack([array_like(v) for v in value], dim=0)
    array = np.asarray(value)
    dtypes.of(array.dtype)
    return Tensor._of(array)


def _has_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) or (isinstance(value, (list, tuple)) and any(_has_tensor(v) for v in value))


def save_choice(out: Any, given: Iterable[Any]) -> Any:
    """Let the node of a result keep the tensors among these: indices, truth values, weights."""
    node = out._node if isinstance(out, Tensor) else None
    tensors = tuple(v for v in given if isinstance(v, Tensor))
    if node is not None and tensors:
        refuse_inference(tensors)
        node.save_choice(tensors)
    return out


def refuse_gradient(function: str, **arguments: Any) -> None:
    """Refuse arguments that would take part in the graph, but have no derivative."""
    for name, value in arguments.items():
        if modes.grad and isinstance(value, Tensor) and value.requires_grad:
            raise RuntimeError(
                f"The function '{function}' is not differentiable with respect to argument '{name}'. This input cannot have "
                "requires_grad True."
            )


def saves_choice(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose node keeps the tensors of indices or truth values among its arguments."""

    @wraps(function)
    def saving(*args: Any, **kwargs: Any) -> Any:
        given = (v for v in (*args, *kwargs.values()) if isinstance(v, Tensor) and v._array.dtype.kind in "biu")
        return save_choice(function(*args, **kwargs), given)

    return saving


def operand(value: Any) -> Any:
    """What an elementwise op takes: arrays become constant Tensors, numbers stay numbers."""
    if isinstance(value, (Tensor, int, float, complex)):
        return value
    if isinstance(value, np.ndarray):
        return as_tensor(value)
    if isinstance(value, (np.number, np.bool_)):
        return value.item()  # torch takes numpy's scalars for Python numbers
    return None


def one_axis(dim: int, ndim: int) -> int:
    limit = ndim or 1
    if not -limit <= dim < limit:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-limit}, {limit - 1}], but got {dim})")
    return int(dim) % limit


def length(t: Any, dim: int) -> int:
    """The size along a dimension; a number counts as one element along its only one."""
    return int(t.shape[dim]) if t.ndim else 1


def axes_of(dim: Any, ndim: int) -> Any:
    if dim is None:
        return None
    dims = tuple(one_axis(d, ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,)))
    for k, d in enumerate(dims):
        if d in dims[:k]:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    if not dims:
        return None
    return () if ndim == 0 else dims


def sizes_of(args: tuple[Any, ...]) -> tuple[int, ...]:
    if len(args) == 1 and isinstance(args[0], (tuple, list, dtypes.Size)):
        args = tuple(args[0])
    return tuple([int(a) for a in args])


def to(input: Tensor, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False, **_: Any) -> Any:
    """The tensor in another dtype; itself where that is its own."""
    for a in args:
        if isinstance(a, Tensor):
            dtype = a.dtype
        elif isinstance(a, dtypes.dtype):
            dtype = a
        elif isinstance(a, (str, devices.device)):
            device = a
    devices.check(device)
    if dtype is None or dtypes.to_numpy(dtype) == input._array.dtype:
        return S.clone(input) if copy else input
    return S.to_copy(input, dtype=dtypes.to_numpy(dtype))


def clone(input: Tensor) -> Any:
    return S.clone.one(input)


def floating(value: Any) -> Any:
    t = as_tensor(value)
    return t if t._array.dtype.kind in "fc" else t.to(dtypes.get_default_dtype())


def summand(input: Any, dtype: Any) -> Any:
    x = as_tensor(input)
    if dtype is not None:
        return x.to(dtype)
    return x.to(dtypes.int64) if x._array.dtype.kind in "bui" else x


def held(t: Tensor) -> Tensor:
    """The tensor, with memory that a view can lie in: a numpy scalar has none."""
    t._shared_log()
    return t


def _constant(value: Any, name: str) -> Any:
    """A number or an array as a constant, which torch would not take; what it is to make of a list, nobody says."""
    if isinstance(value, (Number, np.ndarray)):
        return as_tensor(value)
    raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(value).__name__}")


def unary(row: Any, torchs: str | None = None) -> Callable[..., Any]:
    """The row as a function of one Tensor; if torch's name for it is given, of nothing else."""
    one = row.one if isinstance(row, Elementwise) else row

    def op(input: Any = MISSING, *more: Any, out: Any = None) -> Any:
        if out is not None:
            return into(out, op, input)
        if more or not isinstance(input, Tensor):
            if torchs is not None:
                check(torchs, given(input, *more), {})
            if more:  # a method
                raise TypeError(f"TensorBase.{row.name}() takes no arguments ({len(more)} given)")
            return one(_constant(input, row.name))
        return one(input)

    op.__name__ = op.__qualname__ = torchs or row.name
    op.of_row = unary, row  # type: ignore[attr-defined]
    return op


def binary(row: Any, torchs: str | None = None, *, numbered: tuple[Any, Any] | None = None) -> Callable[..., Any]:
    """The row as a function of two Tensors; if torch's name for it is given, of what torch takes.

    ``numbered`` are the rows for a number in the place of the first, and of the second.
    """
    two = row.two if isinstance(row, Elementwise) else row

    def op(input: Any = MISSING, other: Any = MISSING, *more: Any, out: Any = None) -> Any:
        if out is not None:
            return into(out, op, input, other)
        if torchs is not None and (more or not isinstance(input, Tensor) or not isinstance(other, Tensor)):
            check(torchs, given(input, other, *more), {})
        a, b = operand(input), operand(other)
        if numbered is not None and isinstance(a, Tensor) is not isinstance(b, Tensor):
            return numbered[isinstance(a, Tensor)](a, b)
        return two(a if isinstance(b, Tensor) else as_tensor(a), b)

    op.__name__ = op.__qualname__ = torchs or row.name
    op.of_row = partial(binary, numbered=numbered), row  # type: ignore[attr-defined]
    return op
