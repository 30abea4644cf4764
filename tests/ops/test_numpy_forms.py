"""Plain NumPy on Tensors, form by form: NumPy's own value, and derivatives of both orders against finite differences."""

# ruff: noqa: E501  a form is a line
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check

Form = tuple[str, Callable[..., Any]]


def z(x: Any) -> Any:
    """Something complex of something real."""
    return x + 1j * x**2


def spd(x: Any) -> Any:
    """A symmetric matrix with distinct positive eigenvalues."""
    return x @ x.T + np.diag([1.0, 2.5, 5.0])


def augmented(x: Any) -> Any:
    y = x * 1.0
    y += x**2
    y -= 0.5 * x
    y *= x
    y /= x**2 + 1
    y **= 2
    return y


def assigned(x: Any) -> Any:
    y = x * 1.0
    y[0] = x[1] ** 2
    y[:, 1] = 3.0
    y[y > 1.4] = 0.0
    y[[0, 2], [2, 0]] = x[1, :2] ** 3
    return y * y


# 3 by 3, entries with gaps: no step of the differences crosses a kink or changes an order
A = np.array([[1.7, 0.3, -0.4], [0.55, -1.35, 0.85], [0.1, 0.7, 1.1]])
V = np.array([0.3, -1.2, 0.8, 1.7])

UFUNCS_ANYWHERE = [
    "negative", "positive", "absolute", "square", "cbrt", "reciprocal", "exp", "exp2", "expm1", "sin", "cos", "tan", "arctan",
    "sinh", "cosh", "tanh", "arcsinh", "deg2rad", "rad2deg", "sign", "floor", "ceil", "rint", "trunc",
]  # fmt: skip
UFUNCS_INSIDE = {
    "sqrt": (0.2, 2), "log": (0.2, 2), "log2": (0.2, 2), "log10": (0.2, 2), "log1p": (-0.7, 2), "arcsin": (-0.9, 0.9),
    "arccos": (-0.9, 0.9), "arccosh": (1.2, 3), "arctanh": (-0.9, 0.9),
}  # fmt: skip
UFUNCS_OF_TWO = [
    "add", "subtract", "multiply", "divide", "arctan2", "hypot", "maximum", "minimum", "remainder", "logaddexp",
]  # fmt: skip


def _scaled(ufunc: Any, lo: float, hi: float) -> Callable[..., Any]:
    return lambda x: ufunc(lo + (hi - lo) * (x + 1.5) / 3.5)


def _with_another(ufunc: Any) -> Callable[..., Any]:
    return lambda x: ufunc(x, np.flip(x, 0) * 1.1 + 2.05)


