"""Taylor arithmetic: the same derivatives as repeated reverse mode over all rows, and as 60 digits of mpmath."""

import importlib
import math
import pkgutil
import re
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import gradmagic
from gradmagic import ops, torch
from gradmagic.engine.clock import tick
from gradmagic.engine.op import Op
from gradmagic.ops import series
from gradmagic.ops.expansion import NoSeriesError, derivatives
from tests.ops.test_rows import DOMAINS, SEED

F, X = torch.nn.functional, torch.special


def repeated(f: Callable[[Any], Any], x: Any, order: int) -> Any:
    """The derivatives by reverse mode, applied again and again."""
    t = torch.tensor(x, requires_grad=True)
    y = f(t)
    found = [y.detach().numpy()]
    for _ in range(order):
        if y.requires_grad:
            (y,) = torch.autograd.grad(
                y, t, torch.ones_like(y), create_graph=True, allow_unused=True, materialize_grads=True
            )
        else:
            y = torch.zeros_like(t)
        found.append(y.detach().numpy())
    return np.array(found)


def agree(f: Callable[[Any], Any], x: Any, order: int = 4, close: float = 1e-9) -> None:
    ours, theirs = gradmagic.taylor(f, x, order), repeated(f, x, order)
    with np.errstate(all="ignore"):
        size = np.nanmax(np.where(np.isfinite(theirs), np.abs(theirs), 0.0), axis=1, keepdims=True, initial=1e-9)
        assert np.allclose(ours / size, theirs / size, rtol=close, atol=close, equal_nan=True), (
            f"{ours} {theirs} seed {SEED}"
        )


# -- all rows -----------------------------------------------------------------------------------------------------

MODULES = [importlib.import_module(m.name) for m in pkgutil.iter_modules(ops.__path__, "gradmagic.ops.")]
FOUND = {
    id(row): (name, row)
    for m in MODULES
    for name, row in vars(m).items()
    if isinstance(row, Op) and row.pointwise and not name.startswith("_")
}
ROWS: dict[str, Op] = dict(FOUND.values())
LIVES: dict[str, tuple[float, float]] = DOMAINS | {
    "lgamma": (0.2, 3.0), "digamma": (0.2, 3.0), "polygamma": (0.2, 3.0), "gamma": (0.2, 3.0), "zeta": (1.5, 3.0),
    "erfinv": (-0.9, 0.9), "erfcinv": (0.1, 1.9), "ndtri": (0.1, 0.9), "logit": (0.1, 0.9), "entr": (0.1, 3.0),
    "xlogy": (0.2, 3.0), "xlog1py": (0.2, 3.0), "pow_scalar": (0.2, 2.0), "pow_of_scalar": (0.2, 2.0),
    "binary_cross_entropy_row": (0.1, 0.9), "bessel_j1": (0.4, 1.9), "i1": (0.4, 1.9), "i1e": (0.4, 1.9),
    "hurwitz_derivative": (1.5, 3.0), "riemann_derivative": (1.5, 3.0),
}  # fmt: skip
_ELU = {"alpha": 1.2, "scale": 1.1, "input_scale": 0.9}
_SOFT = {"beta": 1.5, "threshold": 20.0}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "pow_scalar": {"exponent": 2.5}, "spherical_j": {"n": 1}, "clamp_scalar": {"min": -0.5, "max": 0.5},
    "softplus_row": _SOFT, "softplus_backward": _SOFT, "elu_row": _ELU, "celu_row": _ELU, "elu_backward": _ELU,
    "nan_to_num": {"nan": 0.0, "posinf": None, "neginf": None},
    **{name: {"options": options} for name, options in {
        "LeakyRelu": {"negative_slope": 0.1}, "Hardtanh": {"min_val": -1.0, "max_val": 1.0}, "Hardsigmoid": {},
        "Hardshrink": {"lambd": 0.5}, "Softshrink": {"lambd": 0.5}, "Threshold": {"threshold": 0.1, "value": 0.2},
    }.items()},
}  # fmt: skip
# what other rows take beside their operands; a whole number where nothing is said
BY_NAME = {"value": 1.5, "weight": 0.3, "order": 1.5}


def _operands(name: str, row: Op, t: Any) -> list[Any]:
    if name == "where":
        return [t > 0, t * t, np.sin(t)]
    moving = [t, t * t / 2 + 0.1, t / 2 + 1.5]
    # an operand without a partial is a parameter
    return [3.0 if rule is None else moving.pop(0) for rule in row.vjps]


