"""What plain NumPy does with Tensors beside derivatives: no gradient where there is none, options, methods, refusals."""

# ruff: noqa: E501  a case is a line
import operator
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing.overrides import get_overridable_numpy_array_functions

from gradmagic import torch
from gradmagic.engine.leaving import CANNOT
from gradmagic.ops.numpy_protocol import FUNCTIONS, PLAIN

A = np.array([[1.7, 0.3, -0.4], [0.55, -1.35, 0.85]])
B = np.array([[1.7, -0.3, 0.0], [-0.5, -1.35, 2.0]])
N = np.array([[6, 2, 9], [3, 4, 12]])


def leaf(array: Any = A) -> Any:
    return torch.tensor(array, requires_grad=np.asarray(array).dtype.kind == "f")


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for v in value:
            yield from leaves(v)
    else:
        yield value


def plain(value: Any) -> Any:
    return value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


# -- no derivative in the nature of things --------------------------------------------------------------------------

BOOLEAN = [
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or", "logical_xor",
]  # fmt: skip
BOOLEAN_OF_ONE = ["isnan", "isinf", "isfinite", "signbit", "logical_not"]
INTEGER = ["bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "gcd", "lcm"]


def _over(name: str, *others: Any) -> Callable[..., Any]:
    return lambda x, n: getattr(np, name)(x, *others)


def _of_integers(name: str) -> Callable[..., Any]:
    return lambda x, n: getattr(np, name)(n, 3)


WITHOUT: list[Callable[..., Any]] = [
    *(_over(name, B) for name in BOOLEAN), *(_over(name) for name in BOOLEAN_OF_ONE), *(_of_integers(name) for name in INTEGER),
    lambda x, n: np.invert(n), lambda x, n: np.bitwise_count(n), lambda x, n: np.argmax(x), lambda x, n: np.argmin(x, axis=1),
    lambda x, n: np.argsort(x), lambda x, n: np.searchsorted(x[1, [1, 0, 2]], 0.5), lambda x, n: np.nonzero(x > 0),
    lambda x, n: np.any(x > 1, axis=0), lambda x, n: np.all(x), lambda x, n: np.shape(x), lambda x, n: np.ndim(x),
    lambda x, n: np.size(x), lambda x, n: np.isclose(x, B), lambda x, n: np.allclose(x, x), lambda x, n: np.zeros_like(x),
    lambda x, n: np.ones_like(x), lambda x, n: np.full_like(x, 3), lambda x, n: np.array_equal(x, B), lambda x, n: np.frexp(x)[1],
    lambda x, n: np.count_nonzero(x, axis=0), lambda x, n: np.where(x > 0), lambda x, n: np.digitize(x, [0.0, 1]),
    lambda x, n: np.linalg.matrix_rank(x), lambda x, n: np.argwhere(x > 0), lambda x, n: np.flatnonzero(x > 0),
    lambda x, n: np.isin(x, [1.7]), lambda x, n: np.iscomplexobj(x), lambda x, n: np.nanargmax(x), lambda x, n: np.bincount(n[0]),
    lambda x, n: np.empty_like(x) * 0, lambda x, n: np.result_type(x, n) == np.float64,
]  # fmt: skip


@pytest.mark.parametrize("f", WITHOUT)
def test_what_has_no_derivative_passes_through_with_numpys_answer(f: Callable[..., Any]) -> None:
    got, want = list(leaves(f(leaf(), torch.tensor(N)))), list(leaves(f(A, N)))
    for g, w in zip(got, want, strict=True):
        assert not getattr(g, "requires_grad", False)
        assert plain(g).dtype == np.asarray(w).dtype
        np.testing.assert_array_equal(plain(g), w)


# -- every overridable function -------------------------------------------------------------------------------------

OVERRIDABLE = sorted(get_overridable_numpy_array_functions(), key=lambda f: (f.__module__, f.__name__))
CALLS: list[Callable[[], tuple[Any, ...]]] = [
    lambda: (leaf(A[:, :2]) * 1,), lambda: (leaf(A[0]) * 1,), lambda: (leaf(A) * 1, leaf(B) * 1), lambda: (leaf(A[0]) * 1, 1),
    lambda: ([leaf(A) * 1, leaf(B) * 1],), lambda: (leaf(A[0]) * 1, leaf(A[1]) * 1, leaf(B[0]) * 1),
    lambda: (leaf(A) * 1, 0, 1), lambda: (leaf(A) * 1, [1], leaf(B) * 1), lambda: (lambda u: u, 0, leaf(A) * 1),
]  # fmt: skip


@pytest.mark.parametrize("func", OVERRIDABLE, ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_an_overridable_function_never_gives_a_detached_array(func: Any) -> None:
    for call in CALLS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = func(*call())
            except Exception as error:  # noqa: BLE001  any complaint about the arguments will do
                assert "no implementation found" not in str(error)  # noqa: PT017
                continue
        assert not [v for v in leaves(found) if isinstance(v, (np.ndarray, np.generic)) and v.dtype.kind in "fc"]


@pytest.mark.parametrize(
    "func",
    [f for f in OVERRIDABLE if f not in FUNCTIONS and f not in PLAIN],
    ids=lambda f: f"{f.__module__}.{f.__name__}",
)
def test_a_function_without_a_rule_is_refused_by_its_name(func: Any) -> None:
    if func.__name__ in {"array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "require"}:
        assert np.asarray([leaf() * 1, leaf()], like=leaf()).requires_grad
        return
    if func.__name__ in {"zeros", "ones", "empty", "full", "eye", "identity", "arange", "tri", "fromfunction"}:
        assert isinstance(np.zeros(3, like=leaf()), torch.Tensor)
        return
    with pytest.raises(TypeError, match=rf"^np\.[\w.]*{func.__name__} has no derivative rule .*detach\(\)\.numpy\(\)"):
        leaf().__array_function__(func, (torch.Tensor,), (leaf(),), {})


def test_a_function_without_a_rule_is_given_arrays_where_no_graph_is_lost() -> None:
    counts, edges = np.histogram(torch.tensor(A), bins=2)
    np.testing.assert_array_equal(counts, np.histogram(A, bins=2)[0])
    np.testing.assert_array_equal(edges, np.histogram(A, bins=2)[1])


def test_a_product_from_the_right_takes_tensors_and_arrays_and_leaves_numbers_to_python() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert x.__rmatmul__(torch.tensor([3.0, 4.0])).grad_fn.name() == "DotBackward0"
    assert (np.ones(2, np.float32) @ x).item() == 3.0
    with pytest.raises(TypeError, match="unsupported operand type"):
        2 @ x


# -- options and methods --------------------------------------------------------------------------------------------

OPTIONS: list[Callable[[Any], Any]] = [
    lambda x: np.add(x, [1.0, 2, 3]), lambda x: np.multiply([[2.0], [3.0]], x), lambda x: np.sin(x, dtype=np.float32),
    lambda x: np.add.reduce(x), lambda x: np.add.reduce(x, axis=None), lambda x: np.multiply.reduce(x, axis=1, keepdims=True),
    lambda x: np.maximum.reduce(x), lambda x: np.logaddexp.reduce(x, axis=1), lambda x: np.hypot.reduce(x, axis=(0, 1)),
    lambda x: np.add.accumulate(x), lambda x: np.maximum.accumulate(x, axis=1), lambda x: np.subtract.outer(x[0], x[1]),
    lambda x: np.sum(x, dtype=np.float32), lambda x: np.mean(x, 0, np.float32), lambda x: np.sum(a=x, axis=0, out=None),
    lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=1), lambda x: np.bincount([0, 2, 0], x[0], minlength=4),
    lambda x: np.clip(x, 0, 1, out=None), lambda x: np.round(x, 1), lambda x: np.round(x * 100, -1), lambda x: np.linspace(x[0], 2, 4),
    lambda x: np.logspace(0, x[0, 0], 3), lambda x: np.geomspace(1, x[0, 0], 3), lambda x: np.linspace(0, x[0], 3, False, True, axis=1),
    lambda x: np.apply_along_axis(lambda v: v[::2] ** 2, 0, x), lambda x: np.apply_along_axis(np.sum, 1, x),
    lambda x: np.polyfit(x[0], x[1], 1), lambda x: np.poly(x[0]), lambda x: np.polymul(x[0], [1.0, 2]), lambda x: np.roots(x[0]),
    lambda x: np.polyder(x[0], 2), lambda x: np.polyint(x[0], 2, 1.5), lambda x: np.polyadd(x[0], [1.0, 2]), lambda x: np.polysub([1.0], x[0]),
    lambda x: np.linalg.tensorsolve(np.linalg.inv(x @ x.T), x[:, 0]), lambda x: np.nanquantile(np.where(x > 1, np.nan, x), [0.2, 0.7], axis=1),
    lambda x: np.nancumsum(np.where(x > 1, np.nan, x)), lambda x: np.unstack(x, axis=1), lambda x: np.astype(x, np.float32),
    lambda x: np.interp(0.3, [0.0, 1], x[0, :2]), lambda x: np.spacing(x), lambda x: np.nextafter(x, 9), lambda x: np.frexp(x)[0],
    lambda x: np.prod(x, where=x > 0, initial=3), lambda x: np.average(x, weights=np.abs(x), axis=1, keepdims=True),
]  # fmt: skip


@pytest.mark.parametrize("f", OPTIONS)
def test_options_and_methods_are_numpys(f: Callable[[Any], Any]) -> None:
    for got, want in zip(leaves(f(leaf())), leaves(f(A)), strict=True):
        assert isinstance(got, torch.Tensor)
        assert (tuple(got.shape), plain(got).dtype) == (np.shape(want), np.asarray(want).dtype)
        np.testing.assert_allclose(plain(got), want, rtol=2e-6 if plain(got).dtype == np.float32 else 1e-12, atol=1e-14)
        assert got.requires_grad


def test_out_is_written_to_and_where_needs_it() -> None:
    x, y = leaf(), leaf() * 0
    assert np.sin(x, out=y) is y
    assert np.sum(x, axis=0, out=y[0]).requires_grad
    np.multiply(x, 2.0, out=y, where=A > 0)
    expected = np.where(A > 0, 2 * A, [A.sum(0), np.sin(A[1])])
    np.testing.assert_allclose(plain(y), expected)
    (g,) = torch.autograd.grad(y.sum(), x)
    np.testing.assert_allclose(g.numpy(), (A > 0) * 2.0 + [(A[0] <= 0) * 1.0, (A[1] <= 0) * np.cos(A[1]) + (A[0] <= 0)])
    with pytest.raises(TypeError, match="where= without out="):
        np.sin(x, where=A > 0)


def test_an_option_that_is_not_kept_is_refused_by_its_name() -> None:
    with pytest.raises(TypeError, match=r"^np\.quantile: weights= is not supported on Tensors"):
        np.quantile(leaf(), 0.5, axis=0, weights=np.ones(2))
    with pytest.raises(TypeError, match=r"^np\.sin: casting= is not supported on Tensors"):
        np.sin(leaf(), casting="unsafe")


def test_add_at_and_writing_functions_keep_the_graph() -> None:
    x, y = leaf(), leaf() * 0
    np.add.at(y, ([0, 0], [1, 1]), x[0, :2])
    np.put_along_axis(y, np.array([[0], [2]]), x[:, 1:2] ** 2, 1)
    np.fill_diagonal(y[:, 1:], x[1, 0])
    np.copyto(y[1], x[0], where=[True, False, False])
    w = A * 0
    np.add.at(w, ([0, 0], [1, 1]), A[0, :2])
    np.put_along_axis(w, np.array([[0], [2]]), A[:, 1:2] ** 2, 1)
    np.fill_diagonal(w[:, 1:], A[1, 0])
    np.copyto(w[1], A[0], where=[True, False, False])
    np.testing.assert_allclose(plain(y), w)
    assert y.requires_grad


# -- operators between arrays and Tensors ---------------------------------------------------------------------------

OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod, operator.floordiv, operator.lt,
    operator.le, operator.gt, operator.ge, operator.eq, operator.ne, operator.matmul,
]  # fmt: skip
OTHERS = [
    np.array([1.5, 2.0, 0.5]), np.array([1.5, 2.0, 0.5], np.float32), np.array([1, 2, 3]), np.float64(2), np.float32(2), np.int64(2), 2,
    2.5, True, np.bool_(True), np.array(2.0),
]  # fmt: skip


@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.__name__)
@pytest.mark.parametrize("other", OTHERS, ids=lambda v: f"{type(v).__name__}-{getattr(v, 'dtype', '')}-{np.ndim(v)}")
def test_an_operator_between_an_array_and_a_tensor_is_numpys_in_either_order(
    op: Callable[..., Any], other: Any
) -> None:
    x = np.array([0.5, 1.25, 2.0])
    if op is operator.matmul and np.ndim(other) == 0:
        return
    for got, want in ((op(leaf(x), other), op(x, other)), (op(other, leaf(x)), op(other, x))):
        assert isinstance(got, torch.Tensor)
        assert plain(got).dtype == want.dtype
        assert got.requires_grad == (want.dtype.kind == "f")
        np.testing.assert_allclose(plain(got), want, rtol=1e-15)


