"""Fourier transforms of all kinds: inverse to each other, adjoint in their gradients, refused in torch's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check

fft = torch.fft
CASES: list[tuple[str, Callable[[Any], Any]]] = [
    ("rfft", lambda x: fft.rfft(x).abs() ** 2), ("rfft longer", lambda x: fft.rfft(x, 6).abs() ** 2),
    ("irfft", lambda x: fft.irfft(x**3, 5) ** 2), ("hfft", lambda x: fft.hfft(x, 6, norm="ortho") ** 3),
    ("ihfft", lambda x: fft.ihfft(x**2, 2).abs() ** 2), ("hfft2", lambda x: fft.hfft2(x) ** 2),
    ("ihfftn", lambda x: fft.ihfftn(x).abs() ** 2), ("rfft2", lambda x: fft.rfft2(x**2, (3, 4)).abs() ** 2),
    ("irfftn", lambda x: fft.irfftn(x, norm="forward") ** 3), ("ifftn", lambda x: fft.ifftn(x, dim=(1, 0)).abs() ** 2),
    ("ifftshift", lambda x: fft.ifftshift(x) ** 3), ("ifft", lambda x: fft.ifft(x, 5).abs() ** 2),
]  # fmt: skip


@pytest.mark.parametrize(("name", "f"), CASES, ids=[name for name, _ in CASES])
def test_a_transform_agrees_with_finite_differences_to_order_two(name: str, f: Callable[[Any], Any]) -> None:
    rng = np.random.default_rng(SEED)
    _check(f, [rng.permutation([-1.7, -1.2, -0.45, 0.35, 0.8, 1.5]).reshape(2, 3)], rng)


@pytest.mark.parametrize("norm", ["forward", "backward", "ortho"])
@pytest.mark.parametrize("dims", [(-1,), (0, 1), (1, 0)])
def test_a_transform_of_real_numbers_and_back_changes_nothing(norm: str, dims: tuple[int, ...]) -> None:
    x = torch.tensor(np.random.default_rng(SEED).normal(size=(3, 4)))
    last = x.shape[dims[-1]]
    sizes = [x.shape[d] for d in dims[:-1]]
    for there, back in ((fft.rfftn, fft.irfftn), (fft.ihfftn, fft.hfftn)):
        assert torch.allclose(back(there(x, dim=dims, norm=norm), (*sizes, last), dims, norm), x)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fft.fft(torch.ones(3), 0), r"Invalid number of data points \(0\) specified"),
        (lambda: fft.fft(torch.ones(3), norm="no"), 'Invalid normalization mode: "no"'),
        (lambda: fft.rfft(torch.ones(3) * 1j), "rfft expects a real input tensor, but got ComplexFloat"),
        (lambda: fft.fftn(torch.ones(2, 2), dim=(0, 0)), "FFT dims must be unique"),
        (lambda: fft.fftn(torch.ones(2), s=(2, 2)), "Got shape with 2 values but input tensor only has 1 dimensions"),
        (lambda: fft.fftn(torch.ones(2), s=(2,), dim=()), "dim and shape arguments must have the same length"),
        (lambda: fft.rfftn(torch.ones(2), dim=()), "rfftn must transform at least one axis"),
    ],
)
def test_a_transform_refuses_in_torchs_words(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        call()