TIER_1: list[Form] = [
    *((name, getattr(np, name)) for name in UFUNCS_ANYWHERE),
    *((name, _scaled(getattr(np, name), *ends)) for name, ends in UFUNCS_INSIDE.items()),
    *((name, _with_another(getattr(np, name))) for name in UFUNCS_OF_TWO),
    ("power of arrays", lambda x: np.power(x**2, x.T)), ("power by a number", lambda x: np.power(x, 3)),
    ("power of a number", lambda x: np.power(2.5, x)), ("float_power", lambda x: np.float_power(x**2, x)),
    ("matmul", lambda x: np.matmul(x, x.T)),
    ("operators", lambda x: (2 - x) * 3 / (x**2 + 1) + A @ x - (x @ A) ** 2 + A * x - 1 / x + 2**x + abs(x) + x // 2 + x % 3 - -x),
    ("augmented assignment", augmented), ("basic indexing", lambda x: x[1:, ::2] ** 2 * x[0, None, :1] + x[..., 1][1]),
    ("fancy indexing", lambda x: x[[0, 2, 2], [1, 0, 0]] ** 2), ("mask", lambda x: x[x > 0.2] ** 3), ("assigned", assigned),
    ("sum", lambda x: [np.sum(x), np.sum(x**2, axis=1), np.sum(x, axis=(0, 1), keepdims=True), np.sum(x, where=x > 0.5, initial=2.0)]),
    ("mean", lambda x: [np.mean(x), np.mean(x**2, 0, keepdims=True), np.mean(x, where=x > 0.5)]),
    ("prod", lambda x: [np.prod(x), np.prod(x, axis=1), np.prod(x, axis=(0, 1)), np.prod(x, 0, keepdims=True, initial=2)]),
    ("max", lambda x: [np.max(x), np.max(x, axis=0) ** 2, np.max(x, 1, keepdims=True), np.amax(x, initial=1.0)]),
    ("min", lambda x: [np.min(x), np.min(x, axis=0) ** 2, np.min(x, where=x > 0, initial=9), np.min(x, keepdims=True)]),
    ("var", lambda x: [np.var(x), np.var(x, axis=0, ddof=1), np.var(x, 1, keepdims=True), np.var(x, where=x > 0)]),
    ("std", lambda x: [np.std(x), np.std(x, axis=1, ddof=1), np.std(x, (0, 1), keepdims=True), np.std(x, where=x > 0)]),
    ("cumsum", lambda x: [np.cumsum(x), np.cumsum(x**2, axis=1), np.cumulative_sum(x, axis=0, include_initial=True)]),
    ("dot", lambda x: [np.dot(x, x), np.dot(x[0], x[1]), np.dot(2, x), np.dot(np.stack([x, x * x]), x), np.dot(A, x[0])]),
    ("outer", lambda x: [np.outer(x[0], x[1]), np.outer(x, [1.0, 2]), np.multiply.outer(x[0], x)]),
    ("linalg.norm", lambda x: [np.linalg.norm(x), np.linalg.norm(x[0]), np.linalg.norm(x.T, 1), np.linalg.norm(x, axis=1), np.linalg.norm(x, 3, axis=0, keepdims=True), np.linalg.norm(x, -np.inf)]),
    ("where", lambda x: [np.where(x > 0, x**2, x), np.where(x > 0, 1.0, x), np.where(A > 0, x, [1.0, 2, 3])]),
    ("clip", lambda x: [np.clip(x, -0.5, 0.6) ** 2, np.clip(x, None, A.T + 0.3), np.clip(x, x.T, None), np.clip(x, min=0.2)]),
    ("reshape", lambda x: [np.reshape(x, (1, -1)) ** 2, np.reshape(x, -1, order="F") ** 2, np.reshape(x, 9)]),
    ("ravel", lambda x: [np.ravel(x) ** 2, np.ravel(x, order="F") ** 3]),
    ("transpose", lambda x: [np.transpose(x) @ x, np.transpose(x[None], (1, 2, 0)), np.matrix_transpose(x), x.T ** 2]),
    ("expand_dims", lambda x: [np.expand_dims(x, 0) ** 2, np.expand_dims(x, (0, 2)), np.expand_dims(x, -1)]),
    ("squeeze", lambda x: [np.squeeze(x[None] ** 2), np.squeeze(x[:, None, :], axis=1)]),
    ("broadcast_to", lambda x: [np.broadcast_to(x[0] ** 2, (2, 3)), *np.broadcast_arrays(x[0], x[:, :1])]),
    ("concatenate", lambda x: [np.concatenate([x, x**2]), np.concatenate((x, A), axis=1), np.concatenate([x, x], axis=None)]),
    ("stack", lambda x: [np.stack([x, x**2], axis=-1), np.stack([x[0], A[0]])]), ("copy", lambda x: np.copy(x) ** 2),
    ("an array of scalars", lambda x: np.stack([x[0, 0], x[1, 1] ** 2, 1.0])),
]  # fmt: skip

TIER_2: list[Form] = [
    ("einsum", lambda x: [np.einsum("ij,jk->ki", x, x), np.einsum("ii", x), np.einsum("ij,j", A, x[0]), np.einsum(x, [0, 1], x, [0, 1], [1])]),
    ("tensordot", lambda x: [np.tensordot(x, x), np.tensordot(x, A, axes=1), np.tensordot(x, x, axes=([0], [1]))]),
    ("inner", lambda x: [np.inner(x, x), np.inner(x[0], x[1]), np.inner(x, 2.0)]), ("vdot", lambda x: [np.vdot(x, x), np.abs(np.vdot(z(x), x))]),
    ("kron", lambda x: [np.kron(x, x), np.kron(x[0], A)]), ("trace", lambda x: [np.trace(x @ x), np.trace(x, offset=1)]),
    ("cross", lambda x: [np.cross(x, np.flip(x, 0)), np.cross(x[0], x[1]), np.cross(x, A, axis=0)]),
    ("det", np.linalg.det), ("inv", np.linalg.inv),
    ("solve", lambda x: [np.linalg.solve(x, x**2), np.linalg.solve(x, x[0]), np.linalg.solve(np.stack([x, x.T]), A)]),
    ("slogdet", lambda x: [np.linalg.slogdet(x)[1], np.linalg.slogdet(x).logabsdet]),
    ("cholesky", lambda x: [np.linalg.cholesky(spd(x)), np.linalg.cholesky(spd(x), upper=True)]),
    ("qr", lambda x: [*np.linalg.qr(x), np.linalg.qr(x[:, :2])[0], np.linalg.qr(x, "r")]),
    ("svd", lambda x: [np.linalg.svd(x)[1], np.linalg.svd(x)[0] ** 2, np.linalg.svd(x, compute_uv=False), np.linalg.svd(x[:2], False).Vh ** 2]),
    ("eigh", lambda x: [np.linalg.eigh(spd(x))[0], np.linalg.eigh(spd(x)).eigenvectors ** 2]),
    ("eigvalsh", lambda x: np.linalg.eigvalsh(spd(x))),
    ("eigvals", lambda x: [np.linalg.eigvals(x), np.linalg.eigvals(x - 3 * x.T)]),
    ("eig", lambda x: [np.linalg.eig(x)[0], np.linalg.eig(x + spd(x))[1] ** 2, np.abs(np.linalg.eig(x - 3 * x.T).eigenvectors)]),
    ("pinv", lambda x: [np.linalg.pinv(x), np.linalg.pinv(x[:2])]),
    ("lstsq", lambda x: [*np.linalg.lstsq(x[:, :2], x[:, 2])[:2], np.linalg.lstsq(x, A)[0], np.linalg.lstsq(x[:, :2], x)[3]]),
    ("matrix_power", lambda x: [np.linalg.matrix_power(x, 3), np.linalg.matrix_power(x, -1)]),
    ("multi_dot", lambda x: np.linalg.multi_dot([x, A, x, x[0]])),
    ("matrix_norm", lambda x: [np.linalg.matrix_norm(x), np.linalg.matrix_norm(x, ord=np.inf, keepdims=True)]),
    ("nuclear norm", lambda x: np.linalg.norm(x, "nuc")), ("cond", lambda x: [np.linalg.cond(x), np.linalg.cond(x.T, 1)]),
    ("diag", lambda x: [np.diag(x) ** 2, np.diag(x[0], 1), np.diag(x, -1), np.diagflat(x[:2, :1])]),
    ("diagonal", lambda x: [np.diagonal(x) ** 2, np.diagonal(x, offset=1, axis1=1, axis2=0)]),
    ("tril", lambda x: np.tril(x, -1) ** 2), ("triu", lambda x: np.triu(x, k=1) * x),
    ("flip", lambda x: [np.flip(x) * x, np.flip(x, axis=1) * x, np.flipud(x), np.fliplr(x)]),
    ("roll", lambda x: [np.roll(x, 2) * x, np.roll(x, 1, axis=0) * x, np.roll(x, (1, 2), (0, 1))]),
    ("rot90", lambda x: [np.rot90(x) * x, np.rot90(x, k=2)]), ("swapaxes", lambda x: np.swapaxes(x, 0, 1) @ x),
    ("moveaxis", lambda x: [np.moveaxis(x[None] ** 2, 0, -1), np.rollaxis(x[None], 2)]),
    ("tile", lambda x: [np.tile(x, 2) ** 2, np.tile(x, (2, 1, 2)), np.resize(x, (2, 5))]),
    ("repeat", lambda x: [np.repeat(x, 2) ** 2, np.repeat(x, [1, 0, 2], axis=1), np.repeat(x, 2, 0)]),
    ("split", lambda x: [v**2 for v in (*np.split(x, 3), *np.split(x, [1], axis=1), *np.vsplit(x, 3))]),
    ("array_split", lambda x: [v**2 for v in (*np.array_split(x, 2), *np.array_split(x, [2, 1, 9], axis=1))]),
    ("hstack", lambda x: [np.hstack([x, x**2]), np.hstack((x[0], 2.0))]),
    ("vstack", lambda x: [np.vstack([x, x[0] ** 2]), np.dstack([x, x]), np.block([[x, A], [A[:1], x[:1]]])]),
    ("column_stack", lambda x: np.column_stack([x[0], x**2, A[1]])),
    ("atleast_2d", lambda x: [np.atleast_2d(x[0] ** 2), np.atleast_1d(x[0, 0]), *np.atleast_3d(x, x[0])]),
    ("meshgrid", lambda x: [u**2 for u in (*np.meshgrid(x[0], x[1, :2]), *np.meshgrid(x[0], x[1], indexing="ij", sparse=True))]),
    ("take", lambda x: [np.take(x, [0, 4, 4]) ** 2, np.take(x, [[0, 2]], axis=1), np.take(x, 7, mode="wrap"), np.compress([True, False, True], x, 0)]),
    ("take_along_axis", lambda x: [np.take_along_axis(x, np.argsort(x, axis=1), axis=1), np.take_along_axis(x, np.array([[0, 1, 2]]), 0)]),
    ("pad", lambda x: [np.pad(x, 1) ** 2, np.pad(x, ((0, 2), (1, 0)), "constant", constant_values=3.0), np.pad(x, 1, "reflect"), np.pad(x, 2, "wrap") ** 2, np.pad(x, (1, 2), mode="edge"), np.pad(x, 1, "symmetric")]),
    ("select", lambda x: [np.select([x > 1, x > 0], [x**2, x**3], 5.0), np.choose([0, 1, 0], [x[0], x[1] ** 2])]),
    ("piecewise", lambda x: [np.piecewise(x, [x < 0, x >= 1], [lambda v: v**2, lambda v: v**3, 7.0]), np.piecewise(x, [x < 0], [lambda v, k: k * v, 1.0], 3)]),
    ("nan_to_num", lambda x: np.nan_to_num(np.where(A > 1.5, np.nan, x**2), nan=4.0)),
    ("append", lambda x: [np.append(x, x[0] ** 2), np.append(x, x, axis=0)]),
    ("delete", lambda x: [np.delete(x**2, 1, axis=0), np.delete(x, [0, 3]), np.delete(x, slice(0, 2), 1)]),
    ("insert", lambda x: [np.insert(x**2, 1, 5.0, axis=0), np.insert(x[0], [0, 2], x[1, :2] ** 2), np.insert(x, 2, x[0] ** 2, axis=1)]),
    ("diff", lambda x: [np.diff(x**2), np.diff(x, 2, axis=0), np.diff(x, prepend=0.0), np.diff(x[0], append=x[1, :1])]),
    ("ediff1d", lambda x: [np.ediff1d(x**2), np.ediff1d(x[0], to_end=x[1], to_begin=2.0)]),
    ("gradient", lambda x: [*np.gradient(x**2), np.gradient(x, 0.5, axis=0), np.gradient(x, [0.0, 1, 3], axis=1, edge_order=2), np.gradient(x[0], np.cumsum(x[1] ** 2))]),
    ("trapezoid", lambda x: [np.trapezoid(x**2), np.trapezoid(x, x**2), np.trapezoid(x, dx=0.5, axis=0), np.trapezoid(x, [0.0, 1, 3], axis=0)]),
    ("interp", lambda x: [np.interp(x, [-1.0, 0.5, 1.5], [2.0, 3, -1]), np.interp([-0.5, 0.4, 9.0], [-1.0, 0.5, 1.5], x[0] ** 2), np.interp(0.65, np.cumsum(x[0] ** 2), x[1]), np.interp(x, [0.0, 1, 2], x[2], left=-1, right=x[0, 0]), np.interp(x, [0.0, 1.3, 2], x[2], period=2.5)]),
    ("convolve", lambda x: [np.convolve(x[0], x[1]), np.convolve(x[0], x[1, :2], "same"), np.convolve(x[0, :2], np.ravel(x), mode="valid"), np.convolve(x[0], [1.0, 2], "same")]),
    ("correlate", lambda x: [np.correlate(x[0], x[1]), np.correlate(x[0], x[1, :2], "full"), np.correlate(x[0, :2], x[1], "full"), np.correlate(x[0, :2], np.ravel(x), "valid"), np.correlate(x[0, :2], np.ravel(x), "same")]),
    ("polyval", lambda x: [np.polyval([1.0, -2, 3], x), np.polyval(x[0], x[1]), np.polyval([x[0, 0], 2.0], x)]),
    ("vander", lambda x: [np.vander(x[0]), np.vander(x[0], 5, increasing=True)]),
    ("cov", lambda x: [np.cov(x), np.cov(x[0], x[1], bias=True), np.cov(x, rowvar=False, ddof=0), np.cov(x, aweights=[1.0, 2, 3]), np.cov(x[0])]),
    ("corrcoef", lambda x: [np.corrcoef(x + np.eye(3) * 0.3), np.corrcoef(x[0], x[1] ** 2)]),
    ("unwrap", lambda x: [np.unwrap(x * 4), np.unwrap(x, axis=0, period=1.5)]),
    ("cumprod", lambda x: [np.cumprod(x), np.cumprod(x, axis=1), np.cumulative_prod(x[0])]),
    ("ptp", lambda x: [np.ptp(x), np.ptp(x**2, axis=0), np.ptp(x, 1, keepdims=True)]),
    ("nansum", lambda x: [np.nansum(np.where(A > 1, np.nan, x**2)), np.nansum(np.where(A > 1, np.nan, x), axis=1), np.nanprod(np.where(A > 1, np.nan, x), axis=0)]),
    ("nanmean", lambda x: [np.nanmean(np.where(A > 1, np.nan, x**2)), np.nanmean(np.where(A > 1, np.nan, x), 0), np.nanstd(np.where(A > 1, np.nan, x)), np.nanmax(np.where(A > 1, np.nan, x), 0), np.nanmedian(np.where(A > 1, np.nan, x), axis=1)]),
    ("average", lambda x: [np.average(x**2), np.average(x, axis=0, weights=[1.0, 2, 3]), np.average(x, weights=x**2 + 1), *np.average(x, 1, x[0] ** 2 + 1, returned=True)]),
    ("median", lambda x: [np.median(x), np.median(x**2, axis=0), np.median(x[:2], axis=0, keepdims=True)]),
    ("percentile", lambda x: [np.percentile(x, 30), np.percentile(x, [10, 65], axis=1), np.percentile(x, 40, method="hazen")]),
    ("quantile", lambda x: [np.quantile(x, 0.3), np.quantile(x, [[0.1], [0.9]], axis=0, keepdims=True), np.quantile(x, 0.5, axis=(0, 1)), np.quantile(x, 0.37, 0, method="lower")]),
    ("sort", lambda x: [np.sort(x) ** 2, np.sort(x, axis=0), np.sort(x, axis=None), np.partition(x, 1, axis=0)[1], np.unique(x)]),
    ("vecdot", lambda x: [np.vecdot(x, x), np.linalg.vecdot(x, A, axis=0), np.real(np.vecdot(z(x), x))]),
    ("matvec", lambda x: np.matvec(x, x[0]) if hasattr(np, "matvec") else x), ("logaddexp2", lambda x: np.logaddexp2(x, x.T * 2)),
    ("ldexp", lambda x: np.ldexp(x, [1, 2, -3])), ("copysign", lambda x: [np.copysign(x, A.T), np.copysign(2.0, x)]),
    ("fmax", lambda x: np.fmax(x, np.flip(x, 0) + 0.05)), ("fmin", lambda x: np.fmin(x**2, np.flip(x, 0) + 0.05)),
    ("fmod", lambda x: np.fmod(x * 2, 0.88)), ("fabs", np.fabs), ("modf", lambda x: [*np.modf(x * 1.6)]),
    ("divmod", lambda x: [*np.divmod(x, 0.78)]),
    ("heaviside", lambda x: np.heaviside(x, 0.5)), ("floor_divide", lambda x: np.floor_divide(x, 0.33)),
    ("sinc", np.sinc), ("i0", np.i0), ("real", lambda x: [np.real(z(x) ** 2), np.real(x), z(x).real]),
    ("imag", lambda x: [np.imag(z(x) ** 2), z(x).imag]), ("conj", lambda x: np.conj(z(x)) * x**3),
    ("abs", lambda x: [np.abs(z(x)), np.abs(x)]), ("angle", lambda x: [np.angle(z(x)), np.angle(z(x), deg=True)]),
    ("fft", lambda x: [np.fft.fft(x), np.fft.fft(z(x), 5, axis=0, norm="ortho")]), ("ifft", lambda x: np.fft.ifft(z(x), 2)),
    ("rfft", lambda x: [np.fft.rfft(x), np.fft.rfft(x, 4, 0)]), ("irfft", lambda x: [np.fft.irfft(z(x)), np.fft.irfft(z(x), 5, axis=0)]),
    ("fft2", lambda x: [np.fft.fft2(x), np.fft.ifft2(z(x), (2, 4)), np.fft.rfft2(x), np.fft.irfft2(z(x), s=(3, 3))]),
    ("fftn", lambda x: [np.fft.fftn(x, axes=(0,)), np.fft.ifftn(x), np.fft.rfftn(x, norm="forward"), np.fft.irfftn(z(x))]),
    ("fftshift", lambda x: [np.fft.fftshift(x) ** 2, np.fft.ifftshift(x, axes=1) ** 2, np.fft.fftshift(x, (0, 1))]),
    ("hfft", lambda x: [np.fft.hfft(z(x)), np.fft.hfft(z(x), 5, norm="ortho"), np.fft.ihfft(x)]),
]  # fmt: skip

FORMS = [*TIER_1, *TIER_2]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for v in value:
            yield from _leaves(v)
    else:
        yield value


def _joined(value: Any) -> Any:
    """All results in one row of real numbers."""
    rows = []
    for v in _leaves(value):
        t = v if isinstance(v, torch.Tensor) else torch.tensor(v, dtype=torch.float64)
        rows += [np.ravel(np.real(t)), np.ravel(np.imag(t))] if np.iscomplexobj(t) else [np.ravel(t) * 1.0]
    return np.concatenate(rows)


def test_the_table_has_every_form() -> None:
    assert (len(TIER_1), len(TIER_2), len({name for name, _ in FORMS})) == (77, 101, 178)


@pytest.mark.parametrize(("name", "f"), FORMS, ids=[name for name, _ in FORMS])
def test_a_numpy_form_has_numpys_value_and_both_derivatives(name: str, f: Callable[..., Any]) -> None:
    rng = np.random.default_rng(SEED)
    x = A + rng.uniform(-0.02, 0.02, A.shape)
    found, expected = list(_leaves(f(torch.tensor(x)))), list(_leaves(f(x)))
    for got, want in zip(found, expected, strict=True):
        array = got.numpy() if isinstance(got, torch.Tensor) else np.asarray(got)
        if name in ("eig", "eigvals") and array.dtype == np.float64:
            want = np.real(want)  # noqa: PLW2901  numpy since 2.5 gives complex numbers where all are real
        assert (array.shape, array.dtype) == (np.shape(want), np.asarray(want).dtype)
        np.testing.assert_allclose(array, want, rtol=1e-12, atol=1e-13, err_msg=f"seed {SEED}")
    _check(lambda t: _joined(f(t)), [x], rng)


@pytest.mark.parametrize(("name", "f"), FORMS, ids=[name for name, _ in FORMS])
def test_a_numpy_form_has_the_third_derivative_too(name: str, f: Callable[..., Any]) -> None:
    rng = np.random.default_rng(SEED)
    x, direction = A + rng.uniform(-0.02, 0.02, A.shape), torch.tensor(rng.normal(size=A.shape))
    weights = torch.tensor(rng.normal(size=_joined(f(torch.tensor(x))).shape))

    def along(order: int, step: float) -> float:
        """The derivative of an order along the direction, at a step along it."""
        t = torch.tensor(x + step * direction.numpy(), requires_grad=True)
        v = (_joined(f(t)) * weights).sum()
        for _ in range(order):
            if not v.requires_grad:
                return 0.0
            (g,) = torch.autograd.grad(v, t, create_graph=True, materialize_grads=True)
            v = (g * direction).sum()
        return v.item()

    h = 1e-5
    scale = max(abs(along(2, 0)), 1.0)
    assert along(3, 0) == pytest.approx((along(2, h) - along(2, -h)) / (2 * h), rel=1e-4, abs=1e-4 * scale), (
        f"seed {SEED}"
    )
