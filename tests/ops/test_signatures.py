"""What torch's functions say where they are given what they do not take: their own words, compared live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.ops.signatures import objection, signatures

ONE_OF = """max() received an invalid combination of arguments - got (Tensor, str), but expected one of:
 * (Tensor input, *, Tensor out = None)
 * (Tensor input, Tensor other, *, Tensor out = None)
 * (Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)
"""
SAID = {
    "torch.sin(3.0)": "sin(): argument 'input' (position 1) must be Tensor, not float",
    "torch.sin(np.ones(3))": "sin(): argument 'input' (position 1) must be Tensor, not numpy.ndarray",
    "torch.sin()": 'sin() missing 1 required positional arguments: "input"',
    "torch.sin(x, x)": "sin() takes 1 positional argument but 2 were given",
    "torch.absolute(3)": "absolute(): argument 'input' (position 1) must be Tensor, not int",
    "torch.sin_(3.0)": "sin_(): argument 'input' (position 1) must be Tensor, not float",
    "torch.sum([1.0, 2.0])": "sum(): argument 'input' (position 1) must be Tensor, not list",
    "torch.maximum(x, 0.0)": "maximum(): argument 'other' (position 2) must be Tensor, not float",
    "torch.matmul(x, 3.0)": "matmul(): argument 'other' (position 2) must be Tensor, not float",
    "torch.logsumexp(x, 'a')": "logsumexp(): argument 'dim' (position 2) must be tuple of ints, not str",
    "torch.cat(x)": "cat(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor",
    "torch.cat([x, 1.0])": "expected Tensor as element 1 in argument 0, but got float",
    "torch.max(x, 'a')": ONE_OF,
    "torch.linalg.inv([1.0])": "linalg_inv(): argument 'A' (position 1) must be Tensor, not list",
    "torch.fft.fft(1.0)": "fft_fft(): argument 'input' (position 1) must be Tensor, not float",
    "torch.special.erf(1.0)": "special_erf(): argument 'input' (position 1) must be Tensor, not float",
    "torch.nn.functional.relu(1.0)": "relu(): argument 'input' (position 1) must be Tensor, not float",
    "torch.nn.functional.gelu(1.0)": "gelu(): argument 'input' (position 1) must be Tensor, not float",
    "torch.ones(2.5)": "ones(): argument 'size' (position 1) must be tuple of ints, not float",
    "x.mean('a', 'b', 'c')": "mean() takes from 1 to 2 positional arguments but 3 were given",
    "x.add_('a')": "add_(): argument 'other' (position 1) must be Tensor, not str",
    "x.sin_(3)": "TensorBase.sin_() takes no arguments (1 given)",
    "torch.zeros_like(1.0)": "zeros_like(): argument 'input' (position 1) must be Tensor, not float",
}  # fmt: skip


@pytest.mark.parametrize("call", SAID)
def test_what_is_no_tensor_is_refused_in_torchs_words(call: str) -> None:
    with pytest.raises(TypeError) as told:
        eval(call, {"torch": torch, "np": np, "x": torch.ones(3)})
    assert str(told.value) == SAID[call]


def test_numbers_are_taken_where_torch_takes_them() -> None:
    x = torch.tensor([1.0, 2.0])
    assert torch.add(2, 3).item() == 5
    assert torch.pow(2.0, x).tolist() == [2.0, 4.0]
    assert torch.xlogy(2.0, x)[0].item() == 0
    assert torch.where(x > 1, x, 0.0).tolist() == [0.0, 2.0]
    assert torch.sum(x, axis=0).item() == 3


def test_numpys_functions_still_take_numbers_beside_tensors() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert np.maximum(x, 1.5).tolist() == [1.5, 2.0]
    assert np.arctan2(0.0, x).tolist() == [0.0, 0.0]
    assert np.hypot(x, np.array([0.0, 0.0])).tolist() == [1.0, 2.0]


ARGUMENTS: dict[str, Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "a number": lambda t: ((3.0,), {}),
    "numbers": lambda t: ((3.0, 2, 1), {}),
    "nothing": lambda t: ((), {}),
    "a list": lambda t: (([1.0, 2.0],), {}),
    "None": lambda t: ((t.ones(2), None), {}),
    "a string": lambda t: ((t.ones(2), "a"), {}),
    "an unknown name": lambda t: ((t.ones(2),), {"foo": 1}),
    "a list of both": lambda t: (([t.ones(2), 2.0],), {}),
    "too many": lambda t: ((t.ones(2),) * 7, {}),
    "a wrong dim": lambda t: ((t.ones(2),), {"dim": "a"}),
    "a tensor and numbers": lambda t: ((t.ones(2), 2, "a"), {}),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ARGUMENTS)
def test_all_functions_object_as_torch_does(kind: str) -> None:
    real = pytest.importorskip("torch")
    given = ARGUMENTS[kind]
    for name in signatures():
        args, named = given(real)
        try:
            _real(real, name)(*args, **named)
            words = None
        except TypeError as error:
            words = str(error).replace("Tensor.", "TensorBase.") if "takes no" in str(error) else str(error)
        except Exception:  # noqa: BLE001 - whatever else it does not like
            words = None
        args, named = given(torch)
        assert objection(name, args, named) == words, name


def _real(real: Any, name: str) -> Any:
    for mark, room in (("linalg_", "linalg"), ("fft_", "fft"), ("special_", "special")):
        found = getattr(getattr(real, room), name.removeprefix(mark), None)
        if name.startswith(mark) and found is not None:
            return found
    if name.startswith("Tensor."):
        return getattr(real.ones(2), name[7:])
    if name.startswith("nn."):
        return getattr(real.nn.functional, {"nn.log_sigmoid": "logsigmoid"}.get(name, name[3:]))
    return getattr(real, name)


UNFIT = {
    "x.reshape('a')": "reshape(): argument 'shape' (position 1) must be tuple of ints, not str",
    "x.matmul(2)": "matmul(): argument 'other' (position 1) must be Tensor, not int",
    "x.permute('a')": "permute(): argument 'dims' (position 1) must be tuple of ints, not str",
    "x.expand('a')": "expand(): argument 'size' (position 1) must be tuple of ints, not str",
    "x.transpose(0)": 'transpose() missing 1 required positional arguments: "dim1"',
    "x.index_select(0, 1)": "index_select(): argument 'index' (position 2) must be Tensor, not int",
}


@pytest.mark.parametrize("call", UNFIT)
def test_a_method_refuses_what_it_cannot_take_in_torchs_words(call: str) -> None:
    with pytest.raises(TypeError) as caught:
        eval(call, {"x": torch.ones(3)})
    assert str(caught.value) == UNFIT[call]
