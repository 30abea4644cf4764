"""Torch's functions over the ops, by name: rows that need only their operands, and those written out beside the tables."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from gradmagic.ops import (
    arithmetic,
    assembling,
    bits,
    choosing,
    complexes,
    composites,
    contracting,
    copies,
    counting,
    criteria,
    differences,
    distances,
    functional,
    indexing,
    linalg,
    operands,
    reducing,
    scattering,
    shaping,
    special,
    special_integrals,
    statistics,
    triangles,
)
from gradmagic.ops import elementwise as E
from gradmagic.ops.operands import binary, unary
from gradmagic.ops.signatures import NUMPYS, check, signatures

UNARY = [
    "neg", "positive", "deg2rad", "rad2deg", "floor", "ceil", "trunc", "frac", "reciprocal", "sqrt",
    "rsqrt", "cbrt", "exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos",
    "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "abs",
]  # fmt: skip
BINARY = [
    "nextafter", "atan2", "hypot", "maximum", "minimum", "fmax", "fmin", "ldexp", "logaddexp2",
    "heaviside",
]  # fmt: skip
OTHERS = [
    "add", "sub", "mul", "div", "true_divide", "floor_divide", "pow", "float_power", "square", "clamp", "clamp_min", "clamp_max", "where",
    "sinc", "logaddexp", "sign", "sgn", "remainder", "fmod", "round", "exp2", "tanh", "sigmoid", "relu", "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor",
    "logical_not", "isnan", "isinf", "isfinite", "isclose", "allclose", "equal", "argmax", "argmin", "argsort", "any",
    "all", "numel", "sum", "mean", "prod", "var", "std", "max", "min", "amax", "amin", "sort", "cumsum", "cumprod",
    "logsumexp", "softmax", "log_softmax", "norm", "matmul", "outer", "view", "reshape", "flatten", "ravel", "expand",
    "expand_as", "broadcast_to", "permute", "transpose", "t", "movedim", "unsqueeze", "squeeze", "diagonal", "select",
    "narrow", "unbind", "split", "chunk", "flip", "roll", "tril", "triu", "clone", "contiguous", "index_put",
    "to", "copy_", "fill_", "zero_", "split_with_sizes", "tensor_split", "hsplit", "vsplit", "dsplit", "unflatten",
    "view_as", "reshape_as", "sum_to_size",
]  # fmt: skip
LINALG = ["det", "slogdet", "logdet", "pinv", "matrix_power", "matrix_exp", "trace", "cholesky", "cross"]
FUNCTIONAL = [
    "bilinear", "celu", "celu_", "channel_shuffle", "hardshrink", "pixel_shuffle", "pixel_unshuffle", "prelu", "relu_", "selu",
    "selu_", "softplus", "threshold", "threshold_",
]  # fmt: skip
CRITERIA = [
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cosine_similarity",
    "hinge_embedding_loss",
    "kl_div",
    "margin_ranking_loss",
    "pairwise_distance",
    "poisson_nll_loss",
    "triplet_margin_loss",
]
NO_METHODS = ["rsub", "pdist", "lu_unpack", *FUNCTIONAL, *CRITERIA, *assembling.FREE_NAMES, *choosing.FREE_NAMES, *complexes.FREE_NAMES, *contracting.FREE_NAMES, *copies.FREE_NAMES, *counting.FREE_NAMES,
              *differences.FREE_NAMES, *statistics.FREE_NAMES]  # fmt: skip
# what takes `out=` by itself, and what torch gives none
TAKE_OUT = ["add", "sub", "mul", "div", "pow", "sum", "mean", "matmul", "sign", "sgn"]
WITHOUT_OUT = [*FUNCTIONAL, *CRITERIA, "clone", "detach", "copy_", "fill_", "zero_", "to", "numel", "equal", "allclose"]
ALIASES = {
    "absolute": "abs", "negative": "neg", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh", "arctan2": "atan2", "subtract": "sub", "multiply": "mul", "divide": "div",
    "fix": "trunc", "clip": "clamp", "concat": "cat", "concatenate": "cat", "swapaxes": "transpose",
    "swapdims": "transpose", "moveaxis": "movedim", "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le",
    "not_equal": "ne", "pinverse": "pinv", "trapz": "trapezoid", "ger": "outer",
}  # fmt: skip


# they take their own names alone
TORCHS_OWN = {"norm", "split", "flip", "roll"}


def by_either_name(function: Callable[..., Any], method: str | None = None) -> Callable[..., Any]:
    """A function along dimensions, which may be called with NumPy's ``axis`` and ``keepdims``.

    As a method, whose name is then given, it says in torch's words what it was not meant to get.
    """
    code = getattr(function, "__code__", None)
    ours = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code is not None else ()
    if "dim" not in ours or function.__name__ in TORCHS_OWN:
        return function

    @functools.wraps(function)
    def either(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = {k if k in ours else NUMPYS.get(k, k): v for k, v in kwargs.items()}
        try:
            return function(*args, **kwargs)
        except Exception:
            if method is not None:
                check(method, args[1:], kwargs)
            raise

    either.plain = function  # type: ignore[attr-defined]
    return either


def _by_number(loss: Callable[..., Any]) -> Callable[..., Any]:
    """A loss as torch's own function: with fewer arguments, and a number for what `nn.functional` has a word for."""
    code = loss.__code__
    if "reduction" not in code.co_varnames[: code.co_argcount]:
        return loss

    @functools.wraps(loss)
    def numbered(*args: Any, **kwargs: Any) -> Any:
        (way,) = signatures()[loss.__name__]
        given = dict(zip((p.name for p in way.parameters), args, strict=False)) | kwargs
        return loss(**given | {"reduction": ("none", "mean", "sum")[given.get("reduction", 0)]})

    return numbered


def _written_out(name: str) -> Callable[..., Any]:
    rooms = (arithmetic, reducing, shaping, indexing, operands)
    found: Callable[..., Any] = next(getattr(room, name) for room in rooms if hasattr(room, name))
    return found


def functions() -> dict[str, Callable[..., Any]]:
    """Torch's functions over the ops, by name."""
    table: dict[str, Callable[..., Any]] = {name: unary(getattr(E, name)) for name in UNARY}
    table |= {name: binary(getattr(E, name)) for name in BINARY}
    table |= {name: _written_out(name) for name in OTHERS}
    table |= {name: _written_out(name) for name in ("cat", "stack", "rsub", "detach")}
    table |= special.TOP_LEVEL | special_integrals.IGAMMA | {name: getattr(functional, name) for name in FUNCTIONAL}
    table |= {name: _by_number(getattr(criteria, name)) for name in CRITERIA} | {
        "pdist": distances.pdist,
        "dist": distances.dist,
    }
    table |= {name: getattr(linalg, name) for name in LINALG} | {"inverse": linalg.inv}
    for room in (
        assembling,
        bits,
        choosing,
        complexes,
        composites,
        contracting,
        copies,
        counting,
        differences,
        statistics,
    ):
        table |= {name: getattr(room, name) for name in (*room.NAMES, *getattr(room, "FREE_NAMES", ()))}
    table |= scattering.FUNCTIONS | triangles.TOP_LEVEL
    table = {name: f if name in CRITERIA else by_either_name(f) for name, f in table.items()}
    table |= {alias: table[name] for alias, name in ALIASES.items()}
    return table


FUNCTIONS = functions()
