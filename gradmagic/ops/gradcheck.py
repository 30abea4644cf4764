"""``gradcheck`` and ``gradgradcheck``: derivatives against finite differences. Knows Jacobians; knows no op."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradmagic.engine import random
from gradmagic.engine.backward import grad
from gradmagic.engine.op import Op
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import jacobians as J
from gradmagic.ops.names import FUNCTIONS as F


class GradcheckError(RuntimeError):
    """A derivative that is not what finite differences say, or a backward pass that breaks its rules."""


_NOT_DOUBLE = (
    "Input #{} requires gradient and is not a double precision floating point or complex. This check will likely fail if "
    "all the inputs are not of double precision floating point or complex. "
)
_OVERLAPPING = (
    "The {}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to be able to "
    "compute the numerical gradients correctly. You should call .contiguous on the input before passing it to gradcheck."
)
_NOT_REENTRANT = (
    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different "
    "values, although analytical gradient matches numerical gradient.The tolerance for nondeterminism was {}."
)
_UNDEFINED = (
    "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may break "
    'existing callers of this function. If this is true for you, you can call this function with "check_undefined_grad='
    'False" to disable the feature'
)
_NOTES = ' Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
_IN_SLOW_MODE = (
    "\nThe above quantities relating the numerical and analytical jacobians are computed \n"
    "in fast mode. See: https://github.com/pytorch/pytorch/issues/53876 for more background \n"
    "about fast mode. Below, we recompute numerical and analytical jacobians in slow mode:\n\n"
    "Numerical:\n {}\nAnalytical:\n{}\n\nThe max per-element difference (slow mode) is: {}.\n"
)


@dataclass(frozen=True)
class _Check:
    """What is checked, and how closely."""

    func: Callable[..., Any]
    inputs: tuple[Any, ...]
    eps: float
    atol: float
    rtol: float
    nondet_tol: float
    dtypes: bool

    def close(self, a: Any, n: Any, atol: float | None = None) -> bool:
        return bool(np.allclose(a, n, self.rtol, self.atol if atol is None else atol))


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the gradients of a function with finite differences.

    Parameters
    ----------
    func : callable
        Takes Tensors, returns a Tensor or a tuple of them.
    inputs : Tensor or tuple of Tensor
        Where; at least one requires grad, and those that do should be float64 or complex128.
    eps : float
        The step of the differences.
    atol, rtol : float
        How far the two Jacobians may be apart.
    raise_exception : bool
        Raise at a difference, rather than return False.
    nondet_tol : float
        How far two backward passes may be apart.
    check_undefined_grad, check_grad_dtypes, check_batched_grad : bool
        Also check outputs without a gradient, the dtypes of gradients, and batches of them.
    check_forward_ad, check_batched_forward_grad, check_backward_ad : bool
        Which modes to check.
    fast_mode : bool
        Compare one random projection instead of all elements. Complex numbers are always compared whole.
    masked : bool, optional
        Ignored: it speaks of sparse tensors.

    Returns
    -------
    bool
        True if all agree.

    Raises
    ------
    GradcheckError
        With both Jacobians, if they do not agree.
    ValueError
        If no input requires grad.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.sin, x)
    True
    >>> torch.autograd.gradcheck(lambda t: t.detach() * t, x, raise_exception=False)
    False
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    check = _Check(func, J.as_tuple(inputs), eps, atol, rtol, nondet_tol, check_grad_dtypes)
    try:
        _check_inputs(check.inputs)
        outputs = J.as_tuple(func(*check.inputs))
        _compare(check, outputs, fast_mode, check_backward_ad, check_forward_ad)
        if check_backward_ad:
            _check_rules(check, J.differentiable(outputs), check_batched_grad, check_undefined_grad)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _check_inputs(inputs: Sequence[Any]) -> None:
    for i, x in enumerate(inputs):
        if not (isinstance(x, Tensor) and x.requires_grad):
            continue
        if x._array.dtype not in (np.float64, np.complex128):
            warnings.warn(_NOT_DOUBLE.format(i), UserWarning, stacklevel=3)
        strides = np.asarray(x._array).strides
        if any(s <= 0 and n > 1 for s, n in zip(strides, x.shape, strict=True)):
            raise RuntimeError(_OVERLAPPING.format(i))
    if not J.wanting(inputs):
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )


# -- the comparison ---------------------------------------------------------------------------------------------


def _compare(check: _Check, outputs: tuple[Any, ...], fast: bool, backward: bool, forward: bool) -> None:
    if not J.differentiable(outputs):
        numerical = J.numerical(check.func, check.inputs, outputs, check.eps, np.real)
        floats = [row for row, out in zip(numerical, outputs, strict=True) if out._array.dtype.kind in "fc"]
        if any(np.any(n != 0) for row in floats for n in row):
            raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    has_complex = any(out.dtype.is_complex for out in outputs)
    parts: tuple[J.Part, ...] = (np.imag, np.real) if has_complex else (np.real,)
    if backward and fast and not has_complex and not any(x.dtype.is_complex for x in J.wanting(check.inputs)):
        _compare_projection(check, outputs)
    elif backward:
        for part in parts:
            _compare_backward(check, outputs, part)
    for part in parts if forward else ():
        _compare_forward(check, outputs, part)


def _compare_backward(check: _Check, outputs: tuple[Any, ...], part: J.Part) -> None:
    numerical = J.numerical(check.func, check.inputs, outputs, check.eps, part)
    wanted = [(out, n) for out, n in zip(outputs, numerical, strict=True) if out.requires_grad]
    for i, (out, of_output) in enumerate(wanted):
        for j, (a, n) in enumerate(zip(_analytical(check, out, part), of_output, strict=True)):
            if not check.close(a, n):
                name = "imaginary" if part is np.imag else "real"
                prefix = f"While considering the {name} part of complex outputs only, " if out.dtype.is_complex else ""
                raise GradcheckError(prefix + _mismatch(a, n, i, j))


def _compare_forward(check: _Check, outputs: tuple[Any, ...], part: J.Part) -> None:
    numerical = J.numerical(check.func, check.inputs, outputs, check.eps, part)
    numerical = [n for out, n in zip(outputs, numerical, strict=True) if out.requires_grad]
    for i, (of_output, pushed) in enumerate(zip(numerical, J.pushed(check.func, check.inputs, part), strict=True)):
        for j, (a, n) in enumerate(zip(pushed, of_output, strict=True)):
            if not check.close(a, n):
                raise GradcheckError(_mismatch(a, n, i, j, "computed with forward mode "))


def _mismatch(a: Any, n: Any, output: int, input: int, mode: str = "") -> str:
    return (
        f"Jacobian {mode}mismatch for output {output} with respect to input {input},\n"
        f"numerical:{Tensor._of(n)}\nanalytical:{Tensor._of(a)}\n"
    )


def _analytical(check: _Check, output: Any, part: J.Part) -> list[Any]:
    first, same_dtype = J.analytical(check.inputs, output.clone(), part)
    again, _ = J.analytical(check.inputs, output.clone(), part)
    if check.dtypes and not same_dtype:
        raise GradcheckError("Gradient has dtype mismatch")
    with np.errstate(all="ignore"):  # where a gradient is infinite
        apart = any(a.size and np.abs(a - b).max() > check.nondet_tol for a, b in zip(first, again, strict=True))
    if apart:
        raise GradcheckError(_NOT_REENTRANT.format(check.nondet_tol))
    return first


def _compare_projection(check: _Check, outputs: tuple[Any, ...]) -> None:
    """The Jacobian between a random vector on each side: one number for each input and output."""
    source = random.Generator()
    xs, wanted = J.wanting(check.inputs), J.differentiable(outputs)
    us, vs = [_direction(source, x) for x in xs], [_direction(source, out) for out in wanted]
    numerical = [_projected(check, outputs, x, u, vs) for x, u in zip(xs, us, strict=True)]
    for i, (x, u) in enumerate(zip(xs, us, strict=True)):
        for j, (out, v) in enumerate(zip(wanted, vs, strict=True)):
            (g,) = J.pulled(out, (x,), v.reshape(out.shape).astype(out._array.dtype))
            a = np.asarray(0.0 if g is None else g.reshape(-1) @ u, x._array.dtype)
            n = numerical[i][j]
            if not check.close(a, n, check.atol * float(u.sum()) * float(v.sum())):
                raise GradcheckError(_mismatch(a, n, j, i) + _slow_words(check, outputs, out, i))


def _direction(source: random.Generator, t: Any) -> Any:
    u = source.rand((t.numel(),)).astype(t._array.dtype)
    return u / np.linalg.norm(u)


def _projected(check: _Check, outputs: tuple[Any, ...], x: Any, u: Any, vs: Sequence[Any]) -> list[Any]:
    data = x.data._array
    slopes = J.slope(check.func, check.inputs, data, ..., u.reshape(data.shape) * check.eps, check.eps, np.real)
    wanted = [s for s, out in zip(slopes, outputs, strict=True) if out.requires_grad]
    return [np.asarray((v * s).sum()) for v, s in zip(vs, wanted, strict=True)]


def _slow_words(check: _Check, outputs: tuple[Any, ...], out: Any, i: int) -> str:
    which = next(k for k, other in enumerate(outputs) if other is out)
    n = J.numerical(check.func, check.inputs, outputs, check.eps, np.real)[which][i]
    a = J.analytical(check.inputs, out, np.real)[0][i]
    largest = Tensor._of(np.asarray(np.abs(n - a).max()))
    return _IN_SLOW_MODE.format(Tensor._of(n), Tensor._of(a), largest.item())


# -- the rules that a backward pass must keep -------------------------------------------------------------------

_undefined = Op(lambda x: np.array(x), lambda g: None, node="UndefinedGradBackward").named("undefined_grad")


def _check_rules(check: _Check, outputs: tuple[Any, ...], batched: bool, undefined: bool) -> None:
    xs = J.wanting(check.inputs)
    if batched:
        for i, out in enumerate(outputs):
            _check_batched(xs, out, i)
    if not outputs:
        return
    for g in _zero_weighted(outputs, xs):
        if g is not None and np.any(g._array != 0):
            raise GradcheckError("backward not multiplied by grad_output")
    if undefined:
        _check_undefined(check, xs, len(outputs))


def _zero_weighted(outputs: Sequence[Any], xs: Sequence[Any]) -> Any:
    zeros = [Tensor._of(np.zeros_like(out._array)) for out in outputs]
    return grad(outputs, xs, zeros, allow_unused=True)


def _check_batched(xs: tuple[Any, ...], output: Any, i: int) -> None:
    weights = [Tensor._of(random.default_generator.randn(output.shape, output._array.dtype)) for _ in range(2)]
    one_by_one = [J.pulled(output, xs, w._array) for w in weights]
    options = {"retain_graph": True, "allow_unused": True, "is_grads_batched": True}
    together = grad(output, xs, F["stack"](weights), **options)
    for j, (res, rows) in enumerate(zip(together, zip(*one_by_one, strict=True), strict=True)):
        if res is not None and not np.allclose(res._array, np.stack(rows)):
            exp = Tensor._of(np.stack(rows))
            raise GradcheckError(f"For output {i} and input {j}:\n\nGot:\n{res}\n\nExpected:\n{exp}")


def _check_undefined(check: _Check, xs: tuple[Any, ...], count: int) -> None:
    """Outputs that receive no gradient, all of them and each in turn, must count as zero."""
    every = range(count)
    for without in [set(every), *([{k} for k in every] if count > 1 else [])]:
        outputs = J.differentiable(J.as_tuple(check.func(*check.inputs)))
        outputs = tuple(_undefined(out) if k in without else out for k, out in enumerate(outputs))
        try:
            found = _zero_weighted(outputs, xs)
        except RuntimeError as error:
            warnings.warn(_UNDEFINED, UserWarning, stacklevel=4)
            raise GradcheckError("Expected backward function to handle undefined output grads." + _NOTES) from error
        if any(g is not None and np.any(g._array != 0) for g in found):
            warnings.warn(_UNDEFINED, UserWarning, stacklevel=4)
            raise GradcheckError(
                "Expected all input grads to be undefined or zero when all output grads are undefined or zero." + _NOTES
            )


# -- the second order -------------------------------------------------------------------------------------------


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Compare the gradients of a function's gradients with finite differences: :func:`gradcheck` at the second order.

    Parameters
    ----------
    func, inputs
        As in :func:`gradcheck`.
    grad_outputs : Tensor or tuple of Tensor, optional
        The weights of the first order, differentiated as the inputs are. Random ones by default.
    check_fwd_over_rev, check_rev_over_rev : bool
        Which modes to check at the second order.
    gen_non_contig_grad_outputs : bool
        Ignored: memory layout does not matter here.
    eps, atol, rtol, raise_exception, nondet_tol, check_undefined_grad, check_grad_dtypes, check_batched_grad, fast_mode
        As in :func:`gradcheck`.
    masked : bool
        Ignored, as in :func:`gradcheck`.

    Returns
    -------
    bool
        True if all agree.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradgradcheck(lambda t: t**3, x)
    True
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    for name, flag in (("undefined", check_undefined_grad), ("batched", check_batched_grad)):
        if flag and not check_rev_over_rev:
            option = f"check_{name}_grad"
            raise AssertionError(f"Setting {option}=True requires check_rev_over_rev to be True")
    xs = J.as_tuple(inputs)
    weights = _random_weights(func, xs) if grad_outputs is None else J.as_tuple(grad_outputs)

    def gradients(*args: Any) -> tuple[Any, ...]:
        points = tuple(_wanting_as(a, x) for a, x in zip(args, xs, strict=False))
        ws = tuple(_wanting_as(a, w) for a, w in zip(args[len(xs) :], weights, strict=True))
        outputs = J.differentiable(J.as_tuple(func(*points)))
        found = grad(outputs, J.wanting(points), ws, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradients, xs + weights, eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes, fast_mode=fast_mode,
        check_batched_grad=check_batched_grad, check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev,
    )  # fmt: skip


def _wanting_as(given: Any, like: Any) -> Any:
    return given.requires_grad_() if isinstance(like, Tensor) and like.requires_grad else given


def _random_weights(func: Callable[..., Any], xs: tuple[Any, ...]) -> tuple[Any, ...]:
    outputs = J.differentiable(J.as_tuple(func(*xs)))
    drawn = (random.default_generator.uniform(-1, 1, out.shape, out._array.real.dtype) for out in outputs)
    return tuple(
        Tensor._of(np.asarray(w, out._array.dtype)).requires_grad_() for w, out in zip(drawn, outputs, strict=True)
    )


__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