@pytest.mark.parametrize("name", ROWS)
def test_a_row_has_the_series_that_repeated_reverse_mode_finds(name: str) -> None:
    row = ROWS[name]
    x = np.random.default_rng(SEED).uniform(*LIVES.get(name, (-1.7, 1.7)), 7)
    arguments = ARGUMENTS.get(row.name.removesuffix("_backward"), ARGUMENTS.get(name, {}))
    try:
        row(*_operands(name, row, torch.tensor(x)), **arguments)
    except TypeError as error:  # an argument beside the operands
        arguments = {missing: BY_NAME.get(missing, 1) for missing in re.findall("'(.*?)'", str(error))}
    agree(lambda t: row(*_operands(name, row, t), **arguments), x, close=1e-8)


def test_the_rows_are_those_that_were_there() -> None:
    assert len(ROWS) == len(FOUND) > 90


def test_a_scipy_function_has_the_series_that_repeated_reverse_mode_finds() -> None:
    pytest.importorskip("scipy")
    from tests.ops.test_scipy_special import MORE, ONE, special

    for name, args in (ONE | MORE).items():
        fn = getattr(special, name)
        for i, a in enumerate(args):
            if isinstance(a, np.ndarray) and a.dtype.kind == "f":

                def f(t: Any, fn: Any = fn, args: Any = args, i: int = i) -> Any:
                    y = fn(*args[:i], t, *args[i + 1 :])
                    return np.real(y[1] if isinstance(y, tuple) else y)

                agree(f, a, order=3)


def test_elementwise_losses_have_a_series() -> None:
    target = torch.tensor([0.3, -1.2, 0.9], dtype=torch.float64)
    for loss in (F.mse_loss, F.huber_loss, F.smooth_l1_loss, F.l1_loss):
        agree(lambda t, loss=loss: loss(np.sin(t) * 3, target, reduction="none"), np.array([0.2, 0.9, -1.3]))


# -- values -------------------------------------------------------------------------------------------------------

