"""Where scipy is installed, its functions on Tensors: the same values, and derivatives of both orders.

The derivatives are compared with differences of eighth order of scipy's own values, along a random direction.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED

special = pytest.importorskip("scipy.special")

X = np.array([0.15, 0.3, 0.55, 0.8])
Y = np.array([0.65, 0.5, 0.2, 0.35])
WIDE = np.array([-1.7, -0.4, 0.6, 2.3])
N = np.array([0, 1, 2, 5])


def _all(names: str, *args: Any) -> dict[str, list[Any]]:
    return {name: list(args) for name in names.split()}


# the operands: floats are differentiated by, numbers and integers are parameters
ONE: dict[str, list[Any]] = {
    **_all("erf erfc erfcx erfi dawsn ndtr log_ndtr expit log_expit rgamma", WIDE),
    **_all("j0 j1 i0 i1 i0e i1e airy sici fresnel shichi", WIDE + 3),
    **_all("exprel cosm1 exp10 sindg cosdg tandg gamma psi digamma", WIDE),
    **_all("erfinv logit ndtri entr ellipk ellipe ellipkm1 kolmogorov log1p", X),
    **_all("y0 y1 k0 k0e k1 k1e expi exp1 gammaln loggamma itj0y0", X + 1),
    **_all("erfcinv spence lambertw", X + 0.4),
    **_all("zeta zetac", np.array([-2.6, 0.3, 1.6, 4.0])),
    "wrightomega": [WIDE],
}
MORE: dict[str, list[Any]] = {
    **_all("beta betaln binom poch rel_entr kl_div boxcox agm", X + 1, Y),
    **_all("xlogy xlog1py inv_boxcox pseudo_huber", X, Y + 0.5),
    **_all("gammainc gammaincc", 2.5, X * 4),
    **_all("jv yv iv kv", 1.5, X + 1),
    **_all("eval_legendre eval_chebyt eval_hermite eval_laguerre", N, WIDE),
    "huber": [X + 0.1, np.array([0.01, 1.6, -2.0, -0.3])],
    "betainc": [1.5, 2.5, X],
    "expn": [N, X + 1],
    "hyp1f1": [0.4, 1.3, WIDE],
    "hyp2f1": [0.4, 0.7, 1.3, X],
    "owens_t": [WIDE, Y],
    "voigt_profile": [WIDE, X + 0.5, Y],
}
# these call __array__ instead of asking: what they are called in torch is there
IN_TORCH: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "polygamma": (lambda x: torch.special.polygamma(2, x), lambda x: special.polygamma(2, x)),
    "multigammaln": (
        lambda x: torch.special.multigammaln(x + 1, 2),
        lambda x: np.array([special.multigammaln(each + 1, 2) for each in x]),
    ),
    "logsumexp": (lambda x: torch.special.logsumexp(x, 0), special.logsumexp),
    "softmax": (lambda x: torch.special.softmax(x, 0), special.softmax),
    "log_softmax": (lambda x: torch.special.log_softmax(x, 0), special.log_softmax),
}
CASES: list[tuple[str, Callable[..., Any], Callable[..., Any], list[Any]]] = [
    *((name, getattr(special, name), getattr(special, name), args) for name, args in (ONE | MORE).items()),
    *((name, ours, theirs, [X + 1]) for name, (ours, theirs) in IN_TORCH.items()),
]
FIRST = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
SECOND = np.array([8 / 5, -1 / 5, 8 / 315, -1 / 560])


def _together(y: Any, w: Any) -> Any:
    """Several outputs, complex ones by their real and imaginary parts, as one weighted sum."""
    parts = [part for each in (y if isinstance(y, tuple) else (y,)) for part in _parts(each)]
    return sum((part * v).sum() for part, v in zip(parts, w, strict=False))


def _parts(y: Any) -> list[Any]:
    return [np.real(y), np.imag(y)] if getattr(y, "_array", y).dtype.kind == "c" else [y]


def _differences(phi: Callable[[float], float], h: float = 2e-3) -> tuple[float, float]:
    steps = range(1, 5)
    ahead, behind = np.array([phi(k * h) for k in steps]), np.array([phi(-k * h) for k in steps])
    return FIRST @ (ahead - behind) / h, (SECOND @ (ahead + behind) - 205 / 72 * phi(0.0)) / h**2


def test_the_table_has_all_89() -> None:
    assert len({name for name, *_ in CASES}) == 89


@pytest.mark.parametrize(("name", "ours", "theirs", "args"), CASES, ids=[case[0] for case in CASES])
def test_a_scipy_function_of_tensors_has_its_values_and_derivatives_of_both_orders(
    name: str, ours: Callable[..., Any], theirs: Callable[..., Any], args: list[Any]
) -> None:
    rng = np.random.default_rng(SEED)
    moves = [isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in args]
    d = [rng.uniform(-1, 1, a.shape) if m else 0 for a, m in zip(args, moves, strict=True)]
    w = [rng.normal(size=4) for _ in range(4)]
    leaves = [torch.tensor(a, requires_grad=True) if m else a for a, m in zip(args, moves, strict=True)]
    xs = [leaf for leaf, m in zip(leaves, moves, strict=True) if m]
    ds = [torch.tensor(v) for v, m in zip(d, moves, strict=True) if m]
    y = ours(*leaves)
    for got, expected in zip(y if isinstance(y, tuple) else (y,), np.atleast_2d(theirs(*args)), strict=False):
        assert np.allclose(got.detach().numpy(), expected, rtol=2e-13, atol=1e-15)
    grads = torch.autograd.grad(_together(y, w), xs, create_graph=True)
    slope = sum((g * v).sum() for g, v in zip(grads, ds, strict=True))
    again = torch.autograd.grad(slope, xs, allow_unused=True, materialize_grads=True)
    second = sum(float((g * v).sum()) for g, v in zip(again, ds, strict=True))
    first_, second_ = _differences(
        lambda t: float(_together(theirs(*(a + t * v if m else a for a, v, m in zip(args, d, moves, strict=True))), w))
    )
    assert slope.item() == pytest.approx(first_, rel=1e-8, abs=1e-8), f"order 1, seed {SEED}"
    assert second == pytest.approx(second_, rel=1e-6, abs=1e-6), f"order 2, seed {SEED}"


# where a formula would divide 0 by 0 and the function is smooth: its derivatives of orders 1, 2…
PI, LOG_2 = np.pi, np.log(2.0)
SMOOTH: list[tuple[str, Callable[[Any], Any], float, list[float]]] = [
    ("exprel", lambda x: special.exprel(x), 0.0, [1 / 2, 1 / 3, 1 / 4, 1 / 5]),
    ("cosm1", lambda x: special.cosm1(x), 0.0, [0, -1, 0, 1]),
    ("Shi", lambda x: special.shichi(x)[0], 0.0, [1, 0, 1 / 3, 0]),
    ("Si", lambda x: special.sici(x)[0], 0.0, [1, 0, -1 / 3, 0, 1 / 5]),
    ("spence", lambda x: special.spence(x), 1.0, [-1, 1 / 2, -2 / 3, 3 / 2]),
    ("ellipk", lambda x: special.ellipk(x), 0.0, [PI / 8, PI * 9 / 64, PI * 75 / 256]),
    ("ellipe", lambda x: special.ellipe(x), 0.0, [-PI / 8, -PI * 3 / 64, -PI * 15 / 256]),
    ("ellipkm1", lambda x: special.ellipkm1(x), 1.0, [-PI / 8, PI * 9 / 64, -PI * 75 / 256]),
    ("agm", lambda x: special.agm(x, 1.0), 1.0, [1 / 2, -1 / 8]),
    ("boxcox", lambda x: special.boxcox(2.0, x), 0.0, [LOG_2**2 / 2, LOG_2**3 / 3, LOG_2**4 / 4]),
    ("inv_boxcox", lambda x: special.inv_boxcox(1.0, x), 0.0, [-np.e / 2, np.e * 11 / 12]),
    ("xlogy", lambda x: special.xlogy(x, 2.0), 0.0, [LOG_2, 0]),
    ("xlogy at 0, 0", lambda x: special.xlogy(x, 0.0), 0.0, [0, 0]),
    ("j1", lambda x: special.j1(x), 0.0, [1 / 2, 0, -3 / 8, 0]),
    ("i1", lambda x: special.i1(x), 0.0, [1 / 2, 0, 3 / 8, 0]),
    ("gammainc", lambda x: special.gammainc(3.0, x), 0.0, [0, 0, 1, -3]),
    ("betainc", lambda x: special.betainc(2.0, 2.0, x), 0.0, [0, 6, -12, 0]),
    ("betainc at 1", lambda x: special.betainc(2.0, 2.0, x), 1.0, [0, -6, -12, 0]),
    ("rgamma", lambda x: special.rgamma(x), 0.0, [1, 2 * np.euler_gamma]),
    ("rgamma at -2", lambda x: special.rgamma(x), -2.0, [2]),
    ("binom", lambda x: special.binom(x, 5.0), 3.0, [-1 / 20]),
    ("poch", lambda x: special.poch(x, 2.0), 0.0, [1, 2, 0]),
    ("legendre", lambda x: special.eval_legendre(3, x), 1.0, [6, 15, 15, 0]),
    ("chebyshev", lambda x: special.eval_chebyt(3, x), -1.0, [9, -24, 24, 0]),
    ("pseudo_huber", lambda x: special.pseudo_huber(x, 0.0), 0.0, [0, 0]),
    ("kolmogorov", lambda x: special.kolmogorov(x), 0.0, [0, 0, 0]),
    ("lambertw", lambda x: np.real(special.lambertw(x)), 0.0, [1, -2, 9, -64]),
    ("zeta", lambda x: special.zeta(x), 0.0, [-0.91893853320467274, -2.0063564559085849]),
    ("zeta at -2", lambda x: special.zeta(x), -2.0, [-0.030448457058393271]),
    ("expn", lambda x: special.expn(3, x), 0.0, [-1]),
]


@pytest.mark.parametrize(("f", "at", "expected"), [case[1:] for case in SMOOTH], ids=[case[0] for case in SMOOTH])
def test_derivatives_are_finite_where_the_function_is_smooth(
    f: Callable[[Any], Any], at: float, expected: list[float]
) -> None:
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    y, got = f(x), []
    for _ in expected:
        if y.requires_grad:
            (y,) = torch.autograd.grad(y, x, create_graph=True, allow_unused=True, materialize_grads=True)
        else:  # it was linear
            y = torch.zeros(())
        got.append(y.item())
    assert got == pytest.approx(expected, rel=1e-12, abs=1e-13)


def test_a_parameter_that_wants_a_gradient_is_refused_in_plain_words() -> None:
    order, x = (torch.tensor(v, requires_grad=True) for v in (1.5, 2.0))
    y = special.jv(order, x)
    assert torch.autograd.grad(y, x, retain_graph=True)[0].item() == pytest.approx(special.jvp(1.5, 2.0), rel=1e-6)
    with pytest.raises(RuntimeError, match=r"scipy\.special\.jv has no derivative in its first argument here"):
        torch.autograd.grad(y, order)


def test_parameters_broadcast_and_keep_their_integers() -> None:
    x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
    y = special.eval_legendre(np.array([[1], [2], [3]]), x)
    assert np.array_equal(y.detach().numpy(), special.eval_legendre(np.array([[1], [2], [3]]), [0.5, 1.5]))
    (g,) = torch.autograd.grad(y.sum(), x)
    assert g.numpy() == pytest.approx([1 + 1.5 + 0.375, 1 + 4.5 + 15.375])
    assert torch.autograd.grad(special.jv(torch.tensor(0), x)[0], x)[0].numpy()[0] == pytest.approx(-special.j1(0.5))
    assert special.kv(0, torch.tensor(2.0)).dtype is torch.float32


def test_a_ufunc_without_a_rule_is_refused_by_its_name() -> None:
    with pytest.raises(TypeError, match=r"^struve has no derivative rule for Tensors here"):
        special.struve(0, torch.tensor(1.0, requires_grad=True))
