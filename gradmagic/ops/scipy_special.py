"""scipy.special's ufuncs on Tensors, one row each: the values are the ufunc's own, here stand its partial derivatives.

A rule is plain scipy: on arrays it runs as it stands, on Tensors every call in it comes back here and is recorded, so that
every function has derivatives of any order. Rules are chosen so that they stay finite where the function is smooth.
The formulas are those of the NIST Digital Library of Mathematical Functions (DLMF) where a number is given.
scipy is no dependency: it is imported by the first rule that needs it, when one of its ufuncs has come by already.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from gradmagic.engine.kinds import Elementwise
from gradmagic.engine.op import Rule, as_array
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import scipy_formulas as R
from gradmagic.ops import special
from gradmagic.ops.rules import called
from gradmagic.ops.scipy_formulas import S
from gradmagic.ops.special_integrals import power

_2_SQRT_PI = 2 / math.sqrt(math.pi)
_SQRT_2 = math.sqrt(2)
_SQRT_2PI = math.sqrt(2 * math.pi)
_DEGREE = math.pi / 180
_LN_10 = math.log(10)


# -- the rows: for each ufunc's name the partial in each operand; None where it is a parameter --------------------

_PSI: Any = lambda x: S.psi(x)  # noqa: E731
ROWS: dict[str, tuple[Rule, ...]] = {
    # the error function and its kin (DLMF 7.2, 7.10)
    "erf": (lambda x: _2_SQRT_PI * np.exp(-x * x),),
    "erfc": (lambda x: -_2_SQRT_PI * np.exp(-x * x),),
    "erfi": (lambda x: _2_SQRT_PI * np.exp(x * x),),
    "erfcx": (lambda x, y: 2 * x * y - _2_SQRT_PI,),
    "erfinv": (lambda y: np.exp(y * y) / _2_SQRT_PI,),
    "erfcinv": (lambda y: -np.exp(y * y) / _2_SQRT_PI,),
    "dawsn": (lambda x, y: 1 - 2 * x * y,),
    "wofz": (lambda x, y: -2 * x * y + 1j * _2_SQRT_PI,),
    "ndtr": (lambda x: np.exp(-x * x / 2) / _SQRT_2PI,),
    "ndtri": (lambda y: _SQRT_2PI * np.exp(y * y / 2),),
    "log_ndtr": (lambda x: (2 / _SQRT_2PI) / S.erfcx(-x / _SQRT_2),),
    "voigt_profile": (
        lambda a, b, c: np.real(R.faddeeva_slope(a, b, c)[0]) / (2 * math.sqrt(math.pi) * b * b),
        lambda a, b, c: R.voigt_scale(a, b, c),
        lambda a, b, c: np.real(1j * R.faddeeva_slope(a, b, c)[0]) / (2 * math.sqrt(math.pi) * b * b),
    ),
    # Owen, Tables for computing bivariate normal probabilities (1956), (2.1), (2.4)
    "owens_t": (
        lambda a, b: -np.exp(-a * a / 2) * S.erf(a * b / _SQRT_2) / (2 * _SQRT_2PI),
        lambda a, b: np.exp(-a * a * (1 + b * b) / 2) / (2 * math.pi * (1 + b * b)),
    ),
    "kolmogorov": (lambda x: R.kolmogorov_slope(x),),
    # the gamma function (DLMF 5.2, 5.12, 8.8.13, 8.17.10)
    "gamma": (lambda x, y: y * S.psi(x),),
    "gammaln": (_PSI,),
    "loggamma": (_PSI,),
    "rgamma": (lambda x: R.rgamma_slope(x),),
    "psi": (lambda x: called(special.polygamma)(x, n=1),),
    "beta": (
        lambda a, b, y: y * (S.psi(a) - S.psi(a + b)),
        lambda a, b, y: y * (S.psi(b) - S.psi(a + b)),
    ),
    "betaln": (lambda a, b: S.psi(a) - S.psi(a + b), lambda a, b: S.psi(b) - S.psi(a + b)),
    "poch": (
        lambda a, b, y: y * S.psi(a + b) + R.over_gamma(y, a, lambda: S.gamma(a + b)),
        lambda a, b, y: y * S.psi(a + b),
    ),
    "binom": (
        lambda a, b, y: y * S.psi(a + 1) + R.over_gamma(y, a - b + 1, lambda: S.gamma(a + 1) * S.rgamma(b + 1)),
        lambda a, b, y: (
            R.over_gamma(y, b + 1, lambda: S.gamma(a + 1) * S.rgamma(a - b + 1))
            - R.over_gamma(y, a - b + 1, lambda: S.gamma(a + 1) * S.rgamma(b + 1))
        ),
    ),
    "gammainc": (None, lambda a, b: power(b, a - 1, -b - S.gammaln(a))),
    "gammaincc": (None, lambda a, b: -power(b, a - 1, -b - S.gammaln(a))),
    "betainc": (
        None,
        None,
        lambda a, b, c: power(1 - c, b - 1, -S.betaln(a, b)) * power(c, a - 1, 0.0),
    ),
    "_riemann_zeta": (lambda x: R.riemann_slope(x),),
    "zetac": (lambda x: R.riemann_slope(x),),
    "_zeta": (
        lambda a, b: called(special.hurwitz_derivative)(a, b, m=1),
        lambda a, b: -a * S.zeta(a + 1, b),
    ),
    # logistic and entropy
    "expit": (lambda x, y: y * S.expit(-x),),
    "logit": (lambda x: 1 / (x * (1 - x)),),
    "log_expit": (lambda x: S.expit(-x),),
    "xlogy": (lambda a, b: special.log_or_0(a, b), lambda a, b: a / b),
    "xlog1py": (lambda a, b: special.log_or_0(a, b + 1), lambda a, b: a / (b + 1)),
    "entr": (lambda x: -np.log(x) - 1,),
    "rel_entr": (lambda a, b: np.log(a / b) + 1, lambda a, b: -a / b),
    "kl_div": (lambda a, b: np.log(a / b), lambda a, b: 1 - a / b),
    # Bessel functions (DLMF 10.6, 10.29) and Airy's
    "j0": (lambda x: -S.j1(x),),
    "j1": (lambda x: (S.j0(x) - S.jv(2, x)) / 2,),
    "y0": (lambda x: -S.y1(x),),
    "y1": (lambda x: (S.y0(x) - S.yv(2, x)) / 2,),
    "i0": (lambda x: S.i1(x),),
    "i1": (lambda x: (S.i0(x) + S.iv(2, x)) / 2,),
    "i0e": (lambda x, y: S.i1e(x) - np.sign(x) * y,),
    "i1e": (lambda x, y: (S.i0e(x) + S.ive(2, x)) / 2 - np.sign(x) * y,),
    "k0": (lambda x: -S.k1(x),),
    "k1": (lambda x: -(S.k0(x) + S.kv(2, x)) / 2,),
    "k0e": (lambda x, y: y - S.k1e(x),),
    "k1e": (lambda x, y: y - (S.k0e(x) + S.kve(2, x)) / 2,),
    "jv": (None, lambda a, b: R.order_slope(S.jv, a, b, 1, -1)),
    "yv": (None, lambda a, b: R.order_slope(S.yv, a, b, 1, -1)),
    "iv": (None, lambda a, b: R.order_slope(S.iv, a, b, 1, 1)),
    "kv": (None, lambda a, b: R.order_slope(S.kv, a, b, -1, -1)),
    "ive": (None, lambda a, b, y: R.order_slope(S.ive, a, b, 1, 1) - np.sign(b) * y),
    "kve": (None, lambda a, b, y: y + R.order_slope(S.kve, a, b, -1, -1)),
    # elliptic integrals and hypergeometric functions (DLMF 19.4, 13.3.15, 15.5.1)
    "ellipk": (lambda x: R.elliptic_slope(x),),
    "ellipe": (lambda x: R.ellipe_slope(x),),
    "ellipkm1": (lambda x: R.ellipkm1_slope(x),),
    "agm": (lambda a, b, y: R.agm_slope(a, b, y), lambda a, b, y: R.agm_slope(b, a, y)),
    "hyp0f1": (None, lambda a, b: S.hyp0f1(a + 1, b) / a),
    "hyp1f1": (None, None, lambda a, b, c: a / b * S.hyp1f1(a + 1, b + 1, c)),
    "hyp2f1": (None, None, None, lambda a, b, c, d: a * b / c * S.hyp2f1(a + 1, b + 1, c + 1, d)),
    # integrals (DLMF 6.2, 8.19)
    "expi": (lambda x: np.exp(x) / x,),
    "exp1": (lambda x: -np.exp(-x) / x,),
    "expn": (None, lambda a, b: R.expn_slope(a, b)),
    "spence": (lambda x: R.spence_slope(x),),
    # orthogonal polynomials (DLMF 18.9.19 to 18.9.25)
    "eval_legendre": (None, lambda a, b: R.gegenbauer_slope(a, 0.5, b)),
    "eval_chebyt": (None, lambda a, b: a * np.where(a == 0, 0.0, S.eval_chebyu(R.below(a), b))),
    "eval_chebyu": (None, lambda a, b: R.gegenbauer_slope(a, 1.0, b)),
    "eval_gegenbauer": (None, None, lambda a, b, c: R.gegenbauer_slope(a, b, c)),
    "eval_hermite": (None, lambda a, b: 2 * a * S.eval_hermite(R.below(a), b)),
    "eval_laguerre": (None, lambda a, b: R.laguerre_slope(a, 0.0, b)),
    "eval_genlaguerre": (None, None, lambda a, b, c: R.laguerre_slope(a, b, c)),
    # convenience functions; exprel is Kummer's function (1, 2, x), Box and Cox's is log(x) exprel(λ log(x))
    "exprel": (lambda x: S.hyp1f1(2, 3, x) / 2,),
    "cosm1": (lambda x: -np.sin(x),),
    "exp10": (lambda y: y * _LN_10,),
    "sindg": (lambda x: S.cosdg(x) * _DEGREE,),
    "cosdg": (lambda x: S.sindg(x) * -_DEGREE,),
    "tandg": (lambda y: (y * y + 1) * _DEGREE,),
    "boxcox": (lambda a, b: a ** (b - 1), lambda a, b: np.log(a) ** 2 * S.hyp1f1(2, 3, b * np.log(a)) / 2),
    "inv_boxcox": (
        lambda a, b, y: y / (1 + a * b),
        lambda a, b, y: -y * a * a * S.hyp2f1(2, 2, 3, -a * b) / 2,
    ),
    "huber": (lambda a, b: R.huber_partial(a, b), lambda a, b: np.where(np.abs(b) <= a, b, a * np.sign(b))),
    "pseudo_huber": (lambda a, b: R.pseudo_huber_width(a, b), lambda a, b: a * b / R.hypotenuse(a, b)),
    # DLMF 4.13.4; Corless and Jeffrey, The Wright omega function (2002)
    "_lambertw": (lambda y: np.exp(-y) / (1 + y), None, None),
    "wrightomega": (lambda y: y / (1 + y),),
}
# ufuncs of several outputs: the derivative of each
SEVERAL: dict[str, tuple[Rule, ...]] = {
    "airy": (  # DLMF 9.2.1
        lambda x: S.airy(x)[1],
        lambda x: x * S.airy(x)[0],
        lambda x: S.airy(x)[3],
        lambda x: x * S.airy(x)[2],
    ),
    "sici": (lambda x: np.sinc(x / math.pi), lambda x: np.cos(x) / x),
    "shichi": (lambda x: R.sinhc(x), lambda x: np.cosh(x) / x),
    "fresnel": (lambda x: np.sin(math.pi / 2 * x * x), lambda x: np.cos(math.pi / 2 * x * x)),
    "itj0y0": (lambda x: S.j0(x), lambda x: S.y0(x)),
}

# -- how a ufunc becomes a row ------------------------------------------------------------------------------------


class Ufunc(Elementwise):
    """A row whose values are a ufunc's, which also chooses the dtypes: integer parameters stay integers."""

    def prepare(self, arrays: list[Any], kwargs: dict[str, Any]) -> None:
        """Nothing: scipy casts."""

    def of(self, *operands: Any) -> Any:
        kinds = [v._array.dtype for v in operands if isinstance(v, Tensor) and v._array.dtype.kind in "fc"]
        common = np.result_type(*kinds) if kinds else np.dtype(np.float64)
        return self(*(self.taken(v, rule, common) for v, rule in zip(operands, self.vjps, strict=True)))

    def taken(self, value: Any, rule: Rule, common: np.dtype[Any]) -> Any:
        """Tensors that may want a gradient; all else as arrays, numbers in the precision of the Tensors beside them."""
        if isinstance(value, Tensor) and (rule is not None or value.requires_grad):
            return value
        if isinstance(value, (bool, int)):
            return value  # scipy chooses by it among integer and real orders
        kind = np.result_type(common, np.complex64) if isinstance(value, complex) else common
        return np.asarray(as_array(value), kind if isinstance(value, (float, complex)) else None)

    def refuse_pull(self, i: int) -> NoReturn:
        which = ("first", "second", "third", "fourth")[i]
        raise RuntimeError(
            f"scipy.special.{self.name.strip('_')} has no derivative in its {which} argument here: that is a parameter. "
            "Give it as a number, or detach it."
        )


class Outputs:
    """A ufunc of several outputs, computed once and recorded as one row for each."""

    def __init__(self, ufunc: Any, slopes: tuple[Rule, ...]) -> None:
        self.ufunc = ufunc
        self.rows = [Ufunc(lambda x, k=k: ufunc(x)[k], rule) for k, rule in enumerate(slopes)]
        for row in self.rows:
            row.named(ufunc.__name__)

    def of(self, x: Any) -> Any:
        array = as_array(x)
        return tuple(row.record((x,), (array,), y, {}) for row, y in zip(self.rows, self.ufunc(array), strict=True))


_made: dict[Any, Any] = {}


def function(ufunc: Any) -> Callable[..., Any] | None:
    """What a ufunc of scipy.special does with Tensors; None for one that is not known here."""
    if ufunc not in _made:
        name = ufunc.__name__
        if name in ROWS and ufunc.nin == len(ROWS[name]):
            _made[ufunc] = Ufunc(ufunc, *ROWS[name]).named(name)
        elif name in SEVERAL and ufunc.nout == len(SEVERAL[name]):
            _made[ufunc] = Outputs(ufunc, SEVERAL[name])
        else:
            return None
    found: Callable[..., Any] = _made[ufunc].of
    return found