# -- no graph is lost in silence ------------------------------------------------------------------------------------


def _stores(x: Any) -> None:
    a = np.zeros(3)
    a[:] = x[0]


def _augments(x: Any) -> None:
    a = np.zeros((2, 3))
    a += x


def _writes_out(x: Any) -> None:
    np.sin(x, out=np.zeros((2, 3)))


def _sums_out(x: Any) -> None:
    np.sum(x, axis=0, out=np.zeros(3))


LOSSES: list[tuple[Callable[[Any], Any], str]] = [
    (np.array, ""), (np.asarray, ""), (lambda x: np.array([x, x]), ""), (lambda x: np.array([x[0, 0], x[1, 1]]), ""),
    (lambda x: np.vectorize(lambda v: v * 2)(x), ""), (_stores, "To keep the graph"), (_augments, "a = a + t"),
    (_writes_out, "To keep the graph"), (_sums_out, "To keep the graph"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "more"), LOSSES)
def test_what_would_lose_the_graph_is_refused_in_torchs_words_and_with_the_way_out(
    f: Callable[[Any], Any], more: str
) -> None:
    with pytest.raises(RuntimeError) as caught:
        f(leaf())
    assert str(caught.value).startswith(CANNOT)
    assert more in str(caught.value)
    f(torch.tensor(A))  # nothing to lose