# orders 0 to 10 at 0.7, by mpmath with 60 digits
EXACT: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "tan(sin x)": (
        lambda x: np.tan(np.sin(x)),
        [
            0.7511202560746467,
            1.1963521061484992,
            0.3669074791773035,
            -0.9009974653566166,
            -8.734425122316042,
            -29.15032326682215,
            -32.96707302837514,
            467.36773827237187,
            4658.59590439037,
            21630.7627023703,
            -22418.43562626513,
        ],
    ),
    "exp(sin x) x": (
        lambda x: np.exp(np.sin(x)) * x,
        [
            1.3331475740707113,
            2.9241440409119828,
            2.834310772307726,
            -2.7322288465967013,
            -16.837859836057692,
            -14.802617919568114,
            103.48304143441075,
            367.3205956056364,
            -457.0483539733725,
            -6457.247143515475,
            -7895.029476447808,
        ],
    ),
    "1/(1+x^2)": (
        lambda x: 1 / (1 + x**2),
        [
            0.6711409395973155,
            -0.6306022251249944,
            0.28416399406399556,
            1.7383386413967683,
            -8.82192236281198,
            18.11186826291845,
            75.5154211247278,
            -1007.2144926610116,
            4732.844788468841,
            8648.053112003648,
            -367133.40572499787,
        ],
    ),
    "log(1+x^2)": (
        lambda x: np.log(1 + x**2),
        [
            0.3987761199573678,
            0.9395973154362416,
            0.45943876401963873,
            -2.1245793088103837,
            4.138658062339449,
            1.5560178232373758,
            -62.86260806003397,
            323.0640087296403,
            -352.88439397922707,
            -9489.449178719808,
            97298.48054924425,
        ],
    ),
    "x**2.5": (
        lambda x: x**2.5,
        [
            0.40996341300169703,
            1.4641550464346322,
            3.137475099502783,
            2.241053642501988,
            -1.6007526017871343,
            3.4301841466867162,
            -12.250657666738274,
            61.253288333691366,
            -393.77113928801595,
            3093.9160944058394,
            -28729.22087662565,
        ],
    ),
    "erf x": (
        lambda x: torch.erf(x),
        [
            0.6778011938374184,
            0.6912748604105385,
            -0.967784804574754,
            -0.02765099441642154,
            3.9098506104820063,
            -5.30788488817628,
            -23.847766040409258,
            86.46572133833575,
            165.12118261124104,
            -1441.689754392438,
            -623.5732656304434,
        ],
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_ten_orders_are_exact_to_twelve_digits(name: str) -> None:
    f, exact = EXACT[name]
    found = gradmagic.taylor(f, np.full((2, 3), 0.7), 10)
    assert found.shape == (11, 2, 3)
    assert np.allclose(found, np.reshape(exact, (11, 1, 1)), rtol=1e-12, atol=0)


EDGES: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "sqrt": (np.sqrt, [0, -1, 4]), "log": (np.log, [0, -1, 2]), "1/x": (lambda x: 1 / x, [0, -0.0, 2]),
    "x**-2": (lambda x: x**-2, [0, 2, np.inf]), "x**0.5": (lambda x: x**0.5, [0, -1, 2]),
    "x**2.5": (lambda x: x**2.5, [0, -1, 2, np.inf]), "asin": (np.arcsin, [1, -1, 0, 2]),
    "acosh": (np.arccosh, [1, 2, 0]),
    "atanh": (np.arctanh, [1, -1, 2]),
    "abs": (np.abs, [0, 1, -1]), "relu": (torch.relu, [0, 1, -1]), "clip": (lambda x: np.clip(x, -1, 1), [-1, 1, 0, 2]),
    "maximum": (lambda x: np.maximum(x, x * x), [0, 1, 2]), "x log x": (lambda x: x * np.log(x), [0, 1]),
    "where": (lambda x: np.where(x > 0, np.log(x), x), [0, -1, 2]), "cbrt": (np.cbrt, [0, -8]),
    "exp(-1/x²)": (lambda x: np.exp(-1 / x**2), [0, 1]), "floor": (lambda x: x * np.floor(x), [1.5, 2]),
    "x**x": (lambda x: x**x, [0, 1, 2]), "0**x": (lambda x: 0**x, [0, 1]),
    "sqrt x²": (lambda x: np.sqrt(x * x), [0, 1]), "exp": (np.exp, [800, -800]),
    "tanh": (np.tanh, [np.inf, -np.inf, np.nan]), "x/x": (lambda x: x / x, [0, 1]),
    "lgamma": (torch.lgamma, [0, -1, 1]), "softplus": (F.softplus, [0, 30, -30]), "leaky": (F.leaky_relu, [0, 1, -1]),
    "logaddexp": (lambda x: np.logaddexp(x, -x), [0, 800]), "sinc": (np.sinc, [0, 0.5, 1]), "i1": (X.i1, [0, 1]),
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
def test_kinks_poles_and_the_outside_of_domains_are_as_in_reverse_mode(name: str) -> None:
    f, x = EDGES[name]
    agree(f, np.array(x, float))


def test_whole_powers_are_exact_at_zero() -> None:
    assert gradmagic.taylor(lambda x: x**3, 0.0, 4).tolist() == [0, 0, 0, 6, 0]
    assert gradmagic.taylor(lambda x: x**0, 0.0, 2).tolist() == [1, 0, 0]
    assert gradmagic.taylor(lambda x: x**5.0, [0.0, -1.0], 5)[:, 1].tolist() == [-1, 5, -20, 60, -120, 120]


def test_a_complex_way_to_a_real_curve_has_its_series() -> None:
    agree(lambda x: np.real((x + 1j) ** 2.5 * (1 + x) ** 1j), np.array([0.3, 1.2]))


def test_a_removable_singularity_is_finite() -> None:
    assert np.allclose(gradmagic.taylor(np.sinc, 0.0, 2), [1, 0, -(np.pi**2) / 3])


@pytest.mark.parametrize("x", [0.0, 1e-8, 0.3, -0.7, 0.9, 1.5, 3.2, 5.1])
def test_the_cardinal_sine_keeps_its_digits(x: float) -> None:
    mp = pytest.importorskip("mpmath")
    found = gradmagic.taylor(np.sinc, x, 10)
    with mp.workdps(60):
        exact = [mp.diff(lambda t: mp.sinc(mp.pi * t), mp.mpf(x), k) for k in range(11)]
        size = [mp.pi**k / (k + 1) for k in range(11)]
        assert max(abs(f - e) / s for f, e, s in zip(found, exact, size, strict=True)) < 2e-14


def test_the_work_grows_with_the_order_squared(monkeypatch: pytest.MonkeyPatch) -> None:
    products = [0]

    def counted(*given: Any) -> None:
        lo, hi = given[3:5]
        products[0] += max(hi - lo + 1, 0)
        plain(*given)

    plain = series.convolved
    monkeypatch.setattr(series, "convolved", counted)
    work, nodes = [], []
    for order in (5, 10, 20):
        products[0], before = 0, tick()
        gradmagic.taylor(lambda x: np.tan(np.sin(x)), np.ones(3), order)
        nodes.append(tick() - before)
        work.append(products[0])
    # of y = tan u: in y' = (1 + y y) u' 1 + … + n products, and in y y but for its value 2 + … + n
    assert work == [n * (n + 1) - 1 for n in (5, 10, 20)]
    assert len(set(nodes)) == 1  # the graph is recorded once, whatever the order


# -- what users write ---------------------------------------------------------------------------------------------


def test_user_code_of_all_sorts_runs_unchanged() -> None:
    def written(x: Any) -> Any:
        y = x.clone()
        y *= 2
        y.sin_()
        if (x.detach() > 5).any():
            y = y * 100
        (slope,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
        return y.unsqueeze(0).squeeze(0) * np.array([1.0, 2.0, 3.0]) + slope + np.exp(x.detach())

    agree(written, np.array([0.1, 0.7, 1.3]))


def test_precision_and_shape_are_those_of_x() -> None:
    assert gradmagic.taylor(np.sin, np.float32(0.5), 3).dtype == np.float32
    assert gradmagic.taylor(np.sin, [[1, 2]], 3).shape == (4, 1, 2)
    assert gradmagic.taylor(np.sin, torch.tensor(0.5, dtype=torch.float64), 0).tolist() == [np.sin(0.5)]
    assert gradmagic.taylor(lambda _: 3.0, [1.0, 2.0], 2).tolist() == [[3, 3], [0, 0], [0, 0]]
    assert gradmagic.taylor(lambda x: x, [1.0, 2.0], 2).tolist() == [[1, 2], [1, 1], [0, 0]]


def test_it_works_where_no_graph_is_recorded_and_leaves_x_alone() -> None:
    x = np.array([1.0, 2.0])
    with torch.no_grad():
        assert gradmagic.taylor(lambda t: t.mul_(1.0) if not t.requires_grad else t * t, x, 1)[1].tolist() == [2, 4]
    assert x.tolist() == [1, 2]


def test_linear_ops_give_the_derivative_along_all_elements() -> None:
    x = np.array([1.0, 2.0, 4.0])
    found = gradmagic.taylor(lambda t: (t**2).sum() * t + torch.cat([t[1:] ** 3, t[:1]]).flip(0), x, 3)
    s = np.linspace(-1, 1, 9)
    moved = np.array([((x + h) ** 2).sum() * (x + h) + np.r_[(x + h)[1:] ** 3, (x + h)[:1]][::-1] for h in s])
    exact = np.polynomial.polynomial.polyfit(s, moved, 4)[:4] * np.array([1, 1, 2, 6])[:, None]
    assert np.allclose(found, exact, rtol=1e-9)


def test_the_variable_may_be_any_output_of_an_op() -> None:
    _, x = torch.split(torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True) * 1, 2)
    assert derivatives(x**3, x, 3).values.tolist() == [[27, 64], [27, 48], [18, 24], [6, 6]]


def test_what_is_linear_in_x_keeps_to_its_slope() -> None:
    for f in (
        lambda x: np.sin(3 - 2 * x / 4),
        lambda x: np.cos(-x) + np.sinh(x + x) - np.cosh(1 - x),
        lambda x: np.exp((2 * x + 1) - x / 3) * (0 * x + 1),
        lambda x: (1 - 3 * x) ** 3 + (2 * x) ** 1 + (x * 2) ** 0,
        lambda x: np.tan(x / 3) + np.log(2 + x / 2) + (x + 3) ** 1.5,
        lambda x: np.sin(x * np.array([[1.0], [2.0]])).sum(0) + np.sin(x + np.array([[1.0], [2.0]])).sum(0),
    ):
        agree(f, np.array([0.3, -0.4, 0.0]))
    assert np.isinf(gradmagic.taylor(lambda x: np.exp(1e300 * x), 0.0, 3)[2:]).all()


@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "tan", "sqrt", "reciprocal"])
@pytest.mark.parametrize("of_a_leaf", [False, True])
def test_what_was_written_to_in_between_is_not_the_same(name: str, of_a_leaf: bool) -> None:
    """An op that saves its output alone does not notice that its operand was written to."""
    f = getattr(torch, name)

    def written(x: Any) -> Any:
        u = x if of_a_leaf else x * 1.0
        first = f(u)
        with torch.no_grad():
            u += 0.5
        return first * f(u)

    def apart(x: Any) -> Any:
        return f(x) * f(x + 0.5)

    at = np.array([0.25, 0.5])
    np.testing.assert_allclose(
        gradmagic.taylor(written, at.copy(), 2)[1:], gradmagic.taylor(apart, at, 2)[1:], rtol=1e-12
    )


