"""gradcheck finds wrong derivatives, of either order, and says so in torch's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from gradmagic.ops.gradcheck import GradcheckError
from gradmagic.torch.autograd import gradcheck, gradgradcheck


def point(*values: float) -> Any:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def half(t: Any) -> Any:
    """t², with half of its derivative."""
    return t.detach() * t


@pytest.mark.parametrize("options", [{}, {"fast_mode": True}, {"check_forward_ad": True}, {"check_batched_grad": True}])
def test_a_right_gradient_passes(options: dict[str, Any]) -> None:
    assert gradcheck(lambda a, b: (a.sin() * b, (a * b * b).sum()), (point(0.5, 1.5), point(2, 3)), **options)


@pytest.mark.parametrize("options", [{}, {"fast_mode": True}])
def test_a_wrong_gradient_is_found(options: dict[str, Any]) -> None:
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 1 with respect to input 0,\nnumerical:"):
        gradcheck(lambda t: (t * 3, half(t)), point(1, 2), **options)
    assert gradcheck(half, point(1, 2), raise_exception=False, **options) is False


def test_the_message_shows_both_jacobians() -> None:
    with pytest.raises(GradcheckError) as caught:
        gradcheck(half, point(1.0, 2.0))
    assert str(caught.value) == (
        "Jacobian mismatch for output 0 with respect to input 0,\n"
        "numerical:tensor([[2.0000, 0.0000],\n        [0.0000, 4.0000]], dtype=torch.float64)\n"
        "analytical:tensor([[1., 0.],\n        [0., 2.]], dtype=torch.float64)\n"
    )


def test_a_wrong_second_derivative_is_found_where_the_first_is_right() -> None:
    def cube(t: Any) -> Any:
        hidden = t.detach()
        return t**3 + (hidden * hidden * t - hidden**3) * 0 + (t - hidden) * 0

    assert gradgradcheck(cube, point(1, 2))
    forgetful = lambda t: t * t.detach() * 2 - t.detach() ** 2  # noqa: E731  value t², gradient 2t, no second one
    assert gradcheck(lambda t: t * t, point(1, 2))
    with pytest.raises(GradcheckError):
        gradgradcheck(forgetful, point(1, 2), point(1, 1))


def test_the_inputs_are_as_before_also_after_an_error() -> None:
    x = point(1, 2)
    calls = iter(range(3))

    def breaks(t: Any) -> Any:
        if next(calls) == 2:
            raise KeyError
        return t * 2

    with pytest.raises(KeyError):
        gradcheck(breaks, x)
    assert x.tolist() == [1, 2]


def test_what_depends_on_chance_is_not_reentrant() -> None:
    class Jitter(np.random.Generator): ...

    rng = Jitter(np.random.PCG64(0))
    x = point(1, 2)

    def noisy(t: Any) -> Any:
        y = t * 1
        if y.requires_grad:
            y.register_hook(lambda g: g + 1e-9 * rng.normal())
        return y

    with pytest.raises(GradcheckError, match="Backward is not reentrant"):
        gradcheck(noisy, x)


def test_float32_is_warned_of_and_no_graph_is_refused() -> None:
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double precision"):
        assert gradcheck(torch.sin, torch.ones(2, requires_grad=True), eps=1e-2, atol=1e-2, rtol=1e-2)
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(torch.sin, torch.ones(2))


def test_a_constant_is_checked_to_be_one() -> None:
    assert gradcheck(lambda t: torch.ones(2), point(1, 2))
    with pytest.raises(GradcheckError, match="Numerical gradient for function expected to be zero"):
        gradcheck(lambda t: t.detach() * 2, point(1, 2))


def test_an_infinite_gradient_is_a_mismatch_without_a_warning() -> None:
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0"):
        gradcheck(torch.sqrt, point(0, 1))
