"""``vmap``: a function over a batch, one element at a time. Knows trees of Tensors; knows no derivative."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine.maps import Map
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.torch import trees


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function over a batch: what ``func`` gives for each element, stacked.

    This one loops: ``func`` is called once for each element of the batch. Values, random numbers, what is written to
    tensors from outside, and errors are torch's; what ``func`` prints comes once for each element, the speed is that of
    a Python loop, and with a graph the result's ``grad_fn`` is that of the stacking.

    Parameters
    ----------
    func : callable
        Takes Tensors or trees of them, returns the same.
    in_dims : int, None or tree of them
        Along which dimension each argument is a batch; None for one that is not.
    out_dims : int, None or tree of them
        Where the batch is to be in each output.
    randomness : {"error", "different", "same"}
        Whether random numbers may be drawn, and whether anew for each element.
    chunk_size : int, optional
        Of no effect in a loop.

    Returns
    -------
    callable
        Takes the arguments of ``func``, batched.

    Raises
    ------
    ValueError
        If dimensions or structures do not fit.
    RuntimeError
        If ``func`` asks for a Tensor's truth value, as torch does: there it has no single one.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.func.vmap(torch.func.grad(torch.sin))(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """
    check_randomness(randomness)
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        name = _name(func)
        _check_out_dims(out_dims, name)
        leaves, spec, dims, size = _batch(name, in_dims, args)
        outs: list[list[Any]] = []
        form = trees.LEAF
        at_work = Map(size, randomness, [leaf._array for leaf, d in zip(leaves, dims, strict=True) if d is not None])
        for k in range(size or 1):
            row = [leaf if d is None else _element(leaf, d, k) for leaf, d in zip(leaves, dims, strict=True)]
            call = functools.partial(func, *trees.unflatten(row, spec), **kwargs)
            found, form = trees.flatten(at_work.run(call, k))
            outs.append(found)
        where = _where_out(name, out_dims, form)
        columns = zip(*outs, strict=True)
        joined = [_joined(name, list(c), d, size) for c, d in zip(columns, where, strict=True)]
        return trees.unflatten(joined, form)

    return wrapped


def _element(leaf: Any, dim: int, k: int) -> Any:
    if leaf.shape[dim]:
        return leaf.select(dim, k)
    shape = (*leaf.shape[:dim], *leaf.shape[dim + 1 :])
    return Tensor._of(np.zeros(shape, leaf._array.dtype))  # an empty batch: called once, to see the form of the outputs


def _joined(name: str, parts: list[Any], dim: int | None, size: int) -> Any:
    if dim is None:
        return _alike(name, parts)
    for part in parts:
        if not isinstance(part, Tensor):
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(part)}. Did you mean to set "
                "out_dims= to None for output?"
            )
    together = F["stack"](parts, dim)
    return together if size else together.narrow(dim, 0, 0)


def _alike(name: str, parts: list[Any]) -> Any:
    """What is the same for all elements; a tensor that is not has no place outside of the batch."""
    if any(isinstance(p, Tensor) and not np.array_equal(p._array, parts[0]._array, equal_nan=True) for p in parts[1:]):
        raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
    return parts[0]


def check_randomness(randomness: str) -> None:
    if randomness not in {"error", "different", "same"}:
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")


# -- what is checked --------------------------------------------------------------------------------------------


def _name(func: Any) -> str:
    if hasattr(func, "__name__"):
        return str(func.__name__)
    if isinstance(func, functools.partial):
        return f"functools.partial({_name(func.func)}, ...)"
    return repr(func)


def _check_out_dims(out_dims: Any, name: str) -> None:
    for d in trees.flatten(out_dims)[0]:
        if d is not None and not isinstance(d, int):
            raise ValueError(
                f"vmap({name}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python collection of ints "
                "representing where in the outputs the vmapped dimension should appear."
            )


def _batch(name: str, in_dims: Any, args: Any) -> tuple[list[Any], trees.Spec, list[Any], int]:
    """The leaves of the arguments, their form, the dimension of each, and how many elements the batch has."""
    here = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{here}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: "
            f"{type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs. The latter is unsupported."
        )
    leaves, spec = trees.flatten(args)
    dims = trees.spread(in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{here}: in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{trees.flatten(in_dims)[1].describe()} but inputs has structure {spec.describe()}."
        )
    dims = [_checked_dim(here, leaf, d) for leaf, d in zip(leaves, dims, strict=True)]
    return leaves, spec, dims, _size([leaf.shape[d] for leaf, d in zip(leaves, dims, strict=True) if d is not None])


def _checked_dim(here: str, leaf: Any, dim: Any) -> int | None:
    if dim is None:
        return None
    if not isinstance(dim, int):
        raise ValueError(
            f"{here}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or None."
        )
    if not isinstance(leaf, Tensor):
        raise ValueError(
            f"{here}: Got in_dim={dim} for an input but the input is of type {type(leaf)}. We cannot vmap over non-Tensor "
            "arguments, please use None as the respective in_dim"
        )
    if not -leaf.ndim <= dim < leaf.ndim:
        raise ValueError(
            f"{here}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {leaf.ndim} so expected "
            f"in_dim to satisfy -{leaf.ndim} <= in_dim < {leaf.ndim}."
        )
    return dim % leaf.ndim


def _size(sizes: list[int]) -> int:
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if any(n != sizes[0] for n in sizes):
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped "
            "dimension"
        )
    return sizes[0]


def _where_out(name: str, out_dims: Any, form: trees.Spec) -> list[Any]:
    if form.kind is None and isinstance(out_dims, tuple) and len(out_dims) == 1:
        return list(out_dims)
    where = trees.spread(out_dims, form)
    if where is None:
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of `outputs`. "
            f"out_dims has structure {trees.flatten(out_dims)[1].describe()} but outputs has structure {form.describe()}."
        )
    return where


__all__ = ["vmap"]