def test_a_long_chain_has_its_series() -> None:
    def long(x: Any) -> Any:
        for _ in range(20_000):
            x = np.sin(x) * 1.0001
        return x

    assert np.isfinite(gradmagic.taylor(long, 0.5, 2)).all()


# -- what has no series -------------------------------------------------------------------------------------------


class Cubed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


def _hooked(x: Any) -> Any:
    y = x * x
    y.register_hook(lambda g: g * 2)
    return y * x


def test_what_has_no_series_is_named_with_the_way_out() -> None:
    for f, name in (
        (lambda x: F.softmax(x, 0), "softmax"),
        (Cubed.apply, "Cubed"),
        (_hooked, "MulBackward0 has hooks"),
    ):
        with pytest.raises(NoSeriesError, match=f"(?s){name}.*apply grad"):
            gradmagic.taylor(f, [1.0, 2.0], 2)
    with pytest.raises(ValueError, match=r"f gave the shape \(\).*call grad"):
        gradmagic.taylor(lambda x: x.sum(), [1.0, 2.0], 2)
    with pytest.raises(ValueError, match="0 or more, not -1"):
        gradmagic.taylor(np.sin, 1.0, -1)
    with pytest.raises(ValueError, match="x holds complex128"):
        gradmagic.taylor(np.sin, 1j, 1)


