"""``torch.func``: functions made of functions, by differentiation or mapping. Knows levels and trees; knows no op.

`jvp` follows tangents. `linearize` and `jacfwd` call the function once and differentiate the backward pass by its
weights, which costs less than to follow one tangent for each column. `vmap` calls the function for each element.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradmagic.engine.backward import grad as engine_grad
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.torch import trees
from gradmagic.torch.levels import Level, Pushing
from gradmagic.torch.mapping import vmap
from gradmagic.torch.nn.stateless import functional_call, stack_module_state

_JVP = "jvp(f, primals, tangents)"
_GRAD = "grad_and_value(f)(*args)"


# -- arguments --------------------------------------------------------------------------------------------------


def _positions(argnums: Any, count: int) -> tuple[int, ...]:
    """Which arguments to differentiate by, from the front."""
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    wanted = (argnums,) if isinstance(argnums, int) else argnums
    for n in wanted:
        if not isinstance(n, int):
            raise RuntimeError(f"argnum must be int, got: {type(n)}")
        if not -count <= n < count:
            raise RuntimeError(f"Got argnum={n}, but only {count} positional inputs")
    wanted = tuple(n % count for n in wanted)
    if not wanted:
        raise RuntimeError("argnums must be non-empty")
    if len(set(wanted)) != len(wanted):
        raise RuntimeError(f"argnums elements must be unique, got {wanted}")
    return wanted


def _replaced(args: tuple[Any, ...], positions: Sequence[int], new: Sequence[Any]) -> list[Any]:
    out = list(args)
    for n, value in zip(positions, new, strict=True):
        out[n] = value
    return out


def _without_aux(result: Any, has_aux: bool, words: str) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise RuntimeError(words + " should be a tuple: (output, aux) if has_aux is True")
    return result


def _tensors_only(outputs: list[Any], api: str) -> None:
    if not outputs or (len(outputs) == 1 and outputs[0] is None):
        raise RuntimeError(f"{api}: Expected f to be a function that has non-empty output (got output = {outputs})")
    for out in outputs:
        if not isinstance(out, Tensor):
            raise RuntimeError(f"{api}: expected f(*primals) to return only tensors, got unsupported type {type(out)}")


def _refuse_complex(name: str, tree: Any, which: str) -> None:
    for i, leaf in enumerate(trees.flatten(tree)[0]):
        if isinstance(leaf, Tensor) and leaf.dtype.is_complex:
            raise RuntimeError(
                f"{name}: Expected all {which} to be real but received complex tensor at flattened input idx: {i}"
            )


def _gradients(outputs: Sequence[Any], inputs: Sequence[Any], weights: Sequence[Any] | None, create: bool) -> list[Any]:
    """Gradients, with zeros where there are none."""
    pairs = list(zip(outputs, [None] * len(outputs) if weights is None else weights, strict=True))
    pairs = [(out, w) for out, w in pairs if out is not None and out.requires_grad]
    if not pairs:
        return [_zeros(t) for t in inputs]
    outs, ws = zip(*pairs, strict=True)
    found = engine_grad(outs, inputs, ws, retain_graph=True, create_graph=create, allow_unused=True)
    return [_zeros(t) if g is None else g for g, t in zip(found, inputs, strict=True)]


def _zeros(like: Any) -> Any:
    return Tensor._of(np.zeros(like._array.shape, like._array.dtype))


def _unit(like: Any, k: int) -> Any:
    v = np.zeros(like._array.shape, like._array.dtype)
    v.reshape(-1)[k] = 1
    return Tensor._of(v)


# -- gradients --------------------------------------------------------------------------------------------------


def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the gradient and the value of a scalar function.

    Parameters
    ----------
    func : callable
        Returns a Tensor of no dimensions; with ``has_aux``, a pair of it and anything.
    argnums : int or tuple of int
        Which arguments to differentiate by. They may be nested tuples, lists and dicts of Tensors.
    has_aux : bool
        Whether ``func`` returns something beside its value.

    Returns
    -------
    callable
        Takes what ``func`` takes, gives ``(gradient, value)`` or ``(gradient, (value, aux))``.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.func.grad_and_value(lambda t: t**2)(torch.tensor(3.0))
    (tensor(6.), tensor(9.))
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with Level() as level:
            positions = _positions(argnums, len(args))
            fresh = [trees.mapped(level.fresh, args[n]) for n in positions]
            result = func(*_replaced(args, positions, fresh), **kwargs)
            value, aux = _without_aux(result, has_aux, _GRAD + ": output of function f")
            _check_scalar(value)
            leaves, spec = trees.flatten(fresh[0] if isinstance(argnums, int) else tuple(fresh))
            found = _gradients([value], leaves, None, level.has_history([value]))
            gradient = level.given(trees.unflatten(found, spec))
            value, aux = level.given(value), level.given(aux)
        return (gradient, (value, aux)) if has_aux else (gradient, value)

    return wrapper


def _check_scalar(value: Any) -> None:
    if not isinstance(value, Tensor):
        raise RuntimeError(f"{_GRAD}: Expected f(*args) to return a Tensor, got {type(value)}")
    if value.ndim != 0:
        raise RuntimeError(
            f"{_GRAD}: Expected f(*args) to return a scalar Tensor, got tensor with {value.ndim} dims. Maybe you wanted to "
            "use the vjp or jacrev APIs instead?"
        )


def grad(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a scalar function, as a function.

    Parameters
    ----------
    func, argnums, has_aux
        As in :func:`grad_and_value`.

    Returns
    -------
    callable
        Takes what ``func`` takes, gives its gradient, or ``(gradient, aux)``.

    Examples
    --------
    >>> from gradmagic import torch
    >>> cubed = lambda t: t**3
    >>> torch.func.grad(torch.func.grad(cubed))(torch.tensor(2.0))
    tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapper


# -- products ---------------------------------------------------------------------------------------------------


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of a function, and the function that multiplies a vector with its Jacobian there.

    Parameters
    ----------
    func : callable
        Takes Tensors or trees of them, returns the same.
    *primals
        Where.
    has_aux : bool
        Whether ``func`` returns something beside its value.

    Returns
    -------
    output, vjp_fn[, aux]
        ``vjp_fn`` takes what has the form of the output, and gives a tuple with one entry for each primal.

    Examples
    --------
    >>> from gradmagic import torch
    >>> y, back = torch.func.vjp(lambda t: t**2, torch.tensor([1.0, 2.0]))
    >>> back(torch.tensor([1.0, 10.0]))
    (tensor([ 2., 40.]),)
    """
    with Level() as level:
        fresh = trees.mapped(level.fresh, primals)
        result = func(*fresh)
        output, aux = _without_aux(result, has_aux, "vjp(f, *primals): output of function f")
        outs, spec = trees.flatten(output)
        _tensors_only(outs, "vjp(f, *primals)")
        for out in outs:
            if out._array.dtype.kind not in "fc":
                raise RuntimeError(
                    "vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype "
                    f"{out.dtype}"
                )
        leaves, form = trees.flatten(fresh)

    def vjp_fn(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        weights, got = trees.flatten(cotangents)
        if got != spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. "
                f"cotangents: {got.sketch()}, primal output: {spec.sketch()}"
            )
        create = level.has_history([*outs, *weights]) if create_graph is None else create_graph
        return level.given(trees.unflatten(_gradients(outs, leaves, weights, create), form))

    return (level.given(output), vjp_fn, level.given(aux)) if has_aux else (level.given(output), vjp_fn)


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The value of a function, and its Jacobian there times a vector.

    Parameters
    ----------
    func : callable
        Takes Tensors or trees of them, returns the same.
    primals, tangents : tuple
        Where, and in which direction; both of one form.
    strict : bool
        Whether an output that does not depend on the inputs is an error, rather than zero.
    has_aux : bool
        Whether ``func`` returns something beside its value.

    Returns
    -------
    output, tangent[, aux]

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.func.jvp(lambda t: t.prod(), (torch.tensor([1.0, 2.0]),), (torch.tensor([1.0, 10.0]),))
    (tensor(2.), tensor(12.))
    """
    leaves, spec = _checked_tangents(primals, tangents)
    with Pushing() as level:
        duals = [level.dual(p, t) for p, t in zip(leaves, trees.flatten(tangents)[0], strict=True)]
        result = func(*trees.unflatten(duals, spec))
        output, aux = _without_aux(result, has_aux, _JVP + ": output of function f")
        outs, form = trees.flatten(output)
        _tensors_only(outs, _JVP)
        tangent = trees.unflatten([_tangent(level, out, strict) for out in outs], form)
    return (output, tangent, aux) if has_aux else (output, tangent)


def _tangent(level: Pushing, out: Any, strict: bool = False) -> Any:
    tangent = level.tangent(out)
    if tangent is None and strict:
        raise RuntimeError(
            "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed with "
            "strict=True."
        )
    return _zeros(out) if tangent is None else tangent


def _checked_tangents(primals: Any, tangents: Any) -> tuple[list[Any], trees.Spec]:
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{_JVP}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    leaves, spec = trees.flatten(primals)
    directions, got = trees.flatten(tangents)
    if spec != got:
        raise RuntimeError(
            f"{_JVP}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple "
            f"of 3 tensors, tangents also must be. Got primals with structure {spec.describe()} and tangents with "
            f"structure {got.describe()}"
        )
    for name, values in (("primals", leaves), ("tangents", directions)):
        if not values:
            raise RuntimeError(f"{_JVP}: Expected {name} to contain at least one Tensor.")
        for value in values:
            if not isinstance(value, Tensor):
                raise RuntimeError(f"{_JVP}: Expected {name} to only contain Tensors, got {type(value)}")
    for primal, tangent in zip(leaves, directions, strict=True):
        _check_tangent(primal, tangent)
    return leaves, spec


def _check_tangent(primal: Any, tangent: Any) -> None:
    for name, value in (("primal", primal), ("tangent", tangent)):
        if value._array.dtype.kind not in "fc":
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {value.dtype}")
    if primal.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(primal.shape)} while the given forward gradient is of size "
            f"{list(tangent.shape)}."
        )


def _pusher(level: Level, fresh: list[Any], outs: list[Any]) -> Callable[[list[Any]], list[Any]]:
    """The Jacobian as a function of tangents: the backward pass is linear in its weights, and is differentiated by them."""
    weights = [level.leaf(_zeros(out)) for out in outs]
    backs = _gradients(outs, fresh, weights, create=True)

    def push(tangents: list[Any]) -> list[Any]:
        wanted = [(back, t) for back, t in zip(backs, tangents, strict=True) if back.requires_grad]
        found: Any = [None] * len(weights)
        if wanted:
            ways, ts = zip(*wanted, strict=True)
            create = level.has_history([*outs, *ts])
            found = engine_grad(ways, weights, ts, retain_graph=True, create_graph=create, allow_unused=True)
        return [_zeros(w) if g is None else g for g, w in zip(found, weights, strict=True)]

    return push


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of a function, and the linear function that is its derivative there.

    Parameters
    ----------
    func : callable
        Takes Tensors or trees of them, returns the same.
    *primals
        Where.

    Returns
    -------
    output, jvp_fn
        ``jvp_fn`` takes one tangent for each primal; the function itself is not called again.

    Examples
    --------
    >>> from gradmagic import torch
    >>> y, slope = torch.func.linearize(lambda t: t**2, torch.tensor([1.0, 2.0]))
    >>> slope(torch.ones(2))
    tensor([2., 4.])
    """
    with Level() as level:
        leaves, spec = trees.flatten(primals)
        fresh = [level.fresh(leaf) for leaf in leaves]
        output = func(*trees.unflatten(fresh, spec))
        outs, form = trees.flatten(output)
        _tensors_only(outs, "linearize(f, *primals)")
        push = _pusher(level, fresh, outs)

    def jvp_fn(*tangents: Any) -> Any:
        _checked_tangents(primals, tangents)
        return level.given(trees.unflatten(push(trees.flatten(tangents)[0]), form))

    return level.given(output), jvp_fn


