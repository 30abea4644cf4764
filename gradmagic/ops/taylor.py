"""`taylor`: all derivatives of an elementwise function up to an order, in one pass. Knows the tables by what it expands."""

from __future__ import annotations

import operator
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any

import numpy as np

from gradmagic.engine.modes import enable_grad, modes
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.blocks import in_blocks
from gradmagic.ops.expansion import Derivatives, derivatives

Array = Any


def taylor(
    f: Callable[[Any], Any],
    x: Any,
    order: int,
    *,
    executor: Executor | None = None,
    block: int | None = None,
) -> Array:
    """The derivatives of orders 0 to ``order`` of an elementwise function, by Taylor arithmetic.

    The function is run once, on a Tensor that is a copy of x; what it does to it may be written for NumPy, for
    scipy.special or for torch. The cost grows with the square of the order, where repeated calls of
    :func:`gradmagic.grad` cost a multiple at each order.

    Parameters
    ----------
    f : callable
        From a Tensor of the shape of x to one of the same shape, element by element.
    x : array_like
        Where: a number, an array or a Tensor. Whole numbers become float64.
    order : int
        The highest derivative.
    executor : concurrent.futures.Executor, optional
        Evaluate x in blocks, by its workers: threads, processes, Dask's ``client.get_executor()``, ipyparallel's
        ``view.executor``. ``f`` is then called once for each block.
    block : int, optional
        Evaluate x in blocks of so many points, which spares memory, and time where x is too large for the cache.

    Returns
    -------
    ndarray
        Of the shape ``(order + 1, *x.shape)``: f(x), f'(x), f''(x), …

    Raises
    ------
    ValueError
        If the order is negative, or the result of f has another shape than x.
    RuntimeError
        If an op in f has no Taylor series here (`NoSeriesError`: the text names it), f takes a number out of what depends
        on x (as ``math.sin(x)`` does), or a worker was lost.

    Notes
    -----
    At kinks and jumps the values are those of repeated reverse mode, with torch's sub-gradients. Where f mixes elements by
    linear ops, as a sum or a flip does, row k is the k-th derivative in the direction in which all elements of x grow
    alike; that cannot be done in blocks.

    Examples
    --------
    >>> import gradmagic
    >>> gradmagic.taylor(lambda x: x**3, [1.0, 2.0], 3)
    array([[ 1.,  8.],
           [ 3., 12.],
           [ 6., 12.],
           [ 6.,  6.]])
    """
    order = operator.index(order)
    if order < 0:
        raise ValueError(f"the order of a derivative is 0 or more, not {order}")
    points = _points(x)
    if executor is None and block is None:
        return _derivatives(f, order, points).values
    return in_blocks(partial(_of_block, f, order), points, order + 1, executor=executor, size=block)


def _points(x: Any) -> Array:
    array = np.asarray(x._array if isinstance(x, Tensor) else x)
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind != "f":
        raise ValueError(f"Taylor series are of real numbers, and x holds {array.dtype}")
    return array


def _derivatives(f: Callable[[Any], Any], order: int, points: Array) -> Derivatives:
    x: Any = Tensor._of(np.array(points))
    x._wants_grad = True
    before, modes.expands = modes.expands, True
    try:
        with enable_grad():
            y = f(x)
    finally:
        modes.expands = before
    if not isinstance(y, Tensor):
        y = Tensor._of(np.asarray(y, points.dtype))
    if y._array.shape != points.shape:
        if y.requires_grad or y._array.ndim:
            raise ValueError(
                f"f gave the shape {y._array.shape} for an x of the shape {points.shape}: taylor differentiates element by "
                "element; for other functions call grad, or torch.func.jacrev"
            )
        y = Tensor._of(np.broadcast_to(y._array, points.shape))
    return derivatives(y, x, order)


def _of_block(f: Callable[[Any], Any], order: int, points: Array) -> Array:
    found = _derivatives(f, order, points)
    if found.mixes:
        raise ValueError(
            "f mixes the elements of x, so it cannot be evaluated block by block: leave out executor and block"
        )
    return found.values
