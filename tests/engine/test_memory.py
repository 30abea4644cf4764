"""Large arrays come again and again from the same memory."""

import platform
import subprocess
import sys

import pytest

# each round frees what the next one takes: 25 arrays of 1 MiB
ROUNDS = """
import resource
from gradmagic import torch
x = torch.ones(1 << 17, dtype=torch.float64, requires_grad=True)
def round():
    torch.autograd.grad(torch.sin(x) * torch.exp(-(x**2) / 5) + x**3 / 10, x, torch.ones_like(x))
for _ in range(3):
    round()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    round()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that has to be told")
def test_a_round_takes_no_new_pages_from_the_system() -> None:
    found = subprocess.run([sys.executable, "-c", ROUNDS], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 1_000  # of 4 KiB; one array has 256