# -- Jacobians --------------------------------------------------------------------------------------------------


def jacrev(
    func: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Callable[..., Any]:
    """The Jacobian of a function, as a function: one backward pass for each element of the output.

    Parameters
    ----------
    func, argnums, has_aux
        As in :func:`grad_and_value`, but the output may be any Tensor or tree of Tensors.
    chunk_size : int, optional
        How many rows torch computes at once; here there is always one at a time.

    Returns
    -------
    callable
        Gives for every output, for every argument, a Tensor of shape ``output.shape + argument.shape``.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.func.jacrev(lambda t: t**3)(torch.tensor([1.0, 2.0]))
    tensor([[ 3.,  0.],
            [ 0., 12.]])
    """
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        _refuse_complex("jacrev", args, "inputs")
        with Level() as level:
            positions = _positions(argnums, len(args))
            fresh = tuple(trees.mapped(level.fresh, args[n]) for n in positions)
            result = func(*_replaced(args, positions, fresh), **kwargs)
            output, aux = _without_aux(result, has_aux, "vjp(f, *primals): output of function f")
            outs, spec = trees.flatten(output)
            _tensors_only(outs, "vjp(f, *primals)")
            _refuse_complex("jacrev", outs, "outputs")
            leaves, form = trees.flatten(fresh)
            create = level.has_history(outs)
            rows = [trees.unflatten(_rows(out, leaves, create), form) for out in outs]
            table = _arranged(rows, spec, argnums)
            return (level.given(table), level.given(aux)) if has_aux else level.given(table)

    return wrapper


def _rows(out: Any, leaves: list[Any], create: bool) -> list[Any]:
    rows = [_gradients([out], leaves, [_unit(out, k)], create) for k in range(out.numel())]
    columns = list(zip(*rows, strict=True)) or [() for _ in leaves]
    return [_stacked(c, 0, out.shape, t.shape, t) for c, t in zip(columns, leaves, strict=True)]


def _stacked(parts: Sequence[Any], dim: int, outer: Any, inner: Any, like: Any) -> Any:
    shape = (*outer, *inner)
    return F["stack"](parts, dim).view(shape) if parts else Tensor._of(np.zeros(shape, like._array.dtype))


def _arranged(rows: list[Any], spec: trees.Spec, argnums: Any) -> Any:
    return trees.unflatten([row[0] for row in rows] if isinstance(argnums, int) else rows, spec)


def jacfwd(
    func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """The Jacobian of a function, as a function: one pass for each element of the arguments.

    Parameters
    ----------
    func, argnums, has_aux
        As in :func:`jacrev`.
    randomness : str
        Of no effect: the function is called once.

    Returns
    -------
    callable
        As in :func:`jacrev`.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.func.jacfwd(lambda t: t.cumsum(0))(torch.tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [1., 1.]])
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        _refuse_complex("jacfwd", args, "inputs")
        with Level() as level:
            positions = _positions(argnums, len(args))
            for leaf in trees.flatten([args[n] for n in positions])[0]:
                _check_tangent(leaf, leaf)
            fresh = tuple(trees.mapped(level.fresh, args[n]) for n in positions)
            result = func(*_replaced(args, positions, fresh), **kwargs)
            output, aux = _without_aux(result, has_aux, _JVP + ": output of function f")
            outs, spec = trees.flatten(output)
            _tensors_only(outs, _JVP)
            _refuse_complex("jacfwd", outs, "outputs")
            leaves, form = trees.flatten(fresh)
            push = _pusher(level, leaves, outs)
            columns = [_columns(push, leaves, i) for i in range(len(leaves))]
            rows = [
                trees.unflatten(
                    [
                        _stacked([c[o] for c in col], -1, out.shape, t.shape, out)
                        for col, t in zip(columns, leaves, strict=True)
                    ],
                    form,
                )
                for o, out in enumerate(outs)
            ]
            table = _arranged(rows, spec, argnums)
            return (level.given(table), level.given(aux)) if has_aux else level.given(table)

    return wrapper


def _columns(push: Callable[[list[Any]], list[Any]], leaves: list[Any], i: int) -> list[list[Any]]:
    """The Jacobian times each basis vector of one argument."""
    zeros = [_zeros(t) for t in leaves]
    return [push([*zeros[:i], _unit(leaves[i], k), *zeros[i + 1 :]]) for k in range(leaves[i].numel())]


def hessian(func: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """The Jacobian of the Jacobian of a function, as a function.

    Parameters
    ----------
    func, argnums
        As in :func:`jacrev`.

    Returns
    -------
    callable
        For one output and one argument a Tensor of shape ``output.shape + argument.shape + argument.shape``.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.func.hessian(lambda t: (t**3).sum())(torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "stack_module_state", "vjp",
    "vmap",
]  # fmt: skip
