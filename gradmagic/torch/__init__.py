"""The torch-compatible namespace, assembled from the floors below: ``from gradmagic import torch``.

A program written for torch runs unchanged: names, dtypes, printing and errors are torch's.

Examples
--------
>>> from gradmagic import torch
>>> x = torch.tensor(2.0, requires_grad=True)
>>> torch.autograd.grad(x**3, x)
(tensor(12.),)
"""

from math import e, inf, nan, pi
from typing import Any

from gradmagic import ops as _ops  # noqa: F401  importing it gives the Tensor its operators
from gradmagic.engine.devices import device, get_default_device, set_default_device
from gradmagic.engine.dtypes import (
    Size,
    bool,
    cdouble,
    cfloat,
    complex64,
    complex128,
    double,
    dtype,
    float,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    int,
    int8,
    int16,
    int32,
    int64,
    long,
    set_default_dtype,
    short,
    uint8,
)  # fmt: skip
from gradmagic.engine.modes import (
    enable_grad,
    inference_mode,
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)  # fmt: skip
from gradmagic.engine.printing import set_printoptions
from gradmagic.engine.random import Generator
from gradmagic.engine.tensor import Tensor
from gradmagic.ops import names as _names
from gradmagic.ops.calling import as_torch_has_them as _as_torch_has_them
from gradmagic.ops.likeness import is_nonzero
from gradmagic.ops.methods import FREE_IN_PLACE as _FREE_IN_PLACE
from gradmagic.ops.names import FUNCTIONS as _FUNCTIONS
from gradmagic.torch import _tensor_str as _tensor_str
from gradmagic.torch import accelerator, autograd, cuda, fft, func, linalg, nn, optim, random, special, testing, utils
from gradmagic.torch.creation import (
    arange,
    as_tensor,
    asarray,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    logspace,
    manual_seed,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    tensor,
    tril_indices,
    triu_indices,
    zeros,
    zeros_like,
)  # fmt: skip
from gradmagic.torch.drawing import bernoulli, dropout, multinomial, normal
from gradmagic.torch.func import vmap
from gradmagic.torch.inspecting import (
    BoolTensor,
    DoubleTensor,
    FloatTensor,
    IntTensor,
    LongTensor,
    broadcast_shapes,
    finfo,
    iinfo,
    is_complex,
    is_floating_point,
    is_tensor,
    promote_types,
    result_type,
    typename,
)  # fmt: skip
from gradmagic.torch.random import get_rng_state, initial_seed, seed, set_rng_state
from gradmagic.torch.serialization import load, save

# numbers where torch wants Tensors are refused, in its words, and `out=` is taken
_MAKERS = {f"gradmagic.torch.{room}" for room in ("creation", "drawing", "inspecting")} | {is_nonzero.__module__}
_IN_PLACE = {f"{name}_": getattr(Tensor, f"{name}_") for name in _FREE_IN_PLACE}
_OWN_OUT = frozenset({*_names.TAKE_OUT, *_names.WITHOUT_OUT, *_IN_PLACE})
_AS_THEY_ARE = {name: _FUNCTIONS[name] for name in ("add", "sub", "mul", "div")}  # they are short, and called often
globals().update(_as_torch_has_them(_FUNCTIONS | _IN_PLACE, own_out=_OWN_OUT) | _AS_THEY_ARE)
_MADE = {name: made for name, made in globals().items() if getattr(made, "__module__", None) in _MAKERS}
globals().update(_as_torch_has_them(_MADE, own_out=frozenset(_MADE)))


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'torch' has no attribute '{name}'")


__all__ = [
    "asarray", "broadcast_shapes", "is_nonzero", "promote_types", "result_type", "tril_indices", "triu_indices",
    "utils", "set_default_device", "get_default_device", "accelerator", "BoolTensor", "DoubleTensor", "FloatTensor", "Generator", "IntTensor", "LongTensor", "Size", "Tensor", "arange",
    "as_tensor", "autograd", "bernoulli", "bool", "cdouble", "cfloat", "complex128", "complex64", "cuda", "device",
    "double", "dropout", "dtype", "e", "empty", "empty_like", "enable_grad", "eye", "fft", "finfo", "float", "float16", "float32",
    "float64", "from_numpy", "full", "full_like", "func", "get_default_dtype", "get_rng_state", "half", "iinfo", "inf", "inference_mode", "initial_seed",
    "int", "int16", "int32", "int64", "int8", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "is_complex",
    "is_floating_point", "is_grad_enabled", "is_inference_mode_enabled", "is_tensor", "linalg", "linspace", "load",
    "logspace", "long", "manual_seed", "multinomial", "nan", "nn", "no_grad", "normal", "ones", "ones_like", "optim", "pi", "rand",
    "rand_like", "randint", "randn", "randn_like", "random", "randperm", "save", "seed", "set_default_dtype", "set_grad_enabled", "set_rng_state",
    "set_printoptions", "short", "special", "tensor", "testing", "typename", "uint8", "vmap", "zeros", "zeros_like",
    *sorted(_FUNCTIONS | _IN_PLACE),
]  # fmt: skip
