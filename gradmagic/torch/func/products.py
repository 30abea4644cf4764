"""``vjp``, ``jvp`` and ``linearize``: a vector times a Jacobian, from either side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradmagic.engine.tensor import Tensor
from gradmagic.torch import trees
from gradmagic.torch.func.arguments import (
    gradients,
    tensors_only,
    without_aux,
    zeros,
)
from gradmagic.torch.levels import Level, Pushing

JVP = "jvp(f, primals, tangents)"

__all__ = ["jvp", "linearize", "vjp", "pusher"]


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
        output, aux = without_aux(result, has_aux, "vjp(f, *primals): output of function f")
        outs, spec = trees.flatten(output)
        tensors_only(outs, "vjp(f, *primals)")
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
        return level.given(trees.unflatten(gradients(outs, leaves, weights, create), form))

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
        output, aux = without_aux(result, has_aux, JVP + ": output of function f")
        outs, form = trees.flatten(output)
        tensors_only(outs, JVP)
        tangent = trees.unflatten([_tangent(level, out, strict) for out in outs], form)
    return (output, tangent, aux) if has_aux else (output, tangent)


def _tangent(level: Pushing, out: Any, strict: bool = False) -> Any:
    tangent = level.tangent(out)
    if tangent is None and strict:
        raise RuntimeError(
            "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed with "
            "strict=True."
        )
    return zeros(out) if tangent is None else tangent


def _checked_tangents(primals: Any, tangents: Any) -> tuple[list[Any], trees.Spec]:
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{JVP}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    leaves, spec = trees.flatten(primals)
    directions, got = trees.flatten(tangents)
    if spec != got:
        raise RuntimeError(
            f"{JVP}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple "
            f"of 3 tensors, tangents also must be. Got primals with structure {spec.describe()} and tangents with "
            f"structure {got.describe()}"
        )
    for name, values in (("primals", leaves), ("tangents", directions)):
        if not values:
            raise RuntimeError(f"{JVP}: Expected {name} to contain at least one Tensor.")
        for value in values:
            if not isinstance(value, Tensor):
                raise RuntimeError(f"{JVP}: Expected {name} to only contain Tensors, got {type(value)}")
    for primal, tangent in zip(leaves, directions, strict=True):
        check_tangent(primal, tangent)
    return leaves, spec


def check_tangent(primal: Any, tangent: Any) -> None:
    for name, value in (("primal", primal), ("tangent", tangent)):
        if value._array.dtype.kind not in "fc":
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {value.dtype}")
    if primal.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(primal.shape)} while the given forward gradient is of size "
            f"{list(tangent.shape)}."
        )


def pusher(level: Level, fresh: list[Any], outs: list[Any]) -> Callable[..., list[Any]]:
    """The Jacobian as a function of tangents: the backward pass is linear in its weights, and is differentiated by them."""
    weights = [level.leaf(zeros(out)) for out in outs]
    backs = gradients(outs, fresh, weights, create=True)

    def push(tangents: list[Any], batch: int | None = None) -> list[Any]:
        create = level.has_history([*outs, *tangents])
        return gradients(backs, weights, tangents, create, batch)

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
        tensors_only(outs, "linearize(f, *primals)")
        push = pusher(level, fresh, outs)

    def jvp_fn(*tangents: Any) -> Any:
        _checked_tangents(primals, tangents)
        return level.given(trees.unflatten(push(trees.flatten(tangents)[0]), form))

    return level.given(output), jvp_fn
