"""The values of special functions on float arrays, to a few units in the last place. Knows NumPy; no op."""

from gradmagic.ops.special_values.bessel import i0, i0e, i1, i1e, j0, j1
from gradmagic.ops.special_values.error import erf, erfc, erfcinv, erfcx, erfinv, log_ndtr, ndtri
from gradmagic.ops.special_values.gamma import digamma, gamma, lgamma, polygamma
from gradmagic.ops.special_values.logarithms import entr, logit, xlog1py, xlogy
from gradmagic.ops.special_values.zeta import hurwitz_derivative, riemann_derivative, zeta

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfinv", "gamma", "hurwitz_derivative", "i0", "i0e", "i1", "i1e",
    "j0", "j1", "lgamma", "log_ndtr", "logit", "ndtri", "polygamma", "riemann_derivative", "xlog1py", "xlogy", "zeta",
]  # fmt: skip