def test_a_scalar_tensor_does_not_become_an_element_of_an_array() -> None:
    a = np.zeros(3)
    with pytest.raises((RuntimeError, ValueError)) as caught:  # numpy puts its own error before ours
        a[0] = leaf()[0, 0]
    assert "To keep the graph" in str(caught.value.__cause__ or caught.value)
    a[0] = torch.tensor(2.0)
    assert a[0] == 2


def test_a_number_of_a_tensor_warns_as_torch_does() -> None:
    with pytest.warns(UserWarning, match="Converting a tensor with requires_grad=True to a scalar"):
        assert float(leaf()[0, 0]) == 1.7


WAYS_OUT = {
    "logsumexp": ((A,), "torch.logsumexp"), "softmax": ((A,), "torch.softmax"), "log_softmax": ((A,), "torch.log_softmax"),
    "polygamma": ((2, A), "torch.special.polygamma"), "multigammaln": ((A + 5, 2), "torch.special.multigammaln"),
    "comb": ((A + 5, 2), "scipy.special.binom"), "factorial": ((A + 5,), "scipy.special.gamma"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WAYS_OUT))
def test_a_scipy_function_that_makes_arrays_is_refused_with_the_one_that_keeps_the_graph(name: str) -> None:
    function = getattr(pytest.importorskip("scipy.special"), name)
    given, way_out = WAYS_OUT[name]
    with pytest.raises(RuntimeError) as caught:
        function(*(leaf(v) if isinstance(v, np.ndarray) else v for v in given))
    assert f"scipy.special.{name} makes an array of it" in str(caught.value)
    assert way_out in str(caught.value)
    free = function(*(torch.tensor(v) if isinstance(v, np.ndarray) else v for v in given))
    np.testing.assert_allclose(plain(free), function(*given))