def test_a_number_taken_out_of_the_graph_is_refused_with_the_way_out() -> None:
    for f in (math.sin, lambda x: x * float(x), lambda x: np.sin(x.item()), lambda x: np.sin(x.tolist())):
        with pytest.raises(RuntimeError, match=r"Write np.sin\(x\) for math.sin\(x\), or x.detach\(\)"):
            gradmagic.taylor(f, 1.0, 3)
    assert gradmagic.taylor(lambda x: x * float(x.detach()), 2.0, 1).tolist() == [4, 2]
    assert gradmagic.taylor(lambda x: x * len(f"{x:.2f}"), 2.0, 1).tolist() == [8, 4]
    assert torch.tensor(2.0, requires_grad=True).item() == 2  # elsewhere as ever


# -- blocks -------------------------------------------------------------------------------------------------------


def wave(x: Any) -> Any:
    return np.sin(x) * np.exp(-(x**2) / 5) + x**3 / 10


POINTS = np.linspace(-3, 3, 2001).reshape(3, 667)


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor])
def test_blocks_give_what_the_whole_gives(executor: Any) -> None:
    whole = gradmagic.taylor(wave, POINTS, 3)
    if executor is None:
        assert np.array_equal(gradmagic.taylor(wave, POINTS, 3, block=128), whole)
        return
    with executor(2) as workers:
        assert np.array_equal(gradmagic.taylor(wave, POINTS, 3, executor=workers, block=10), whole)


def test_blocks_go_to_other_processes() -> None:
    import multiprocessing

    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as workers:
        assert np.array_equal(gradmagic.taylor(wave, POINTS, 3, executor=workers), gradmagic.taylor(wave, POINTS, 3))


class Losing(Executor):
    """An executor whose third block dies with its worker."""

    def __init__(self) -> None:
        self.given = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.given += 1
        future: Future[Any] = Future()
        if self.given == 3:
            future.set_exception(BrokenExecutor("gone"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def test_a_lost_worker_is_told_with_the_points_that_it_had() -> None:
    with pytest.raises(RuntimeError, match=r"points 200 to 299 of 2001 were lost with their worker \(BrokenExecutor\)"):
        gradmagic.taylor(wave, POINTS, 1, executor=Losing(), block=100)


def test_an_error_of_the_function_itself_passes_through_the_workers() -> None:
    with ThreadPoolExecutor(2) as workers, pytest.raises(ZeroDivisionError):
        gradmagic.taylor(lambda x: x * (1 // 0), POINTS, 1, executor=workers, block=100)


def test_what_mixes_elements_is_refused_in_blocks() -> None:
    with pytest.raises(ValueError, match="mixes the elements of x"):
        gradmagic.taylor(lambda x: x * x.sum(), POINTS, 1, block=100)


def test_blocks_need_little_memory_beside_the_outputs() -> None:
    x = np.linspace(-3, 3, 400_000)
    gradmagic.taylor(wave, x[:1000], 2, block=500)
    tracemalloc.start()
    found = gradmagic.taylor(wave, x, 2, block=1 << 13)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < found.nbytes * 1.4


def test_two_threads_expand_at_once() -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(gradmagic.taylor(wave, POINTS, 4))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.array_equal(*found)
