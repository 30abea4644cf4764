"""Dtypes that torch has no kernel for, row by row, in its words. Knows the tables; no rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmagic.engine import dtypes
from gradmagic.ops import activations as A
from gradmagic.ops import elementwise as E
from gradmagic.ops import losses as L
from gradmagic.ops import matrices as X
from gradmagic.ops import moving as M
from gradmagic.ops import products as P
from gradmagic.ops import reductions as R
from gradmagic.ops import triangles as T

_BOOL, _INTS, _COMPLEX = "b", "bui", "c"
_MASK = "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."


def _no_kernel(name: str, kinds: str) -> Callable[[Any], None]:
    def refuse(arrays: Any) -> None:
        d = dtypes.of(dtypes.result_dtype(arrays))
        if d.numpy_dtype.kind in kinds:
            raise NotImplementedError(f"\"{name}\" not implemented for '{d.legacy}'")

    return refuse


def _says(words: str, kinds: str, error: type[Exception] = RuntimeError) -> Callable[[Any], None]:
    def refuse(arrays: Any) -> None:
        if dtypes.result_dtype(arrays).kind in kinds:
            raise error(words)

    return refuse


def _every(*refusals: Callable[[Any], None]) -> Callable[[Any], None]:
    def refuse(arrays: Any) -> None:
        for each in refusals:
            each(arrays)

    return refuse


def _is_bool(value: Any) -> bool:
    return getattr(value, "dtype", None) == np.bool_


def _bool_minus(arrays: Any) -> None:
    masks = [_is_bool(a) for a in arrays]
    if all(masks):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator "
            "instead."
        )
    if any(masks):
        raise RuntimeError(f"Subtraction, the `-` operator, with a bool tensor is not supported. {_MASK}")


def _other_dtype(arrays: Any) -> None:
    if len({a.dtype for a in arrays if hasattr(a, "dtype")}) > 1:  # NumPy's form takes a number too
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


def _zero_divisor(arrays: Any) -> None:
    if dtypes.result_dtype(arrays).kind in "ui" and not np.all(arrays[1]):
        raise RuntimeError("ZeroDivisionError")


_REFUSALS: list[tuple[Any, Callable[[Any], None]]] = [
    *((row, _bool_minus) for row in (E.sub, E.rsub, E.rsub_tensor)),
    (E.neg, _says(f"Negation, the `-` operator, on a bool tensor is not supported. {_MASK}", _BOOL)),
    (E.abs, _no_kernel("abs_cpu", _BOOL)),
    (E.relu, _every(_says("Boolean inputs not supported for relu", _BOOL),
                    _says("clamp is not supported for complex types", _COMPLEX, NotImplementedError))),
    (E.heaviside, _other_dtype), (E.frac, _no_kernel("frac_cpu", _INTS)), (E.pow_tensor, _no_kernel("pow", _BOOL)),
    *((row, _every(_no_kernel(f"{row.name}_vml_cpu", _BOOL), _says(f"{row.name} is not supported for complex inputs",
                                                                  _COMPLEX, NotImplementedError)))
      for row in (E.floor, E.ceil, E.round, E.trunc)),
    *((row, _every(_no_kernel("div_floor_cpu", _BOOL), _zero_divisor)) for row in (E.floor_divide, E.div_floor)),
    (E.div_trunc, _every(_no_kernel("div_trunc_cpu", _BOOL), _zero_divisor)),
    *((row, _every(_no_kernel("remainder_cpu", _BOOL), _zero_divisor)) for row in (E.remainder, E.remainder_number)),
    *((row, _every(_no_kernel("fmod_cpu", _BOOL), _zero_divisor)) for row in (E.fmod, E.fmod_number)),
    *((row, _says(f"{row.name} not implemented for complex tensors.", _COMPLEX)) for row in (E.maximum, E.minimum)),
    *((row, _says("clamp is not supported for complex types", _COMPLEX, NotImplementedError))
      for row in (E.clamp_scalar, E.clamp_min_scalar, E.clamp_max_scalar)),
    *((row, _says("std and var only support floating point and complex dtypes", _INTS))
      for row in (R.var, R.std, R.var_mean, R.std_mean)),
    (R.softmax, _no_kernel("softmax_lastdim_kernel_impl", _INTS)),
    (R.log_softmax, _no_kernel("log_softmax_lastdim_kernel_impl", _INTS)),
    *((row, _says("Sort does not support complex dtypes on CPU", _COMPLEX)) for row in (R.sort, R.sort_stable)),
    (R.max_all, _no_kernel("max_all", _COMPLEX)), (R.min_all, _no_kernel("min_all", _COMPLEX)),
    *((row, _no_kernel(f"{row.name}_cpu", _INTS)) for row in (E.logaddexp, E.logaddexp2)),
    (P.dot, _no_kernel("dot", _BOOL)), (P.mv, _no_kernel("addmv_impl_cpu", _BOOL)),
    (P.mm, _no_kernel("addmm_impl_cpu_", _BOOL)), (P.bmm, _no_kernel("bmm", _BOOL)),
    (P.addmm, _no_kernel("addmm_impl_cpu_", _BOOL)), (P.addmm_scaled, _no_kernel("addmm_impl_cpu_", _BOOL)),
    (P.addmv, _no_kernel("addmv_impl_cpu", _BOOL)), (P.addbmm, _no_kernel("addmm_impl_cpu_", _BOOL)),
    (P.baddbmm, _no_kernel("baddbmm", _BOOL)), (X.cross, _no_kernel("cross", _BOOL)),
    (M.kthvalue, _no_kernel("kthvalue_cpu", _BOOL)), (M.addcmul, _no_kernel("addcmul_cpu_out", _BOOL)),
    (T.cholesky_inverse_row, _no_kernel("cholesky_inverse_out_cpu", _INTS)),
    (T.cholesky_solve_row, _no_kernel("cholesky_solve_cpu", _INTS)),
    (M.topk, _says("topk does not support bool dtypes on CPU", _BOOL)),
    *((row, _no_kernel("median_cpu", _BOOL)) for row in (M.median, M.median_dim)),
    (A.softplus_row, _no_kernel("softplus_cpu", _INTS)), (A.gelu_row, _no_kernel("GeluKernelImpl", _INTS)),
    (A.elu_row, _no_kernel("elu_cpu", _INTS)), (A.celu_row, _no_kernel("elu_cpu", _INTS)),
    (A.silu_row, _no_kernel("silu_cpu", _INTS)), (A.mish_row, _no_kernel("mish_cpu", _INTS)),
    (A.leaky_relu_row, _no_kernel("leaky_relu_cpu", _INTS)), (A.log_sigmoid, _no_kernel("log_sigmoid_cpu", _INTS)),
    (A.hardshrink_row, _no_kernel("hardshrink_cpu", _INTS)), (A.softshrink_row, _no_kernel("softshrink_cpu", _INTS)),
    (L.mse_row, _no_kernel("mse_cpu", _INTS)),
]  # fmt: skip


for _row, _refuse in _REFUSALS:
    _row.refuses = _refuse