# -- pictures -------------------------------------------------------------------------------------------------------

DRAWINGS: list[Callable[[Any, Any, Any], Any]] = [
    lambda ax, x, z: ax.plot(x, x**2), lambda ax, x, z: ax.plot(x), lambda ax, x, z: ax.plot([x[0], x[1]], [x[2], x[3]]),
    lambda ax, x, z: ax.scatter(x, x**2, c=x), lambda ax, x, z: ax.fill_between(x, x, x**2), lambda ax, x, z: ax.bar(x, x),
    lambda ax, x, z: ax.imshow(z), lambda ax, x, z: ax.pcolormesh(x, x, z), lambda ax, x, z: ax.contour(x, x, z),
    lambda ax, x, z: ax.contourf(x, x, z), lambda ax, x, z: ax.hist(x), lambda ax, x, z: ax.errorbar(x, x, yerr=x),
    lambda ax, x, z: ax.step(x, x), lambda ax, x, z: ax.semilogy(x, x), lambda ax, x, z: ax.axhline(x[0]),
    lambda ax, x, z: ax.vlines(x, 0, x), lambda ax, x, z: ax.set_xlim(x[0], x[-1]), lambda ax, x, z: ax.text(x[0], x[1], "here"),
    lambda ax, x, z: ax.plot(x, z), lambda ax, x, z: ax.plot(z, z), lambda ax, x, z: ax.contour(z, z.T, z),
]  # fmt: skip


