"""Complex numbers and Fourier transforms: torch's conjugate convention, and finite differences to order two."""

# ruff: noqa: E501  a case is a line
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradmagic import torch
from tests.ops.test_rows import SEED, _check


def square(x: Any) -> Any:
    """A well-conditioned complex matrix."""
    return torch.complex(x[:, :2], x[:, 1:] ** 2) + torch.diag(torch.tensor([3.0, 5.0], dtype=torch.float64))


def hermitian(x: Any) -> Any:
    return square(x) @ square(x).mT.conj()


# real functions of a real matrix that go through complex numbers
CASES: list[tuple[str, Callable[[Any], Any]]] = [
    ("abs", lambda x: torch.complex(x, x**2).abs()), ("angle", lambda x: torch.complex(x, x**2).angle()),
    ("product", lambda x: (torch.complex(x, x**2) * torch.complex(x**2, x)).imag),
    ("quotient", lambda x: (torch.complex(x, x**2) / torch.complex(x**2, x)).real),
    ("conj", lambda x: (torch.complex(x, x**2).conj() * torch.complex(x**3, x)).imag),
    ("real times complex", lambda x: (x * torch.complex(x, x**2)).abs()),
    ("exp", lambda x: torch.complex(x, x**2).exp().real), ("power", lambda x: (torch.complex(x, x**2) ** 3).imag),
    ("sin", lambda x: torch.complex(x, x**2).sin().abs()), ("polar", lambda x: torch.polar(x**2, x).real),
    ("fft", lambda x: torch.fft.fft(x).abs()), ("fft longer", lambda x: torch.fft.fft(x, 5, 0).abs()),
    ("fft shorter", lambda x: torch.fft.fft(x**2, 2, norm="ortho").imag),
    ("ifft", lambda x: torch.fft.ifft(torch.complex(x, x**2), norm="forward").abs()),
    ("rfft", lambda x: torch.fft.rfft(x).abs()), ("irfft", lambda x: torch.fft.irfft(torch.complex(x, x**2)) ** 2),
    ("irfft odd", lambda x: torch.fft.irfft(torch.complex(x, x**2), 5) ** 2),
    ("fft2", lambda x: torch.fft.fft2(x).abs()), ("ifftn", lambda x: torch.fft.ifftn(torch.complex(x, x**2)).abs()),
    ("prod", lambda x: torch.complex(x, x**2).prod().imag), ("prod of rows", lambda x: torch.complex(x, x**2).prod(1).abs()),
    ("cumprod", lambda x: torch.complex(x, x**2).cumprod(1).imag), ("tanh", lambda x: torch.complex(x, x**2).tanh().real),
    ("sigmoid", lambda x: torch.complex(x, x**2).sigmoid().imag), ("np.sign", lambda x: np.imag(np.sign(torch.complex(x, x**2)))),
    ("det", lambda x: torch.linalg.det(square(x)).imag), ("cross", lambda x: np.abs(np.cross(torch.complex(x, x**2), 1j * x))),
    ("inv", lambda x: torch.linalg.inv(square(x)).abs()), ("solve", lambda x: torch.linalg.solve(square(x), square(x) ** 2).imag),
    ("qr", lambda x: torch.linalg.qr(square(x)).Q.abs()), ("qr r", lambda x: torch.linalg.qr(square(x)).R.imag),
    ("cholesky", lambda x: torch.linalg.cholesky(hermitian(x)).imag), ("eigh", lambda x: torch.linalg.eigh(hermitian(x)).eigenvectors.abs()),
    ("eigvalsh", lambda x: torch.linalg.eigvalsh(hermitian(x))), ("svdvals", lambda x: torch.linalg.svdvals(square(x))),
    ("svd", lambda x: torch.linalg.svd(square(x)).U.abs()), ("svd vectors", lambda x: (torch.linalg.svd(square(x)).U @ torch.linalg.svd(square(x)).Vh).imag),
    ("eig", lambda x: torch.linalg.eig(square(x)).eigenvectors.abs()), ("eigvals", lambda x: torch.linalg.eigvals(square(x)).imag),
    ("pinv", lambda x: torch.linalg.pinv(torch.complex(x, x**2)).imag), ("lstsq", lambda x: np.abs(np.linalg.lstsq(torch.complex(x, x**2).mT, 1j * x.mT)[0])),
    ("shift", lambda x: torch.fft.fftshift(x) ** 2), ("numpy", lambda x: np.abs(np.fft.fft(np.exp(x)))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "f"), CASES, ids=[name for name, _ in CASES])
def test_a_way_through_complex_numbers_agrees_with_finite_differences(name: str, f: Callable[[Any], Any]) -> None:
    rng = np.random.default_rng(SEED)
    _check(f, [rng.permutation([-1.7, -1.2, -0.45, 0.35, 0.8, 1.5]).reshape(2, 3)], rng)


@pytest.mark.parametrize("n", [4, 5])
def test_irfft_is_numpys(n: int) -> None:
    half = np.array([1.0 + 0j, 2 - 1j, 0.5 + 3j])
    assert np.allclose(torch.fft.irfft(torch.tensor(half), n).numpy(), np.fft.irfft(half, n))


def test_a_holomorphic_function_has_the_conjugate_of_its_derivative() -> None:
    z = torch.tensor(1 + 2j, requires_grad=True)
    (g,) = torch.autograd.grad(z**2, z, torch.tensor(1 + 0j))
    assert g.item() == 2 - 4j