@pytest.mark.parametrize("draw", DRAWINGS)
def test_matplotlib_draws_a_tensor_that_requires_grad(draw: Callable[[Any, Any, Any], Any]) -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    x = torch.linspace(0.1, 1, 6).double().requires_grad_(True)
    draw(figure.add_subplot(), x, x[:, None] * x)
    FigureCanvasAgg(figure).draw()
    with pytest.raises(RuntimeError, match="Can't call numpy"):  # and elsewhere nothing has changed
        np.asarray(x)


def test_a_plotted_line_has_the_tensors_values() -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    x = leaf(A[0])
    (line,) = figure.add_subplot().plot(x, x**2)
    np.testing.assert_array_equal(line.get_xydata(), np.stack([A[0], A[0] ** 2], 1))


def test_numpys_error_for_a_singular_matrix_can_be_caught_as_numpys() -> None:
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        np.linalg.inv(leaf(np.zeros((2, 2))))


# -- torch's functions by NumPy's names of their arguments ----------------------------------------------------------

BY_NUMPYS_NAMES: list[Callable[[Any], Any]] = [
    lambda x: x.sum(axis=0), lambda x: x.mean(axis=1, keepdims=True), lambda x: x.prod(axis=-1), lambda x: x.cumsum(axis=1),
    lambda x: x.any(axis=0), lambda x: x.argmax(axis=1, keepdims=True),
]  # fmt: skip


@pytest.mark.parametrize("f", BY_NUMPYS_NAMES)
def test_a_method_takes_numpys_names_as_torchs_does(f: Callable[[Any], Any]) -> None:
    np.testing.assert_allclose(plain(f(leaf())), f(A))


def test_what_torch_has_under_its_own_names_alone_refuses_numpys() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
        leaf().norm(axis=0)


def test_a_number_beside_a_tensor_has_no_dtype_of_its_own_in_any_mode():
    x = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64)
    with torch.inference_mode():  # from now on this thread goes the general way
        pass
    np.testing.assert_array_equal(np.heaviside(x, 0.5).numpy(), [0.0, 0.5, 1.0])
